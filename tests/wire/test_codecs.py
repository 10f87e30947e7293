"""From bytes to messages: whatever comes is a message or `Unreadable`, and a message says what its bytes said."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gameserver import values
from gameserver.errors import CODES
from gameserver.wire import messages
from gameserver.wire.codecs import JSONCodec, Unreadable, json_depth
from gameserver.wire.messages import Chat, Create, Hello, Join, Leave, Ping, Resume, Send, Start
from tests.test_values import TEXT, VALUES, WIRE_JUNK, depth_of

DEPTH = 32
OPS = ("hello", "create", "join", "resume", "send", "chat", "start", "leave", "ping")
KEYS = ("id", "op", "room", "type", "data", "text", "to", "seen", "resume", "token", "guest", "client", "at", "match")
ALMOST = st.dictionaries(st.sampled_from(KEYS), WIRE_JUNK, max_size=5)
IDS = st.integers(0, 2**53)


def encoded(value: Any) -> bytes:
    return json.dumps(value).encode()


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


class DecodeTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.codec = JSONCodec(DEPTH)

    def unreadable(self, frame: bytes) -> Unreadable:
        """:returns: what is wrong with this frame."""
        found = self.assertRaises(Unreadable, self.codec.decode, frame)
        self.assertIn(found.code, CODES)
        self.assertTrue(found.text)
        return found

    def test_large_requests(self) -> None:
        """What is no ``send`` is refused by its size, whatever is in it, and before anything is made of that."""
        self.codec = JSONCodec(DEPTH, request_bytes=1000)
        for more in (b'"at":1,', b'"x":' + nested(DEPTH + 1) + b","):
            found = self.unreadable(b'{"op":"ping",' + more + b'"id":7.0,"y":[' + b"[]," * 1000 + b"1]}")
            self.assertEqual((found.code, found.id), ("too_large", 7))
        self.assertEqual(self.unreadable(b'{"op":"ping"' + b"x" * 1000).code, "bad_message")
        self.assertEqual(self.unreadable(b'{"op":5,"x":"' + b"x" * 1000 + b'"}').code, "bad_message")
        self.assertIsInstance(self.codec.decode(b'{"op":"send","type":"m","data":"' + b"x" * 2000 + b'"}'), Send)

    def test_defaults(self) -> None:
        """Only what identifies is required; the rest is as the page shows it."""
        self.assertEqual(self.codec.decode(b'{"op":"hello"}'), Hello())
        self.assertEqual(self.codec.decode(b'{"op":"start"}'), Start())
        self.assertEqual(self.codec.decode(b'{"op":"leave"}'), Leave())
        self.assertEqual(self.codec.decode(b'{"op":"ping"}'), Ping())
        self.assertEqual(self.codec.decode(b'{"op":"join","room":"K7QM"}'), Join(room="K7QM"))
        self.assertEqual(self.codec.decode(b'{"op":"chat","text":"hi"}'), Chat("hi", to="room"))
        self.assertEqual(self.codec.decode(b'{"op":"send","type":"play"}'), Send("play"))
        created = self.codec.decode(b'{"op":"create","game":"trivia"}')
        self.assertEqual(created, messages.Create("trivia"))
        assert isinstance(created, messages.Create)
        self.assertFalse(created.private)
        self.assertEqual(self.codec.decode(b'{"op":"resume","room":"A","resume":"B"}'), Resume("A", "B"))

    def test_op_in_any_place(self) -> None:
        """The order of keys means nothing, and of a key that comes twice one is taken, as in every JSON reader."""
        self.assertEqual(self.codec.decode(b'{"room":"K7QM","id":2,"op":"leave"}'), Leave(2, "K7QM"))

    def test_null_is_absent(self) -> None:
        """A client may send null for what it leaves out."""
        frame = encoded({"op": "join", "id": None, "room": "A", "name": None, "password": None, "profile": None})
        self.assertEqual(self.codec.decode(frame), Join(room="A"))

    def test_data_outlives_the_frame(self) -> None:
        """The data of a message that waits is not that of the next one."""
        frame = bytearray(b'{"op":"send","type":"a","data":{"x":1}}')
        message = self.codec.decode(bytes(frame))
        assert isinstance(message, Send)
        frame[:] = b" " * len(frame)
        self.assertEqual(bytes(message.data), b'{"x":1}')

    def test_depth_counts_the_message_itself(self) -> None:
        """As deep as told is taken, one deeper is not; with the request's number where there is one."""
        head = b'{"op":"send","id":4,"type":"a","data":'
        self.assertIsInstance(self.codec.decode(head + nested(DEPTH - 1) + b"}"), Send)
        found = self.unreadable(head + nested(DEPTH) + b"}")
        self.assertEqual((found.code, found.id), ("bad_message", 4))

    def test_depth_in_what_is_not_read(self) -> None:
        """An unknown key may not be deep either; brackets in a text are text."""
        self.unreadable(b'{"op":"ping","more":' + nested(DEPTH) + b"}")
        self.assertEqual(self.codec.decode(encoded({"op": "chat", "text": "[{" * 100})), Chat("[{" * 100))
        self.assertEqual(self.codec.decode(b'{"op":"chat","text":"\\"' + b"[" * 100 + b'"}'), Chat('"' + "[" * 100))

    def test_depth_is_not_sums(self) -> None:
        """Many containers beside one another are not deep."""
        self.assertIsInstance(self.codec.decode(encoded({"op": "send", "type": "a", "data": [[]] * 500})), Send)

    def test_unknown_op_keeps_the_number(self) -> None:
        """An unknown operation is told by name, cut short, and with the request's number."""
        found = self.unreadable(encoded({"op": "x" * 5000, "id": 7}))
        self.assertEqual((found.code, found.id), ("unknown_op", 7))
        self.assertLess(len(found.text), 100)
        for op in ("HELLO", "welcome", "ok", "", "hello ", "clientmessage", "fromclient"):
            self.assertEqual(self.unreadable(encoded({"op": op})).code, "unknown_op", op)

    def test_number_of_a_malformed_request(self) -> None:
        """What can be read of the number is kept, and nothing else is taken for one."""
        for id, kept in ((3, 3), (0, 0), (2**53, 2**53), (2**53 + 1, None), (-1, None), (1.5, None), ("3", None),
                         (True, None), ([3], None), (None, None)):  # fmt: skip
            self.assertEqual(self.unreadable(encoded({"op": "send", "id": id, "type": 5})).id, kept, id)

    def test_number_of_what_is_no_json(self) -> None:
        """Wherever the number stands in it, as long as it is the message's own."""
        for frame, id in (
            (b'{"op":"send","type":"a","data":{"id":9,"x":"\\ud800"},"id":3}', 3),
            (b'{"op":"send","data":[{"id":9}],"type":"a\n","id" : 3.0 }', 3),
            (b'{"id":3e0,"op":"send","type":"a","data":1e999', 3),
            (b'{"op":"send","type":"}\\"{","data":NaN,"id":3}', 3),
            (b'{"op":"send","type":"a","data":1e999,"id":3', 3),
            (b'{"op":"send","type":"a","id":3,"data":{"a":[1,', 3),
            (b'{"op":"send","type":"a","data":{"id":3},', None),
            (b'{"op":"send","type":"id","data":NaN,"x":"id"}', None),
            (b'{"op":"send","type":NaN,"id":"3"}', None),
            (b'{"op":"send","type":NaN,"id":-3}', None),
            (b'{"op":"send","type":NaN,"id":3.5}', None),
            (b'{"op":"send","type":NaN,"id":3-5}', None),
            (b'{"op":"send","type":NaN,"id":9007199254740993}', None),
            (b'{"op":"send","type":NaN,"id":3', 3),
            (b'{"op":"send","type":"a","id', None),
            (b'{"op":"send","type":"a\\', None),
            (b'[{"op":"send","id":3', None),
            (b'{"op":"send","id":3,"data":' + b"[" * 5000, 3),
            (b'{"op":"send","data":' + b"[" * 5000 + b"]" * 5000 + b',"id":3}', 3),
        ):
            found = self.unreadable(frame)
            self.assertEqual((found.code, found.id), ("bad_message", id), frame[:60])

    def test_whole_floats(self) -> None:
        """A whole float is an integer where the protocol means one; what is the game's stays as it is."""
        self.assertEqual(self.codec.decode(b'{"op":"leave","id":5.0}'), Leave(5))
        self.assertEqual(self.codec.decode(b'{"op":"leave","id":9007199254740992.0}'), Leave(2**53))
        self.assertEqual(repr(self.codec.decode(b'{"op":"ping","at":5.0}')), "Ping(at=5.0)")
        send = self.codec.decode(b'{"type":"a","id":5.0,"data": {"x":1.0,"y":1e999} ,"op":"send"}')
        assert isinstance(send, Send)
        self.assertEqual((send.id, bytes(send.data).strip()), (5, b'{"x":1.0,"y":1e999}'))
        created = self.codec.decode(b'{"op":"create","game":"g","id":5.0,"options":{"n":1.0}}')
        self.assertEqual(repr(getattr(created, "options", None)), "{'n': 1.0}")
        seen = self.codec.decode(b'{"op":"resume","room":"A","resume":"B","seen":{"epoch":"e","room":41.0}}')
        self.assertEqual(repr(getattr(seen, "seen", None)), "{'epoch': 'e', 'room': 41}")
        for frame in (b'{"op":"leave","id":5.5}', b'{"op":"leave","id":18014398509481984.0}', b'{"op":["x"],"id":5.0}',
                      b'{"id":5.0}', b'{"op":"send","id":5.0}', b'{"op":"read","id":5.0,"upto":"6"}'):  # fmt: skip
            id = None if b"18014398509481984" in frame or b"5.5" in frame else 5
            self.assertEqual((self.unreadable(frame).code, self.unreadable(frame).id), ("bad_message", id), frame)
        found = self.unreadable(b'{"op":"dance","id":7.0}')
        self.assertEqual((found.code, found.id), ("unknown_op", 7))

    def test_null_is_as_good_as_missing(self) -> None:
        """Some writers of JSON write all that there may be."""
        frame = b'{"op":"create","game":"g","id":null,"options":null,"private":null,"role":null,"more":null}'
        self.assertEqual(self.codec.decode(frame), Create("g"))
        self.assertEqual(
            self.codec.decode(b'{"op":"chat","text":"hi","id":5.0,"to": null ,"data":null}'), Chat("hi", 5)
        )
        send = self.codec.decode(b'{"op":"send","type":"a","data":null,"room":null}')
        assert isinstance(send, Send)
        self.assertEqual(bytes(send.data), b"null")
        for frame in (b'{"op":"create","game":null}', b'{"op":null}', b'{"op":"hello","guest":{"name":null}}',
                      b'{"op":"resume","room":"A","resume":"B","seen":{"room":null}}'):  # fmt: skip
            self.assertEqual(self.unreadable(frame).code, "bad_message", frame)

    def test_numbers_of_the_right_kind(self) -> None:
        """An id is a whole number from 0 to 2**53, and never something like one."""
        for id in (-1, 2**53 + 1, 10**400, 1.5, "1", True, [], {}):
            self.assertEqual(self.unreadable(encoded({"op": "leave", "id": id})).code, "bad_message", id)
        self.assertEqual(self.codec.decode(b'{"op":"leave","id":9007199254740992}'), Leave(2**53))

    def test_control_characters_and_marks(self) -> None:
        """A byte order mark, a NUL or a comment is no JSON."""
        for frame in (b"\xef\xbb\xbf" + b'{"op":"ping"}', b'{"op":"ping"}\x00', b'/**/{"op":"ping"}', b"{'op':'ping'}",
                      b'{"op":"ping",}', b'{"op":"chat","text":"\n"}', b'{"op":"chat","text":"\\x41"}'):  # fmt: skip
            self.assertEqual(self.unreadable(frame).code, "bad_message", frame)

    @given(st.binary(max_size=200))
    @example(b'{"op":"\xed\xa0\x80"}')
    @example(b"[" * 100_000)
    @example(b'{"a":' * 50_000)
    @example(b'{"op":"ping","at":' + b"9" * 50_000 + b"}")
    @example(b'{"op":"ping","at":1e400}')
    @example(b'{"op":"send","type":"a","data":"\\ud800"}')
    def test_any_bytes(self, frame: bytes) -> None:
        """Bytes are a message or `Unreadable`, never another exception."""
        try:
            self.codec.decode(frame)
        except Unreadable as unreadable:
            self.assertIn(unreadable.code, ("bad_message", "unknown_op", "too_large"))
            json.dumps(unreadable.text).encode()

    @given(ALMOST, st.sampled_from(OPS) | TEXT)
    def test_almost_messages(self, value: dict[str, Any], op: str) -> None:
        """Keys of the protocol with any values: a message, or what is wrong with the number where it is one."""
        value["op"] = op
        frame = encoded(value)
        try:
            message = self.codec.decode(frame)
        except Unreadable as unreadable:
            self.assertEqual(unreadable.code == "unknown_op", op not in OPS)
            id = value.get("id")
            self.assertEqual(unreadable.id, id if type(id) is int and 0 <= id <= 2**53 else None)
            messages.encode(messages.Error(unreadable.id, unreadable.code, unreadable.text))
        else:
            self.assertEqual(getattr(message, "id", None), value.get("id") if op not in ("hello", "ping") else None)

    @given(VALUES, IDS, TEXT)
    def test_values_arrive_as_sent(self, value: Any, id: int, type: str) -> None:
        """What `values` writes into a message comes out of it; bytes and keys with ``$`` as well."""
        frame = encoded({"op": "send", "id": id, "type": type, "data": values.to_wire(value)})
        message = self.codec.decode(frame)
        assert isinstance(message, Send)
        self.assertEqual((message.id, message.type), (id, type))
        self.assertEqual(values.decode(bytes(message.data)), value)

    @given(TEXT, TEXT)
    def test_texts_arrive_as_sent(self, text: str, to: str) -> None:
        """A line of chat comes as it was typed, with escapes or without."""
        for ascii in (True, False):
            frame = json.dumps({"op": "chat", "text": text, "to": to}, ensure_ascii=ascii).encode()
            self.assertEqual(self.codec.decode(frame), Chat(text, to=to))

    @given(st.recursive(st.none() | TEXT, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=30))
    def test_depth_of_any_value(self, value: Any) -> None:
        """The depth of text is the depth of what it says."""
        self.assertEqual(json_depth(encoded(value)), depth_of(value))


class EncodeTests(SynchronousTestCase):
    @given(VALUES, IDS)
    def test_answers(self, value: Any, id: int) -> None:
        """What a game answers reaches the client as one JSON object, from which it can be read again."""
        frame = messages.encode(messages.Ok(id, messages.payload(value)))
        found = json.loads(frame)
        self.assertEqual((set(found), found["op"], found["id"]), ({"op", "id", "data", "room"}, "ok", id))
        self.assertEqual(values.from_wire(msgspec.json.decode(frame)["data"]), value)

    def test_names_on_the_wire(self) -> None:
        """Words that Python has taken have their own names on the wire."""
        line = messages.ChatLine("A", "room", 1, messages.Speaker("1", "Ann"), "room", "hi", None, 5)
        self.assertEqual(
            json.loads(messages.encode(line)),
            {"op": "chat", "room": "A", "stream": "room", "n": 1, "from": {"seat": "1", "name": "Ann"}, "to": "room",
             "text": "hi", "data": None, "at": 5},
        )  # fmt: skip
        volatile = json.loads(messages.encode(messages.VolatileEvent("A", "room", "cursor", None)))
        self.assertEqual(volatile, {"op": "event", "room": "A", "stream": "room", "type": "cursor", "data": None})
