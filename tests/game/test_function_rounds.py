"""How a game in the function style ends and goes on, deals secrets, draws, makes teams and puts people out."""

from __future__ import annotations

from typing import Any

from gameserver import Game, Refused
from gameserver.errors import GameDefinitionError, NoSender, StaleCall
from gameserver.game.function import game_from_module
from gameserver.game.settings import SETTINGS
from gameserver.game.spec import spec_of
from gameserver.testing import Table
from tests.game.test_function import FunctionCase, Recorder, module


def _over(add: Any, me: Any, group: Any, payload: Any) -> None:
    payload["over"](**(payload["data"] or {}))


class RoundTests(FunctionCase):
    def test_over_ends_and_host_starts_again(self) -> None:
        """The result is public, timers are cancelled, and START tells the function of another round."""
        self.sit(
            arm=lambda add, me, group, payload: payload["timers"].after(5, "late"),
            finish=_over,
            status=lambda add, me, group, payload: payload["status"],
        )
        self.assertEqual(self.ann.send("status"), "playing")
        self.ann.send("arm")
        self.ann.send("finish", {"winner": "Ann"})
        self.assertEqual((self.table.status, self.table.result), ("over", {"winner": "Ann"}))
        self.assertEqual(self.bob.send("status"), "over")
        self.table.advance(10)
        self.assertEqual(self.assertRaises(Refused, self.bob.start).code, "forbidden")
        self.ann.start()
        self.assertEqual((self.table.status, self.table.result), ("playing", None))
        self.assertEqual([a for a in self.game.actions() if a in ("START", "TIMER")], ["START"])

    def test_again_after_a_restart(self) -> None:
        """That the room played before its process died is known from its row."""
        self.sit(finish=_over)
        self.ann.send("finish")
        self.table.restart()
        self.ann.start()
        self.assertEqual(self.game.actions().count("START"), 1)

    def test_refused_end_leaves_no_trace(self) -> None:
        """An end is part of the step."""

        def finish(add: Any, me: Any, group: Any, payload: Any) -> None:
            _over(add, me, group, payload)
            raise Refused("not yet")

        self.sit(finish=finish)
        self.assertRaises(Refused, self.ann.send, "finish")
        self.assertEqual(self.table.status, "playing")

    def test_enter_has_a_deadline(self) -> None:
        """TIMER comes with the name given; the next phase cancels it."""
        self.sit(
            night=lambda add, me, group, payload: payload["enter"]("night", 30, "dawn"),
            day=lambda add, me, group, payload: payload["enter"]("day"),
            TIMER=lambda add, me, group, payload: payload["enter"](payload["timer"]),
            phase=lambda add, me, group, payload: payload["phase"],
        )
        self.ann.send("night")
        self.assertEqual(self.ann.send("phase"), "night")
        self.table.advance(30)
        self.assertEqual(self.ann.send("phase"), "dawn")
        self.ann.send("night")
        self.ann.send("day")
        self.table.advance(30)
        self.assertEqual(self.ann.send("phase"), "day")


class OwnTests(FunctionCase):
    def test_own_is_the_senders_alone(self) -> None:
        """Changed in place or put in place of, it reaches that seat and nobody else."""

        def deal(add: Any, me: Any, group: Any, payload: Any) -> None:
            payload["own"]["cards"] = ["queen-of-spades"]

        def swap(add: Any, me: Any, group: Any, payload: Any) -> None:
            payload["own"] = {"cards": [*payload["own"]["cards"], "ace-of-hearts"]}

        self.sit(deal=deal, swap=swap)
        self.ann.send("deal")
        self.ann.send("swap")
        self.table.restart()
        self.assertEqual(self.ann.state, {"cards": ["queen-of-spades", "ace-of-hearts"]})
        self.assertEqual(self.bob.state, {})
        self.assertNotIn("queen-of-spades", str(self.bob.seen()))

    def test_own_of_nobody(self) -> None:
        """Where nobody sent the input it raises, read or put in place of."""
        for write in (lambda p: p["own"], lambda p: p.update(own={})):
            self.sit(
                arm=lambda add, me, group, payload: payload["timers"].after(1, "t"),
                TIMER=lambda add, me, group, payload, write=write: write(payload),
            )
            self.ann.send("arm")
            self.table.advance(1)
            self.errors(NoSender)

    def test_own_is_read_when_leaving(self) -> None:
        """As ``player.state`` is in ``on_leave``."""
        self.sit(
            hold=lambda add, me, group, payload: payload["own"].update(gold=3),
            LEAVE_ROOM=lambda add, me, group, payload: payload["shared"].update(left=payload["own"]["gold"]),
        )
        self.bob.send("hold")
        self.bob.leave()
        self.assertEqual(self.table.state, {"left": 3})


class ChanceTests(FunctionCase):
    def test_role_is_the_senders(self) -> None:
        """What a seat is for is told of each input, and nothing where nobody sent it."""
        roles: list[tuple[str, Any]] = []

        def payload_handler(group_add, socket_self_send, socket_group_send, payload):  # type: ignore[no-untyped-def]
            roles.append((payload["action"], payload["role"]))
            if payload["action"] == "arm":
                payload["timers"].after(1, "late")

        game = module(payload_handler)
        game.roles = {"screen": 1}
        table = Table(game)
        table.join("Ann").send("arm")
        tv = table.join("TV", "screen")
        tv.send("look")
        tv.leave()
        table.advance(1)
        of_all = [("CREATE_ROOM", None), ("JOIN_ROOM", "player"), ("arm", "player"), ("JOIN_ROOM", "screen")]
        self.assertEqual(roles, [*of_all, ("look", "screen"), ("LEAVE_ROOM", "screen"), ("TIMER", None)])

    def test_random_is_the_rooms(self) -> None:
        """The methods of `random.Random`; what a refused step drew is drawn again."""

        def draw(add: Any, me: Any, group: Any, payload: Any) -> list[Any]:
            dice = payload["random"]
            drawn = [dice.randint(1, 10**9), dice.random(), dice.sample(range(99), 5), dice.gauss(), dice.getstate()]
            if payload["data"]:
                raise Refused(str(drawn[:-1]))
            return drawn[:-1]

        self.sit(draw=draw)
        refused = self.assertRaises(Refused, self.ann.send, "draw", 1)
        first = self.ann.send("draw")
        self.assertEqual(str(first), str(refused))
        self.assertNotEqual(self.ann.send("draw"), first)


