"""What is peculiar to the MessagePack form: its frames, its bytes, and what JSON could not have said."""

from __future__ import annotations

from typing import Any

import msgspec

from gameserver import Game, Player, message
from gameserver.wire.messages import Form
from tests.wire.kit import WireTestCase

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
