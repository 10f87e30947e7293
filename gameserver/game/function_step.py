"""What one call of a ``payload_handler`` is given: its payload, and the functions that serve that call alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from gameserver.errors import NoSender, StaleCall
from gameserver.game.dice import Dice
from gameserver.game.function_chat import FunctionChat
from gameserver.game.function_teams import FunctionTeams
from gameserver.game.function_turns import FunctionBots, FunctionTurns
from gameserver.room.chat.draft import Chat
from gameserver.room.groups import Group
from gameserver.room.seats import Player

if TYPE_CHECKING:
    from gameserver.game.game import Game


class Payload(dict[str, Any]):
    """
    What a function is given. The entries of `LATER` are not among its keys: each is made when it is read, and costs
    nothing where it is not.
    """

    def __init__(self, step: Step) -> None:
        super().__init__()
        self._step = step

    def __missing__(self, key: str) -> Any:
        if key not in LATER:
            raise KeyError(key)
        return LATER[key](self._step)


class Step:
    """The functions that one call is given; called after it has ended, they raise `StaleCall`."""

    def __init__(self, game: Game, player: Player | None, line: Chat | None = None) -> None:
        self.game = game
        self._player = player
        self.ended = False
        self.timers = FunctionTimers(self, game)
        self.groups = FunctionGroups(self, game)
        self.chat = FunctionChat(game, self.check, self.find, line)

    def group_add(self, group: str, user_id: str | None = None) -> None:
        """The sender, or another user of this room, joins a group of this room."""
        self.check()
        self.game.group(group).add(self.find(user_id))

    def socket_self_send(self, message: Any) -> None:
        """Tell every socket of the sender."""
        self.check()
        self.sender().send(*_event(message))

    def socket_group_send(self, group: str, message: Any) -> None:
        """Tell everybody in a group; ``"room"`` is everybody."""
        self.check()
        type, data = _event(message)
        if group == "room":
            self.game.send(type, data)
        else:
            self.game.group(group).send(type, data)

    def check(self) -> None:
        """:raises StaleCall: the step that this belongs to has ended."""
        if self.ended:
            raise StaleCall("this function served one call of payload_handler, which has ended; use it only inside it")

    def over(self, **result: Any) -> None:
        """End the game: timers are cancelled, everybody sees the result, and the host may start again."""
        self.check()
        self.game.over(**result)

    def enter(self, phase: str | None, s: float | None = None, then: str | None = None) -> None:
        """
        Set the phase, which everybody sees.

        :param s: seconds until it ends, shown to everybody.
        :param then: the name with which ``TIMER`` comes at that time.
        """
        self.check()
        self.game.enter(phase, s, then)

    def kick(self, user_id: str, ban: bool = True) -> None:
        """End all seats of a user; with ``ban`` that user cannot come back to this room."""
        self.check()
        self.find(user_id)
        for seat in [seat for seat in self.game.seats() if seat.user_id == user_id]:
            self.game.kick(seat, ban)

    def sender(self) -> Player:
        """:raises NoSender: nobody sent this input."""
        if self._player is None:
            raise NoSender("nobody sent this input; use socket_group_send, or name a user: group_add(group, user_id)")
        return self._player

    @property
    def role(self) -> str | None:
        """The role of the seat that sent this input; None: nobody sent it."""
        return None if self._player is None else self._player.role

    def find(self, user_id: str | None) -> Player:
        """:returns: the seat of a user, None for the sender's."""
        return self.sender() if user_id is None else find_user(self.game, user_id)


class FunctionTimers:
    """``payload["timers"]``."""

    def __init__(self, step: Step, game: Game) -> None:
        self._step = step
        self._game = game

    def after(self, s: float, name: str, data: Any = None, show: bool = False) -> None:
        """Call the function with ``TIMER`` after so many seconds."""
        self._step.check()
        self._game.after(s, name, show, data=data)

    def every(self, s: float, name: str, data: Any = None, show: bool = False) -> None:
        """Call the function with ``TIMER`` every so many seconds."""
        self._step.check()
        self._game.every(s, name, show, data=data)

    def cancel(self, name: str) -> None:
        """Cancel a timer."""
        self._step.check()
        self._game.cancel(name)


class FunctionGroups:
    """``payload["groups"]``."""

    def __init__(self, step: Step, game: Game) -> None:
        self._step = step
        self._game = game

    def remove(self, group: str, user_id: str | None = None) -> None:
        """Take the sender, or another user of this room, out of a group."""
        self._step.check()
        self._game.group(group).remove(self._step.find(user_id))

    def members(self, group: str) -> list[dict[str, Any]]:
        """:returns: the users in a group, in the order they came."""
        self._step.check()
        found: Group = self._game.group(group)
        return [as_user(player) for player in found.players]


def find_user(game: Game, user_id: str) -> Player:
    """:raises ValueError: this user has no seat here."""
    found = next((s for s in game.seats() if s.user_id == user_id), None)
    if found is None:
        raise ValueError(f"no user {user_id!r} in this room")
    return found


def _event(message: Any) -> tuple[str, Any]:
    """``{"type": T, "data": D}`` is an event of type T; any other value an event of type ``message``."""
    if isinstance(message, dict) and isinstance(message.get("type"), str) and set(message) <= {"type", "data"}:
        return message["type"], message.get("data")
    return "message", message


def as_user(player: Player) -> dict[str, Any]:
    return {"id": player.user_id, "name": player.name, "seat": player.id, "groups": player.groups}


class StepDice(Dice):
    """The room's dice, for one call; used after it has ended, they raise `StaleCall`."""

    def __init__(self, step: Step) -> None:
        self._step = step
        self._dice = step.game.random

    def _draw(self) -> bytes:
        self._step.check()
        return self._dice._draw()

    def getstate(self) -> tuple[Any, ...]:
        """Return the state of the room's dice, see `Dice.getstate`."""
        return self._dice.getstate()


LATER: Final[dict[str, Callable[[Step], Any]]] = {
    "bots": lambda step: FunctionBots(step.game, step.check),
    "chat": lambda step: step.chat,
    "enter": lambda step: step.enter,
    "kick": lambda step: step.kick,
    "options": lambda step: step.game.options,
    "over": lambda step: step.over,
    "own": lambda step: step.sender().state,
    "phase": lambda step: step.game.phase,
    "random": StepDice,
    "role": lambda step: step.role,
    "status": lambda step: step.game.status,
    "teams": lambda step: FunctionTeams(step.game, step.check, step.find),
    "turns": lambda step: FunctionTurns(step.game, step.check, step.sender),
}
"""What ``payload[KEY]`` finds besides the keys, and how it is made of the step."""
