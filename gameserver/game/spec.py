"""What a game's class says of itself, read once: settings, messages, timers, questions, calendar."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from twisted.logger import Logger

from gameserver.errors import GameDefinitionError
from gameserver.game import levels
from gameserver.game.clock_option import OptionsWithClock
from gameserver.game.crontab import Crontab
from gameserver.game.described import NULL, document_schemas, event_schemas, reply_schema
from gameserver.game.marks import BotMark, CronMark, MessageMark, TimerMark, mark_of
from gameserver.game.question import Question
from gameserver.game.schema import Schema
from gameserver.game.settings import check_settings, setting
from gameserver.game.slips import (
    Slip,
    check_called,
    check_hooks,
    check_migrate,
    check_not_yielding,
    hook,
    slips,
    takes_sender,
)
from gameserver.room import bounds
from gameserver.room.publish.quantize import Quanta
from gameserver.room.turns import legal
from gameserver.room.turns.known_moves import KnownMoves
from gameserver.room.turns.time_control import TurnClock
from gameserver.room.turns.turn_type import TurnType

if TYPE_CHECKING:
    from gameserver.game.game import Game
    from gameserver.room.room import Room
    from gameserver.room.seats import Player

log = Logger(namespace="gameserver.games")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


class MessageSpec:
    """
    A message that clients may send.

    :ivar call: calls the method with what a client sent, see `Schema.caller`.
    :ivar decode: decodes what a client sent as JSON, where only its types are to be checked; else None.
    :ivar call_read: calls the method with a game, a sender and what `decode` gave.
    :ivar reply: the JSON schema of its reply; None where the method says nothing of it.
    :ivar open_to: the role that may send it at any time; None where more must be checked.
    :ivar turn: True: only who is waited for may send it; ``"any"``: all players, as one of their moves.
    :ivar stage: the names of the calls in which it is open.
    :ivar undo: it may be taken back.
    :ivar seat_fields: the fields that are seats.
    """

    __slots__ = (
        "by",
        "call",
        "call_read",
        "decode",
        "durable",
        "fit",
        "fixed",
        "function",
        "method",
        "open_to",
        "phase",
        "question",
        "reply",
        "schema",
        "seat_fields",
        "stage",
        "turn",
        "undo",
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
        # What a question's method returns is kept secret: the reply to an answer is empty.
        self.reply = NULL if question else reply_schema(self.schema.returns)
        self.turn, self.stage, self.undo = mark.turn, mark.stage, mark.undo
        self.seat_fields = self.schema.seat_fields
        self.fixed, self.fit = self.schema.fixed, self.schema.fit
        self.call = self._turn_caller(mark.name or method) if mark.turn else self.schema.caller(function)
        self.call_read = self.schema.calls(function)
        says_all = self.schema.strict and self.schema.bounded and not self.schema.seats
        self.decode = self.schema.decode_json if says_all and not mark.turn else None
        asks_nobody = mark.by not in ("any", "host") and mark.phase is None and not question and not mark.turn
        self.open_to = mark.by if asks_nobody else None

    def _turn_caller(self, type: str) -> Callable[[Room, Player, Any], Any]:
        """:returns: `call`, of a message that must be one of the player's moves."""
        schema, function, undo = self.schema, self.function, self.undo

        def check_and_call(room: Room, player: Player, data: Any) -> Any:
            arguments = schema.decode(data, room)
            if room.spec.moves is not None:
                legal.admit(room, player, type, schema.canonical(arguments))
            if undo:
                room.undoing.copy(player)
            return function(room.game, player, **arguments)

        return check_and_call


