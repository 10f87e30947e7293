"""What somebody at a table needs of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from gameserver.testing.failures import Failures

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

    from gameserver.game.settings import GameSettings
    from gameserver.room.room import Room
    from gameserver.websocket.services import NodeServices


class Visited(Protocol):
    """
    The table that somebody is at.

    :ivar failures: the exceptions of its game that were not raised yet.
    :ivar services: the node that a connection is one of.
    """

    failures: Failures
    services: NodeServices

    @property
    def game_class(self) -> type[GameSettings]:
        """The game."""

    @property
    def code(self) -> str:
        """The code that people type to come in."""

    @property
    def room(self) -> Room:
        """The server's room."""

    def settle(self) -> None:
        """Let all happen that needs no time."""

    def wait_for(self, find: Callable[[], Any], read: Callable[[Any], Any]) -> Deferred[Any]:
        """:returns: fires with what ``read`` makes of what ``find`` found, once it is not None."""

    def _welcome(self, user_id: str) -> None: ...
