"""
What one client knows of a room, kept up to date from what it is told: the part that all clients in Python share.

A server tells a room's state in streams, one for each audience that the client belongs to, and counts the messages of
each. A mirror applies them in order, and notices when one is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from gameserver.protocol import messages
from gameserver.protocol.messages import ChannelInfo, EventMessage, Joined, Line, SeatInfo, TimerInfo, VolatileEvent
from gameserver.protocol.patches import apply_ops
from gameserver.protocol.shapes import MovesInfo

Event = EventMessage | VolatileEvent
"""What a game tells: ``type``, ``data``, ``stream``, and ``n`` unless it is volatile."""

OWN: Final = "seat"
"""The stream of a client's own seat, and the name of its document."""


class OutOfStep(Exception):
    """
    A message does not follow what is known: something is missing here, and has to be asked for.

    :ivar broken: a document differs from the server's, so that only whole documents help, and no replay.
    """

    def __init__(self, text: str, *, broken: bool = False) -> None:
        super().__init__(text)
        self.broken = broken


class Mirror:
    """
    A room as one seat knows it.

    :param joined: the server's answer by which the seat was given.
    :param chat_lines: so many lines of chat are kept, the newest; None: all.
    :ivar seat: the seat itself, with its secret.
    :ivar info: status, phase, options, result and so on.
    :ivar seats: by id; the groups of each are those that this seat may know.
    :ivar docs: by stream, plain trees, patched in place; one is gone once its stream has ended.
    :ivar timers: by stream and name, those that run or are paused.
    :ivar chat: the lines, oldest first.
    :ivar channels: the channels that this seat hears, by address.
    :ivar read: the number of the last line that was read, by a channel's address.
    :ivar moves: what the seat may do now; None: the server told nothing of it.
    :ivar counts: the number of the last message of each stream.
    """

    def __init__(self, joined: Joined, *, chat_lines: int | None = None) -> None:
        self.seat = joined.seat
        self.info = joined.info
        self.seats: dict[str, SeatInfo] = {}
        self.docs: dict[str, dict[str, Any]] = {}
        self.timers: dict[tuple[str, str], TimerInfo] = {}
        self.chat: list[Line] = []
        self.channels: dict[str, ChannelInfo] = {}
        self.read: dict[str, int] = {}
        self.moves: MovesInfo | None = None
        self.counts: dict[str, int] = {}
        self._chat_lines = chat_lines
        self._epoch: str | int = ""
        self._public: set[str] = set()
        self._is_told_public = False
        self.join(joined)

    @property
    def seen(self) -> messages.Seen:
        """How far each stream was heard: what ``resume`` tells the server."""
        return {"epoch": self._epoch, **self.counts}

    def join(self, joined: Joined) -> None:
        """
        Take the seat as it was given, or given back.

        Where it is ``recovered`` the messages that were missed follow, else it holds the whole room anew.
        """
        self.seat = joined.seat
        self.info = joined.info
        self._epoch = joined.seen.get("epoch", "")
        self.counts = {stream: n for stream, n in joined.seen.items() if stream != "epoch" and isinstance(n, int)}
        if not joined.recovered:
            for known in (self.seats, self.docs, self.timers, self.chat, self._public):
                known.clear()
        self._take_public()
        self.docs.update(joined.docs)
        for seat in joined.seats:
            self._merge_seat(OWN, seat)
        for timer in joined.timers:
            self._on_timer(timer)
        self.channels = {channel.to: channel for channel in joined.channels}
        self.read = dict(joined.read)
        self.moves = joined.moves
        self._add_lines(joined.chat)

    def hear(self, message: dict[str, Any]) -> Event | None:
        """
        Take one message of the room; what is known already, and what no mirror keeps, changes nothing.

        :param message: as it was decoded, with its ``op``.
        :returns: the event that it is, if it is one.
        :raises OutOfStep: one before it is missing, or a patch does not fit; nothing was changed, or, of a patch, the
            part that fitted.
        """
        op = message["op"]
        if op not in self._HEAR:
            return None
        kind, hear = self._HEAR[op]
        n = message.get("n")
        if n is None:
            if op == "event":
                return msgspec.convert(message, VolatileEvent)
            if op in ("read", "moves"):
                hear(self, msgspec.convert(message, kind))
            return None
        if self._follows(op, message.get("stream"), n):
            event: Event | None = hear(self, msgspec.convert(message, kind))
            return event
        return None

    def _follows(self, op: str, stream: Any, n: Any) -> bool:
        """:returns: whether it is new. :raises OutOfStep: messages before it are missing."""
        if op == "doc":
            return True  # it sets the counter itself
        known = self.counts.get(stream)
        if known is None and op in ("seats", "room"):
            return True  # a step tells these before the document with which a stream begins
        if known is not None and n <= known:
            return False
        if known is None or n > known + 1:
            raise OutOfStep(f"{op} {n} of {stream} came after {known}")
        self.counts[stream] = n
        return True

    def _on_event(self, event: EventMessage) -> EventMessage:
        return event

    def _on_patch(self, patch: messages.Patch) -> None:
        try:
            apply_ops(self.docs[patch.stream], patch.ops)
        except (LookupError, TypeError, ValueError) as error:
            text = f"patch {patch.n} of {patch.stream} does not fit ({error!r})"
            raise OutOfStep(text, broken=True) from error

    def _on_doc(self, doc: messages.Doc) -> None:
        if doc.doc is None:
            self._forget(doc.stream)
            return
        self.counts[doc.stream] = doc.n
        self.docs[doc.stream] = doc.doc
        self.channels.update((channel.to, channel) for channel in doc.channels)
        self._add_lines(doc.chat)

    def _on_seats(self, message: messages.SeatsMessage) -> None:
        for seat in message.seats:
            self._merge_seat(message.stream, seat)

    def _on_room(self, message: messages.RoomMessage) -> None:
        self.info = message.info
        self._take_public()

    def _take_public(self) -> None:
        """Note which groups are public. A server of an older release does not say; there they are named on `room`."""
        if self.info.groups or self._is_told_public:
            self._is_told_public = True
            self._public = set(self.info.groups)

    def _on_timer(self, timer: TimerInfo) -> None:
        key = (timer.stream, timer.name)
        if timer.ends is None and timer.paused_ms is None:
            self.timers.pop(key, None)
        else:
            self.timers[key] = timer

    def _on_chat(self, line: Line) -> None:
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

    def _on_read(self, message: messages.ReadMessage) -> None:
        self.read[message.to] = message.upto

    def _on_moves(self, told: messages.Moves) -> None:
        self.moves = MovesInfo(told.moves, told.more, told.prompt, told.undo)

    _HEAR: Final[dict[str, tuple[Any, Callable[[Mirror, Any], Event | None]]]] = {
        "event": (EventMessage, _on_event),
        "patch": (messages.Patch, _on_patch),
        "doc": (messages.Doc, _on_doc),
        "seats": (messages.SeatsMessage, _on_seats),
        "room": (messages.RoomMessage, _on_room),
        "timer": (TimerInfo, _on_timer),
        "chat": (Line, _on_chat),
        "skip": (messages.Skip, _on_skip),
        "edited": (messages.Edited, _on_edited),
        "channels": (messages.ChannelsMessage, _on_channels),
        "read": (messages.ReadMessage, _on_read),
        "moves": (messages.Moves, _on_moves),
    }

    def _forget(self, stream: str) -> None:
        """Forget all that is known of a group's stream, its lines as well."""
        self.counts.pop(stream, None)
        self.docs.pop(stream, None)
        self.chat[:] = [line for line in self.chat if line.stream != stream]
        for key in [key for key in self.timers if key[0] == stream]:
            del self.timers[key]
        for to in [to for to, channel in self.channels.items() if channel.stream == stream]:
            del self.channels[to]
        name = stream.removeprefix("group:")
        for seat in self.seats.values():
            if name in seat.groups and name not in self._public:
                seat.groups.remove(name)

    def _add_lines(self, lines: list[Line]) -> None:
        if lines:
            known = {(line.stream, line.n) for line in self.chat}
            self.chat.extend(line for line in lines if (line.stream, line.n) not in known)
        if self._chat_lines is not None:
            del self.chat[: -self._chat_lines]

    def _merge_seat(self, stream: str, seat: SeatInfo) -> None:
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
        elif stream != OWN:
            name = stream.removeprefix("group:")
            groups = (known - {name}) | (groups & {name})
        seat.groups = sorted(groups)
        self.seats[seat.id] = seat

    def _is_private(self, name: str) -> bool:
        """Whether a group was never told on ``room``, and this seat is in it: only its members know of it."""
        own = self.seats.get(self.seat.id)
        return name not in self._public and own is not None and name in own.groups
