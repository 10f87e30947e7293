"""
``kill -9`` in the middle of games: the server starts again on the same data, clients come back by themselves, and
nothing that anybody was told is lost or told twice.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from typing import Any, Final

from twisted.internet.defer import Deferred

from gameserver.client import Room
from gameserver.errors import ConnectionFailed
from tests.e2e.checker import Counts
from tests.e2e.company import GAMES, Fair
from tests.e2e.kit import Person, Server, ServerCase, sleep, together, until, within
from tests.store.redis_server import RedisServer

KILLS: Final = int(os.environ.get("GAMESERVER_TEST_KILLS", "6"))
"""On each store."""
KILLS_A_FAIR: Final = 5
"""After so many, new rooms: so that they are many, and none grows too large to be compared."""
ROOMS: Final = 6
"""At a time."""

TALLY = '''
"""Keeps a ledger of what was added, and tells everybody; once as a class."""
from gameserver import Game, Player, message

class Tally(Game):
    """A ledger."""
    max_players = 4
    needs_start = False
    messages_per_s = 5000

    def on_create(self):
        self.state.update(ledger=[], hooks=[])

    @message
    def add(self, player: Player, what: int) -> list:
        entry = [player.id, what, self.random.randrange(10**9)]
        self.state["ledger"].append(entry)
        player.state["last"] = what
        self.secret["count"] = self.secret.get("count", 0) + 1
        self.send("added", entry)
        player.send("yours", what)
        return [len(self.state["ledger"]), self.secret["count"], entry[2]]

    def on_drop(self, player):
        self.state["hooks"].append("drop")

    def on_resume(self, player):
        self.state["hooks"].append("resume")

    def on_load(self):
        self.state["loads"] = self.state.get("loads", 0) + 1
'''

LEDGER = '''
"""Keeps a ledger of what was added, and tells everybody; once as a function."""
title = "A ledger"
messages_per_s = 5000

def payload_handler(group_add, socket_self_send, socket_group_send, payload):
    action, user, state, shared = payload["action"], payload["user"], payload["state"], payload["shared"]
    if action == "CREATE_ROOM":
        state["count"] = 0
        shared.update(ledger=[], hooks=[])
    elif action == "JOIN_ROOM":
        group_add("red")
    elif action in ("DROP", "RESUME"):
        shared["hooks"].append(action.lower())
    elif action == "add":
        state["count"] += 1
        entry = [user["seat"], payload["data"]["what"], state["count"] * 7]
        shared["ledger"].append(entry)
        socket_group_send("red", {"type": "added", "data": entry})
        socket_self_send({"type": "yours", "data": entry[1]})
        return [len(shared["ledger"]), state["count"], entry[2]]
'''

QUICK = '''
"""Tic-tac-toe's clock without the board: whoever does not move in time has lost."""
from gameserver import Game, Player, message, timer

class Quick(Game):
    """Move in time."""
    min_players = max_players = 2
    auto_start = True
    move_s = 1.5

    def on_start(self):
        self.state.update(turn=0, fired=0, moves=0)
        self.after(self.move_s, self.forfeit, show=True)

    @message
    def play(self, player: Player) -> int:
        self.state["moves"] += 1
        self.state["turn"] = 1 - player.number
        self.after(self.move_s, self.forfeit, show=True)
        return self.state["moves"]

    @timer
    def forfeit(self):
        self.state["fired"] += 1
        self.send("forfeit", self.state["turn"])
        self.over(winner=1 - self.state["turn"], forfeit=True)

class Hurried(Quick):
    """Move in time, also while nobody runs the room."""
    downtime = "count"
