"""
The end of a step: what changed is told to those who may know it.

What changed is found by comparing what an audience would be told now with what it was told last, so a change that was
undone is not told. Each message is encoded once for its audience. The order is the wire's: seats, room, documents,
patches, timers, channels, moves; then ``joined`` for those who came with this step; then events and chat as the game
said them, and last the answers.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from gameserver.protocol import messages, msgpack
from gameserver.room.changes import Aside, Change, HasRead, IsTyping, Spoken, Utterance
from gameserver.room.chat.changes import edited, keep_change, tell_read, tell_typing
from gameserver.room.chat.history import speaker
from gameserver.room.chat.line import KeptLine
from gameserver.room.publish.audience import Build, audience, hand_out, hand_out_event, make_good, say, skip
from gameserver.room.publish.infos import changed_info, tell_info, tell_seats
from gameserver.room.publish.joined import tell_joined, tell_left
from gameserver.room.publish.patches import tell_documents
from gameserver.room.publish.sessions import Audience, audience_of
from gameserver.room.publish.streams import Said, wire_name
from gameserver.room.turns import publish_moves
from gameserver.store import keys

if TYPE_CHECKING:
    from gameserver.room.room import Room
    from gameserver.room.seats import Player


def finish(room: Room) -> None:
    """
    The step ends: tell what changed, forget how to undo it.

    :raises Refused: ``too_large``: the one event of this step fits no message; for such steps that is checked only
        here.
    """
    journal, changes = room.journal, room.changes
    undo = journal.undo
    if undo == changes.only_said:
        # Most steps say one event and do nothing else: they end here without a look at all that they did not do.
        publisher = room.publisher
        if not (journal.stale.info or publisher.patches or publisher.slow.copies):
            one: Any = changes.said.pop()
            undo.clear()
            changes.cause = None
            frame = publisher.streams.say_event(one)
            to = publisher.audiences.get(one.key) or audience(room, one.key)
            if to.binary:
                hand_out_event(room, to, one, frame)
            elif to.json:
                publisher.outbox.append((to.json, frame, None))
            if changes.done:
                room.replies.answers.confirm(changes.done, room.seats, journal.parts, publisher.outbox)
            elif changes.replies:
                tell(room)
            return
    tell(room)
    journal.commit()


def abort(room: Room) -> None:
    """Undo the whole step, since the room's own code failed in it; answers are sent all the same."""
    room.journal.rollback()
    replies = list(room.changes.replies)
    room.changes.drop()
    room.changes.replies += replies
    finish(room)


def tell(room: Room) -> None:
    """Put everything that this step has to say into the publisher's outbox, and what is to be kept of it into parts."""
    log: list[Said] = []
    journal, changes, publisher = room.journal, room.changes, room.publisher
    stale = journal.stale
    if room.spec.undoes:
        room.undoing.note()
    if stale.moved:
        publisher.audiences.clear()
    info = changed_info(room) if stale.info else None
    late = changes.more_come and info is None and _only_arrives(room)
    if (stale.seats or stale.groups) and not late:
        tell_seats(room, log)
    if info is not None:
        tell_info(room, log, info)
    if journal.touched or stale.moved or publisher.patches:
        tell_documents(room, log)
    if stale.timers or stale.all_timers:
        _tell_timers(room, log)
    if stale.channels:
        _tell_channels(room, log)
    if room.spec.takes_turns:
        publish_moves.tell(room)
    for newcomer in changes.newcomers:
        tell_joined(room, newcomer)
    if publisher.slow.copies:
        _make_good(room)
    for said in changes.said:
        if isinstance(said, Aside):
            _tell_aside(room, log, said)
        elif isinstance(said, Utterance):
            _tell_event(room, log, said, publisher.audiences.get(said.key) or audience(room, said.key))
        elif isinstance(said, Spoken):
            _tell_line(room, log, said)
        else:
            _tell_about_chat(room, log, said)
    for departure in changes.departures:
        tell_left(room, departure)
    if changes.done:
        room.replies.answers.confirm(changes.done, room.seats, journal.parts, publisher.outbox)
    if changes.replies:
        publisher.outbox += [((session,), frame, None) for session, frame in changes.replies]
        changes.replies.clear()
    if log:
        publisher.streams.keep(log)
    if changes.records:
        watch: Any = room.context.watch
        publisher.outbox += [((watch,), record.encode(), None) for record in changes.records]
        changes.records.clear()
    if changes.notices:
        journal.parts.notices.update((notice.page, notice.encode()) for notice in changes.notices)
        changes.notices.clear()
    if late:
        stale.info = True  # the next step looks at what there is to tell, whatever it does
        for seat in stale.seats:  # whoever comes next knows of them, and is to be told if they are gone
            publisher.seats.setdefault(seat, b"")
    if changes.newcomers or changes.departures:
        changes.newcomers.clear()
        changes.departures.clear()
    changes.said.clear()
    changes.more_come = changes.no_undo = False
    changes.cause = None


