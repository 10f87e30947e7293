"""A client receives only what is its audience's: every byte is walked."""

from __future__ import annotations

import json
import random
import re

from gameserver import Game, Player, message
from tests.websocket.kit import Peer, WireTestCase

MARK = re.compile(rb"SECRET-([A-Za-z0-9:_]+)-\d+")


class Secretive(Game):
    """Puts marked secrets everywhere; each mark names the only audience that may see it."""

    name = "secretive"
    needs_start = False
    max_players = 4
    roles = {"screen": 1}
    chat_to = ("room", "group", "seat")
    messages_per_s = 10_000
    hold_s = 1000

    def on_create(self) -> None:
        self.secret["count"] = 0

    def mark(self, audience: str) -> str:
        self.secret["count"] += 1
        return f"SECRET-{audience}-{self.secret['count']}"

    @message
    def play(self, player: Player, red: list[Player], blue: list[Player], public: bool, twice: bool) -> None:
        for name, members in (("red", red), ("blue", blue)):
            group = self.group(name)
            if twice:
                group.state["early"] = self.mark(f"group:{name}")
            for seat in self.players:
                (group.add if seat in members else group.remove)(seat)
            group.public = public
            group.state["x"] = self.mark(f"group:{name}")
            group.send("told", self.mark(f"group:{name}"))
            self.chat.say(self.mark(f"group:{name}"), to=group)
        self.role("screen").state["x"] = self.mark("role:screen")
        self.role("screen").send("told", self.mark("role:screen"))
        self.secret["x"] = self.mark("nobody")
        for seat in self.seats():
            seat.state["x"] = self.mark(f"seat:{seat.id}")
            seat.send("told", self.mark(f"seat:{seat.id}"))
            self.chat.say(self.mark(f"seat:{seat.id}"), to=seat)
            self.send("but", self.mark(f"but:{seat.id}"), but=seat)


class SecrecyTests(WireTestCase):
    games = (Secretive,)

    def test_random_play(self) -> None:
        """Through group moves, drops, resumes, tabs, crashes: no byte of another's audience, at any time."""
        for seed in range(8):
            self.play(random.Random(seed))

    def play(self, chance: random.Random) -> None:
        self.setUp()
        peers = [self.rig.guest("P0").create("secretive")]
        peers += [self.rig.guest(f"P{n}").join(peers[0].room) for n in (1, 2, 3)]
        peers.append(self.rig.guest("S").join(peers[0].room, role="screen"))
        seats = [p.seat for p in peers]
        ever: dict[str, set[str]] = {s: set() for s in seats}
        every: list[tuple[str, Peer]] = list(zip(seats, peers, strict=True))
        for _ in range(40):
            index = chance.randrange(5)
            peer = peers[index]
            what = chance.random()
            if what < 0.5:
                red = [s for s in seats[:4] if chance.random() < 0.5]
                blue = [s for s in seats[:4] if chance.random() < 0.3]
                for seat in red:
                    ever[seat].add("red")
                for seat in blue:
                    ever[seat].add("blue")
                public, twice = chance.random() < 0.3, chance.random() < 0.5
                peers[0].say("send", type="play", data={"red": red, "blue": blue, "public": public, "twice": twice})
            elif what < 0.9 and index:
                seen = peer.seen()
                peer.drop()
                peers[index] = back = peer.again()
                self.rig.settle()
                back.resume(peer.room, peer.secret, seen if chance.random() < 0.7 else None)
                every.append((seats[index], back))
            else:
                olds = list(peers)
                seens = [p.seen() for p in olds]
                self.rig.crash()
                for i, old in enumerate(olds):
                    peers[i] = old.again()
                    peers[i].resume(old.room, old.secret, seens[i])
                    every.append((seats[i], peers[i]))
        for seat, peer in every:
            for audience in set(MARK.findall(b"".join(peer.frames))):
                kind, _, name = audience.decode().partition(":")
                allowed = {
                    "seat": name == seat,
                    "but": name != seat,
                    "role": seat == seats[4],
                    "group": name in ever[seat],
                }.get(kind, False)
                self.assertTrue(allowed, f"seat {seat} was told {audience!r}")

    def test_members_only_hear_while_members(self) -> None:
        """Before and after being in a group, nothing of it; who is in a private group is told to nobody else."""
        ann = self.rig.guest().create("secretive")
        bob = self.rig.guest("Bob").join(ann.room)
        eve = self.rig.guest("Eve").join(ann.room)

        def step(red: list[str]) -> set[bytes]:
            mark = len(b"".join(bob.frames))
            ann.say("send", type="play", data={"red": red, "blue": [], "public": False, "twice": True})
            return set(MARK.findall(b"".join(bob.frames)[mark:]))

        self.assertNotIn(b"group:red", step([ann.seat]))
        self.assertIn(b"group:red", step([ann.seat, bob.seat]))
        self.assertNotIn(b"group:red", step([ann.seat]))
        self.assertNotIn(b"group:red", step([]))
        everything = b"".join(eve.frames)
        self.assertNotIn(b'"red"', everything)
        self.assertNotIn(b"group:", everything)
        self.assertNotIn(b'"blue"', everything)

    def test_two_rooms_groups_of_one_name(self) -> None:
        """Groups of two rooms never meet, neither in documents nor in events nor in chat."""
        ann = self.rig.guest().create("secretive")
        bob = self.rig.guest("Bob").create("secretive")
        for peer in (ann, bob):
            peer.say("send", type="play", data={"red": ["1"], "blue": [], "public": True, "twice": False})
        bob.take()
        mark = len(bob.frames)
        ann.say("chat", id=5, text="to my red", to="group:red")
        ann.say("send", type="play", data={"red": ["1"], "blue": [], "public": True, "twice": False})
        bob.take()
        self.assertEqual(bob.frames[mark:], [])
        for peer in (ann, bob):
            self.assertEqual(
                {m["room"] for m in peer.everything() if "room" in m and m["op"] != "welcome"}, {peer.room}
            )

    def test_seats_secrets_stay_with_their_owner(self) -> None:
        """No client is told another seat's secret, nor any user's id or token but its own."""
        ann = self.rig.guest().create("secretive", password="swordfish-pw")
        bob = self.rig.guest("Bob").join(ann.room, password="swordfish-pw")
        told = b"".join(bob.frames)
        for secret in (ann.secret, ann.welcome["token"], ann.welcome["user"]["id"], ann.welcome["client"], "swordfish"):
            self.assertNotIn(secret.encode(), told)
        self.assertNotIn("seat:1", json.dumps(bob.joined["docs"]))
