"""
Werewolf keeps its secrets: every byte that is sent to every client through whole random games is read.

`Evening` plays them: people choose, vote, talk, change lines, type, drop, come back and leave, and the server restarts.
It knows by the rules alone, from the cards, who may hear what; the roles have names that occur nowhere by chance, and
so has each line.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from games.werewolf import Werewolf, cast
from gameserver import Chat, Player, Refused
from gameserver.testing import Table, Visitor

NAMES = ("Ann", "Bob", "Cleo", "Dan", "Eve", "Finn", "Gil", "Hal")
SHORT = {"cards_s": 3, "night_s": 20, "morning_s": 3, "day_s": 20, "evening_s": 5}
ROLES = {role: f"quokka{role.lower()}zyzzyva" for role in ("WOLF", "SEER", "DOCTOR", "VILLAGER")}
LOST = ("rate_limited", "muted", "busy")
"""Why a line may be refused that could have been said."""


@dataclass
class Line:
    """
    A line that was let through.

    :ivar kind: ``room``, ``wolves`` or ``dead``.
    :ivar heard: the ids of those who were of its audience when it was said.
    """

    token: str
    kind: str
    heard: set[str]


@dataclass
class Client:
    """What was read of one visitor's bytes, and how it stood before the present step."""

    read: int = 0
    was_dead: bool = False
    was_online: bool = True


