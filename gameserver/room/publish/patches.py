"""
The documents at the end of a step: those who heard one before get a patch, those who enter its stream get the whole of
it.

A patch tells of one step or, with ``patch_hz``, of several. Either way it is made of the document as it is when it is
told; until then only what was touched is kept (`gameserver.room.documents.pending`).
"""

from __future__ import annotations

from collections.abc import Container
from typing import TYPE_CHECKING, Any

from gameserver.protocol import messages, msgpack, values
from gameserver.protocol.messages import Form
from gameserver.room import marks
from gameserver.room.chat.history import lines_of
from gameserver.room.documents.compile import Op
from gameserver.room.documents.pending import Waiting
from gameserver.room.publish.audience import audience, hand_out, seats_of, streams_of
from gameserver.room.publish.compact import KeyTable, short_patches
from gameserver.room.publish.sessions import Audience, audience_of
from gameserver.room.publish.streams import Said, wire_name

if TYPE_CHECKING:
    from gameserver.interfaces import ISession
    from gameserver.room.documents.document import Document
    from gameserver.room.room import Room
    from gameserver.room.seats import Player


_Ops = tuple[list[Op], bytes | None]
"""The ops of a patch, and the same as JSON, where they are encoded already."""
_Patch = tuple[str, Audience, bytes, dict[Form, list[Op]] | None]
"""A patch about to be told: its stream, who hears it, its ops as JSON, and those of each other form that is spoken."""


def tell_documents(room: Room, log: list[Said]) -> None:
    """Send documents, as they are after the step, to those who enter their streams, and patches to all others."""
    hz = room.game_class.patch_hz
    slack_s = room.half_tick_s if hz else 0.0
    patches = _take_patches(room)
    due = bool(hz) and (
        room.now >= room.publisher.patches_at - slack_s or bool(room.journal.stale.moved or room.changes.newcomers)
    )
    if due:
        patches = _take_waiting(room)
        room.publisher.patches_at = _next_patches_at(room, slack_s) if patches else room.publisher.patches_at
    # Made before anybody enters: a whole document brings the keys that this patch adds.
    ready = [_patch(room, key, ops, encoded) for key, (ops, encoded) in patches.items()]
    if room.journal.stale.moved:
        _rearrange(room, patches)
    if ready and log:  # that comes first
        room.publisher.streams.keep(log)
        log.clear()
    for patch in ready:
        _say_patch(room, *patch)
    if hz:
        room.journal.note(marks.due, room.state)


def _next_patches_at(room: Room, slack_s: float) -> float:
    """:returns: when the next patches are due; where they come with ticks, one that is late does not delay the next."""
    period_s = 1.0 / room.game_class.patch_hz
    next_at = room.publisher.patches_at + period_s
    on_grid = slack_s > 0 and abs(next_at - room.now) <= period_s + slack_s
    return next_at if on_grid else room.now + period_s


def _take_patches(room: Room) -> dict[str, _Ops]:
    """:returns: by document, the ops of this step that are told with it; those that are told later wait."""
    patches: dict[str, _Ops] = {}
    quanta, publisher = room.spec.quanta, room.publisher
    for document, ops in [(document, document.ops) for document in room.journal.touched]:
        name = document.name
        if not ops:
            continue
        if document.fields is not None:
            document.fields.note(ops)
        if name == "secret":
            continue
        to = publisher.audiences.get(name)
        if not (to is not None and to.everybody) and not _is_heard(room, name):
            # Nobody is told, but the number grows: whoever comes back must not take this for the document that it knew.
            publisher.patches.pop(name, None)
            publisher.streams.number(name)
            publisher.streams.counts_changed()
        elif room.game_class.patch_hz:
            waiting = publisher.patches.get(name)
            if waiting is None:
                waiting = publisher.patches[name] = Waiting(document)
            waiting.add(document.touched)
        elif quanta is not None:
            patches[name] = quanta.rounded_ops(ops), None
        else:
            patches[name] = ops, document.encoded or document.encode_ops()
    return patches


def _take_waiting(room: Room) -> dict[str, _Ops]:
    """:returns: by document, the ops of what waited; nothing waits any more."""
    patches = {name: waiting.ops() for name, waiting in room.publisher.patches.items()}
    room.publisher.patches.clear()
    quanta = room.spec.quanta
    return {name: (ops if quanta is None else quanta.rounded_ops(ops), None) for name, ops in patches.items() if ops}


def _is_heard(room: Room, key: str) -> bool:
    """Whether any seat hears this stream, even if its owner is away; what nobody hears is not told."""
    for seat in seats_of(room, key):  # noqa: SIM110 - a generator takes twice the time
        if key in seat._kept.entered:
            return True
    return False


