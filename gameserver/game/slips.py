"""
Slips of the pen in a game, which Python finds late, or never: hooks that cannot be called as they are, names that are
almost those of hooks and settings, messages that are not marked.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from types import FunctionType, ModuleType
from typing import Any, Final, NamedTuple

from gameserver.errors import GameDefinitionError
from gameserver.game.marks import mark_of
from gameserver.game.question import Question
from gameserver.game.settings import SETTINGS, GameSettings
from gameserver.game.usage import is_decorated, usage
from gameserver.room.seats import Player

HOOKS: Final = frozenset(
    {
        *("on_create", "on_join", "on_start", "on_drop", "on_resume", "on_leave"),
        *("on_chat", "on_tick", "on_load", "on_close", "on_turn", "on_timeout", "on_options", "migrate"),
    }
)
"""What a subclass may define, and the room calls."""
LATER: Final = frozenset({"on_turn", "on_timeout", "on_options"})
"""
Hooks that were added later. A game may use such a name for something else: it is a hook only where it takes what the
hook is called with.
"""
CALLED: Final = frozenset({"moves", "imagine"})
"""Methods that take a player and are not hooks of `Game`, but are called where a game has them."""
ALIKE: Final = 0.8
"""Two names of at least this similarity are almost the same, see `difflib`."""
ELSEWHERE: Final = {
    **dict.fromkeys(("onmessage", "onmsg", "onmove", "onaction", "oncommand", "ondata", "onreceive"), "@message"),
    **dict.fromkeys(("ontimer", "onalarm"), "@timer"),
    **dict.fromkeys(("onconnect", "onenter", "onplayerjoin", "onplayerjoined"), "on_join"),
    **dict.fromkeys(("ondisconnect", "onlost"), "on_drop"),
    **dict.fromkeys(("onreconnect", "onrejoin", "onback"), "on_resume"),
    **dict.fromkeys(("onplayerleave", "onplayerleft", "onexit", "onquit"), "on_leave"),
    **dict.fromkeys(("oninit", "onsetup", "onroomcreate"), "on_create"),
    **dict.fromkeys(("onupdate", "onframe", "onloop"), "on_tick"),
    **dict.fromkeys(("ondispose", "ondestroy", "onend"), "on_close"),
}
"""Names of hooks in other frameworks, without underscores and in lower case, and what they are here."""

_NO_ROWS: Final = (*(bool, int, float, str, bytes, list, tuple, set), "bool", "int", "float", "str", "bytes", "list")
"""Return annotations of ``migrate`` that are wrong; as texts where annotations are not evaluated."""


class Slip(NamedTuple):
    """
    What is most likely a slip.

    :param name: as the author wrote it.
    :param meant: what may be meant instead.
    :param text: says so, with the class or the file.
    """

    name: str
    meant: str
    text: str


def check_hooks(cls: type[GameSettings], base: type[GameSettings]) -> None:
    """
    :param base: has all hooks, with the parameters that they are called with.
    :raises GameDefinitionError: a hook of the class does not take what it is called with.
    """
    for name in hooks(base):
        if name != "on_create" and name not in LATER:
            check_called(cls, name, *list(inspect.signature(getattr(base, name)).parameters)[1:])


def check_called(cls: type[GameSettings], name: str, *called_with: str) -> None:
    """
    :param name: a method of the class.
    :param called_with: the names of its arguments.
    :raises GameDefinitionError: it does not take what it is called with.
    """
    found = inspect.getattr_static(cls, name, None)
    if not isinstance(found, FunctionType | staticmethod):
        return
    taken = ["self", *called_with] if isinstance(found, FunctionType) else called_with
    try:
        inspect.signature(getattr(cls, name)).bind(*taken)
    except TypeError as error:
        raise GameDefinitionError(
            f"{cls.__name__}.{name} is called as {name}({', '.join(called_with)}), which it does not take:"
            f" {error}. Write def {name}({', '.join(taken)})."
        ) from None


def check_not_yielding(cls: type[GameSettings], name: str, member: object) -> None:
    """
    :param member: what the class has under that name.
    :raises GameDefinitionError: the room calls it, and it is a generator: nobody would go through that, so it would do
        nothing.
    """
    is_hook = name in HOOKS if name not in LATER else hook(cls, name, 2) is not None
    if not is_hook and mark_of(member) is None and not isinstance(member, Question):
        return
    function = getattr(member, "function", getattr(member, "__func__", member))
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        text = f"{cls.__name__}.{name} must not yield, or none of it would be done. To wait, write async def and await."
        raise GameDefinitionError(text)


def takes_sender(function: object) -> bool:
    """
    Whether a message is a method, or what a decorator made of one, that can be called with the game and a sender.

    One whose first parameter is the sender lacks ``self``.
    """
    if not callable(function) or not inspect.isfunction(inspect.unwrap(function)) or isinstance(function, staticmethod):
        return False
    signature = inspect.signature(function)
    try:
        signature.bind_partial("self", "sender")
    except TypeError:
        return False
    return next(iter(signature.parameters.values())).annotation not in (Player, "Player")


def hook(cls: type[GameSettings], name: str, parameters: int) -> Callable[..., Any] | None:
    """
    Find one of the hooks in `LATER`, whose names a game may use for something else.

    :param parameters: how many it is called with, ``self`` included.
    :returns: the function, unbound; None where there is no such name, or it is something else: marked, or with other
        parameters.
    """
    found = inspect.getattr_static(cls, name, None)
    function = found.__func__ if isinstance(found, staticmethod) else found
    if not isinstance(function, FunctionType) or mark_of(function) is not None:
        return None
    if cls.__module__ == "gameserver.game.game" or function.__module__ == "gameserver.game.game":
        return None
    try:
        inspect.signature(function).bind(*[None] * parameters)
    except TypeError:
        return None
    return function


def check_migrate(cls: type[GameSettings]) -> None:
    """
    :raises GameDefinitionError: ``migrate`` is no function, async or a generator, does not take what it is called with,
        or is annotated to return what is no row.
    """
    found = inspect.getattr_static(cls, "migrate", None)
    if found is None:
        return
    bound = not isinstance(found, staticmethod)
    function = getattr(found, "__func__", found)
    right = f"Write def migrate({'self, ' if bound else ''}row, from_version)."
    if not callable(function):
        raise GameDefinitionError(f"{cls.__name__}.migrate is {function!r}, not a function. {right}")
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise GameDefinitionError(f"{cls.__name__}.migrate must not be async: no room is there to wait for it.")
    if inspect.isgeneratorfunction(function):
        raise GameDefinitionError(f"{cls.__name__}.migrate must not yield: it changes the row, or returns another.")
    try:
        signature = inspect.signature(function)
        signature.bind(*(["self"] if bound else []), "row", "from_version")
    except TypeError as error:
        raise GameDefinitionError(
            f"{cls.__name__}.migrate is called as migrate(row, from_version), which it does not take: {error}. {right}"
        ) from None
    if signature.return_annotation in _NO_ROWS:
        returned = inspect.formatannotation(signature.return_annotation).strip("'")
        raise GameDefinitionError(
            f"{cls.__name__}.migrate returns {returned}: it must return a row, a dict, or None where it changed the one"
            " that it was given."
        )


def hidden(cls: type[GameSettings], name: str, member: object) -> str:
    """How to mend a member that hides a name of `Game`."""
    text = f"{cls.__name__}.{name} hides Game.{name}, which games need. Give it another name"
    if mark_of(member) is not None or callable(getattr(member, "function", None)):
        text += f', and keep the one that clients use: @message(name="{name}") def {name}_(self, player, ...)'
    return text + "."


def slips(cls: type[GameSettings], base: type[GameSettings]) -> list[Slip]:
    """:returns: members that nothing uses, and that seem to be meant for the framework."""
    own = dict(_own(cls, base))
    answered = {value.done_method for value in own.values() if isinstance(value, Question)}
    found = []
    for name, value in own.items():
        slip = None
        if isinstance(value, FunctionType) and mark_of(value) is None and name not in answered | CALLED:
            slip = _loose_hook(cls.__name__, name, base) or _unmarked(cls.__name__, name, value)
        elif not callable(value):
            slip = _setting(cls.__name__, name, own)
        found.append(slip)
    modules = dict.fromkeys(one.__module__ for one in cls.__mro__)
    return _unused(found, own, [sys.modules[name] for name in modules if name in sys.modules])


def module_slips(module: ModuleType, base: type[GameSettings]) -> list[Slip]:
    """:returns: the same for a module in the function style, which has settings and no hooks."""
    own = {name: value for name, value in vars(module).items() if not name.startswith("_")}
    where = module.__name__.rpartition(".")[2]
    found = []
    for name, value in own.items():
        slip = None
        if isinstance(value, FunctionType):
            if value.__module__ == module.__name__ and (name in hooks(base) or _loose_hook(where, name, base)):
                text = f"{where}.{name} is never called: payload_handler is, for whatever happens."
                slip = Slip(name, "payload_handler", text)
        elif not callable(value) and not isinstance(value, ModuleType):
            slip = _setting(where, name, own)
        found.append(slip)
    return _unused(found, own, [module])


def _unused(found: list[Slip | None], own: dict[str, Any], modules: list[ModuleType]) -> list[Slip]:
    """:returns: those of which the game makes no use itself: a false alarm is worse than none."""
    is_used = usage(modules)
    return [one for one in found if one and not is_used(one.name) and not is_decorated(own[one.name])]


def hooks(base: type[GameSettings]) -> list[str]:
    """:returns: the names of all hooks."""
    return [name for name in dir(base) if name.startswith("on_")]


def near(name: str, known: Iterable[str]) -> str | None:
    """:returns: the known name that a name almost is, or is in another spelling (``onJoin``); None: there is none."""
    squashed = {_squash(one): one for one in known}
    for alike in get_close_matches(_squash(name), squashed, 1, ALIKE):
        return squashed[alike]
    return None


def _loose_hook(where: str, name: str, base: type[GameSettings]) -> Slip | None:
    """A method that is named like a hook, and is none."""
    if not name.startswith("on") or not (name[2:3] == "_" or name[2:3].isupper()):
        return None
    meant = near(name, hooks(base))
    if meant is not None:
        return _means_nothing(where, name, meant)
    meant = ELSEWHERE.get(_squash(name))
    if meant == "@message":
        text = f"{where}.{name} is never called: each message has a method of its name, marked with @message."
    elif meant is not None:
        text = f"{where}.{name} is never called; is {meant} meant?"
    else:
        known = ", ".join(hooks(base))
        text = f"{where}.{name} is never called. Hooks are {known}; is @message or @timer forgotten?"
    return Slip(name, meant or "@message", text)


def _unmarked(where: str, name: str, function: FunctionType) -> Slip | None:
    """A method that takes a player, as messages do."""
    parameters = list(inspect.signature(function).parameters.values())[1:2]
    if not parameters or getattr(function, "__isabstractmethod__", False):
        return None
    kind = parameters[0].annotation
    if name in CALLED:
        return None
    named = kind is inspect.Parameter.empty and parameters[0].name == "player"
    if named or kind is Player or (isinstance(kind, str) and kind.rpartition(".")[2] == "Player"):
        text = f"{where}.{name} takes a player, and nothing calls it; is @message forgotten?"
        return Slip(name, "@message", text)
    return None


def _setting(where: str, name: str, own: dict[str, Any]) -> Slip | None:
    meant = near(name, SETTINGS)
    if meant is None or meant == name or (name.isupper() and (_squash(name) != _squash(meant) or meant in own)):
        return None  # a constant is a slip only where it is a setting's name to the letter
    return _means_nothing(where, name, meant)


def _means_nothing(where: str, name: str, meant: str) -> Slip:
    return Slip(name, meant, f"{where}.{name} means nothing here; is {meant} meant?")


def _squash(name: str) -> str:
    return name.replace("_", "").lower()


def _own(cls: type[GameSettings], base: type[GameSettings]) -> Iterator[tuple[str, Any]]:
    for one in cls.__mro__:
        if one is base:
            return
        for name, value in vars(one).items():
            if not name.startswith("_") and not hasattr(base, name):
                yield name, value
