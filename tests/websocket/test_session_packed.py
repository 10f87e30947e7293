"""What is peculiar to the MessagePack form: its frames, its bytes, and what JSON could not have said."""

from __future__ import annotations

import copy
from typing import Any

import msgspec

from gameserver import Game, Player, message
from gameserver.protocol.messages import Form
from gameserver.protocol.patches import apply_ops
from tests.websocket.kit import Peer, WireTestCase

_encode = msgspec.msgpack.encode


class Plain(Game):
    """Says back what it is told."""

    needs_start = False
    late_join = True
    messages_per_s = 1000

    @message
    def echo(self, player: Player, value: Any = None) -> Any:
        return value

    @message
    def typed(self, player: Player, whole: int = 0, part: float = 0.0, name: str = "", blob: bytes = b"") -> list[Any]:
        return [whole, part, name, blob]

    @message
    def show(self, player: Player, value: Any) -> None:
        self.state["value"] = value
        self.send("shown", value)


MALFORMED = {
    "nothing": b"",
    "an object": _encode({"op": "ping"}),
    "half": b"\x92\x09",
    "two": b"\x91\x09\x91\x09",
    "JSON": b'{"op":"ping"}',
    "deep": b"\x94\x05\x01\xa4echo" + b"\x91" * 50_000 + b"\x90",
    "bad UTF-8": b"\x93\x05\x01\xa1\xff",
    "id of a wrong type": _encode([5, "1", "echo"]),
    "the byte that is never used": b"\x94\x05\x01\xa4echo\xc1",
    "NaN in a chat": _encode([6, 1, "hi", "room", float("nan")]),
}
BAD_DATA: dict[str, Any] = {
    "NaN": float("nan"),
    "infinity": float("-inf"),
    "NaN of 4 bytes": msgspec.Raw(b"\xca\x7f\xc0\x00\x00"),
    "infinity of 4 bytes": msgspec.Raw(b"\xca\xff\x80\x00\x00"),
    "too large a number": 2**53 + 1,
    "too small a number": -(2**53) - 1,
    "a key that is a number": {1: 2},
    "a key that is bytes": {b"a": 2},
    "a key that is a list": msgspec.Raw(b"\x81\x90\x01"),
    "a time": msgspec.Raw(b"\xd6\xff\x00\x00\x00\x00"),
    "an extension": msgspec.msgpack.Ext(7, b"x"),
    "bad UTF-8": msgspec.Raw(b"\xa1\xff"),
    "half a surrogate pair": msgspec.Raw(b"\xa3\xed\xa0\x80"),
}


class MalformedTests(WireTestCase):
    games = (Plain,)
    forms = (Form.PACKED,)

    def test_each_is_bad_message_and_the_session_stays(self) -> None:
        """One error for one frame, before hello and after, and the next request is answered."""
        ann = self.rig.guest().create("plain")
        ann.take()
        for id, (name, frame) in enumerate(MALFORMED.items(), 10):
            for peer in (ann, self.rig.connect()):
                answer = peer.raw(frame)
                self.assertEqual([(m["op"], m.get("code")) for m in answer], [("error", "bad_message")], name)
            self.assertEqual(ann.ask("send", id=id, type="echo", data={"value": id})["data"], id, name)
            self.rig.advance(1)

    def test_text_frames_are_of_another_form(self) -> None:
        """A text frame on a binary connection is no message, whatever it says."""
        ann = self.rig.guest()
        ann.take()
        for frame in (b'{"op":"ping"}', _encode([9])):
            (answer,) = ann.raw(frame, binary=False)
            self.assert_error(answer, "bad_message")
        self.assertEqual(self.ops(ann.say("ping")), ["pong"])

    def test_what_json_cannot_say_is_refused(self) -> None:
        """Inside data it is ``bad_data`` with the path, or no message at all; nothing is kept, nothing in the log."""
        ann = self.rig.guest().create("plain")
        ann.take()
        for id, (name, value) in enumerate(BAD_DATA.items(), 10):
            for inner in (value, [value], {"a": [value]}):
                (answer,) = ann.raw(_encode([5, id, "echo", {"value": inner}]))
                self.assertEqual((answer["op"], answer["id"]), ("error", id), name)
                self.assertIn(answer["code"], ("bad_data", "bad_message"), name)
            self.rig.advance(1)
        self.assertIsNone(ann.closed)

    def test_path_of_what_is_wrong(self) -> None:
        """The same as from JSON."""
        ann, bob = self.rig.guest().create("plain"), self.rig.connect()
        bob.hello("Bob").join(ann.room)
        for id, data in enumerate(({"whole": "1"}, {"part": None}, {"blob": "aa"}, {"other": 1}, {"name": 5}, []), 2):
            mine = ann.ask("send", id=id, type="typed", data=data)
            self.assert_error(mine, "bad_data", id)
            self.assertTrue(mine["path"].startswith("$"), mine)


