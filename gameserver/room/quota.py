"""
How much a room keeps, and may keep, and may say at once.

Counted are the documents, and what else the row holds that has no bound of its own, as profiles and lines of chat have.
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


def check(room: RoomCore) -> None:
    """
    Bound what a room keeps and says, before a step holds.

    Counted are the documents as they were encoded last, and the ops since: at least as much as there is. Only where
    that is too much are they encoded to see.

    :raises Refused: ``too_large``: it would be more than ``max_row_bytes``, or than all rooms of the game may have; or
        than fits a message.
    """
    if room.changes.said:
        check_said(room)
    for document in room.journal.touched:
        known = room.share.sizes.get(document.name, 0)
        room.share.sizes[document.name] = known + len(document.encode_ops())
    if room.journal.stale.info or room.journal.stale.timers:
        room.share.sizes[_REST] = _rest_bytes(room)
    size_bytes = sum(room.share.sizes.values())
    if not _fits(room, size_bytes):
        size_bytes = measure(room)
        if not _may_keep(room, size_bytes):
            raise Refused(f"A room keeps at most {room.game_class.max_row_bytes} bytes.", code="too_large")
        if not _fits(room, size_bytes):
            raise Refused("The rooms of this game take all the space that they may have here.", code="too_large")
    room.share.kept_bytes = size_bytes
    room.share.count(size_bytes + room.tables.most_bytes)


def measure(room: RoomCore) -> int:
    """:returns: how much of what ``max_row_bytes`` bounds a room keeps, exactly."""
    room.share.sizes = {name: len(values.encode(d.root, special=d.special)) for name, d in room.docs.items()}
    room.share.sizes[_REST] = _rest_bytes(room)
    return sum(room.share.sizes.values())


def count(room: RoomCore) -> None:
    """Count what a room keeps that was just read: nothing is refused."""
    room.share.sizes[_REST] = _rest_bytes(room)
    room.share.kept_bytes = sum(room.share.sizes.values())
    if room.share.kept_bytes > room.game_class.max_row_bytes:
        room.share.kept_bytes = measure(room)
    room.share.count(room.share.kept_bytes + room.tables.most_bytes)


def may_have_grown(room: RoomCore) -> bool:
    """:returns: whether this step so far touched something that `check` counts."""
    journal = room.journal
    return bool(journal.touched or journal.stale.info or journal.stale.timers or room.tables.fresh)


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


def _fits(room: RoomCore, size_bytes: int) -> bool:
    return _may_keep(room, size_bytes) and room.share.fits(size_bytes + room.tables.most_bytes)


def _may_keep(room: RoomCore, size_bytes: int) -> bool:
    """Whether a room may keep so much: one that an older release let grow larger may shrink, step by step."""
    return size_bytes <= max(room.game_class.max_row_bytes, room.share.kept_bytes)


def _rest_bytes(room: RoomCore) -> int:
    rest: list[Any] = [answer.value for asked in room.state.questions.values() for answer in asked.answers.values()]
    known = room.timers.data_bytes
    return known + sum(len(values.encode(value)) for value in (room.state.options, room.state.result, *rest))
