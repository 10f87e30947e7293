"""From outboxes to sessions: sessions that are sent the same frames share their bytes and one call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gameserver.room.effects import Answered, Delivery, OneByOne, in_between

if TYPE_CHECKING:
    from gameserver.interfaces import ISession
    from gameserver.room.room import Room


def let_go(room: Room) -> None:
    """Deliver the outbox of a room that is never stored, at the end of a pass: nothing waits for a store."""
    parts = room.journal.parts
    if parts.dirty or parts.documents:
        parts.dirty.clear()
        parts.documents.clear()
    publisher = room.publisher
    outbox, publisher.outbox = publisher.outbox, []
    if len(outbox) == 1:  # nearly always
        to, frame, slot = outbox[0]
        if slot is None:
            deliver_to_all = to[0].deliver_to_all
            deliver_to_all(to, [frame], last=True)
            return
    deliver(outbox)


def deliver(deliveries: list[Delivery]) -> None:
    """Hand each frame to its sessions, in order; frames in a row for the same sessions go in one call."""
    if len(deliveries) == 2:  # a broadcast and an answer, in a room with one session
        (to, frame, slot), (also_to, answer, also_slot) = deliveries
        if len(to) == 1 == len(also_to) and to[0] is also_to[0] and slot is None is also_slot:
            to[0].deliver_to_all(to, [frame, answer], last=True)
            return
    if len(deliveries) > 1 and _deliver_joined(deliveries):
        return
    at, end = 0, len(deliveries)
    while at < end:
        begin = at
        to, frame, slot = deliveries[at]
        at += 1
        if slot is not None:
            for session in to:
                session.deliver_volatile(frame, slot)
            continue
        while at < end and deliveries[at][0] is to and deliveries[at][2] is None:
            at += 1
        frames = [frame] if at == begin + 1 else [delivery[1] for delivery in deliveries[begin:at]]
        # A session that gets nothing else in this pass is written to at once.
        to[0].deliver_to_all(to, frames, last=begin == 0 and at == end)


def _deliver_joined(deliveries: list[Delivery]) -> bool:
    """
    Hand over frames for one audience and answers to some of its sessions: each session gets all its frames in one call.

    :returns: False if the deliveries are anything else; then nothing was done.
    """
    all: tuple[ISession, ...] = ()
    shared: list[bytes] = []
    own: Answered = {}
    for to, frame, slot in deliveries:
        if to is all and slot is None:
            shared.append(frame)
        elif slot is not None or isinstance(to[0], OneByOne):
            return False
        elif len(to) == 1:
            if to[0] in own:
                own[to[0]].append((len(shared), frame))
            else:
                own[to[0]] = [(len(shared), frame)]
        elif all or own:  # a second audience, or an answer before the audience's first frame: rare, left to `deliver`
            return False
        else:
            all = to
            shared.append(frame)
    rest = tuple([session for session in all if session not in own]) if own else all
    if rest:
        rest[0].deliver_to_all(rest, shared, last=True)
    if len(own) > 1:
        askers = tuple([session for session in all if session in own])
        if askers:
            askers[0].deliver_answered(askers, shared, own)
        for session in askers:
            del own[session]
        all = ()  # the sessions that are left are not in the audience
    for session, answers in own.items():
        frames = in_between(shared, answers) if session in all else [frame for _, frame in answers]
        session.deliver_to_all((session,), frames, last=True)
    return True
