"""What the host of a room does besides starting it."""

from __future__ import annotations

from collections.abc import Callable
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Final

from gameserver.errors import Refused
from gameserver.interfaces import User
from gameserver.protocol import messages
from gameserver.room import rounds
from gameserver.room.chat import moderation
from gameserver.room.hosts import HOST_ROLES, is_host, set_host
from gameserver.room.inputs.input import SeatRequest

if TYPE_CHECKING:
    from gameserver.room.room import Room
    from gameserver.room.seats import Player


class ActAsHost(SeatRequest[messages.HostMessage], frozen=True):
    """The host ends a round, plays again, pauses, locks, puts somebody out, or makes somebody else host."""

    async def do(self, room: Room, player: Player) -> None:
        """Do it, if this is the host, and the game lets hosts do that."""
        act = self.message.act
        if act not in messages.HOST_ACTS:
            raise Refused("There is no such act.", code="bad_data", path="$.act")
        if not is_host(room, player):
            raise Refused("Only the host may do that.", code="forbidden")
        if act not in room.game_class.host_may:
            raise Refused("This game does not let its host do that.", code="forbidden")
        if act in _ABOUT_A_SEAT:
            whom = room.seats.get(self.message.seat or "")
            if whom is None:
                raise Refused("There is no such seat.", code="bad_data", path="$.seat")
            _ABOUT_A_SEAT[act](room, self.requester.user, whom)
            return
        result = _ABOUT_THE_ROOM[act](room)
        if isawaitable(result):
            await result


def _end(room: Room) -> None:
    if room.state.status != "playing":
        raise Refused("No round is being played.")
    rounds.end(room, {})


def _play_again(room: Room) -> Any:
    if room.state.status == "lobby":
        raise Refused("No round was played yet.")
    return rounds.begin(room)


def _kick(room: Room, by: User, whom: Player) -> None:
    moderation.kick(room, by, whom, "")


def _mute(room: Room, by: User, whom: Player) -> None:
    moderation.mute(room, by, whom, None, shadow=False, reason="")


def _pass(room: Room, by: User, whom: Player) -> None:
    if whom.role not in HOST_ROLES:
        raise Refused(f"A {whom.role} cannot be host.")
    if whom.bot is not None:
        raise Refused("A bot cannot be host.")
    if whom._kept.has_left:
        raise Refused(f"{whom.name} has left.")
    set_host(room, whom)


_ABOUT_THE_ROOM: Final[dict[str, Callable[[Room], Any]]] = {
    "end": _end,
    "again": _play_again,
    "pause": rounds.pause,
    "unpause": rounds.unpause,
    "lock": lambda room: rounds.set_locked(room, True),
    "unlock": lambda room: rounds.set_locked(room, False),
}
_ABOUT_A_SEAT: Final[dict[str, Callable[[Room, User, Player], None]]] = {
    "kick": _kick,
    "mute": _mute,
    "pass": _pass,
}
