"""Rooms that share a pass and a commit: what is wrong with one of them harms it alone."""

from __future__ import annotations

from typing import Any

from msgspec import Raw
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, message
from gameserver.errors import StoreUnavailable
from gameserver.interfaces import User
from gameserver.node.commits import Commits
from gameserver.node.operators import Operators, RoomAct, SanctionWish
from gameserver.node.runner import RoomRunner
from gameserver.protocol.messages import Send
from tests.node.registries import FakeSession, Place


class Counting(Game):
    """Counts."""

    needs_start = False

    @message
    def add(self, player: Player) -> int:
        self.state["n"] = self.state.get("n", 0) + 1
        return int(self.state["n"])

    @message
    def shout(self, player: Player) -> None:
        self.chat.mute(player, reason=object())  # type: ignore[arg-type]

    @message
    def mumble(self, player: Player) -> None:
        self.chat.mute(player, reason="\ud800")


class NeighbourTests(SynchronousTestCase):
    """Three rooms that change in the same pass."""

    def setUp(self) -> None:
        self.at = Place(Counting, beats=False)
        self.sessions = [FakeSession(f"user{number}") for number in range(3)]
        self.runners = [self.at.create(session) for session in self.sessions]

    def add(self) -> list[Any]:
        """Each room counts, in one pass. :returns: what each was answered."""
        for session in self.sessions:
            session.frames.clear()
        self.at.store.hold()
        for session in self.sessions:
            runner = self.at.registry.get(session.code)
            if runner is not None:
                runner.message(session.requester(), session.seat, Send("add", data=Raw(b"{}")))
        self.at.settle()
        self.at.store.release()
        self.at.settle()
        return [[frame.get("data") for frame in session.of("ok")] for session in self.sessions]

    def break_(self, runner: RoomRunner, method: str) -> None:
        """Let a part of this room fail."""
        works = getattr(Commits, method)

        def broken(commits: Commits) -> Any:
            if commits is runner.commits:
                raise ZeroDivisionError("a bug of ours")
            return works(commits)

        self.patch(Commits, method, broken)

    def test_room_that_cannot_be_written(self) -> None:
        """It is given up; the others of its pass go on, now and later."""
        self.break_(self.runners[0], "collect")
        self.assertEqual(self.add(), [[], [1], [1]])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertEqual([frame["op"] for frame in self.sessions[0].frames], ["left"])
        self.assertEqual(self.add()[1:], [[2], [2]])

    def test_room_that_fails_after_its_commit(self) -> None:
        """The others of the commit hear that theirs is stored."""
        self.break_(self.runners[0], "stored")
        self.assertEqual(self.add(), [[], [1], [1]])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertEqual(self.add()[1:], [[2], [2]])

    def test_reason_that_could_not_be_stored(self) -> None:
        """It is an error of the step that gives it, not of the commit."""
        for type in ("shout", "mumble"):
            self.assertEqual(self.at.send(self.sessions[0], type)["code"], "game_error")
        self.assertEqual(len(self.flushLoggedErrors()), 2)
        self.assertEqual(self.add(), [[1], [1], [1]])


class OperatorTests(SynchronousTestCase):
    """What an operator did is told once it is stored."""

    def test_act_told_behind_the_commit(self) -> None:
        """A process that dies before has told of nothing."""
        at = Place(Counting, beats=False)
        session = FakeSession("ann")
        runner = at.create(session)
        at.store.hold()
        mod = User("mod", "Mod", rights=frozenset({"moderator"}))
        act = Operators(at.registry).act(mod, runner.room.code, RoomAct(act="mute", seat=session.seat))
        acting = Deferred.fromCoroutine(act)
        at.settle()
        self.assertNoResult(acting)
        at.store.release()
        at.settle()
        self.successResultOf(acting)

    def test_sanction_told_once_it_is_stored(self) -> None:
        """What is not in the store is forgotten with the process."""
        at = Place(Counting, beats=False)
        mod = User("mod", "Mod", rights=frozenset({"moderator"}))
        operators = Operators(at.registry)
        at.store.hold()
        making = Deferred.fromCoroutine(operators.sanction(mod, SanctionWish(act="mute", user="corp:ann")))
        self.assertNoResult(making)
        at.store.release()
        made = self.successResultOf(making)
        at.store.fail = StoreUnavailable("away")
        self.failureResultOf(Deferred.fromCoroutine(operators.lift(mod, made.id)), StoreUnavailable)
        self.assertEqual(len(self.flushLoggedErrors(StoreUnavailable)), 1)
