"""A room as a client knows it: documents, seats, timers and chat, kept up to date by what the server says."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec
from twisted.internet.defer import Deferred, execute, fail, maybeDeferred, succeed
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from gameserver.errors import ConnectionFailed, Refused
from gameserver.protocol import messages
from gameserver.protocol.patches import apply_ops

if TYPE_CHECKING:
    from gameserver.client.client import Client

Event = messages.EventMessage | messages.VolatileEvent
"""What a game tells: ``type``, ``data``, ``stream``, and ``n`` unless it is volatile."""

CHAT_LINES: Final = 200
"""So many lines of chat are kept, so that a bot may sit in a room for days."""

UNREAD_EVENTS: Final = 1000
"""So many events wait for `Room.next_event`; a bot may never ask for them."""

_OWN: Final = "seat"

ROOM_MESSAGES: Final[dict[str, Any]] = {
    "event": messages.EventMessage,
    "patch": messages.Patch,
    "doc": messages.Doc,
    "seats": messages.SeatsMessage,
    "room": messages.RoomMessage,
    "timer": messages.TimerInfo,
    "chat": messages.Line,
    "skip": messages.Skip,
    "edited": messages.Edited,
    "channels": messages.ChannelsMessage,
}
"""What a room is told, by ``op``."""

log = Logger()


class Room:
    """
    A room as this client's seat knows it, kept up to date; made by `Client.create`, ``join``, ``match`` and ``resume``.

    :ivar code: what people type.
    :ivar game: the game's name.
    :ivar seat: this client's own: ``id``, ``number``, ``role``, and ``resume``, its secret.
    :ivar info: status, phase, options, result and so on.
    :ivar seats: by id; the groups of each are those that this seat may know.
    :ivar docs: by stream, plain trees, patched in place.
    :ivar timers: by stream and name, those that run or are paused.
    :ivar chat: the last lines, oldest first.
    :ivar channels: the channels that this seat hears, by address.
    :ivar left: why this seat is gone, or None.
    :ivar jumps: how often a counter jumped, so that something had to be asked for again.
    """

    def __init__(self, client: Client, joined: messages.Joined) -> None:
        self._client = client
        self.code = joined.room
        self.game = joined.game
        self.seat = joined.seat
        self.info = joined.info
        self.seats: dict[str, messages.SeatInfo] = {}
        self.docs: dict[str, dict[str, Any]] = {}
        self.timers: dict[tuple[str, str], messages.TimerInfo] = {}
        self.chat: list[messages.Line] = []
        self.channels: dict[str, messages.ChannelInfo] = {}
        self.left: messages.Left | None = None
        self.jumps = 0
        self._epoch: str | int = ""
        self._counts: dict[str, int] = {}
        self._public: set[str] = set()
        self._callbacks: dict[str, list[Callable[[Event], object]]] = {}
        self._unread: deque[Event] = deque(maxlen=UNREAD_EVENTS)
        self._readers: list[tuple[str | None, Deferred[Event]]] = []
        self._watchers: list[tuple[Callable[[Room], object], Deferred[Room]]] = []
        self._leavers: list[Deferred[messages.Left]] = []
        # Set by the client: may requests be written; is `joined` awaited, before which nothing counts; the next try.
        self._attached = False
        self._deaf = False
        self._broken = False  # the documents are not what the server has: only whole ones help
        self._failures = 0
        self._retry: IDelayedCall | None = None

    @property
    def state(self) -> dict[str, Any]:
        """The document that everybody in the room sees."""
        return self.docs["room"]

    @property
    def mine(self) -> dict[str, Any]:
        """The document that only this seat sees."""
        return self.docs[_OWN]

    @property
    def seen(self) -> messages.Seen:
        """How far each stream was heard: what ``resume`` tells the server."""
        return {"epoch": self._epoch, **self._counts}

    def send(self, type: str, data: Any = None, /, **fields: Any) -> Deferred[Any]:
        """
        Send a message of the game's own: ``room.send("play", cell=4)``, or ``room.send("play", {"cell": 4})``.

        :returns: fires with the game's reply.
        :raises Refused: (in the Deferred) with the server's code, text and path; ``rate_limited``, ``busy`` and
            ``draining`` are not tried again. ``not_found``: the seat is gone.
        :raises ConnectionFailed: (in the Deferred) the client was closed, or may not come back.
        :raises NotJSON: at once: the data cannot be sent.
        """
        return self._client._ask("send", self, type=type, data=as_data(data, fields))

    def tell(self, type: str, data: Any = None, /, **fields: Any) -> None:
        """
        Send a message without an id: no reply, sent once or not at all (while the connection is down it is dropped).

        An error goes to the client's ``on_error``.
        """
        self._client._tell("send", self, type=type, data=as_data(data, fields))

    def say(self, text: str, to: str = "room", data: Any = None) -> Deferred[Any]:
        """
        Chat.

        :param to: ``room``, ``group:NAME`` or ``seat:ID``.
        :returns: fires with None; fails as `send`.
        """
        return self._client._ask("chat", self, text=text, to=to, data=data)

    def start(self) -> Deferred[Any]:
        """Start the game, as the host; fires and fails as `send`."""
        return self._client._ask("start", self)

    def leave(self) -> Deferred[None]:
        """Give up the seat, for all its connections; fires when the server has done so, or had before."""
        return self._client._ask("leave", self)

    def on(self, type: str, callback: Callable[[Event], object]) -> Callable[[], None]:
        """
        Call back with each event of this type from now on.

        :param type: the event's type, or ``*`` for all.
        :param callback: may be ``async def``; what it raises is logged.
        :returns: a function that ends it.
        """
        callbacks = self._callbacks.setdefault(type, [])
        callbacks.append(callback)
        return partial(discard, callbacks, callback)

    def next_event(self, type: str | None = None) -> Deferred[Event]:
        """
        Take the oldest event that was not taken, or the next to come; none is missed between two calls.

        :param type: this type only; others stay for later calls. None takes any.
        :returns: fires with the event. Cancelling it leaves the event to others.
        :raises ConnectionFailed: (in the Deferred) the seat or the client is gone.
        """
        for event in self._unread:
            if type in (None, event.type):
                self._unread.remove(event)
                return succeed(event)
        return self._wait(self._readers, type)

    def until(self, predicate: Callable[[Room], object]) -> Deferred[Room]:
        """
        Wait until this is true of the room; it is asked now, and after each message.

        :returns: fires with the room; fails with what the predicate raises.
        :raises ConnectionFailed: (in the Deferred) the seat or the client is gone.
        """
        waiting: Deferred[Room] = self._wait(self._watchers, predicate)
        self._ask_watchers()
        return waiting

    def when_left(self) -> Deferred[messages.Left]:
        """
        Wait for the end of this seat.

        :returns: fires with `left`: ``reason`` is ``left``, ``kicked``, ``banned`` or ``closed``; or the error code
            with which the server refused to give the seat back (``not_found``); or ``moved``, to a server where this
            client cannot follow.
        :raises ConnectionFailed: (in the Deferred) the client has ended; the seat may still be held.
        """
        if self.left is not None:
            return succeed(self.left)
        if self._client.ended is not None:
            return fail(ConnectionFailed(self._client.ended))
        waiting: Deferred[messages.Left] = Deferred(lambda it: discard(self._leavers, it))
        self._leavers.append(waiting)
        return waiting

    def __repr__(self) -> str:
        return f"<Room {self.code} {self.game} seat={self.seat.id}>"

    # What the client tells it.

    def _join(self, joined: messages.Joined) -> None:
        """The seat was given, or given back; what was missed follows if it is ``recovered``, else this is all anew."""
        self.seat = joined.seat
        self.info = joined.info
        self._epoch = joined.seen.get("epoch", "")
        self._counts = {stream: n for stream, n in joined.seen.items() if stream != "epoch" and isinstance(n, int)}
        if not joined.recovered:
            for known in (self.seats, self.docs, self.timers, self.chat, self._public):
                known.clear()
        self.docs.update(joined.docs)
        for seat in joined.seats:
            self._merge_seat(_OWN, seat)
        for timer in joined.timers:
            self._on_timer(timer)
        self.channels = {channel.to: channel for channel in joined.channels}
        self._add_lines(joined.chat)
        self._attached = True
        self._deaf = self._broken = False
        self._failures = 0

    def _hear(self, op: str, message: dict[str, Any]) -> None:
        """A message of one of this room's streams."""
        n = message.get("n")
        if n is None:
            if op == "event":
                self._deliver(msgspec.convert(message, messages.VolatileEvent))
        elif not self._deaf and self._counted(op, message.get("stream"), n):
            self._HEAR[op](self, msgspec.convert(message, ROOM_MESSAGES[op]))
        self._ask_watchers()

    def _counted(self, op: str, stream: Any, n: Any) -> bool:
        """Whether this is the stream's next message; if one is missing, all that is missing is asked for."""
        if op == "doc":
            return True  # it sets the counter itself
        known = self._counts.get(stream)
        if known is None and op in ("seats", "room"):
            return True  # a step tells these before the document with which a stream begins
        if known is not None and n <= known:
            return False
        if known is None or n > known + 1:
            self._jumped(f"{op} {n} of {stream} came after {known}")
            return False
        self._counts[stream] = n
        return True

    def _jumped(self, what: str) -> None:
        log.info("Room {code}: {what}; resuming", code=self.code, what=what)
        self.jumps += 1
        self._client._resume(self)

    def _on_event(self, event: messages.EventMessage) -> None:
        self._deliver(event)

    def _on_patch(self, patch: messages.Patch) -> None:
        try:
            apply_ops(self.docs[patch.stream], patch.ops)
        except (LookupError, TypeError, ValueError) as error:
            self._broken = True
            self._jumped(f"patch {patch.n} of {patch.stream} does not fit ({error!r})")

    def _on_doc(self, doc: messages.Doc) -> None:
        if doc.doc is None:
            self._forget(doc.stream)
            return
        self._counts[doc.stream] = doc.n
        self.docs[doc.stream] = doc.doc
        self.channels.update((channel.to, channel) for channel in doc.channels)
        self._add_lines(doc.chat)

    def _on_seats(self, message: messages.SeatsMessage) -> None:
        for seat in message.seats:
            self._merge_seat(message.stream, seat)

    def _on_room(self, message: messages.RoomMessage) -> None:
        self.info = message.info

    def _on_timer(self, timer: messages.TimerInfo) -> None:
        key = (timer.stream, timer.name)
        if timer.ends is None and timer.paused_ms is None:
            self.timers.pop(key, None)
        else:
            self.timers[key] = timer

    def _on_chat(self, line: messages.Line) -> None:
        self._add_lines([line])

    def _on_skip(self, _: messages.Skip) -> None:
        """Not for this seat; it is counted, and that is all."""

    def _on_edited(self, change: messages.Edited) -> None:
        for place, line in enumerate(self.chat):
            if (line.stream, line.n) == (change.stream, change.line):
                if change.text is None:
                    del self.chat[place]
                else:
                    line.text, line.data, line.edited = change.text, change.data, change.at
                    line.mentions = change.mentions
                return

    def _on_channels(self, message: messages.ChannelsMessage) -> None:
        self.channels.update((channel.to, channel) for channel in message.channels)

    _HEAR: Final[dict[str, Callable[[Room, Any], None]]] = {
        "event": _on_event,
        "patch": _on_patch,
        "doc": _on_doc,
        "seats": _on_seats,
        "room": _on_room,
        "timer": _on_timer,
        "chat": _on_chat,
        "skip": _on_skip,
        "edited": _on_edited,
        "channels": _on_channels,
    }

    def _forget(self, stream: str) -> None:
        """Out of a group: nothing of it is known from now on but what was said."""
        self._counts.pop(stream, None)
        self.docs.pop(stream, None)
        for key in [key for key in self.timers if key[0] == stream]:
            del self.timers[key]
        name = stream.removeprefix("group:")
        for seat in self.seats.values():
            if name in seat.groups and name not in self._public:
                seat.groups.remove(name)

    def _add_lines(self, lines: list[messages.Line]) -> None:
        known = {(line.stream, line.n) for line in self.chat}
        self.chat.extend(line for line in lines if (line.stream, line.n) not in known)
        del self.chat[:-CHAT_LINES]

    def _merge_seat(self, stream: str, seat: messages.SeatInfo) -> None:
        """
        Take a seat as one stream tells it.

        Its ``groups`` are those that the stream's audience may know: on ``room`` the public ones, on ``group:NAME``
        that one too, on ``seat`` and in ``joined`` all that this client may know. The others stay as they are known.
        """
        if seat.gone:
            self.seats.pop(seat.id, None)
            return
        before = self.seats.get(seat.id)
        groups = set(seat.groups)
        known = set(before.groups) if before is not None else set()
        if stream == "room":
            self._public |= groups
            groups |= {name for name in known if self._is_private(name)}
        elif stream != _OWN:
            name = stream.removeprefix("group:")
            groups = (known - {name}) | (groups & {name})
        seat.groups = sorted(groups)
        self.seats[seat.id] = seat

    def _is_private(self, name: str) -> bool:
        """Of a group that was never told on ``room``: only who is in it can know of it."""
        own = self.seats.get(self.seat.id)
        return name not in self._public and own is not None and name in own.groups

    # Who waits.

    def _deliver(self, event: Event) -> None:
        for callback in [*self._callbacks.get(event.type, ()), *self._callbacks.get("*", ())]:
            maybeDeferred(callback, event).addErrback(self._callback_failed, event.type)
        for reader in self._readers:
            if reader[0] in (None, event.type):
                self._readers.remove(reader)
                reader[1].callback(event)
                return
        self._unread.append(event)

    def _callback_failed(self, failure: Failure, type: str) -> None:
        log.failure("Room {code}: a callback for {type} failed", failure=failure, code=self.code, type=type)

    def _wait(self, waiting: list[tuple[Any, Deferred[Any]]], what: Any) -> Deferred[Any]:
        if (gone := self._gone()) is not None:
            return fail(gone)
        entry: tuple[Any, Deferred[Any]] = (what, Deferred(lambda _: discard(waiting, entry)))
        waiting.append(entry)
        return entry[1]

    def _ask_watchers(self) -> None:
        for entry in list(self._watchers):
            execute(entry[0], self).addCallbacks(partial(self._answered, entry), partial(self._could_not, entry))

    def _answered(self, entry: tuple[Any, Deferred[Room]], true: object) -> None:
        if true and entry in self._watchers:
            self._watchers.remove(entry)
            entry[1].callback(self)

    def _could_not(self, entry: tuple[Any, Deferred[Room]], failure: Failure) -> None:
        if entry in self._watchers:
            self._watchers.remove(entry)
            entry[1].errback(failure)

    def _gone(self) -> ConnectionFailed | None:
        if self.left is not None:
            return ConnectionFailed(f"The seat in {self.code} is gone: {self.left.message or self.left.reason}")
        return ConnectionFailed(self._client.ended) if self._client.ended is not None else None

    def _end(self) -> None:
        """The seat is gone, or the client: nobody waits any longer."""
        self._attached = False
        self._stop_retry()
        self._ask_watchers()
        leavers, self._leavers = self._leavers, []
        for leaver in leavers:
            if self.left is not None:
                leaver.callback(self.left)
            else:
                leaver.errback(ConnectionFailed(self._client.ended))
        waiting: list[tuple[Any, Deferred[Any]]] = [*self._readers, *self._watchers]
        self._readers.clear()
        self._watchers.clear()
        for _, waiter in waiting:
            waiter.errback(self._gone() or ConnectionFailed("closed"))

    def _stop_retry(self) -> None:
        if self._retry is not None and self._retry.active():
            self._retry.cancel()
        self._retry = None


def as_data(data: Any, fields: dict[str, Any]) -> Any:
    """:returns: a message's data, given as one value or as fields."""
    if fields and data is not None:
        raise TypeError('give the data as one value, or as fields: send("play", {"cell": 4}), send("play", cell=4)')
    return fields or data


def seat_gone(room: Room) -> Refused:
    """:returns: the error of whatever is asked for a seat that is gone."""
    return Refused(f"The seat in {room.code} is gone.", code="not_found")


def discard(items: list[Any], item: Any) -> None:
    """Remove an item that may have been removed before."""
    if item in items:
        items.remove(item)
