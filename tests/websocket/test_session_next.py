"""All who are in a room go on in another: the message ``next``, and where the old code leads."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from gameserver import Game, Player, Refused, message
from gameserver.settings.settings import Limits
from tests.websocket.kit import Message, Peer, WireTestCase

CAT = {"avatar": "🐱", "colour": "#d7263d"}


class Talk(Game):
    """The first game of an evening."""

    name = "talk"
    max_players = 4
    roles = {"screen": 2, "spectator": 3}

    def on_close(self) -> None:
        self.secret["closed"] = True

    @message(by="any")
    def win(self, player: Player, who: list[Player]) -> None:
        self.over(ranking=[who, [seat for seat in self.players if seat not in who]])

    @message
    def note(self, player: Player, text: str) -> None:
        self.state["note"] = text


class Duel(Game):
    """The next one: for two; and those who are too many may watch."""

    name = "duel"
    max_players = 2
    roles = {"screen": 1, "spectator": 3}

    def on_create(self, size: Annotated[int, Meta(ge=1, le=9)] = 3) -> None:
        if size == 7:
            raise Refused("Seven is unlucky.", code="unlucky")
        if size == 8:
            raise ValueError("eight")


class Plain(Game):
    """Has neither screens nor spectators."""

    name = "plain"
    max_players = 4


class NextTestCase(WireTestCase):
    games = (Talk, Duel, Plain)

    def setUp(self) -> None:
        super().setUp()
        self.ann = self.rig.guest("Ann").create("talk", profile=CAT, name="Annie")
        self.code = self.ann.room
        self.bob = self.rig.guest("Bob").join(self.code)
        self.tv = self.rig.guest("TV").join(self.code, role="screen")
        for peer in (self.ann, self.bob, self.tv):
            peer.take()

    def left(self, peer: Peer) -> Message:
        """:returns: the one ``left`` that came since the last look."""
        (left,) = [m for m in peer.take() if m["op"] == "left"]
        return left

    def go(self, game: str = "duel", **fields: Any) -> str:
        """:returns: the code of the next room, to which all were sent."""
        answer = self.ann.ask("next", id=9, room=self.code, game=game, **fields)
        self.assertEqual((answer["op"], answer["room"]), ("ok", self.code), answer)
        code: str = answer["data"]["room"]
        return code

    def rooms(self) -> list[str]:
        """:returns: the codes of rooms in which one may be."""
        return [r.room.code for r in self.rig.registry.runners if r.room.state.next is None]


class NextTests(NextTestCase):
    def test_all_are_told(self) -> None:
        """Each seat is told where all go on; the host's request is answered last."""
        told = self.ann.say("next", id=9, room=self.code, game="duel", options={"size": 5})
        self.assertEqual(self.ops(told), ["left", "ok"])
        code = told[1]["data"]["room"]
        expected = {"op": "left", "room": self.code, "reason": "next", "message": None, "next": code, "url": None}
        self.assertEqual([told[0], self.left(self.bob), self.left(self.tv)], [expected] * 3)
        self.assertNotEqual(code, self.code)
        joined = self.ann.join(code, id=10).joined
        self.assertEqual((joined["game"], joined["info"]["options"]), ("duel", {"size": 5}))
        self.assert_error(self.ann.ask("send", id=11, room=self.code, type="note", data={"text": "x"}), "not_found", 11)

    def test_who_comes_is_who_was(self) -> None:
        """Names, profiles, roles and the host are as they were, whoever comes first, with nothing said of them."""
        code = self.go()
        self.tv.join(code, id=10)
        self.assertEqual(self.tv.joined["seat"]["role"], "screen")
        self.bob.join(code, id=10)
        self.ann.join(code, id=10)
        seats = {seat["name"]: seat for seat in self.ann.joined["seats"]}
        self.assertEqual(set(seats), {"Annie", "Bob", "TV"})
        self.assertEqual((seats["Annie"]["profile"], seats["Annie"]["host"]), (CAT, True))

    def test_another_name(self) -> None:
        """Who says another name has that."""
        code = self.go()
        self.ann.join(code, id=10, name="Anna", profile={"colour": "blue"})
        self.assertEqual(
            [(seat["name"], seat["profile"]) for seat in self.ann.joined["seats"]], [("Anna", {"colour": "blue"})]
        )

    def test_places_are_kept_for_a_minute(self) -> None:
        """Nobody else gets them, nor the names; after that anybody does."""
        code = self.go()
        mallory = self.rig.guest("Mallory")
        self.assert_error(mallory.ask("join", id=1, room=code), "room_full", 1)
        found = self.rig.guest("Zoe").create("duel").room
        match = mallory.ask("join", id=2, game="duel", match={})
        self.assertEqual(match["room"], found)
        watcher = self.rig.guest("bob").join(code, role="spectator")
        self.assertEqual(watcher.joined["seats"][0]["name"], "bob 2")
        self.rig.advance(59)
        self.assert_error(self.rig.guest("Max").ask("join", id=1, room=code), "room_full", 1)
        self.bob.join(code, id=10)
        self.rig.advance(2)
        self.rig.guest("Max").join(code)
        self.assert_error(self.ann.ask("join", id=10, room=code), "room_full", 10)

    def test_too_many_for_the_game(self) -> None:
        """The host and who came first play; the others watch, where the game lets them."""
        cleo = self.rig.guest("Cleo").join(self.code)
        code = self.go()
        self.assertEqual(cleo.join(code, id=2, role="player").joined["seat"]["role"], "spectator")
        for peer in (self.bob, self.ann):
            self.assertEqual(peer.join(code, id=10, role="player").joined["seat"]["role"], "player")

    def test_back_to_the_role(self) -> None:
        """Who had to watch one game plays the next again; and a TV that had to be a spectator is a screen again."""
        cleo = self.rig.guest("Cleo").join(self.code)
        second = self.rig.guest("Second").join(self.code, role="screen")
        code = self.go()
        for peer in (self.ann, self.bob, cleo, self.tv, second):
            peer.join(code, id=10, role=peer.joined["seat"]["role"])
        self.assertEqual(
            [p.joined["seat"]["role"] for p in (cleo, self.tv, second)], ["spectator", "screen", "spectator"]
        )
        third = self.ann.ask("next", id=11, room=code, game="talk")["data"]["room"]
        for peer in (cleo, second):
            peer.join(third, id=12, role=peer.joined["seat"]["role"])
        self.assertEqual([peer.joined["seat"]["role"] for peer in (cleo, second)], ["player", "screen"])

    def test_no_such_role(self) -> None:
        """A screen has no place in a game without screens and spectators; all others have."""
        code = self.go("plain")
        self.assert_error(self.tv.ask("join", id=2, room=code, role="screen"), "forbidden", 2)
        self.bob.join(code, id=10)

    def test_refused(self) -> None:
        """Others than the host are forbidden it; what no room is made of is refused; all stay as they were."""
        for peer, fields, code in (
            (self.bob, {"game": "duel"}, "forbidden"),
            (self.tv, {"game": "duel"}, "forbidden"),
            (self.bob, {"game": "nothing"}, "forbidden"),
            (self.bob, {"game": "duel", "options": {"size": 10}}, "forbidden"),
            (self.ann, {"game": "nothing"}, "not_found"),
            (self.ann, {"game": "duel", "options": {"size": 10}}, "bad_data"),
            (self.ann, {"game": "duel", "options": {"size": 7}}, "unlucky"),
            (self.ann, {"game": "duel", "options": {"size": 8}}, "game_error"),
        ):
            self.assert_error(peer.ask("next", id=20, room=self.code, **fields), code, 20)
            peer.session.key = f"{peer.session.key}x"  # another client: the next request is a new one
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)
        self.assertEqual(self.rooms(), [self.code])
        self.assertIsNone(self.rig.runner(self.code).room.state.next)
        self.bob.ask("send", id=21, room=self.code, type="note", data={"text": "on"})
        self.go()

    def test_refusal_is_remembered(self) -> None:
        """The same request, said again, is answered the same."""
        first = self.ann.ask("next", id=9, room=self.code, game="duel", options={"size": 7})
        self.assertEqual(self.ann.ask("next", id=9, room=self.code, game="duel", options={"size": 7}), first)

    def test_password_and_privacy(self) -> None:
        """The next room is as private as this one, and has its password, which nobody needs who had a seat."""
        ann = self.rig.guest("Ann").create("talk", private=True, password="sesame")
        bob = self.rig.guest("Bob").join(ann.room, password="sesame")
        code = ann.ask("next", id=9, game="plain")["data"]["room"]
        self.assertEqual(len(code), 8)
        bob.join(code, id=10)
        ann.join(code, id=10)
        eve = self.rig.guest("Eve")
        self.assert_error(eve.ask("join", id=1, room=code), "wrong_password", 1)
        eve.join(code, id=2, password="sesame")
        self.assertEqual(len(ann.ask("next", id=11, game="plain")["data"]["room"]), 8)

    def test_locked_and_banned(self) -> None:
        """Who was put out stays out; a locked room lets in those who were there."""
        mallory = self.rig.guest("Mallory").join(self.code)
        self.ann.ask("host", id=2, room=self.code, act="kick", seat=mallory.seat)
        self.ann.ask("chat", id=3, room=self.code, text="/ban Bob")
        self.ann.ask("host", id=4, room=self.code, act="lock")
        code = self.go()
        self.assert_error(self.bob.ask("join", id=10, room=code), "forbidden", 10)
        self.assert_error(self.rig.guest("Max").ask("join", id=1, room=code), "room_locked", 1)
        self.ann.join(code, id=10)

    def test_while_it_is_played(self) -> None:
        """A round that is under way ends with it."""
        self.ann.ask("start", id=2, room=self.code)
        code = self.go()
        self.ann.join(code, id=10)
        self.assertEqual(self.ann.joined["info"]["status"], "lobby")

    def test_screen_of_the_creator(self) -> None:
        """The creator's TV goes on with another game, and still may in the next room; the phone is host there."""
        tv = self.ann.again(client=None).join(self.code, role="screen", name="Screen")
        code = tv.ask("next", id=9, room=self.code, game="talk")["data"]["room"]
        tv.join(code, id=10, role="screen")
        self.ann.join(code, id=10)
        self.assertEqual(tv.joined["seat"].get("hosts"), True)
        self.assertTrue(self.ann.joined["seats"][1]["host"])
        self.assertEqual(tv.ask("next", id=11, room=code, game="duel")["op"], "ok")

    def test_host_who_is_not_the_creator(self) -> None:
        """Whoever has the flag has it in the next room."""
        self.ann.ask("host", id=2, room=self.code, act="pass", seat=self.bob.seat)
        code = self.bob.ask("next", id=9, room=self.code, game="duel")["data"]["room"]
        self.ann.join(code, id=10)
        self.bob.join(code, id=10)
        self.assertEqual([s["name"] for s in self.bob.joined["seats"] if s["host"]], ["Bob"])

    def test_evening(self) -> None:
        """Who has won how often goes from room to room, and everybody is told."""
        self.ann.ask("start", id=2, room=self.code)
        self.ann.ask("send", id=3, room=self.code, type="win", data={"who": [self.bob.seat]})
        code = self.go("talk")
        self.ann.join(code, id=10)
        self.bob.join(code, id=10)
        self.assertNotIn("evening", self.ann.joined["info"])
        self.ann.ask("start", id=11, room=code)
        both = [self.ann.seat, self.bob.seat]
        told = self.ann.say("send", id=12, room=code, type="win", data={"who": both})
        (info,) = [m["info"] for m in told if m["op"] == "room"]
        self.assertEqual(info["evening"], [{"name": "Bob", "wins": 2}, {"name": "Annie", "wins": 1}])

    def test_again_and_again(self) -> None:
        """The old codes lead from room to room."""
        second = self.go("talk")
        self.ann.join(second, id=10)
        third = self.ann.ask("next", id=11, room=second, game="duel")["data"]["room"]
        late = self.rig.guest("Late")
        self.assertEqual(
            [late.ask("join", id=n, room=r)["room"] for n, r in ((1, self.code), (2, second))], [second, third]
        )


