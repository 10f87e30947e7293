"""
Those who wait for a room from outside: entries of its outbox that are no messages.

What must come after all that a room has sent so far goes this way, above all a refusal: it comes out with the commit of
the state that it rests on.
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
    Somebody who waits until all that a room has sent so far is delivered.

    :param done: fires then; fails with ``busy`` if the room is lost, since this node does not know what is stored.
    :param outcome: what ``done`` fires with, or fails with.
    """

    def __init__(self, done: Deferred[T], outcome: T | Failure) -> None:
        self.done = done
        self.outcome = outcome

    def deliver(self, frame: bytes) -> None:
        """Let go whoever waits: all is delivered."""
        if self.done.called:
            return  # the wait was cancelled
        if isinstance(self.outcome, Failure):
            self.done.errback(self.outcome)
        else:
            self.done.callback(self.outcome)

    def read(self, room: Room) -> None:
        """Read from the room, between two steps; here nothing."""

    def refuse(self, refused: Refused) -> None:
        """The room takes no more inputs, so that `read` will not be called; here that does not matter."""

    def lose(self) -> None:
        """The room is lost: fail with ``busy``, or with the refusal that was waiting."""
        if not (isinstance(self.outcome, Failure) and self.outcome.check(Refused)):
            self.outcome = Failure(Refused(code="busy"))
        self.deliver(b"")


class RoomReader(Waiter[T]):
    """Somebody who reads something from a room, without a seat in it."""

    def __init__(self, read: Callable[[Room], T]) -> None:
        super().__init__(Deferred(), Failure(Refused(code="not_found")))
        self._read = read

    def read(self, room: Room) -> None:
        """Read from the room; the result is handed over after all that the room has sent so far."""
        self.outcome = self._read(room)

    def refuse(self, refused: Refused) -> None:
        """Fail with this: nothing can be read any more."""
        self.outcome = Failure(refused)


class Look(Input, frozen=True):
    """The input with which somebody outside reads from the room."""

    waiter: Waiter[Any]

    def apply(self, room: Room) -> None:
        """Have the waiter read, and be told after all that the room has sent so far."""
        self.waiter.read(room)
        to: Any = (self.waiter,)
        room.publisher.outbox.append((to, b"", None))
