"""
Real servers with rooms whose steps never return: the server is ended, the others play on, the room waits, and is kept.

What is poison here holds the interpreter (a regular expression that runs away) or the processor (a loop without end).
"""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

from gameserver.errors import Refused
from tests.e2e.kit import WAIT_S, Person, Server, ServerCase, sleep, together, until, within
from tests.store.redis_server import RedisServer

POISON = '''
"""Some of what it is told never ends."""
import os
import re
import time

from gameserver import Game, Player, message, timer


class Poison(Game):
    """Counts, until it is told to do something else."""

    needs_start = False

    def on_create(self):
        self.state["n"] = 0

    @message
    def add(self, player: Player) -> int:
        self.state["n"] += 1
        return self.state["n"]

    @message
    def loop(self, player: Player) -> None:
        while True:
            pass

    @message
    def runaway(self, player: Player) -> None:
        re.match(r"(a+)+$", "a" * 60 + "b")

    @message
    def leave(self, player: Player) -> None:
        os._exit(7)

    @message
    def die(self, player: Player) -> None:
        os.kill(os.getpid(), 9)

    @message
    def work(self, player: Player, s: float) -> str:
        end_s = time.process_time() + s
        while time.process_time() < end_s:
            pass
        return "done"

    @message
    def later(self, player: Player, s: float) -> None:
        self.after(s, self.bomb)

    @timer
    def bomb(self) -> None:
        while True:
            pass
'''

OTHERS = 10
"""Rooms beside the one that is poisoned."""


def guard_of(pid: int) -> int | None:
    """:returns: the process beside this one."""
    for path in Path("/proc").glob("[0-9]*"):
        try:
            fields = (path / "stat").read_text().rpartition(")")[2].split()
            if int(fields[1]) == pid and b"gameserver.guard" in (path / "cmdline").read_bytes():
                return int(path.name)
        except (OSError, IndexError):
            continue
    return None


def is_there(pid: int) -> bool:
    """Whether a process runs."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class GuardCase(ServerCase):
    """Rooms of a game of which some steps never end."""

    timeout = 300

    def poisonous(self, **environ: str) -> Server:
        """A server that serves it."""
        settings = {"GAMESERVER_STEP_WARN_S": "0.4", "GAMESERVER_STEP_LIMIT_S": "1", **environ}
        return self.server(games=self.games(poison=POISON), **settings)

    async def rooms(self, server: Server, count: int = OTHERS) -> list[Person]:
        """:returns: so many people, each in a room that plays."""
        people = await self.people(server, *(f"P{number}" for number in range(count)))
        await together(*(person.create("poison") for person in people))
        self.assertEqual(await together(*(person.send("add") for person in people)), [1] * count)
        return people

    async def poison(self, server: Server, person: Person, type: str, data: Any = None) -> int:
        """Say something that never ends. :returns: the exit status of the server."""
        said = person.room.send(type, data)
        said.addErrback(lambda _: None)
        return await server.ended()

    async def refuses(self, code: str, asked: Any) -> None:
        """Fail unless this is refused so."""
        try:
            await within(asked, f"it is refused with {code}")
        except Refused as refused:
            self.assertEqual(refused.code, code)
        else:
            self.fail(f"it is not refused with {code}")


class AloneTests(GuardCase):
    """One server, SQLite."""

    async def test_others_play_on_after_one_start(self) -> None:
        """The process is ended with all stacks; the room's people come back to it, and nothing ends it again."""
        server = self.poisonous()
        await server.start()
        people = await self.rooms(server)
        bad = await self.person(server, "Bad")
        await bad.create("poison")
        code = bad.room.code
        self.assertEqual(await self.poison(server, bad, "runaway"), -signal.SIGABRT)
        self.assertIn(f"room {code} of the game poison at send", server.output)
        self.assertIn('"type":"runaway"', server.output.replace(" ", ""))
        await server.start()
        self.assertIn("in runaway", server.output)  # where it was, of all stacks
        self.assertEqual(await together(*(person.send("add") for person in people)), [2] * OTHERS)
        # Its player's page says the same again by itself, which is refused; whatever else is played.
        self.assertEqual(await bad.send("add"), 1)
        self.assertIsNone(server.exit_status)
        self.assertEqual(await self.poison(server, bad, "loop"), -signal.SIGABRT)
        await server.start()
        self.assertEqual(await together(*(person.send("add") for person in people)), [3] * OTHERS)
        self.assertEqual((await server.http("GET", f"/api/rooms/{code}")).status, 503)
        other = await self.person(server, "Other")
        await self.refuses("quarantined", other.client.join(code))

    async def test_timer(self) -> None:
        """It does not fire again by itself; with the first who touches the room it does, and that was the last time."""
        server = self.poisonous()
        await server.start()
        people = await self.rooms(server, 3)
        bad = await self.person(server, "Bad")
        await bad.create("poison")
        await bad.send("later", s=0.1)
        self.assertEqual(await server.ended(), -signal.SIGABRT)
        self.assertIn("at timer: bomb", server.output)
        await server.start()
        self.assertEqual(await together(*(person.send("add") for person in people)), [2, 2, 2])
        self.assertEqual(await self.poison(server, bad, "add"), -signal.SIGABRT)
        await server.start()
        self.assertEqual(await together(*(person.send("add") for person in people)), [3, 3, 3])
        self.assertEqual((await server.http("GET", f"/api/rooms/{bad.room.code}")).status, 503)

    async def test_exit(self) -> None:
        """A game that ends the process itself is found out, too."""
        server = self.poisonous()
        await server.start()
        (good,) = await self.rooms(server, 1)
        bad = await self.person(server, "Bad")
        await bad.create("poison")
        for n, how, status in ((2, "leave", 7), (3, "die", -signal.SIGKILL)):
            self.assertEqual(await self.poison(server, bad, how), status)
            await server.start()
            self.assertEqual(await good.send("add"), n)
        self.assertEqual((await server.http("GET", f"/api/rooms/{bad.room.code}")).status, 503)

    async def test_ends_with_its_node(self) -> None:
        """However the server ends, the process beside it does; and a server that stops in time is not in its way."""
        server = self.poisonous()
        for end in (server.kill, server.stop):
            await server.start()
            beside = guard_of(server.pid)
            assert beside is not None
            await end()
            await until(lambda beside=beside: not is_there(beside), "it ends, too")
        self.assertNotIn("is ended", server.output)

    async def test_stopped_process(self) -> None:
        """Time in which the process stands still is no time of a step."""
        server = self.poisonous(GAMESERVER_STEP_LIMIT_S="2.5")
        await server.start()
        (ann,) = await self.rooms(server, 1)
        working = ann.room.send("work", s=1.2)
        await until(lambda: "so far" in server.output, "it is spoken of")
        server.signal(signal.SIGSTOP)
        await self.sleep_s(4)
        server.signal(signal.SIGCONT)
        self.assertEqual(await within(working, "it is done"), "done")
        self.assertIsNone(server.exit_status)

    async def test_hung_ends_on_term(self) -> None:
        """A server that hangs where no limit ends it does end when it is told to."""
        server = self.poisonous(GAMESERVER_STEP_LIMIT_S="0")
        await server.start()
        (ann,) = await self.rooms(server, 1)
        ann.room.send("loop").addErrback(lambda _: None)
        await until(lambda: "so far" in server.output, "it is spoken of")
        await server.stop()
        self.assertIn("was told to end, and does not turn", server.output)

    async def sleep_s(self, s: float) -> None:
        """Let time pass, in which something must not happen."""
        await sleep(s)


