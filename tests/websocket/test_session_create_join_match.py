"""Who gets into which room, in which seat."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from gameserver import Game, Player, message
from gameserver.node.codes import ALPHABET
from gameserver.room import admission
from gameserver.room.room import Room
from gameserver.settings.settings import Limits
from tests.websocket.kit import Peer, Rig, WireTestCase

LOOK_ALIKES = ("0O", "1IL", "2Z", "5S", "8B", "6G", "AEIOU")


class Quiz(Game):
    """Three players, a screen, a host that does not play."""

    name = "quiz"
    max_players = 3
    roles = {"screen": 1, "host": 1}
    messages_per_s = 1000

    def on_create(self, rounds: Annotated[int, Meta(ge=1, le=50)] = 5, mood: str = "calm") -> None: ...

    @message(by="any")
    def lock_it(self, player: Player, locked: bool = True) -> None:
        (self.lock if locked else self.unlock)()

    @message(by="any")
    def end(self, player: Player) -> None:
        self.over(winner=0)


class Late(Game):
    """Takes newcomers while it is played."""

    name = "late"
    late_join = True


class DoorsTestCase(WireTestCase):
    games = (Quiz, Late)

    def wish(self, op: str, who: str = "Bob", /, **fields: Any) -> Any:
        """:returns: what a newcomer is answered."""
        return self.rig.guest(who).ask(op, id=1, **fields)


class CreateTests(DoorsTestCase):
    def test_options(self) -> None:
        """Options are the game's, with its defaults; what does not fit is told with its path, and no room is made."""
        joined = self.wish("create", game="quiz", options={"rounds": 7})
        self.assertEqual(joined["info"]["options"], {"rounds": 7, "mood": "calm"})
        before = len(list(self.rig.registry.runners))
        for options, at in (({"rounds": 0}, "rounds"), ({"rounds": "7"}, "rounds"), ({"mood": None}, "mood"),
                            ({"round": 7}, "")):  # fmt: skip
            answer = self.wish("create", game="quiz", options=options)
            self.assert_error(answer, "bad_data", 1)
            self.assertTrue(answer["path"].startswith("$") and answer["path"].endswith(at), answer)
        self.assertEqual(len(list(self.rig.registry.runners)), before)
        self.assert_error(self.wish("create", game="nothing"), "not_found", 1)

    def test_code(self) -> None:
        """Four letters, eight for a private room, none of which looks like another or makes a word."""
        for alike in LOOK_ALIKES:
            self.assertLessEqual(len(set(ALPHABET) & set(alike)), 1)
        self.assertFalse(set(ALPHABET) & set("AEIOU"))
        for private, length in ((False, 4), (True, 8)):
            codes = {self.wish("create", game="quiz", private=private)["room"] for _ in range(10)}
            self.assertEqual({len(code) for code in codes}, {length})
            self.assertEqual(len(codes), 10)
            self.assertLessEqual(set("".join(codes)), set(ALPHABET))

    def test_seat_of_the_creator(self) -> None:
        """The creator sits as it asked to, and is host."""
        joined = self.wish("create", "Ann", game="quiz", name="Annie", profile={"colour": "red"})
        (seat,) = joined["seats"]
        self.assertEqual((seat["name"], seat["role"], seat["host"], seat["number"]), ("Annie", "player", True, 0))
        self.assertEqual(seat["profile"], {"colour": "red"})
        self.assertEqual(joined["recovered"], None)
        self.assertEqual(joined["last_id"], 0)

    def test_refused_seat_makes_no_room(self) -> None:
        """A creator who cannot have the seat has made no room."""
        for fields in ({"role": "wizard"}, {"name": ""}, {"name": "a\x00"}, {"profile": {"x": "y" * 3000}}):
            self.assertEqual(self.wish("create", game="quiz", **fields)["op"], "error")
        self.assertEqual(list(self.rig.registry.runners), [])
        self.rig.crash()
        self.assertEqual(list(self.rig.registry.runners), [])


