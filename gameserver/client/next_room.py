"""The room in which a client goes on with all who were in another, and the Deferreds that wait for it."""

from __future__ import annotations

from typing import Generic, TypeVar

from twisted.internet.defer import Deferred, fail, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from gameserver.client.listeners import discard

R = TypeVar("R")
"""A client's own object for a room."""

log = Logger()


class NextRoom(Generic[R]):
    """
    The room that comes after another.

    :ivar room: None: this client has no seat in it yet.
    """

    def __init__(self) -> None:
        self.room: R | None = None
        self._none: Failure | None = None
        self._waiting: list[Deferred[R]] = []

    def when(self) -> Deferred[R]:
        """:returns: fires with the room once this client has a seat in it; fails if it gets none."""
        if self.room is not None:
            return succeed(self.room)
        if self._none is not None:
            return fail(self._none)
        waiting: Deferred[R] = Deferred(lambda it: discard(self._waiting, it))
        self._waiting.append(waiting)
        return waiting

    def here(self, room: R) -> None:
        """The client has its seat in the room."""
        self.room = room
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            one.callback(room)

    def fail(self, failure: Failure) -> None:
        """The client gets no seat."""
        self._none = failure
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            one.errback(failure)
        if not waiting:
            log.info("There is no next room: {why}", why=failure.getErrorMessage())
