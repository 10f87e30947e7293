"""All go on in the next room, though the server is killed at any moment of it."""

from __future__ import annotations

from tests.e2e.kit import ServerCase, sleep, until, within

DELAYS_S = (0.0, 0.005, 0.05)
"""How long after the host has asked the server is killed."""


class NextTests(ServerCase):
    timeout = 240

    async def test_killed_meanwhile(self) -> None:
        """The request is done once: all three are in one new room, with their names, and the old code leads there."""
        server = self.server()
        await server.start()
        ann, bob, cleo = await self.people(server, "Ann", "Bob", "Cleo")
        code = (await ann.create("rps")).code
        for guest in (bob, cleo):
            await guest.join(code)
        for delay_s in DELAYS_S:
            room = ann.client.rooms[code]
            asked = room.next_game("rps", {})
            await sleep(delay_s)
            await server.restart()
            there = await within(asked, f"the next room, with a kill after {delay_s} s")
            for guest in (bob, cleo):
                await until(lambda guest=guest, there=there: there.code in guest.client.rooms, "a guest is there, too")
            await until(lambda there=there: len(there.seats) == 3, "all are there")
            self.assertEqual(sorted(seat.name for seat in there.seats.values()), ["Ann", "Bob", "Cleo"])
            self.assertEqual([seat.name for seat in there.seats.values() if seat.host], ["Ann"])
            late = await self.person(server, "Late")
            self.assertEqual((await late.join(code)).code, there.code)
            await within(late.room.leave(), "Late has left")
            listed = (await server.http("GET", "/api/rooms")).json["rooms"]
            self.assertEqual([each["room"] for each in listed], [there.code])
            code = there.code