class JoinTests(DoorsTestCase):
    def test_code_as_people_type_it(self) -> None:
        """In lower case, with spaces or dashes; answered with the code as it is."""
        room = self.rig.guest().create("quiz", private=True).room
        assert room is not None
        for typed in (room.lower(), f" {room} ", f"{room[:4]} {room[4:]}", f"{room[:4]}-{room[4:].lower()}"):
            bob = self.rig.guest().join(typed)
            self.assertEqual(bob.room, room)
            bob.say("leave", id=2)

    def test_no_such_room(self) -> None:
        """What is no code is not found, whatever it is."""
        for typed in ("", "QQQQ", "x" * 1000, "../etc", "\x00", "\u0130"):
            self.assert_error(self.wish("join", room=typed), "not_found", 1)
        self.assert_error(self.wish("join"), "bad_data", 1)

    def test_password(self) -> None:
        """A wrong password is refused and never let in; the right one is; whoever has a seat needs none."""
        ann = self.rig.guest("Ann").create("quiz", password="open")
        eve = self.rig.guest("Eve")
        for id, password in enumerate(("", None, "Open", "open ", "\u00f6pen", "x" * 1000), 1):
            self.assert_error(eve.ask("join", id=id, room=ann.room, password=password), "wrong_password", id)
            self.assert_error(eve.ask("send", id=id, type="end", room=ann.room), "not_found", id)
        self.rig.advance(1)
        self.assertEqual(eve.take(), [])
        self.assertEqual(len(self.rig.runner(ann.room).room.seats), 1)
        bob = self.rig.guest("Bob").join(ann.room, password="open")
        self.assertEqual(bob.again().join(ann.room).seat, bob.seat)
        self.assertEqual(ann.again().join(ann.room, password="wrong").seat, ann.seat)
        self.assertNotIn(b"open", b"".join(bob.frames))
        bob.drop()
        self.rig.crash()
        bob = bob.again()
        self.assertEqual(bob.join(bob.rig.registry.find(ann.room or "").room.code).joined["game"], "quiz")
        self.assert_error(self.wish("join", room=ann.room, password="closed"), "wrong_password", 1)

    def test_wrong_password_while_the_commit_waits(self) -> None:
        """Also where all of it happens in one pass, after a right one."""
        ann = self.rig.guest("Ann").create("quiz", password="open")
        self.rig.store.hold()
        eve, bob = self.rig.guest("Eve"), self.rig.guest("Bob")
        bob.post("join", id=1, room=ann.room, password="open")
        eve.post("join", id=1, room=ann.room, password="shut")
        eve.post("send", id=2, type="end")
        self.rig.store.release()
        self.assertEqual(self.ops(bob.take())[0], "joined")
        self.assertEqual({m["code"] for m in eve.take()}, {"wrong_password", "not_found"})

    def test_joining_again(self) -> None:
        """Joining again returns the seat, in another tab or the same; the first tab goes on."""
        ann = self.rig.guest("Ann").create("quiz")
        tab = ann.again().join(ann.room, name="Other")
        self.assertEqual((tab.seat, tab.secret), (ann.seat, ann.secret))
        again = ann.ask("join", id=9, room=ann.room)
        self.assertEqual((again["op"], again["seat"]["id"]), ("joined", ann.seat))
        self.assertEqual(len(again["seats"]), 1)
        bob = self.rig.guest("Bob").join(ann.room)
        for peer in (ann, tab):
            self.assertIn("seats", self.ops(peer.take()))
        self.assertEqual([s["name"] for s in bob.joined["seats"]], ["Ann", "Bob"])

    def test_events_come_once_to_a_tab_that_joined_twice(self) -> None:
        """A session that joins again has one seat and hears everything once."""
        ann = self.rig.guest("Ann").create("quiz")
        ann.ask("join", id=2, room=ann.room)
        ann.take()
        ann.say("chat", text="hi")
        self.assertEqual([m["text"] for m in ann.everything() if m["op"] == "chat"], ["hi"])

    def test_one_seat_per_session_and_one_per_role(self) -> None:
        """A session has one seat in a room; a user's TV and phone are two, each on a connection of its own."""
        ann = self.rig.guest("Ann").create("quiz")
        self.assertEqual(ann.ask("join", id=2, room=ann.room, role="screen")["op"], "error")
        tv = ann.again(client=None).join(ann.room, role="screen")
        self.assertNotEqual(tv.seat, ann.seat)
        self.assertIsNone(tv.joined["seat"]["number"])
        self.assertFalse(next(s for s in tv.joined["seats"] if s["id"] == tv.seat)["host"])

    def test_roles(self) -> None:
        """The game's roles, each with its seats; ``host`` is for the creator."""
        ann = self.rig.guest("Ann").create("quiz")
        for role in ("wizard", "", "Player", "server", "host"):
            if role:
                self.assert_error(self.wish("join", room=ann.room, role=role), "forbidden", 1)
        self.rig.guest("TV").join(ann.room, role="screen")
        self.assert_error(self.wish("join", room=ann.room, role="screen"), "room_full", 1)
        boss = self.rig.guest("Boss").create("quiz", role="host")
        (seat,) = boss.joined["seats"]
        self.assertEqual((seat["role"], seat["host"], seat["number"]), ("host", True, None))

    def test_screen_creates(self) -> None:
        """Where a screen creates, the first player is host; the screen is told that it has the same rights."""
        tv = self.rig.guest("TV").create("quiz", role="screen")
        self.assertFalse(tv.joined["seats"][0]["host"])
        self.assertTrue(tv.joined["seat"]["hosts"])
        ann = self.rig.guest("Ann").join(tv.room)
        self.assertNotIn("hosts", ann.joined["seat"])
        self.assertTrue(next(s for s in ann.joined["seats"] if s["id"] == ann.seat)["host"])

    def test_full_locked_playing_and_over(self) -> None:
        """Each has its code, and whoever has a seat still comes back to it."""
        ann = self.rig.guest("Ann").create("quiz")
        ann.say("send", id=2, type="lock_it")
        self.assert_error(self.wish("join", room=ann.room), "room_locked", 1)
        ann.say("send", id=3, type="lock_it", data={"locked": False})
        ann.say("start", id=4)
        self.assert_error(self.wish("join", room=ann.room), "room_locked", 1)
        self.assertEqual(ann.again().join(ann.room).seat, ann.seat)
        ann.say("send", id=5, type="end")
        ann.say("host", id=6, act="lock")
        self.assert_error(self.wish("join", room=ann.room), "room_over", 1)
        bob = self.rig.guest("Bob").create("quiz")
        for name in "CD":
            self.rig.guest(name).join(bob.room)
        self.assert_error(self.wish("join", room=bob.room), "room_full", 1)
        self.assertEqual(bob.again().join(bob.room).seat, bob.seat)

    def test_late_join(self) -> None:
        """A game may take people while it is played."""
        ann = self.rig.guest("Ann").create("late")
        ann.say("start", id=2)
        self.assertEqual(self.rig.guest("Bob").join(ann.room).joined["info"]["status"], "playing")


