"""
Patches for MessagePack: keys that were sent once travel as numbers, numbers as short as possible, and many sets as one.

The words of it are in `gameserver.protocol.patches`. One table of keys serves a stream. It grows only by patches that
all its readers get; newcomers get it with ``joined`` or ``doc``, with an empty key in place of each that the document
has no more. What is replayed to somebody who resumes was kept as JSON and needs no table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import copysign
from typing import Any, Final

from gameserver.protocol.messages import Form
from gameserver.protocol.msgpack import shorten
from gameserver.protocol.patches import COLUMNS, KEY, SET
from gameserver.room.documents.compile import Op
from gameserver.room.publish.quantize import Quanta

KEYS: Final = 256
"""Keys of a stream that have numbers; further ones travel as they are. Whoever joins is sent all of them."""
KEY_CHARS: Final = 64
ONE_BYTE: Final = 32
TWO_BYTES: Final = 128
"""So many numbers take one byte, and so many at most two; a key itself takes one byte more than it has letters."""
_CONTAINERS: Final = (dict, list)


class KeyTable:
    """
    The keys of one stream that have numbers.

    :ivar keys: in the order of their numbers: -1, -2 and so on.
    """

    __slots__ = ("_fresh", "_numbers", "keys")

    def __init__(self) -> None:
        self.keys: list[str] = []
        self._numbers: dict[str, int] = {}
        self._fresh: list[str] = []

    def short(self, key: str | int) -> str | int:
        """:returns: a part of a path as it travels."""
        if type(key) is int:
            return key
        number = self._numbers.get(key)  # type: ignore[arg-type]
        return self._grow(str(key)) if number is None else number

    def told_with(self, tree: Any) -> list[str]:
        """
        Give up the numbers of keys that a document has no more: who comes now is not told what was in it before.

        :param tree: the document.
        :returns: the keys for somebody who gets the whole of it; an empty one for each number that was given up.
        """
        gone = self._numbers.keys() - _keys_in(tree) if self._numbers else ()
        for key in gone:
            self.keys[-1 - self._numbers.pop(key)] = ""
        return self.keys

    def take_fresh(self) -> list[Op]:
        """:returns: the ops that tell what the table has got since this was called last."""
        fresh, self._fresh = self._fresh, []
        return [[KEY, key] for key in fresh]

    def _grow(self, key: str) -> str | int:
        count = len(self.keys)
        least = 0 if count < ONE_BYTE else 2 if count < TWO_BYTES else 3
        if count >= KEYS or not least <= len(key) <= KEY_CHARS:
            return key
        self.keys.append(key)
        self._fresh.append(key)
        self._numbers[key] = -1 - count
        return -1 - count


def _keys_in(tree: Any) -> Iterator[str]:
    """:returns: all keys of objects in a tree, one that is in several of them several times."""
    if isinstance(tree, dict):
        yield from tree
        tree = tree.values()
    elif not isinstance(tree, list):
        return
    for item in tree:
        if isinstance(item, _CONTAINERS):
            yield from _keys_in(item)


def short_patches(ops: list[Op], table: KeyTable, quanta: Quanta | None, forms: Iterable[Form]) -> dict[Form, list[Op]]:
    """
    :param ops: as in JSON, but with plain values.
    :param table: the stream's; it grows.
    :param forms: those that the audience speaks.
    :returns: the patch for each of these forms.
    """
    told = {}
    for form in sorted(forms, reverse=True):
        sets = _in_columns(ops, table, quanta) if form is Form.COLUMNS else [_short(op, table) for op in ops]
        told[form] = sets
    fresh = table.take_fresh()
    return {form: [*fresh, *sets] for form, sets in told.items()}


def _short(op: Op, table: KeyTable) -> Op:
    return [op[0], [table.short(key) for key in op[1]], *map(shorten, op[2:])]


def _in_columns(ops: list[Op], table: KeyTable, quanta: Quanta | None) -> list[Op]:
    """Gather consecutive sets into columns: their order matters only within one container, and is kept there."""
    told: list[Op] = []
    run: dict[tuple[str | int, ...], dict[str | int, Any]] = {}
    for op in ops:
        if op[0] == SET and len(op[1]) > 1 and not isinstance(op[2], _CONTAINERS):
            run.setdefault(tuple(op[1][:-1]), {})[op[1][-1]] = op[2]
            continue
        told += _columns_of(run, table, quanta)
        run.clear()
        told.append(_short(op, table))
    return told + _columns_of(run, table, quanta)


def _columns_of(
    run: dict[tuple[str | int, ...], dict[str | int, Any]], table: KeyTable, quanta: Quanta | None
) -> list[Op]:
    """:returns: one op for all containers side by side in which the same keys are set."""
    groups: dict[Any, list[tuple[str | int, dict[str | int, Any]]]] = {}
    for path, sets in run.items():
        groups.setdefault((path[:-1], tuple(sets)), []).append((path[-1], sets))
    told: list[Op] = []
    for (path, fields), rows in groups.items():
        if len(rows) * len(fields) == 1:
            child, sets = rows[0]
            told.append(_short([SET, [*path, child, fields[0]], sets[fields[0]]], table))
        else:
            told.append(_column_op(path, fields, rows, table, quanta))
    return told


def _column_op(
    path: tuple[str | int, ...],
    fields: tuple[str | int, ...],
    rows: list[tuple[str | int, dict[str | int, Any]]],
    table: KeyTable,
    quanta: Quanta | None,
) -> Op:
    scales: list[int | None] = []
    columns: list[list[Any]] = []
    for field in fields:
        scale = quanta.scale_of((*path, rows[0][0], field)) if quanta is not None else 1
        column = _scaled([sets[field] for _, sets in rows], scale)
        scales.append(scale if column is not None else None)
        columns.append(column if column is not None else [shorten(sets[field]) for _, sets in rows])
    short = table.short
    head = [COLUMNS, [short(key) for key in path], [short(key) for key in fields]]
    flat: list[Any] = []
    for place, (child, _) in enumerate(rows):
        flat.append(short(child))
        flat += [column[place] for column in columns]
    return [*head, scales if any(scales) else None, flat]


def _scaled(column: list[Any], scale: int) -> list[int] | None:
    """:returns: whole numbers that, divided by the scale, are these floats; None where not all of them are such."""
    scaled = []
    for value in column:
        if type(value) is not float or not -(2**31) < value * scale < 2**31:
            return None
        number = round(value * scale)
        if number / scale != value or (not number and copysign(1.0, value) < 0):
            return None
        scaled.append(number)
    return scaled
