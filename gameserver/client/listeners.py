"""What waits for something in a room: for all events, for the next, until something is true, for the seat's end."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from twisted.internet.defer import Deferred, execute, fail, maybeDeferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from gameserver.errors import ConnectionFailed, Refused
from gameserver.protocol.messages import Left
from gameserver.protocol.mirror import Event

if TYPE_CHECKING:
    from gameserver.client.room import Room

UNREAD_EVENTS: Final = 1000
"""How many events are kept for `Room.next_event`; a bot may never ask for them."""

log = Logger()


class Listeners:
    """All that waits for something in ``room``; it fails once the seat or the client is gone."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._callbacks: dict[str, list[Callable[[Event], object]]] = {}
        self._unread: deque[Event] = deque(maxlen=UNREAD_EVENTS)
        self._readers: list[tuple[str | None, Deferred[Event]]] = []
        self._watchers: list[tuple[Callable[[Room], object], Deferred[Room]]] = []
        self._leavers: list[Deferred[Left]] = []

    def add_callback(self, type: str, callback: Callable[[Event], object]) -> Callable[[], None]:
        """Call back with each event of a type, ``*`` for all. :returns: a function that ends this."""
        callbacks = self._callbacks.setdefault(type, [])
        callbacks.append(callback)
        return partial(discard, callbacks, callback)

    def next_event(self, type: str | None) -> Deferred[Event]:
        """Take the oldest event of this type (None: any) that was not taken, or wait for the next."""
        for event in self._unread:
            if type in (None, event.type):
                self._unread.remove(event)
                return succeed(event)
        return self._wait(self._readers, type)

    def until(self, predicate: Callable[[Room], object]) -> Deferred[Room]:
        """Wait until the predicate is true of the room."""
        waiting: Deferred[Room] = self._wait(self._watchers, predicate)
        self.ask_watchers()
        return waiting

    def when_left(self) -> Deferred[Left]:
        """Wait until the seat is gone."""
        if self._room.left is not None:
            return succeed(self._room.left)
        if (gone := self._gone()) is not None:
            return fail(gone)
        waiting: Deferred[Left] = Deferred(lambda it: discard(self._leavers, it))
        self._leavers.append(waiting)
        return waiting

    def deliver(self, event: Event) -> None:
        """Give an event to all callbacks, and to the first `next_event` that waits for it; else it is kept."""
        for callback in [*self._callbacks.get(event.type, ()), *self._callbacks.get("*", ())]:
            maybeDeferred(callback, event).addErrback(self._callback_failed, event.type)
        for reader in self._readers:
            if reader[0] in (None, event.type):
                self._readers.remove(reader)
                reader[1].callback(event)
                return
        self._unread.append(event)

    def ask_watchers(self) -> None:
        """Ask each predicate, since something may have changed."""
        for entry in list(self._watchers):
            asked = execute(entry[0], self._room)
            asked.addCallbacks(partial(self._answered, entry), partial(self._could_not, entry))

    def end(self) -> None:
        """End all waiting: the seat is gone, or the client."""
        self.ask_watchers()
        leavers, self._leavers = self._leavers, []
        waiting: list[tuple[Any, Deferred[Any]]] = [*self._readers, *self._watchers]
        self._readers.clear()
        self._watchers.clear()
        gone = self._gone() or ConnectionFailed("closed")
        for leaver in leavers:
            if self._room.left is not None:
                leaver.callback(self._room.left)
            else:
                leaver.errback(gone)
        for _, waiter in waiting:
            waiter.errback(gone)

    def _callback_failed(self, failure: Failure, type: str) -> None:
        log.failure("Room {code}: a callback for {type} failed", failure=failure, code=self._room.code, type=type)

    def _wait(self, waiting: list[tuple[Any, Deferred[Any]]], what: Any) -> Deferred[Any]:
        if (gone := self._gone()) is not None:
            return fail(gone)
        entry: tuple[Any, Deferred[Any]] = (what, Deferred(lambda _: discard(waiting, entry)))
        waiting.append(entry)
        return entry[1]

    def _answered(self, entry: tuple[Any, Deferred[Room]], true: object) -> None:
        if true and entry in self._watchers:
            self._watchers.remove(entry)
            entry[1].callback(self._room)

    def _could_not(self, entry: tuple[Any, Deferred[Room]], failure: Failure) -> None:
        if entry in self._watchers:
            self._watchers.remove(entry)
            entry[1].errback(failure)

    def _gone(self) -> ConnectionFailed | None:
        left, ended = self._room.left, self._room._client.ended
        if left is not None:
            return ConnectionFailed(f"The seat in {self._room.code} is gone: {left.message or left.reason}")
        return ConnectionFailed(ended) if ended is not None else None


def discard(items: list[Any], item: Any) -> None:
    """Remove an item, if it is still there."""
    if item in items:
        items.remove(item)


def log_refused(refused: Refused) -> None:
    """Log a refusal, where the caller gave no ``on_error``."""
    log.info("The server refused what had no id: {refused!r}", refused=refused)
