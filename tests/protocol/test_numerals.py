"""Numbers as clients write them: whole floats for integers, and digits for floats."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple, NotRequired, TypedDict

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct
from twisted.trial.unittest import SynchronousTestCase

from gameserver.protocol.numerals import Wholes, fails_at_float, with_floats
from gameserver.protocol.values import MAX_INT


class Level(enum.IntEnum):
    EASY = 1


class Suit(enum.Enum):
    HEARTS = "hearts"


class Walk(Struct, tag="walk"):
    steps: int
    pace: float


class Jump(Struct, tag=2):
    height: int


class Pair(Struct, array_like=True):
    x: int
    y: float


class Tagged(Struct, array_like=True, tag="t"):
    x: int


class Renamed(Struct, rename="camel"):
    how_many: int


class Tree(Struct):
    n: int
    inner: list[Tree] = []


class Point(NamedTuple):
    x: int
    y: float


class Sack(TypedDict):
    coins: int
    weight: NotRequired[float]


@dataclass
class Card:
    rank: int


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same, types included."""
    return repr(one) == repr(other)


class WholesTests(SynchronousTestCase):
    def assert_taken(self, kind: Any, value: Any, taken: Any) -> None:
        """See what is made of a value, and that msgspec then takes it."""
        found = Wholes(kind).taken(value)
        self.assertTrue(same(found, taken), f"{kind}: {value!r} became {found!r}")
        msgspec.convert(found, kind, strict=True)

    def test_where_integers_are_meant(self) -> None:
        """In all that a signature may say."""
        for kind, value, taken in (
            (int, 5.0, 5),
            (int, -0.0, 0),
            (int, float(MAX_INT), MAX_INT),
            (int | None, 5.0, 5),
            (int | str, 5.0, 5),
            (Annotated[int, Meta(ge=0, le=8)], 8.0, 8),
            (Annotated[int, Meta(title="Cell")], 8.0, 8),
            (Literal[1, 2], 2.0, 2),
            (Literal[1, "a"] | None, 1.0, 1),
            (Level, 1.0, 1),
            (list[int], [1.0, 2], [1, 2]),
            (tuple[int, ...], [1.0], [1]),
            (set[int], [1.0], [1]),
            (tuple[int, float, str], [1.0, 2.0, "a"], [1, 2.0, "a"]),
            (dict[str, list[int]], {"a": [1.0]}, {"a": [1]}),
            (list[int] | dict[str, int], {"a": 1.0}, {"a": 1}),
            (Walk, {"type": "walk", "steps": 3.0, "pace": 3.0}, {"type": "walk", "steps": 3, "pace": 3.0}),
            (Jump, {"type": 2.0, "height": 1.0}, {"type": 2, "height": 1}),
            (Pair, [1.0, 1.0], [1, 1.0]),
            (Tagged, ["t", 1.0], ["t", 1]),
            (Renamed, {"howMany": 1.0}, {"howMany": 1}),
            (Tree, {"n": 1.0, "inner": [{"n": 2.0}]}, {"n": 1, "inner": [{"n": 2}]}),
            (Point, [1.0, 1.0], [1, 1.0]),
            (Sack, {"coins": 1.0, "weight": 1.0}, {"coins": 1, "weight": 1.0}),
            (Card, {"rank": 1.0}, {"rank": 1}),
        ):
            self.assert_taken(kind, value, taken)
            self.assertTrue(Wholes(kind).there)

    def test_where_floats_may_stand(self) -> None:
        """What came stays."""
        for kind in (float, int | float, int | float | None, Any, list[Any], dict[str, Any], float | str):
            value: Any = [5.0] if kind == list[Any] else {"a": 5.0} if kind == dict[str, Any] else 5.0
            self.assert_taken(kind, value, value)
        for kind in (float, Any, str, Suit, list[float], Literal["a"]):
            self.assertFalse(Wholes(kind).there, kind)

    def test_tag_decides(self) -> None:
        """Of several structs it is the one that the tag names."""

        class A(Struct, tag="a"):
            x: int

        class B(Struct, tag="b"):
            x: float

        self.assert_taken(A | B, {"type": "a", "x": 1.0}, {"type": "a", "x": 1})
        self.assert_taken(A | B, {"type": "b", "x": 1.0}, {"type": "b", "x": 1.0})

    def test_what_is_no_integer(self) -> None:
        """Fractions, what is too large, and texts are left for the types to refuse."""
        for value in (5.5, 2.0**54, 1e300, float("inf"), "5", "5.0", True, None, [5.0], {"a": 5.0}):
            self.assertTrue(same(Wholes(int).taken(value), value), value)
        for kind, value in ((list[int], 5.0), (Pair, {"x": 1.0}), (Card, [1.0]), (Tagged, ["u", 1.0]), (Tagged, [])):
            self.assertTrue(same(Wholes(kind).taken(value), value), value)

    def test_more_than_there_should_be(self) -> None:
        """Further items and keys are left as they are."""
        self.assert_taken(Pair, [1.0, 2.0, 3.0], [1, 2.0, 3.0])
        self.assert_taken(Card, {"rank": 1.0, "more": 2.0}, {"rank": 1, "more": 2.0})

    def test_value_is_not_changed(self) -> None:
        """The value that was given stays as it was."""
        value = {"a": [1.0]}
        Wholes(dict[str, list[int]]).taken(value)
        self.assertTrue(same(value, {"a": [1.0]}))

    def test_error_of_a_float(self) -> None:
        """What msgspec says of a float that it refuses is known, of anything else too."""
        for kind, value, expected in (
            (int, 5.0, True),
            (int | None, 5.0, True),
            (Level, 1.0, True),
            (Literal[1, 2], 1.0, True),
            (list[int], [1.5], True),
            (int, "5", False),
            (int, True, False),
            (Annotated[int, Meta(ge=3)], 2, False),
        ):
            for refuse in (
                lambda kind=kind, value=value: msgspec.convert(value, kind),
                lambda kind=kind, value=value: msgspec.json.decode(msgspec.json.encode(value), type=kind),
                lambda kind=kind, value=value: msgspec.msgpack.decode(msgspec.msgpack.encode(value), type=kind),
            ):
                error = self.assertRaises(msgspec.ValidationError, refuse)
                self.assertEqual(fails_at_float(error), expected, (kind, value))

    @given(st.recursive(st.integers(-5, 5), lambda inner: st.lists(inner, max_size=3), max_leaves=10))
    def test_any_nesting(self, value: Any) -> None:
        """A list of lists of numbers comes out the same, whichever of its numbers came as floats."""

        def typed(value: Any) -> Any:
            return int if isinstance(value, int) else tuple[tuple(map(typed, value))] if value else list[int]  # type: ignore[misc]

        def floats(value: Any) -> Any:
            return float(value) if isinstance(value, int) else [floats(item) for item in value]

        self.assertTrue(same(Wholes(typed(value)).taken(floats(value)), value))


class DigitsTests(SynchronousTestCase):
    def test_written_out(self) -> None:
        """All the digits of a float, or those that tell it with zeros behind them, are that float."""
        for digits, number in (
            (10**308, 1e308),
            (int(1e308), 1e308),
            (-(10**30), -1e30),
            (2**64, 2.0**64),
            (123456789012345680000, 1.2345678901234568e20),
        ):
            self.assertTrue(same(with_floats([{"a": digits}]), [{"a": number}]), digits)

    def test_integers(self) -> None:
        """What is no float, or not beyond what every client can tell apart, stays."""
        for value in (10**30 - 1, 10**309, 2**64 + 1, 2**63 + 1, 2**53 + 1, 2**53, -(2**53), True, "1" * 30, None, 1.5):
            self.assertTrue(same(with_floats([{"a": value}]), [{"a": value}]), value)
