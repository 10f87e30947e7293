"""
A room as the store keeps it: parts by name, of which each commit writes those that changed.

`take` encodes what changed since it was last called; `restore` makes a room from all parts; `read` shows a room as one
JSON tree, for tests and for people.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec
from twisted.internet.defer import Deferred

from gameserver.errors import CannotOpen
from gameserver.interfaces.users import GUEST_ID
from gameserver.protocol import values
from gameserver.room import large_documents, migration, release, stored
from gameserver.room.answers import Runs
from gameserver.room.chat.line import KeptLine
from gameserver.room.context import RoomContext
from gameserver.room.documents import fields
from gameserver.room.documents.document import Document
from gameserver.room.effects import RowChanges
from gameserver.room.inputs.lifecycle import LoadRoom
from gameserver.room.publish import broadcast, infos
from gameserver.room.room import GRACE_S, Room
from gameserver.room.seats import Player
from gameserver.room.state import (
    SCHEMA,
    Ban,
    ChatState,
    CountsPart,
    Kept,
    KeptRoom,
    RoomState,
    SeatState,
    TimerPart,
    TimersState,
)
from gameserver.store import keys

if TYPE_CHECKING:
    from gameserver.room.contract import Contract


_encode: Final = msgspec.json.encode


def take(room: Room) -> RowChanges:
    """:returns: what changed since the last call, encoded; the room forgets it."""
    parts = room.journal.parts
    puts, parts.fresh = parts.fresh, {}
    for part, name in parts.documents.items():
        document = room.docs.get(name)
        if document is None:
            continue
        if document.fields is not None:
            written, gone = fields.take(document)
            puts.update(written)
            parts.dropped.update(gone)
            continue
        puts[part] = content = document.encode()
        if len(content) >= large_documents.LARGE_BYTES:
            large_documents.note(room, name, len(content))
    for part, runs in parts.done.items():
        puts[part] = _encode(runs)
    for part in parts.dirty:
        kind, name = keys.split(part)
        encoded = _encode_part(room, kind, name)
        if encoded is not None:
            puts[part] = encoded
        elif kind in (keys.TIMER, keys.UNDO):
            parts.dropped.add(part)
    streams = room.publisher.streams
    sealed = streams.seal()
    counts_stale = streams.counts_stale
    if sealed is not None:
        number, content = sealed
        forgotten = streams.forgotten_parts()
        puts[keys.LOG_PART % number] = content
        for part in map(keys.log, forgotten):
            puts.pop(part, None)  # it was redacted since the last call
            parts.dropped.add(part)
    if counts_stale:
        puts[keys.COUNTS] = _encode_counts(room)
    drops = [part for part in parts.dropped if part not in puts] if parts.dropped else []
    for taken in (parts.documents, parts.done, parts.dirty, parts.dropped):
        taken.clear()
    return RowChanges(puts, drops)


def dump(room: Room) -> dict[str, bytes]:
    """:returns: all parts, as a store would have them after every commit."""
    parts = {part: stored.encode(state) for part, state in _states(room).items()}
    parts[keys.COUNTS] = _encode_counts(room)
    parts.update((part, stored.encode(timer)) for part, timer in room.timers.state.take_apart().items())
    parts.update((keys.undo(number), stored.encode(move)) for number, move in room.undoing.moves.items())
    for document in room.docs.values():
        parts.update(fields.dump(document))
    parts.update((keys.seat(seat.id), stored.encode(seat._kept)) for seat in room.seats.values())
    parts.update((keys.log(number), content) for number, content in room.publisher.streams.dump().items())
    for line in room.talking.lines:
        parts[keys.line(line.number)] = line.encode()
    for seat, memories in room.replies.answers.by_seat.items():
        for key, memory in memories.items():
            parts.update((keys.answer(seat, key, id), frame) for id, frame in memory.frames.items())
            if memory.runs:
                parts[memory.part] = _encode(memory.runs)
    return parts


def restore(
    spec: Contract, *, id: str, code: str, parts: Mapping[str, bytes], epoch: str, now: float, context: RoomContext
) -> Room:
    """
    Make a room from its parts, as if it had never been away.

    :param epoch: a random name, a new one each time that the room is opened.
    :raises CannotMigrate: another version of the game stored it, from which this one has no way.
    :raises CannotOpen: it holds what this release does not know, or a newer one stored it in another form.
    :raises MsgspecError, NotJSON, LookupError: the parts are not as this module writes them.
    """
    by_kind: dict[str, list[tuple[str, bytes]]] = {}
    for name, content in parts.items():
        kind, rest = keys.split(name)
        by_kind.setdefault(kind, []).append((rest, content))
    kept = _read_kept(parts, [content for _, content in by_kind.get(keys.SEAT, [])])
    in_one_part = kept.timers.take_apart()
    _read_timers(kept.timers, by_kind.get(keys.TIMER, []))
    room = Room(spec, kept, id=id, code=code, epoch=epoch, now=now, context=context)
    if in_one_part:
        room.journal.parts.dirty.update((keys.TIMERS, *in_one_part))
    _restore_documents(room, parts)
    _restore_streams(room, epoch, parts.get(keys.COUNTS), by_kind.get(keys.LOG, []))
    _restore_answers(room, by_kind.get(keys.ANSWER, []), by_kind.get(keys.DONE, []))
    lines = [KeptLine.decode(content) for _, content in by_kind.get(keys.LINE, [])]
    for line in sorted(lines, key=lambda line: line.number):
        room.talking.lines.keep(line)
    infos.restore(room)  # as its clients know it: they are told what changes from here on
    if kept.room.version != room.game_class.version:
        migration.migrate(room)
    release.hold_against(room)
    room.undoing.restore({int(number): content for number, content in by_kind.get(keys.UNDO, [])})
    room.game._gs_restored()
    room.moment.grace_until = now + GRACE_S
    room.journal.commit()
    return room


def create(spec: Contract, *, id: str, code: str, key: bytes, epoch: str, now: float, context: RoomContext) -> Room:
    """
    Make a new room.

    :param key: 16 random bytes.
    """
    kept = KeptRoom(RoomState(version=spec.cls.version, key=key, created=now))
    return Room(spec, kept, id=id, code=code, epoch=epoch, now=now, context=context)


def remake(room: Room) -> Room:
    """
    Make a room anew from its row, and move its sessions over: whatever a game kept elsewhere is lost.

    For tests of games; what a running server keeps between two steps survives this.
    """
    epoch, parts = room.publisher.streams.epoch, dump(room)
    made = restore(room.spec, id=room.id, code=room.code, parts=parts, epoch=epoch, now=room.now, context=room.context)
    for old in room.seats.values():
        made.seats[old.id]._take_over(old)
    for name, document in room.docs.items():
        made.docs[name].fields = document.fields
    made.moment, made.share, made.journal.parts = room.moment, room.share, room.journal.parts
    made.journal.stale.users.update(room.journal.stale.users)
    made.publisher.take_over(room.publisher, made.docs)
    room.tables.move_to(made.tables)
    text = "{game} failed in room {room} at on_load"
    loaded = Deferred.fromCoroutine(LoadRoom().apply(made))
    loaded.addErrback(lambda failure: made.context.log.failure(text, failure, game=made.spec.name, room=made.code))
    broadcast.finish(made)
    return made


def read(room: Room) -> dict[str, Any]:
    """
    :returns: the room as one plain JSON tree: documents, seats, groups, timers, questions, chance and the rest; without
        what only resuming needs (streams, answers), and without who is connected.
    """
    part = stored.tree(room.state)
    for name in ("schema", "next_seat"):
        part.pop(name)
    part["banned"] = [user for user in room.talking.bans if room.talking.ban_of(user) is not None]
    part["docs"] = {name: document.plain() for name, document in sorted(room.docs.items()) if document.root}
    part["groups"] = {name: group for name, group in part["groups"].items() if group["members"] or group["public"]}
    part["seats"] = {seat.id: _seat_row(seat) for seat in room.seats.values()}
    part["timers"] = sorted(stored.tree(room.timers.state)["armed"], key=lambda timer: timer["order"])
    return values_sorted(part)


def values_sorted(tree: dict[str, Any]) -> dict[str, Any]:
    """:returns: the same with its top-level keys in order, so that two print alike."""
    return {key: tree[key] for key in sorted(tree)}


def _seat_row(seat: Player) -> dict[str, Any]:
    row = stored.tree(seat._kept)
    del row["entered"], row["read"]
    return row


def _encode_part(room: Room, kind: str, rest: str) -> bytes | None:
    """:param rest: the part's name without its kind."""
    if kind == keys.TIMER:
        timer = room.timers.state.one(keys.split_timer(rest))
        return stored.encode(timer) if timer.armed or timer.told else None
    if kind == keys.UNDO:
        move = room.undoing.moves.get(int(rest))
        return stored.encode(move) if move is not None else None
    state = _states(room).get(kind) if kind != keys.SEAT else room.seats[rest]._kept if rest in room.seats else None
    return stored.encode(state) if state is not None else None


