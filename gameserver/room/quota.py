"""
How much a room keeps, and may keep, and may say at once; and the space that all rooms of one game may take together.

Documents count, and whatever else of the row has no bound of its own; profiles and lines of chat have one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.json import encode

from gameserver.errors import Refused
from gameserver.protocol import values
from gameserver.room.bounds import ENVELOPE_BYTES, check_message
from gameserver.room.changes import Change, Spoken, Utterance

if TYPE_CHECKING:
    from gameserver.room.core import RoomCore

_REST: Final = "rest"
"""Beside the names of documents in `Share.sizes`: what else counts."""

SPOKEN: Final = (Utterance, Spoken, Change)
WRAPPED: Final = 8
"""Bytes with what is wrapped around them, ``{"$bytes":""}``, are so many times as long as without, at most."""
ROOM_BYTES: Final = 2048
"""The bytes that a room counts besides what it keeps: an empty one takes about so much in the store."""


class Quota:
    """
    The space of all rooms of one game.

    :param limit_bytes: they may take so much; rooms that were stored before count, but are not turned away.
    :ivar asleep_bytes: what rooms take that are in no node's memory.
    """

    def __init__(self, limit_bytes: float = float("inf")) -> None:
        self.limit_bytes = limit_bytes
        self.used_bytes = 0
        self.asleep_bytes = 0

    @property
    def full(self) -> bool:
        """Whether there is no space for another room."""
        return self.used_bytes + self.asleep_bytes + ROOM_BYTES > self.limit_bytes


class Share:
    """
    What one room takes of the space of its game.

    :ivar counted_bytes: what was counted of this room last.
    :ivar kept_bytes: of that, what ``max_row_bytes`` bounds.
    :ivar sizes: bytes of each document, by its name, as far as they are known; and of what else counts.
    """

    __slots__ = ("_space", "counted_bytes", "kept_bytes", "sizes")

    def __init__(self) -> None:
        self._space = Quota()
        self.counted_bytes = 0
        self.kept_bytes = 0
        self.sizes: dict[str, int] = {}

    def enter(self, space: Quota) -> None:
        """Take what the room takes from this space from now on."""
        self._space = space

    def take(self, size_bytes: int) -> bool:
        """:returns: whether the room may take so much; then it is counted. Less than it takes already it always may."""
        more_bytes = size_bytes + ROOM_BYTES - self.counted_bytes
        space = self._space
        if more_bytes > 0 and space.used_bytes + space.asleep_bytes + more_bytes > space.limit_bytes:
            return False
        space.used_bytes += more_bytes
        self.counted_bytes += more_bytes
        return True

    def count(self, size_bytes: int) -> None:
        """The room takes so much now."""
        self._space.used_bytes += size_bytes + ROOM_BYTES - self.counted_bytes
        self.counted_bytes = size_bytes + ROOM_BYTES

    def give_back(self) -> None:
        """The room is gone; a step of it that still waits somewhere counts nothing more."""
        self._space.used_bytes -= self.counted_bytes
        self.counted_bytes = 0
        self._space = Quota()


def check(room: RoomCore) -> None:
    """
    Bound what a room keeps and says, before a step holds.

    Documents count as they were encoded last, and the ops since: that is never too little. Only where it is too much
    are they encoded to count exactly.

    :raises Refused: ``too_large``: it would be more than ``max_row_bytes``, or than all rooms of the game may have; or
        than fits a message.
    """
    journal, share, tables_bytes = room.journal, room.share, room.tables.most_bytes
    if room.changes.said:
        check_said(room)
    rest_changed = journal.stale.info or journal.stale.timers
    if not (journal.touched or rest_changed or room.tables.fresh):
        return  # nothing that counts
    sizes = share.sizes
    for document in journal.touched:
        sizes[document.name] = sizes.get(document.name, 0) + len(document.encode_ops())
    if rest_changed:
        sizes[_REST] = _rest_bytes(room)
    size_bytes, most_bytes = sum(sizes.values()), room.game_class.max_row_bytes
    if size_bytes > most_bytes:
        most_bytes = max(most_bytes, share.kept_bytes)  # what an older release let grow larger may shrink, step by step
    if size_bytes > most_bytes or not share.take(size_bytes + tables_bytes):
        size_bytes = measure(room)
        if size_bytes > most_bytes:
            raise Refused(f"A room keeps at most {room.game_class.max_row_bytes} bytes.", code="too_large")
        if not share.take(size_bytes + tables_bytes):
            raise Refused("The rooms of this game take all the space that they may have here.", code="too_large")
    share.kept_bytes = size_bytes


def measure(room: RoomCore) -> int:
    """:returns: how many bytes a room keeps of what ``max_row_bytes`` bounds, exactly."""
    room.share.sizes = {name: len(values.encode(d.root, special=d.special)) for name, d in room.docs.items()}
    room.share.sizes[_REST] = _rest_bytes(room)
    return sum(room.share.sizes.values())


def count(room: RoomCore) -> None:
    """Count what a room that was just read keeps; nothing is refused."""
    room.share.sizes[_REST] = _rest_bytes(room)
    room.share.kept_bytes = sum(room.share.sizes.values())
    if room.share.kept_bytes > room.game_class.max_row_bytes:
        room.share.kept_bytes = measure(room)
    room.share.count(room.share.kept_bytes + room.tables.most_bytes)


def check_said(room: RoomCore) -> None:
    """:raises Refused: ``too_large``: something that this step said fits no message."""
    most = room.spec.message_bytes
    for said in room.changes.said:
        if not isinstance(said, SPOKEN):
            continue
        what = (said.type if isinstance(said, Utterance) else said.text, said.data)
        # Nearly always there is no need to know exactly; in its last form it is at most `WRAPPED` times as long.
        if encode(what)[most // WRAPPED - ENVELOPE_BYTES :]:
            check_message(len(values.encode(what)) + ENVELOPE_BYTES, most)


def _rest_bytes(room: RoomCore) -> int:
    rest: list[Any] = [answer.value for asked in room.state.questions.values() for answer in asked.answers.values()]
    known = room.timers.data_bytes
    return known + sum(len(values.encode(value)) for value in (room.state.options, room.state.result, *rest))