def _only_arrives(room: Room) -> bool:
    """Whether nothing that this step says could name a seat that its audience has not heard of."""
    stale, changes, publisher = room.journal.stale, room.changes, room.publisher
    return not (
        stale.groups
        or stale.channels
        or changes.departures
        or changes.said
        or room.journal.touched
        or publisher.patches
        or publisher.slow.copies
    )


def _make_good(room: Room) -> None:
    """Slow readers get the documents of the streams on which an event follows; lines of chat see to that themselves."""
    for said in room.changes.said:
        if isinstance(said, Utterance) and not (isinstance(said, Aside) and said.volatile):
            make_good(room, said.key)


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
            room.journal.parts.dirty.add(keys.timer(seat, name))
    stale.timers.clear()


def _tell_timer(room: Room, log: list[Said], seat: str | None, name: str) -> None:
    told = room.timers.state.told
    ends, paused_ms = room.timers.shown((seat, name))
    known = told.get((seat, name))
    if (ends, paused_ms) == ((known.ends, known.paused_ms) if known is not None else (None, None)):
        return
    room.journal.parts.dirty.add(keys.timer(seat, name))
    key = "room" if seat is None else f"seat:{seat}"
    n = say(room, log, key, lambda stream, n: messages.Timer(room.code, stream, n, name, ends, paused_ms))
    if ends is None and paused_ms is None:
        del told[seat, name]
    else:
        told[seat, name] = messages.TimerInfo(wire_name(key), n, name, ends, paused_ms)


def _tell_channels(room: Room, log: list[Said]) -> None:
    room.journal.stale.channels = False
    for key, channels in room.talking.channels.changed(room.publisher.channels).items():
        _say_channels(room, log, key, channels)


def _say_channels(room: Room, log: list[Said], key: str, channels: list[messages.ChannelInfo]) -> None:
    say(room, log, key, lambda stream, n: messages.ChannelsMessage(room.code, stream, n, channels))


def _tell_event(room: Room, log: list[Said], said: Utterance, to: Audience, but: tuple[str, ...] = ()) -> Said:
    streams = room.publisher.streams
    if log:  # that comes first
        streams.keep(log)
        log.clear()
    frame = streams.say_event(said, but)
    hand_out_event(room, to, said, frame)
    return Said(said.key, streams.counts[said.key], frame, but)


def _tell_aside(room: Room, log: list[Said], said: Aside) -> None:
    left_out = room.seats.get(said.but) if said.but is not None else None
    if said.volatile:
        _tell_volatile(room, said, messages.payload(said.data), left_out)
        return
    everybody = audience(room, said.key)
    if left_out is None:
        _tell_event(room, log, said, everybody)
        return
    others = _without(room, everybody, left_out)
    told = _tell_event(room, log, said, others, (left_out.id,))
    if len(others.everybody) != len(everybody.everybody):
        hand_out(room, audience_of(room.publisher.listeners(left_out.id)), skip(room, told))


def _say_but(room: Room, log: list[Said], key: str, build: Build, but: tuple[str, ...]) -> int:
    """Say one message on a stream, but not to some seats: they are told that it was not for them."""
    left_out = {session for id in but if id in room.seats for session in room.publisher.listeners(id)}
    everybody = audience(room, key).everybody
    others = audience_of(s for s in everybody if s not in left_out)
    n = say(room, log, key, build, to=others)
    log[-1] = Said(key, n, log[-1].frame, but)
    if len(others.everybody) != len(everybody):
        hand_out(room, audience_of(s for s in everybody if s in left_out), skip(room, log[-1]))
    return n


def _tell_volatile(room: Room, said: Aside, data: Any, left_out: Player | None) -> None:
    stream = wire_name(said.key)
    to = _without(room, audience(room, said.key), left_out)
    if not to.everybody:
        return
    frame = messages.encode(messages.VolatileEvent(room.code, stream, said.type, data))
    plain = messages.VolatileEvent(room.code, stream, said.type, said.data)
    hand_out(room, to, frame, lambda: msgpack.pack(plain), f"{room.code}/{said.key}/{said.type}")


def _without(room: Room, to: Audience, seat: Player | None) -> Audience:
    if seat is None:
        return to
    own = room.publisher.listeners(seat.id)
    return audience_of(session for session in to.everybody if session not in own)


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
            room.talking.lines.next_number,
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
        forgotten = room.talking.lines.keep(line)
        room.journal.parts.keep(keys.line(line.number), line.encode)
        room.journal.parts.drop(keys.line(old.number) for old in forgotten)


def _tell_about_chat(room: Room, log: list[Said], said: IsTyping | HasRead | Change) -> None:
    if isinstance(said, IsTyping):
        tell_typing(room, said)
    elif isinstance(said, HasRead):
        tell_read(room, said)
    else:
        for line in room.talking.lines.copies(said.line):
            but = room.talking.others(line.seat) if line.shadow else line.but + said.unheard
            _say_but(room, log, line.key, partial(edited, room, line, said), but)
            keep_change(room, line, said)
