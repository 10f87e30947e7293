"""
A room as the store keeps it: parts by name, of which each commit writes those that changed.

`take` encodes what changed since it was last called; `restore` makes a room from all parts; `read` shows a room as one
JSON tree, for tests and for people.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import UNSET, Struct, UnsetType
from twisted.internet.defer import Deferred

from gameserver.interfaces.users import GUEST_ID
from gameserver.protocol import values
from gameserver.protocol.messages import TimerInfo
from gameserver.room import migration
from gameserver.room.answers import Runs
from gameserver.room.chat.line import KeptLine
from gameserver.room.documents import fields
from gameserver.room.documents.document import Document
from gameserver.room.effects import Changes
from gameserver.room.groups import Group
from gameserver.room.inputs.lifecycle import LoadRoom
from gameserver.room.publish.streams import Epoch
from gameserver.room.questions import Asked
from gameserver.room.room import GRACE_S, Room
from gameserver.room.seats import Player
from gameserver.room.teams import TeamsPart
from gameserver.room.timers import Armed
from gameserver.store import keys

if TYPE_CHECKING:
    from twisted.logger import Logger

    from gameserver.game.spec import Spec

SCHEMA: Final = 1
"""The shape of the parts, raised when it changes."""


class GroupPart(Struct, frozen=True):
    """A group: its members by seat id, and whether all may know them."""

    members: list[str]
    public: bool


class RoomPart(Struct, frozen=True, kw_only=True):
    """The part ``room``. Times are seconds since 1970."""

    schema: int
    version: int
    key: bytes
    created: float
    status: str
    phase: str | None
    phase_timer: str | None
    locked: bool
    private: bool
    password: str | None
    paused_at: float | None
    options: Any
    result: Any
    creator: str | None
    creator_came: bool
    spent: int
    played_before: float
    playing_since: float | None
    banned: list[str] = []
    """Of rows that were written before all bans were in the part ``chat``: ids of users."""
    groups: dict[str, GroupPart]
    questions: dict[str, Asked]
    next_seat: int
    host: str | None
    teams: TeamsPart | None = None


class SeatPart(Struct, frozen=True, kw_only=True):
    """A part ``seat/ID``. ``entered`` is the number at which each stream was entered."""

    id: str
    user_id: str
    name: str
    profile: Any
    role: str
    number: int | None
    online: bool
    hold_s: float
    hold_until: float | None
    entered: dict[str, int]
    read: dict[str, int] = {}
    account: bool | UnsetType = UNSET
    """Missing of guests; in rows that were written before it was kept, of all."""


class TimersPart(Struct, frozen=True):
    """The part ``timers``: what is armed, and what clients were told of it, by seat."""

    armed: list[Armed]
    told: list[tuple[str | None, TimerInfo]]
    order: int


class CountsPart(Struct, frozen=True):
    """The part ``counts``."""

    counts: dict[str, int]
    epoch: str
    past: list[Epoch]


def take(room: Room) -> Changes:
    """:returns: what changed since the last call, encoded; the room forgets it."""
    puts = room.fresh_parts
    room.fresh_parts = {}
    for part in room.dirty:
        kind, name = keys.split(part)
        if kind == keys.DOC:
            if name in room.docs:
                written, gone = fields.take(room.docs[name])
                puts.update(written)
                room.dropped.update(gone)
            continue
        encoded = _encode_part(room, part)
        if encoded is not None:
            puts[part] = encoded
    sealed = room.streams.seal()
    if sealed is not None:
        number, content = sealed
        puts[keys.log(number)] = content
        for part in map(keys.log, room.streams.forgotten_parts()):
            puts.pop(part, None)  # it was redacted since the last call
            room.dropped.add(part)
    if room.streams.counts_stale:
        puts[keys.COUNTS] = _encode_counts(room)
    drops = [part for part in room.dropped if part not in puts]
    room.dirty.clear()
    room.dropped.clear()
    return Changes(puts, drops)


def dump(room: Room) -> dict[str, bytes]:
    """:returns: all parts, as a store would have them after every commit."""
    parts = {keys.ROOM: _encode_room(room), keys.TIMERS: _encode_timers(room), keys.COUNTS: _encode_counts(room)}
    for document in room.docs.values():
        parts.update(fields.dump(document))
    parts.update((keys.seat(seat.id), _encode_seat(seat)) for seat in room.seats.values())
    parts.update((keys.log(number), content) for number, content in room.streams.dump().items())
    parts[keys.CHAT] = room.talking.encode()
    for line in room.lines:
        parts[keys.line(line.number)] = line.encode()
    for seat, memories in room.answers.by_seat.items():
        for key, memory in memories.items():
            parts.update((keys.answer(seat, key, id), frame) for id, frame in memory.answers.items() if frame)
            if memory.runs:
                parts[keys.done(seat, key)] = msgspec.json.encode(memory.runs)
    return parts


def restore(spec: Spec, *, id: str, code: str, parts: Mapping[str, bytes], epoch: str, now: float, log: Logger) -> Room:
    """
    Make a room from its parts, as if it had never been away.

    :param epoch: a random name of this opening.
    :raises CannotMigrate: another version of the game stored it, from which this one has no way.
    :raises MsgspecError, NotJSON, LookupError: the parts are not as this module writes them.
    """
    part = msgspec.json.decode(parts[keys.ROOM], type=RoomPart)
    room = Room(spec, id=id, code=code, key=part.key, epoch=epoch, now=now, log=log)
    _restore_room(room, part)
    by_kind: dict[str, list[tuple[str, bytes]]] = {}
    for name, content in parts.items():
        kind, rest = keys.split(name)
        by_kind.setdefault(kind, []).append((rest, content))
    _restore_documents(room, parts)
    _restore_seats(room, [content for _, content in by_kind.get(keys.SEAT, [])])
    _restore_groups(room, part.groups)
    room.seats.next_id, room.seats.host = part.next_seat, part.host
    room.teams.restore(part.teams)
    room.talking.restore(parts.get(keys.CHAT), banned=part.banned)
    _restore_streams(room, epoch, parts.get(keys.COUNTS), by_kind.get(keys.LOG, []))
    _restore_timers(room, parts.get(keys.TIMERS))
    _restore_answers(room, by_kind.get(keys.ANSWER, []), by_kind.get(keys.DONE, []))
    lines = [KeptLine.decode(content) for _, content in by_kind.get(keys.LINE, [])]
    for line in sorted(lines, key=lambda line: line.number):
        room.lines.keep(line)
    if part.version != room.game_class.version:
        migration.migrate(room, part.version)
    _settle_in(room, now)
    return room


def remake(room: Room, *, log: Logger) -> Room:
    """
    Make a room anew from its row, and move its sessions over: whatever a game kept elsewhere is lost.

    For tests of games; what a running server keeps between two steps survives this.
    """
    made = restore(
        room.spec, id=room.id, code=room.code, parts=dump(room), epoch=room.streams.epoch, now=room.now, log=log
    )
    for old in room.seats.values():
        made.seats[old.id]._sessions = old._sessions
        made.seats[old.id]._bucket = old._bucket
        made.seats[old.id]._moderates = old._moderates
    made.empty_since, made.grace_until = room.empty_since, room.grace_until
    for name, document in room.docs.items():
        made.docs[name].fields = document.fields
    made.failures, made.ticked_s, made.sizes = room.failures, room.ticked_s, room.sizes
    made.share = room.share
    made.outbox, made.dirty, made.dropped, made.fresh_parts = room.outbox, room.dirty, room.dropped, room.fresh_parts
    made.chat_chars, made.chat_data_bytes = room.chat_chars, room.chat_data_bytes
    made.told.patches_at = room.told.patches_at
    made.told.patches = {name: waiting.moved_to(made.docs[name]) for name, waiting in room.told.patches.items()}
    made.told.keys, made.told.slow = room.told.keys, room.told.slow
    made.watch = room.watch
    made.closing, made.closing_text = room.closing, room.closing_text
    room.tables.move_to(made.tables)
    Deferred.fromCoroutine(LoadRoom().apply(made))
    made.finish()
    return made


def read(room: Room) -> dict[str, Any]:
    """
    :returns: the room as one plain JSON tree: documents, seats, groups, timers, questions, chance and the rest; without
        what only resuming needs (streams, answers), and without who is connected.
    """
    part = msgspec.to_builtins(_room_part(room))
    for name in ("schema", "next_seat"):
        part.pop(name)
    part["banned"] = [user for user in room.talking.bans if room.talking.ban_of(user) is not None]
    part["docs"] = {name: document.plain() for name, document in sorted(room.docs.items()) if document.root}
    part["groups"] = {name: group for name, group in part["groups"].items() if group["members"] or group["public"]}
    part["seats"] = {seat.id: _seat_row(seat) for seat in room.seats.values()}
    part["timers"] = [msgspec.to_builtins(t) for t in sorted(room.timers.armed.values(), key=lambda t: t.order)]
    return values_sorted(part)


def values_sorted(tree: dict[str, Any]) -> dict[str, Any]:
    """:returns: the same with its top-level keys in order, so that two print alike."""
    return {key: tree[key] for key in sorted(tree)}


def _seat_row(seat: Player) -> dict[str, Any]:
    row: dict[str, Any] = msgspec.to_builtins(_seat_part(seat))
    del row["entered"], row["read"]
    return row


def _encode_part(room: Room, part: str) -> bytes | None:
    kind, rest = keys.split(part)
    if kind == keys.SEAT:
        return _encode_seat(room.seats[rest]) if rest in room.seats else None
    if kind == keys.TIMERS:
        return _encode_timers(room)
    if kind == keys.CHAT:
        return room.talking.encode()
    if kind == keys.DONE:
        memory = room.answers.find(*_of_seat(rest))
        return msgspec.json.encode(memory.runs) if memory is not None else None
    return _encode_room(room)


def _encode_room(room: Room) -> bytes:
    return msgspec.json.encode(_room_part(room))


def _room_part(room: Room) -> RoomPart:
    return RoomPart(
        schema=SCHEMA,
        version=room.game_class.version,
        key=room.key,
        created=room.created,
        status=room.status,
        phase=room.phase,
        phase_timer=room.phase_timer,
        locked=room.locked,
        private=room.private,
        password=room.password,
        paused_at=room.paused_at,
        options=values.to_wire(room.options),
        result=values.to_wire(room.result),
        creator=room.creator,
        creator_came=room.creator_came,
        spent=room.spent,
        played_before=room.played_before,
        playing_since=room.playing_since,
        groups={name: GroupPart(list(g.members), g.public) for name, g in room.groups.items()},
        questions={
            name: Asked(
                a.of, a.at, {s: msgspec.structs.replace(x, value=values.to_wire(x.value)) for s, x in a.answers.items()}
            )
            for name, a in room.asking.open.items()
        },
        next_seat=room.seats.next_id,
        host=room.seats.host,
        teams=room.teams.part(),
    )


def _map_answers(asked: Asked, convert: Callable[[Any], Any]) -> Asked:
    answers = {s: msgspec.structs.replace(a, value=convert(a.value)) for s, a in asked.answers.items()}
    return msgspec.structs.replace(asked, answers=answers)


def _encode_seat(seat: Player) -> bytes:
    return msgspec.json.encode(_seat_part(seat))


def _seat_part(seat: Player) -> SeatPart:
    return SeatPart(
        id=seat.id,
        user_id=seat.user_id,
        name=seat.name,
        profile=values.to_wire(seat.profile),
        role=seat.role,
        number=seat.number,
        online=seat.online,
        hold_s=seat._hold_s,
        hold_until=seat._hold_until,
        entered=seat._entered,
        read=seat._read,
        account=seat.account or UNSET,
    )


def _encode_timers(room: Room) -> bytes:
    armed = [msgspec.structs.replace(t, data=values.to_wire(t.data)) for t in room.timers.armed.values()]
    told = [(seat, info) for (seat, _), info in room.told.timers.items()]
    return msgspec.json.encode(TimersPart(armed, told, room.timers.order))


def _encode_counts(room: Room) -> bytes:
    streams = room.streams
    streams.counts_stored()
    return msgspec.json.encode(CountsPart(streams.counts, streams.epoch, streams.past))


def _restore_room(room: Room, part: RoomPart) -> None:
    room.created = part.created
    room.status = part.status
    room.phase = part.phase
    room.phase_timer = part.phase_timer
    room.locked = part.locked
    room.private = part.private
    room.password = part.password
    room.paused_at = part.paused_at
    room.options = values.from_wire(part.options)
    room.result = values.from_wire(part.result)
    room.creator = part.creator
    room.creator_came = part.creator_came
    room.spent = part.spent
    room.played_before = part.played_before
    room.playing_since = part.playing_since
    for name, asked in part.questions.items():
        room.asking.open[name] = _map_answers(asked, values.from_wire)


def _restore_documents(room: Room, parts: Mapping[str, bytes]) -> None:
    by_key = room.game_class.storage == "fields"
    for name, stored in fields.read(parts).items():
        document = room.docs[name] = Document(room.journal, stored.tree, name=name)
        document.special = document.special or values.has_special(stored.tree)
        room.sizes[name] = stored.size_bytes
        room.dropped.update(fields.restore(document, stored, by_key=by_key))
        if fields.is_other_form(stored, by_key=by_key):
            room.dirty.add(keys.doc(name))


def _restore_seats(room: Room, stored: list[bytes]) -> None:
    parts = [msgspec.json.decode(content, type=SeatPart) for content in stored]
    for part in sorted(parts, key=lambda p: int(p.id)):
        profile = values.from_wire(part.profile)
        seat = Player(room, part.id, part.user_id, part.name, profile, part.role, part.number)
        seat.account = bool(part.account) or not part.user_id.startswith(GUEST_ID)
        seat.online = part.online
        seat._hold_s, seat._hold_until = part.hold_s, part.hold_until
        seat._entered = part.entered
        seat._read = part.read
        room.seats[seat.id] = seat


def _restore_groups(room: Room, stored: dict[str, GroupPart]) -> None:
    for name, part in stored.items():
        group = room.groups[name] = Group(room, name)
        group.members = dict.fromkeys(part.members)
        group.told = frozenset(part.members)
        group._public = part.public


def _restore_streams(room: Room, epoch: str, stored: bytes | None, log: list[tuple[str, bytes]]) -> None:
    part = msgspec.json.decode(stored, type=CountsPart) if stored is not None else CountsPart({}, epoch, [])
    streams = room.streams
    streams.epoch, streams.past = part.epoch, part.past
    streams.restore(part.counts, sorted((int(number), content) for number, content in log))


def _restore_timers(room: Room, stored: bytes | None) -> None:
    if stored is None:
        return
    part = msgspec.json.decode(stored, type=TimersPart)
    for timer in part.armed:
        restored = msgspec.structs.replace(timer, data=values.from_wire(timer.data))
        room.timers.armed[timer.seat, timer.name] = restored
    room.timers.order = part.order
    room.told.timers = {(seat, info.name): info for seat, info in part.told}


def _restore_answers(room: Room, frames: list[tuple[str, bytes]], done: list[tuple[str, bytes]]) -> None:
    asked = [(*keys.split_answer(rest), frame) for rest, frame in frames]
    ids = [(*_of_seat(rest), msgspec.json.decode(runs, type=Runs)) for rest, runs in done]
    room.answers.restore((a for a in asked if a[0] in room.seats), (d for d in ids if d[0] in room.seats))


def _of_seat(rest: str) -> tuple[str, str]:
    """:returns: the seat's id and the client's key, of the name of a part."""
    seat, _, key = rest.partition("/")
    return seat, key


def _settle_in(room: Room, now: float) -> None:
    """What a room that was just read knows of its clients: what they were told, and that all are still to come."""
    room.told.restore(room)
    room.game._gs_restored()
    room.empty_since = now
    room.grace_until = now + GRACE_S
    room.journal.commit()
