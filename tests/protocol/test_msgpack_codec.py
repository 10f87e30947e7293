"""The MessagePack form says what the JSON form says, both ways; and whatever else comes is `Unreadable`."""

from __future__ import annotations

from typing import Any
from unittest import mock

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import structs
from twisted.trial.unittest import SynchronousTestCase

from gameserver.errors import CODES, NotJSON
from gameserver.protocol import messages, msgpack, msgpack_codec, values
from gameserver.protocol.json_codec import JSONCodec, Unreadable
from gameserver.protocol.messages import ARRAYS, FROM_CLIENT, FromClient, FromServer, Send
from gameserver.protocol.msgpack_codec import MsgpackCodec, is_deeper
from tests.protocol.test_values import TEXT, VALUES, depth_of, exact

DEPTH = 32
IDS = st.integers(0, 2**53)
COUNTS = st.integers(0, 2**40)
OBJECTS = st.dictionaries(TEXT, VALUES, max_size=3)
SEATS = st.builds(messages.SeatInfo, TEXT, st.none() | COUNTS, TEXT, TEXT, st.booleans(), st.booleans(), OBJECTS,
                  st.lists(TEXT, max_size=2), st.booleans())  # fmt: skip
INFOS = st.builds(messages.RoomInfo, TEXT, st.none() | TEXT, st.booleans(), st.booleans(), OBJECTS, VALUES,
                  st.dictionaries(TEXT, st.lists(TEXT, max_size=2), max_size=2))  # fmt: skip
TIMERS = st.builds(messages.TimerInfo, TEXT, COUNTS, TEXT, st.none() | COUNTS, st.none() | COUNTS)
SPEAKERS = st.none() | st.builds(messages.Speaker, TEXT, TEXT)
LINES = st.builds(messages.Line, TEXT, COUNTS, SPEAKERS, TEXT, TEXT, VALUES, COUNTS)
PATHS = st.lists(TEXT | st.integers(0, 1000), max_size=3)
OPS = (
    st.tuples(st.just(0), PATHS, VALUES)
    | st.tuples(st.just(1), PATHS)
    | st.tuples(st.just(2), PATHS, COUNTS, COUNTS, st.lists(VALUES, max_size=2))
)
PROMPTS = st.none() | st.builds(messages.PromptInfo, TEXT, st.none() | TEXT, OBJECTS)
MOVES = st.builds(messages.MoveInfo, TEXT, VALUES, st.none() | TEXT, st.none() | TEXT, st.none() | OBJECTS,
                  st.lists(TEXT, max_size=2))  # fmt: skip
