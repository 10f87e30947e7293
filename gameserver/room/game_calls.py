"""
Calls of the game's code.

What it does is undone if it fails, and its exception is logged with room, seat and input.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Final

from twisted.python.failure import Failure

from gameserver.errors import Refused
from gameserver.protocol import values
from gameserver.room import quota
from gameserver.room.bots import thinking
from gameserver.room.effects import Requester
from gameserver.room.questions import OpenQuestions
from gameserver.room.seats import Player
from gameserver.room.turns import hooks, legal

if TYPE_CHECKING:
    from gameserver.room.core import RoomCore
    from gameserver.room.replies import Replies
    from gameserver.room.state import Asked

MAX_FAILURES: Final = 10
"""Failures in a row, of inputs that no player sent, after which a room is closed."""
MAX_ROUNDS: Final = 1000
"""So often in one step, what a game's code has set going may set something else going."""
FAILURE_COST: Final = 5.0
"""Tokens of a player's rate that a message costs at which the game fails."""


class GameCalls:
    """The calls of one room to its game."""

    __slots__ = ("_replies", "_room")

    def __init__(self, room: RoomCore, replies: Replies) -> None:
        self._room = room
        self._replies = replies

    async def game(self, what: str, call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """
        Call the game's code; if it fails, what it did is undone.

        :raises Refused: the game refused, or failed (``game_error``).
        """
        return await self._call(self._room.journal.mark(), what, call, args, kwargs)

    async def _call(
        self, mark: int, what: str, call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """:param mark: where to roll back to, if it fails."""
        try:
            result = call(*args, **kwargs)
            if isawaitable(result):
                result = await result
            await self.settle()
            quota.check(self._room)
        except (Refused, GeneratorExit):
            # GeneratorExit: the runner closes a step that waits for too long, and wants no answer.
            self._room.journal.rollback(mark)
            raise
        except (Exception, SystemExit) as error:
            self._room.journal.rollback(mark)
            self.log_failure(what, error, next((arg for arg in args if isinstance(arg, Player)), None))
            raise Refused(code="game_error") from error
        return result

    async def raising(self, call: Callable[[], Any]) -> None:
        """Call the game's code, and raise what it raises: the caller then undoes the step."""
        result = call()
        if isawaitable(result):
            await result
        await self.settle()
        quota.check(self._room)

    async def alone(
        self, what: str, call: Callable[..., Any], *args: Any, counts: bool = False, mark: int | None = None
    ) -> None:
        """
        Call the game's code where nobody waits for an answer.

        :param counts: no player sent this input: a room that fails at such again and again is closed.
        :param mark: where to roll back to, if it fails; None: to here.
        """
        room = self._room
        try:
            await self._call(room.journal.mark() if mark is None else mark, what, call, args, {})
        except Refused as refused:
            text = "room {room}: {what} came to nothing: {reason}"
            room.context.log.info(text, room=room.code, what=what, reason=refused.text)
            if refused.code == "game_error":
                self._replies.tell_hosts(Refused(f"The game failed at {what}.", code="game_error"))
                if counts:
                    self._count_failure()
        except GeneratorExit:
            if counts:
                self._count_failure()
            raise
        else:
            if counts:
                room.moment.failures = 0

    def at_once(self, what: str, call: Callable[..., Any], *args: Any) -> Coroutine[Any, Any, None] | None:
        """
        Call the game's code for an input that no player sent and that comes often: a coroutine would cost more than a
        tick.

        :returns: None where it is done; otherwise what is to be awaited, as `alone`.
        """
        room = self._room
        mark = room.journal.mark()
        try:
            result = call(*args)
            if isawaitable(result) or room.journal.stale.asked or room.spec.looks_ahead:
                return self.alone(what, lambda: result, counts=True, mark=mark)
            quota.check(room)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - raised again where all failures are dealt with
            return self.alone(what, _fail, error, counts=True, mark=mark)
        room.moment.failures = 0
        return None

    async def asked(self, requester: Requester, player: Player, what: str, mark: int, steps: Awaitable[Any]) -> None:
        """Await what a player asked for, and answer it; if it fails, it leaves no trace but an error."""
        try:
            reply = await steps
            await self.settle()
            quota.check(self._room)
            self._replies.answer(requester, player, values.plain(reply))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the message's door
            self.refuse(requester, player, what, mark, error)

    async def settle(self) -> None:
        """
        Finish what a game's code set going: hooks that wait, questions and calls that are complete, a turn that begins.

        Where ``stale.asked`` is not set there is nothing of the kind, except in games that look ahead.

        :raises RuntimeError: one after another set the next going, without an end.
        """
        stale = self._room.journal.stale
        rounds = 0
        while stale.asked:
            rounds += 1
            if rounds > MAX_ROUNDS:
                raise RuntimeError(
                    f"turns, calls or questions ended and began again and again, {MAX_ROUNDS} times in a step"
                )
            stale.asked = False
            while self._room.changes.later:
                await self._room.changes.later.pop(0)
            for name in complete_questions(self._room):
                await self._finish_question(name)
            hook = hooks.next_hook(self._room)
            if hook is not None:
                stale.asked = True
                result = hook()
                if isawaitable(result):
                    await result
        legal.check(self._room)
        thinking.arm(self._room)
        legal.keep(self._room)

    async def _finish_question(self, name: str) -> None:
        """All answers that can be had are in: the game gets them."""
        done = self._room.spec.questions[name].done_method
        if name in self._room.state.questions and done is not None:
            result = getattr(self._room.game, done)(OpenQuestions(self._room).finish(name))
            if isawaitable(result):
                await result

    def _count_failure(self) -> None:
        self._room.moment.failures += 1
        if self._room.moment.failures >= MAX_FAILURES:
            self._room.close("closed", "The game failed again and again.")

    def log_failure(self, what: str, error: BaseException, player: Player | None) -> None:
        self._room.context.log.failure(
            "{game} failed in room {room} at {what} (seat {seat})",
            Failure(error),
            game=self._room.spec.name,
            room=self._room.code,
            what=what,
            seat=player.id if player is not None else None,
        )

    def refuse(self, requester: Requester, player: Player, what: str, mark: int, error: BaseException) -> None:
        """A player's request failed: it leaves no trace but its answer."""
        self._room.journal.rollback(mark)
        if not isinstance(error, Refused):
            self.log_failure(what, error, player)
            player._bucket.charge(self._room.monotonic, FAILURE_COST)
            error = Refused(code="game_error")
        self._replies.error(requester, error, player)


def complete_questions(room: RoomCore) -> list[str]:
    """
    :returns: the names of the questions that need not wait: of those who were asked and are still here, all who are
        online have answered, at least one of them; or none of them is left. Bots that have an answer are waited for.
    """
    return [name for name, asked in room.state.questions.items() if _is_complete(room, name, asked)]


def _is_complete(room: RoomCore, name: str, asked: Asked) -> bool:
    here = OpenQuestions(room).here(asked.of)
    waited_for = [seat for seat in here if seat not in asked.answers]
    if any(_waits_for(room, room.seats[seat], name) for seat in waited_for):
        return False
    return len(waited_for) < len(here) or not here


def _waits_for(room: RoomCore, seat: Player, name: str) -> bool:
    if thinking.level_of(seat) is None:
        return seat.online and not seat._kept.absent
    return thinking.answers(room, seat, name)


def _fail(error: BaseException) -> None:
    raise error
