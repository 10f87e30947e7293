"""A thousand rooms live and die, and leave in the store what `gameserver.store.keys` says, and nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from contextlib import closing
from random import Random
from typing import Any, Final

from msgspec import Raw
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock as FakeTime
from twisted.trial.unittest import TestCase

from gameserver import Game, Player, Refused, message, timer
from gameserver.clock import Clock
from gameserver.game.spec import spec_of
from gameserver.interfaces import IStore
from gameserver.node.rooms import RoomRegistry
from gameserver.node.runner import RoomRunner
from gameserver.protocol.messages import ChatMessage, Leave, Send
from gameserver.room.inputs.chat import SayLine
from gameserver.room.inputs.lifecycle import GiveUpSeat
from gameserver.store import keys
from gameserver.store.redis.store import RedisStore
from gameserver.store.sqlite.store import SQLiteStore
from tests.e2e.kit import together, until
from tests.node.registries import START_S, FakeSession, Place
from tests.store.redis_server import RedisServer

ROOMS: Final = 1000
FLEETING: Final = 50
REFUSED: Final = 20
IDLE_S: Final = 3600.0
"""When a room closes where nobody is."""
LATEST_S: Final = IDLE_S + 600.0
"""Seats are held for a while before that."""
DAY_S: Final = 24 * 60 * 60.0


class Full(Game):
    """Leaves nothing out that a room can have in the store."""

    def on_create(self, refuse: bool = False) -> None:
        if refuse:
            raise Refused("not today")
        self.state["n"] = self.secret["n"] = 0

    def on_join(self, player: Player) -> None:
        player.state["hand"] = [1, 2, 3]
        self.group("red").add(player)
        self.group("red").state["all"] = [seat.id for seat in self.seats()]

    @message
    def play(self, player: Player) -> int:
        self.state["n"] += 1
        self.chat.say("well played", to=self.group("red"))
        self.after(10 * IDLE_S, self.late)
        player.after(10 * IDLE_S, self.late_for, show=True)
        return int(self.state["n"])

    @message
    def finish(self, player: Player) -> None:
        self.close("that was it")

    @timer
    def late(self) -> None: ...

    @timer
    def late_for(self, player: Player) -> None: ...


class Fleeting(Full):
    """The same, never stored."""

    durability = "none"


class Lives:
    """A registry on a real store and a clock in the test's hands."""

    def __init__(self, store: IStore) -> None:
        self.store = store
        self.time = FakeTime()
        self.registry = RoomRegistry(
            {spec_of(game).name: spec_of(game) for game in (Full, Fleeting)},
            store,
            Clock(self.time, lambda: START_S + self.time.seconds()),
            Random(1).randbytes,
            beats=False,
        )
        self._guests = 0
        self._stopped = False

    async def start(self) -> None:
        """The process starts."""
        await self.registry.start()

    async def stop(self) -> None:
        """The process ends, once."""
        if not self._stopped:
            self._stopped = True
            await self.waited(Deferred.fromCoroutine(self.registry.stop()))

    async def settle(self) -> None:
        """Let all be stored that is to be, and told."""
        await until(self._is_settled, "all is stored")

    def _is_settled(self) -> bool:
        self.time.advance(0)
        return all(runner.commits.settled for runner in self.registry.runners)

    async def advance(self, s: float) -> None:
        """Let time pass."""
        end_s = self.time.seconds() + s
        while self.time.seconds() < end_s:
            self.time.advance(min(60.0, end_s - self.time.seconds()))
            await self.settle()

    async def make(self, count: int, game: str = "full", *, seated: bool = True) -> list[Life]:
        """Have so many guests make a room each, in which they sit down or not."""
        made = together(*(self._make(game, seated) for _ in range(count)))
        return await self.waited(Deferred.fromCoroutine(made))

    async def _make(self, game: str, seated: bool, **options: Any) -> Life:
        self._guests += 1
        session = FakeSession(f"guest-{self._guests}")
        wish = {"requester": session.requester(), "seat": Place.wish("Ann", "player")} if seated else {}
        return Life(await self.registry.create(session.user, game, options, **wish), session)

    async def refuse(self, count: int) -> None:
        """Have so many rooms refused by their game."""
        for _ in range(count):
            made = Deferred.fromCoroutine(self._make("full", True, refuse=True))
            try:
                await self.waited(made)
            except Refused:
                continue
            raise AssertionError("the game did not refuse")

    async def play(self, lives: list[Life]) -> None:
        """In each room a friend joins, and all play and talk."""
        for life in lives:
            friend = FakeSession(f"{life.session.user.id}-friend")
            await self.registry.join(friend.requester(), life.runner, Place.wish("Bob", "player"))
            for each in (life.session, friend):
                life.runner.message(each.requester(), each.seat, Send("play", data=Raw(b"{}")))
                await life.runner.post(SayLine(each.requester(), each.seat, ChatMessage("hello")))
            life.friend = friend
        await self.settle()

    async def waited(self, deferred: Deferred[Any]) -> Any:
        """Let happen what it waits for."""
        await until(lambda: self._happens(deferred), "the registry answers")
        return await deferred

    def _happens(self, deferred: Deferred[Any]) -> bool:
        self.time.advance(0)
        return deferred.called


