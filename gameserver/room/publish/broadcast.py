"""
The end of a step: who is told what.

What changed is found by comparing what an audience would be told now with what it was told last, so a change that was
undone is not told. Each message is encoded once for its audience. The order is the wire's: seats, room, documents,
patches, timers; then ``joined`` for those who came with this step; then events and chat as the game said them, and last
the answers.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from gameserver.errors import Refused
from gameserver.protocol import messages, msgpack, values
from gameserver.room.admission import hosts_beside
from gameserver.room.changes import Aside, Departure, Newcomer, Spoken, Utterance
from gameserver.room.chat.changes import Change, HasRead, IsTyping, edited, keep_change, tell_read, tell_typing
from gameserver.room.chat.history import lines_of, speaker
from gameserver.room.chat.line import KeptLine
from gameserver.room.documents import fields
from gameserver.room.documents.pending import Waiting
from gameserver.room.effects import Requester
from gameserver.room.publish.audience import Audience, Build, audience, audience_of, hand_out, say, say_event
from gameserver.room.publish.compact import KeyTable
from gameserver.room.publish.patches import tell_documents, told_document
from gameserver.room.publish.slow_readers import SlowReaders
from gameserver.room.publish.streams import Said, wire_name
from gameserver.store import keys

if TYPE_CHECKING:
    from gameserver.interfaces import ISession
    from gameserver.room.room import Room
    from gameserver.room.seats import Player


class Audiences:
    """What the audiences of a room were told last."""

    __slots__ = ("encoded", "groups", "info", "keys", "patches", "patches_at", "seats", "slow")

    def __init__(self) -> None:
        self.info = b""
        self.seats: dict[str, bytes] = {}
        self.groups: dict[str, frozenset[str]] = {}
        self.patches: dict[str, Waiting] = {}
        self.patches_at: float = 0.0
        self.encoded: dict[str, bytes] = {}
        self.keys: dict[str, KeyTable] = {}
        self.slow = SlowReaders()

    def patches_due(self, half_tick_s: float) -> float | None:
        """When the patches that wait for their time are told at the latest: the tick of about that time goes before."""
        return self.patches_at + half_tick_s if self.patches else None

    def restore(self, room: Room) -> None:
        """The room was read from the store: its clients know it as it is, or will be told."""
        self.info = values.encode(_info(room), special=False)
        self.seats = {s.id: values.encode(_seat_info(room, s, ()), special=False) for s in room.seats.values()}
        self.groups = {name: frozenset(group.members) for name, group in room.state.groups.items()}
        room.talking.channels.restore()
        room.journal.stale.info = False


def tell(room: Room) -> None:
    """Put everything that this step has to say into the room's outbox, and what is to be kept of it into its parts."""
    log: list[Said] = []
    stale = room.journal.stale
    if stale.moved:
        room.audiences.clear()
    if stale.seats or stale.groups:
        _tell_seats(room, log)
    if stale.info:
        _tell_info(room, log)
    if room.journal.touched or stale.moved or room.told.patches:
        tell_documents(room, log)
    if stale.timers or stale.all_timers:
        _tell_timers(room, log)
    if stale.channels:
        _tell_channels(room, log)
    for newcomer in room.newcomers:
        _tell_joined(room, newcomer)
    if room.told.slow.copies:
        _make_good(room)
    for said in room.said:
        if isinstance(said, Aside):
            _tell_aside(room, log, said)
        elif isinstance(said, Utterance):
            _tell_event(room, log, said, room.audiences.get(said.key) or audience(room, said.key))
        elif isinstance(said, Spoken):
            _tell_line(room, log, said)
        else:
            _tell_about_chat(room, log, said)
    for departure in room.departures:
        _tell_left(room, departure)
    if room.replies.frames:
        room.outbox += [((session,), frame, None) for session, frame in room.replies.frames]
        room.replies.frames.clear()
    if log:
        room.streams.keep(log)
    if room.records:
        log_keeper: Any = room.watch
        room.outbox += [((log_keeper,), record.encode(), None) for record in room.records]
        room.records.clear()
    room.said.clear()
    if room.newcomers or room.departures:
        room.newcomers.clear()
        room.departures.clear()


def _make_good(room: Room) -> None:
    """Slow readers get the documents of the streams on which an event follows; lines of chat see to that themselves."""
    for said in room.said:
        if isinstance(said, Utterance) and not (isinstance(said, Aside) and said.volatile):
            room.told.slow.make_good(room, said.key)


