"""A real server whose SQLite file has a page overwritten: it says which rooms that cost; the others are played on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from twisted.internet.threads import deferToThread

from tests.e2e.kit import WAIT_S, Server, ServerCase, together
from tests.e2e.test_nodes import TALLY

ROOMS = 25
PAGE = 4096


class DamageTests(ServerCase):
    timeout = 300

    async def command(self, server: Server, *words: str) -> tuple[int, str]:
        """Run one of the commands for this server. :returns: its exit status, and what it said."""
        command = [str(Path(sys.executable).parent / "gameserver"), *words, "--data", str(server.data)]
        command += ["--games", str(self.folder / "games")]
        ran = await deferToThread(
            subprocess.run, command, capture_output=True, text=True, timeout=2 * WAIT_S, cwd=self.folder
        )
        return ran.returncode, ran.stdout + ran.stderr

    async def test_one_page(self) -> None:
        """It starts, and says which rooms are not whole; these are in quarantine, and nobody else notices."""
        server = self.server(games=self.games(tally=TALLY))
        await server.start()
        people = await self.people(server, *(f"P{number}" for number in range(ROOMS)))
        await together(*(person.create("tally") for person in people))
        for number in range(3):
            await together(*(person.send("add", what=number) for person in people))
        await server.stop()
        path = server.data / "gameserver.sqlite3"
        self.assertEqual((await self.command(server, "check-data"))[0], 0)
        content = bytearray(path.read_bytes())
        pages = len(content) // PAGE
        damaged = next(n for n in range(pages // 2, pages) if b"ledger" in content[n * PAGE : (n + 1) * PAGE])
        content[damaged * PAGE : (damaged + 1) * PAGE] = b"\xa5" * PAGE
        path.write_bytes(content)

        status, said = await self.command(server, "check-data")
        self.assertEqual(status, 1, said)
        self.assertIn(f"damaged pages: {damaged + 1}", said)
        self.assertEqual(path.read_bytes(), content)  # it was only looked at
        apart = [person for person in people if f"room {person.room.code} of the game tally" in said]
        self.assertTrue(0 < len(apart) < ROOMS, said)

        await server.start()
        self.assertIn("is replaced by what can be read of it", server.output)
        (kept,) = [each for each in path.parent.glob("*.damaged-*") if not each.name.endswith("-wal")]
        self.assertEqual(kept.read_bytes(), content)
        others = [person for person in people if person not in apart]
        self.assertEqual(await together(*(person.send("add", what=9) for person in others)), [4] * len(others))
        for person in apart:
            self.assertEqual((await server.http("GET", f"/api/rooms/{person.room.code}")).status, 503)
        status, said = await self.command(server, "rooms", "--quarantined")
        self.assertEqual(sorted(line.split()[0] for line in said.splitlines()), sorted(p.room.code for p in apart))
        self.assertIn("the file was damaged: its parts", said)
        status, said = await self.command(server, "room", apart[0].room.code, "close", "--yes")
        self.assertEqual(status, 0, said)
        self.assertEqual((await server.http("GET", f"/api/rooms/{apart[0].room.code}")).status, 404)
