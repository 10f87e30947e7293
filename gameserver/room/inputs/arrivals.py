"""Somebody comes: to a room that is made for it, to a new seat, or back to the seat that it had."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any, ClassVar, Final

from msgspec import UNSET, Struct, field

from gameserver.errors import NotJSON, Refused
from gameserver.interfaces import User
from gameserver.interfaces.users import is_guest
from gameserver.protocol import values
from gameserver.protocol.texts import printable_tree
from gameserver.room import absence, admission, kept_places, rounds, seating
from gameserver.room.bots.seats import make_place
from gameserver.room.changes import Newcomer
from gameserver.room.chat.moderation import has_right
from gameserver.room.effects import Requester
from gameserver.room.hosts import HOST_ROLES, set_host
from gameserver.room.inputs.connections import check_questions, connect
from gameserver.room.inputs.input import Input
from gameserver.room.moving_on import Heritage, check_here, inherit
from gameserver.room.options import read_options
from gameserver.room.publish.joined import tell_recovered
from gameserver.room.seat_names import name_for

if TYPE_CHECKING:
    from gameserver.interfaces import ISession
    from gameserver.room.room import Room
    from gameserver.room.seats import Player

MAX_PROFILE_BYTES: Final = 2048
"""An avatar's name and a colour, not a picture."""


class SeatWish(Struct, frozen=True):
    """
    What somebody who wants a seat asks for.

    :ivar name: by which others know the player.
    :ivar is_named: the player chose this name; else the name under which a place is kept comes before it.
    :ivar role: None is ``player``.
    :ivar password: of the room; once it is in an input, as the room keeps it, see `gameserver.node.passwords`.
    """

    name: str
    role: str | None = None
    password: str | None = None
    profile: dict[str, Any] = field(default_factory=dict)
    is_named: bool = True


class CreateRoom(Input, frozen=True):
    """
    The room is made, and its creator takes a seat where ``requester`` and ``seat`` are given.

    It is refused where the game refuses it; then there never was a room.

    :ivar password: as the room keeps it, see `gameserver.node.passwords`.
    :ivar heritage: what it takes over, where people go on in it from another.
    """

    user: User
    requester: Requester | None
    options: dict[str, Any]
    private: bool
    password: str | None
    seat: SeatWish | None
    heritage: Heritage | None = None

    async def apply(self, room: Room) -> None:
        """Read the options, call ``on_create``, and seat the creator."""
        requester, seat = self.requester, self.seat
        room.journal.update(room.state, private=self.private, password=self.password, creator=self.user.id)
        if self.heritage is not None:
            inherit(room, self.heritage)
        room.publisher.streams.counts_changed()
        arguments, options = read_options(room.spec, self.options)
        room.journal.set(room.state, "options", options)
        newcomer = None
        if room.spec.function_style and requester is not None and seat is not None:
            newcomer = await _seat_newcomer(room, requester, seat)
        await room.game_calls.game("on_create", room.game.on_create, **arguments)
        if not room.game_class.needs_start:
            await room.game_calls.game("on_start", rounds.begin, room)
        if newcomer is not None:
            await _welcome(room, newcomer)
        elif requester is not None and seat is not None:
            await TakeSeat(requester, seat).apply(room)


class TakeSeat(Input, frozen=True):
    """A user takes a seat, or comes back to it; refused, where there is none to be had."""

    arrives: ClassVar[bool] = True

    requester: Requester
    wish: SeatWish

    async def apply(self, room: Room) -> None:
        """Seat the user, and call ``on_join``."""
        requester = self.requester
        check_here(room)
        seat = room.seats.of_user(requester.user.id, self.wish.role or "player")
        held = _seat_of(room, requester.session)
        if held is not None and held is not seat:
            raise Refused("This connection has a seat in the room already.", code="forbidden")
        if seat is not None:
            if seat._kept.absent:
                admission.admit_unbanned(room, requester)
            await _come_back(room, requester, seat, None)
            return
        await _welcome(room, await _seat_newcomer(room, requester, self.wish))