class SameAsJSONTests(WireTestCase):
    games = (Plain,)
    forms = (Form.JSON, Form.PACKED)

    def test_same_errors(self) -> None:
        """Code, text and path of a refusal do not depend on the form."""
        ann = self.rig.guest().create("plain")
        bob = self.rig.guest("Bob").join(ann.room)
        for id, data in enumerate(
            ({"whole": "1"}, {"part": None}, {"blob": "aa"}, {"blob": 5}, {"other": 1}, {"name": 5}, [], 5, "a", True,
             {"whole": 1.5}, {"whole": 2**53 + 1}, {"name": {"$bytes": "eA=="}}, {"name": None}), 2
        ):  # fmt: skip
            one, other = (peer.ask("send", id=id, type="typed", data=data) for peer in (ann, bob))
            self.assertEqual(one, other)
            self.assert_error(one, "bad_data", id)

    def test_bytes_and_odd_keys(self) -> None:
        """Bytes are bytes in documents, events, answers and data, and keys are what they are, in either form."""
        ann = self.rig.guest().create("plain")
        bob = self.rig.guest("Bob").join(ann.room)
        value = [{"$bytes": "AP8="}, {"$$a": 1, "$$bytes": [{"$bytes": ""}]}]
        for peer in (ann, bob):
            ann.take()
            bob.take()
            self.assertEqual(peer.ask("send", id=2, type="echo", data={"value": value})["data"], value)
            peer.say("send", id=3, type="show", data={"value": value})
            cyd, dan = (self.rig.guest(name).join(ann.room) for name in ("Cyd", "Dan"))
            for joined in (cyd.joined, dan.joined):
                self.assertEqual(joined["docs"]["room"], {"value": value})
        shown = [m["data"] for m in bob.everything() if m["op"] == "event"]
        self.assertEqual(shown, [value] * 2)
        self.assertEqual(shown, [m["data"] for m in ann.everything() if m["op"] == "event"])
        self.assertTrue(any(b"\xc4\x02\x00\xff" in frame for frame in bob.frames))
        self.assertFalse(any(b"$bytes" in frame and b"$$" in frame for frame in bob.frames))

    def test_numbers_keep_their_kind(self) -> None:
        """A whole float is a float, and 0.0 is not -0.0."""
        ann = self.rig.guest().create("plain")
        bob = self.rig.guest("Bob").join(ann.room)
        for id, number in enumerate((1, 1.0, -0.0, 0.1, 2**53, -(2**53), 16777217.0, 1e300), 2):
            for peer in (ann, bob):
                back = peer.ask("send", id=id, type="echo", data={"value": number})["data"]
                self.assertEqual((type(back), repr(back)), (type(number), repr(number)))


class Flock(Game):
    """Bodies that move, in the room, in a group and of each player."""

    needs_start = False
    late_join = True
    messages_per_s = 1000
    quantize = 0.01

    def on_create(self) -> None:
        self.state["birds"] = {f"bird {i}": {"x": 0.0, "y": 0.0} for i in range(5)}
        self.group("red").state["mood"] = {"joy": 0}

    @message
    def fly(self, player: Player, new: str = "") -> None:
        if new:
            self.state["birds"][new] = {"x": 1.5, "y": 1.25}
            self.group("red").state["mood"][new] = 1
        for number, bird in enumerate(self.state["birds"].values()):
            bird["x"] += 0.126 * number
            bird["y"] -= 1.0
        self.group("red").state["mood"]["joy"] += 1
        player.state["flown"] = self.state["birds"]["bird 1"]["x"]

    @message
    def wear(self, player: Player, red: bool) -> None:
        (self.group("red").add if red else self.group("red").remove)(player)
        self.group("red").state["mood"]["joy"] += 1


class SlowFlock(Flock):
    """The same, told ten times a second."""

    patch_hz = 10


