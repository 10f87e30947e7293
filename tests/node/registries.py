"""A registry on a fake clock and a store in memory, and sessions that keep what they are sent."""

from __future__ import annotations

import os
from itertools import count
from random import Random
from typing import Any

from msgspec import Raw
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock as FakeTime
from zope.interface import implementer

from gameserver import Game
from gameserver.clock import Clock
from gameserver.cluster.lease import Lease
from gameserver.game.spec import spec_of
from gameserver.interfaces import ILeases, ISession, User
from gameserver.node.rooms import RoomRegistry
from gameserver.node.runner import RoomRunner
from gameserver.protocol import values
from gameserver.protocol.messages import Form, Send
from gameserver.room.effects import OneByOne, Requester
from gameserver.room.inputs.arrivals import SeatWish
from gameserver.store.memory.store import MemoryStore

_keys = count()
START_S = 1_767_225_600.0
"""2026-01-01T00:00Z, a Thursday."""


@implementer(ISession)
class FakeSession(OneByOne):
    """
    One connection of a user.

    :ivar frames: what it was sent, decoded, oldest first.
    """

    def __init__(self, user: str) -> None:
        self.user = User(user, user.capitalize())
        self.key = f"key {next(_keys)}"
        self.form = Form.JSON
        self.frames: list[dict[str, Any]] = []
        self.seat = ""
        self.code = ""
        self._next_id = 1

    def deliver(self, frame: bytes) -> None:
        """Keep it."""
        self.frames.append(values.decode(frame))

    def deliver_volatile(self, frame: bytes, slot: str) -> None:
        """Keep it."""
        self.deliver(frame)

    def seated(self, code: str, seat: str) -> None:
        """It has a seat."""
        self.code, self.seat = code, seat

    def unseated(self, code: str) -> None:
        """It has none."""
        self.seat = ""

    def requester(self) -> Requester:
        """The next request."""
        id, self._next_id = self._next_id, self._next_id + 1
        return Requester(self, self.user, id)

    def of(self, op: str) -> list[dict[str, Any]]:
        """What it was sent of that kind."""
        return [frame for frame in self.frames if frame["op"] == op]


class Place:
    """
    One server's rooms, through restarts.

    :ivar store: what outlives the process.
    """

    def __init__(
        self,
        *games: type[Game],
        beats: bool = True,
        store: MemoryStore | None = None,
        seed: int = 1,
        free_s: float | None = None,
        sleep_s: float | None = None,
    ) -> None:
        self.specs = {spec_of(game).name: spec_of(game) for game in games}
        self.game = next(iter(self.specs))
        self.beats = beats
        self.free_s = free_s
        self.sleep_s = sleep_s
        self.store = store or MemoryStore()
        self.time = FakeTime()
        self.clock = Clock(self.time, lambda: START_S + self.time.seconds())
        self.entropy = Random(seed)
        self.start()

    def start(self) -> None:
        """The process starts."""
        lease = self.lease = Lease(self.store, self.clock, os.urandom) if ILeases.providedBy(self.store) else None
        self.registry = RoomRegistry(
            self.specs,
            self.store,
            self.clock,
            self.entropy.randbytes,
            beats=self.beats,
            lease=lease,
            free_s=self.free_s,
            sleep_s=self.sleep_s,
        )
        self.get(Deferred.fromCoroutine(self.registry.start()))

    def kill(self) -> None:
        """The process dies at once."""
        for call in list(self.time.getDelayedCalls()):  # each that is cancelled leaves it
            call.cancel()
        self.store.kill()

    def away(self, s: float) -> None:
        """The process dies, and is started again so much later."""
        self.kill()
        self.time.advance(s)
        self.start()

    def settle(self) -> None:
        """Let all happen that needs no time."""
        for _ in range(1000):
            if not any(call.getTime() <= self.time.seconds() for call in self.time.getDelayedCalls()):
                return
            self.time.advance(0)

    def advance(self, s: float) -> None:
        """Let time pass, stopping wherever something is due."""
        end = self.time.seconds() + s
        self.settle()
        while True:
            due = min((call.getTime() for call in self.time.getDelayedCalls()), default=end)
            if due > end:
                break
            self.time.rightNow = max(due, self.time.rightNow)
            if due == end and not any(c.getTime() <= due for c in self.time.getDelayedCalls()):
                break
            self.settle()
            if due == end:
                break
        self.time.rightNow = end
        self.settle()

    def get(self, done: Deferred[Any]) -> Any:
        """What a Deferred fires with. :raises Exception: what it fails with."""
        results: list[Any] = []
        failures: list[Any] = []
        done.addCallbacks(results.append, failures.append)
        self.settle()
        if failures:
            failures[0].raiseException()
        assert results, "it has not fired"
        return results[0]

    def create(self, session: FakeSession | None = None, role: str = "player", **options: Any) -> RoomRunner:
        """Make a room, and its creator's seat where there is a session."""
        user = session.user if session is not None else User("maker", "Maker")
        requester = session.requester() if session is not None else None
        seat = self.wish(user.name, role) if session is not None else None
        made = self.registry.create(user, self.game, options, requester=requester, seat=seat)
        runner: RoomRunner = self.get(Deferred.fromCoroutine(made))
        return runner

    def join(self, runner: RoomRunner, session: FakeSession, role: str = "player") -> FakeSession:
        """Take a seat."""
        requester = session.requester()
        self.get(Deferred.fromCoroutine(self.registry.join(requester, runner, self.wish(session.user.name, role))))
        return session

    def send(self, session: FakeSession, type: str, **data: Any) -> dict[str, Any]:
        """Send a message. :returns: the answer's frame, or an empty dict where there is none yet."""
        requester = session.requester()
        runner = self.registry.find(session.code)
        message = Send(type, requester.id, Raw(values.encode(values.to_wire(data))))
        runner.message(requester, session.seat, message)
        self.settle()
        return next((f for f in session.frames if f.get("id") == requester.id and f["op"] in ("ok", "error")), {})

    def gone(self, session: FakeSession) -> None:
        """The connection is lost."""
        self.registry.find(session.code).gone(session, session.seat)
        self.settle()

    @staticmethod
    def wish(name: str, role: str) -> SeatWish:
        """What a client says when it joins."""
        return SeatWish(name, role)
