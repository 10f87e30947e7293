"""A store of somebody else's, under the real command."""

from __future__ import annotations

from tests.e2e.kit import ServerCase
from tests.store.acme import install


class ForeignStoreTests(ServerCase):
    async def test_rooms_outlive_the_process_in_it(self) -> None:
        """A server keeps its rooms in a store that an installed package offers, and has them again after a kill."""
        path = install(self.folder / "site")
        server = self.server(PYTHONPATH=str(path), GAMESERVER_STORE="acme:rooms.acme")
        await server.start()
        ann = await self.person(server, "Ann")
        room = await ann.create("tictactoe")
        await server.restart()
        bob = await self.person(server, "Bob")
        again = await bob.join(room.code)
        self.assertEqual({seat.name for seat in again.seats.values()}, {"Ann", "Bob"})
        self.assertTrue((server.folder / "rooms.acme").exists())
        self.assertFalse((server.data / "gameserver.sqlite3").exists())
