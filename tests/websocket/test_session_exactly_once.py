"""Each request is applied once and answered once, however often and from wherever it is said."""

from __future__ import annotations

from typing import Any

from gameserver import Game, Player, Refused, message
from gameserver.errors import StoreUnavailable
from gameserver.node.input_queue import QUEUE_PER_USER
from tests.websocket.kit import WireTestCase


class Counting(Game):
    """Counts what it is told."""

    name = "counting"
    needs_start = False
    max_players = 4
    messages_per_s = 1000

    def on_create(self) -> None:
        self.state["count"] = 0

    @message
    def add(self, player: Player, by: int = 1) -> int:
        self.state["count"] += by
        return int(self.state["count"])

    @message
    def refuse(self, player: Player) -> None:
        self.state["count"] += 1
        raise Refused("Not that.", code="not_that")

    @message
    def echo(self, player: Player, value: Any = None) -> Any:
        return value

    @message
    def shut(self, player: Player) -> None:
        self.close("enough")


class Tight(Game):
    """Takes one message a second."""

    name = "tight"
    needs_start = False
    messages_per_s = 1

    def on_create(self) -> None:
        self.state["count"] = 0

    @message
    def add(self, player: Player) -> int:
        self.state["count"] += 1
        return int(self.state["count"])


class ExactlyOnceTests(WireTestCase):
    games = (Counting, Tight)

    def test_resent_on_the_same_connection(self) -> None:
        """An id that came before gets the answer that it got, and is not applied again."""
        ann = self.rig.guest().create("counting")
        first = ann.ask("send", id=2, type="add")
        self.assertEqual(first, {"op": "ok", "id": 2, "data": 1, "room": ann.room})
        self.assertEqual(ann.say("send", id=2, type="add"), [first])
        self.assertEqual(ann.ask("send", id=3, type="add")["data"], 2)

    def test_resent_with_other_content(self) -> None:
        """The id alone decides: what comes under an old one is not looked at."""
        ann = self.rig.guest().create("counting")
        first = ann.ask("send", id=2, type="add", data={"by": 5})
        self.assertEqual(ann.ask("send", id=2, type="add", data={"by": 7}), first)
        self.assertEqual(ann.ask("send", id=3, type="echo", data={"value": None})["op"], "ok")

    def test_resent_on_a_new_connection_of_the_client(self) -> None:
        """A client that came back with its key is answered as before, and told where it was."""
        ann = self.rig.guest().create("counting")
        first = ann.ask("send", id=7, type="add")
        ann.drop()
        back = ann.again()
        back.resume(ann.room, ann.secret)
        self.assertEqual(back.welcome["client"], ann.welcome["client"])
        self.assertEqual(back.joined["last_id"], 7)
        self.assertEqual(back.ask("send", id=7, type="add"), first)
        self.assertEqual(back.ask("send", id=8, type="add")["data"], 2)

    def test_new_client_has_ids_of_its_own(self) -> None:
        """A second tab without the key counts from the beginning: its ids are not the other's."""
        ann = self.rig.guest().create("counting")
        ann.ask("send", id=2, type="add")
        tab = ann.again(client=None)
        tab.join(ann.room)
        self.assertEqual(tab.seat, ann.seat)
        self.assertNotEqual(tab.welcome["client"], ann.welcome["client"])
        self.assertEqual(tab.joined["last_id"], 0)
        self.assertEqual(tab.ask("send", id=2, type="add")["data"], 2)

    def test_key_of_another_user_gives_nothing(self) -> None:
        """Whoever takes somebody else's key gets none of that client's answers: they are kept by seat."""
        ann = self.rig.guest().create("counting")
        ann.ask("send", id=5, type="echo", data={"value": "ann's own"})
        eve = self.rig.connect().hello("Eve", client=ann.welcome["client"]).join(ann.room)
        self.assertEqual(eve.joined["last_id"], 0)
        self.assertEqual(eve.ask("send", id=5, type="echo", data={"value": 1})["data"], 1)
        self.assertNotIn(b"ann's own", b"".join(eve.frames))

    def test_refusals_are_remembered(self) -> None:
        """A refused request has used up its id, and is refused the same again."""
        ann = self.rig.guest().create("counting")
        refused = ann.ask("send", id=2, type="refuse")
        self.assert_error(refused, "not_that", 2)
        self.assertEqual(ann.ask("send", id=2, type="add"), refused)
        self.assertEqual(ann.ask("send", id=3, type="add")["data"], 1)

    def test_forgotten_answer_is_stale(self) -> None:
        """The last 64 answers are kept; of an older one only that it was applied is known."""
        ann = self.rig.guest().create("counting")
        for id in range(2, 68):
            ann.ask("send", id=id, type="add")
        self.assert_error(ann.ask("send", id=2, type="add"), "stale_id", 2)
        self.assert_error(ann.ask("send", id=3, type="add"), "stale_id", 3)
        self.assertEqual(ann.ask("send", id=4, type="add")["data"], 3)
        self.assertEqual(ann.ask("send", id=68, type="add")["data"], 67)

    def test_large_answers_are_forgotten_sooner(self) -> None:
        """Sixteen KiB of answers are kept."""
        ann = self.rig.guest().create("counting")
        for id in range(2, 8):
            ann.ask("send", id=id, type="echo", data={"value": "x" * 4000})
        self.assert_error(ann.ask("send", id=2, type="echo"), "stale_id", 2)
        self.assertEqual(ann.ask("send", id=7, type="echo")["op"], "ok")

    def test_skipped_id_is_stale(self) -> None:
        """Ids grow: one that was passed over is not applied later."""
        ann = self.rig.guest().create("counting")
        ann.ask("send", id=9, type="add")
        self.assert_error(ann.ask("send", id=8, type="add"), "stale_id", 8)

    def test_rate_limited_uses_up_no_id(self) -> None:
        """Said again later under the same id, it is applied."""
        ann = self.rig.guest().create("tight")
        for id in (2, 3):
            ann.ask("send", id=id, type="add")
        self.assert_error(ann.ask("send", id=4, type="add"), "rate_limited", 4)
        self.rig.advance(1)
        self.assertEqual(ann.ask("send", id=4, type="add")["data"], 3)

    def test_bad_message_uses_up_no_id(self) -> None:
        """A request that could not be read may be said again, readably, under its id."""
        ann = self.rig.guest().create("counting")
        self.assert_error(ann.ask("send", id=2, type=5), "bad_message", 2)
        self.assertEqual(ann.ask("send", id=2, type="add")["data"], 1)

    def test_busy_uses_up_no_id(self) -> None:
        """A room whose queue is full says so, and the request may come again."""
        ann = self.rig.guest().create("counting")
        self.rig.store.fail = StoreUnavailable("away")
        ann.say("send", id=2, type="add")
        for _ in range(QUEUE_PER_USER):
            ann.post("send", type="add")
        ann.post("send", id=3, type="add")
        self.rig.store.fail = None
        self.rig.advance(5)
        busy = [m for m in ann.take() if m.get("id") == 3]
        self.assertEqual([m["code"] for m in busy], ["busy"])
        self.assertEqual(ann.ask("send", id=3, type="add")["data"], QUEUE_PER_USER + 2)

    def test_across_a_crash(self) -> None:
        """What was applied stays applied, and its answer known, when the process dies."""
        ann = self.rig.guest().create("counting")
        first = ann.ask("send", id=2, type="add")
        token, key = ann.welcome["token"], ann.welcome["client"]
        self.rig.crash()
        back = self.rig.connect().hello(token=token, client=key)
        back.resume(ann.room, ann.secret, ann.seen())
        self.assertEqual(back.joined["last_id"], 2)
        self.assertEqual(back.ask("send", id=2, type="add"), first)
        self.assertEqual(back.ask("send", id=3, type="add")["data"], 2)

    def test_start_and_chat_are_applied_once(self) -> None:
        """The same holds for ``chat``: one line, one answer, twice."""
        ann = self.rig.guest().create("counting")
        first = ann.say("chat", id=2, text="hi")
        self.assertEqual(self.ops(first), ["chat", "ok"])
        self.assertEqual(ann.say("chat", id=2, text="hi"), first[1:])

    def test_without_an_id_there_is_no_ok_and_no_memory(self) -> None:
        """Errors still come, with ``id: null``."""
        ann = self.rig.guest().create("counting")
        self.assertEqual(self.ops(ann.say("send", type="add")), ["patch"])
        self.assertEqual(self.ops(ann.say("send", type="add")), ["patch"])
        (refused,) = ann.say("send", type="refuse")
        self.assert_error(refused, "not_that", None)
        self.assertEqual(ann.ask("send", id=1, type="add")["data"], 3)

    def test_answers_go_to_the_asker_alone(self) -> None:
        """Equal ids of two players are answered each on its own socket, other tabs of one seat included."""
        ann = self.rig.guest().create("counting")
        bob = self.rig.guest("Bob").join(ann.room)
        tab = ann.again(client=None).join(ann.room)
        for peer in (ann, bob, tab):
            peer.take()
        ann.post("send", id=2, type="echo", data={"value": "to ann"})
        bob.post("send", id=2, type="echo", data={"value": "to bob"})
        tab.post("send", id=2, type="echo", data={"value": "to tab"})
        for peer, value in ((ann, "to ann"), (bob, "to bob"), (tab, "to tab")):
            self.assertEqual(peer.take(), [{"op": "ok", "id": 2, "data": value, "room": peer.room}])

    def test_answers_while_commits_are_held(self) -> None:
        """Also when many commits lie between, each answer finds its own socket, in the order asked."""
        ann = self.rig.guest().create("counting")
        bob = self.rig.guest("Bob").join(ann.room)
        ann.take(), bob.take()
        self.rig.store.hold()
        for id in range(2, 12):
            (ann if id % 2 else bob).post("send", id=id, type="add")
            self.rig.settle()
        self.rig.store.release()
        for peer, ids in ((ann, [3, 5, 7, 9, 11]), (bob, [2, 4, 6, 8, 10])):
            self.assertEqual([(m["id"], m["data"]) for m in peer.take() if m["op"] == "ok"], [(i, i - 1) for i in ids])

    def test_reply_with_bytes(self) -> None:
        """A reply has the wire's form of values: bytes wrapped, keys that start with ``$`` doubled."""
        ann = self.rig.guest().create("counting")
        value = {"$$key": {"$bytes": "YWI="}, "plain": 1}
        self.assertEqual(ann.ask("send", id=2, type="echo", data={"value": value})["data"], value)

    def test_waiting_requests_of_a_room_that_closes_are_answered(self) -> None:
        """What waits for the store while its room closes gets its one answer all the same."""
        ann = self.rig.guest().create("counting")
        self.rig.store.fail = StoreUnavailable("away")
        ann.say("send", id=2, type="add")
        ann.post("send", id=3, type="shut")
        ann.post("send", id=4, type="add")
        ann.post("chat", id=5, text="hi")
        self.rig.store.fail = None
        self.rig.advance(5)
        answers = {m["id"]: m.get("code", m["op"]) for m in ann.take() if m.get("id") is not None}
        self.assertEqual(answers, {2: "ok", 3: "ok", 4: "not_found", 5: "not_found"})