def _states(room: Room) -> dict[str, Kept]:
    """:returns: by part, what a room keeps besides its seats."""
    return {keys.ROOM: room.state, keys.TIMERS: room.timers.state.rest(), keys.CHAT: room.talking.state}


def _encode_counts(room: Room) -> bytes:
    streams = room.publisher.streams
    streams.counts_stored()
    return stored.encode(CountsPart(streams.counts, streams.epoch, streams.past))


def _read_kept(parts: Mapping[str, bytes], seats: list[bytes]) -> KeptRoom:
    state = stored.decode(parts[keys.ROOM], RoomState)
    if state.schema > SCHEMA:  # what is not known here would be lost with the next commit
        text = f"a newer gameserver stored it: its parts are of schema {state.schema}, this one knows {SCHEMA}"
        raise CannotOpen(text)
    kept = KeptRoom(
        state,
        sorted((stored.decode(content, SeatState) for content in seats), key=lambda seat: int(seat.id)),
        stored.decode(parts.get(keys.TIMERS, b"{}"), TimersState),
        stored.decode(parts.get(keys.CHAT, b"{}"), ChatState),
    )
    for seat in kept.seats:
        if not seat.user_id.startswith(GUEST_ID) and not seat.bot:
            seat.account = True
    for user_id in kept.room.banned:
        kept.chat.bans.setdefault(user_id, Ban(user_id))
    kept.room.banned = []
    return kept


