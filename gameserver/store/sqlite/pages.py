"""
Reads a SQLite file page by page, without SQLite, which gives up at the first damaged page.

The file is only read. A page that was committed to its write-ahead log counts instead of the one in the file.

Source: https://www.sqlite.org/fileformat2.html
"""

from __future__ import annotations

import mmap
import os
import struct
from itertools import pairwise
from typing import Any, Final

from msgspec import Struct

PAGE_SIZE: Final = 4096
"""Size of the pages of a file whose first page does not say it."""
TABLE_INTERIOR: Final = 0x05
INDEX_INTERIOR: Final = 0x02
TABLE_LEAF: Final = 0x0D
INDEX_LEAF: Final = 0x0A
KINDS: Final = frozenset({TABLE_INTERIOR, INDEX_INTERIOR, TABLE_LEAF, INDEX_LEAF})
INTEGER_BYTES: Final = (0, 1, 2, 3, 4, 6, 8)
HEAD: Final = b"SQLite format 3\0"
DEPTH: Final = 20
"""No tree of pages is deeper."""


class BadPage(ValueError):
    """A page, or a record, is not what it must be."""


class Cell(Struct, frozen=True):
    """
    One row of a tree.

    :ivar key: the row's number, in a tree whose rows have numbers; else None.
    :ivar values: its columns, in the order in which they are stored.
    """

    key: int | None
    values: tuple[Any, ...]


class TreePage(Struct, frozen=True):
    """
    One page of a tree.

    :ivar kind: one of `KINDS`.
    :ivar children: numbers of the pages below it, in order.
    :ivar cells: its rows; an interior page of a table has none.
    :ivar overflow: numbers of the pages on which its long rows go on.
    """

    kind: int
    children: list[int]
    cells: list[Cell]
    overflow: set[int]


