"""The trees of a damaged SQLite file: which rows of each table can be read, and what is known of those that cannot."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Any, Final

from msgspec import Struct

from gameserver.store.sqlite.pages import (
    DEPTH,
    INDEX_INTERIOR,
    INDEX_LEAF,
    TABLE_INTERIOR,
    TABLE_LEAF,
    BadPage,
    Cell,
    FilePages,
    TreePage,
)

TYPES: Final[dict[str, tuple[type, ...]]] = {
    "TEXT": (str,),
    "INTEGER": (int,),
    "BLOB": (bytes,),
    "": (str, int, float, bytes),
}


NEVER_EMPTY: Final = frozenset({"rooms", "parts", "codes"})
"""Tables that are not empty in a store that is worth saving."""
LATE_MS: Final = 10**11
"""Tells a time from a row's number: milliseconds since 1970 are larger, and numbers of rows are smaller."""


class Column(Struct, frozen=True):
    """
    A column of a tree's records.

    :ivar needed: whether it is never NULL.
    :ivar number: whether it is the row's number, which is stored beside the record.
    """

    name: str
    type: str = ""
    needed: bool = False
    number: bool = False


class Shape(Struct, frozen=True):
    """
    What the records of one tree look like.

    :ivar table: the table that it is, or of which it is an index.
    :ivar columns: in the order in which records have them.
    :ivar numbered: whether its rows have numbers, as in a table that is not ``WITHOUT ROWID``.
    """

    name: str
    table: str
    columns: tuple[Column, ...]
    numbered: bool

    @property
    def is_table(self) -> bool:
        """Whether this is the table itself, and no index."""
        return self.name == self.table

    def fits(self, values: Sequence[Any]) -> bool:
        """Whether a record may be of this shape; columns that were added later may be missing."""
        if not 0 < len(values) <= len(self.columns):
            return False
        return all(_fits(column, value) for column, value in zip(self.columns, values, strict=False))


def _fits(column: Column, value: Any) -> bool:
    if column.number:
        return value is None
    if value is None:
        return not column.needed
    return isinstance(value, TYPES.get(column.type, TYPES[""]))


class Tree:
    """
    One tree, as far as it can be read; `Trees.rows` returns its rows.

    :ivar bad: numbers of the pages that could not be read; 0 if it is not known which.
    :ivar gaps: for each of them the columns of the row before it and of the row after it; None where there is none.
    """

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.bad: list[int] = []
        self.gaps: list[tuple[tuple[Any, ...] | None, tuple[Any, ...] | None]] = []
        self._last: Cell | None = None
        self._open: list[tuple[Any, ...] | None] = []

    def passes(self, cell: Cell) -> None:
        """Take the next row that can be read."""
        for before in self._open:
            self.gaps.append((before, cell.values))
        self._open = []
        self._last = cell

    def breaks(self, page: int) -> None:
        """Note that a page with the next rows cannot be read."""
        self.bad.append(page)
        self._open.append(self._last.values if self._last is not None else None)

    def ends(self) -> None:
        """Note that the tree has no more rows."""
        self.gaps += [(before, None) for before in self._open]
        self._open = []

    def takes(self, node: TreePage) -> bool:
        """Whether a page may be the next of this tree."""
        kinds = (TABLE_LEAF, TABLE_INTERIOR) if self.shape.numbered else (INDEX_LEAF, INDEX_INTERIOR)
        if node.kind not in kinds or not all(self.shape.fits(cell.values) for cell in node.cells):
            return False
        last = self._last
        if not self.shape.numbered or last is None or not node.cells:
            return True
        return (node.cells[0].key or 0) > (last.key or 0)  # otherwise it is a copy of an earlier page


