"""Random inputs for a game: messages that it might take, and people who come, go, drop and chat."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from gameserver.errors import Refused
from gameserver.testing.mind import Mind
from gameserver.testing.open_fields import OpenFields
from gameserver.testing.script import PlayedStep, method_of, script

if TYPE_CHECKING:
    from gameserver.testing.table import Table
    from gameserver.testing.visitor import Visitor

Move = tuple[str, str, Any]
"""Who, what and with which data."""

NAMES: Final = ("Cleo", "Dan", "Eve", "Finn", "Gil")
SEATS: Final = 5
"""Where so many have a seat, others come only now and then."""
ILLEGAL: Final = 0.1
"""How often a message is one that no honest client would send."""
MOST_WAIT_S: Final = 600.0
"""Nobody waits longer for a timer."""
MOST_TICKS: Final = 60
"""Nor for more ticks than that."""
WAITS_S: Final = (0.1, 0.1, 0.1, 1.0, 1.0, 1.0, 3.0, 3.0, 10.0, 10.0, 30.0)
"""How long time passes; seldom so long that whoever dropped has lost the seat."""
TO_TIMER: Final = 4
"""The time at which the next timer fires is so many times as likely as each of these."""


def play_random(
    table: Table, steps: int, seed: int, moves: list[tuple[str, Any]], *, restarts: bool = False
) -> list[Move]:
    """Make random moves at a table; see `Table.play_random`."""
    wild = RandomPlay(table, random.Random(seed), moves)
    more = f", moves={moves!r}" * bool(moves) + ", restarts=True" * restarts
    call = "table.play_random({steps}, " + f"seed={seed}{more}".replace("{", "{{").replace("}", "}}") + ")"
    with table.failures.raised():
        for number in range(1, steps + 1):
            if table.status == "closed":
                break
            try:
                wild.move()
                if restarts and table.status != "closed":
                    table.restart()
            except Exception as error:
                where = f"step {number} of {call.format(steps=steps)}".replace("table.", "")
                raise _failed(error, where, call, wild, table, restarts) from error
    return [_told(step) for step in wild.done]


def _failed(error: Exception, where: str, call: str, wild: RandomPlay, table: Table, restarts: bool) -> AssertionError:
    """:returns: says what happened, and how to see it again; its traceback ends where the game failed."""
    cause = error.__cause__ if isinstance(error, Refused) and error.__cause__ is not None else error
    again = script(call, wild.done, table.visitors, restarts=restarts)
    told = AssertionError(f"the game failed at {where}: {cause!r}. The last moves, to paste into a test:\n\n{again}\n")
    return told.with_traceback(cause.__traceback__)


def _told(step: PlayedStep) -> Move:
    data = step.data[1] if step.verb == "join" and not step.sent else step.data
    return step.who.name if step.who is not None else "", step.verb, data


class RandomPlay:
    """
    Makes one random move after another.

    :param moves: messages to try besides those that come to mind.
    :ivar done: what was done.
    """

    def __init__(self, table: Table, dice: random.Random, moves: list[tuple[str, Any]]) -> None:
        self.done: list[PlayedStep] = []
        self._table = table
        self._dice = dice
        self._mind = Mind(table, dice, moves)
        self._fields = OpenFields(table.game_class, dice)
        self._late: list[Refused] = []

    def move(self) -> None:
        """Make one. :raises Exception: what the game failed with, or the kit found."""
        kinds = self._kinds()
        self._dice.choices(list(kinds), weights=list(kinds.values()))[0]()
        late, self._late = self._late, []
        for failure in late:
            if failure.code == "game_error":
                raise failure

    def _kinds(self) -> dict[Callable[[], None], float]:
        """What may be done, and how often: what keeps a game going more often than what ends it."""
        table, game = self._table, self._table.game_class
        seats, here = len(table.room.seats), len(self._here())
        few = seats <= max(1, game.min_players)
        is_open = table.status != "playing" or game.late_join or not game.needs_start
        starts = {"lobby": 20, "over": 3}.get(table.status, 0.5) if here >= max(1, game.min_players) else 0.5
        return {
            self._message: 70 * self._mind.hope() if here else 0,
            self._wait: 16 if table.room.timers.next() is not None else 6,
            self._join: (25 if few else 3 if seats < SEATS else 0.5) if is_open else 0.3,
            self._resume: 10 * (seats - here),
            # Nobody can take the place of one who leaves a game that is closed: most such games end there.
            self._leave: 1.5 if is_open else 0.06 if few else 0.4,
            self._drop: 2,
            self._chat: 3,
            self._start: starts,
            **self._kinds_of_turns(),
        }

    def _kinds_of_turns(self) -> dict[Callable[[], None], float]:
        """What may be done besides in a game of turns."""
        table = self._table
        spec = table.room.spec
        if not spec.takes_turns:
            return {}
        return {
            self._told: 70 if any(visitor.moves for visitor in self._here()) else 0,
            self._undo: 4 if spec.undoes else 0.3,
            self._ready: 1 if table.status != "playing" else 0,
            self._restart: 1.5 if table.game_class.durability == "commit" else 0,
        }

    def _do(self, step: PlayedStep, call: Callable[[], Any]) -> tuple[Any, bool]:
        """
        Do it, and note what came of it.

        :returns: the reply or the refusal, and whether anybody was told of anything but the reply.
        """
        self.done.append(step)
        before = sum(visitor.heard for visitor in self._table.visitors)
        try:
            result = call()
        except Refused as refused:
            if refused.code == "game_error":
                raise
            self.done[-1] = step._replace(refused=refused.code)
            return refused, False
        if isinstance(result, Deferred):
            result.addErrback(self._failed_late)
        changed = sum(visitor.heard for visitor in self._table.visitors) > before + step.sent
        if changed and step.verb not in ("drop", "resume", "chat"):
            self._mind.wake()
        return result, changed

    def _failed_late(self, failure: Failure) -> None:
        """The game's code waited, and was refused or failed then."""
        failure.trap(Refused)
        if isinstance(failure.value, Refused):
            self._late.append(failure.value)

    def _message(self) -> None:
        here = self._here()
        if not here:
            self._wait()
        elif self._dice.random() < ILLEGAL:
            who = self._dice.choice(here)
            type, data = self._mind.illegal(who)
            self._do(PlayedStep(who, type, data, sent=True), lambda: who.send(type, data))
        else:
            idea = self._mind.think(here)
            step = PlayedStep(idea.who, idea.type, idea.data, sent=True)
            before = self._mind.before(idea)
            result, changed = self._do(step, lambda: idea.who.send(idea.type, idea.data))
            self._mind.learn(idea, before, result, changed)

    def _told(self) -> None:
        """Somebody makes one of the moves that it was told, filled in as far as anybody can tell."""
        able = [visitor for visitor in self._here() if visitor.moves]
        if not able:
            self._wait()
            return
        who = self._dice.choice(able)
        move = self._dice.choice(who.moves)
        anything = [name for name, choice in (move.choices or {}).items() if choice is ...]
        fields, parts = self._fields.guess(who, move.type, anything)
        move = move.fill(**fields)
        try:
            move = move.pick(self._dice)
        except ValueError:  # there is nothing to choose from
            return
        result, _ = self._do(PlayedStep(who, move.type, move.data, sent=True), lambda: who.play(move))
        self._fields.learn(parts, accepted=not isinstance(result, Refused))

    def _undo(self) -> None:
        here = self._here()
        self._let("undo", [visitor for visitor in here if visitor.may_undo] or here)

    def _ready(self) -> None:
        self._let("ready", self._here(), self._dice.random() < 0.9)

    def _restart(self) -> None:
        self._do(PlayedStep(None, "restart", None), self._table.restart)

    def _here(self) -> list[Visitor]:
        seats = self._table.room.seats
        return [visitor for visitor in self._table.visitors if visitor.online and visitor.id in seats]

    def _wait(self) -> None:
        tick_hz, timer = self._table.game_class.tick_hz, self._table.room.timers.next()
        left_s = timer.due - self._table.now if timer is not None else 0.0
        waits = [*WAITS_S, *[round(left_s + 0.05, 1)] * (TO_TIMER if 0 < left_s <= MOST_WAIT_S else 0)]
        s = self._dice.choice(waits)
        s = min(s, MOST_TICKS / tick_hz) if tick_hz else s
        self._do(PlayedStep(None, "advance", s), lambda: self._table.advance(s))

    def _join(self) -> None:
        role = self._dice.choice(("player", "player", "player", *self._table.game_class.roles))
        name = self._dice.choice(NAMES)
        number = len(self.done)
        visitor, _ = self._do(PlayedStep(None, "join", (name, role)), lambda: self._table.join(name, role))
        if not isinstance(visitor, Refused):
            self.done[number] = self.done[number]._replace(who=visitor)

    def _resume(self) -> None:
        seats = self._table.room.seats
        self._let("resume", [v for v in self._table.visitors if not v.online and v.id in seats])

    def _leave(self) -> None:
        self._let("leave", self._here())

    def _drop(self) -> None:
        self._let("drop", self._here())

    def _start(self) -> None:
        here = self._here()
        hosts = [visitor for visitor in here if visitor.id == self._table.room.seats.host]
        self._let("start", hosts if hosts and self._dice.random() < 0.8 else here)

    def _chat(self) -> None:
        self._let("chat", self._here(), self._dice.choice(("hello", "gg", "\U0001f600", "x" * 500)))

    def _let(self, verb: str, some: list[Visitor], *data: Any) -> None:
        """One of them does it; where there is nobody, time passes."""
        if not some:
            self._wait()
            return
        who = self._dice.choice(some)
        self._do(PlayedStep(who, verb, *data or (None,)), lambda: getattr(who, method_of(verb))(*data))
