"""The decorators that mark a game's methods: what clients may send, what timers may call, what the calendar calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal, TypeVar, overload

from msgspec import Struct

from gameserver.errors import GameDefinitionError
from gameserver.game.settings import is_text

ATTRIBUTE: Final = "_gameserver_mark"
"""Where a mark is kept on the function."""
LEVEL_CHARS: Final = 64
"""Characters of the name of a bot's level, at most."""

F = TypeVar("F", bound=Callable[..., Any])


class MessageMark(Struct, frozen=True):
    """What `message` notes on a method: who may send it, in which phase, under which name, and whether it is stored."""

    by: str = "player"
    phase: str | None = None
    name: str | None = None
    durable: bool = True
    turn: bool | str = False
    stage: tuple[str, ...] = ()
    undo: bool = False


class TimerMark(Struct, frozen=True):
    """What `timer` notes on a method: that timers may call it."""


class BotMark(Struct, frozen=True):
    """What `bot` notes on a method: its level, how people read that, and whether it plays for the absent."""

    level: str
    title: str | None
    stand_in: bool


class CronMark(Struct, frozen=True):
    """What `cron` notes on a method: the times of the calendar at which it is called."""

    expression: str


@overload
def message(method: F, /) -> F: ...


@overload
def message(
    *,
    by: str = "player",
    phase: str | None = None,
    name: str | None = None,
    durable: bool = True,
    turn: bool | Literal["any"] = False,
    stage: str | tuple[str, ...] | None = None,
    undo: bool = False,
) -> Callable[[F], F]: ...


def message(
    method: F | None = None,
    /,
    *,
    by: str = "player",
    phase: str | None = None,
    name: str | None = None,
    durable: bool = True,
    turn: bool | Literal["any"] = False,
    stage: str | tuple[str, ...] | None = None,
    undo: bool = False,
) -> F | Callable[[F], F]:
    """
    Let clients send this: the method's signature is the schema of the data, its return value the reply.

    :param by: who may send it: ``player``, ``host``, a role of the game, or ``any``.
    :param phase: accepted in this phase only.
    :param name: its name on the wire, by default the method's.
    :param durable: False: what it changes is sent at once, and stored with the next step.
    :param turn: True: open only to those who are waited for (``self.turns``); others are refused with
        ``not_your_turn``; ``"any"``: open to all players while the game is played, but waited for by nobody. Where the
        game has ``moves``, it must be one of them: ``not_legal``.
    :param stage: the name or names of the calls in which it is open; without it, with ``turn=True``, it is open only
        where no call with a name is on top.
    :param undo: its player may take it back, as long as what it led to rests on nothing else; the guide of turns says
        when that is.
    :raises GameDefinitionError: these do not go together.
    """
    if method is not None and not callable(method):
        raise GameDefinitionError(
            f'message marks a method, not {method!r}; say who may send it so: @message(by="host")'
        )
    if not isinstance(by, str):
        raise GameDefinitionError(f'message: by is one role, "host" or "any", not {by!r}')
    if name is not None and not (is_text(name) and name):
        raise GameDefinitionError(f"message: its name on the wire is a str that is not empty, not {name!r}")
    if not isinstance(durable, bool):
        raise GameDefinitionError(f"message: durable is True or False, not {durable!r}")
    if turn not in (False, True, "any"):
        raise GameDefinitionError(f'message: turn is True, "any" or False, not {turn!r}')
    if phase is not None and not isinstance(phase, str):
        raise GameDefinitionError(f"message: a message is bound to one phase, which is a str, not {phase!r}")
    if (stage or undo) and not turn:
        raise GameDefinitionError("message: stage= and undo= are for messages with turn=True")
    stages = (stage,) if isinstance(stage, str) else tuple(stage or ())
    mark = MessageMark(by=by, phase=phase, name=name, durable=durable, turn=turn, stage=stages, undo=undo)
    return _marked(method, mark) if method is not None else lambda wrapped: _marked(wrapped, mark)


def timer(method: F, /) -> F:
    """Let `Game.after`, `Game.every` and `Game.at` call this; a player's timer is given the player."""
    return _marked(method, TimerMark())


def cron(expression: str) -> Callable[[F], F]:
    """
    Call this by the calendar, in every open room; a static method is called once for all.

    :param expression: five fields as in crontab(5), in the server's time zone: ``"0 20 * * sun"``.
    :raises GameDefinitionError: it is used without its parentheses.
    """
    if not isinstance(expression, str):
        raise GameDefinitionError(f'cron: say when, such as @cron("0 20 * * sun"), not {expression!r}')
    return lambda method: _marked(method, CronMark(expression))


def bot(level: str, title: str | None = None, stand_in: bool = False) -> Callable[[F], F]:
    """
    Let this play a seat: it gets the player and that player's moves, and returns one of them.

    It is called as ``method(self, player, moves)`` while the player is waited for, or asked; ``moves`` is None where
    the game has no ``moves``. ``self`` is a copy of the game in which documents that the seat does not see are empty,
    and whose random numbers are others: what it changes or sends there is lost. It may be a coroutine, which has 10
    seconds.

    :param level: its name; ``random`` is there without it, where the game has ``moves``.
    :param title: how people read that; by default the level itself.
    :param stand_in: it is the level that plays for those who are away, or who let a clock run out.
    :raises GameDefinitionError: the level is no str, or it is used without its parentheses.
    """
    if not isinstance(level, str) or not level or len(level) > LEVEL_CHARS:
        raise GameDefinitionError(f'bot: a level has 1 to {LEVEL_CHARS} characters: @bot("clever"), not {level!r}')
    if title is not None and (not isinstance(title, str) or not title):
        raise GameDefinitionError(f"bot: a title is a str or None, not {title!r}")
    return lambda method: _marked(method, BotMark(level, title, bool(stand_in)))


def mark_of(member: object) -> MessageMark | TimerMark | CronMark | BotMark | None:
    """:returns: the mark of a class's member, or None."""
    found = getattr(getattr(member, "__func__", member), ATTRIBUTE, None)
    return found if isinstance(found, MessageMark | TimerMark | CronMark | BotMark) else None


def _marked(method: F, mark: MessageMark | TimerMark | CronMark | BotMark) -> F:
    """:raises GameDefinitionError: the method has a mark that this one would replace."""
    function = getattr(method, "__func__", method)
    before = mark_of(method)
    if isinstance(mark, CronMark) and isinstance(before, CronMark):
        raise GameDefinitionError(
            f"{_where(function)}: only one @cron counts; write all times as one, such as"
            ' @cron("0 8,20 * * *"), or let a second method call this one'
        )
    if before is not None and type(before) is not type(mark):
        both = f"{_DECORATORS[type(before)]} and {_DECORATORS[type(mark)]}"
        raise GameDefinitionError(f"{_where(function)}: it cannot be {both}; let a second method call this one")
    setattr(function, ATTRIBUTE, mark)
    return method


def _where(function: Any) -> str:
    return str(getattr(function, "__qualname__", function)).rpartition("<locals>.")[2]


_DECORATORS: Final[dict[type, str]] = {
    MessageMark: "@message",
    TimerMark: "@timer",
    BotMark: "@bot",
    CronMark: "@cron",
}
