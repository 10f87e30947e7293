"""Requests that were answered: each id of a client is applied once, and answered the same when it comes again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Container, Iterable, Sequence
from typing import TYPE_CHECKING, Final

from gameserver.protocol import messages, msgpack
from gameserver.protocol.messages import Form
from gameserver.store import keys

if TYPE_CHECKING:
    from gameserver.room.effects import Delivery, Requester
    from gameserver.room.parts import Parts

KEPT: Final = 64
KEPT_BYTES: Final = 16 * 1024
KEYS: Final = 8
"""Clients remembered at a time, for each seat."""
DONE: Final = b""
"""In place of an answer that says no more than that the request was done. Most are such; only their ids are kept."""

JSON: Final = Form.JSON  # Python finds it faster here than in the enum, and each answer needs it

Runs = list[list[int]]
"""Ids that were only done, ascending, as pairs: the first and the last of consecutive ones."""


class Memory:
    """
    The answers given to one client of one seat: of most of them the id alone.

    :param part: the part of the row in which the ids that were only done are stored.
    :ivar frames: those that say more, by id, the oldest first.
    :ivar runs: the ids that were only done; always the same list.
    :ivar count: of both together.
    """

    __slots__ = ("count", "frames", "last_id", "part", "runs", "size_bytes")

    def __init__(self, part: str = "") -> None:
        self.part = part
        self.last_id = -1
        self.count = 0
        self.frames: dict[int, bytes] = {}
        self.runs: Runs = []
        self.size_bytes = 0

    def keep(self, id: int, frame: bytes = DONE) -> Sequence[int]:
        """
        :param id: higher than all before.
        :returns: the ids whose frames were forgotten for this one.
        """
        runs = self.runs
        self.last_id = id
        if frame:
            self.frames[id] = frame
            self.size_bytes += len(frame)
        elif runs and (newest := runs[-1])[1] == id - 1:
            newest[1] = id
        else:
            runs.append([id, id])
        if self.count < KEPT and self.size_bytes <= KEPT_BYTES:
            self.count += 1
            return ()
        if not self.frames:
            if len(runs) == 1:  # nearly always; it is long then, and loses its oldest
                runs[0][0] += 1
            else:
                self._forget_done()
            return ()
        self.count += 1
        return self._forget()

    def restored(self) -> None:
        """Frames and runs were read from the store: count them, and forget what is more than is kept."""
        self.last_id = max(self.runs[-1][1] if self.runs else -1, next(reversed(self.frames), -1))
        self.count = len(self.frames) + sum(last - first + 1 for first, last in self.runs)
        self.size_bytes = sum(map(len, self.frames.values()))
        self._forget()

    def answer(self, id: int | None) -> bytes | None:
        """:returns: what was answered, `DONE` where that was no more, or None where it is not known."""
        if id is None:
            return None
        done = any(first <= id <= last for first, last in self.runs)
        return self.frames.get(id, DONE if done else None)

    def ids(self) -> list[int]:
        """:returns: all that are remembered, ascending."""
        done = (id for first, last in self.runs for id in range(first, last + 1))
        return sorted((*self.frames, *done))

    def _forget(self) -> list[int]:
        frames, forgotten = self.frames, []
        while self.count > 1 and (self.count > KEPT or self.size_bytes > KEPT_BYTES):
            self.count -= 1
            oldest = next(iter(frames), None)
            if oldest is None or (self.runs and self.runs[0][0] < oldest):
                self._forget_done()
            else:
                self.size_bytes -= len(frames.pop(oldest))
                forgotten.append(oldest)
        return forgotten

    def _forget_done(self) -> None:
        oldest = self.runs[0]
        if oldest[0] == oldest[1]:
            del self.runs[0]
        else:
            oldest[0] += 1


Done = tuple["Requester", str, Memory | None]
"""Whose request was done, the seat that asked, and what its client was answered before, where that is at hand."""


class Answers:
    """
    The memories of one room, by seat and client's key; the clients that asked last are kept.

    :param code: of the room, which answers name.
    """

    __slots__ = ("_code", "_done", "by_seat")

    def __init__(self, code: str) -> None:
        self._code = code
        self._done = messages.encode(messages.Ok(0, room=code)).replace(b'"id":0', b'"id":%d')
        self.by_seat: dict[str, OrderedDict[str, Memory]] = {}

    def confirm(self, done: list[Done], seats: Container[str], parts: Parts, outbox: list[Delivery]) -> None:
        """
        Answer those whose requests were done, and remember it.

        :param done: they are told in this order; emptied.
        :param seats: those of the room; whoever has none any more is answered, but not remembered.
        :param parts: gets what is to be stored.
        :param outbox: gets the answers.
        """
        by_seat = self.by_seat
        for requester, seat, memory in done:
            session, id = requester.session, requester.id or 0
            if seat in seats:
                gone: Sequence[str] = ()
                memories = by_seat.get(seat)
                if memory is None or memories is None or len(memories) > 1:
                    memory, gone = self.memory(seat, session.key)
                old = memory.keep(id)
                if parts.is_stored:
                    parts.done[memory.part] = memory.runs
                    if old or gone:
                        parts.drop((*gone, *(keys.answer(seat, session.key, one) for one in old)))
            if session.form is JSON:
                outbox.append(((session,), self._done % id, None))
            else:
                outbox.append(((session,), msgpack.pack(messages.Ok(id, room=self._code)), None))
        done.clear()

    def find(self, seat: str, key: str) -> Memory | None:
        """:returns: what this client was answered, or None if it is new or forgotten."""
        memories = self.by_seat.get(seat)
        return memories.get(key) if memories is not None else None

    def last_id(self, seat: str, key: str) -> int:
        """:returns: the highest id applied."""
        memory = self.find(seat, key)
        return memory.last_id if memory is not None else 0

    def keep(self, seat: str, key: str, id: int, frame: bytes = DONE) -> list[str]:
        """:returns: the parts of the row that were forgotten for this answer."""
        memory, forgotten = self.memory(seat, key)
        old_ids = memory.keep(id, frame)
        return forgotten + [keys.answer(seat, key, old) for old in old_ids] if old_ids else forgotten

    def memory(self, seat: str, key: str) -> tuple[Memory, list[str]]:
        """
        Find the memory of a client that asks again, or make it.

        :returns: it; and the parts of the row that were forgotten for it.
        """
        memories = self.by_seat.get(seat)
        if memories is None:
            memories = self.by_seat[seat] = OrderedDict()
        memory = memories.get(key)
        forgotten: list[str] = []
        if memory is None:
            memory = memories[key] = Memory(keys.done(seat, key))
            while len(memories) > KEYS:
                forgotten += _parts(seat, *memories.popitem(last=False))
        elif len(memories) > 1:
            memories.move_to_end(key)
        return memory, forgotten

    def restore(self, frames: Iterable[tuple[str, str, int, bytes]], done: Iterable[tuple[str, str, Runs]]) -> None:
        """
        Remember what was stored.

        :param frames: seat, client's key, id and answer.
        :param done: seat, client's key, and the ids that were only done.
        """
        for seat, key, id, frame in sorted(frames):
            self._memory(seat, key).frames[id] = frame
        for seat, key, runs in done:
            if runs:
                self._memory(seat, key).runs[:] = runs
        for seat, memories in self.by_seat.items():
            newest = sorted(memories.items())[-KEYS:]
            self.by_seat[seat] = OrderedDict(newest)
            for _, memory in newest:
                memory.restored()

    def _memory(self, seat: str, key: str) -> Memory:
        """:returns: a client's memory, made where there is none, of which nothing is counted yet."""
        return self.by_seat.setdefault(seat, OrderedDict()).setdefault(key, Memory(keys.done(seat, key)))

    def forget(self, seat: str) -> list[str]:
        """A seat is gone. :returns: the parts of the row that were forgotten with it."""
        memories: OrderedDict[str, Memory] = self.by_seat.pop(seat, OrderedDict())
        return [part for key, memory in memories.items() for part in _parts(seat, key, memory)]


def _parts(seat: str, key: str, memory: Memory) -> list[str]:
    return [memory.part, *(keys.answer(seat, key, id) for id in memory.frames)]
