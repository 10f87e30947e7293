"""
A game as a function, the oldest form of the idea: ``payload_handler(group_add, socket_self_send, socket_group_send,
payload)`` in a module. It becomes a `Game` whose hooks, messages and timers all call the function.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, Final

from gameserver.errors import GameDefinitionError, NoSender, StaleCall
from gameserver.game.function_chat import FunctionChat
from gameserver.game.game import Game
from gameserver.game.settings import SETTINGS
from gameserver.game.slips import module_slips
from gameserver.room.chat.channels import wire_address
from gameserver.room.chat.line import Chat
from gameserver.room.groups import Group
from gameserver.room.seats import Player

PARAMETERS: Final = ("group_add", "socket_self_send", "socket_group_send", "payload")

_SETTINGS: Final = tuple(sorted(SETTINGS - {"name"}))


def game_from_module(module: ModuleType) -> type[Game]:
    """
    :param module: has a function ``payload_handler`` with the four parameters; settings are attributes of the module.
    :returns: a game named after the module.
    :raises GameDefinitionError: it has not.
    """
    function = getattr(module, "payload_handler", None)
    module_name = module.__name__.rpartition(".")[2]
    if not callable(function) or tuple(inspect.signature(function).parameters) != PARAMETERS:
        raise GameDefinitionError(f"{module_name}: write def payload_handler({', '.join(PARAMETERS)})")
    name = getattr(module, "name", None) or module_name
    settings = {key: getattr(module, key) for key in _SETTINGS if hasattr(module, key)}
    migrate = getattr(module, "migrate", None)
    if callable(migrate):
        settings["migrate"] = staticmethod(migrate)
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

    def on_create(self, **options: Any) -> Any:
        return self._call("CREATE_ROOM", self._creator(), options)

    def on_join(self, player: Player) -> Any:
        return self._call("JOIN_ROOM", player, None)

    def on_start(self) -> Any:
        return self._call("START", None, None) if self.needs_start else None

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

    def _creator(self) -> Player | None:
        return next(iter(self.seats()), None)

    def _call(self, action: str, player: Player | None, data: Any, *, line: Chat | None = None, **more: Any) -> Any:
        """Call the function with what serves this step alone."""
        step = Step(self, player, line)
        payload = Payload(step.chat)
        payload |= {
            "action": action,
            "user": _user(player) if player is not None else None,
            "room": _room(self),
            "data": data,
            "state": self.secret,
            "shared": self.state,
            "timers": step.timers,
            "groups": step.groups,
            **more,
        }
        try:
            result = type(self).handler(step.group_add, step.socket_self_send, step.socket_group_send, payload)
        except BaseException:
            step.over = True
            raise
        if inspect.isawaitable(result):
            return self._wait(step, payload, result)
        self._take(step, payload)
        return result

    async def _wait(self, step: Step, payload: Mapping[str, Any], result: Any) -> Any:
        try:
            result = await result
        finally:
            step.over = True
        self._take(step, payload)
        return result

    def _take(self, step: Step, payload: Mapping[str, Any]) -> None:
        """The step ends; documents that were put in place of the payload's are taken as well."""
        step.over = True
        self.secret = payload["state"]
        self.state = payload["shared"]


class Payload(dict[str, Any]):
    """
    What a function is given. Its keys are those that there always were; ``chat``, which came later, is none of them.

    :param chat: ``payload["chat"]``.
    """

    def __init__(self, chat: FunctionChat) -> None:
        super().__init__()
        self._chat = chat

    def __missing__(self, key: str) -> FunctionChat:
        if key != "chat":
            raise KeyError(key)
        return self._chat


class Step:
    """The functions that one call is given; kept and called later, they say so."""

    def __init__(self, game: FunctionGame, player: Player | None, line: Chat | None = None) -> None:
        self._game = game
        self._player = player
        self.over = False
        self.timers = FunctionTimers(self, game)
        self.groups = FunctionGroups(self, game)
        self.chat = FunctionChat(game, self.check, self._find, line)

    def group_add(self, group: str, user_id: str | None = None) -> None:
        """The sender, or another user of this room, joins a group of this room."""
        self.check()
        self._game.group(group).add(self._find(user_id))

    def socket_self_send(self, message: Any) -> None:
        """Tell every socket of the sender."""
        self.check()
        self._sender().send(*_event(message))

    def socket_group_send(self, group: str, message: Any) -> None:
        """Tell everybody in a group; ``"room"`` is everybody."""
        self.check()
        type, data = _event(message)
        if group == "room":
            self._game.send(type, data)
        else:
            self._game.group(group).send(type, data)

    def check(self) -> None:
        """:raises StaleCall: the step that this belongs to has ended."""
        if self.over:
            raise StaleCall("this function served one call of payload_handler, which has ended; use it only inside it")

    def _sender(self) -> Player:
        if self._player is None:
            raise NoSender("nobody sent this input; use socket_group_send, or name a user: group_add(group, user_id)")
        return self._player

    def _find(self, user_id: str | None) -> Player:
        return self._sender() if user_id is None else find_user(self._game, user_id)


class FunctionTimers:
    """``payload["timers"]``."""

    def __init__(self, step: Step, game: FunctionGame) -> None:
        self._step = step
        self._game = game

    def after(self, s: float, name: str, data: Any = None, show: bool = False) -> None:
        """Call the function with ``TIMER`` after so many seconds."""
        self._step.check()
        self._game.after(s, name, show, data=data)

    def every(self, s: float, name: str, data: Any = None, show: bool = False) -> None:
        """Call it every so many seconds."""
        self._step.check()
        self._game.every(s, name, show, data=data)

    def cancel(self, name: str) -> None:
        """Cancel a timer."""
        self._step.check()
        self._game.cancel(name)


class FunctionGroups:
    """``payload["groups"]``."""

    def __init__(self, step: Step, game: FunctionGame) -> None:
        self._step = step
        self._game = game

    def remove(self, group: str, user_id: str | None = None) -> None:
        """Take the sender, or another user of this room, out of a group."""
        self._step.check()
        self._game.group(group).remove(self._step._find(user_id))

    def members(self, group: str) -> list[dict[str, Any]]:
        """:returns: the users in a group, in the order they came."""
        self._step.check()
        found: Group = self._game.group(group)
        return [_user(player) for player in found.players]


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


def _user(player: Player) -> dict[str, Any]:
    return {"id": player.user_id, "name": player.name, "seat": player.id, "groups": player.groups}


def _room(game: Game) -> dict[str, Any]:
    host = game.host
    return {
        "id": game._gs_room.id,
        "code": game.code,
        "game": game._gs_room.spec.name,
        "users": [_user(seat) for seat in game.seats()],
        "host": host.user_id if host is not None else None,
    }
