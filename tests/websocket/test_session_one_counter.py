"""One rule for every op: what changes a room is applied once for each id, and all else is answered anew each time."""

from __future__ import annotations

from typing import Any

from gameserver import Game, Player, Refused, message
from gameserver.errors import StoreUnavailable
from gameserver.room import answers
from gameserver.store import keys
from tests.websocket.kit import Message, Peer, WireTestCase


class Club(Game):
    """Teams to choose from, and a count of what was done."""

    name = "club"
    min_players = 1
    late_join = True
    messages_per_s = 1000
    chat_to = ("room", "seat")

    def on_create(self) -> None:
        self.state["count"] = 0
        self.state["rounds"] = 0
        self.teams(["red", "blue"], mode="chosen")

    def on_start(self) -> None:
        self.state["rounds"] += 1

    @message
    def add(self, player: Player) -> int:
        self.state["count"] += 1
        return int(self.state["count"])

    @message
    def wait_a_moment(self, player: Player, code: str) -> None:
        self.state["count"] += 1
        raise Refused("Not now.", code=code)

    @message
    def over_(self, player: Player) -> None:
        self.over()

    @message
    def shut(self, player: Player) -> None:
        self.close("enough")


class Slow(Club):
    """Two messages at once, one a second."""

    name = "slow"
    messages_per_s = 1