class Evening:
    """
    Random games, one after the other, of the same people.

    :ivar roles: by seat, of this game, and ``before`` of the game before it.
    """

    def __init__(self, case: SynchronousTestCase, seed: int, *, restarts: bool, **options: Any) -> None:
        self.case = case
        self.dice = random.Random(seed)
        self.restarts = restarts
        self.table = Table(Werewolf, seed=seed, options={**SHORT, **options})
        self.players = [self.table.join(name) for name in NAMES[: self.dice.randint(6, 8)]]
        self.tv = self.table.join("TV", role="screen")
        self.clients = {visitor.id: Client() for visitor in self.all}
        self.lines: list[Line] = []
        self.refused: list[str] = []
        self.before: dict[str, str] = {}
        self.roles: dict[str, str] = {}
        self.games = 0
        self.seen_kinds: set[str] = set()

    @property
    def all(self) -> list[Visitor]:
        return [*self.players, self.tv]

    @property
    def here(self) -> list[Visitor]:
        """Who has a seat, also while away."""
        return [v for v in self.all if v.id in self.table.room.seats]

    def play(self) -> None:
        """One game, from its start to its end."""
        for visitor in self.here:
            if not visitor.online:
                visitor.resume()
        self.table.start()
        self.games += 1
        self.before, self.roles = self.roles, dict(self.table.row["docs"]["secret"]["roles"])
        self.check()
        for _ in range(1500):
            self.step()
            self.check()
            if self.table.status != "playing":
                return
        raise AssertionError("the game does not end")

    def step(self) -> None:
        """One random input."""
        who = self.dice.choice(self.here)
        acts = (self.choose, self.vote, self.talk, self.change, self.type, self.flip, self.leave, self.wait)
        act = self.dice.choices(acts, weights=(24, 16, 30, 5, 5, 8, 0.4, 12))[0]
        if not who.online and act not in (self.flip, self.wait):
            act = self.flip
        try:
            act(who)
        except Refused as refused:
            assert refused.code != "game_error", refused.__cause__
        if self.restarts and self.dice.random() < 0.06:
            self.table.restart()

    def choose(self, who: Visitor) -> None:
        who.send("choose", whom=self.anybody())

    def vote(self, who: Visitor) -> None:
        who.send("vote", whom=self.anybody())

    def anybody(self) -> str | None:
        return self.dice.choice([None, *(v.id for v in self.players)])

    def talk(self, who: Visitor) -> None:
        to = self.dice.choices(("room", "group:wolves", "group:dead", "seat:1"), weights=(5, 4, 2, 1))[0]
        token = f"line{len(self.lines)}q{len(self.refused)}z"
        kind = self.kind_of(who, to)
        try:
            who.say(self.dice.choice(("{}", "/me {}", "@Ann {}", "hush {} hush")).format(token), to=to)
        except Refused as refused:
            self.case.assertTrue(kind is None or refused.code in LOST, (who.name, to, kind, str(refused)))
            self.refused.append(token)
        else:
            assert kind is not None, (who.name, to, self.table.phase, "was let through")
            self.said(token, kind)

    def said(self, token: str, kind: str) -> None:
        """Whoever is there has it already."""
        line = Line(token, kind, self.audience(kind))
        self.lines.append(line)
        self.seen_kinds.add(kind)
        for visitor in self.all:
            if visitor.online and visitor.id in line.heard:
                self.case.assertIn(token.encode(), visitor.seen(), f"{visitor.name} hears {kind}")

    def change(self, who: Visitor) -> None:
        """Change a line of one's own, or take it back."""
        own = [line for line in who.chat if line["from"] and line["from"]["seat"] == who.id]
        if not own:
            return
        line = self.dice.choice(own[-3:])
        token = f"line{len(self.lines)}q{len(self.refused)}z"
        kind = self.kind_of(who, line["to"])
        if self.dice.random() < 0.4:
            who.ask("unsay", stream=line["stream"], line=line["n"])
            # The host moderates, at any time.
            assert who.seats[who.id]["host"] or kind == line["to"].removeprefix("group:"), (who.name, line, kind)
            return
        try:
            who.ask("edit", stream=line["stream"], line=line["n"], text=token)
        except Refused:
            self.refused.append(token)
        else:
            assert kind == line["to"].removeprefix("group:"), (who.name, line, kind)
            self.said(token, kind)

    def type(self, who: Visitor) -> None:
        who._speak({"op": "typing", "to": self.dice.choice(("room", "group:wolves", "group:dead"))})

    def flip(self, who: Visitor) -> None:
        if who.online:
            who.drop()
        else:
            who.resume()

    def leave(self, who: Visitor) -> None:
        if who is not self.tv:
            who.leave()

    def wait(self, who: Visitor) -> None:
        self.table.advance(self.dice.choice((0.5, 2, 5)))

    # The rules

    def entry(self, seat: str) -> Any:
        return next((each for each in self.table.state["village"] if each["seat"] == seat), None)

    def lives(self, seat: str) -> bool:
        entry = self.entry(seat)
        return entry is not None and entry["alive"]

    def is_buried(self, seat: str) -> bool:
        """Whether one is among the dead: who is hanged only when the evening is over, if there are last words."""
        entry, options = self.entry(seat), self.table.room.state.options
        if entry is None or entry["alive"] or self.table.status != "playing":
            return False
        news = self.table.state["news"] or {}
        is_last = self.table.phase == "evening" and options["last_words"] and news.get("dead") == seat
        return not is_last

    def is_wolf(self, seat: str) -> bool:
        return self.roles.get(seat) == cast.WOLF and self.lives(seat)

    def kind_of(self, who: Visitor, to: str) -> str | None:
        """:returns: what a line would be if it is let through, or None where it must not be."""
        if who is self.tv or to == "seat:1":
            return None
        if self.table.status != "playing":
            return "room" if to == "room" else None
        if self.is_buried(who.id):
            return "dead" if to in ("room", "group:dead") else None
        if to == "group:wolves":
            return "wolves" if self.is_wolf(who.id) and self.table.phase == "night" else None
        return "room" if to == "room" and self.table.phase != "night" else None

    def audience(self, kind: str) -> set[str]:
        if kind == "room":
            return {v.id for v in self.all}
        belongs = self.is_wolf if kind == "wolves" else self.is_buried
        return {v.id for v in self.players if belongs(v.id)}

    # Reading

    def check(self) -> None:
        """Read all that came with the last step."""
        for visitor in self.all:
            client = self.clients[visitor.id]
            frames = visitor._frames[client.read :]
            client.read = len(visitor._frames)
            for frame in frames:
                self.check_frame(visitor, client, frame)
            client.was_dead = self.is_buried(visitor.id)
            client.was_online = visitor.online
        buried = {v.id for v in self.players if self.is_buried(v.id)}
        for line in self.lines:
            if line.kind == "dead":
                line.heard |= buried

    def check_frame(self, visitor: Visitor, client: Client, frame: bytes) -> None:
        about = (visitor.name, self.table.phase, frame)
        for token in self.refused[-300:]:
            assert token.encode() not in frame, about
        for line in self.lines[-300:]:
            if line.token.encode() in frame and line.kind != "room":
                may_hear = visitor.id in line.heard or (line.kind == "dead" and self.is_buried(visitor.id))
                assert may_hear, (line, *about)
        own = {roles.get(visitor.id) for roles in (self.roles, self.before)}
        if b"group:wolves" in frame:
            assert cast.WOLF in own, about
            # One who was there when it died has been told so, and hears nothing after that.
            assert not (client.was_dead and client.was_online and self.table.status == "playing"), about
        if b"group:dead" in frame and self.games == 1 and self.table.status == "playing":
            assert self.is_buried(visitor.id), about
        if b'"wolf":' in frame:
            assert cast.SEER in own, about
        if any(name.encode() in frame for name in ROLES.values()):
            self.check_roles(visitor, json.loads(frame))

    def check_roles(self, visitor: Visitor, message: Any) -> None:
        """A role is told to whom it is, and to all at the end, or at a death where the option says so."""
        known = list(self.before.items())
        public = self.table.status == "over"
        at_death = self.table.room.state.options["reveal"] == "death"
        known += [(s, role) for s, role in self.roles.items() if public or (at_death and not self.lives(s))]
        told = list(roles_told(message))
        for stream, seat, role in told:
            if stream == "seat":
                assert role in (self.roles.get(visitor.id), self.before.get(visitor.id)), (visitor.name, message)
            else:
                assert stream == "room" and (seat, role) in known, (visitor.name, message)
        count = sum(json.dumps(message).count(name) for name in ROLES.values())
        assert count == len(told), ("a role stands where none should", visitor.name, message)


