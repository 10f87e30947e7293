"""
A game as a function: ``payload_handler(group_add, socket_self_send, socket_group_send, payload)`` in a module. It
becomes a `Game` whose hooks, messages and timers all call the function.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import FunctionType, ModuleType
from typing import Any, Final

from gameserver.errors import GameDefinitionError
from gameserver.game import turn_types
from gameserver.game.function_room import RoomFacts
from gameserver.game.function_step import Payload, Step, as_user
from gameserver.game.function_turns import UserId, name_of
from gameserver.game.game import Game
from gameserver.game.marks import bot
from gameserver.game.settings import SETTINGS
from gameserver.game.slips import module_slips
from gameserver.room.chat.channels import wire_address
from gameserver.room.chat.draft import Chat
from gameserver.room.seats import Player

PARAMETERS: Final = ("group_add", "socket_self_send", "socket_group_send", "payload")

_SETTINGS: Final = tuple(sorted(SETTINGS - {"name"}))


def game_from_module(module: ModuleType) -> type[Game]:
    """
    :param module: has a function ``payload_handler`` with the four parameters; settings are attributes of the module.
    :returns: a game named after the module.
    :raises GameDefinitionError: it has no such function, or one of its settings is wrong.
    """
    function = getattr(module, "payload_handler", None)
    module_name = module.__name__.rpartition(".")[2]
    if not callable(function) or tuple(inspect.signature(function).parameters) != PARAMETERS:
        raise GameDefinitionError(f"{module_name}: write def payload_handler({', '.join(PARAMETERS)})")
    name = getattr(module, "name", None) or module_name
    settings = {key: getattr(module, key) for key in _SETTINGS if hasattr(module, key)}
    migrate = getattr(module, "migrate", None)
    if migrate is not None:
        settings["migrate"] = staticmethod(migrate)
    settings |= _of_turns(module, module_name)
    doc = module.__doc__ or function.__doc__
    members = {
        **_DEFAULTS,
        **settings,
        "name": name,
        "handler": staticmethod(function),
        "__doc__": doc,
        "__module__": module.__name__,
        "_gs_slips": module_slips(module, Game),
    }
    return type(name, (FunctionGame,), members)


def _of_turns(module: ModuleType, where: str) -> dict[str, Any]:
    """
    :returns: the game's members for turns. ``moves`` and ``bot`` of the module count where they are functions that take
        what they are called with, and not the decorator ``bot``.
    """
    found: dict[str, Any] = {"turn_types": turn_types.read(where, getattr(module, "turn_types", ()))}
    moves = _own(module, "moves", 2)
    if moves is not None:
        found["moves"] = lambda game, player: game._gs_ask(moves, "MOVES", player)
    choose = _own(module, "bot", 3)
    if choose is not None:

        def play(game: FunctionGame, player: Player, moves: Any) -> Any:
            return game._gs_ask(choose, "BOT", player, moves)

        found["bot"] = bot("bot", title="Bot")(play)
    return found


def _own(module: ModuleType, name: str, parameters: int) -> Callable[..., Any] | None:
    function = getattr(module, name, None)
    if not isinstance(function, FunctionType) or function.__module__ == bot.__module__:
        return None
    try:
        inspect.signature(function).bind(*[None] * parameters)
    except TypeError:
        return None
    return function


_DEFAULTS: Final[dict[str, Any]] = {
    "min_players": 1,
    "max_players": 100,
    "needs_start": False,
    "late_join": True,
    "_gs_function_style": True,
}


class FunctionGame(Game):
    """The `Game` around a ``payload_handler``."""

    handler: Callable[..., Any]
    _first: bool = False
    """Whether a start now would be that of the room's creation, which is one step with ``on_create``."""

    def on_create(self, **options: Any) -> Any:
        self._first = True
        return self._call("CREATE_ROOM", self._creator(), options)

    def on_join(self, player: Player) -> Any:
        return self._call("JOIN_ROOM", player, None)

    def on_start(self) -> Any:
        first, self._first = self._first, False
        # Where no start is needed, CREATE_ROOM has begun the first round; of a later one the function must be told.
        return None if first and not self.needs_start else self._call("START", None, None)

    def on_options(self, old: dict[str, Any]) -> Any:
        return self._call("OPTIONS", None, old)

    def on_turn(self, who: Any) -> Any:
        return self._call("TURN", who if isinstance(who, Player) else None, name_of(who))

    def on_timeout(self, who: Any) -> Any:
        return self._call("TIMEOUT", who if isinstance(who, Player) else None, name_of(who))

    def on_drop(self, player: Player) -> Any:
        return self._call("DROP", player, None)

    def on_resume(self, player: Player) -> Any:
        return self._call("RESUME", player, None)

    def on_leave(self, player: Player) -> Any:
        return self._call("LEAVE_ROOM", player, None)

    async def on_chat(self, player: Player, chat: Chat) -> None:
        result = self._call("CHAT", player, {"text": chat.text, "to": wire_address(chat.to)}, line=chat)
        if inspect.isawaitable(result):
            result = await result
        if result is False:
            chat.hide()
        elif isinstance(result, str):
            chat.text = result

    def _gs_fire(self, name: str, seat: Player | None, data: dict[str, Any]) -> Any:
        return self._call("TIMER", seat, data.get("data"), timer=name)

    def _gs_receive(self, player: Player, type: str, data: Any) -> Any:
        return self._call(type, player, data)

    def _gs_ask(self, function: Callable[..., Any], action: str, player: Player, *more: Any) -> Any:
        """Ask a function of the module that changes nothing: which moves there are, or which one a bot makes."""
        step, payload = self._payload(action, player, None)
        try:
            result = function(payload, UserId(player.user_id, payload["user"]), *more)
            if inspect.isawaitable(result):
                return _until(step, result)
            result = list(result) if inspect.isgenerator(result) else result
        except BaseException:
            step.ended = True
            raise
        step.ended = True
        return result

    def _creator(self) -> Player | None:
        return next(iter(self.seats()), None)

    def _call(self, action: str, player: Player | None, data: Any, *, line: Chat | None = None, **more: Any) -> Any:
        """Call the function with what serves this step alone."""
        step, payload = self._payload(action, player, data, line, **more)
        try:
            result = type(self).handler(step.group_add, step.socket_self_send, step.socket_group_send, payload)
        except BaseException:
            step.ended = True
            raise
        if inspect.isawaitable(result):
            return self._wait(step, payload, result)
        self._take(step, payload)
        return result

    def _payload(
        self, action: str, player: Player | None, data: Any, line: Chat | None = None, **more: Any
    ) -> tuple[Step, Payload]:
        step = Step(self, player, line)
        payload = Payload(step)
        payload |= {
            "action": action,
            "user": as_user(player) if player is not None else None,
            "room": RoomFacts(self),
            "data": data,
            "state": self.secret,
            "shared": self.state,
            "timers": step.timers,
            "groups": step.groups,
            **more,
        }
        return step, payload

    async def _wait(self, step: Step, payload: Mapping[str, Any], result: Any) -> Any:
        try:
            result = await result
        finally:
            step.ended = True
        self._take(step, payload)
        return result

    def _take(self, step: Step, payload: Mapping[str, Any]) -> None:
        """End the step; documents that the function has put in place of the payload's are kept as well."""
        step.ended = True
        self.secret = payload["state"]
        self.state = payload["shared"]
        if "own" in payload:
            step.sender().state = payload["own"]


async def _until(step: Step, result: Any) -> Any:
    try:
        return await result
    finally:
        step.ended = True
