"""A whole game by the moves that its players are told: `gameserver.testing.table.Table.play_out`."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from twisted.internet.defer import Deferred

from gameserver.errors import Refused
from gameserver.protocol.shapes import MoveInfo
from gameserver.room.absence import is_late
from gameserver.room.bots.thinking import level_of
from gameserver.room.turns.client_moves import heard_move, turn_number
from gameserver.room.turns.move import Move
from gameserver.testing.open_fields import OpenFields
from gameserver.testing.script import PlayedStep, script

if TYPE_CHECKING:
    from gameserver.testing.table import Table
    from gameserver.testing.visitor import Visitor

TRIES: Final = 200
"""So many moves in a row may be refused: what a field may be that is open to anything is guessed."""
NAMES: Final = ("Ann", "Bob", "Cleo", "Dan", "Eve", "Finn", "Gil", "Hana")
"""Names of those who come in where players are missing."""
RESTARTS: Final = (0.3, 0.1, 0.02)
"""
How often the server is restarted after a move, where it is at all: one of these in each game, since a fault may show
only after another restart soon before, or after a long time without.
"""
GUESSED: Final = ("refused", "bad_data")
"""Codes with which legal moves may be refused: what an open field may be, the method decides in the end."""

Chosen = tuple["Visitor", MoveInfo]


class PlayOut:
    """
    Plays a game to its end.

    :param restarts: restart the server now and then.
    """

    def __init__(self, table: Table, seed: int, *, restarts: bool) -> None:
        self._table = table
        self._seed = seed
        self._dice = random.Random(seed)
        self._restarts = random.Random(f"restarts {seed}") if restarts else None
        self._often = self._restarts.choice(RESTARTS) if self._restarts is not None else 0.0
        self._fields = OpenFields(table.game_class, self._dice)
        self._done: list[PlayedStep] = []
        self._moves = 0
        self._sent: Counter[Visitor] = Counter()

    def play(self, most: int) -> int:
        """:returns: how many moves were made. :raises AssertionError: see `Table.play_out`."""
        table = self._table
        with table.failures.raised():
            try:
                self._set_up()
                refused = waits = 0
                while table.status == "playing" and self._moves < most:
                    chosen = self._choose()
                    if chosen is None:
                        waits += 1
                        self._wait()
                    else:
                        accepted = self._make(*chosen)
                        refused, waits = (0 if accepted else refused + 1), 0
                    if refused > TRIES:
                        raise AssertionError(f"{TRIES} moves were refused, one after the other")
                    if waits > most:
                        raise AssertionError(f"time passed {most} times, and nobody could move")
            except Exception as error:
                raise self._failed(error) from error
        return self._moves

    def _set_up(self) -> None:
        """Seat the players that are missing, and start."""
        table = self._table
        if table.status == "over" or table.status == "closed":
            return
        while table.status == "lobby" or not table.game_class.needs_start:
            number = len(table.room.players)
            if number >= table.game_class.min_players:
                break
            table.join(NAMES[number % len(NAMES)])
        if table.status == "lobby":
            table.start()

    def _choose(self) -> Chosen | None:
        """:returns: who makes which move now; None: time has to pass first."""
        table = self._table
        room = table.room
        awaited = dict.fromkeys(player.id for player in room.turns.active)
        asked = {id: None for each in room.state.questions.values() for id in each.of if id not in each.answers}
        here = {v.id: v for v in table.visitors if v.online and v.id in room.seats and level_of(v.player) is None}
        people = [here[id] for id in (awaited | asked) if id in here]
        able = [(visitor, moves) for visitor in people if (moves := self._moves_of(visitor, at_any_time=False))]
        if not able:
            if any(level_of(room.seats[id]) is not None for id in awaited):
                return None  # the others of a call may have no more to do
            waited = [visitor for visitor in people if visitor.id in awaited]
            if not waited and room.timers.next() is not None:
                return None
            able = [(v, moves) for v in here.values() if (moves := self._moves_of(v, at_any_time=True))]
            if not able:
                self._explain(waited or people)
        who, moves = self._dice.choice(able)
        sure = [move for move in moves if not _is_guessed(move)]
        return who, self._dice.choice(sure or moves)

    def _explain(self, waited: Sequence[Visitor]) -> None:
        """:raises AssertionError: nobody can go on."""
        that = " that could be made" if any(visitor.moves for visitor in waited) else ""
        names = " and ".join(visitor.name for visitor in waited)
        if names:
            verb = "are" if " and " in names else "is"
            raise AssertionError(f"{names} {verb} waited for, and no moves are told{that}")
        raise AssertionError("nobody is waited for, nobody has moves, and no timer runs")

    def _moves_of(self, visitor: Visitor, *, at_any_time: bool) -> list[MoveInfo]:
        """:returns: what was told and can be made; without ``at_any_time`` only what is of a turn, or an answer."""
        told = visitor._mirror.moves if visitor._mirror is not None else None
        if told is None:
            return []
        moves = list(filter(_can_be_made, told.moves))
        if at_any_time:
            return moves
        spec = self._table.room.spec
        known = spec.turn_types if spec.function_style else spec.messages
        return [m for m in moves if (one := known.get(m.type)) is None or one.turn != "any"]

    def _make(self, who: Visitor, info: MoveInfo) -> bool:
        """:returns: whether it was accepted."""
        self._keep_pace(who)
        assert who._mirror is not None
        told = heard_move(info, turn_number(who._mirror.info))
        move, parts = self._filled(who, told)
        self._done.append(PlayedStep(who, move.type, move.data, sent=True))
        try:
            result = who.play(move)
        except Refused as refused:
            if refused.code not in GUESSED:
                raise
            self._done[-1] = self._done[-1]._replace(refused=refused.code)
            self._fields.learn(parts, accepted=False)
            return False
        if isinstance(result, Deferred):
            self._await(result)
        self._fields.learn(parts, accepted=True)
        self._moves += 1
        if self._restarts is not None and self._restarts.random() < self._often and self._table.status != "closed":
            self._table.restart()
        return True

    def _filled(self, who: Visitor, move: Move) -> tuple[Move, list[Any]]:
        anything = [name for name, choice in (move.choices or {}).items() if choice is ...]
        if anything:
            fields, parts = self._fields.guess(who, move.type, anything)
            move = move.fill(**fields)
        else:
            parts = []
        return move.pick(self._dice), parts

    def _await(self, result: Deferred[Any]) -> None:
        """The game's code waits for something, for 10 seconds at most."""
        result.addErrback(lambda failure: failure.trap(Refused) and None)
        for _ in range(100):
            if result.called:
                return
            self._table.advance(0.1)

    def _keep_pace(self, who: Visitor) -> None:
        """Let time pass where somebody would soon send more than the game's rate allows."""
        rate = self._table.game_class.messages_per_s
        self._sent[who] += 1
        if self._sent[who] >= rate:
            self._sent.clear()
            self._table.advance(max(1.0, 1.0 / rate))

    def _wait(self) -> None:
        table = self._table
        timer = table.room.timers.next()
        absent = next((one for one in table.visitors if self._is_late(one)), None)
        if timer is None and absent is not None:  # all people are absent: the turn waits until one is here again
            absent.ask("bot", seat=absent.id, level=None)
            return
        if timer is None:
            raise AssertionError("who is waited for is not here, and no timer runs" + " (paused)" * self._is_paused())
        table.advance(max(timer.due - table.now, 0.0))
        self._sent.clear()

    def _is_late(self, visitor: Visitor) -> bool:
        """Whether somebody is online and yet absent, for having let clocks run out."""
        seat = self._table.room.seats.get(visitor.id)
        return visitor.online and seat is not None and is_late(seat)

    def _is_paused(self) -> bool:
        return self._table.room.state.paused_at is not None

    def _failed(self, error: Exception) -> AssertionError:
        """:returns: says what happened; its traceback ends where the game failed."""
        cause = error.__cause__ if isinstance(error, Refused) and error.__cause__ is not None else error
        what = str(cause) if type(cause) is AssertionError else f"the game failed: {cause!r}"
        call = f"# table.play_out({self._seed}) made {{steps}} moves before these"
        last = script(call, self._done, self._table.visitors)
        text = f"play_out(seed={self._seed}), after {self._moves} moves: {what}. The last moves:\n\n{last}\n"
        return AssertionError(text).with_traceback(cause.__traceback__)


def _is_guessed(move: MoveInfo) -> bool:
    """Whether a field may be anything that its type allows."""
    return move.choices is not None and None in move.choices.values()


def _can_be_made(move: MoveInfo) -> bool:
    """Whether there is something to choose from for each field that is left open."""
    for choice in (move.choices or {}).values():
        if choice is None:  # anything
            continue
        if "range" in choice and not range(*choice["range"]):
            return False
        if "of" in choice and len(choice["of"]) < choice.get("some", (1,))[0]:
            return False
    return True
