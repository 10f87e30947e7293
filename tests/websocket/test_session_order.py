"""What one step says comes together and in order, and only once the store has what it depends on."""

from __future__ import annotations

from typing import Any

from gameserver import Game, Move, Player, Refused, message, timer
from gameserver.errors import StoreUnavailable
from tests.websocket.kit import WireTestCase


class Orderly(Game):
    """Says everything in one step, in no sensible order."""

    name = "orderly"
    needs_start = False
    max_players = 4
    messages_per_s = 1000

    def on_create(self) -> None:
        self.state["count"] = 0

    def on_join(self, player: Player) -> None:
        self.send("arrived", player.name)
        self.state["last"] = player.name

    @message
    def everything(self, player: Player) -> str:
        self.send("first", 1)
        self.chat.say("between")
        self.after(5, self.ring, show=True)
        self.state["count"] += 1
        player.state["own"] = self.state["count"]
        self.group("red").add(player)
        self.group("red").state["x"] = self.state["count"]
        self.send("second", 2)
        self.enter("later")
        return "done"

    @message
    def refuse(self, player: Player) -> None:
        raise Refused("no", code="no")

    @message
    def add(self, player: Player) -> int:
        self.state["count"] += 1
        return int(self.state["count"])

    @timer
    def ring(self) -> None:
        self.send("rung", None)


class Smooth(Game):
    """Sends its patches ten times a second."""

    name = "smooth"
    needs_start = False
    patch_hz = 10

    @message
    def put(self, player: Player, x: int) -> None:
        self.state["x"] = x


class Moving(Game):
    """Says something, and only then changes what may be done."""

    name = "moving"
    chat_to = ("room",)

    def on_start(self) -> None:
        self.state["heap"] = 3
        self.turns.begin()

    def moves(self, player: Player) -> list[Move]:
        return [Move("take", {"n": n}) for n in range(1, self.state["heap"] + 1)]

    @message(turn=True)
    def take(self, player: Player, n: int) -> None:
        self.send("taken", n)
        self.chat.say("One less.")
        self.chat.open("table")
        self.state["heap"] -= n
        self.turns.next()


class OrderTests(WireTestCase):
    games = (Orderly, Smooth, Moving)

    def test_one_step(self) -> None:
        """Seats, room, doc, patches, timers, then events and chat as they were said, and last the answer."""
        ann = self.rig.guest().create("orderly")
        ann.take()
        got = [(m["op"], m.get("stream")) for m in ann.say("send", id=2, type="everything")]
        rank = {"seats": 0, "room": 1, "doc": 2, "patch": 3, "timer": 4, "event": 5, "chat": 5, "ok": 6}
        ranks = [rank[op] for op, _ in got]
        self.assertEqual(ranks, sorted(ranks), got)
        self.assertEqual([op for op, _ in got if rank[op] == 5], ["event", "chat", "event"])
        self.assertIn(("doc", "group:red"), got)
        ann.seen()

    def test_channels_and_moves_before_what_is_said(self) -> None:
        """Whoever hears an event knows already what may be done now, as what is in the documents."""
        ann = self.rig.guest().create("moving")
        ann.say("start", id=2)
        got = [m["op"] for m in ann.say("send", id=3, type="take", data={"n": 1})]
        self.assertEqual(got, ["room", "patch", "channels", "moves", "event", "chat", "ok"])

    def test_others_hear_the_same_order(self) -> None:
        """Without the answer, and without what is not theirs."""
        ann = self.rig.guest().create("orderly")
        bob = self.rig.guest("Bob").join(ann.room)
        bob.take()
        ann.say("send", id=2, type="everything")
        self.assertEqual(self.ops(bob.take()), ["room", "patch", "timer", "event", "chat", "event"])

    def test_joined_is_first(self) -> None:
        """With the documents as they are after the step; then the events of that step."""
        answer = self.rig.guest().say("create", id=1, game="orderly")
        self.assertEqual(self.ops(answer), ["joined", "event"])
        self.assertEqual(answer[0]["docs"]["room"]["last"], "Ann")
        self.assertEqual(answer[1]["n"], answer[0]["seen"]["room"] + 1)
        bob = self.rig.guest("Bob")
        answer = bob.say("join", id=1, room=answer[0]["room"])
        self.assertEqual(self.ops(answer), ["joined", "event"])
        self.assertEqual(answer[0]["docs"]["room"]["last"], "Bob")

    def test_patches_of_their_own_time_arrive(self) -> None:
        """With ``patch_hz`` a change may come later, but it comes, whether or not anything else happens."""
        ann = self.rig.guest().create("smooth")
        ann.take()
        ann.say("send", type="put", data={"x": 1})
        self.rig.advance(0.01)
        ann.say("send", type="put", data={"x": 2})
        self.rig.advance(1)
        patches = [m for m in ann.everything() if m["op"] == "patch"]
        self.assertTrue(patches, "no patch came within a second")
        self.assertEqual(patches[-1]["ops"][-1], [0, ["x"], 2])


