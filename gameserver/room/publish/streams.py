"""
The streams of a room: for each audience a counter, and for all of them one log of what was said lately.

The log keeps messages in the order in which they were said, so that what a seat missed can be said again exactly as it
was. It is bounded by messages and bytes; a seat that missed more gets a snapshot. Hundreds of messages are kept of each
room, and each new one drives an old one out: so a message is one object here, its frame, which tells its number.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, chain
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Raw, Struct
from msgspec.json import encode

from gameserver.protocol.messages import EventMessage, Patch, payload
from gameserver.room.bounds import check_message
from gameserver.room.state import Epoch

if TYPE_CHECKING:
    from gameserver.room.changes import Utterance

LOG_MESSAGES: Final = 512
LOG_BYTES: Final = 256 * 1024
EPOCHS: Final = 8
"""How many openings of the room before this one are remembered."""


NOBODY: Final = ()
_Part = list[tuple[str, Raw, tuple[str, ...]]]
"""The content of a part: of each message its stream, its frame, and the seats that are left out of it."""


class Said(Struct, frozen=True, gc=False):
    """
    One message of a stream.

    :ivar key: the stream: ``room``, ``seat:ID``, ``group:NAME`` or ``role:NAME``.
    :ivar n: its number.
    :ivar frame: the message, encoded.
    :ivar but: seats that are left out of it.
    """

    key: str
    n: int
    frame: bytes
    but: tuple[str, ...] = ()


class _Numbered(Struct):
    """What is read of a frame to know its number."""

    n: int


def wire_name(key: str) -> str:
    """:returns: a stream's name as its audience knows it: a seat's own is ``seat``."""
    return "seat" if key.startswith("seat:") else key


class Streams:
    """
    Counters, log and epochs of one room.

    What one commit stores of the log is a part of its own; a part is deleted once all that it holds is forgotten.

    :param epoch: a random name, a new one each time that the room is opened.
    :param code: of the room.
    :param message_bytes: how large a message of it may be.
    :ivar counts: by stream, the number of its last message.
    """

    __slots__ = (
        "_but",
        "_bytes",
        "_code",
        "_counted",
        "_end",
        "_forgot",
        "_frames",
        "_keys",
        "_message_bytes",
        "_next_part",
        "_parts",
        "counts",
        "epoch",
        "past",
    )

    def __init__(self, epoch: str, code: str, message_bytes: int) -> None:
        self._code = code
        self._message_bytes = message_bytes
        self.epoch = epoch
        self.past: list[Epoch] = []
        self.counts: dict[str, int] = {}
        self._forgot = False
        self._keys: deque[str] = deque(maxlen=LOG_MESSAGES)
        self._frames: deque[bytes] = deque(maxlen=LOG_MESSAGES)
        self._end = 0  # so many messages were ever kept
        self._bytes = 0  # of these, and perhaps of some that were forgotten
        self._but: dict[int, tuple[str, ...]] = {}  # by place: how many were ever kept before it
        self._counted = 0  # the store's counters count all up to this place
        self._parts: deque[tuple[int, int]] = deque()  # what is stored: number, and the place behind its last message
        self._next_part = 1

    def number(self, key: str) -> int:
        """:returns: the number of the stream's next message."""
        n = self.counts.get(key, 0) + 1
        self.counts[key] = n
        return n

    def say_event(self, said: Utterance, but: tuple[str, ...] = ()) -> bytes:
        """
        Number an event, encode it and log it: all at once, for most messages are events.

        :param but: seats that are left out of it.
        :returns: its frame.
        :raises Refused: ``too_large``, and nothing was said.
        """
        key, data = said.key, said.data
        counts = self.counts
        n = counts.get(key, 0) + 1
        stream = key if key == "room" else wire_name(key)
        frame = encode(EventMessage(self._code, stream, n, said.type, data if data.__class__ is str else payload(data)))
        size_bytes = len(frame)
        if size_bytes > self._message_bytes:
            check_message(size_bytes, self._message_bytes)
        counts[key] = n
        if but:
            self._but[self._end] = but
        self._keys.append(key)
        self._frames.append(frame)
        self._end += 1
        self._bytes = size_bytes = self._bytes + size_bytes
        if size_bytes > LOG_BYTES:
            self._reckon()
        return frame

    def say_patch(self, key: str, ops: bytes) -> tuple[int, bytes]:
        """
        Number a patch, encode it and log it, behind what was logged before.

        :param ops: of it, as JSON.
        :returns: its number, and its frame.
        """
        n = self.counts.get(key, 0) + 1
        self.counts[key] = n
        name = key if key == "room" else wire_name(key)
        raw: Any = Raw(ops)
        frame = encode(Patch(self._code, name, n, raw))
        self._keep_one(key, frame, ())
        return n, frame

    # The log

    def keep(self, said: Sequence[Said]) -> None:
        """Log other messages than events."""
        for one in said:
            self._keep_one(one.key, one.frame, one.but)

    def _keep_one(self, key: str, frame: bytes, but: tuple[str, ...]) -> None:
        if but:
            self._but[self._end] = but
        self._keys.append(key)
        self._frames.append(frame)
        self._end += 1
        self._bytes += len(frame)
        if self._bytes > LOG_BYTES:
            self._reckon()

    @property
    def _first(self) -> int:
        """The place of the oldest message, of all that were ever kept."""
        return self._end - len(self._frames)

    def _reckon(self) -> None:
        """Count the bytes; where there are too many, make room for a quarter at once, and so not for each message."""
        frames = self._frames
        self._bytes = sum(map(len, frames))
        most = LOG_BYTES if self._bytes <= LOG_BYTES else LOG_BYTES * 3 // 4
        while len(frames) > 1 and self._bytes > most:
            self._bytes -= len(frames.popleft())
            self._keys.popleft()
        first = self._first
        self._but = {place: but for place, but in self._but.items() if place >= first}

    def clear(self) -> None:
        """Forget all that was said: nobody comes back to a seat."""
        self._keys.clear()
        self._frames.clear()
        self._but.clear()
        self._bytes = 0
        self._forgot = True

    def said(self) -> Iterator[Said]:
        """:returns: all that is kept, the oldest first."""
        for place, (key, frame) in enumerate(zip(self._keys, self._frames, strict=True), self._first):
            yield Said(key, _number_of(frame), frame, self._but.get(place, ()))

    def redact(self, key: str, n: int, frame: bytes, but: tuple[str, ...] = ()) -> int | None:
        """
        Put another message in the place of one that was said.

        :param but: seats that are left out of it.
        :returns: the number of the part that is to be stored again for that, if there is one.
        """
        for index, old in enumerate(self._frames):
            if self._keys[index] == key and _number_of(old) == n:
                self._frames[index] = frame
                self._bytes += max(len(frame) - len(old), 0)
                place = self._first + index
                self._but.pop(place, None)
                if but:
                    self._but[place] = but
                return next((part for part, end in self._parts if place < end), None)
        return None

    def forget(self, key: str) -> None:
        """A seat is gone, and its stream with it; its counter stays in the store until the next are written."""
        self.counts.pop(key, None)

    # What a seat missed

    def missed(self, streams: Mapping[str, int], seen: Mapping[str, Any]) -> list[Said] | None:
        """
        What a seat has missed.

        :param streams: the seat's streams, and the number at which it entered each.
        :param seen: what its client has seen: the epoch, and the last number of each stream, as clients name it.
        :returns: all that it missed, in the order of the steps; None if that cannot be told exactly.
        """
        limits = self._counts_of(seen.get("epoch"))
        wanted = {wire_name(key): key for key in streams}
        if limits is None or set(seen) - {"epoch"} != set(wanted):
            return None
        after: dict[str, int] = {}
        for name, key in wanted.items():
            n = seen[name]
            if type(n) is not int or not streams[key] <= n <= min(limits.get(key, 0), self.counts.get(key, 0)):
                return None
            after[key] = n
        missed = self._since(after)
        is_all = len(missed) == sum(self.counts.get(k, 0) - n for k, n in after.items())
        # The newest is kept however large it is; beyond that, the documents are less.
        return missed if is_all and sum(len(said.frame) for said in missed) <= LOG_BYTES else None

    def _since(self, after: Mapping[str, int]) -> list[Said]:
        """
        Read the log backwards, no further than needed: of what was not missed, at most one frame a stream is decoded.

        :returns: what was said on these streams after these numbers, as far as it is kept.
        """
        found: list[Said] = []
        place, looked_for = self._end, {key for key, n in after.items() if n < self.counts.get(key, 0)}
        for key, frame in zip(reversed(self._keys), reversed(self._frames), strict=True):
            if not looked_for:
                break
            place -= 1
            if key in looked_for:
                n = _number_of(frame)
                if n > after[key]:
                    found.append(Said(key, n, frame, self._but.get(place, ())))
                if n <= after[key] + 1:
                    looked_for.remove(key)
        return found[::-1]

    def seen(self, streams: Iterable[str]) -> dict[str, str | int]:
        """:returns: where somebody stands who has heard all of these streams."""
        told: dict[str, str | int] = {"epoch": self.epoch}
        told.update((wire_name(key), self.counts.get(key, 0)) for key in streams)
        return told

    def _counts_of(self, epoch: Any) -> Mapping[str, int] | None:
        if epoch == self.epoch:
            return self.counts
        return next((past.counts for past in self.past if past.id == epoch), None)

    # What is stored

    @property
    def unsealed(self) -> bool:
        """Whether something was said that no part holds."""
        return self._end > self._sealed

    @property
    def _sealed(self) -> int:
        return self._parts[-1][1] if self._parts else 0

    def seal(self) -> tuple[int, bytes] | None:
        """:returns: number and content of a part with what was said since the last one, if anything was."""
        begin, end = self._sealed, self._end
        if begin == end:
            return None
        number = self._next_part
        self._next_part += 1
        self._parts.append((number, end))
        return number, self._encode(begin, end)

    def forgotten_parts(self) -> list[int]:
        """:returns: the numbers of the parts of which nothing is kept any more, each once."""
        gone, parts, first = [], self._parts, self._first
        while len(parts) > 1 and parts[0][1] <= first:
            gone.append(parts.popleft()[0])
        return gone

    def part(self, number: int) -> bytes:
        """:returns: a part as it is now."""
        begin = self._first
        for each, end in self._parts:
            if each == number:
                return self._encode(begin, end)
            begin = max(end, self._first)
        raise LookupError(number)

    def dump(self) -> dict[int, bytes]:
        """:returns: all parts; what no part held before has one now."""
        self.seal()
        return {number: self.part(number) for number, _ in self._parts}

    @property
    def counts_stale(self) -> bool:
        """Whether the store needs the counters again: the log no longer tells them."""
        return self._forgot or self._end - len(self._frames) > self._counted

    def counts_changed(self) -> None:
        """Note that the counters changed in another way than by messages that are logged."""
        self._forgot = True

    def counts_stored(self) -> None:
        """The store is given the counters as they are."""
        self._forgot = False
        self._counted = self._end

    def reopen(self, epoch: str) -> None:
        """The room is opened anew: what clients saw of the time before is compared with what was stored of it."""
        self.past = [*self.past, Epoch(self.epoch, dict(self.counts))][-EPOCHS:]
        self.epoch = epoch

    def restore(self, counts: dict[str, int], parts: Iterable[tuple[int, bytes]]) -> None:
        """
        Take over what the store has.

        :param parts: number and content, in the order of the numbers.
        """
        self.counts = dict(counts)
        numbered = list(parts)
        read = _read_parts([content for _, content in numbered])
        everything, first = [*chain.from_iterable(read)], self._end
        keys = [key for key, _, _ in everything]
        # A Raw of the decoder is a view of all that was read; copies keep only what is needed.
        frames = [bytes(raw) for _, raw, _ in everything]
        self._but.update((place, but) for place, (_, _, but) in enumerate(everything, first) if but)
        self._keys.extend(keys)
        self._frames.extend(frames)
        self._end = first + len(everything)
        ends = [*accumulate(map(len, read), initial=first)]
        self._parts.extend((number, end) for (number, _), end in zip(numbered, ends[1:], strict=True))
        self._next_part = numbered[-1][0] + 1 if numbered else self._next_part
        self._reckon()
        # Of all that was read: the log may have forgotten some of it again.
        for key, newest in dict(zip(keys, frames, strict=True)).items():
            self.counts[key] = max(_number_of(newest), self.counts.get(key, 0))

    def _encode(self, begin: int, end: int) -> bytes:
        """:returns: the messages of these places, as far as they are kept, as they are stored."""
        keys, frames, but, first = self._keys, self._frames, self._but, self._first
        places = range(max(begin - first, 0), end - first)
        if not but:
            return encode([(keys[place], Raw(frames[place]), NOBODY) for place in places])
        return encode([(keys[place], Raw(frames[place]), but.get(first + place, NOBODY)) for place in places])


def _number_of(frame: bytes) -> int:
    return _decode(frame).n


def _read_parts(contents: list[bytes]) -> list[_Part]:
    """:returns: what parts hold: read in one go, since a room has hundreds, of a few messages each."""
    try:
        return _PARTS.decode(b"[%b]" % b",".join(contents))
    except msgspec.ValidationError:
        return [_read_part(content) for content in contents]


def _read_part(content: bytes) -> _Part:
    try:
        return _PART.decode(content)
    except msgspec.ValidationError:
        return [(key, frame, but) for key, _, frame, but in _NUMBERED_PART.decode(content)]


_decode: Final = msgspec.json.Decoder(_Numbered).decode
_PART: Final = msgspec.json.Decoder(_Part)
_PARTS: Final = msgspec.json.Decoder(list[_Part])
_NUMBERED_PART: Final = msgspec.json.Decoder(list[tuple[str, int, Raw, tuple[str, ...]]])
"""A part as older releases stored it."""
