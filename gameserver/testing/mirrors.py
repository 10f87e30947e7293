"""Checks after each step of a table that clients have, by patches, the documents that the room has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gameserver.protocol import values
from gameserver.room.documents.document import bare

if TYPE_CHECKING:
    from gameserver.node.runner import RoomRunner
    from gameserver.room.room import Room
    from gameserver.testing.visitor import Visitor


LARGE_BYTES: Final = 20_000
"""JSON of a document that is compared after each step."""


class Told(NamedTuple):
    """
    A document as it was when it was looked at last.

    :param tree: a copy of it.
    :param told: the same as clients have it; see `as_told`.
    :param number: how often there was another one before.
    :param rest: after each look, so many steps pass until the next.
    """

    tree: dict[str, Any]
    told: dict[str, Any]
    number: int
    rest: int


class MirrorCheck:
    """
    Compares the documents of visitors with the room's, each when one of the two may have changed since it was last.

    A whole document is compared with how it was, which costs far less than a copy; it is copied only when it differs,
    once for all who have it. One larger than `LARGE_BYTES` is compared less often, in proportion to its size, so that a
    step costs the same whatever that is.
    """

    def __init__(self) -> None:
        self._told: dict[str, Told] = {}
        self._compared: dict[tuple[Visitor, str], tuple[str, int, int]] = {}
        self._checked_at: tuple[Room, int, list[int]] | None = None
        self._steps: Counter[str] = Counter()  # until a large document is looked at again

    def check(self, runner: RoomRunner, visitors: Sequence[Visitor]) -> None:
        """
        Compare those of visitors who are online, unless something is yet to be told.

        :raises AssertionError: one differs.
        """
        room = runner.room
        if room.publisher.patches or room.journal.undo or not runner.commits.settled:
            return
        now_at = (room, room.journal.step, [visitor.heard_of_docs for visitor in visitors])
        if now_at == self._checked_at:
            return
        self._checked_at = now_at
        looked_at: dict[str, Told | None] = {}
        for visitor in visitors:
            seat = room.seats.get(visitor.id)
            if visitor.online and seat is not None and room.publisher.listeners(seat.id):
                for stream, mirror in visitor.docs.items():
                    key = f"seat:{visitor.id}" if stream == "seat" else stream
                    if key not in looked_at:
                        looked_at[key] = self._look_at(room, key)
                    now = looked_at[key]
                    if now is None:
                        continue
                    state = (key, now.number, visitor.heard_of_docs)
                    if self._compared.get((visitor, stream)) == state:
                        continue
                    if differs(mirror, now.told):
                        raise AssertionError(f"{visitor.name} has another {stream!r} than the room: {mirror}")
                    self._compared[visitor, stream] = state

    def _look_at(self, room: Room, key: str) -> Told | None:
        """:returns: a document as it is now; None: it is not to be compared now."""
        if self._steps[key] > 0:
            self._steps[key] -= 1
            return None
        document, before = room.docs.get(key), self._told.get(key)
        tree = document.root if document is not None else {}
        if before is None or differs(before.tree, tree):
            told = as_told(room, key)
            copy = told if room.spec.quanta is None else bare(tree)
            rest = len(values.encode(told, special=False)) // LARGE_BYTES
            before = self._told[key] = Told(copy, told, before.number + 1 if before is not None else 0, rest)
        self._steps[key] = before.rest
        return before


def differs(one: Any, other: Any) -> bool:
    """:returns: whether two documents are not the same; all of both is looked at."""
    return bool(one != other)


def as_told(room: Room, key: str) -> dict[str, Any]:
    """:returns: a document as clients have it: with floats rounded, where the game says so."""
    document = room.docs.get(key)
    tree = document.plain() if document is not None else {}
    quanta = room.spec.quanta
    rounded: dict[str, Any] = tree if quanta is None else quanta.rounded(tree, ())
    return rounded
