"""
The streams of a room: for each audience a counter, and for all of them one log of what was said lately.

The log keeps whole steps in their order, so that what a seat missed can be said again exactly as it was. It is bounded
by messages and bytes; a seat that missed more gets a snapshot.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

LOG_MESSAGES: Final = 512
LOG_BYTES: Final = 256 * 1024
EPOCHS: Final = 8
"""How many openings of the room before this one are remembered."""


class Said(Struct, frozen=True, gc=False):
    """
    One message of a stream. Hundreds are kept for each room, hence none is looked at for garbage.

    :ivar key: the stream: ``room``, ``seat:ID``, ``group:NAME`` or ``role:NAME``.
    :ivar n: its number.
    :ivar frame: the message, encoded.
    :ivar but: seats that are left out of it.
    """

    key: str
    n: int
    frame: bytes
    but: tuple[str, ...] = ()


class LoggedStep(Struct, frozen=True, gc=False):
    """What one step said, and its number."""

    number: int
    said: tuple[Said, ...]
    size_bytes: int


class Epoch(Struct, frozen=True):
    """An earlier opening of the room, and how far its streams had come."""

    id: str
    counts: dict[str, int]


def wire_name(key: str) -> str:
    """:returns: a stream's name as its audience knows it: a seat's own is ``seat``."""
    return "seat" if key.startswith("seat:") else key


class Streams:
    """
    Counters, log and epochs of one room.

    :ivar counts: by stream, the number of its last message.
    :ivar stored_counts: the counters as the store has them; it needs them again only when the log no longer tells.
    """

    __slots__ = (
        "counts",
        "counts_stale",
        "epoch",
        "log",
        "messages",
        "next_step",
        "past",
        "size_bytes",
        "stored_counts",
    )

    def __init__(self, epoch: str) -> None:
        self.epoch = epoch
        self.past: list[Epoch] = []
        self.counts: dict[str, int] = {}
        self.stored_counts: dict[str, int] = {}
        self.counts_stale = False
        self.log: deque[LoggedStep] = deque()
        self.next_step = 1
        self.messages = 0
        self.size_bytes = 0

    def number(self, key: str) -> int:
        """:returns: the number of the stream's next message."""
        n = self.counts.get(key, 0) + 1
        self.counts[key] = n
        return n

    def keep(self, said: Sequence[Said]) -> tuple[LoggedStep, Sequence[LoggedStep]]:
        """
        Log what one step said: something.

        :returns: the step, and the steps that were forgotten for it.
        """
        size_bytes = len(said[0].frame)
        for one in said[1:]:
            size_bytes += len(one.frame)
        step = LoggedStep(self.next_step, tuple(said), size_bytes)
        self.next_step += 1
        self.log.append(step)
        self.messages += len(step.said)
        self.size_bytes += size_bytes
        if self.messages <= LOG_MESSAGES and self.size_bytes <= LOG_BYTES:
            return step, ()
        forgotten = []
        while len(self.log) > 1 and (self.messages > LOG_MESSAGES or self.size_bytes > LOG_BYTES):
            old = self.log.popleft()
            self.messages -= len(old.said)
            self.size_bytes -= old.size_bytes
            forgotten.append(old)
            self.counts_stale = self.counts_stale or any(self.stored_counts.get(s.key, 0) < s.n for s in old.said)
        return step, forgotten

    def redact(self, key: str, n: int, frame: bytes) -> LoggedStep | None:
        """
        Have another message in the place of one that was said.

        :returns: the step that it is part of; None where that is kept no longer.
        """
        for place, step in enumerate(self.log):
            if any(s.key == key and s.n == n for s in step.said):
                said = tuple(Said(s.key, s.n, frame, s.but) if (s.key, s.n) == (key, n) else s for s in step.said)
                redacted = LoggedStep(step.number, said, sum(len(s.frame) for s in said))
                self.log[place] = redacted
                self.size_bytes += redacted.size_bytes - step.size_bytes
                return redacted
        return None

    def forget(self, key: str) -> None:
        """A seat is gone, and its stream with it."""
        if self.counts.pop(key, None) is not None:
            self.counts_stale = True

    def missed(self, streams: Mapping[str, int], seen: Mapping[str, Any]) -> list[Said] | None:
        """
        What a seat has missed.

        :param streams: the seat's streams, and the number at which it entered each.
        :param seen: what its client says: the epoch, and by stream as it knows it the last number.
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
        missed = [s for step in self.log for s in step.said if s.n > after.get(s.key, s.n)]
        return missed if len(missed) == sum(self.counts.get(k, 0) - n for k, n in after.items()) else None

    def seen(self, streams: Iterable[str]) -> dict[str, str | int]:
        """:returns: where somebody stands who has heard all of these streams."""
        told: dict[str, str | int] = {"epoch": self.epoch}
        told.update((wire_name(key), self.counts.get(key, 0)) for key in streams)
        return told

    def reopen(self, epoch: str) -> None:
        """The room is opened anew: what clients saw of the time before is compared with what was stored of it."""
        self.past = [*self.past, Epoch(self.epoch, dict(self.counts))][-EPOCHS:]
        self.epoch = epoch

    def restore(self, counts: dict[str, int], steps: Iterable[LoggedStep]) -> None:
        """Take over what the store has."""
        self.counts = dict(counts)
        self.stored_counts = dict(counts)
        for step in steps:
            self._add(step)
            self.next_step = step.number + 1
            for s in step.said:
                self.counts[s.key] = max(s.n, self.counts.get(s.key, 0))

    @staticmethod
    def encode(step: LoggedStep) -> bytes:
        """:returns: a step as it is stored."""
        return msgspec.json.encode([(s.key, s.n, Raw(s.frame), s.but) for s in step.said])

    @staticmethod
    def decode(number: int, stored: bytes) -> LoggedStep:
        """The reverse of `encode`."""
        # A Raw of the decoder is a view of the whole buffer; copies keep only what is needed.
        said = tuple(Said(key, n, bytes(frame), but) for key, n, frame, but in _SAID.decode(stored))
        return LoggedStep(number, said, sum(len(s.frame) for s in said))

    def _add(self, step: LoggedStep) -> None:
        self.log.append(step)
        self.messages += len(step.said)
        self.size_bytes += step.size_bytes

    def _counts_of(self, epoch: Any) -> Mapping[str, int] | None:
        if epoch == self.epoch:
            return self.counts
        return next((past.counts for past in self.past if past.id == epoch), None)


_SAID = msgspec.json.Decoder(list[tuple[str, int, Raw, tuple[str, ...]]])
