"""
Commands in lines of chat: ``/mute NAME 10m``.

A line that begins with one of these words is a command, whoever writes it; any other slash is the game's.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from gameserver.errors import Refused
from gameserver.protocol.texts import cleaned
from gameserver.room.chat import moderation

if TYPE_CHECKING:
    from gameserver.room.effects import Requester
    from gameserver.room.room import Room
    from gameserver.room.seats import Player

UNITS_S: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
LONGEST_S: Final = 10 * 365 * 86400
"""Longer durations are cut to this."""
_DURATION: Final = re.compile(r"(\d{1,6})([smhd])")


class ChatCommand(Struct, frozen=True):
    """
    A command on its way.

    :ivar rest: what follows its word.
    """

    requester: Requester
    player: Player
    rest: str


def read(room: Room, text: str) -> str | None:
    """:returns: the command that a line is, or None."""
    word = text[1:].partition(" ")[0].lower() if text[:1] == "/" else ""
    return word if room.game_class.chat_commands and word in _COMMANDS else None


def obey(room: Room, requester: Requester, player: Player, text: str) -> dict[str, Any]:
    """
    Carry out a line that is a command.

    :returns: what came of it, for its sender.
    :raises Refused: it cannot be done, or not by this player.
    """
    if len(text) > room.context.chat_chars:
        raise Refused(f"At most {room.context.chat_chars} characters.", code="too_large")
    word, _, rest = cleaned(text)[1:].partition(" ")
    needs_right, command = _COMMANDS[word.lower()]
    if needs_right and not moderation.may_moderate(room, requester.user, player):
        raise Refused("Only the host or a moderator may do that.", code="forbidden")
    try:
        return {"text": command(room, ChatCommand(requester, player, rest.strip()))}
    except Refused as refused:
        if refused.code == "bad_data":
            refused.path = "$.text"  # in a command all is text, also what elsewhere has a field of its own
        raise


def duration_s(word: str) -> float | None:
    """:returns: the seconds of ``10m``; None where a word is no duration."""
    found = _DURATION.fullmatch(word.lower())
    return min(float(int(found[1]) * UNITS_S[found[2]]), LONGEST_S) if found else None


def say_s(s: float | None) -> str:
    """:returns: a duration for people."""
    if s is None:
        return "for good"
    unit, length = next(((u, n) for u, n in (("d", 86400), ("h", 3600), ("m", 60)) if s >= n and s % n == 0), ("s", 1))
    return f"for {s / length:g} {unit}"


def _target(room: Room, order: ChatCommand) -> tuple[Player, str]:
    """:returns: the seat that a command names first, and the rest. :raises Refused: nobody is called so."""
    rest = order.rest
    if rest[:1] in "\"'" and rest[1:].find(rest[:1]) > 0:
        name, _, rest = rest[1:].partition(rest[:1])
        found = _called(room, name)
        if found is not None:
            return found, rest.strip()
    words = rest.split()
    for count in range(len(words), 0, -1):
        found = _called(room, " ".join(words[:count]).removeprefix("@"))
        if found is not None:
            return found, " ".join(words[count:])
    raise Refused("There is nobody of that name here.", code="bad_data")


def _called(room: Room, name: str) -> Player | None:
    folded = name.casefold()
    named = [seat for seat in room.seats.values() if seat.name.casefold() == folded]
    if len(named) > 1:
        ids = ", ".join(seat.id for seat in named)
        raise Refused(f"There are several of that name; say which seat: {ids}.", code="bad_data")
    return named[0] if named else room.seats.get(name)


def _timed(rest: str) -> tuple[float | None, str]:
    """:returns: the duration that a text begins with, and what follows as the reason."""
    word, _, reason = rest.partition(" ")
    s = duration_s(word)
    return (None, rest) if s is None else (s, reason.strip())


def _mute(room: Room, order: ChatCommand, shadow: bool = False) -> str:
    whom, rest = _target(room, order)
    s, reason = _timed(rest)
    moderation.mute(room, order.requester.user, whom, s, shadow=shadow, reason=reason)
    return f"{whom.name} is muted {say_s(s)}."


def _unmute(room: Room, order: ChatCommand) -> str:
    whom, _ = _target(room, order)
    moderation.unmute(room, order.requester.user, whom)
    return f"{whom.name} may write again."


def _kick(room: Room, order: ChatCommand) -> str:
    whom, reason = _target(room, order)
    moderation.kick(room, order.requester.user, whom, reason)
    return f"{whom.name} is out."


def _ban(room: Room, order: ChatCommand) -> str:
    whom, rest = _target(room, order)
    s, reason = _timed(rest)
    moderation.ban(room, order.requester.user, whom, s, reason)
    return f"{whom.name} is banned {say_s(s)}."


def _unban(room: Room, order: ChatCommand) -> str:
    name = moderation.unban(room, order.requester.user, order.rest.strip("\"'"))
    return f"{name} may come back."


def _slow(room: Room, order: ChatCommand) -> str:
    s = 0.0 if order.rest in ("off", "") else duration_s(order.rest)
    if s is None or s > moderation.SLOWEST_S:
        raise Refused("Say how long, such as 5s, or off.", code="bad_data")
    moderation.slow(room, order.requester.user, s)
    return f"Slow mode: {s:g} s." if s else "Slow mode is off."


def _links(room: Room, order: ChatCommand) -> str:
    if order.rest not in ("on", "off"):
        raise Refused("Say on or off.", code="bad_data")
    moderation.links(room, order.requester.user, order.rest == "on")
    return f"Links are {order.rest}."


def _report(room: Room, order: ChatCommand) -> str:
    whom, reason = _target(room, order)
    moderation.report(room, order.player, whom=whom, line=None, reason=reason, address=order.requester.address)
    return "Thank you; somebody will look at it."


def _block(room: Room, order: ChatCommand, on: bool = True) -> str:
    whom, _ = _target(room, order)
    moderation.block(room, order.player, whom, on)
    return f"You hear nothing more of {whom.name}." if on else f"You hear {whom.name} again."


_COMMANDS: Final[dict[str, tuple[bool, Callable[[Room, ChatCommand], str]]]] = {
    "mute": (True, _mute),
    "shadow": (True, lambda room, order: _mute(room, order, shadow=True)),
    "unmute": (True, _unmute),
    "kick": (True, _kick),
    "ban": (True, _ban),
    "unban": (True, _unban),
    "slow": (True, _slow),
    "links": (True, _links),
    "report": (False, _report),
    "block": (False, _block),
    "unblock": (False, lambda room, order: _block(room, order, on=False)),
}
"""By its word: whether it takes a host or a moderator, and what it does."""
