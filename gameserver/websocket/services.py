"""What all sessions of a node share, and what each needs of its connection."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct, field

from gameserver.interfaces import IAuthenticators, IHasher, ITickets
from gameserver.room.bounds import PACKED
from gameserver.websocket.limits import Budgets, Sizes, Strangers

if TYPE_CHECKING:
    from gameserver.clock import Clock
    from gameserver.node.rooms import RoomRegistry
    from gameserver.room.effects import Answered
    from gameserver.settings.settings import Limits
    from gameserver.websocket.standing import Standing


class Transport(Protocol):
    """What a session needs of its connection."""

    def send(self, frame: bytes) -> None:
        """Send one frame."""

    def send_to_all(self, to: Sequence[Any], frames: list[bytes], *, last: bool) -> None:
        """Send several frames to all of these sessions; see `ISession.deliver_to_all`."""

    def send_answered(self, to: Sequence[Any], frames: list[bytes], answers: Answered) -> None:
        """Send several frames to all of these sessions, and to each its answers; see `ISession.deliver_answered`."""

    def send_volatile(self, frame: bytes, slot: str) -> None:
        """Send one frame; if the reader is slow, only the newest frame of a slot, once it has read."""

    def forget(self, code: str) -> None:
        """Drop the volatile frames of that room that still wait."""

    def close(self, code: int, reason: str) -> None:
        """Close the connection."""


class NodeServices(Struct, frozen=True):
    """
    What all sessions of a node share.

    :ivar isolated: tells whether others serve while this node cannot; see `gameserver.websocket.isolation`.
    """

    registry: RoomRegistry
    authenticators: IAuthenticators
    clock: Clock
    limits: Limits
    budgets: Budgets
    entropy: Callable[[int], bytes]
    tickets: ITickets | None = None
    strangers: Strangers = field(default_factory=Strangers)
    hasher: IHasher | None = None
    sizes: Sizes = field(default_factory=Sizes)
    standing: Standing | None = None
    isolated: Callable[[], bool] = bool

    def message_bytes(self, *, binary: bool) -> int:
        """:returns: how large a message to a client is at most, in one of the two forms."""
        return int(self.registry.message_bytes * PACKED) if binary else self.registry.message_bytes