class ResumeSeat(Input, frozen=True):
    """
    A client comes back to its seat; refused with ``not_found``, whatever is wrong.

    :ivar secret: what the seat's clients were told.
    :ivar seen: what the client knows of each stream, or None where it begins anew.
    """

    arrives: ClassVar[bool] = True

    requester: Requester
    secret: str
    seen: dict[str, Any] | None

    async def apply(self, room: Room) -> None:
        """Find the seat by its secret, and tell what its client has missed."""
        requester = self.requester
        check_here(room)
        own = (seat for seat in room.seats.index.of_user(requester.user.id) if seat.bot is None)
        seat = next((seat for seat in own if _proves(room, seat, self.secret)), None)
        held = _seat_of(room, requester.session)
        if seat is None or (held is not None and held is not seat):
            raise Refused(code="not_found")
        if seat._kept.absent and admission.is_banned(room, requester):
            raise Refused(code="not_found")
        missed = room.publisher.streams.missed(_since(seat), self.seen) if self.seen is not None else None
        await _come_back(room, requester, seat, missed is not None, missed)


async def _seat_newcomer(room: Room, requester: Requester, wish: SeatWish) -> Player:
    place = kept_places.place_for(room, requester.user.id, wish.role)
    role = (place.role if place is not None else None) or wish.role or "player"
    admission.admit_newcomer(room, requester, role, wish.password)
    if role == "player":
        await make_place(room)
    name = name_for(room, requester.user, wish.name if place is None or wish.is_named else place.name)
    profile = wish.profile or (place.profile if place is not None else {})
    seat = seating.take(room, requester.user.id, name, _profile(profile), role)
    if place is not None:
        kept_places.take(room, place, seat)
    _recognise(room, seat, requester.user)
    connect(room, seat)
    if requester.user.id == room.state.creator and not room.state.creator_came:
        room.journal.set(room.state, "creator_came", True)
        if role in HOST_ROLES:
            set_host(room, seat)
    elif kept_places.is_hosts(place, seat):
        set_host(room, seat)
    room.changes.newcomers.append(Newcomer(requester, seat.id, None))
    return seat


async def _welcome(room: Room, seat: Player) -> None:
    """The game gets to know a newcomer, and may refuse."""
    room.teams.welcome(seat)
    await room.game_calls.game("on_join", room.game.on_join, seat)
    await rounds.begin_by_itself(room)


async def _come_back(
    room: Room, requester: Requester, seat: Player, recovered: bool | None, missed: Any = None
) -> None:
    """A session takes a seat that exists; if its owner was away, the game is told."""
    was_away = not seat.online
    # A seat that counts as online and is not heard: its client was there all the time, and the server was not.
    returns = was_away or bool(room.publisher.listeners(seat.id))
    if missed is not None:
        tell_recovered(room, requester, seat, missed)
    else:
        room.changes.newcomers.append(Newcomer(requester, seat.id, recovered))
    _recognise(room, seat, requester.user)
    connect(room, seat)
    if returns and seat._kept.absent:
        absence.be_back(room, seat)
        if not was_away:
            await check_questions(room)
    if was_away:
        room.journal.mark()
        await room.game_calls.alone("on_resume", room.game.on_resume, seat)


def _recognise(room: Room, seat: Player, user: User) -> None:
    """Note anew whose seat this is: a guest may have made an account since."""
    seat._moderates = has_right(user)
    if seat.account == is_guest(user):
        room.journal.set(seat._kept, "account", UNSET if is_guest(user) else True)


def _since(seat: Player) -> dict[str, int]:
    """:returns: by stream, the number from which on what a seat has missed can be told again, message by message."""
    own, left_at = f"seat:{seat.id}", seat._kept.left_at or 0
    return {**seat._kept.entered, own: max(seat._kept.entered.get(own, 0), left_at)}


def _seat_of(room: Room, session: ISession) -> Player | None:
    return room.seats.get(room.publisher.seat_of(session) or "")


def _profile(profile: dict[str, Any]) -> dict[str, Any]:
    try:
        copied: dict[str, Any] = printable_tree(values.received(profile))
    except NotJSON as error:
        raise Refused(str(error), code="bad_data", path="$.profile") from None
    if len(values.encode(copied)) > MAX_PROFILE_BYTES:
        raise Refused(f"A profile has at most {MAX_PROFILE_BYTES} bytes.", code="too_large", path="$.profile")
    return copied


def _proves(room: Room, seat: Player, secret: str) -> bool:
    return hmac.compare_digest(room.secret_of(seat).encode(), secret.encode())