def tell_recovered(room: Room, requester: Requester, seat: Player, missed: list[Said]) -> None:
    """A session comes back that can be told all that it missed: that, and nothing else."""
    seen = room.streams.seen(seat._kept.entered)
    for said in reversed(missed):
        seen[wire_name(said.key)] = said.n - 1
    joined = _joined(room, requester, seat, True, docs={}, chat=[], seen=seen)
    attach(room, requester.session, seat)
    room.told.slow.lack_nothing((requester.session,))
    to = audience_of((requester.session,))
    _hand_joined(room, to, joined, seat)
    for said in missed:
        hand_out(room, to, _skip(room, said) if seat.id in said.but else said.frame)


def attach(room: Room, session: ISession, seat: Player) -> None:
    """From now on this session hears what the seat hears."""
    if session not in seat._sessions:
        seat._sessions.append(session)
        room.audiences.clear()
        session.seated(room.code, seat.id)


def _seat_info(room: Room, seat: Player, known: Iterable[str], gone: bool = False) -> messages.SeatInfo:
    """:param known: groups besides public ones that the audience may know of."""
    groups = [n for n, g in room.state.groups.items() if seat.id in g.members and (g.public or n in known)]
    profile = messages.payload(seat.profile)
    host = seat.id == room.seats.host
    told = (seat.id, seat.number, seat.name, seat.role, seat.online, host, profile, groups, gone)
    return messages.SeatInfo(*told, seat.account)


def _tell_seats(room: Room, log: list[Said]) -> None:
    stale, changed = room.journal.stale, []
    left = {departure.seat.id: departure.seat for departure in room.departures}
    for seat in [room.seats.get(id) or left.get(id) for id in stale.seats]:
        if seat is None:
            continue  # it came and went with a step that was undone
        gone = seat.id in left
        info = _seat_info(room, seat, (), gone)
        encoded = values.encode(info, special=False)
        known = room.told.seats.get(seat.id)
        if encoded != known and not (gone and known is None):
            changed.append(info)
        if gone:
            room.told.seats.pop(seat.id, None)
        else:
            room.told.seats[seat.id] = encoded
    stale.seats.clear()
    if changed:
        _say_seats(room, log, "room", changed)
    if changed or stale.groups:
        _tell_groups(room, log, {info.id for info in changed})


def _tell_groups(room: Room, log: list[Said], changed: set[str]) -> None:
    """
    Who is in a private group is told to its members alone; each who came or went learns of it as a seat.

    :param changed: seats of which the whole room was just told, without what only their groups may know.
    """
    concerned: dict[str, None] = {}
    told = room.told.groups
    for name, group in room.state.groups.items():
        members = frozenset(group.members)
        moved = (members ^ told.get(name, frozenset())) | (members & changed)
        told[name] = members
        seats = [seat for seat in room.seats.values() if seat.id in moved]
        concerned.update((seat.id, None) for seat in seats)
        if seats and not group.public:
            _say_seats(room, log, f"group:{name}", [_seat_info(room, seat, (name,)) for seat in seats])
    room.journal.stale.groups = False
    for id in concerned:
        _tell_own_seat(room, log, room.seats[id])


def _tell_own_seat(room: Room, log: list[Said], seat: Player) -> None:
    """A seat learns of its own groups, and of who else is in them."""
    key = f"seat:{seat.id}"
    if key not in seat._kept.entered:
        return
    private = [group for group in room.state.groups.values() if seat.id in group.members and not group.public]
    fellows = dict.fromkeys((seat.id, *(member for group in private for member in group.members)))
    _say_seats(room, log, key, [_seat_info(room, room.seats[fellow], seat.groups) for fellow in fellows])


def _say_seats(room: Room, log: list[Said], key: str, infos: list[messages.SeatInfo]) -> None:
    say(room, log, key, lambda stream, n: messages.SeatsMessage(room.code, stream, n, infos))


def _info(room: Room) -> messages.RoomInfo:
    state = room.state
    paused = state.paused_at is not None
    options, result = messages.payload(state.options), messages.payload(state.result)
    return messages.RoomInfo(
        status=state.status,
        phase=state.phase,
        locked=state.locked,
        paused=paused,
        options=options,
        result=result,
        answered=room.asking.answered(),
        asked=room.asking.asked(),
        teams=room.teams.told(),
    )


