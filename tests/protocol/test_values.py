"""What may be kept as JSON, and how it becomes bytes and back."""

from __future__ import annotations

import enum
import math
from collections import OrderedDict, deque, namedtuple
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gameserver.errors import NotJSON
from gameserver.protocol import values

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
KEYS = TEXT | st.sampled_from(["$", "$$", "$bytes", "$$bytes", "$x", "a"])
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-values.MAX_INT, values.MAX_INT)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
    | st.sampled_from(["$", "$bytes"])
    | st.binary(max_size=8)
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4))
WIRE_JUNK = st.recursive(
    st.none() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
)

Point = namedtuple("Point", "x y")


class Colour(enum.StrEnum):
    RED = "red"


class Level(enum.IntEnum):
    EASY = 1


class Suit(enum.Enum):
    HEARTS = "hearts"


class Seat:
    id = "s1"


class Word(str):
    __slots__ = ()


def nested(depth: int) -> Any:
    """Lists inside one another."""
    value: Any = []
    for _ in range(depth - 1):
        value = [value]
    return value


def depth_of(value: Any) -> int:
    """Count how many lists and objects are inside one another."""
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth_of, value), default=0)
    return 0


def exact(value: Any) -> Any:
    """A form in which 1, 1.0 and True, and 0.0 and -0.0, differ."""
    if isinstance(value, dict):
        return "dict", [(key, exact(item)) for key, item in value.items()]
    if isinstance(value, list):
        return "list", [exact(item) for item in value]
    return type(value), repr(value)


class PlainTests(SynchronousTestCase):
    """`plain` copies what JSON can hold and refuses the rest with a path."""

    def assertRefused(self, value: Any, text: str, path: tuple[str | int, ...]) -> None:
        error = self.assertRaises(NotJSON, values.plain, value)
        self.assertIn(text, str(error))
        self.assertEqual(error.path, path)

    @given(VALUES)
    def test_json_is_copied(self, value: Any) -> None:
        """JSON and bytes come back the same, to the type of every number and the order of the keys."""
        self.assertEqual(exact(values.plain(value)), exact(value))

    def test_copy_is_deep(self) -> None:
        """A later change of the original does not reach the copy."""
        inner = [1]
        copy = values.plain({"a": inner})
        inner.append(2)
        self.assertEqual(copy, {"a": [1]})

    def test_subclasses_become_plain(self) -> None:
        """Tuples become lists; dicts, lists and strs of other classes become exact ones."""
        copy = values.plain({Colour.RED: (1, Point(2, 3)), "o": OrderedDict(a=Colour.RED), "w": Word("x")})
        self.assertEqual(exact(copy), exact({"red": [1, [2, 3]], "o": {"a": "red"}, "w": "x"}))
        self.assertEqual({type(key) for key in copy}, {str})

    def test_limits_are_inside(self) -> None:
        """2**53 on both sides and 32 containers are allowed."""
        for value in (2**53, -(2**53), nested(32)):
            self.assertEqual(values.plain(value), value)

    def test_numbers_refused(self) -> None:
        """What clients would read as another number is refused."""
        self.assertRefused({"a": [1, math.nan]}, "use None", ("a", 1))
        self.assertRefused([-math.inf], "-inf", (0,))
        self.assertRefused({"big": 2**53 + 1}, "use a str", ("big",))
        self.assertRefused([-(2**53) - 1], "use a str", (0,))
        self.assertRefused(Decimal(1), "a float or a str", ())

    def test_keys_refused(self) -> None:
        """A key is a str; the path holds the one that is not."""
        self.assertRefused({"a": {1: 2}}, "a key must be a str, not an int", ("a", 1))
        self.assertRefused({(1, 2): 3}, "not a tuple", ("(1, 2)",))
        self.assertRefused({None: 3}, "not a NoneType", ("None",))

    def test_lone_surrogates_refused(self) -> None:
        """Half a surrogate pair is no UTF-8; the error itself can be sent."""
        self.assertRefused({"a": "x\ud800"}, "surrogate", ("a",))
        self.assertRefused({"\udfff": 1}, "surrogate", ("\\udfff",))
        str(self.assertRaises(NotJSON, values.plain, {"\udfff": 1})).encode()

    def test_depth_refused(self) -> None:
        """33 containers inside one another are refused, and so is a list that holds itself."""
        self.assertRefused(nested(33), "32", (0,) * 32)
        loop: list[Any] = []
        loop.append(loop)
        self.assertRefused(loop, "hold itself", (0,) * 32)

    def test_depth_counts_path(self) -> None:
        """The containers above count, and their keys are in the error."""
        values.plain(nested(30), ("a", 1))
        error = self.assertRaises(NotJSON, values.plain, nested(31), ("a", 1))
        self.assertEqual(error.path, ("a", 1) + (0,) * 30)
        self.assertRaises(NotJSON, values.plain, math.nan, ("a", 1))

    def test_objects_refused_with_advice(self) -> None:
        """Whoever stores an object reads what to store instead."""
        for value, advice in [
            ({1}, "a set cannot be kept as JSON: use a list"),
            (deque(), "use a list"),
            (range(3), "use a list"),
            ({}.keys(), "use a list"),
            (Seat(), "store its id"),
            (Level.EASY, "store its .value"),
            (Suit.HEARTS, "store its .value"),
            (bytearray(b"x"), "use bytes"),
            (datetime(2026, 1, 1, tzinfo=UTC), ".isoformat()"),
            (len, "store its name"),
            (object(), "an object cannot be kept as JSON: store its fields"),
        ]:
            self.assertRefused({"a": value}, advice, ("a",))

    def test_coroutine_refused(self) -> None:
        """A forgotten await is named."""

        async def get() -> int:
            return 1

        coroutine = get()
        self.assertRefused([coroutine], "await it first", (0,))
        coroutine.close()


