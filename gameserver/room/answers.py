"""Requests that were answered: each id of a client is applied once, and answered the same when it comes again."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

KEPT: Final = 64
KEPT_BYTES: Final = 16 * 1024
KEYS: Final = 8
"""Clients remembered at a time, for each seat."""

Stored = tuple[str, str, int]
"""Seat, client's key and id of an answer."""


class Memory:
    """The answers given to one client of one seat."""

    __slots__ = ("answers", "last_id", "size_bytes")

    def __init__(self) -> None:
        self.last_id = 0
        self.answers: OrderedDict[int, bytes] = OrderedDict()
        self.size_bytes = 0

    def keep(self, id: int, frame: bytes) -> list[int]:
        """:returns: the ids whose answers were forgotten for this one."""
        self.last_id = max(id, self.last_id)
        self.answers[id] = frame
        self.size_bytes += len(frame)
        forgotten = []
        while len(self.answers) > 1 and (len(self.answers) > KEPT or self.size_bytes > KEPT_BYTES):
            old, old_frame = self.answers.popitem(last=False)
            self.size_bytes -= len(old_frame)
            forgotten.append(old)
        return forgotten


class Answers:
    """The memories of one room, by seat and client's key; the clients that asked last are kept."""

    __slots__ = ("by_seat",)

    def __init__(self) -> None:
        self.by_seat: dict[str, OrderedDict[str, Memory]] = {}

    def find(self, seat: str, key: str) -> Memory | None:
        """:returns: what this client was answered, or None if it is new or forgotten."""
        memories = self.by_seat.get(seat)
        return memories.get(key) if memories is not None else None

    def last_id(self, seat: str, key: str) -> int:
        """:returns: the highest id applied."""
        memory = self.find(seat, key)
        return memory.last_id if memory is not None else 0

    def keep(self, seat: str, key: str, id: int, frame: bytes) -> list[Stored]:
        """:returns: the answers that were forgotten for this one."""
        memories = self.by_seat.setdefault(seat, OrderedDict())
        memory = memories.get(key)
        forgotten: list[Stored] = []
        if memory is None:
            memory = memories[key] = Memory()
            while len(memories) > KEYS:
                old_key, old = memories.popitem(last=False)
                forgotten += [(seat, old_key, old_id) for old_id in old.answers]
        elif len(memories) > 1:
            memories.move_to_end(key)
        return forgotten + [(seat, key, old_id) for old_id in memory.keep(id, frame)]

    def forget(self, seat: str) -> list[Stored]:
        """A seat is gone. :returns: the answers that were forgotten with it."""
        memories: OrderedDict[str, Memory] = self.by_seat.pop(seat, OrderedDict())
        return [(seat, key, id) for key, memory in memories.items() for id in memory.answers]
