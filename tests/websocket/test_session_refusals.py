"""A refusal is sent once the store has what it depends on, and after the answers to earlier requests."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from gameserver import Game, Player, message
from gameserver.errors import StoreUnavailable
from gameserver.node.operators import Operators, RoomAct
from tests.websocket.kit import Message, Peer, WireTestCase


class Inn(Game):
    """People come and go, are thrown out, and it closes."""

    name = "inn"
    needs_start = False
    max_players = 4

    @message
    def speak(self, player: Player) -> str:
        return "heard"

    @message
    def throw_out(self, player: Player, whom: Player) -> None:
        self.kick(whom)

    @message
    def shut(self, player: Player) -> None:
        self.close("closed")


class Tent(Inn):
    """The same, and nothing of it is kept."""

    name = "tent"
    durability = "none"


class Barn(Inn):
    """The same, told before it is stored."""

    name = "barn"
    durability = "relaxed"


def answers(messages: list[Message]) -> list[tuple[int, str]]:
    """:returns: of each answer the id, and the code or else the op."""
    return [(m["id"], m.get("code", m["op"])) for m in messages if m["op"] in ("ok", "error", "joined")]


class RefusalCase(WireTestCase):
    games = (Inn, Tent, Barn)

    def setUp(self) -> None:
        super().setUp()
        self.ann = self.rig.guest().create("inn")
        self.bob = self.rig.guest("Bob").join(self.ann.room)
        self.quiet()

    def quiet(self) -> None:
        for peer in self.rig.peers:
            peer.take()

    def assert_nothing_yet(self, *peers: Peer) -> None:
        """See that nobody was told anything, however long it takes."""
        self.rig.advance(3)
        self.assertEqual([peer.look() for peer in peers], [[] for _ in peers])


class OrderTests(RefusalCase):
    def test_what_was_written_at_once_is_answered_in_order(self) -> None:
        """Leaving twice, then speaking, in one write."""
        for game in ("inn", "tent", "barn"):
            peer = self.rig.guest().create(game)
            peer.take()
            peer.post("leave", id=2)
            peer.post("leave", id=3)
            peer.post("send", id=4, type="speak")
            peer.post("leave", id=5, room=peer.room)
            peer.post("chat", id=6, text="hi", room="QQQQ")
            said = answers(peer.take())
            self.assertEqual(said, [(2, "ok"), *((id, "not_found") for id in range(3, 7))], game)

    def test_other_refusals_keep_the_order_too(self) -> None:
        """Whatever is wrong with a request that came behind another."""
        other = self.rig.guest("Cay").create("inn")
        self.ann.join(other.room)
        self.quiet()
        room = self.bob.joined["room"]
        self.ann.post("send", id=10, type="speak", room=room)
        self.ann.post("send", id=11, type="speak")
        self.ann.post("send", id=12, type="speak", room="QQQQ")
        self.ann.post("send", id=13, type="nonsense", room=room)
        self.ann.post("join", id=14, room="QQQQ")
        self.ann.post("block", id=15, user="")
        self.ann.post("send", id=16, type="speak", room=room)
        said = [(10, "ok"), (11, "bad_data"), (12, "not_found"), (13, "unknown_type"), (14, "not_found")]
        self.assertEqual(answers(self.ann.take()), [*said, (15, "bad_data"), (16, "ok")])

    def test_a_seat_elsewhere_stays_the_one_that_is_meant(self) -> None:
        """Who leaves one of two rooms means the other from then on, and need not wait for the store to say so."""
        other = self.rig.guest("Cay").create("tent")
        self.ann.join(other.room)
        self.quiet()
        self.rig.store.hold()
        self.ann.post("leave", id=10, room=self.bob.room)
        self.ann.post("send", id=11, type="speak")
        self.assertEqual(answers(self.ann.take()), [(11, "ok")])
        self.rig.store.release()
        self.assertEqual(answers(self.ann.take()), [(10, "ok")])

    def test_what_uses_up_no_id_comes_at_once(self) -> None:
        """Nothing was looked at: there is nothing that it could rest on."""
        self.rig.store.hold()
        self.ann.post("leave", id=10)
        self.ann.write(b'{"op":"send","id":11')
        self.ann.write(b'{"op":"nonsense","id":12}')
        self.assertEqual([m["code"] for m in self.ann.take()], ["bad_message", "unknown_op"])
        self.rig.store.release()
        self.assertEqual(answers(self.ann.take()), [(10, "ok")])


class StoreStoppedTests(RefusalCase):
    def leave(self) -> None:
        self.ann.post("leave", id=10)

    def kick(self) -> None:
        self.bob.post("send", type="throw_out", data={"whom": self.ann.seat})

    def shut(self) -> None:
        self.bob.post("send", type="shut")

    def test_after_the_seat_is_gone(self) -> None:
        """Leaving, being thrown out, and the room's end: the next request is refused once it is stored."""
        for gone in (self.leave, self.kick, self.shut):
            for op, fields in (("leave", {}), ("send", {"type": "speak"}), ("chat", {"text": "hi"}), ("start", {})):
                for room in ({}, {"room": self.ann.room}):
                    with self.subTest(gone=gone.__name__, op=op, room=bool(room)):
                        self.setUp()
                        self.rig.store.hold()
                        gone()
                        self.ann.post(op, id=20, **fields, **room)
                        self.assert_nothing_yet(self.ann)
                        self.rig.store.release()
                        self.assertEqual(answers(self.ann.take())[-1], (20, "not_found"))
                        self.assertEqual(self.ann.session._leaving, (), "it holds on to a room that is gone")

    def test_an_outsider(self) -> None:
        """The room closes: nobody else is told before it has."""
        eve, fay = self.rig.guest("Eve"), self.rig.guest("Fay")
        self.quiet()
        self.rig.store.hold()
        self.shut()
        self.rig.settle()
        eve.post("join", id=1, room=self.ann.room)
        fay.post("resume", id=1, room=self.ann.room, resume="0" * 32)
        looked = self.looked()
        self.assert_nothing_yet(eve, fay)
        self.assertEqual(looked, [])
        self.rig.store.release()
        self.assertEqual((answers(eve.take()), answers(fay.take())), ([(1, "not_found")], [(1, "not_found")]))
        self.assertEqual(looked, ["not_found"])

    def test_what_waited_when_the_room_closed(self) -> None:
        """Requests that the room never came to are refused behind its end, and behind what was asked before."""
        self.rig.store.fail = StoreUnavailable("away")
        self.bob.post("send", id=10, type="speak")
        self.rig.advance(0.2)
        eve = self.rig.guest("Eve")
        self.quiet()
        self.shut()
        self.bob.post("send", id=12, type="speak")
        self.bob.post("start", id=13)
        eve.post("join", id=1, room=self.ann.room)
        looked = self.looked()
        self.rig.store.fail = None
        self.rig.store.hold()
        self.rig.advance(3)
        self.rig.store.release(1)
        self.rig.settle()
        self.assertEqual((answers(self.bob.take()), answers(eve.take()), looked), ([(10, "ok")], [], []))
        self.rig.store.release()
        self.assertEqual(answers(self.bob.take()), [(12, "not_found"), (13, "not_found")])
        self.assertEqual((answers(eve.take()), looked), ([(1, "not_found")], ["not_found"]))

    def test_acts_of_operators(self) -> None:
        """What an operator did is stored when it is answered; what was refused, as well."""
        operators = Operators(self.rig.registry)
        boss = self.ann.session.user
        assert boss is not None
        boss = type(boss)("boss", "Boss", rights=("admin",))
        self.rig.store.hold()
        self.leave()
        self.rig.settle()
        told: list[Any] = []
        for act in (RoomAct("kick", seat=self.ann.seat), RoomAct("kick", seat=self.bob.seat)):
            self.watch(operators.act(boss, self.ann.room or "", act), told)
        self.rig.advance(1)
        self.assertEqual(told, [])
        self.rig.store.release()
        self.rig.settle()
        self.assertEqual(told, ["not_found", None])

    def test_too_many_rooms(self) -> None:
        """That a user has seats enough rests on those rooms."""
        self.rig.registry.rooms_of.most = 2
        eve = self.rig.guest("Eve")
        code = eve.create("inn").room
        twin, other = eve.again(), self.rig.guest("Fay").create("inn")
        self.quiet()
        self.rig.store.hold()
        eve.post("join", id=2, room=self.ann.room)
        self.rig.settle()
        twin.post("join", id=1, room=other.room)
        self.assert_nothing_yet(eve, twin)
        self.rig.store.release()
        self.assertEqual(answers(twin.take()), [(1, "forbidden")])
        self.assertEqual(answers(eve.take()), [(2, "joined")])
        eve.say("leave", id=3, room=code)

    def test_after_a_kill_the_seat_is_there(self) -> None:
        """Nobody was told that it is gone; and it is not."""
        for gone in (self.leave, self.kick, self.shut):
            with self.subTest(gone=gone.__name__):
                self.setUp()
                secret, token, key = self.ann.secret, self.ann.welcome["token"], self.ann.welcome["client"]
                seen, ann, bob = self.ann.seen(), self.ann, self.bob
                self.rig.store.hold()
                gone()
                ann.post("send", id=20, type="speak")
                bob.post("leave", id=20, room=ann.room)
                self.assert_nothing_yet(ann, bob)
                self.rig.crash()
                back = self.rig.connect().hello(token=token, client=key)
                back.resume(self.ann.room, secret, seen)
                self.assertEqual(back.ask("send", id=20, type="speak")["data"], "heard")

    def test_the_room_is_lost_meanwhile(self) -> None:
        """Another node has it, and the seat is there: nobody is told that it is not."""
        self.rig.store.hold()
        self.leave()
        self.ann.post("send", id=20, type="speak")
        self.ann.post("ping", at=1)
        looked = self.looked()
        self.rig.settle()
        runner = self.rig.runner(self.ann.room)
        self.rig.registry._batch._on_lost(runner)
        told = self.ann.take()
        self.assertEqual(self.ops(told)[0], "pong")
        self.assertIn(("left", "moved"), [(m["op"], m.get("reason")) for m in told])
        self.assertEqual(answers(told), [(20, "busy")])
        self.assertEqual(looked, ["busy"])

    def looked(self) -> list[Any]:
        """:returns: what somebody finds who looks at the room, as soon as it is told."""
        told: list[Any] = []
        self.rig.registry.find(self.ann.room or "").look(lambda room: room.state.status).addBoth(self.note, told)
        return told

    def watch(self, work: Any, told: list[Any]) -> None:
        Deferred.fromCoroutine(work).addBoth(self.note, told)

    def note(self, result: Any, told: list[Any]) -> None:
        told.append(result.value.code if hasattr(result, "value") else result)
