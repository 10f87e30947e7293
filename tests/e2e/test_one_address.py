"""
Several nodes, a Redis and each real proxy, at one address: players know that address alone, and notice nothing.

The proxies run with what ``gameserver proxy`` prints.
"""

from __future__ import annotations

import os
import signal
from typing import Any, Final

from click.testing import CliRunner

from gameserver.cli import main
from tests.e2e.kit import Person, Server, sleep, together, until, within
from tests.e2e.test_nodes import LEASE_S, TALLY, NodesCase
from tests.e2e.test_proxies import CADDY, NGINX, ProxyCase

COMMANDS: Final = {
    "nginx": ("nginx.conf", "-c"),
    "caddy": ("Caddyfile", "run", "--adapter", "caddyfile", "--config"),
    "haproxy": ("haproxy.cfg", "-f"),
}


GOODBYE_S: Final = 1.5
"""For so long Autobahn waits for the other side's goodbye on a connection that was given up before."""


class Address:
    """What people know: they connect there, as to a server."""

    def __init__(self, port: int) -> None:
        self.url = f"ws://127.0.0.1:{port}/ws"


class OneAddressCase(NodesCase, ProxyCase):
    """Nodes on UNIX sockets behind a proxy."""

    lease_s: float = LEASE_S

    async def behind(self, proxy: str, *names: str) -> dict[str, Server]:
        """Start nodes of these names, and the proxy."""
        self.shared = self.redis()
        self.store = f"redis+unix://{self.shared.socket}"
        self.site = f"http://127.0.0.1:{self.port}"
        await self.prepare(*names)
        nodes = {name: self.member(name) for name in names}
        first, *others = nodes.values()
        await first.start()  # it makes the secret
        await together(*(node.start() for node in others))
        words = [word for name in names for word in ("--node", f"{name}={self.place(name)}")]
        printed = CliRunner().invoke(main, ["proxy", proxy, *words, "--public-url", self.site])
        self.assertEqual(printed.exit_code, 0, printed.output)
        # The worker processes of nginx would be somebody's who may not look into the test's folder.
        user = "user root; " if os.geteuid() == 0 else ""
        wholes = {
            "nginx": user + NGINX.format(folder=self.folder, text=printed.output),
            "caddy": CADDY.format(text=printed.output),
        }
        await self.start_proxy(proxy, wholes.get(proxy, printed.output), *COMMANDS[proxy])
        return nodes

    async def prepare(self, *names: str) -> None:
        """Redis runs; nodes of these names are about to be made."""

    def place(self, name: str) -> str:
        """:returns: where the proxy finds a node."""
        return f"unix:{self.folder / name}.sock"

    def member(self, name: str) -> Server:
        """Prepare a node that has the secret in a file, and a data folder with nothing in it."""
        return self.server(
            games=self.games(tally=TALLY),
            listen=[f"unix:{self.folder / name}.sock"],
            GAMESERVER_STORE=self.store,
            GAMESERVER_LEASE_S=str(self.lease_s),
            GAMESERVER_SECRET=str(self.folder / "secret"),
            GAMESERVER_NODE_NAME=name,
            GAMESERVER_PUBLIC_URL=self.site,
            GAMESERVER_TRUSTED_PROXY="unix",
        )

    async def player(self, name: str) -> Person:
        """Somebody who knows the one address."""
        address: Any = Address(self.port)
        return await self.person(address, name)

    async def holder(self, nodes: dict[str, Server], code: str) -> str:
        """:returns: the name of the node that runs a room."""
        statuses = {name: (await node.http("GET", f"/api/rooms/{code}")).status for name, node in nodes.items()}
        (holder,) = (name for name, status in statuses.items() if status == 200)
        self.assertEqual(set(statuses.values()) - {200}, {307}, "the others lead there")
        return holder

    def told_codes(self, *people: Person) -> set[str]:
        """:returns: the codes of all errors that these were told."""
        return {error["code"] for person in people for error in person.told.all("error")}