class KeyTableTests(WireTestCase):
    """One table of keys for a stream, whoever comes when, in either MessagePack form and beside JSON."""

    games = (Flock, SlowFlock)
    forms = (Form.COLUMNS, Form.PACKED, Form.COLUMNS, Form.JSON)
    game = "flock"

    def assert_same(self, *peers: Peer) -> None:
        """Each has the documents that a newcomer would be given."""
        self.rig.advance(0.2)
        for peer in peers:
            peer.take()
            docs = docs_of(peer)
            fresh = peer.again().join(peer.room)
            self.assertEqual(docs, fresh.joined["docs"], peer.form)
            fresh.drop()

    def test_who_comes_when(self) -> None:
        """A newcomer learns all keys with ``joined``, and all later patches fit."""
        ann = self.rig.guest("Ann").create(self.game)
        peers = [ann]
        for id, name in enumerate(("Bob", "Cyd", "Dan"), 2):
            ann.say("send", id=id, type="fly", data={"new": f"bird of {name}"})
            self.rig.advance(1)
            peers.append(self.rig.guest(name).join(ann.room))
            ann.say("send", id=id + 10, type="fly")
            self.assert_same(*peers)

    def test_group(self) -> None:
        """Whoever enters a group learns its keys with ``doc``, also those of the same step; and again after leaving."""
        ann = self.rig.guest("Ann").create(self.game)
        bob, cyd = (self.rig.guest(name).join(ann.room) for name in ("Bob", "Cyd"))
        for id, (peer, red) in enumerate(((ann, True), (bob, True), (ann, False), (cyd, True), (ann, True)), 20):
            peer.say("send", id=id, type="wear", data={"red": red})
            bob.say("send", id=id, type="fly", data={"new": f"bird {id}"})
            self.assert_same(ann, bob, cyd)

    def test_resume(self) -> None:
        """What was missed is replayed without numbers; ``joined`` brings the keys for what comes after it."""
        ann = self.rig.guest("Ann").create(self.game)
        bob = self.rig.guest("Bob").join(ann.room)
        bob.say("send", id=2, type="fly", data={"new": "early"})
        docs: dict[str, Any] = {}
        for turn in range(5):
            self.rig.advance(1)
            bob.take()
            seen, docs = bob.seen(), docs_of(bob, docs)
            bob.drop()
            ann.say("send", id=turn + 20, type="fly", data={"new": f"missed {turn}"})
            self.rig.advance(1)
            back = bob.again()
            answer = back.resume(ann.room, bob.secret, seen)
            self.assertIs(answer[0]["recovered"], True)
            ann.say("send", id=turn + 30, type="fly", data={"new": f"later {turn}"})
            self.rig.advance(1)
            back.take()
            now = docs_of(back, docs)
            self.assertEqual(now, self.rig.connect().hello(token=bob.welcome["token"]).join(ann.room).joined["docs"])
            bob = back

    def test_restart(self) -> None:
        """After the process died clients resume with keys of an earlier time, and are given those of the new one."""
        ann = self.rig.guest("Ann").create(self.game)
        ann.say("send", id=2, type="fly", data={"new": "first"})
        self.rig.advance(1)
        ann.take()
        seen, docs = ann.seen(), docs_of(ann)
        self.rig.crash(written=True)
        back = ann.again()
        (joined, *_) = back.resume(ann.room, ann.secret, seen)
        back.say("send", id=30, type="fly", data={"new": "second"})
        self.rig.advance(1)
        back.take()
        now = docs_of(back, docs if joined["recovered"] else {})
        fresh = self.rig.connect().hello(token=ann.welcome["token"]).join(ann.room)
        self.assertEqual(now, fresh.joined["docs"])

    def test_shorter(self) -> None:
        """The same patch is shorter in MessagePack, and much shorter for who knows op 4."""
        ann = self.rig.guest("Ann").create(self.game)
        peers = {peer.form: peer for peer in (ann, *(self.rig.guest(name).join(ann.room) for name in ("B", "C", "D")))}
        for id in range(2, 5):
            ann.say("send", id=id, type="fly")
            self.rig.advance(1)
        sizes = {form: len(next(f for f in reversed(p.frames) if b"room" in f)) for form, p in peers.items()}
        self.assertLess(sizes[Form.PACKED], sizes[Form.JSON] / 2)
        self.assertLess(sizes[Form.COLUMNS], sizes[Form.PACKED] / 2)


class SlowKeyTableTests(KeyTableTests):
    """The same where patches wait for others."""

    game = "slow_flock"


def docs_of(peer: Peer, before: dict[str, Any] | None = None) -> dict[str, Any]:
    """:returns: the documents of the peer's room after all that it was sent."""
    docs: dict[str, Any] = copy.deepcopy(before or {})
    for told in peer.everything():
        if told["op"] == "joined" and not told["recovered"]:
            docs = told["docs"]
        elif told["op"] == "patch":
            apply_ops(docs[told["stream"]], told["ops"])
        elif told["op"] == "doc":
            docs.pop(told["stream"], None)
            if told["doc"] is not None:
                docs[told["stream"]] = told["doc"]
    return docs