class TeamTests(FunctionCase):
    def sit_in_teams(self) -> None:
        self.sit(
            CREATE_ROOM=lambda add, me, group, payload: payload["teams"](["red", "blue"]),
            of=lambda add, me, group, payload: [payload["teams"].of(), payload["teams"].of(payload["data"])],
            move=lambda add, me, group, payload: payload["teams"].move(payload["data"], "red"),
            shuffle=lambda add, me, group, payload: payload["teams"].shuffle(),
            score=lambda add, me, group, payload: payload["teams"].score("red", payload["data"]),
            scores=lambda add, me, group, payload: payload["teams"].scores,
            members=lambda add, me, group, payload: [u["name"] for u in payload["groups"].members("red")],
        )

    def test_teams_are_made_and_moved(self) -> None:
        """Newcomers are dealt to them; who moves is in one alone, and a team is a public group."""
        self.sit_in_teams()
        self.assertEqual(self.ann.send("of", self.bob.player.user_id), ["red", "blue"])
        self.ann.send("move", self.bob.player.user_id)
        self.assertEqual(self.bob.send("of", self.bob.player.user_id), ["red", "red"])
        self.assertEqual(self.ann.send("members"), ["Ann", "Bob"])
        self.assertEqual(self.bob.player.groups, ["red"])
        self.ann.send("shuffle")
        self.assertEqual(len(self.ann.send("members")), 1)

    def test_scores(self) -> None:
        """Points are added, and everybody sees them."""
        self.sit_in_teams()
        self.ann.send("score", 3)
        self.ann.send("score", -1)
        self.assertEqual(self.bob.send("scores"), {"red": 2, "blue": 0})

    def test_no_such_team_or_user(self) -> None:
        """An error of the game's."""
        self.sit_in_teams()
        self.fails(ValueError, self.ann, "move", "nobody")


class KickTests(FunctionCase):
    def test_kick_ends_all_seats_of_the_user(self) -> None:
        """LEAVE_ROOM comes in the same step; with a ban the user cannot come back."""
        self.sit(
            out=lambda add, me, group, payload: payload["kick"](payload["data"]),
            LEAVE_ROOM=lambda add, me, group, payload: payload["shared"].update(left=payload["user"]["name"]),
        )
        self.ann.send("out", self.bob.player.user_id)
        self.assertEqual(self.table.state, {"left": "Bob"})
        self.assertEqual([seat.name for seat in self.table.game.seats()], ["Ann"])
        self.fails(ValueError, self.ann, "out", "nobody")


class LaterTests(FunctionCase):
    def test_kept_and_called_later_they_say_so(self) -> None:
        """All serve one call."""
        kept: dict[str, Any] = {}

        def keep(add: Any, me: Any, group: Any, payload: Any) -> None:
            kept.update({key: payload[key] for key in ("over", "enter", "random", "teams", "kick")})

        self.sit(keep=keep)
        self.ann.send("keep")
        for call in (
            kept["over"],
            lambda: kept["enter"]("x"),
            kept["random"].random,
            lambda: kept["random"].shuffle([1, 2]),
            lambda: kept["teams"](["a"]),
            lambda: kept["teams"].scores,
            lambda: kept["kick"]("x"),
        ):
            self.assertRaises(StaleCall, call)

    def test_not_among_the_keys(self) -> None:
        """A payload has the keys that it always had, and no others than these."""
        self.sit(look=lambda add, me, group, payload: sorted(payload), bad=lambda *four: four[3]["no such"])
        keys = ["action", "data", "groups", "room", "shared", "state", "timers", "user"]
        self.assertEqual(self.ann.send("look"), keys)
        self.fails(KeyError, self.ann, "bad")


class SettingTests(FunctionCase):
    def test_each_setting_is_an_attribute_of_the_module(self) -> None:
        """Whatever a class may set, a module may: each reaches the game."""
        for name in SETTINGS - {"name"}:
            value = object()
            game = game_from_module(module(lambda group_add, socket_self_send, socket_group_send, payload: 0))
            self.assertIsNot(getattr(game, name), value)
            given = game_from_module(Recorder().module(**{name: value}))
            self.assertIs(getattr(given, name), value, name)

    def test_host_may(self) -> None:
        """What the module does not list its host may not do."""
        self.sit({"host_may": ("end",)})
        self.assertEqual(self.assertRaises(Refused, self.ann._request, "host", act="lock").code, "forbidden")
        self.ann._request("host", act="end")
        self.assertEqual(self.table.status, "over")

    def test_wrong_value_is_an_error(self) -> None:
        """It is checked as in a class."""
        wrong = game_from_module(Recorder().module(host_may=("dance",)))
        self.assertRaises(GameDefinitionError, spec_of, wrong)
        self.assertTrue(issubclass(wrong, Game))
        self.assertEqual(Table(Recorder().module(max_players=2)).game.max_players, 2)