class CommitTests(WireTestCase):
    games = (Orderly,)

    def setUp(self) -> None:
        super().setUp()
        self.ann = self.rig.guest().create("orderly")
        self.bob = self.rig.guest("Bob").join(self.ann.room)
        self.quiet()

    def quiet(self) -> None:
        self.ann.take()
        self.bob.take()

    def assert_silent_until_release(self, op: str, *, id: int = 50, **fields: Any) -> None:
        """See that nobody hears anything before the store has it, and then does."""
        self.rig.store.hold()
        self.ann.post(op, id=id, **fields)
        self.rig.advance(3)
        self.assertEqual((self.ann.look(), self.bob.look()), ([], []))
        self.rig.store.release()
        self.assertIn(id, [m.get("id") for m in self.ann.take()])

    def test_nothing_before_the_commit(self) -> None:
        """Neither events nor patches nor the answer."""
        self.assert_silent_until_release("send", type="everything")
        self.assertIn("patch", self.ops(self.bob.take()))

    def test_refusals_wait_too(self) -> None:
        """A refusal tells of the state that it was computed on."""
        self.rig.store.hold()
        self.bob.post("send", id=60, type="add")
        self.ann.post("send", id=61, type="refuse")
        self.ann.post("send", id=62, type="nonsense")
        self.ann.post("chat", id=63, text="")
        self.rig.advance(1)
        self.assertEqual((self.ann.look(), self.bob.look()), ([], []))
        self.rig.store.release()
        self.assertEqual([m["id"] for m in self.ann.take() if m["op"] == "error"], [61, 62, 63])

    def test_refused_join_and_resume_wait_too(self) -> None:
        """The same for those who are not in the room."""
        eve, fay = self.rig.guest("Eve"), self.rig.guest("Fay")
        self.rig.store.hold()
        self.bob.post("send", id=60, type="add")
        self.rig.settle()
        eve.post("resume", id=1, room=self.ann.room, resume="0" * 32)
        fay.post("join", id=1, room=self.ann.room, role="wizard")
        self.rig.advance(1)
        self.assertEqual((eve.look()[1:], fay.look()[1:]), ([], []))
        self.rig.store.release()
        self.assert_error(eve.take()[-1], "not_found", 1)
        self.assert_error(fay.take()[-1], "forbidden", 1)

    def test_chat_joins_and_leaves_wait_too(self) -> None:
        """Every kind of step."""
        self.assert_silent_until_release("chat", text="hi")
        self.quiet()
        self.assert_silent_until_release("leave", id=51)

    def test_timers_wait_too(self) -> None:
        """What a timer says, nobody hears before it is stored that it fired."""
        self.ann.say("send", type="everything")
        self.quiet()
        self.rig.store.hold()
        self.rig.advance(6)
        self.assertEqual((self.ann.look(), self.bob.look()), ([], []))
        self.rig.store.release()
        self.assertIn("rung", [m.get("type") for m in self.bob.take()])

    def test_created_room_is_told_after_its_commit(self) -> None:
        """A code that nobody could come back to is not told."""
        eve = self.rig.guest("Eve")
        self.rig.store.hold()
        eve.post("create", id=1, game="orderly")
        self.rig.advance(1)
        self.rig.store.release(1)  # the code is claimed
        self.rig.advance(1)
        self.assertEqual(eve.look(), [])
        self.rig.store.release()
        self.assertEqual(self.ops(eve.take()), ["joined", "event"])

    def test_dying_before_the_commit(self) -> None:
        """A step that was not stored was seen by nobody, and may be said again."""
        secret, token, key = self.ann.secret, self.ann.welcome["token"], self.ann.welcome["client"]
        seen = self.ann.seen()
        self.rig.store.hold()
        self.ann.post("send", id=50, type="add")
        self.rig.settle()
        self.assertEqual((self.ann.look(), self.bob.look()), ([], []))
        self.rig.crash()
        back = self.rig.connect().hello(token=token, client=key)
        back.resume(self.ann.room, secret, seen)
        self.assertIs(back.joined["recovered"], True)
        self.assertEqual(back.ask("send", id=50, type="add")["data"], 1)

    def test_dying_after_the_commit(self) -> None:
        """A step that was stored, though nobody heard so, is told to who comes back, and not applied again."""
        secret, token, key = self.ann.secret, self.ann.welcome["token"], self.ann.welcome["client"]
        seen = self.ann.seen()
        self.rig.store.hold()
        self.ann.post("send", id=50, type="add")
        self.rig.settle()
        self.rig.crash(written=True)
        back = self.rig.connect().hello(token=token, client=key)
        answer = back.resume(self.ann.room, secret, seen)
        self.assertIs(back.joined["recovered"], True)
        self.assertIn("patch", self.ops(answer))
        self.assertEqual(back.ask("send", id=50, type="add"), {"op": "ok", "id": 50, "data": 1, "room": back.room})

    def test_store_fails_and_comes_back(self) -> None:
        """Nothing is lost, nothing told early, and each step applied once."""
        for attribute in ("fail", "fail_after"):
            before = self.rig.runner(self.ann.room).room.docs["room"].root["count"]
            setattr(self.rig.store, attribute, StoreUnavailable("away"))
            base = 100 if attribute == "fail" else 200
            for number in range(3):
                self.ann.post("send", id=base + number, type="add")
                self.rig.advance(0.3)
            self.assertTrue(self.rig.registry.store_away)
            self.assertEqual((self.ann.look(), self.bob.look()), ([], []))
            setattr(self.rig.store, attribute, None)
            self.rig.advance(5)
            self.assertFalse(self.rig.registry.store_away)
            oks = [(m["id"], m["data"]) for m in self.ann.take() if m["op"] == "ok"]
            self.assertEqual(oks, [(base + n, before + n + 1) for n in range(3)])
            self.bob.take()
            self.bob.seen()