class LeadTests(NextTestCase):
    def test_old_code_leads_there(self) -> None:
        """For an hour, whoever joins or resumes; also after the process died; then there is no such room."""
        code = self.go()
        self.bob.drop()
        for _ in range(2):
            redirect = {"op": "redirect", "room": code, "url": None}
            late = self.rig.guest("Late")
            self.assertEqual(late.ask("join", id=1, room=self.code), redirect | {"id": 1})
            bob = self.bob.again()
            self.assertEqual(bob.ask("resume", id=2, room=self.code, resume=self.bob.secret), redirect | {"id": 2})
            self.rig.crash()
        self.rig.advance(3590)
        self.assertEqual(self.rig.guest("Late").ask("join", id=1, room=self.code)["op"], "redirect")
        self.rig.advance(20)
        self.assert_error(self.rig.guest("Late").ask("join", id=1, room=self.code), "not_found", 1)

    def test_nothing_is_left_of_it(self) -> None:
        """Of the old room neither documents nor seats are kept, and nobody is matched with it."""
        self.ann.ask("send", id=2, room=self.code, type="note", data={"text": "secret plan"})
        self.ann.ask("chat", id=3, room=self.code, text="bury it")
        self.go("plain")
        stored = self.rig.store._rooms[self.rig.runner(self.code).room.id].parts
        self.assertNotIn(b"secret plan", b"".join(stored.values()))
        self.assertFalse([part for part in stored if part.startswith(("seat/", "line/"))], list(stored))
        self.assertLess(self.rig.runner(self.code).room.share.sizes["room"], 10)
        self.assertNotEqual(self.rig.guest("Max").ask("join", id=1, game="talk", match={})["room"], self.code)

    def test_same_request_after_a_restart(self) -> None:
        """The answer was lost: said again it is the same, and no second room is made."""
        code = self.go()
        self.rig.crash()
        ann = self.ann.again()
        answer = ann.ask("next", id=9, room=self.code, game="duel")
        self.assertEqual((answer["op"], answer["data"], answer["room"]), ("ok", {"room": code}, self.code))
        self.assertEqual(self.rooms(), [code])
        self.assert_error(ann.ask("next", id=10, room=self.code, game="duel"), "not_found", 10)
        self.assert_error(self.bob.again().ask("next", id=9, room=self.code, game="duel"), "not_found", 9)

    def test_death_at_any_moment(self) -> None:
        """However far the store had come, there is one next room, or none: said again, the request makes it."""
        for written in (False, True):
            for calls in range(1, 12):
                self.setUp()
                store = self.rig.store
                store.hold()
                self.ann.post("next", id=9, room=self.code, game="duel", options={"size": 4})
                self.rig.settle()
                for _ in range(calls):
                    store.release(1)
                    self.rig.settle()
                told = [m for m in self.ann.look() if m["op"] in ("left", "ok")]
                self.rig.crash(written=written)
                self.rig.settle()
                self.assert_whole(told, calls)

    def assert_whole(self, told: list[Message], calls: int) -> None:
        """See that all get to one room, which is the one that was told of, if any was."""
        ann = self.ann.again()
        back = ann.ask("resume", id=8, room=self.code, resume=self.ann.secret)
        if back["op"] == "joined":
            self.assertEqual((told, len(self.rooms())), ([], 1), calls)
        answer = ann.ask("next", id=9, room=self.code, game="duel", options={"size": 4})
        self.assertEqual(answer["op"], "ok", (answer, calls))
        code = answer["data"]["room"]
        self.assertEqual({m["next"] for m in told if m["op"] == "left"} - {code}, set())
        self.assertEqual(self.rooms(), [code])
        bob = self.bob.again()
        self.assertEqual(bob.ask("resume", id=2, room=self.code, resume=self.bob.secret)["room"], code)
        for peer in (bob, ann):
            peer.join(code, id=12)
        self.assertEqual((bob.joined["info"]["options"], len(ann.joined["seats"])), ({"size": 4}, 2))
        self.rig.crash()


class MadeTests(WireTestCase):
    games = (Talk,)
    limits = Limits(rooms_made_per_user=3)

    def test_next_counts(self) -> None:
        """A room that people go on in is one that was made: whoever makes too many has to wait."""
        ann = self.rig.guest("Ann").create("talk")
        for id in (10, 20):
            code = ann.ask("next", id=id, room=ann.room, game="talk")["data"]["room"]
            ann.join(code, id=id + 1)
        self.assert_error(ann.ask("next", id=30, room=ann.room, game="talk"), "rate_limited", 30)
        self.rig.advance(3600)
        self.assertEqual(ann.ask("next", id=31, room=ann.room, game="talk")["op"], "ok")