class MatchTests(DoorsTestCase):
    def match(self, name: str = "Bob", match: Any = None, **fields: Any) -> Peer:
        """:returns: somebody who was matched."""
        return self.rig.guest(name).join(None, game="quiz", match=match or {}, **fields)

    def test_open_room_or_new(self) -> None:
        """The first finds none and makes one with these options; the others find it, until it is full."""
        peers = [self.match(match={"rounds": 7}) for _ in range(4)]
        self.assertEqual(len({p.room for p in peers[:3]}), 1)
        self.assertNotEqual(peers[3].room, peers[0].room)
        self.assertEqual(peers[0].joined["info"]["options"]["rounds"], 7)
        self.assertNotIn(self.match(match={"rounds": 8}).room, {p.room for p in peers})
        self.assertEqual(self.match(match={"mood": "calm"}).room, peers[3].room)
        self.assert_error(self.wish("join", game="quiz", match={"rounds": 99}), "bad_data", 1)
        self.assert_error(self.wish("join", game="nothing"), "not_found", 1)

    def test_password_means_nothing(self) -> None:
        """A room that has a password is not found by it, and one that is made is open to all."""
        closed = self.rig.guest("Ann").create("quiz", password="sesame")
        found = self.match(password="sesame").room
        self.assertNotEqual(found, closed.room)
        self.assertEqual(self.match("Cem").room, found)

    def test_true_is_not_one(self) -> None:
        """Options hold what is asked for as JSON has it."""
        self.match(match={"rounds": 1})
        self.assert_error(self.wish("join", game="quiz", match={"rounds": True}), "bad_data", 1)

    def test_at_once(self) -> None:
        """Three in one pass, while the store takes its time, get into one room."""
        self.rig.store.hold()
        peers = [self.rig.guest(f"P{n}") for n in range(3)]
        for peer in peers:
            peer.post("join", id=1, game="quiz", match={})
        for _ in range(8):
            self.rig.store.release(1)
            self.rig.settle()
        self.rig.store.release()
        joined = [next(m for m in p.take() if m["op"] == "joined") for p in peers]
        self.assertEqual(len({m["room"] for m in joined}), 1)

    def test_never_into_closed_doors(self) -> None:
        """Private, locked, full or playing rooms, and rooms with a password, are never matched."""
        rooms = set()
        for fields in ({"private": True}, {"password": "x"}, {}, {}):
            rooms.add(self.rig.guest("Ann").create("quiz", **fields).room)
        locked, playing = [p for p in self.rig.peers if len(p.room or "") == 4][-2:]
        locked.say("send", id=2, type="lock_it")
        playing.say("start", id=2)
        self.assertNotIn(self.match().room, rooms)

    def test_looks_at_open_rooms_alone(self) -> None:
        """However many rooms there are besides: full, played in, of other games."""
        rig = Rig(*self.games, forms=self.forms, limits=Limits(rooms_made_per_user=1000))
        for n in range(40):
            host = rig.connect(f"192.0.2.{n}").hello("Ann").create("quiz" if n % 2 else "late")
            if n % 4 == 1:
                host.say("start", id=2)
            for name in "BC" if n % 4 == 3 else "":
                rig.guest(name).join(host.room)
        looked: list[str] = []
        is_open_to = admission.is_open_to

        def counted(room: Room, *asked: Any) -> bool:
            looked.append(room.code)
            return is_open_to(room, *asked)

        self.patch(admission, "is_open_to", counted)
        first = rig.guest("Dan").join(None, game="quiz", match={})
        self.assertEqual(looked, [])
        second = rig.guest("Eve").join(None, game="quiz", match={})
        self.assertEqual((second.room, looked), (first.room, [first.room]))

    def test_open_again(self) -> None:
        """A room that was full, locked or played in, and is not any more, is found again."""
        first = self.match()
        second, third = self.match("Ann"), self.match("Cem")
        self.assertEqual({second.room, third.room}, {first.room})
        third.say("leave", id=2)
        self.assertEqual(self.match("Dan").room, first.room)
        second.say("leave", id=2)
        first.say("send", id=2, type="lock_it")
        self.assertNotEqual(self.match("Eve").room, first.room)
        self.assertEqual(len(list(self.rig.registry._open_rooms.of("quiz", "player", {}))), 1)
        first.say("send", id=3, type="lock_it", data={"locked": False})
        self.assertEqual(len(list(self.rig.registry._open_rooms.of("quiz", "player", {}))), 2)

    def test_own_seat_in_a_full_room(self) -> None:
        """Whoever has a seat is led back to it, though nobody else would find one there."""
        first = self.match()
        for name in ("Ann", "Cem"):
            self.match(name)
        again = first.again()
        self.assertEqual(again.join(None, game="quiz", match={}).room, first.room)

    def test_forgotten_with_the_rooms(self) -> None:
        """Of rooms that are gone nothing is kept."""
        self.match().say("leave", id=2)
        self.rig.advance(3 * 86_400)
        rooms = self.rig.registry._open_rooms
        self.assertEqual((list(self.rig.registry.runners), rooms._by_key, rooms._keys, rooms._ages), ([], {}, {}, {}))

    def test_role_taken_here(self) -> None:
        """Whoever wants another role is not matched into a room where this connection has a seat already."""
        ann = self.match("Ann")
        answer = ann.ask("join", id=2, game="quiz", match={}, role="screen")
        self.assertEqual(answer["op"], "joined", answer)
        self.assertNotEqual(answer["room"], ann.room)