def _read_timers(timers: TimersState, parts: list[tuple[str, bytes]]) -> None:
    """Put the timers that have a part of their own to what the part ``timers`` holds."""
    read = [(keys.split_timer(rest), stored.decode(content, TimerPart)) for rest, content in parts]
    for key, timer in sorted(read, key=lambda one: one[1].armed.order if one[1].armed else 0):
        if timer.armed is not None:
            timers.armed[key] = timer.armed
        if timer.told is not None:
            timers.told[key] = timer.told


def _restore_documents(room: Room, parts: Mapping[str, bytes]) -> None:
    by_key = room.game_class.storage == "fields"
    for name, found in fields.read(parts).items():
        document = room.docs[name] = Document(room.journal, found.tree, name=name)
        document.special = document.special or values.has_special(found.tree)
        room.share.sizes[name] = found.size_bytes
        room.journal.parts.dropped.update(fields.restore(document, found, by_key=by_key))
        if fields.is_other_form(found, by_key=by_key):
            room.journal.parts.documents[document.part] = name


def _restore_streams(room: Room, epoch: str, counts: bytes | None, log: list[tuple[str, bytes]]) -> None:
    part = stored.decode(counts, CountsPart) if counts is not None else CountsPart({}, epoch, [])
    streams = room.publisher.streams
    streams.epoch, streams.past = part.epoch, part.past
    streams.restore(part.counts, sorted((int(number), content) for number, content in log))
    for key in [key for key in streams.counts if key.startswith("seat:") and key[5:] not in room.seats]:
        streams.forget(key)


def _restore_answers(room: Room, frames: list[tuple[str, bytes]], done: list[tuple[str, bytes]]) -> None:
    asked = [(*keys.split_answer(rest), frame) for rest, frame in frames]
    ids = [(*_of_seat(rest), msgspec.json.decode(runs, type=Runs)) for rest, runs in done]
    room.replies.answers.restore((a for a in asked if a[0] in room.seats), (d for d in ids if d[0] in room.seats))


def _of_seat(rest: str) -> tuple[str, str]:
    """:returns: the seat's id and the client's key, of the name of a part."""
    seat, _, key = rest.partition("/")
    return seat, key
