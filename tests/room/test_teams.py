"""Teams: how players come into them, what clients see, and that a move takes documents and chat along."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, Refused, message
from gameserver.testing import Table, Visitor


class Match(Game):
    """Teams as its options say."""

    max_players = 12
    roles = {"screen": 1}
    late_join = True

    def on_create(self, mode: str = "balanced", late: str = "smallest", size: int = 0) -> None:
        kind: Any = mode
        self.teams(["red", "blue", "green"], mode=kind, late=late, size=size or None)  # type: ignore[arg-type]

    @message
    def move(self, player: Player, whom: Player, team: str) -> None:
        self.group(team).state["plan"] = f"plan of {team}"
        self.teams().move(whom, team)
        self.teams()[team].send("welcome", whom.id)

    @message
    def point(self, player: Player, points: float = 1) -> None:
        if player.team is not None:
            player.team.score += points

    @message
    def rename(self, player: Player) -> None:
        team = self.teams()["red"]
        team.title, team.colour = "Rot", "#ff0000"

    @message
    def again(self, player: Player, teams: list[str], then: str | None = None) -> None:
        self.teams(teams)
        if then:
            raise Refused(then)

    @message
    def finish(self, player: Player) -> None:
        self.over()


def team_of(visitor: Visitor) -> list[str]:
    """As another client would draw it."""
    groups: list[str] = visitor._table.visitors[0].seats[visitor.id]["groups"]
    return groups


class TeamsCase(SynchronousTestCase):
    def sit(self, count: int, **options: Any) -> list[Visitor]:
        self.table = Table(Match, seed=4, options=options)
        return [self.table.join(f"P{n}") for n in range(count)]

    def sizes(self) -> list[int]:
        return sorted(len(team.players) for team in self.table.game.teams())


class ModeTests(TeamsCase):
    def test_balanced(self) -> None:
        """Each newcomer to the smallest, the first of those; a screen to none."""
        players = self.sit(5)
        screen = self.table.join("TV", role="screen")
        self.assertEqual([team_of(p) for p in players], [["red"], ["blue"], ["green"], ["red"], ["blue"]])
        players[1].leave()
        self.assertEqual((team_of(self.table.join("Late")), team_of(screen)), (["blue"], []))

    def test_shuffled(self) -> None:
        """Even, by chance, and dealt anew at each start; a restart changes nothing."""
        players = self.sit(9, mode="shuffled")
        self.table.start()
        first = [team_of(p) for p in players]
        self.assertEqual(self.sizes(), [3, 3, 3])
        self.assertNotEqual(first, [["red"], ["blue"], ["green"]] * 3)
        self.table.restart()
        self.assertEqual([team_of(p) for p in players], first)
        players[0].send("finish")
        self.table.start()
        self.assertEqual(self.sizes(), [3, 3, 3])
        self.assertNotEqual([team_of(p) for p in players], first)

    def test_chosen(self) -> None:
        """Players choose until the start; the host may put others; whoever has none is placed at the start."""
        ann, bob, cleo, dan = self.sit(4, mode="chosen", size=2)
        self.assertEqual(team_of(ann), [])
        self.assertEqual([team["open"] for team in ann.info["teams"]], [True] * 3)
        for player in (ann, bob):
            player.ask("team", team="green")
        self.assertEqual(self.assertRaises(Refused, cleo.ask, "team", team="green").code, "refused")
        self.assertEqual(self.assertRaises(Refused, cleo.ask, "team", team="pink").code, "bad_data")
        bob.ask("team", team="blue")
        cleo.ask("team", team="green")
        self.assertEqual(self.assertRaises(Refused, bob.ask, "team", team="red", seat=ann.id).code, "forbidden")
        ann.ask("team", team="red", seat=bob.id)
        self.table.start()
        self.assertEqual([team_of(p) for p in (ann, bob, cleo, dan)], [["green"], ["red"], ["green"], ["blue"]])
        self.assertEqual(self.assertRaises(Refused, ann.ask, "team", team="red").code, "refused")

    def test_not_chosen(self) -> None:
        """Where teams are not chosen, nobody chooses."""
        (ann,) = self.sit(1)
        self.assertEqual(self.assertRaises(Refused, ann.ask, "team", team="blue").code, "forbidden")
        self.assertEqual(["open" in team for team in ann.info["teams"]], [False] * 3)

    def test_late(self) -> None:
        """Newcomers to a game that is played: the smallest, the weakest, or none."""
        for late, expected in (("smallest", ["blue"]), ("weakest", ["green"]), ("none", [])):
            players = self.sit(7, late=late)
            self.table.start()
            for player in (*players[:2], players[3]):
                player.send("point")
            self.assertEqual(team_of(self.table.join("Late")), expected, late)


class SeenTests(TeamsCase):
    def test_info(self) -> None:
        """Title, colour and score are told to everybody, kept over a restart, and to newcomers."""
        ann, bob, _ = self.sit(3)
        ann.send("point", points=2)
        ann.send("rename")
        expected = [("red", "Rot", "#ff0000", 2), ("blue", "Blue", bob.info["teams"][1]["colour"], 0)]
        self.table.restart()
        for visitor in (bob, self.table.join("Late")):
            found = [(t["name"], t["title"], t["colour"], t["score"]) for t in visitor.info["teams"]]
            self.assertEqual(found[:2], expected)
        self.assertEqual(len({t["colour"] for t in bob.info["teams"]}), 3)

    def test_without_teams(self) -> None:
        """A game without them says nothing of them."""

        class Alone(Game):
            needs_start = False

        self.assertNotIn("teams", Table(Alone).join("Ann").info)

    def test_move(self) -> None:
        """In one step the old team's stream ends and the new one's begins: document, event and chat."""
        ann, bob, cleo = self.sit(3)
        bob.say("blue only", to="group:blue")
        ann.send("move", whom=bob.id, team="red")
        self.assertEqual(
            (set(bob.docs), bob.docs["group:red"]), ({"room", "seat", "group:red"}, {"plan": "plan of red"})
        )
        self.assertEqual([tuple(event) for event in bob.inbox], [("welcome", bob.id)])
        self.assertRaises(Refused, bob.say, "still here?", to="group:blue")
        ann.send("move", whom=cleo.id, team="blue")
        cleo.say("new blue", to="group:blue")
        ann.say("red", to="group:red")
        self.table.restart()
        self.assertIn(b"blue only", bob.seen())
        self.assertEqual([line["text"] for line in bob.chat], ["red"], "a client forgets the lines of a group it left")
        self.assertNotIn(b"new blue", bob.seen())
        self.assertNotIn(b"blue only", cleo.seen())

    def test_undone(self) -> None:
        """A step that fails leaves teams, members and scores."""
        ann, bob, _ = self.sit(3)
        ann.send("point")
        before = ann.info
        self.assertRaises(Refused, ann.send, "again", teams=["a", "b"], then="no")
        self.assertEqual((ann.info, team_of(bob)), (before, ["blue"]))
        self.table.restart()
        self.assertEqual((ann.info, team_of(bob)), (before, ["blue"]))

    def test_declared_again(self) -> None:
        """Others take their place; who is in one that stays, stays; scores begin anew."""
        ann, bob, cleo = self.sit(3)
        ann.send("point")
        ann.send("again", teams=["red", "black"])
        self.assertEqual([team_of(p) for p in (ann, bob, cleo)], [["red"], ["black"], ["red"]])
        self.assertEqual([(t["name"], t["score"]) for t in bob.info["teams"]], [("red", 0), ("black", 0)])


class MistakeTests(TeamsCase):
    def test_wrong_words(self) -> None:
        """What is no mode, no team or no score is an error that says so."""
        (ann,) = self.sit(1)
        game = self.table.game
        for attempt in (
            lambda: game.teams([]),
            lambda: game.teams("red"),
            lambda: game.teams(["red"], mode="best"),  # type: ignore[arg-type]
            lambda: game.teams(["red"], late="never"),  # type: ignore[arg-type]
            lambda: game.teams({"red": {"color": "x"}}),
        ):
            self.assertRaises(ValueError, attempt)
        self.assertRaises(KeyError, lambda: game.teams()["pink"])
        for score in (True, "1", float("nan"), float("inf")):
            self.assertRaises(TypeError, setattr, game.teams()["red"], "score", score)
        for field in ("title", "colour"):
            self.assertRaises(TypeError, setattr, game.teams()["red"], field, "")
        self.assertEqual(game.teams().of(ann.player), game.teams()["red"])