class Life:
    """One room, and who is there."""

    def __init__(self, runner: RoomRunner, session: FakeSession) -> None:
        self.runner = runner
        self.session = session
        self.friend = session

    def finish(self) -> None:
        """The game closes the room."""
        self.runner.message(self.session.requester(), self.session.seat, Send("finish", data=Raw(b"{}")))

    def leave(self) -> None:
        """All give their seats up."""
        for each in (self.session, self.friend):
            self.runner.post(GiveUpSeat(each.requester(), each.seat, Leave()))

    def drop(self) -> None:
        """All are gone without a word."""
        for each in (self.session, self.friend):
            self.runner.gone(each, each.seat)


class LifetimeTests(TestCase):
    """Rooms that ended, were left, were abandoned, never came to life, were refused, or were never stored."""

    timeout = 240

    async def live_and_die(self, store: IStore) -> tuple[Lives, list[str]]:
        """:returns: the codes of the rooms that were stored."""
        lives = Lives(store)
        await lives.start()
        self.addCleanup(lives.stop)
        ended, left, dropped = [await lives.make(ROOMS // 4) for _ in range(3)]
        never_started = await lives.make(ROOMS // 4, seated=False)
        fleeting = await lives.make(FLEETING, "fleeting")
        await lives.refuse(REFUSED)
        stored = [*ended, *left, *dropped, *never_started]
        codes = [life.runner.room.code for life in stored]
        await lives.play([*ended, *left, *dropped, *fleeting])
        self.assertEqual(len(await store.room_ids()), ROOMS)
        self.assertGreater(self.parts(), 10 * ROOMS)
        for life in [*ended, *fleeting]:
            life.finish()
        for life in left:
            life.leave()
        for life in dropped:
            life.drop()
        await lives.settle()
        await lives.advance(LATEST_S)
        self.assertEqual([runner.room.code for runner in lives.registry.runners], [])
        return lives, codes

    def parts(self) -> int:
        """How many parts of rooms the store has."""
        raise NotImplementedError


class RedisLifetimeTests(LifetimeTests):
    def keys_but(self, but: Collection[str] = ()) -> list[str]:
        """All keys that are there, without these."""
        found = self.redis.keys()
        return [key for key in found if key not in but]

    def parts(self) -> int:
        room_key, _, _ = keys.room_key("").partition("{")
        return sum(self.redis.ask("HLEN", key) for key in self.keys_but() if key.startswith(room_key))

    async def test_keys(self) -> None:
        """Of each room its code rests for a day, by Redis's own clock; besides there is what is there for good."""
        self.redis = RedisServer().start()
        self.addCleanup(self.redis.remove)
        store = RedisStore(f"redis://127.0.0.1:{self.redis.port}", reactor=reactor)
        lives, codes = await self.live_and_die(store)
        resting = {keys.code_key(code) for code in codes}
        claims = [code.decode() for code in self.redis.ask("SMEMBERS", keys.claims_key(""))]
        self.assertEqual(len(claims), FLEETING)
        claimed = [keys.code_key(code) for code in claims]
        self.assertEqual(self.keys_but(resting), sorted([*claimed, keys.claims_key(""), keys.META_KEY]))
        for key in resting:
            self.assertTrue(0 < self.redis.ask("PTTL", key) <= keys.CODE_REST_MS)
        await lives.stop()
        again = Lives(RedisStore(f"redis://127.0.0.1:{self.redis.port}", reactor=reactor))
        await again.start()
        await again.stop()
        self.assertEqual(self.keys_but(resting), [keys.META_KEY])


class SQLiteLifetimeTests(LifetimeTests):
    def rows(self, table: str) -> list[Any]:
        """All rows of a table."""
        with closing(sqlite3.connect(self.path)) as database:
            return database.execute(f"SELECT * FROM {table}").fetchall()

    def parts(self) -> int:
        return len(self.rows("parts"))

    async def test_rows(self) -> None:
        """Of each room its code rests for a day; besides there is what is there for good."""
        self.path = self.mktemp()
        store = SQLiteStore(self.path, reactor=reactor)  # type: ignore[arg-type]
        lives, codes = await self.live_and_die(store)
        self.assertEqual((self.rows("rooms"), self.parts()), ([], 0))
        resting = [code for code, _, free_at_ms, *_ in self.rows("codes") if free_at_ms is not None]
        self.assertEqual(sorted(resting), sorted(codes))
        self.assertEqual(len(self.rows("codes")), ROOMS + FLEETING)
        await store.beat(now_ms=round((START_S + lives.time.seconds() + DAY_S) * 1000))
        self.assertEqual(len(self.rows("codes")), FLEETING)
        await lives.stop()
        again = Lives(SQLiteStore(self.path, reactor=reactor))  # type: ignore[arg-type]
        await again.start()
        await again.stop()
        self.assertEqual([len(self.rows(table)) for table in ("rooms", "parts", "codes")], [0, 0, 0])
        self.assertEqual([key for key, _ in self.rows("meta")], ["beat_ms"])