SEENS = st.dictionaries(TEXT, TEXT | COUNTS, max_size=3)
SAID = st.one_of(
    st.builds(messages.Welcome, st.builds(messages.UserInfo, TEXT, TEXT, st.lists(TEXT)), TEXT, TEXT, COUNTS,
              st.dictionaries(TEXT, COUNTS | st.floats(0, 100), max_size=3)),
    st.builds(messages.Joined, st.none() | IDS, TEXT, TEXT, st.builds(messages.OwnSeat, TEXT, st.none(), TEXT, TEXT),
              st.none() | st.booleans(), COUNTS, INFOS, st.dictionaries(TEXT, OBJECTS, max_size=2),
              st.lists(SEATS, max_size=2), st.lists(TIMERS, max_size=2), st.lists(LINES, max_size=2), SEENS,
              moves=st.none() | st.builds(messages.MovesInfo, st.lists(MOVES, max_size=2), st.booleans(), PROMPTS,
                                          st.booleans())),
    st.builds(messages.Ok, IDS, VALUES),
    st.builds(messages.Error, st.none() | IDS, TEXT, TEXT, st.none() | TEXT),
    st.builds(messages.EventMessage, TEXT, TEXT, COUNTS, TEXT, VALUES),
    st.builds(messages.VolatileEvent, TEXT, TEXT, TEXT, VALUES),
    st.builds(messages.Patch, TEXT, TEXT, COUNTS, st.lists(OPS.map(list), max_size=4)),
    st.builds(messages.Doc, TEXT, TEXT, COUNTS, st.none() | OBJECTS, st.lists(LINES, max_size=2)),
    st.builds(messages.SeatsMessage, TEXT, TEXT, COUNTS, st.lists(SEATS, max_size=2)),
    st.builds(messages.RoomMessage, TEXT, TEXT, COUNTS, INFOS),
    st.builds(messages.Timer, TEXT, TEXT, COUNTS, TEXT, st.none() | COUNTS, st.none() | COUNTS),
    st.builds(messages.ChatLine, TEXT, TEXT, COUNTS, SPEAKERS, TEXT, TEXT, VALUES, COUNTS),
    st.builds(messages.Skip, TEXT, TEXT, COUNTS),
    st.builds(messages.Left, TEXT, TEXT, st.none() | TEXT, st.none() | TEXT, st.none() | TEXT),
    st.builds(messages.Redirect, st.none() | IDS, TEXT, st.none() | TEXT),
    st.builds(messages.UserMessage, st.builds(messages.UserInfo, TEXT, TEXT, st.lists(TEXT, max_size=2))),
    st.builds(messages.Moves, TEXT, st.lists(MOVES, max_size=2), st.booleans(), PROMPTS, st.booleans()),
    st.builds(messages.Pong, st.none() | COUNTS | st.floats(allow_nan=False, allow_infinity=False), COUNTS),
)  # fmt: skip
OPTIONAL_TEXT = st.none() | TEXT
ASKED = st.one_of(
    st.tuples(st.just("hello"), st.fixed_dictionaries({}, optional={
        "token": OPTIONAL_TEXT, "ticket": OPTIONAL_TEXT, "client": OPTIONAL_TEXT, "ops": st.none() | st.integers(0, 9),
        "guest": st.none() | st.builds(lambda name: {"name": name}, TEXT)})),
    st.tuples(st.just("create"), st.fixed_dictionaries({"game": TEXT}, optional={
        "id": IDS, "options": OBJECTS, "private": st.booleans(), "password": OPTIONAL_TEXT, "name": OPTIONAL_TEXT,
        "role": OPTIONAL_TEXT, "profile": OBJECTS})),
    st.tuples(st.just("join"), st.fixed_dictionaries({}, optional={
        "id": IDS, "room": OPTIONAL_TEXT, "game": OPTIONAL_TEXT, "match": OBJECTS, "name": OPTIONAL_TEXT,
        "role": OPTIONAL_TEXT, "password": OPTIONAL_TEXT, "profile": OBJECTS})),
    st.tuples(st.just("resume"), st.fixed_dictionaries({"room": TEXT, "resume": TEXT}, optional={
        "id": IDS, "seen": st.none() | SEENS})),
    st.tuples(st.just("send"), st.fixed_dictionaries({"type": TEXT}, optional={
        "id": IDS, "data": VALUES, "room": OPTIONAL_TEXT, "turn": st.none() | COUNTS})),
    st.tuples(st.just("bot"), st.fixed_dictionaries({}, optional={
        "id": IDS, "room": OPTIONAL_TEXT, "level": OPTIONAL_TEXT, "name": OPTIONAL_TEXT, "seat": OPTIONAL_TEXT})),
    st.tuples(st.just("options"), st.fixed_dictionaries({"options": OBJECTS}, optional={
        "id": IDS, "room": OPTIONAL_TEXT})),
    st.tuples(st.just("next"), st.fixed_dictionaries({"game": TEXT}, optional={
        "id": IDS, "room": OPTIONAL_TEXT, "options": st.none() | OBJECTS})),
    st.tuples(st.just("ready"), st.fixed_dictionaries({}, optional={
        "id": IDS, "on": st.booleans(), "room": OPTIONAL_TEXT})),
    st.tuples(st.just("chat"), st.fixed_dictionaries({"text": TEXT}, optional={
        "id": IDS, "to": TEXT, "data": VALUES, "room": OPTIONAL_TEXT})),
    st.tuples(st.sampled_from(("start", "leave", "undo")), st.fixed_dictionaries({}, optional={
        "id": IDS, "room": OPTIONAL_TEXT})),
    st.tuples(st.just("ping"), st.fixed_dictionaries({}, optional={"at": st.none() | COUNTS | st.floats(-9, 9)})),
)  # fmt: skip

_encode = msgspec.msgpack.encode


def wrapped(value: Any) -> Any:
    """A message of the server as it is for JSON: whatever a game put into it has its payload."""
    if isinstance(value, msgspec.Struct):
        return structs.replace(value, **{n: wrapped(getattr(value, n)) for n in value.__struct_fields__})
    if isinstance(value, list) and all(isinstance(item, msgspec.Struct) for item in value):
        return [wrapped(item) for item in value]
    return messages.payload(value)


class TableTests(SynchronousTestCase):
    def test_every_message_has_its_number(self) -> None:
        """Twenty of the client, twenty of the server, then either's, in the order of the page; no field forgotten."""
        self.assertEqual(sorted(ARRAYS), [*range(1, 46)])
        for kinds, theirs in ((FromClient, True), (FromServer, False)):
            numbers = {op: names for n, (op, names) in ARRAYS.items() if (n in FROM_CLIENT) is theirs}
            self.assertEqual({str(k.__struct_config__.tag) for k in kinds.__subclasses__()}, set(numbers))
            for kind in kinds.__subclasses__():
                names = set(numbers[str(kind.__struct_config__.tag)])
                more = {"n"} if kind is messages.VolatileEvent else set()
                self.assertEqual({field.encode_name for field in structs.fields(kind)} | more, names, kind)

    def test_server_fields_stand_as_in_the_table(self) -> None:
        """The array of a struct is in the table's order."""
        for kind in FromServer.__subclasses__():
            if kind is not messages.VolatileEvent:
                names = ARRAYS[msgpack.NUMBERS[str(kind.__struct_config__.tag)]][1]
                own = tuple(field.encode_name for field in structs.fields(kind))
                self.assertEqual(own, names[: len(own)], kind)


