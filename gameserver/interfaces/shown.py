"""What nodes that share a store show one another of their rooms, for lobbies and for whoever will take any room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from zope.interface import Interface

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred


class Shown(Struct, frozen=True, kw_only=True):
    """
    A public room, as the node that runs it shows it.

    :ivar room: its id.
    :ivar created_ms: when it was made, milliseconds since 1970.
    :ivar is_open: somebody new may find a seat without a password.
    :ivar listing: what anybody may know of it, as JSON.
    :ivar is_busy: its node has much to do, or is about to stop, as far as is known; not written by who shows it.
    """

    room: str
    code: str
    game: str
    created_ms: int
    is_open: bool
    listing: bytes
    is_busy: bool = False


class IShownRooms(Interface):
    """
    What a store that nodes share has besides `ILeases`: an index of the public rooms that are run.

    All methods fail with `StoreUnavailable` where nothing is known of the outcome, and do no harm when they are called
    again.
    """

    def show_rooms(rooms: Sequence[Shown], gone: Sequence[tuple[str, str]]) -> Deferred[None]:
        """
        Show rooms of this node, or show them as they are now.

        :param gone: id and game of rooms that this node runs no more; what another node shows of one stays.
        """

    def shown_rooms(game: str | None, *, open_only: bool, limit: int) -> Deferred[list[Shown]]:
        """
        Return rooms that other nodes show and that are stored still: newest first, or with ``open_only`` oldest first.

        :param game: of this game alone; ``open_only`` needs one.
        :param open_only: those that are open alone.
        :param limit: so many at most.
        """