class Spec:
    """
    What was read from a game's class.

    :ivar name: the game's name on the wire and in paths.
    :ivar messages: by their name on the wire.
    :ivar timers: names of the methods that timers may call; None where any name will do.
    :ivar options: the schema of ``on_create``; None where any options will do.
    :ivar crons: expression, method and whether it is static.
    :ivar slips: what seems to be a slip of the author's pen: shown where games are listed, served and tested.
    :ivar quanta: how finely floats of documents are told, or None.
    :ivar waits: whether any of the game's methods is a coroutine, so that a step may last.
    :ivar events: JSON schemas of events' data, by their types.
    :ivar docs: JSON schemas of documents, by their streams.
    :ivar turn_types: in the function style, which has no `messages`: those that belong to turns.
    :ivar waits_for_turns: it has messages that wait for a turn.
    :ivar takes_turns: it has such messages, or the hook ``moves``.
    :ivar undoes: it has messages that may be taken back.
    :ivar stages: names of calls in which messages are open.
    :ivar asks_all: some message is open to all players as one of their moves.
    :ivar clock: of its turns, by its settings.
    :ivar clock_option: rooms may have another.
    :ivar ready_check: it starts when all people are ready.
    :ivar moves: the hook of this name, unbound; None where the game has none. So are `on_turn`, `on_timeout` and
        `on_options`.
    :ivar bots: by level, in the order of the class, what plays it; also ``random``, where there are moves.
    :ivar stand_in: the level that plays for the absent; None: there is none.
    :ivar absent: what becomes of the seats of players who are away: ``"leave"``, ``"stand_in"`` or ``"skip"``.
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
            check_not_yielding(cls, attribute, member)
            if not isinstance(mark_of(member), BotMark):  # a bot's coroutine is awaited between two steps
                waits = waits or inspect.iscoroutinefunction(getattr(member, "function", member))
            self._read(attribute, member, timers)
        self._read_turns(cls)
        self.timers: frozenset[str] | None = None if self.function_style else frozenset(timers)
        self.options = None if self.function_style else self._read_options(cls)
        self.waits = waits or self.function_style

    def _read_options(self, cls: type[Game]) -> Schema:
        if not self.clock_option:
            return Schema("options", cls.on_create, 1, defaults_only=True)
        return OptionsWithClock("options", cls.on_create, 1, own=self.clock)

    def _read_turns(self, cls: type[Game]) -> None:
        self.moves, self.on_turn = hook(cls, "moves", 2), hook(cls, "on_turn", 2)
        self.on_timeout, self.on_options = hook(cls, "on_timeout", 2), hook(cls, "on_options", 2)
        self.turn_types: Mapping[str, TurnType] = getattr(cls, "turn_types", {}) if self.function_style else {}
        with_turn = [*(one for one in self.messages.values() if one.turn), *self.turn_types.values()]
        self.waits_for_turns = bool(with_turn)
        self.takes_turns = self.moves is not None or self.waits_for_turns
        self.undoes = any(one.undo for one in with_turn)
        self.stages = frozenset(stage for one in with_turn for stage in one.stage)
        self.asks_all = self.moves is not None and any(one.turn == "any" for one in with_turn)
        self.bots = levels.of_class(cls, has_moves=self.moves is not None)
        self.looks_ahead = bool(self.bots) or self.moves is not None
        self.stand_in = levels.stand_in_of(self.bots)
        self.absent: str = setting(cls, "absent")
        self.bot_s: tuple[float, float] = setting(cls, "bot_s")
        max_bots: int | None = setting(cls, "max_bots")
        self.max_bots = cls.max_players - 1 if max_bots is None else max_bots
        self.ready_check: bool = setting(cls, "ready_check")
        self.clock_option: bool = setting(cls, "clock_option")
        self.max_moves: int = setting(cls, "max_moves")
        self.known_moves = KnownMoves()
        self.clock = TurnClock(setting(cls, "turn_s"), setting(cls, "bank_s"), setting(cls, "increment_s"))

    def check_times(self, calendar: Callable[[str], object]) -> None:
        """
        Check the game's times with a calendar.

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
            self._check_sender(attribute, member.function, "is who answers")
            check_called(self.cls, member.check(self.cls), "answers")
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
            check_called(self.cls, attribute)
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
        self._check_sender(attribute, function, "is the sender")
        if name in self.messages:
            raise GameDefinitionError(f"{self.cls.__name__}: two messages are named {name!r}.")
        self.messages[name] = MessageSpec(attribute, function, mark)

    def _check_sender(self, attribute: str, function: Any, who: str) -> None:
        if not takes_sender(function):
            raise GameDefinitionError(
                f"{self.cls.__name__}.{attribute}: a message's first parameter after self {who}: "
                f"def {attribute}(self, player: Player)"
            )


def spec_of(cls: type[Game]) -> Spec:
    """
    :returns: what was read from the class; the same object at each call.
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