class FromServerTests(SynchronousTestCase):
    @settings(deadline=None)
    @given(SAID)
    def test_same_message_in_both_forms(self, message: FromServer) -> None:
        """What a client reads from either form is the same message, down to the types of its numbers."""
        json = messages.encode(wrapped(message))
        told = values.decode(json)
        self.assertEqual(exact(msgpack.MsgpackReader().read(msgpack.repack(json))), exact(told))
        self.assertEqual(exact(msgpack.MsgpackReader().read(msgpack.pack(message))), exact(told))

    def test_volatile_event_has_no_number(self) -> None:
        """In the array its place holds nil."""
        event = messages.VolatileEvent("R", "room", "spark", b"\x00")
        self.assertEqual(msgspec.msgpack.decode(msgpack.pack(event)), [25, "R", "room", None, "spark", b"\x00"])

    @settings(deadline=None)
    @given(st.binary(max_size=60))
    @example(_encode([26, "R", "room", 1, [[0, [-1], 5]]]))
    @example(_encode([26, "R"]))
    @example(_encode([26, "R", "room", 1, [[4, [], ["x"], None, ["a"]]]]))
    @example(_encode([27, ["R"], "room", 1, {}]))
    @example(_encode([]))
    def test_reader_takes_any_bytes(self, frame: bytes) -> None:
        """A client reads a message, or `NotJSON`."""
        try:
            self.assertIn("op", msgpack.MsgpackReader().read(frame))
        except NotJSON as error:
            self.assertTrue(str(error))


class FromClientTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.codec = MsgpackCodec(DEPTH)

    def unreadable(self, frame: bytes) -> Unreadable:
        """:returns: what is wrong with this frame."""
        found = self.assertRaises(Unreadable, self.codec.decode, frame)
        self.assertIn(found.code, CODES)
        return found

    @settings(deadline=None)
    @given(ASKED)
    def test_same_message_in_both_forms(self, asked: tuple[str, dict[str, Any]]) -> None:
        """What the server reads from either form is the same message, with the same defaults."""
        op, fields = asked
        codec = MsgpackCodec(DEPTH)
        json = JSONCodec(DEPTH).decode(msgspec.json.encode({"op": op, **values.to_wire(fields)}))
        mine = codec.decode(msgpack.say(op, fields))
        if isinstance(json, Send) and isinstance(mine, Send):
            self.assertIs(type(mine.data), values.Packed)
            self.assertEqual(exact(values.read(mine.data)), exact(values.read(json.data)))
            mine.data = json.data
        self.assertEqual(mine, json)
        number = next(n for n, (name, _) in ARRAYS.items() if name == op and n in FROM_CLIENT)
        whole = [number, *(fields.get(name) for name in ARRAYS[number][1]), "a field of a later time"]
        again = codec.decode(_encode(whole))
        if isinstance(again, Send):
            again.data = json.data  # type: ignore[union-attr]
        self.assertEqual(again, json)

    @settings(deadline=None)
    @given(st.binary(max_size=200))
    @example(b"\x91" * 100_000)
    @example(b"\x95\x05\x01\xa1a" + b"\x91" * 50_000 + b"\x01")
    @example(b"\xdd\xff\xff\xff\xff")
    @example(b"\xdf\xff\xff\xff\xff" * 40)
    @example(_encode([6, 1, "hi", "room", {1: 2}]))
    @example(_encode([6, 1, "hi", "room", {"a": {(1, 2): 2}}]))
    @example(_encode([6, 1, "hi", "room", float("nan")]))
    @example(_encode([6, 1, "hi", "room", msgspec.msgpack.Ext(5, b"")]))
    @example(b"\x92\x09" + b"\xd6\xff\x00\x00\x00\x00")
    def test_any_bytes(self, frame: bytes) -> None:
        """Bytes are a message or `Unreadable`, never another exception."""
        try:
            MsgpackCodec(DEPTH).decode(frame)
        except Unreadable as unreadable:
            self.assertIn(unreadable.code, ("bad_message", "unknown_op"))
            unreadable.text.encode()

    def test_large_requests(self) -> None:
        """What is no ``send`` is refused by its size, before anything is made of what is in it."""
        self.codec = MsgpackCodec(DEPTH, request_bytes=1000)
        for array in ([9, 1, [[]] * 2000], [6, 1, "hi", "room", [[]] * 2000], [99, 1, "x" * 2000]):
            with mock.patch.object(msgpack_codec, "is_deeper", side_effect=AssertionError):
                found = self.unreadable(_encode(array))
            self.assertEqual(found.code, "too_large")
        self.assertEqual(self.unreadable(_encode(["x", 1, "x" * 2000])).code, "bad_message")
        self.assertIsInstance(self.codec.decode(_encode([5, 1, "m", "x" * 2000])), Send)

    def test_malformed(self) -> None:
        """What is no message is told with the request's number, where that can be made out."""
        for frame, code, id in (
            (b"", "bad_message", None),
            (_encode({}), "bad_message", None),
            (_encode([]), "bad_message", None),
            (_encode(["send", 3]), "bad_message", None),
            (_encode([5, 3]), "bad_message", 3),
            (_encode([5, 3, None]), "bad_message", 3),
            (_encode([5, 3, 7]), "bad_message", 3),
            (_encode([5, -1, "a"]), "bad_message", None),
            (_encode([5, 1.0, "a"]), "bad_message", None),
            (_encode([5, True, "a"]), "bad_message", None),
            (_encode([5, 2**53 + 1, "a"]), "bad_message", None),
            (b"\x93\x05\x03\xa1\xff", "bad_message", 3),
            (b"\x93\x05\x03\xa3\xed\xa0\x80", "bad_message", 3),
            (_encode([5, 3, "a"]) + b"\x00", "bad_message", 3),
            (_encode([5, 3, "a"])[:-1], "bad_message", 3),
            (_encode([5, 2**53, "a"])[:-1], "bad_message", 2**53),
            (_encode([5, 300, "a"])[:3], "bad_message", None),
            (_encode([5, -3, "a"])[:-1], "bad_message", None),
            (_encode([5, 2.0, "a"])[:-1], "bad_message", None),
            (_encode([[], 3, "a"])[:-1], "bad_message", None),
            (_encode([99, 3, "a"])[:-1], "bad_message", 3),
            (_encode([1, 3, "a"])[:-1], "bad_message", None),
            (_encode([10, "room", True, None, 3.5]), "bad_message", None),
            (_encode([10, "room", 5, None, 3]), "bad_message", 3),
            (_encode([5, 3, *["a"] * 20])[:-1], "bad_message", 3),
            (b"\xdd\x00\x00\x00\x03" + _encode([5, 3, "a"])[1:-1], "bad_message", 3),
            (_encode([6, 3, "a", "room", {1: 2}]), "bad_message", 3),
            (_encode([6, 3, "a", "room", [float("inf")]]), "bad_message", 3),
            (_encode([2, 3, "a", {"x": msgspec.msgpack.Ext(1, b"x")}]), "bad_message", 3),
            (_encode([9, "soon"]), "bad_message", None),
            (_encode([21, 3]), "unknown_op", 3),
            (_encode([0]), "unknown_op", None),
            (_encode([42, "x"]), "unknown_op", None),
        ):
            found = self.unreadable(frame)
            self.assertEqual((found.code, found.id), (code, id), frame)

    def test_data_outlives_the_frame(self) -> None:
        """The data of a message that waits is not that of the next one."""
        frame = bytearray(_encode([5, 1, "a", {"x": 1}]))
        message = self.codec.decode(bytes(frame))
        assert isinstance(message, Send)
        frame[:] = bytes(len(frame))
        self.assertEqual(values.read(message.data), {"x": 1})

    def test_depth_counts_the_message_itself(self) -> None:
        """As deep as told is taken, one deeper is not; with the request's number."""
        head = b"\x94\x05\x04\xa1a"
        self.assertIsInstance(self.codec.decode(head + b"\x91" * (DEPTH - 2) + b"\x90"), Send)
        found = self.unreadable(head + b"\x91" * (DEPTH - 1) + b"\x90")
        self.assertEqual((found.code, found.id), ("bad_message", 4))

    def test_many_beside_one_another_are_not_deep(self) -> None:
        """Nor is a text whose bytes look like heads of containers."""
        self.assertIsInstance(self.codec.decode(_encode([5, 1, "a", [[]] * 500])), Send)
        self.assertIsInstance(self.codec.decode(_encode([6, 1, "\u0410" * 500])), messages.ChatMessage)

    @settings(deadline=None)
    @given(VALUES)
    def test_depth_of_any_value(self, value: Any) -> None:
        """The depth of bytes is the depth of what they say."""
        depth = depth_of(value)
        self.assertFalse(is_deeper(_encode(value), depth))
        self.assertTrue(is_deeper(_encode([value]), depth))
