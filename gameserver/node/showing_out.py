"""Shows out users who were just banned: their connections are closed, and their seats are taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from gameserver.errors import Refused
from gameserver.interfaces import User
from gameserver.room.chat import moderation
from gameserver.room.inputs.moderation import Moderate

if TYPE_CHECKING:
    from gameserver.node.moderation import Moderation
    from gameserver.node.rooms import RoomRegistry
    from gameserver.node.runner import RoomRunner
    from gameserver.node.sanctions import Sanction

ELSEWHERE: Final = User("", "", rights=("moderator",))
"""Stands for an operator who made a ban at another node."""
log: Final = Logger(namespace="gameserver.rooms")


async def show_out(registry: RoomRegistry, by: User, ban: Sanction) -> None:
    """
    Have a ban hold for those who are on this node.

    :param by: who made the ban.
    """
    if not ban.game:
        registry.people.close_banned(registry.watch)
    await expel(registry, by, ban)


async def expel(registry: RoomRegistry, by: User, ban: Sanction) -> None:
    """Take the seats of those whom a ban is about, also in rooms that sleep."""
    watch = registry.watch
    for code in (await registry.sleeping_rooms_of(ban.user)).seated if ban.user else ():
        try:
            await registry.reach(code)
        except Refused:
            continue  # another node has it by now, or it has ended
    for runner in list(registry.runners):
        if ban.game in ("", runner.room.spec.name):
            await _expel_from(runner, watch, by)


def show_out_of(runner: RoomRunner, watch: Moderation) -> None:
    """Have bans hold in a room that was just opened: they may have been made while nobody had it."""
    done = Deferred.fromCoroutine(_expel_from(runner, watch, ELSEWHERE))
    done.addErrback(lambda failure: log.failure("those who are banned keep their seats", failure))


async def _expel_from(runner: RoomRunner, watch: Moderation, by: User) -> None:
    room = runner.room
    for seat in [seat for seat in room.seats.values() if not seat._kept.has_left]:
        addresses = [getattr(session, "address", "") for session in room.publisher.listeners(seat.id)] or [""]
        reasons = [watch.ban_of(seat.user_id, address, room.spec.name, room.now) for address in addresses]
        if all(reason is not None for reason in reasons) and not seat._moderates:
            try:
                await runner.post(Moderate(moderation.kick, by, seat.id, {"reason": reasons[0]}))
            except Refused:
                continue  # the seat, or the room, has gone by itself