def _patch(room: Room, key: str, ops: list[Op], encoded: bytes | None) -> _Patch:
    to = room.publisher.audiences.get(key) or audience(room, key)
    if encoded is None:
        document = room.docs.get(key)
        encoded = values.encode(ops, special=document.special if document is not None else None)
    return key, to, encoded, _shortened(room, key, ops, to) if to.binary else None


def _shortened(room: Room, key: str, ops: list[Op], to: Audience) -> dict[Form, list[Op]]:
    table = room.publisher.keys.get(key)
    if table is None:
        table = room.publisher.keys[key] = KeyTable()
    spoken = [form for form, there in ((Form.PACKED, to.packed), (Form.COLUMNS, to.columns)) if there]
    return short_patches(ops, table, room.spec.quanta, spoken)


def _say_patch(room: Room, key: str, to: Audience, ops: bytes, short: dict[Form, list[Op]] | None) -> None:
    """:param short: the ops of each other form that is spoken."""
    publisher = room.publisher
    n, frame = publisher.streams.say_patch(key, ops)
    if publisher.slow.sessions:
        to = publisher.slow.withhold(key, to, frame, ops, lambda: told_document(room, key))
    fits = len(frame) <= room.spec.message_bytes
    if to.json and fits:
        publisher.outbox.append((to.json, frame, None))
    elif to.json:
        _hand_doc_instead(room, key, n, to.json)
    for form, theirs in short.items() if short is not None else ():
        readers = to.packed if form is Form.PACKED else to.columns
        if readers:
            packed = msgpack.pack(messages.Patch(room.code, wire_name(key), n, theirs))
            if len(packed) <= room.spec.message_bytes:
                publisher.outbox.append((readers, packed, None))
            else:
                _hand_doc_instead(room, key, n, readers)


def _hand_doc_instead(room: Room, key: str, n: int, to: tuple[ISession, ...]) -> None:
    """Send the document, which is never too large, instead of a patch whose keys and paths take more."""
    _hand_doc(room, audience_of(to), key, messages.Doc(room.code, wire_name(key), n, told_document(room, key), []))


def _hand_doc(room: Room, to: Audience, key: str, doc: messages.Doc) -> None:
    """Hand a document out; in MessagePack with the keys of its stream, unless that is left."""
    frame = messages.encode(doc)
    hand_out(room, to, frame, lambda: msgpack.repack(frame, known_keys(room, key) if doc.doc is not None else None))


def known_keys(room: Room, key: str) -> list[str] | None:
    """:returns: the keys of a stream for somebody who gets the whole document; None: it has no table of keys."""
    table, document = room.publisher.keys.get(key), room.docs.get(key)
    return None if table is None else table.told_with({} if document is None else document.root)


def _rearrange(room: Room, patches: Container[str]) -> None:
    """
    Seats enter and leave streams.

    :param patches: the streams on which a patch is about to be told, with the next number.
    """
    journal = room.journal
    moved = journal.stale.moved
    for seat in [room.seats[id] for id in moved if id in room.seats]:
        streams = streams_of(room, seat)
        for key in [k for k in seat._kept.entered if k not in streams]:
            journal.remove_from(seat._kept, "entered", key)
            journal.set(seat._kept, "left_at", room.publisher.streams.counts.get(f"seat:{seat.id}", 0))
            _send_doc(room, seat, key, room.publisher.streams.counts.get(key, 0), None)
            room.publisher.slow.lack_nothing(room.publisher.listeners(seat.id), key)
        for key in streams:
            if key not in seat._kept.entered:
                n = room.publisher.streams.counts.get(key, 0) + (key in patches)
                journal.put_in(seat._kept, "entered", key, n)
                _send_doc(room, seat, key, n, told_document(room, key))
    moved.clear()
    room.publisher.audiences.clear()


def _send_doc(room: Room, seat: Player, key: str, n: int, tree: Any) -> None:
    if room.publisher.listeners(seat.id):
        lines, channels = [], []
        if tree is not None and not key.startswith("seat:"):
            lines, channels = lines_of(room, seat, {key: n}), room.talking.channels.of_stream(key)
        doc = messages.Doc(room.code, wire_name(key), n, tree, lines, channels=channels)
        _hand_doc(room, audience_of(room.publisher.listeners(seat.id)), key, doc)


def told_document(room: Room, key: str) -> Any:
    """:returns: a document's tree in the form of the wire; the empty one where there is none yet."""
    document: Document | None = room.docs.get(key)
    if document is None:
        return {}
    quanta = room.spec.quanta
    root = document.root if quanta is None else quanta.rounded(document.root, ())
    return values.to_wire(root) if document.special else root