class OneCounterTests(WireTestCase):
    games = (Club, Slow)

    def setUp(self) -> None:
        super().setUp()
        self.ann = self.rig.guest().create("club")
        self.bob = self.rig.guest("Bob").join(self.ann.room)
        self.ann.take()

    def state(self) -> Message:
        """:returns: the room's document as a newcomer sees it."""
        state: Message = self.rig.runner(self.ann.room).room.docs["room"].plain()
        return state

    def line(self, peer: Peer, text: str, id: int) -> int:
        """:returns: the number of a line that was just said."""
        return int(next(m["n"] for m in peer.say("chat", id=id, text=text) if m["op"] == "chat"))

    def remembered(self) -> list[tuple[str, dict[str, Any]]]:
        """:returns: every op that changes a room, as Ann may say it."""
        n, other = self.line(self.ann, "hi", 7), self.line(self.ann, "ho", 8)
        return [
            ("send", {"type": "add"}),
            ("chat", {"text": "hello"}),
            ("team", {"team": "red"}),
            ("start", {}),
            ("edit", {"stream": "room", "line": n, "text": "hi!"}),
            ("unsay", {"stream": "room", "line": other}),
            ("report", {"seat": self.bob.seat, "reason": "rude"}),
            ("block", {"seat": self.bob.seat}),
        ]

    def test_what_changes_a_room_is_applied_once(self) -> None:
        """Said again, each gets the answer that it got, and nothing else happens."""
        for id, (op, fields) in enumerate(self.remembered(), 10):
            first = self.ann.ask(op, id=id, **fields)
            self.assertEqual((first["op"], first["room"]), ("ok", self.ann.room), op)
            self.bob.take()
            self.assertEqual(self.ann.say(op, id=id, **fields), [first], op)
            self.assertEqual(self.bob.take(), [], op)

    def test_id_in_use_belongs_to_what_used_it(self) -> None:
        """One counter for all ops: under an id that came before nothing is done, whatever is asked."""
        first = self.ann.ask("send", id=5, type="add")
        ops = [*self.remembered(), ("leave", {})]
        used = self.ann.ask("send", id=9, type="add")
        for op, fields in ops:
            self.assertEqual(self.ann.say(op, id=9, **fields), [used], op)
        self.assertEqual((first["data"], self.state()["count"], self.state()["rounds"]), (1, 2, 0))
        self.assertIn(self.ann.seat, self.rig.runner(self.ann.room).room.seats)
        self.assert_error(self.ann.ask("leave", id=4), "stale_id", 4)

    def test_across_a_crash(self) -> None:
        """Whoever comes back says all of it again, and none of it is done twice."""
        answered = {}
        for id, (op, fields) in enumerate(self.remembered(), 10):
            answered[id] = (op, fields, self.ann.ask(op, id=id, **fields))
        token, key = self.ann.welcome["token"], self.ann.welcome["client"]
        self.rig.crash()
        back = self.rig.connect().hello(token=token, client=key)
        back.resume(self.ann.room, self.ann.secret, self.ann.seen())
        self.assertEqual(back.joined["last_id"], max(answered))
        for id, (op, fields, first) in answered.items():
            self.assertEqual(back.say(op, id=id, **fields), [first], op)

    def test_all_else_is_answered_anew(self) -> None:
        """Whatever its id: an old one, or the same again."""
        used = self.ann.ask("send", id=9, type="add")
        n = self.line(self.bob, "hi", 9)
        self.ann.take()
        for _ in range(2):
            read = self.ann.ask("read", id=9, to="room", upto=n)
            self.assertEqual((read["op"], read["data"], read["room"]), ("ok", None, self.ann.room))
            self.assertEqual(self.ann.ask("join", id=9, room=self.ann.room)["op"], "joined")
            self.assertEqual(self.ann.ask("resume", id=9, room=self.ann.room, resume=self.ann.secret)["op"], "joined")
            heard = self.ann.ask("listen", id=9, to="lobby:club")
            self.assertEqual((heard["op"], heard["room"]), ("ok", None))
        rooms = {self.ann.ask("create", id=9, game="club")["room"] for _ in range(2)}
        self.assertEqual(len(rooms), 2)
        self.assertEqual(self.ann.ask("send", id=9, type="add", room=self.ann.room), used)

    def test_block_outside_rooms(self) -> None:
        """A user is blocked and unblocked under one id: it is idempotent, and nothing is remembered of it."""
        ann, user = self.ann.welcome["user"]["id"], self.bob.welcome["user"]["id"]
        for on in (True, False, True):
            answer = self.ann.ask("block", id=7, user=user, on=on)
            self.assertEqual((answer["op"], answer["room"]), ("ok", None))
            self.assertEqual(user in self.rig.registry.watch.blocked.get(ann, ()), on)
        self.assertEqual(self.ann.ask("send", id=7, type="add")["op"], "ok")

    def test_leave_once(self) -> None:
        """A leave is answered; said again, its seat has ended."""
        answer = self.ann.ask("leave", id=2)
        self.assertEqual(answer, {"op": "ok", "id": 2, "data": None, "room": self.ann.room})
        self.assert_error(self.ann.ask("leave", id=2, room=self.ann.room), "not_found", 2)
        self.assert_error(self.ann.ask("leave", id=3), "not_found", 3)

    def test_leave_that_was_lost(self) -> None:
        """A leave whose answer was lost is said again after the crash, and done if it was not."""
        self.rig.store.fail = StoreUnavailable("away")
        self.ann.post("leave", id=2)
        token, key = self.ann.welcome["token"], self.ann.welcome["client"]
        self.rig.store.fail = None
        self.rig.crash()
        back = self.rig.connect().hello(token=token, client=key)
        back.resume(self.ann.room, self.ann.secret)
        self.assertEqual(back.joined["last_id"], 0)
        self.assertEqual(back.ask("leave", id=2)["op"], "ok")

    def test_leave_is_not_counted_as_a_message(self) -> None:
        """Whoever was too fast may still go."""
        cid = self.rig.guest("Cid").create("slow")
        for id in (2, 3):
            cid.ask("send", id=id, type="add")
        self.assert_error(cid.ask("send", id=4, type="add"), "rate_limited", 4)
        self.assertEqual(cid.ask("leave", id=5)["op"], "ok")

    def test_said_again_at_once(self) -> None:
        """All of a burst may be said again: "too fast" would be taken for "not done"."""
        cid = self.rig.guest("Cid").create("slow")
        firsts = [cid.ask("send", id=id, type="add") for id in (2, 3)]
        self.assertEqual([cid.ask("send", id=id, type="add") for id in (2, 3)], firsts)
        self.assert_error(cid.ask("send", id=2, type="add"), "rate_limited", 2)
        self.assert_error(cid.ask("send", id=4, type="add"), "rate_limited", 4)
        self.rig.advance(3)
        self.assertEqual(cid.ask("send", id=2, type="add"), firsts[0])
        self.rig.advance(2)
        self.assertEqual(cid.ask("send", id=4, type="add")["data"], 3)

    def test_lines_said_again_are_no_flood(self) -> None:
        """Nobody is muted for what was said again."""
        cid = self.rig.guest("Cid").create("slow")
        first = cid.ask("chat", id=2, text="hi")
        for _ in range(40):
            cid.ask("chat", id=2, text="hi")
        self.rig.advance(5)
        self.assertEqual(cid.ask("chat", id=2, text="hi"), first)
        self.assertEqual(cid.ask("chat", id=3, text="hello")["op"], "ok")

    def test_codes_that_pass_use_up_no_id(self) -> None:
        """Also where it is the game that says so: the same may come again, and is looked at again."""
        for code in ("rate_limited", "busy", "draining"):
            self.assert_error(self.ann.ask("send", id=2, type="wait_a_moment", data={"code": code}), code, 2)
        self.assertEqual(self.ann.ask("send", id=2, type="add")["data"], 1)
        refused = self.ann.ask("send", id=3, type="wait_a_moment", data={"code": "no"})
        self.assertEqual(self.ann.ask("send", id=3, type="add"), refused)

    def test_answers_of_before(self) -> None:
        """What was stored when answers did not name their room is repeated, and names it."""
        self.ann.ask("send", id=2, type="add")
        self.ann.ask("send", id=3, type="wait_a_moment", data={"code": "no"})
        token, key, seat = self.ann.welcome["token"], self.ann.welcome["client"], self.ann.seat
        parts = self.rig.store._rooms[self.rig.runner(self.ann.room).room.id].parts
        parts[keys.answer(seat, key, 2)] = b'{"op":"ok","id":2,"data":{"room":"X"}}'
        parts[keys.answer(seat, key, 3)] = b'{"op":"error","id":3,"code":"no","message":"Not now.","path":null}'
        self.rig.crash()
        back = self.rig.connect().hello(token=token, client=key)
        back.resume(self.ann.room, self.ann.secret)
        self.assertEqual(
            back.ask("send", id=2, type="add"), {"op": "ok", "id": 2, "data": {"room": "X"}, "room": back.room}
        )
        refused = back.ask("send", id=3, type="add")
        self.assert_error(refused, "no", 3)
        self.assertEqual(refused["room"], back.room)

    def test_bounds(self) -> None:
        """As told in docs/protocol.rst."""
        self.assertEqual((answers.KEPT, answers.KEPT_BYTES, answers.KEYS), (64, 16 * 1024, 8))