class EncodeTests(SynchronousTestCase):
    """`encode` and `decode` are inverse, with bytes and keys that start with ``$``."""

    @given(VALUES)
    def test_round_trip(self, value: Any) -> None:
        """Any value comes back as it was."""
        self.assertEqual(exact(values.decode(values.encode(value))), exact(value))

    @given(VALUES)
    def test_tree_round_trip(self, value: Any) -> None:
        """The tree transforms are inverse, and not needed where `has_special` says no."""
        self.assertEqual(exact(values.from_wire(values.to_wire(value))), exact(value))
        if not values.has_special(value):
            self.assertEqual(exact(values.to_wire(value)), exact(value))

    @given(WIRE_JUNK)
    def test_from_wire_never_crashes(self, value: Any) -> None:
        """Whatever a client sends is decoded or refused."""
        try:
            values.from_wire(value)
        except NotJSON:
            pass

    @given(st.binary(max_size=20))
    def test_decode_never_crashes(self, data: bytes) -> None:
        """Bytes that are no JSON are refused."""
        try:
            values.decode(data)
        except NotJSON:
            pass

    def test_form(self) -> None:
        """The form on the wire is the one that docs/protocol.rst fixes."""
        self.assertEqual(values.encode({"b": b"\xff", "$x": 1, "$": (2,)}), b'{"b":{"$bytes":"/w=="},"$$x":1,"$$":[2]}')
        self.assertEqual(values.encode({"a": 1}, special=False), b'{"a":1}')

    def test_escaped_sign(self) -> None:
        """A sender may write the sign of a key as an escape."""
        self.assertEqual(values.decode(b'{"\\u0024bytes":"/w=="}'), b"\xff")

    def test_malformed_refused(self) -> None:
        """What `encode` would never write is refused, with its path."""
        for wire, path in [
            ({"a": {"$bytes": 5}}, ("a",)),
            ([{"$bytes": "x"}], (0,)),
            ([{"$bytes": "é"}], (0,)),
            ({"a": [{"$foo": 1}]}, ("a", 0, "$foo")),
            ({"$bytes": "", "b": 1}, ("$bytes",)),
            ({"$": 1}, ("$",)),
        ]:
            error = self.assertRaises(NotJSON, values.from_wire, wire)
            self.assertEqual(error.path, path)
            self.assertRaises(NotJSON, values.decode, msgspec.json.encode(wire))

    def test_deep_refused(self) -> None:
        """Nesting beyond all use is refused, in text and in trees."""
        self.assertRaises(NotJSON, values.from_wire, nested(5000))
        self.assertRaises(NotJSON, values.decode, b"[" * 100_000)