def _tell_info(room: Room, log: list[Said]) -> None:
    room.journal.stale.info = False
    info = _info(room)
    encoded = values.encode(info, special=False)
    if encoded != room.told.info:
        room.told.info = encoded
        say(room, log, "room", lambda stream, n: messages.RoomMessage(room.code, stream, n, info))


def _tell_timers(room: Room, log: list[Said]) -> None:
    stale, state = room.journal.stale, room.timers.state
    if stale.all_timers:
        stale.timers.update(state.armed)
        stale.all_timers = False
    for seat, name in sorted(stale.timers, key=lambda key: (key[0] or "", key[1])):
        if seat is None or seat in room.seats:
            _tell_timer(room, log, seat, name)
        else:
            state.told.pop((seat, name), None)
    stale.timers.clear()


def _tell_timer(room: Room, log: list[Said], seat: str | None, name: str) -> None:
    told = room.timers.state.told
    ends, paused_ms = room.timers.shown((seat, name))
    known = told.get((seat, name))
    if (ends, paused_ms) == ((known.ends, known.paused_ms) if known is not None else (None, None)):
        return
    key = "room" if seat is None else f"seat:{seat}"
    n = say(room, log, key, lambda stream, n: messages.Timer(room.code, stream, n, name, ends, paused_ms))
    if ends is None and paused_ms is None:
        del told[seat, name]
    else:
        told[seat, name] = messages.TimerInfo(wire_name(key), n, name, ends, paused_ms)


def _tell_channels(room: Room, log: list[Said]) -> None:
    room.journal.stale.channels = False
    for key, channels in room.talking.channels.changed().items():
        _say_channels(room, log, key, channels)


def _say_channels(room: Room, log: list[Said], key: str, channels: list[messages.ChannelInfo]) -> None:
    say(room, log, key, lambda stream, n: messages.ChannelsMessage(room.code, stream, n, channels))


def _tell_joined(room: Room, newcomer: Newcomer) -> None:
    requester = newcomer.requester
    seat = room.seats.get(newcomer.seat)
    if seat is None:
        room.replies.error(requester, Refused("The game did not keep you.", code="forbidden"))
        return
    attach(room, requester.session, seat)
    room.told.slow.lack_nothing((requester.session,))
    docs = {wire_name(key): told_document(room, key) for key in seat._kept.entered}
    seen = room.streams.seen(seat._kept.entered)
    chat = lines_of(room, seat, seat._kept.entered)
    joined = _joined(room, requester, seat, newcomer.recovered, docs=docs, chat=chat, seen=seen)
    _hand_joined(room, audience_of((requester.session,)), joined, seat)


def _hand_joined(room: Room, to: Audience, joined: messages.Joined, seat: Player) -> None:
    """In MessagePack it brings the keys that patches from now on write as numbers; what is replayed needs none."""
    frame = messages.encode(joined)
    tables = ((wire_name(key), room.told.keys.get(key)) for key in seat._kept.entered)
    hand_out(room, to, frame, lambda: msgpack.repack(frame, {name: table.keys for name, table in tables if table}))


def _joined(
    room: Room, requester: Requester, seat: Player, recovered: bool | None, *, docs: Any, chat: Any, seen: Any
) -> messages.Joined:
    known = seat.groups
    return messages.Joined(
        id=requester.id,
        room=room.code,
        game=room.spec.name,
        seat=messages.OwnSeat(seat.id, seat.number, seat.role, room.secret_of(seat), hosts_beside(room, seat)),
        recovered=recovered,
        last_id=room.answers.last_id(seat.id, requester.session.key),
        info=_info(room),
        docs=docs,
        seats=[_seat_info(room, s, known) for s in room.seats.values()],
        timers=[t for (owner, _), t in room.timers.state.told.items() if owner in (None, seat.id)],
        chat=chat,
        seen=seen,
        channels=room.talking.channels.heard_by(seat),
        read=seat._kept.read,
    )


def _tell_event(room: Room, log: list[Said], said: Utterance, to: Audience, but: tuple[str, ...] = ()) -> None:
    frame = say_event(room, said, to)
    log.append(Said(said.key, room.streams.counts[said.key], frame, but))


