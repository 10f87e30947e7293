"""What an operator does about rooms, with the real commands, beside real servers and in their place."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from twisted.internet.threads import deferToThread

from tests.e2e.kit import WAIT_S, Server, sleep, until, within
from tests.e2e.test_nodes import NodesCase

COMMAND = Path(sys.executable).parent / "gameserver"

SHELF = '''
"""Keeps words in a table."""
from gameserver import Game, Player, message, timer

class Shelf(Game):
    """A shelf."""
    name = "shelf"
    needs_start = False

    @message
    async def put(self, player: Player, key: str, word: str) -> None:
        player.state["last"] = key
        self.table("words").put(key, word)

    @message
    async def get(self, player: Player, key: str) -> str | None:
        return await self.table("words").get(key)

    @message
    def wait(self, player: Player) -> None:
        self.after(3600, self.ring)

    @timer
    def ring(self) -> None:
        self.state["rung"] = True
'''
BROKEN = SHELF.replace("ring", "chime")
"""A release that has not the timer."""


class OperatingCase(NodesCase):
    """Servers of one folder of games, and commands."""

    async def command(self, server: Server, *words: str, fails: bool = False, store: str = "") -> str:
        """Run it for that server."""
        where = ["--data", str(server.data), "--games", str(self.folder / "games"), "--no-sample-games"]
        run = await deferToThread(
            subprocess.run,
            [str(COMMAND), *words, *where, *(["--store", store] if store else [])],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=2 * WAIT_S,
            check=False,
        )
        output: str = run.stdout + run.stderr
        self.assertEqual(run.returncode != 0, fails, output)
        self.assertNotIn("Traceback", output)
        return output

    def release(self, source: str) -> Path:
        """Write this release."""
        return self.games(shelf=source)


class AsideTests(OperatingCase):
    async def test_mended_file_brings_rooms_back_without_a_start(self) -> None:
        """A running server says what is aside and why; once the file is mended the player goes on."""
        server = self.server(games=self.release(SHELF))
        await server.start()
        ann = await self.person(server, "Ann")
        room = await ann.create("shelf")
        await ann.send("wait")
        await server.stop()
        self.release(BROKEN)
        await server.start()
        self.assertEqual(0o600, (server.data / "control").stat().st_mode & 0o777)
        listed = await self.command(server, "rooms", "--aside")
        self.assertIn(f"{room.code}  shelf  ASIDE: the timer 'ring' is armed, which this release has not", listed)
        self.assertIn('"name": "ring"', await self.command(server, "room", room.code, "show"))
        self.assertIn("aside still", await self.command(server, "room", room.code, "retry", fails=True))
        ready = await server.http("GET", "/readyz")
        self.assertEqual(200, ready.status)
        self.assertIn(b"rooms kept aside", ready.body)
        self.release(SHELF + "\n# mended\n")
        await until(lambda: "1 rooms are back" in server.output, "the game is loaded again")
        await ann.send("put", key="a", word="back")
        self.assertEqual("back", await ann.send("get", key="a"))
        self.assertIn("No rooms are kept aside", await self.command(server, "rooms", "--aside"))

    async def test_renamed_and_dropped(self) -> None:
        """Beside a running server; who sat there sits in the room of the other name; who was dropped does not."""
        server = self.server(games=self.release(SHELF))
        await server.start()
        ann, bob = await self.people(server, "Ann", "Bob")
        await ann.create("shelf")
        await ann.send("put", key="a", word="kept")
        gone = await bob.create("shelf")
        await server.stop()
        self.release(SHELF.replace('"shelf"', '"board"'))
        await server.start()
        self.assertIn("is deleted", await self.command(server, "room", gone.code, "drop", "--yes"))
        self.assertIn("1 rooms of shelf", await self.command(server, "rooms", "--rename-game", "shelf", "board"))
        self.assertEqual("kept", await ann.send("get", key="a"))
        self.assertEqual("board: 1\n", await self.command(server, "rooms"))


class AsleepTests(OperatingCase):
    """Commands know rooms that sleep, and say the same beside a server and in its place."""

    async def go_through(self, store: str = "") -> None:
        """Two rooms that sleep, and one that does not."""
        environ = {"GAMESERVER_STORE": store, "GAMESERVER_LEASE_S": "3"} if store else {}
        server = self.server(games=self.release(SHELF), GAMESERVER_SLEEP_S="1", **environ)
        await server.start()
        for name in ("Ann", "Bob", "Cy"):
            person = await self.person(server, name)
            await person.create("shelf")
            if name != "Cy":
                await person.send("wait")
                await within(person.client.close(), f"{name} goes")

        async def asleep() -> bool:
            return "gameserver_asleep 2.0" in (await server.http("GET", "/metrics")).body.decode()

        for _ in range(round(WAIT_S / 0.1)):
            if await asleep():
                break
            await sleep(0.1)
        self.assertEqual("shelf: 3\n", await self.command(server, "rooms", store=store))
        self.assertIn("3 rooms, 0 of which are not run", await self.command(server, "check-data", store=store))
        await server.stop()
        there = sorted(each.name for each in server.data.iterdir())
        self.assertIn("3 rooms, 0 of which are not run", await self.command(server, "check-data", store=store))
        self.assertEqual(there, sorted(each.name for each in server.data.iterdir()))
        self.release(BROKEN)
        offline = await self.command(server, "rooms", "--aside", store=store)
        self.assertEqual(2, offline.count("ASIDE"), offline)
        await server.start()
        self.assertTrue(await asleep())
        self.assertEqual(offline, await self.command(server, "rooms", "--aside", store=store))
        self.assertTrue(await asleep())
        code = offline.split()[0]
        self.assertIn('"why"', await self.command(server, "room", code.lower(), "show", store=store))
        self.assertEqual("shelf: 3", (await self.command(server, "rooms", store=store)).splitlines()[0])
        self.assertTrue(await asleep())

    async def test_sqlite(self) -> None:
        """On a file."""
        await self.go_through()

    async def test_redis(self) -> None:
        """On a Redis."""
        await self.go_through(f"redis://127.0.0.1:{self.redis().port}")


class MovingTests(OperatingCase):
    async def test_from_sqlite_to_redis_and_back(self) -> None:
        """Rooms, tables, seats and sanctions are there, and players come back by themselves."""
        url = f"redis://127.0.0.1:{self.redis().port}"
        games = self.release(SHELF)
        server = self.server(games=games)
        await server.start()
        ann = await self.person(server, "Ann")
        room = await ann.create("shelf")
        await ann.send("put", key="a", word="first")
        await ann.send("wait")
        beside = await self.command(server, "export", "all.jsonl", fails=True)
        self.assertIn(f"the server of the data folder {server.data} runs, or another command: stop it first.", beside)
        await server.stop()
        self.assertIn("Wrote all.jsonl: 1 rooms", await self.command(server, "export", "all.jsonl"))
        self.assertEqual(0o600, (self.folder / "all.jsonl").stat().st_mode & 0o777)
        wrong = await self.command(server, "import", "all.jsonl", fails=True)
        self.assertIn("there is something in that store: 1 rooms", wrong)
        cut = (self.folder / "all.jsonl").read_bytes().rsplit(b"\n", 2)[0]
        (self.folder / "cut.jsonl").write_bytes(cut + b"\n")
        self.assertIn("was cut off", await self.command(server, "import", "cut.jsonl", fails=True, store=url))
        self.assertIn("Took 1 rooms", await self.command(server, "import", "all.jsonl", store=url))
        server._environ["GAMESERVER_STORE"] = url
        await server.start()
        self.assertIn("1 rooms are left behind in sqlite:", server.output)
        self.assertEqual("first", await ann.send("get", key="a"))
        await ann.send("put", key="a", word="second")
        await server.stop()
        await self.command(server, "export", "back.jsonl", "--secret", store=url)
        other = self.server(games=games)
        await self.command(other, "import", "back.jsonl")
        other.port = server.port
        await other.start()
        self.assertEqual("second", await ann.send("get", key="a"))
        await within(ann.client.close(), "the client closes")  # before the server that it plays on now
        self.assertIn(room.code, (await other.http("GET", f"/api/rooms/{room.code}")).body.decode())

    async def test_lost_secret_is_said_with_its_cost(self) -> None:
        """At the start, with how many seats it is about."""
        server = self.server(games=self.release(SHELF))
        await server.start()
        ann = await self.person(server, "Ann")
        await ann.create("shelf")
        await server.stop()
        self.assertNotIn("strangers", server.output)
        (server.data / "secret").unlink()
        await server.start()
        self.assertIn("the guests of 1 seats in 1 rooms are strangers now", server.output)