class Trees:
    """
    All trees of a file.

    :param shapes: those of the trees that there should be.
    :ivar trees: the trees, by name.
    :ivar lost_roots: whether the file does not say where the trees begin, so that this is guessed from their pages.
    """

    def __init__(self, file: FilePages, shapes: Sequence[Shape]) -> None:
        self._file = file
        self._used: set[int] = {1}
        self.trees = {shape.name: Tree(shape) for shape in shapes}
        self.lost_roots = False
        self._roots: dict[str, int] = {}
        try:
            self._roots = self._read_roots()
        except BadPage:
            self.lost_roots = True
            self._roots = self._guess_roots()

    @property
    def bad(self) -> list[int]:
        """Numbers of the pages that could not be read; empty: none is damaged."""
        found = {page for tree in self.trees.values() for page in tree.bad if page}
        return sorted(found | ({1} if self.lost_roots else set()))

    def _read_roots(self) -> dict[str, int]:
        """
        :returns: for each tree, by name, the number of its first page.
        :raises BadPage: the table of tables cannot be read.
        """
        if not self._file.has_head:
            raise BadPage("the first page is not that of a database")
        schema = Tree(Shape("sqlite_schema", "sqlite_schema", tuple(map(Column, "abcde")), numbered=True))
        found = {cell.values[1]: cell.values[3] for cell in self._walk(schema, 1, 0)}
        if schema.bad or not all(isinstance(root, int) for root in found.values()) or "rooms" not in found:
            raise BadPage("the table of tables cannot be read")
        return found

    def _guess_roots(self) -> dict[str, int]:
        """:returns: for each tree, by name, a page to which no other leads and whose rows have the tree's shape."""
        nodes: dict[int, TreePage] = {}
        for number in range(2, self._file.count + 1):
            try:
                nodes[number] = self._file.node(number)
            except BadPage:
                continue
        led_to = {child for node in nodes.values() for child in node.children}
        free = self._free()
        roots: dict[str, int] = {}
        for number in nodes.keys() - led_to - free:
            leaf = nodes[number]
            for _ in range(DEPTH):
                if not leaf.children or leaf.children[0] not in nodes:
                    break
                leaf = nodes[leaf.children[0]]
            if not leaf.cells:
                continue
            for name, tree in self.trees.items():
                if name not in roots and tree.takes(leaf) and _is_likely(tree.shape, leaf):
                    roots[name] = number
                    break
        return roots

    def rows(self, name: str) -> Iterator[Cell]:
        """:returns: the rows of a tree that can be reached from its first page; `strays` returns others after that."""
        tree = self.trees[name]
        root = self._roots.get(name)
        if root is not None:
            yield from self._walk(tree, root, 0)
            tree.ends()
        elif self.lost_roots and tree.shape.table in NEVER_EMPTY:
            tree.breaks(0)
            tree.ends()

    def _walk(self, tree: Tree, number: int, depth: int) -> Iterator[Cell]:
        try:
            if depth > DEPTH or (number in self._used and number != 1):
                raise BadPage(f"page {number} comes twice")
            node = self._file.node(number)
            if not tree.takes(node):
                raise BadPage(f"page {number} is another tree's")
        except BadPage:
            tree.breaks(number)
            return
        self._used.add(number)
        self._used |= node.overflow
        cells = iter(node.cells)
        if not node.children:
            for cell in cells:
                tree.passes(cell)
                yield cell
        for child in node.children:
            yield from self._walk(tree, child, depth + 1)
            between = next(cells, None)
            if between is not None:
                tree.passes(between)
                yield between

    def strays(self) -> Iterator[tuple[Tree, Cell]]:
        """:returns: rows on pages that cannot be reached any more, each with the tree to which it may belong."""
        lacking = [tree for tree in self.trees.values() if tree.bad]
        if not lacking:
            return
        free = self._free()
        for number in range(2, self._file.count + 1):
            if number in self._used or number in free:
                continue
            try:
                node = self._file.node(number)
            except BadPage:
                continue
            tree = next((tree for tree in lacking if node.cells and _may_be_of(tree, node)), None)
            if tree is not None:
                self._used.add(number)
                for cell in node.cells:
                    yield tree, cell

    def _free(self) -> set[int]:
        if not self.lost_roots:
            return self._file.free_pages()
        free: set[int] = set()
        for number in range(2, self._file.count + 1):
            try:
                page = self._file.page(number)
            except BadPage:
                continue
            trunk, count = struct.unpack(">II", page[:8])
            if trunk <= self._file.count and 0 < count <= self._file.usable // 4 - 2:
                leaves = struct.unpack(f">{count}I", page[8 : 8 + 4 * count])
                if all(2 <= leaf <= self._file.count for leaf in leaves):
                    free.update((number, *leaves))
        return free


def _is_likely(shape: Shape, leaf: TreePage) -> bool:
    """Whether a page whose rows fit several shapes is probably one of this shape."""
    if shape.table == "meta":
        return any(cell.values[0] == "beat_ms" for cell in leaf.cells)
    if [column.type for column in shape.columns] == ["TEXT", "INTEGER"]:
        late = all(cell.values[1] > LATE_MS for cell in leaf.cells)
        return late if shape.is_table else not late
    return True


def _may_be_of(tree: Tree, node: TreePage) -> bool:
    kinds = (TABLE_LEAF,) if tree.shape.numbered else (INDEX_LEAF, INDEX_INTERIOR)
    return node.kind in kinds and all(tree.shape.fits(cell.values) for cell in node.cells)
