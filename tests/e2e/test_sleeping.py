"""Real servers whose rooms sleep after a second: woken by a timer, a look, a player, over a kill and a restart."""

from __future__ import annotations

import time

from tests.e2e.kit import WAIT_S, Server, ServerCase, sleep, until, within
from tests.store.redis_server import RedisServer

NAP = '''
"""Counts, and rings."""
from gameserver import Game, Player, message, timer

class Nap(Game):
    """Says what happens to it where its test reads."""
    needs_start = False
    hold_s = None
    idle_close_s = None

    def on_load(self):
        print(f"LOADED {self.code}", flush=True)

    def on_drop(self, player: Player):
        self.state["dropped"] = self.state.get("dropped", 0) + 1

    @message
    def add(self, player: Player) -> int:
        self.state["n"] = self.state.get("n", 0) + 1
        return self.state["n"]

    @message
    def arm(self, player: Player, s: float) -> None:
        self.after(s, self.ring)

    @timer
    def ring(self) -> None:
        self.state["rings"] = self.state.get("rings", 0) + 1
        print(f"RANG {self.code}", flush=True)
'''


class SleepingTests(ServerCase):
    """The same on either store."""

    timeout = 200

    async def asleep(self, server: Server, count: int) -> None:
        """Wait until so many rooms sleep."""
        found = -1.0
        end_s = time.monotonic() + WAIT_S
        while found != count:
            self.assertLess(time.monotonic(), end_s, f"{found} rooms sleep, not {count}")
            text = (await server.http("GET", "/metrics")).body.decode()
            found = next(float(line.split()[-1]) for line in text.splitlines() if line.startswith("gameserver_asleep "))
            await sleep(0.1)

    async def go_through(self, **settings: str) -> None:
        """A room's evening, most of it asleep."""
        server = self.server(games=self.games(nap=NAP), GAMESERVER_SLEEP_S="1", **settings)
        await server.start()
        ann = await self.person(server, "Ann")
        room = await ann.create("nap")
        code, seat, token = room.code, room.seat, ann.client.token
        self.assertEqual(await ann.send("add"), 1)
        await ann.send("arm", s=8)
        await within(ann.client.close(), "Ann goes")
        await self.asleep(server, 1)
        self.assertNotIn("RANG", server.output)
        await until(lambda: f"RANG {code}" in server.output, "the timer wakes the room")
        await self.asleep(server, 1)
        loads = server.output.count("LOADED")

        looked = await server.http("GET", f"/api/rooms/{code}")
        self.assertEqual((looked.status, looked.json["room"]), (200, code))
        self.assertEqual(server.output.count("LOADED"), loads + 1)
        await self.asleep(server, 1)
        listed = await server.http("GET", "/api/rooms")
        self.assertEqual([each["room"] for each in listed.json["rooms"]], [code])

        again = await self.person(server, "Ann", token=token)
        await within(again.client.resume(code, seat.resume), "Ann is back")
        self.assertEqual(await within(again.client.rooms[code].send("add"), "it counts on"), 2)
        self.assertEqual(again.client.rooms[code].state, {"n": 2, "rings": 1, "dropped": 1})
        await within(again.client.rooms[code].send("arm", s=6), "a timer")
        await within(again.client.close(), "Ann goes again")
        await self.asleep(server, 1)
        rang = server.output.count("RANG")
        await server.kill()
        await server.start()
        await self.asleep(server, 1)
        await until(lambda: server.output.count("RANG") > rang, "the timer comes after the restart")
        last = await self.person(server, "Ann", token=token)
        await within(last.client.resume(code, seat.resume), "Ann is back after the restart")
        self.assertEqual(last.client.rooms[code].state, {"n": 2, "rings": 2, "dropped": 2})

    async def test_sqlite(self) -> None:
        """On a file."""
        await self.go_through()

    async def test_redis(self) -> None:
        """On a Redis."""
        redis = RedisServer()
        self.addCleanup(redis.remove)
        redis.start()
        await self.go_through(GAMESERVER_STORE=f"redis+unix://{redis.socket}", GAMESERVER_LEASE_S="3")