'''


class CrashCase(ServerCase):
    """A server that is killed, and the checks that compare what was told with what is there."""

    async def begin(self, **sources: str) -> Server:
        """Start a server with these games."""
        server = self.server(games=self.games(**sources) if sources else None)
        await server.start()
        return server

    async def back(self, *people: Person, since: int) -> None:
        """Wait until all have their seats again, on a connection after the first ``since``."""
        for person in people:
            await until(
                lambda p=person: any(m["op"] == "joined" for heard in p.told.connections[since:] for m in heard),
                f"{person.client.name} is back",
            )

    def assert_recovered(self, *people: Person) -> None:
        """Nobody needed whole documents again."""
        for person in people:
            first, *later = person.told.all("joined")
            self.assertIsNone(first["recovered"])
            self.assertEqual([joined["recovered"] for joined in later], [True] * len(later))
            self.assertEqual(person.room.jumps, 0)

    def assert_streams_whole(self, *people: Person) -> None:
        """
        No counter is missing or told twice to anybody, and nobody was told anything else under the same counter.

        A stream begins with the counter that the first ``joined`` gives, or with its first ``doc``.
        """
        told: dict[tuple[str, int], str] = {}
        for person in people:
            counts: dict[str, int] = {}
            for joined in person.told.all("joined")[:1]:
                counts = {name: n for name, n in joined["seen"].items() if name != "epoch"}
            for message in person.told.all():
                if message.get("n") is None or message["op"] == "joined":
                    continue
                stream, n = message["stream"], message["n"]
                if message["op"] == "doc" and stream not in counts:
                    counts[stream] = n
                else:
                    self.assertEqual(n, counts[stream] + 1, f"{person.client.name}, {stream}: {message}")
                    counts[stream] = n
                key = (f"seat:{person.room.seat.id}" if stream == "seat" else stream, n)
                content = json.dumps(message, sort_keys=True)
                self.assertEqual(told.setdefault(key, content), content)
            seen = {name: n for name, n in person.room.seen.items() if name != "epoch"}
            self.assertEqual(counts, seen)

    def assert_answered_once(self, *people: Person) -> None:
        """Each request has one answer; one that came again after a crash says the same."""
        for person in people:
            answers: dict[int, str] = {}
            for message in person.told.all():
                if message["op"] in ("ok", "error") and message["id"] is not None:
                    content = json.dumps(message, sort_keys=True)
                    self.assertNotIn(message["id"], answers)
                    answers[message["id"]] = content

    async def assert_restored(self, server: Server, *people: Person) -> None:
        """What the server has is what each client has put together from what it was told."""
        for person in people:
            other = await self.person(server, "Other", token=person.client.token)
            truth: Room = await within(other.client.resume(person.room.code, person.room.seat.resume), "a look")
            for each in (person.room, truth):
                each.docs.setdefault("seat", {})
            ours = (person.room.docs, person.room.info, person.room.seats, person.room.timers)
            theirs = (truth.docs, truth.info, truth.seats, truth.timers)
            self.assertEqual(ours, theirs)
            lines = [(line.stream, line.n, line.text) for line in person.room.chat]
            kept = [(line.stream, line.n, line.text) for line in truth.chat]
            self.assertEqual(lines[-len(kept) :] if kept else [], kept)
            await within(other.client.close(), "the look is over")


class MiddleOfAGameTests(CrashCase):
    """The sample games, killed halfway, end as they should."""

    async def test_tictactoe(self) -> None:
        """After the kill the board, the turn and the clock are there, and the game is played to its end."""
        server = await self.begin()
        ann, bob = await self.people(server, "Ann", "Bob")
        await ann.create("tictactoe")
        await bob.join(ann.room.code)
        await ann.sees(lambda room: room.info.status == "playing", "the game starts")
        await within(bob.room.say("good luck"), "chat")
        cells = (0, 3, 1, 4, 2)
        for index, cell in enumerate(cells):
            turn = ann.room.state["turn"]
            mover = (ann, bob)[turn]
            await mover.sees(lambda room, turn=turn: room.state["turn"] == turn, "its turn")
            await mover.send("play", cell=cell)
            for each in (ann, bob):
                await each.sees(lambda room, n=index + 1: _moves(room) == n, "the move")
            if index in (1, 3):
                before = json.dumps(ann.room.state)
                await server.restart()
                await self.back(ann, bob, since=len(ann.told.closes))
                self.assertEqual(json.dumps(ann.room.state), before)
                (timer,) = ann.room.timers.values()
                assert timer.ends is not None
                self.assertApproximates(timer.ends / 1000, time.time() + 30, 15)
        for each in (ann, bob):
            await each.sees(lambda room: room.info.status == "over" and not room.timers, "the end")
            self.assertEqual(each.room.info.result, {"winner": turn})
            self.assertEqual([line.text for line in each.room.chat], ["good luck"])
            self.assertEqual(each.room.timers, {})
        self.assert_recovered(ann, bob)
        self.assert_streams_whole(ann, bob)
        self.assert_answered_once(ann, bob)
        await self.assert_restored(server, ann, bob)
        self.assertNotIn("Traceback", server.output)

    async def test_rps(self) -> None:
        """A kill while the count is on: it goes on, what was thrown is still secret, and is told once."""
        server = await self.begin()
        people = await self.people(server, "Ann", "Bob", "Cyd", "Dan")
        ann, bob, cyd, dan = people
        await ann.create("rps")
        for person in (bob, cyd, dan):
            await person.join(ann.room.code)
        for round, killed in ((1, True), (2, True), (3, False)):
            await ann.send("go")
            # At once: the count takes three seconds, however slow the machine is.
            throws = ((ann, "paper"), (cyd, "paper"), (bob, "rock"), (dan, "rock"))
            await together(*(person.send("throw", throw) for person, throw in throws))
            if killed:
                await server.restart()
                await self.back(*people, since=round)
            for person in people:
                await until(lambda p=person, n=round: len(p.heard("reveal")) >= n, "the throws are told")
            if round == 1:
                hidden = next(
                    index for index, m in enumerate(bob.told.all()) if m["op"] == "event" and m["type"] == "reveal"
                )
                self.assertNotIn('"planned", "data": ["Ann', json.dumps(bob.told.all()[:hidden]))
        for person in people:
            self.assertEqual(
                person.heard("reveal"), [{"thrown": {"red": "paper", "blue": "rock"}, "scored": "red"}] * 3
            )
            self.assertEqual(person.room.state["winner"], "red")
            self.assertEqual(person.room.state["score"], {"red": 3, "blue": 0})
            self.assertEqual(person.room.timers, {})
        self.assert_recovered(*people)
        self.assert_streams_whole(*people)
        self.assert_answered_once(*people)
        await self.assert_restored(server, *people)
        self.assertNotIn("Traceback", server.output)


def _moves(room: Room) -> int:
    return sum(owner is not None for owner in room.state["cells"])


class TimerTests(CrashCase):
    """An armed timer fires once after the restart."""

    async def quick(self, server: Server, game: str) -> tuple[Person, Person]:
        """Begin a game whose clock runs."""
        ann, bob = await self.people(server, "Ann", "Bob")
        await ann.create(game)
        await bob.join(ann.room.code)
        self.assertEqual(await ann.send("play"), 1)
        self.assertEqual(ann.room.info.status, "playing")
        return ann, bob

    async def ended(self, server: Server, *people: Person) -> None:
        """Wait for the forfeit; then kill again: it has fired, and does not fire again."""
        for person in people:
            await person.sees(lambda room: room.info.status == "over" and not room.timers, "the clock has run out")
        await server.restart()
        await self.back(*people, since=2)
        for person in people:
            await within(person.room.say("still here"), "chat")
            self.assertEqual(person.room.info.result, {"winner": 0, "forfeit": True})
            self.assertEqual(person.room.state, {"turn": 1, "fired": 1, "moves": 1})
            self.assertEqual(person.heard("forfeit"), [1])
            self.assertEqual(person.room.timers, {})
        await until(lambda: all(len(person.room.chat) == 2 for person in people), "all of the chat")
        self.assert_recovered(*people)
        self.assert_streams_whole(*people)
        await self.assert_restored(server, *people)
        self.assertNotIn("Traceback", server.output)

    async def test_pause(self) -> None:
        """While nobody runs the room its clock stands still; afterwards what is left runs, and no more."""
        server = await self.begin(quick=QUICK)
        ann, bob = await self.quick(server, "quick")
        (timer,) = ann.room.timers.values()
        assert timer.ends is not None
        await server.kill()
        killed = time.time()
        await until(lambda: time.time() > timer.ends / 1000 + 0.5, "its time would be over")
        await server.start()
        started = time.time()
        await self.back(ann, bob, since=1)
        for person in (ann, bob):
            await person.sees(lambda room: room.info.status == "over" and not room.timers, "the clock has run out")
        # What was left when it died, less what its last beat does not know of: a beat comes each second.
        left_s = timer.ends / 1000 - killed
        self.assertGreater(time.time() - started, left_s - 1.0)
        await self.ended(server, ann, bob)

    async def test_count(self) -> None:
        """With ``downtime = "count"`` it fires at once, before anybody is back; all of that reaches them."""
        server = await self.begin(quick=QUICK)
        ann, bob = await self.quick(server, "hurried")
        (timer,) = ann.room.timers.values()
        assert timer.ends is not None
        await server.kill()
        await until(lambda: time.time() > timer.ends / 1000 + 0.1, "its time is over")
        await server.start()
        about = (await server.http("GET", f"/api/rooms/{ann.room.code}")).json
        self.assertEqual(about["status"], "over")
        await self.ended(server, ann, bob)


class UnderWayTests(CrashCase):
    """What was said, and not answered, when the server died."""

    async def under_way(self, game: str) -> None:
        """Two that were applied while their answers are lost, and two that were never read: each is applied once."""
        server = await self.begin(tally=TALLY, ledger=LEDGER)
        ann, bob = await self.people(server, "Ann", "Bob")
        await ann.create(game)
        await bob.join(ann.room.code)
        await ann.send("add", what=1)
        ann.told.deaf = True
        asked: list[Deferred[Any]] = [ann.room.send("add", what=2), ann.room.say("two")]
        await bob.sees(lambda room: [line.text for line in room.chat] == ["two"], "the chat")
        # What bob was told the store has; ann heard nothing. Now the server reads no more, but its kernel still does.
        server.signal(signal.SIGSTOP)
        asked += [ann.room.send("add", what=3), ann.room.say("three")]
        await sleep(0.1)  # for the bytes to leave; if they do not, less is shown
        await server.restart()
        replies = [await within(each, "an answer") for each in asked]
        ledger = ann.room.state["ledger"]
        self.assertEqual([what for _, what, _ in ledger], [1, 2, 3])
        self.assertEqual(replies, [[2, 2, ledger[1][2]], None, [3, 3, ledger[2][2]], None])
        for person in (ann, bob):
            await until(lambda p=person: [line.text for line in p.room.chat] == ["two", "three"], "all of the chat")
            self.assertEqual(person.heard("added"), ledger)
            self.assertEqual(person.room.state["hooks"], [])
        self.assertEqual((ann.heard("yours"), bob.heard("yours")), ([1, 2, 3], []))
        self.assert_recovered(ann, bob)
        self.assert_streams_whole(ann, bob)
        await self.assert_restored(server, ann, bob)
        self.assertNotIn("Traceback", server.output)

    async def test_class_style(self) -> None:
        """Exactly once, in a game that is a class."""
        await self.under_way("tally")

    async def test_function_style(self) -> None:
        """Exactly once, in a game that is a function."""
        await self.under_way("ledger")


class RoomTests(CrashCase):
    """Rooms and seats that come and go when the server dies."""

    async def test_rooms_that_were_told_are_there(self) -> None:
        """A room whose making was told outlives the server; a seat whose leaving was told is gone."""
        server = await self.begin(tally=TALLY)
        people = await self.people(server, "Ann", "Bob", "Cyd")
        made: list[list[Room]] = [[] for _ in people]
        left: list[Room] = []

        async def make(person: Person, rooms: list[Room]) -> None:
            try:
                for index in range(9):
                    rooms.append(await within(person.client.create("tally"), "a room"))
                    if index % 3 == 2:
                        leaving = rooms.pop()
                        await within(leaving.leave(), "leaving")
                        left.append(leaving)
            except ConnectionFailed as lost:
                self.assertIn("it may have made a room", str(lost))

        making = together(*(make(person, rooms) for person, rooms in zip(people, made, strict=True)))
        making_done: Deferred[Any] = Deferred.fromCoroutine(making)
        await until(lambda: sum(map(len, made)) >= 6, "some rooms are made")
        await server.restart()
        await within(making_done, "each room is made, or it is said that nobody knows")
        for rooms in made:
            for room in rooms:
                self.assertEqual((await within(room.send("add", what=1), "the room is there"))[0], 1)
                self.assertEqual([seat.name for seat in room.seats.values()], [room.seats[room.seat.id].name])
        for room in left:
            look = await server.http("GET", f"/api/rooms/{room.code}")
            self.assertTrue(look.status == 404 or look.json["players"] == 0, look.body)
        codes = [room.code for rooms in made for room in rooms]
        self.assertEqual(len(codes), len(set(codes)))
        self.assertNotIn("Traceback", server.output)

    async def test_no_hook_runs_for_who_comes_back(self) -> None:
        """Neither a kill nor a clean stop is a drop, for whoever comes back in time."""
        server = await self.begin(tally=TALLY, ledger=LEDGER)
        for game in ("tally", "ledger"):
            ann, bob = await self.people(server, "Ann", "Bob")
            await ann.create(game)
            await bob.join(ann.room.code)
            for halt in (server.stop, server.kill):
                since = len(ann.told.connections)
                await halt()
                await server.start()
                await self.back(ann, bob, since=since)
            await ann.send("add", what=1)
            self.assertEqual(ann.room.state["hooks"], [])
            self.assertTrue(all(seat.online for seat in ann.room.seats.values()))
            self.assert_recovered(ann, bob)
            self.assert_streams_whole(ann, bob)
        self.assertNotIn("Traceback", server.output)


class RandomKillTests(ServerCase):
    """
    Kills at random instants, while many play in many rooms, until so many have been.

    ``GAMESERVER_TEST_KILLS`` is how many on each store, ``GAMESERVER_TEST_SEED`` repeats what chance chose before.
    """

    timeout = 300 + 20 * KILLS

    async def test_sqlite(self) -> None:
        """Nothing that anybody was told is lost, told twice or applied twice; with rooms in SQLite."""
        await self.killed_often("sqlite")

    async def test_redis(self) -> None:
        """The same with rooms in Redis."""
        redis = RedisServer().start()
        self.addCleanup(redis.remove)
        await self.killed_often("redis", GAMESERVER_STORE=f"redis://127.0.0.1:{redis.port}")

    async def killed_often(self, store: str, **environ: str) -> None:
        """Play, kill, play on, compare; with new rooms after every few kills."""
        seed = int(os.environ.get("GAMESERVER_TEST_SEED") or random.SystemRandom().randrange(10**6))
        chance = random.Random(seed)
        counts = Counts(kills=0)
        server = self.server(games=GAMES, **environ)
        try:
            await server.start()
            while counts["kills"] < KILLS:
                await self.one_fair(server, chance, counts)
        finally:
            sys.stdout.write(f"\n{store}, seed {seed}: {counts}\n")
        self.assertNotIn("Traceback", server.output)
        self.assertGreater(counts["recovered"], counts["not recovered"])

    async def one_fair(self, server: Server, chance: random.Random, counts: Counts) -> None:
        """Some rooms, from the first input to the last, and the kills in between."""
        fair = Fair(self, server, chance, counts)
        await fair.open(ROOMS)
        for kill in range(min(KILLS_A_FAIR, KILLS - counts["kills"])):
            # One comes while clients are only just coming back.
            if kill != 2:
                await fair.all_go_on()
            await sleep(chance.uniform(0, 0.4))
            await server.kill()
            counts["kills"] += 1
            before = fair.witnesses()
            if kill == 3:  # and once more, while it starts
                server.spawn()
                await sleep(chance.uniform(0.2, 0.8))
                await server.kill()
                counts["kills"] += 1
            await server.start()
            await fair.check_meanwhile(before)
        await fair.close()