def _tell_aside(room: Room, log: list[Said], said: Aside) -> None:
    left_out = room.seats.get(said.but) if said.but is not None else None
    if said.volatile:
        _tell_volatile(room, said, messages.payload(said.data), left_out)
        return
    everybody = audience(room, said.key)
    if left_out is None:
        _tell_event(room, log, said, everybody)
        return
    others = _without(everybody, left_out)
    _tell_event(room, log, said, others, (left_out.id,))
    if len(others.everybody) != len(everybody.everybody):
        hand_out(room, audience_of(left_out._sessions), _skip(room, log[-1]))


def _say_but(room: Room, log: list[Said], key: str, build: Build, but: tuple[str, ...]) -> int:
    """One message on a stream that some seats are left out of: they are told that it was not for them."""
    left_out = {session for id in but if id in room.seats for session in room.seats[id]._sessions}
    everybody = audience(room, key).everybody
    others = audience_of(s for s in everybody if s not in left_out)
    n = say(room, log, key, build, to=others)
    log[-1] = Said(key, n, log[-1].frame, but)
    if len(others.everybody) != len(everybody):
        hand_out(room, audience_of(s for s in everybody if s in left_out), _skip(room, log[-1]))
    return n


def _tell_volatile(room: Room, said: Aside, data: Any, left_out: Player | None) -> None:
    stream = wire_name(said.key)
    to = _without(audience(room, said.key), left_out)
    if not to.everybody:
        return
    frame = messages.encode(messages.VolatileEvent(room.code, stream, said.type, data))
    plain = messages.VolatileEvent(room.code, stream, said.type, said.data)
    hand_out(room, to, frame, lambda: msgpack.pack(plain), f"{room.code}/{said.key}/{said.type}")


def _without(to: Audience, seat: Player | None) -> Audience:
    return to if seat is None else audience_of(s for s in to.everybody if s not in seat._sessions)


def _skip(room: Room, said: Said) -> bytes:
    return messages.encode(messages.Skip(room.code, wire_name(said.key), said.n))


def _tell_line(room: Room, log: list[Said], spoken: Spoken) -> None:
    said_by = speaker(spoken.seat, spoken.name)
    at_ms = round(room.now * 1000)
    data = messages.payload(spoken.data)
    mentions = list(spoken.mentions)
    first: int | None = None

    def build(stream: str, n: int) -> messages.ChatLine:
        to, text = spoken.to, spoken.text
        return messages.ChatLine(room.code, stream, n, said_by, to, text, data, at_ms, spoken.emote, mentions)

    for key in spoken.keys:
        n = _say_but(room, log, key, build, spoken.but) if spoken.but else say(room, log, key, build)
        line = KeptLine(
            room.lines.next_number,
            key,
            n,
            spoken.seat,
            spoken.name,
            spoken.to,
            spoken.text,
            spoken.data,
            at_ms,
            emote=spoken.emote,
            mentions=spoken.mentions,
            but=spoken.but,
            twin=first,
            shadow=spoken.shadow,
        )
        first = line.number
        forgotten = room.lines.keep(line)
        room.journal.parts.keep(keys.line(line.number), line.encode)
        room.journal.parts.drop(keys.line(old.number) for old in forgotten)


def _tell_about_chat(room: Room, log: list[Said], said: IsTyping | HasRead | Change) -> None:
    if isinstance(said, IsTyping):
        tell_typing(room, said)
    elif isinstance(said, HasRead):
        tell_read(room, said)
    else:
        for line in room.lines.copies(said.line):
            _say_but(room, log, line.key, partial(edited, room, line, said), line.but + said.unheard)
            keep_change(room, line, said)


def _tell_left(room: Room, departure: Departure) -> None:
    """The seat's sessions hear it last; nothing of the seat is kept."""
    seat = departure.seat
    sessions = tuple(seat._sessions)
    if sessions:
        left = messages.Left(room.code, departure.reason, departure.text)
        hand_out(room, audience_of(sessions), messages.encode(left))
    room.told.slow.left(sessions)
    seat._sessions.clear()
    seat._kept.entered.clear()
    for session in sessions:
        session.unseated(room.code)
    key = f"seat:{seat.id}"
    document = room.docs.pop(key, None)
    if document is not None:
        room.journal.parts.drop(fields.parts_of(document))
    room.sizes.pop(key, None)
    room.told.patches.pop(key, None)
    room.told.keys.pop(key, None)
    room.streams.forget(key)
    room.audiences.clear()
    room.journal.parts.drop((keys.seat(seat.id),))
    room.journal.parts.drop(keys.line(line.number) for line in room.lines.forget(key))
    room.journal.parts.drop(room.answers.forget(seat.id))