class OneAddressTests(OneAddressCase):
    async def by_code(self, proxy: str) -> None:
        """Everybody joins every room, whichever node has it, by its code and the one address."""
        nodes = await self.behind(proxy, "a", "b")
        people = [await self.player(f"P{number}") for number in range(4)]
        codes = [(await person.create("tally")).code for person in people]
        self.assertEqual({await self.holder(nodes, code) for code in codes}, {"a", "b"}, "the fewest connections")
        for person in people:
            rooms = await together(*(person.client.join(code.lower()) for code in codes))
            self.assertEqual([room.code for room in rooms], codes)
            for room in rooms:
                await room.send("add", what=1)
        self.assertEqual(self.told_codes(*people), set())
        for person in people:
            rooms = list(person.client.rooms.values())
            await until(lambda rooms=rooms: {len(room.state["ledger"]) for room in rooms} == {4}, "all see all")
            self.assertEqual(len(person.told.connections), 2, "one for each node")
        for node in nodes.values():
            await self.until_lists(node, codes)
        eve = await self.player("Eve")
        matched = await within(eve.client.match("tally"), "a seat in any room")
        self.assertIn(matched.code, codes)

    async def until_lists(self, node: Server, codes: list[str]) -> None:
        """Wait until a node lists the rooms of all."""
        listed: set[str] = set()
        while not listed.issuperset(codes):
            await sleep(0.1)
            listed = {row["room"] for row in (await node.http("GET", "/api/rooms")).json["rooms"]}

    async def test_nginx(self) -> None:
        """Through nginx."""
        await self.by_code("nginx")

    async def test_caddy(self) -> None:
        """Through Caddy."""
        await self.by_code("caddy")

    async def test_haproxy(self) -> None:
        """Through HAProxy."""
        await self.by_code("haproxy")


class LosingNodesTests(OneAddressCase):
    async def test_killed_while_people_play(self) -> None:
        """One of three nodes dies: everybody plays on with the same client and seat, and is told of no missing room."""
        nodes = await self.behind("nginx", "a", "b", "c")
        people = [await self.player(f"P{number}") for number in range(6)]
        codes = [(await person.create("tally")).code for person in people]
        for person in people:
            await together(*(person.client.join(code) for code in codes))
            await person.send("add", what=0)
        holders = {code: await self.holder(nodes, code) for code in codes}
        dead = holders[codes[0]]
        nodes[dead].signal(signal.SIGKILL)
        await nodes[dead].ended()
        answers = await together(
            *(
                person.client.rooms[code].send("add", what=number)
                for number, person in enumerate(people, 1)
                for code in codes
            )
        )
        self.assertEqual(len(answers), 36)
        # Nothing is lost and nothing twice: each room has one line of its own, and one of each.
        for code in codes:
            ledgers = [person.client.rooms[code].state["ledger"] for person in people]
            await until(lambda ledgers=ledgers: {len(each) for each in ledgers} == {7}, "all see all")
            self.assertEqual(sorted(what for _, what in ledgers[0]), [0, 1, 2, 3, 4, 5, 6])
        self.assertLessEqual(self.told_codes(*people), {"busy"})
        self.assertEqual({person.client.ended for person in people}, {None})
        del nodes[dead]
        self.assertLess({await self.holder(nodes, code) for code in codes}, {"a", "b", "c"})

    async def test_new_container_for_an_old_one(self) -> None:
        """
        A node with an empty data folder starts at once, under a new identity.

        The rooms of the one before are busy until its lease ends, and never unknown.
        """
        self.lease_s = 40  # so that the new one is there before it ends
        nodes = await self.behind("nginx", "a")
        ann = await self.player("Ann")
        code = (await ann.create("tally")).code
        await ann.send("add", what=1)
        await nodes["a"].kill()
        fresh = self.member("a")
        await fresh.start()
        statuses = []
        while True:
            answer = await fresh.http("GET", f"/api/rooms/{code}")
            statuses.append(answer.status)
            if answer.status == 200:
                break
            self.assertEqual((answer.status, answer.json["code"]), (503, "busy"))
            await sleep(0.1)
        self.assertEqual(statuses[0], 503)
        self.assertEqual(await ann.send("add", what=2), 2)
        self.assertLessEqual(self.told_codes(ann), {"busy"})
        await within(ann.client.close(), "Ann is gone")
        await sleep(GOODBYE_S)
