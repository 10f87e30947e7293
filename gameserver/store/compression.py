"""
Compression of large values, in one place for all stores.

How a stored value begins says how to read it, so that a store may hold values from before and after a change of the
setting:

================== ==================================================================
begins with        is
================== ==================================================================
``\\0z``            a frame of Zstandard (RFC 8878)
``\\0=``            the rest, as it is: a value that begins with ``\\0`` itself
anything else      the value itself; JSON, which parts and entries are, never begins so
================== ==================================================================

Why Zstandard and not zlib: on documents of games (boards, cards, questions) of 4 to 135 KB its level 3 takes a third to
two thirds of the time of zlib's level 1 (22 against 54 microseconds for 10 KB), and leaves less (0.21 of the size
against 0.24). All of this is time of the reactor. Below some 2 KB neither is worth its time.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from msgspec.structs import replace
from zope.interface import directlyProvides, providedBy

from gameserver.interfaces import Commit, IRoomReader, IStore, Outcome, Stored

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

K = TypeVar("K")
V = TypeVar("V", bytes, bytes | None)

LEVEL: Final = 3
"""Zstandard's own default: on documents higher levels take twice the time and save little."""

_MARK: Final = b"\0"
_ZSTD: Final = b"\0z"
_PLAIN: Final = b"\0="


def compressed_store(store: IStore, over_bytes: int) -> IStore:
    """
    :param over_bytes: values of at least so many bytes are compressed; 0: none, but stored ones can still be read.
    :returns: a store that keeps its values in the given one.
    """
    return cast(IStore, CompressedStore(store, over_bytes))


class CompressedStore:
    """A store that keeps its values, compressed, in another one, to which it passes on all other calls."""

    def __init__(self, store: IStore, over_bytes: int) -> None:
        self._store = store
        self._over_bytes = over_bytes
        directlyProvides(self, providedBy(store))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def commit(self, commits: Sequence[Commit], *, now_ms: int) -> Deferred[list[Outcome]]:
        """Store each commit whose fence is current, all of it or nothing; see `IStore.commit`."""
        return self._store.commit([self._compressed(commit) for commit in commits], now_ms=now_ms)

    def open_rooms(self, ids: Sequence[str]) -> Deferred[list[Stored]]:
        """Take rooms over under a higher fence, and return them; see `IStore.open_rooms`."""
        return self._store.open_rooms(ids).addCallback(_expanded_rooms)

    def read_rooms(self, ids: Sequence[str]) -> Deferred[list[Stored]]:
        """Read rooms, and leave them as they are, where the other store can; see `IRoomReader.read_rooms`."""
        return cast(IRoomReader, self._store).read_rooms(ids).addCallback(_expanded_rooms)

    def read_entries(self, room: str, table: str, names: Sequence[str]) -> Deferred[list[bytes | None]]:
        """Read entries of one table by their keys; see `IStore.read_entries`."""
        read = self._store.read_entries(room, table, names)
        return read.addCallback(lambda values: [None if value is None else expand(value) for value in values])

    def scan_entries(
        self, room: str, table: str, *, prefix: str, after: str | None, limit: int
    ) -> Deferred[list[tuple[str, bytes]]]:
        """Read a page of one table, in the order of its keys; see `IStore.scan_entries`."""
        page = self._store.scan_entries(room, table, prefix=prefix, after=after, limit=limit)
        return page.addCallback(lambda entries: [(key, expand(value)) for key, value in entries])

    def _compressed(self, commit: Commit) -> Commit:
        puts = self._compressed_values(commit.puts)
        entries = self._compressed_values(commit.entries)
        if puts is commit.puts and entries is commit.entries:
            return commit
        return replace(commit, puts=puts, entries=entries)

    def _compressed_values(self, values: Mapping[K, V]) -> Mapping[K, V]:
        over = self._over_bytes or sys.maxsize
        for value in values.values():
            if value is not None and (len(value) >= over or value.startswith(_MARK)):
                return {key: _compressed_value(value, self._over_bytes) for key, value in values.items()}
        return values


def _compressed_value(value: V, over_bytes: int) -> V:
    return value if value is None else compress(value, over_bytes)


def compress(value: bytes, over_bytes: int) -> bytes:
    """
    :param over_bytes: compress a value of at least so many bytes, if that makes it smaller; 0: never.
    :returns: the value as it is stored.
    """
    if over_bytes and len(value) >= over_bytes:
        compressed = _ZSTD + _zstd()[0](value)
        if len(compressed) < len(value):
            return compressed
    return _PLAIN + value if value[:1] == _MARK else value


def expand(value: bytes) -> bytes:
    """
    Undo `compress`, whatever ``over_bytes`` was.

    :returns: the value. One that cannot be read is returned as it is stored: it must not keep other rooms closed.
    """
    if value[:1] != _MARK:
        return value
    if value[:2] == _PLAIN:
        return value[2:]
    if value[:2] != _ZSTD:
        return value
    _, decompress, broken = _zstd()
    try:
        return decompress(value[2:])
    except broken:
        return value


def _expanded_rooms(rooms: Sequence[Stored]) -> list[Stored]:
    return [replace(stored, parts={part: expand(value) for part, value in stored.parts.items()}) for stored in rooms]


@lru_cache(maxsize=1)
def _zstd() -> tuple[Callable[[bytes], bytes], Callable[[bytes], bytes], type[Exception]]:
    """:returns: what compresses, what decompresses, and the error for a broken frame; imported at the first call."""
    from zstandard import ZstdCompressor, ZstdDecompressor, ZstdError

    return ZstdCompressor(level=LEVEL).compress, ZstdDecompressor().decompress, ZstdError
