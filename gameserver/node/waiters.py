"""
Who waits for a room from outside: an entry of its outbox that is no message.

Whatever is to be told behind all that a room has said goes this way, a refusal above all: it comes out with the commit
that it rests on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from gameserver.errors import Refused
from gameserver.room.effects import OneByOne
from gameserver.room.inputs.input import Input

if TYPE_CHECKING:
    from gameserver.room.room import Room

T = TypeVar("T")


class Waiter(OneByOne, Generic[T]):
    """
    Somebody who waits until all is told that a room has said so far.

    :param done: fires then; fails with ``busy`` if the room is lost: nobody here knows what of it stands.
    :param outcome: what it fires with, or fails with.
    """

    def __init__(self, done: Deferred[T], outcome: T | Failure) -> None:
        self.done = done
        self.outcome = outcome

    def deliver(self, frame: bytes) -> None:
        """All is told."""
        if self.done.called:
            return  # whoever waited has gone away
        if isinstance(self.outcome, Failure):
            self.done.errback(self.outcome)
        else:
            self.done.callback(self.outcome)

    def read(self, room: Room) -> None:
        """It has the room's attention, between two steps."""

    def refuse(self, refused: Refused) -> None:
        """It will not get the room's attention."""

    def lose(self) -> None:
        """What the room said is not told by this node."""
        if not (isinstance(self.outcome, Failure) and self.outcome.check(Refused)):
            self.outcome = Failure(Refused(code="busy"))
        self.deliver(b"")


class RoomReader(Waiter[T]):
    """Somebody outside a room who wants to know something of it, without a seat."""

    def __init__(self, read: Callable[[Room], T]) -> None:
        super().__init__(Deferred(), Failure(Refused(code="not_found")))
        self._read = read

    def read(self, room: Room) -> None:
        """Read now, and have it told behind whatever the room says at present."""
        self.outcome = self._read(room)

    def refuse(self, refused: Refused) -> None:
        """There is nothing to be read any more."""
        self.outcome = Failure(refused)


class Look(Input, frozen=True):
    """Somebody outside looks at the room."""

    waiter: Waiter[Any]

    def apply(self, room: Room) -> None:
        """Let it read, and be told behind whatever the room says at present."""
        self.waiter.read(room)
        to: Any = (self.waiter,)
        room.publisher.outbox.append((to, b"", None))