class SharedTests(GuardCase):
    """Three servers on one Redis."""

    async def trio(self) -> list[Server]:
        """Start three servers that share a secret."""
        redis = RedisServer()
        self.addCleanup(redis.remove)
        redis.start()
        store = f"redis://127.0.0.1:{redis.port}"
        servers = [self.poisonous(GAMESERVER_STORE=store, GAMESERVER_LEASE_S="6") for _ in range(3)]
        for server in servers:
            server.data.mkdir(mode=0o700)
            (server.data / "secret").write_bytes(b"s" * 32)
            (server.data / "secret").chmod(0o600)
            await server.start()
        return servers

    async def play_on(self, servers: list[Server], codes: list[str]) -> None:
        """Fail unless somebody can come into each of these rooms at one of these servers, and play."""
        for number, code in enumerate(codes):
            person = await self._anywhere(servers, code, f"N{number}")
            self.assertGreater(await person.send("add"), 1)
            await within(person.client.close(), "the client closes")

    async def _anywhere(self, servers: list[Server], code: str, name: str) -> Person:
        end_s = time.monotonic() + WAIT_S
        while time.monotonic() < end_s:
            for server in servers:
                if (await server.http("GET", f"/api/rooms/{code}")).status == 200:
                    person = await self.person(server, name)
                    await person.join(code)
                    return person
            await sleep(0.2)
        raise AssertionError(f"{code} cannot be had")

    async def test_poison_goes_no_further(self) -> None:
        """Its room ends the first server, and the next one once somebody touches it; the third knows better."""
        servers = await self.trio()
        first, second, third = servers
        people = await self.rooms(first, 8)
        bad = await self.person(first, "Bad")
        await bad.create("poison")
        code = bad.room.code
        await bad.send("later", s=0.1)
        self.assertEqual(await first.ended(), -signal.SIGABRT)
        codes = [person.room.code for person in people]
        await self.play_on([second, third], codes)
        self.assertIsNone(second.exit_status)
        self.assertIsNone(third.exit_status)
        # Somebody joins it: the timer that is overdue fires, for the second time.
        for server in (second, third):
            toucher = await self.person(server, "Toucher")
            toucher.client.join(code).addErrback(lambda _: None)
        await until(lambda: second.exit_status is not None or third.exit_status is not None, "one of them ends")
        left = third if second.exit_status is not None else second
        await self.play_on([left], codes)
        await until(lambda: "is in quarantine" in left.output, "it is known to the one that is left")
        late = await self.person(left, "Late")
        await self.refuses("quarantined", late.client.join(code))
        # Neither do those that come back run it.
        await first.start()
        await self.refuses("quarantined", (await self.person(first, "Back")).client.join(code))
        await self.play_on([first, left], codes)
        self.assertIsNone(left.exit_status)
