"""What a game's class says of itself, read once: settings, messages, timers, questions, calendar."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from twisted.logger import Logger

from gameserver.errors import GameDefinitionError
from gameserver.game.crontab import Crontab
from gameserver.game.described import NULL, document_schemas, event_schemas, reply_schema
from gameserver.game.marks import CronMark, MessageMark, TimerMark, mark_of
from gameserver.game.question import Question
from gameserver.game.schema import Schema
from gameserver.game.settings import check_settings
from gameserver.game.slips import Slip, check_hooks, check_migrate, slips
from gameserver.room import bounds
from gameserver.room.publish.quantize import Quanta

if TYPE_CHECKING:
    from gameserver.game.game import Game

log = Logger(namespace="gameserver.games")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


class MessageSpec:
    """
    A message that clients may send.

    :ivar call: calls the method with what a client sent, see `Schema.caller`.
    :ivar decode: decodes what a client sent as JSON, where its types say all there is to say about it; else None.
    :ivar call_read: calls the method with a game, a sender and what `decode` gave.
    :ivar reply: the JSON schema of its reply; None where the method says nothing of it.
    :ivar open_to: the role that may send it at any time; None where more is to be asked.
    """

    __slots__ = (
        "by",
        "call",
        "call_read",
        "decode",
        "durable",
        "function",
        "method",
        "open_to",
        "phase",
        "question",
        "reply",
        "schema",
        "waits",
    )

    def __init__(self, method: str, function: Callable[..., Any], mark: MessageMark, *, question: bool = False) -> None:
        self.method = method
        self.function = function
        self.by = mark.by
        self.phase = mark.phase
        self.durable = mark.durable
        self.question = question
        self.waits = inspect.iscoroutinefunction(function)
        self.schema = Schema(method, function, skip=2)
        # What a question's method returns is kept secret: who answers is told nothing.
        self.reply = NULL if question else reply_schema(self.schema.returns)
        self.call = self.schema.caller(function)
        self.call_read = self.schema.calls(function)
        says_all = self.schema.strict and self.schema.bounded and not self.schema.seats
        self.decode = self.schema.decode_json if says_all else None
        asks_nobody = mark.by not in ("any", "host") and mark.phase is None and not question
        self.open_to = mark.by if asks_nobody else None


class Spec:
    """
    A game's class, read.

    :ivar name: the game's name on the wire and in paths.
    :ivar messages: by their name on the wire.
    :ivar timers: names of the methods that timers may call; None where any name will do.
    :ivar options: the schema of ``on_create``; None where any options will do.
    :ivar crons: expression, method and whether it is static.
    :ivar slips: what seems to be a slip of the author's pen: said where games are listed, served and tested.
    :ivar quanta: how finely floats of documents are told, or None.
    :ivar waits: whether any of the game's methods is a coroutine, so that a step may last.
    :ivar events: JSON schemas of events' data, by their types.
    :ivar docs: JSON schemas of documents, by their streams.
    :ivar message_bytes: how large a message of its rooms may be, as JSON.
    :raises GameDefinitionError: something in it is not as it must be.
    """

    def __init__(self, cls: type[Game]) -> None:
        self.cls = cls
        self.name: str = cls.__dict__.get("name") or _inherited_name(cls) or snake_case(cls.__name__)
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise GameDefinitionError(f"{cls.__name__}: the name {self.name!r} must be like this: trivia_night")
        self.title: str = cls.title or self.name.replace("_", " ").capitalize()
        check_settings(cls)
        game = next(base for base in cls.__mro__ if base.__module__ == "gameserver.game.game")
        check_hooks(cls, game)
        check_migrate(cls)
        of_module = cls.__dict__.get("_gs_slips")
        self.slips: list[Slip] = slips(cls, game) if of_module is None else of_module
        for slip in self.slips:
            log.warn("{text}", game=cls.__name__, **slip._asdict())
        self.message_bytes = bounds.message_bytes(cls.max_row_bytes, cls.max_players + sum(cls.roles.values()))
        self.events, self.docs = event_schemas(cls), document_schemas(cls)
        self.quanta = Quanta(cls.quantize) if cls.quantize is not None else None
        self.function_style = bool(cls.__dict__.get("_gs_function_style", False))
        self.messages: dict[str, MessageSpec] = {}
        self.questions: dict[str, Question[Any]] = {}
        self.crons: list[tuple[str, str, bool]] = []
        timers: set[str] = set()
        waits = False
        for attribute in dir(cls):
            member = inspect.getattr_static(cls, attribute)
            waits = waits or inspect.iscoroutinefunction(getattr(member, "function", member))
            self._read(attribute, member, timers)
        self.timers: frozenset[str] | None = None if self.function_style else frozenset(timers)
        self.options = None if self.function_style else Schema("options", cls.on_create, 1, defaults_only=True)
        self.waits = waits or self.function_style

    def check_times(self, calendar: Callable[[str], object]) -> None:
        """
        Have the calendar look at the game's times.

        :param calendar: is given the expression of each `gameserver.cron`; ValueError: it has no such time.
        :raises GameDefinitionError: there is one that it does not have.
        """
        for expression, method, _ in self.crons:
            self._check_time(calendar, method, expression)

    def make(self, room: Any) -> Game:
        """:returns: the game of a room that is being made."""
        return self.cls._gs_of(room)

    def player_seats(self, role: str) -> int | None:
        """:returns: how many seats of a role a room has, or None where the game has no such role."""
        return self.cls.max_players if role == "player" else self.cls.roles.get(role)

    def _read(self, attribute: str, member: Any, timers: set[str]) -> None:
        if isinstance(member, Question):
            member.check()
            self.questions[attribute] = member
            mark = MessageMark(by="any", name=attribute)
            self.messages[attribute] = MessageSpec(attribute, member.function, mark, question=True)
            return
        mark_found = mark_of(member)
        if isinstance(mark_found, MessageMark):
            self._read_message(attribute, member, mark_found)
        elif isinstance(mark_found, TimerMark):
            timers.add(attribute)
        elif isinstance(mark_found, CronMark):
            self._check_time(Crontab, attribute, mark_found.expression)
            self.crons.append((mark_found.expression, attribute, isinstance(member, staticmethod)))

    def _check_time(self, calendar: Callable[[str], object], method: str, expression: str) -> None:
        try:
            calendar(expression)
        except ValueError as error:
            raise GameDefinitionError(f"{self.cls.__name__}.{method}: cron({expression!r}): {error}.") from None

    def _read_message(self, attribute: str, function: Any, mark: MessageMark) -> None:
        name = mark.name or attribute
        roles = {"player", "host", "any", *self.cls.roles}
        if mark.by not in roles:
            raise GameDefinitionError(
                f"{self.cls.__name__}.{attribute}: by={mark.by!r} is nobody here; one of {', '.join(sorted(roles))}."
            )
        if len(inspect.signature(function).parameters) < 2:
            raise GameDefinitionError(
                f"{self.cls.__name__}.{attribute}: a message's first parameter after self is the sender: "
                f"def {attribute}(self, player: Player)"
            )
        if name in self.messages:
            raise GameDefinitionError(f"{self.cls.__name__}: two messages are named {name!r}.")
        self.messages[name] = MessageSpec(attribute, function, mark)


def spec_of(cls: type[Game]) -> Spec:
    """
    :returns: the class, read; the same object at each call.
    :raises GameDefinitionError: something in it is not as it must be.
    """
    found = cls.__dict__.get("_gs_spec")
    if not isinstance(found, Spec):
        found = Spec(cls)
        cls._gs_spec = found
    return found


def snake_case(name: str) -> str:
    """``TicTacToe`` is ``tic_tac_toe``; ``RPS2`` is ``rps2``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _inherited_name(cls: type[Game]) -> str:
    """A name that a class between this one and `Game` gives; `Game` itself has none."""
    return cls.name