class RoomOfAnswersTests(WireTestCase):
    """`ok` and `error` name the room that they are about."""

    games = (Club, Slow)

    def room_of(self, peer: Peer, op: str, **fields: Any) -> str | None:
        """:returns: the room in the one answer to this."""
        (answer,) = [m for m in peer.say(op, **fields) if m["op"] in ("ok", "error")]
        room: str | None = answer["room"]
        return room

    def test_of_a_room(self) -> None:
        """Whether it was named or left out, with an id or without, and whoever refuses."""
        ann = self.rig.guest().create("club")
        self.assertEqual(self.room_of(ann, "send", id=2, type="add"), ann.room)
        self.assertEqual(self.room_of(ann, "send", type="nothing"), ann.room)
        self.assertEqual(self.room_of(ann, "chat", id=3, text=""), ann.room)
        self.assertEqual(self.room_of(ann, "read", id=4, upto=1), ann.room)
        self.assertEqual(self.room_of(ann, "read", id=5, upto=1, to="nowhere"), ann.room)
        first = ann.room
        ann.create("club", id=6)
        for id, room in enumerate((first, ann.room), 7):
            self.assertEqual(self.room_of(ann, "send", id=id, type="add", room=str(room).lower()), room)
            self.assertEqual(self.room_of(ann, "send", type="nothing", room=room), room)
            self.assertEqual(self.room_of(ann, "leave", id=10, room=room), room)

    def test_too_many_lines(self) -> None:
        """Refused before the room has seen it."""
        ann = self.rig.guest().create("club")
        for _ in range(80):
            ann.post("chat", text="hi")
        ann.take()
        (answer,) = [m for m in ann.say("chat", text="hi") if m["op"] == "error"]
        self.assertEqual((answer["code"], answer["room"]), ("rate_limited", ann.room))

    def test_of_no_room(self) -> None:
        """Null where none is concerned, where it is unknown which, and for who has no seat there."""
        ann = self.rig.guest()
        self.assertIsNone(self.room_of(ann, "send", id=1, type="add"))
        self.assertIsNone(self.room_of(ann, "create", id=2, game="nothing"))
        other = self.rig.guest("Bob").create("club")
        for room in ("nosuch", other.room):
            self.assertIsNone(self.room_of(ann, "send", id=3, type="add", room=room))
            self.assertIsNone(self.room_of(ann, "resume", id=3, room=room, resume="wrong"))
            self.assertIsNone(self.room_of(ann, "join", id=3, room=room, role="nobody"))
        self.assertIsNone(self.room_of(ann, "hello", guest={"name": "Ann"}))
        ann.create("club", id=4)
        self.assertIsNone(self.room_of(ann, "dance", id=5))
        self.assertIsNone(self.room_of(ann, "send", id=6, type=5))
        self.assertIsNone(self.room_of(ann, "chat", id=7, text="hi", to="lobby:club"))
        self.assertIsNone(self.room_of(ann, "chat", id=8, text="hi", to="user:nobody"))
        self.assertIsNone(self.room_of(ann, "block", id=9, user=""))
        self.assertIsNone(self.room_of(ann, "listen", id=10, to="nowhere"))
        ann.create("club", id=11)
        self.assertIsNone(self.room_of(ann, "send", id=12, type="add"))

    def test_of_a_room_that_closed_meanwhile(self) -> None:
        """What waited for the room is refused in its name."""
        ann = self.rig.guest().create("club")
        self.rig.store.fail = StoreUnavailable("away")
        ann.say("send", id=2, type="add")
        ann.post("send", id=3, type="shut")
        ann.post("send", id=4, type="add")
        ann.post("chat", id=5, text="hi")
        self.rig.store.fail = None
        self.rig.advance(5)
        found = {m["id"]: m["room"] for m in ann.take() if m["op"] in ("ok", "error")}
        self.assertEqual(found, dict.fromkeys((2, 3, 4, 5), ann.room))
