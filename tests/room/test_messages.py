"""Messages: the signature is the schema, the return value the reply."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypedDict

from msgspec import Meta, Struct
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, Refused, message
from gameserver.testing import Table


class Blob(Struct):
    """Bytes in a struct."""

    b: bytes


class Sack(TypedDict):
    """Bytes in a typed dict."""

    b: bytes


class Talkative(Game):
    """Messages of many shapes."""

    roles = {"screen": 1}
    messages_per_s = 1000

    @message
    def play(self, player: Player, cell: Annotated[int, Meta(ge=0, le=8)], hard: bool = False) -> Any:
        return [cell, hard, self.status]

    @message
    def nothing(self, player: Player) -> None:
        """No data."""

    @message(name="kick")
    def kick_(self, player: Player, whom: Player, also: list[Player] = [], maybe: Player | None = None) -> Any:  # noqa: B006 - copied
        also.append(whom)
        return [whom.name, [p.name for p in also], maybe.name if maybe else None]

    @message
    def nested(self, player: Player, votes: dict[str, Player], pairs: list[tuple[Player, int]]) -> Any:
        return [{k: p.name for k, p in votes.items()}, [[p.name, n] for p, n in pairs]]

    @message
    def any_(self, player: Player, x) -> Any:  # type: ignore[no-untyped-def]
        return x

    @message
    def open_(self, player: Player, a: int = 0, **rest: Any) -> Any:
        return {"a": a, **rest}

    @message
    def numbered(self, player: Player, names: dict[int, str]) -> list[str]:
        return list(names.values())

    @message
    def pick(self, player: Player, what: Literal["a", "b"], n: float = 0.5) -> Any:
        return [what, n]

    @message
    def raw(self, player: Player, data: bytes) -> bytes:
        self.state["data"] = data
        return data[::-1]

    @message
    def blobs(self, player: Player, blobs: list[Blob]) -> int:
        return sum(len(blob.b) for blob in blobs)

    @message
    def sack(self, player: Player, sack: Sack) -> int:
        return len(sack["b"])

    @message(phase="night")
    def bite(self, player: Player) -> str:
        return "bitten"

    @message
    def go(self, player: Player, phase: str | None) -> None:
        self.enter(phase)

    @message
    def bad_reply(self, player: Player) -> Any:
        self.state["x"] = 1
        return {1, 2}

    @message
    def own_code(self, player: Player) -> None:
        raise Refused("Wait for your turn.", code="not_your_turn")

    def helper(self, player: Player) -> None:
        """No message."""


class MessageTests(SynchronousTestCase):
    """Strict schemas, and answers."""

    def setUp(self) -> None:
        self.table = Table(Talkative)
        self.ann, self.bob = self.table.join("Ann"), self.table.join("Bob")

    def refusal(self, type: str, data: Any = None, /, **fields: Any) -> tuple[str, str | None]:
        """The code and path of a refusal."""
        refused = self.assertRaises(Refused, self.ann.send, type, data, **fields)
        return refused.code, refused.path

    def test_rest_is_no_other_parameter(self) -> None:
        """Where any field is taken, one that is named as ``self`` or the sender is `bad_data`."""
        for name in ("self", "player"):
            self.assertEqual(self.refusal("open_", {"a": 1, name: 2})[0], "bad_data", name)

    def test_reply(self) -> None:
        """The return value is the reply; accepted before the start too."""
        self.assertEqual(self.ann.send("play", cell=4), [4, False, "lobby"])
        self.table.start()
        self.assertEqual(self.ann.send("play", cell=4, hard=True), [4, True, "playing"])
        self.assertIsNone(self.ann.send("nothing"))

    def test_wrong_data(self) -> None:
        """What does not fit is `bad_data`, with the path."""
        for cell in (-1, 9, "4", 4.5, None, True, [4], 2**52):
            self.assertEqual(self.refusal("play", cell=cell), ("bad_data", "$.cell"), repr(cell))
        self.assertEqual(self.refusal("play", cell=1, hard=1), ("bad_data", "$.hard"))
        for data in ({}, None, [], 5, "x"):
            self.assertEqual(self.refusal("play", data)[0], "bad_data", repr(data))
        self.assertEqual(self.refusal("pick", what="c"), ("bad_data", "$.what"))

    def test_unknown_fields(self) -> None:
        """Unknown fields are refused."""
        code, path = self.refusal("play", cell=4, extra=1)
        self.assertEqual((code, path is not None and path.startswith("$")), ("bad_data", True))
        self.assertEqual(self.refusal("nothing", extra=1)[0], "bad_data")
        self.assertEqual(self.refusal("numbered", names={"x": "y"}), ("bad_data", "$.names"))
        self.assertEqual(self.refusal("play", cell=4, player=self.bob.id)[0], "bad_data")

    def test_open(self) -> None:
        """Where the method takes any, any are taken."""
        self.assertEqual(self.ann.send("open_", a=1, b=[2]), {"a": 1, "b": [2]})

    def test_unknown_type(self) -> None:
        """What is no message cannot be sent, whatever else it is."""
        for type in ("helper", "on_start", "over", "kick_", "_gs_room", "state", "PLAY", "", "play "):
            self.assertIn(self.refusal(type)[0], ("unknown_type", "bad_message"), type)

    def test_player(self) -> None:
        """`Player` parameters travel as seat ids: plain, in lists, optional."""
        self.assertEqual(self.ann.send("kick", whom=self.bob.id), ["Bob", ["Bob"], None])
        self.assertEqual(self.ann.send("kick", whom=self.bob.id), ["Bob", ["Bob"], None])
        also = [self.ann.id, self.bob.id]
        self.assertEqual(
            self.ann.send("kick", whom=self.ann.id, also=also, maybe=self.bob.id), ["Ann", ["Ann", "Bob", "Ann"], "Bob"]
        )
        self.assertEqual(self.ann.send("kick", whom=self.ann.id, maybe=None), ["Ann", ["Ann"], None])

    def test_nested_player(self) -> None:
        """And nested."""
        votes, pairs = {"x": self.bob.id}, [[self.ann.id, 1], [self.bob.id, 2]]
        self.assertEqual(self.ann.send("nested", votes=votes, pairs=pairs), [{"x": "Bob"}, [["Ann", 1], ["Bob", 2]]])
        self.assertEqual(self.refusal("nested", votes=votes, pairs=[["9", 1]])[0], "bad_data")

    def test_no_such_player(self) -> None:
        """A seat that is not here is `bad_data`, with the path."""
        gone = self.bob.id
        self.bob.leave()
        for id in (gone, "99", 1, "Ann", {}, ""):
            self.assertEqual(self.refusal("kick", whom=id), ("bad_data", "$.whom"), repr(id))
        code, path = self.refusal("kick", whom=self.ann.id, also=[self.ann.id, gone])
        self.assertEqual((code, (path or "")[:6]), ("bad_data", "$.also"))

    def test_untyped(self) -> None:
        """A parameter without a type takes any JSON."""
        for x in (None, 1, 1.5, "x", [1], {"a": None}, b"\x00", {"$x": 1}):
            self.assertEqual(self.ann.send("any_", x=x), x)

    def test_float(self) -> None:
        """An int is a number as well."""
        self.assertEqual(self.ann.send("pick", what="a", n=2), ["a", 2])

    def test_bytes(self) -> None:
        """Bytes travel in data, documents and replies, also within structs."""
        self.assertEqual(self.ann.send("raw", data=b"\x00\xff"), b"\xff\x00")
        self.assertEqual(self.bob.docs["room"], {"data": b"\x00\xff"})
        self.table.restart()
        self.assertEqual(self.table.state, {"data": b"\x00\xff"})
        self.assertEqual(self.ann.send("blobs", blobs=[{"b": b"abc"}, {"b": b""}]), 3)
        self.assertEqual(self.ann.send("sack", sack={"b": b"abc"}), 3)

    def test_a_string_is_no_bytes(self) -> None:
        """Strict: no string is taken for bytes."""
        for type, data in (
            ("raw", {"data": "aGk="}),
            ("blobs", {"blobs": [{"b": "aGk="}]}),
            ("sack", {"sack": {"b": "aGk="}}),
        ):
            self.assertEqual(self.refusal(type, data)[0], "bad_data", type)

    def test_phase(self) -> None:
        """``phase=``: accepted in that phase only."""
        self.assertEqual(self.refusal("bite")[0], "refused")
        self.ann.send("go", phase="night")
        self.assertEqual(self.ann.send("bite"), "bitten")
        self.ann.send("go", phase="day")
        self.assertEqual(self.refusal("bite")[0], "refused")

    def test_bad_reply(self) -> None:
        """A reply that JSON cannot hold is the game's error, and undoes the step."""
        self.assertEqual(self.refusal("bad_reply")[0], "game_error")
        self.assertEqual(self.table.state, {})

    def test_refusal_of_another_type(self) -> None:
        """What a client is told is text: whatever else is an error where it is raised, not at every client."""
        wrong: dict[str, tuple[Any, ...]] = {"text": (ValueError("x"),), "code": ("x", 5), "path": ("x", "c", 7)}
        for name, given in wrong.items():
            with self.assertRaisesRegex(TypeError, f"its {name} is a str"):
                Refused(*given)

    def test_own_code(self) -> None:
        """Games name codes of their own."""
        refused = self.assertRaises(Refused, self.ann.send, "own_code")
        self.assertEqual((refused.code, refused.text), ("not_your_turn", "Wait for your turn."))


class HookMessageTests(SynchronousTestCase):
    """A message that would hide a hook hides a name of `Game`."""

    def test_refused(self) -> None:
        """It is an error when the class is made, or the room would call it."""
        for name in ("on_tick", "on_join", "on_load", "on_chat", "migrate"):
            with self.assertRaises(TypeError, msg=name):
                type("Bad", (Game,), {name: message(lambda self, player: None)})
