"""What a client asks of the server itself: a room, a seat in one, or the seat that it had."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from gameserver.errors import Refused
from gameserver.interfaces import User
from gameserver.protocol import messages
from gameserver.room.effects import Requester
from gameserver.room.inputs.arrivals import ResumeSeat, SeatWish
from gameserver.websocket.peer import Peer
from gameserver.websocket.seat_holder import SeatHolder

if TYPE_CHECKING:
    from gameserver.node.runner import RoomRunner
    from gameserver.room.room import Room

GUESSED: Final = ("not_found", "wrong_password", "forbidden")
"""
Refusals that somebody who guesses would get; they are charged to the budgets of `Budgets`. Tokens and tickets are not
among them: they are too long to be guessed, and whoever tries must not hold back others who share the address.
"""


async def create(peer: Peer, requester: Requester, message: messages.Create) -> None:
    seat = _seat_wish(peer, requester.user, message)
    options: dict[str, Any] = message.options or {}
    await peer.services.registry.create(
        requester.user,
        message.game,
        options,
        private=message.private,
        password=message.password,
        requester=requester,
        seat=seat,
    )


async def join(peer: Peer, requester: Requester, message: messages.Join) -> None:
    seat = _seat_wish(peer, requester.user, message)
    registry = peer.services.registry
    if message.room is not None:
        await registry.join(requester, await _reached(peer, requester.user, message.room), seat)
        return
    _check_budget(peer, requester.user, ())
    if message.game is not None:
        await registry.match(requester, message.game, message.match or {}, seat)
    else:
        raise Refused("Name a room or a game.", code="bad_data", path="$.room")


async def resume(peer: Peer, requester: Requester, message: messages.Resume) -> None:
    runner = await _reached(peer, requester.user, message.room)
    await runner.post(ResumeSeat(requester, message.resume, message.seen))


async def go_on(peer: SeatHolder, requester: Requester, message: messages.NextMessage) -> None:
    """
    Have all who sit in a room go on in a new one.

    Whoever asks again, since the answer was lost with the connection, has no seat in the old room: they are answered
    from what is kept of the first time.
    """
    registry = peer.services.registry
    try:
        seat = peer.seat_in(message.room, requester.user)
    except Refused:
        answer = None
        if message.room is not None and requester.id is not None:
            answer = await registry.successors.answer_again(
                await _reached(peer, requester.user, message.room), requester
            )
        if answer is None:
            raise
    else:
        asking = Requester(peer, requester.user, requester.id, seat.code)
        answer = await registry.successors.go_on(seat.runner, asking, seat.id, message)
    if answer is not None and requester.id is not None:
        peer.say(messages.Ok(requester.id, answer, message.room))


def charge_guess(peer: Peer, user: User, refused: Refused) -> None:
    """Count a refusal, if a guesser would have got it."""
    if refused.code in GUESSED:
        peer.services.budgets.charge_join(peer.services.clock.monotonic(), peer.address, user.id, refused.code)


def _seat_wish(peer: Peer, user: User, message: messages.Create | messages.Join) -> SeatWish:
    people, most = peer.services.registry.people, peer.services.limits.name_chars
    name = people.called(user, most) if message.name is None else people.admit(message.name, most, user)
    return SeatWish(name, message.role, message.password, message.profile or {}, is_named=message.name is not None)


async def _reached(peer: Peer, user: User, code: str) -> RoomRunner:
    """
    Find the room that somebody asks for.

    :raises Refused: as `RunningRooms.reach` does; ``rate_limited``: this address or user was refused too often.
    """
    registry = peer.services.registry
    runner = registry.here(code)
    if runner is None:
        budgets, now = peer.services.budgets, peer.services.clock.monotonic()
        guesses = not budgets.may_join(now, peer.address, user.id, ("join",))
        if guesses and not await registry.has_seat(user.id, code):
            raise Refused(code="rate_limited")
        runner = await registry.reach(code, sure=True)
    _check_budget(peer, user, _guessed(runner.room, user))
    return runner


def _check_budget(peer: Peer, user: User, guessed: Sequence[str]) -> None:
    """
    :param guessed: what can be found out by this request; see `Budgets.may_join`.
    :raises Refused: ``rate_limited``: this address or user was refused too often.
    """
    if not peer.services.budgets.may_join(peer.services.clock.monotonic(), peer.address, user.id, guessed):
        raise Refused(code="rate_limited")


def _guessed(room: Room, user: User) -> Sequence[str]:
    """:returns: what can be found out about a room by trying to enter it: ``join``, ``password``, both or nothing."""
    if room.seats.of_user(user.id):
        return ()
    return (*(("join",) if room.state.private else ()), *(("password",) if room.state.password is not None else ()))