def roles_told(message: Any) -> Iterator[tuple[str, str, str]]:
    """:returns: stream, seat and role, wherever a role stands in the place that it has in a document."""
    docs = message.get("docs") or {}
    if message["op"] == "doc":
        docs = {message["stream"]: message["doc"] or {}}
    for stream, doc in docs.items():
        yield from _roles_of(stream, doc)
    if message["op"] == "patch":
        for kind, path, *rest in message["ops"]:
            value: Any = rest[0] if kind == 0 else None
            for key in reversed(path):
                value = {key: value}
            yield from _roles_of(message["stream"], value or {})


def _roles_of(stream: str, doc: Any) -> Iterator[tuple[str, str, str]]:
    if isinstance(doc.get("role"), str):
        yield stream, "", doc["role"]
    for seat, role in (doc.get("roles") or {}).items():
        yield stream, seat, role


class WholeGameTests(SynchronousTestCase):
    def setUp(self) -> None:
        for name, token in ROLES.items():
            self.patch(cast, name, token)

    def test_no_byte_leaves_its_audience(self) -> None:
        """Two games each of the same people, with drops, resumes and leaves, with restarts and without."""
        kinds: set[str] = set()
        found = games = 0
        for seed in range(8):
            evening = Evening(self, seed, restarts=seed % 2 == 0, reveal=("end", "death")[seed % 3 == 2])
            for _ in range(2):
                if len(evening.here) >= 6:
                    evening.play()
            games += evening.games
            kinds |= evening.seen_kinds
            found += any(b'"wolf":' in v.seen() for v in evening.players)
            self.assertGreater(len(evening.lines), 10)
            self.assertGreater(len(evening.refused), 10)
        self.assertEqual(kinds, {"room", "wolves", "dead"})
        self.assertGreater(found, 2, "seers find something")
        self.assertGreater(games, 10)

    def test_the_reading_finds_what_leaks(self) -> None:
        """A game that tells a role, a line, or a finding to the wrong ones does not pass."""

        class Loud(Werewolf):
            """Each night somebody is told too much."""

            leak = ""

            def nightfall(self) -> None:
                super().nightfall()
                wolf = self.seat(self.who(cast.WOLF)[0])
                others = [p for p in self.players if p != wolf]
                if self.leak == "role":
                    others[0].state["hint"] = {"role": self.secret["roles"][others[1].id]}
                elif self.leak == "public":
                    self.state["roles"] = {others[0].id: self.secret["roles"][others[0].id]}
                elif self.leak == "group":
                    self.group("wolves").add(next(p for p in others if p.state["role"] == cast.VILLAGER))
                elif self.leak == "finding":
                    next(p for p in others if p.state["role"] == cast.VILLAGER).state["findings"] = [{"wolf": False}]
                elif self.leak == "dead":
                    self.group("dead").add(others[0])

            def on_chat(self, player: Player, chat: Chat) -> None:
                if self.leak == "echo" and chat.to == self.group("wolves"):
                    self.chat.say(chat.text)

        for leak in ("role", "public", "group", "finding", "dead", "echo"):
            self.patch(Loud, "leak", leak)
            evening = Evening(self, 3, restarts=False)
            evening.table = Table(Loud, seed=3, options=SHORT)
            evening.players = [evening.table.join(name) for name in NAMES]
            evening.tv = evening.table.join("TV", role="screen")
            evening.clients = {visitor.id: Client() for visitor in evening.all}
            self.assertRaises(AssertionError, evening.play)
        self.patch(Loud, "leak", "")
        evening = Evening(self, 3, restarts=False)
        evening.play()