class BudgetTests(DoorsTestCase):
    def test_rooms_of_a_user(self) -> None:
        """Ten at a time; leaving one makes room."""
        ann = self.rig.guest()
        rooms = [ann.ask("create", id=n, game="quiz")["room"] for n in range(1, 11)]
        self.assert_error(ann.ask("create", id=11, game="quiz"), "forbidden", 11)
        self.assert_error(ann.ask("join", id=12, game="late"), "forbidden", 12)
        ann.ask("leave", id=13, room=rooms[0])
        self.assertEqual(ann.ask("create", id=14, game="quiz")["op"], "joined")

    def test_rooms_of_a_user_in_one_turn(self) -> None:
        """Also where all joins come in one pass."""
        rooms = [self.rig.guest().create("quiz").room for _ in range(15)]
        ann = self.rig.guest("Ann")
        for id, room in enumerate(rooms, 1):
            ann.post("join", id=id, room=room)
        self.assertEqual(self.ops(ann.take()).count("joined"), 10)

    def test_rooms_of_a_user_on_several_tabs(self) -> None:
        """Also where several tabs create while the store takes its time."""
        ann = self.rig.guest("Ann")
        for id in range(1, 10):
            ann.ask("create", id=id, game="quiz")
        tabs = [ann.again(client=None) for _ in range(4)]
        self.rig.store.hold()
        for tab in tabs:
            tab.post("create", id=1, game="quiz")
        self.rig.store.release()
        self.assertEqual(sum(self.ops(tab.take()).count("joined") for tab in tabs), 1)

    def test_refused_joins_are_budgeted(self) -> None:
        """Who guesses codes or passwords is told rate_limited after some, with the right one too, until time passes."""
        ann = self.rig.guest("Ann").create("quiz", password="open")
        eve = self.rig.guest("Eve")
        for guess in ({"op": "join", "room": "QQQQ"}, {"op": "join", "room": ann.room, "password": "x"},
                      {"op": "resume", "room": ann.room, "resume": "x"}):  # fmt: skip
            codes = [eve.ask(id=n, **guess)["code"] for n in range(1, 30)]
            self.assertEqual(codes[-1], "rate_limited")
            self.assertLess(codes.index("rate_limited"), 20)
            self.assert_error(eve.ask("join", id=99, room=ann.room, password="open"), "rate_limited", 99)
            self.rig.advance(120)
        self.assertEqual(eve.ask("join", id=1, room=ann.room, password="open")["op"], "joined")

    def test_good_joins_are_not(self) -> None:
        """A hundred good joins of one user and address, one behind the other, are all answered."""
        room = self.rig.guest("Ann").create("quiz").room
        bob = self.rig.guest("Bob")
        for id in range(1, 201, 2):
            self.assertEqual(bob.ask("join", id=id, room=room)["op"], "joined")
            bob.ask("leave", id=id + 1)

    def test_others_of_the_address(self) -> None:
        """One who guesses does not keep others of the same address out."""
        ann = self.rig.guest("Ann").create("quiz")
        eve = self.rig.guest("Eve")
        for n in range(1, 50):
            eve.ask("join", id=n, room="QQQQ")
        self.assertEqual(self.rig.guest("Bob").join(ann.room).room, ann.room)

    def test_no_oracle_for_codes(self) -> None:
        """Nothing tells a stranger whether a room exists, except a join, which is budgeted."""
        room = self.rig.guest("Ann").create("quiz", private=True).room
        eve = self.rig.guest("Eve")
        for op, fields in (("send", {"type": "end"}), ("chat", {"text": "hi"}), ("start", {}), ("leave", {}),
                           ("resume", {"resume": "x"})):  # fmt: skip
            there = eve.ask(op, id=1, room=room, **fields)
            nowhere = eve.ask(op, id=1, room="QQQQQQQQ", **fields)
            self.assertEqual(there, nowhere, op)