class FilePages:
    """
    The pages of a file.

    :param path: the file; ``PATH-wal`` is read as well.
    :ivar count: how many pages there are.
    :ivar has_head: whether it begins as a SQLite file does.
    :raises OSError: it cannot be read.
    """

    def __init__(self, path: str) -> None:
        with open(path, "rb") as file:
            size_bytes = os.fstat(file.fileno()).st_size
            self._bytes: Any = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size_bytes else b""
        head = self._bytes[:100]
        self.has_head = head.startswith(HEAD)
        size = struct.unpack(">H", head[16:18])[0] if self.has_head and len(head) == 100 else PAGE_SIZE
        self.page_size = 65536 if size == 1 else size if size >= 512 and size & (size - 1) == 0 else PAGE_SIZE
        self._log: dict[int, bytes] = {}
        self._read_log(f"{path}-wal")
        self.count = max(len(self._bytes) // self.page_size, max(self._log, default=0))
        first = self._log.get(1)
        if first is not None:
            self.has_head = first.startswith(HEAD)
        self.usable = self.page_size

    def _read_log(self, path: str) -> None:
        """Take the pages of all transactions that were committed; what follows the last of them does not count."""
        if not os.path.exists(path):
            return
        with open(path, "rb") as file:
            log = file.read()
        if len(log) < 32:
            return
        magic, _, size = struct.unpack(">III", log[:12])
        if magic & 0xFFFFFFFE != 0x377F0682:
            return
        order = ">" if magic & 1 else "<"
        if not self.has_head:
            self.page_size = size
        salts = log[16:24]
        sums = _checksum(order, log[:24], (0, 0))
        if sums != struct.unpack(">II", log[24:32]):
            return
        under_way: dict[int, bytes] = {}
        for at in range(32, len(log) - 24 - size + 1, 24 + size):
            head, page = log[at : at + 24], log[at + 24 : at + 24 + size]
            number, committed = struct.unpack(">II", head[:8])
            sums = _checksum(order, page, _checksum(order, head[:8], sums))
            if head[8:16] != salts or sums != struct.unpack(">II", head[16:24]):
                return
            under_way[number] = page
            if committed:
                self._log.update(under_way)
                under_way = {}

    def page(self, number: int) -> bytes:
        """
        :returns: the bytes of a page, by its number from 1.
        :raises BadPage: there is no such page.
        """
        if not 1 <= number <= self.count:
            raise BadPage(f"there is no page {number}")
        page = self._log.get(number)
        if page is None:
            page = self._bytes[(number - 1) * self.page_size : number * self.page_size]
        if len(page) != self.page_size:
            raise BadPage(f"page {number} is cut off")
        return page

    def node(self, number: int) -> TreePage:
        """
        Read a page of a tree.

        :raises BadPage: it is no such page.
        """
        try:
            return self._node(number)
        except (struct.error, IndexError, UnicodeDecodeError) as error:
            raise BadPage(f"page {number} is no page of a tree: {error}") from None

    def _node(self, number: int) -> TreePage:
        page = self.page(number)
        start = 100 if number == 1 else 0
        kind, _, count, _, _ = struct.unpack(">BHHHB", page[start : start + 8])
        if kind not in KINDS:
            raise BadPage(f"page {number} is no page of a tree")
        interior = kind in (TABLE_INTERIOR, INDEX_INTERIOR)
        first = start + (12 if interior else 8)
        if first + 2 * count > self.usable or (interior and not count):
            raise BadPage(f"page {number} says that it has {count} cells")
        pointers = struct.unpack(f">{count}H", page[first : first + 2 * count])
        children: list[int] = []
        cells: list[Cell] = []
        overflow: set[int] = set()
        for at in pointers:
            if not first + 2 * count <= at < self.usable:
                raise BadPage(f"page {number} has a cell outside")
            if interior:
                children.append(self._child(page, at))
                at += 4
            if kind == TABLE_INTERIOR:
                continue
            size, at = varint(page, at)
            key = None
            if kind == TABLE_LEAF:
                key, at = varint(page, at)
            payload = self._payload(page, at, size, kind == TABLE_LEAF, overflow)
            cells.append(Cell(key, record(payload)))
        if interior:
            children.append(self._child(page, start + 8))
        if kind == TABLE_LEAF and _is_disordered(cells):
            raise BadPage(f"page {number} has rows in no order")
        return TreePage(kind, children, cells, overflow)

    def _child(self, page: bytes, at: int) -> int:
        (child,) = struct.unpack(">I", page[at : at + 4])
        if not 2 <= child <= self.count:
            raise BadPage(f"there is no page {child}")
        return int(child)

    def _payload(self, page: bytes, at: int, size: int, table: bool, overflow: set[int]) -> bytes:
        """Source: fileformat2.html, section 1.6, "B-tree Pages": how much of a record is on its page."""
        usable = self.usable
        most = usable - 35 if table else (usable - 12) * 64 // 255 - 23
        if size <= most:
            payload = page[at : at + size]
            if len(payload) != size:
                raise BadPage("a record goes beyond its page")
            return payload
        least = (usable - 12) * 32 // 255 - 23
        local = least + (size - least) % (usable - 4)
        local = local if local <= most else least
        if size > len(self._bytes) + len(self._log) * self.page_size:
            raise BadPage("a record is larger than the file")
        parts, left = [page[at : at + local]], size - local
        (following,) = struct.unpack(">I", page[at + local : at + local + 4])
        while left > 0:
            if following in overflow:
                raise BadPage(f"page {following} comes twice")
            more = self.page(following)
            overflow.add(following)
            parts.append(more[4 : 4 + min(left, usable - 4)])
            left -= usable - 4
            (following,) = struct.unpack(">I", more[:4])
        if following:
            raise BadPage("a record goes on behind its end")
        return b"".join(parts)

    def free_pages(self) -> set[int]:
        """:returns: the numbers of pages that are not used; where the list of them cannot be read, some are missing."""
        free: set[int] = set()
        if not self.has_head:
            return free
        (trunk,) = struct.unpack(">I", self.page(1)[32:36])
        while 2 <= trunk <= self.count and trunk not in free:
            free.add(trunk)
            try:
                page = self.page(trunk)
            except BadPage:
                break
            trunk, count = struct.unpack(">II", page[:8])
            if count > self.usable // 4 - 2:
                break
            free.update(struct.unpack(f">{count}I", page[8 : 8 + 4 * count]))
        return free


def _is_disordered(cells: list[Cell]) -> bool:
    keys = [cell.key or 0 for cell in cells]
    return any(one >= other for one, other in pairwise(keys))


def varint(page: bytes, at: int) -> tuple[int, int]:
    """:returns: the number that is written at a place in a page, and the place after it."""
    value = 0
    for place in range(at, at + 8):
        byte = page[place]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, place + 1
    value = value << 8 | page[at + 8]
    return (value - (1 << 64) if value >= 1 << 63 else value), at + 9


def record(payload: bytes) -> tuple[Any, ...]:
    """
    :returns: the columns of a record.
    :raises BadPage: it is no record.
    """
    head_end, at = varint(payload, 0)
    kinds = []
    while at < head_end:
        kind, at = varint(payload, at)
        kinds.append(kind)
    if at != head_end:
        raise BadPage("the head of a record has no end")
    values: list[Any] = []
    for kind in kinds:
        value, at = _value(kind, payload, at)
        values.append(value)
    if at != len(payload):
        raise BadPage("a record has another length than its head says")
    return tuple(values)


def _value(kind: int, payload: bytes, at: int) -> tuple[Any, int]:
    if kind == 0:
        return None, at
    if kind <= 6:
        end = at + INTEGER_BYTES[kind]
        return int.from_bytes(payload[at:end], "big", signed=True), end
    if kind == 7:
        return struct.unpack(">d", payload[at : at + 8])[0], at + 8
    if kind in (8, 9):
        return kind - 8, at
    if kind < 12:
        raise BadPage(f"there is no kind {kind} of values")
    end = at + (kind - 12) // 2
    some = payload[at:end]
    return (some.decode("utf-8") if kind % 2 else some), end


def _checksum(order: str, some: bytes, sums: tuple[int, int]) -> tuple[int, int]:
    first, second = sums
    words = struct.unpack(f"{order}{len(some) // 4}I", some)
    for one, other in zip(words[::2], words[1::2], strict=True):
        first = (first + one + second) & 0xFFFFFFFF
        second = (second + other + first) & 0xFFFFFFFF
    return first, second