class Deal:
    """Deals the cards as a test wants them; which place of the pack goes to whom is found out once for each seed."""

    def __init__(self, case: SynchronousTestCase, seed: int, players: int) -> None:
        self.case, self.seed, self.players = case, seed, players
        self.places = [int(place) for place in self.dealt([str(n) for n in range(players)])]

    def dealt(self, pack: list[str]) -> list[str]:
        self.case.patch(cast, "cast", lambda *a, **k: pack)
        self.case.patch(cast, "winner", lambda roles: None)
        table = Table(Werewolf, seed=self.seed, options=SHORT)
        visitors = [table.join(name) for name in NAMES[: self.players]]
        table.start()
        self.case.patch(cast, "winner", WINNER)
        return [v.state["role"] for v in visitors]

    def pack(self, roles: Sequence[str]) -> list[str]:
        """:returns: a pack of which each seat gets the role of its number."""
        pack = [""] * self.players
        for place, role in zip(self.places, roles, strict=True):
            pack[place] = role
        return pack


WINNER = cast.winner


class NothingDependsTests(SynchronousTestCase):
    """
    Two games that differ in two cards alone, those of A and B, and in which neither of the two dies: everybody but the
    two and the wolves is sent the same bytes, until it ends. So not even a length, an order or a time tells anything.
    """

    def test_bytes_are_the_same_whoever_is_the_wolf(self) -> None:
        longest = 0
        for seed in range(8):
            one, two = (self.play(seed, swapped) for swapped in (False, True))
            self.assertEqual([len(frames) for frames in one], [len(frames) for frames in two])
            self.assertEqual(one, two)
            longest = max(longest, *(len(frames) for frames in one))
        self.assertGreater(longest, 20_000, "much was said")

    def play(self, seed: int, swapped: bool) -> list[bytes]:
        """:returns: what everybody was sent but A, B and the other wolf."""
        roles = [cast.WOLF, cast.VILLAGER, cast.WOLF, cast.SEER, *[cast.VILLAGER] * 4]
        if swapped:
            roles[0], roles[1] = roles[1], roles[0]
        deal = Deal(self, seed, len(roles))
        pack = deal.pack(roles)
        self.patch(cast, "cast", lambda *a, **k: pack)
        table = Table(Werewolf, seed=seed, options=SHORT)
        visitors = [table.join(name) for name in NAMES]
        table.start()
        self.assertEqual([v.state["role"] for v in visitors], roles)
        seen: list[bytes] = []
        dice = random.Random(seed)
        for number in range(400):
            seen = [v.seen() for v in visitors[3:]]
            self.step(table, visitors, dice, number)
            if table.status != "playing":
                break
        return seen

    def step(self, table: Table, visitors: list[Visitor], dice: random.Random, number: int) -> None:
        """
        One input, the same in both games. All choose whom the number of the night says, and A, B and the other wolf at
        once or not at all, so the same one dies.
        """
        who, act, word = dice.choice(visitors), dice.random(), f"word{number}"
        victim = visitors[4 + (table.state["night"] % 4)]
        to = dice.choice(("room", "group:wolves", "group:wolves", "group:dead"))
        try:
            if act < 0.12:
                table.advance(dice.choice((1, 4)))
            elif act < 0.2:
                who.drop() if who.online else who.resume()
            elif act < 0.23:
                table.restart()
            elif not who.online:
                return
            elif act < 0.4:
                hunters = visitors[:3] if who in visitors[:3] else [who]
                for each in hunters if all(hunter.online for hunter in hunters) else ():
                    each.send("choose", whom=victim.id)
            elif act < 0.5:
                who.send("vote", whom=dice.choice((None, None, visitors[3].id)))
            elif act < 0.58:
                who._speak({"op": "typing", "to": to})
            elif act < 0.64:
                lines = [x["n"] for x in who.chat if x["stream"] == "room" and (x["from"] or {}).get("seat") == who.id]
                op, fields = dice.choice((("unsay", {}), ("edit", {"text": word})))
                who.ask(op, stream="room", line=lines[-1] if lines else 1, **fields)
            else:
                who.say(word, to=to)
        except Refused as refused:
            assert refused.code != "game_error", refused.__cause__
