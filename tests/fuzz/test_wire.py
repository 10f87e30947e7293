"""Anything at all over a WebSocket: nothing is logged as an error or cut without a code, and nobody else notices."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Final

import msgspec
import txaio
from hypothesis import strategies as st

from gameserver import Game, Player, message
from gameserver.protocol.messages import ARRAYS, FROM_CLIENT, PACKED_SUBPROTOCOL, SUBPROTOCOL
from gameserver.settings.settings import Limits
from gameserver.web import api
from tests.fuzz.trying import keep_trying
from tests.websocket.kit import Rig, WireTestCase
from tests.websocket.sockets import BINARY, CLOSE, PING, PONG, TEXT, Node, masked
from tests.websocket.test_fuzz import CODES

DECK: Final = "the-deck-that-nobody-sees"
WITHOUT_ID: Final = ("hello", "ping", "typing")


class Table(Game):
    """Each player has a card that nobody else sees."""

    name = "table"
    needs_start = False
    max_players = 20

    def on_create(self, rounds: int = 3, mood: str = "calm") -> None:
        self.secret["deck"] = DECK

    def on_join(self, player: Player) -> None:
        player.state["card"] = f"card of {player.user_id}"

    @message
    def play(self, player: Player, cell: int = 0, text: str = "", at: float = 0.0, other: Player | None = None) -> str:
        self.state["cell"] = cell
        return text


class At(str):
    """A value that only the run knows: it is put in its place when the message is said."""


PLACES: Final = tuple(At(name) for name in ("room", "seat", "secret", "other seat", "other user", "user", "locked"))
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(PLACES),
)
TEXTS = st.sampled_from((
    "", "table", "play", "room", "seat", "lobby:table", "direct", "server", "user:", "group:red", "channel:x", "seat:1",
    "/me waves", "/kick Ann", "/ban 1", "/topic x", "@Ann", "e\u0301" * 40, "\u202e", "\U0001f600", "a\x00b", "x" * 600,
    "BBBB", "guests..", "eyJ.eyJ.x", "player", "host", "screen", "stdio",
))  # fmt: skip
BYTES = st.binary(max_size=6)
WRAPPED = st.fixed_dictionaries({"$bytes": st.sampled_from(("", "AAAA", "=", 1, None))})
JSON = st.recursive(
    SCALARS | TEXTS | WRAPPED,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6) | st.just("$x"), inner, max_size=3),
    max_leaves=6,
)
EXT = st.builds(msgspec.msgpack.Ext, st.integers(-128, 127), BYTES)
PACKED = st.recursive(
    SCALARS | TEXTS | BYTES | EXT,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=6) | st.integers(-9, 2**63) | BYTES, inner, max_size=3)
    ),
    max_leaves=6,
)
PLAIN: Final = (None, True, 0, -1, 1.5, 2**53, 2**60, "", "x", [], [1], {}, {"a": 1})
KINDS: Final = (*PLAIN, {"$bytes": ""}, {"$bytes": "AAAA"}, {"$bytes": 1}, {"$$x": 1}, {"$x": 1}, "\ud800")
PACKED_KINDS: Final = (*PLAIN, b"", b"\xff", {1: 2}, {b"a": 1}, {"$bytes": ""}, 2**64 - 1, float("nan"))
"""A value of each kind, with what no field, or few, should take."""
FIELDS: Final = {ARRAYS[number][0]: ARRAYS[number][1] for number in FROM_CLIENT}
NUMBERS: Final = {ARRAYS[number][0]: number for number in FROM_CLIENT}
LIKELY: Final[dict[str, tuple[dict[str, Any], ...]]] = {
    "hello": ({"guest": {"name": "Eve"}},),
    "create": ({"game": "table", "options": {"rounds": 2}}, {"game": "table"}),
    "join": (
        {"room": At("room"), "name": "Eve"},
        {"game": "table", "match": {}},
        {"room": At("locked"), "password": "x"},
    ),
    "resume": ({"room": At("room"), "resume": At("secret"), "seen": {}},),
    "send": ({"type": "play", "data": {"cell": 1}},),
    "chat": ({"text": "hi", "to": "room"}, {"text": "hi", "to": "lobby:table"}, {"text": "hi", "data": {}}),
    "read": ({"upto": 1},),
    "edit": ({"stream": "room", "line": 1, "text": "x"},),
    "unsay": ({"stream": "room", "line": 1},),
    "report": ({"seat": At("other seat"), "reason": "x"}, {"stream": "room", "line": 1}),
    "block": ({"user": At("other user")}, {"seat": At("other seat")}),
    "team": ({"team": "red"},),
    "bot": ({"level": "random"}, {"level": "random", "seat": At("seat")}, {"seat": At("other seat")}),
    "listen": ({"to": "lobby:table"}, {"to": "direct"}),
}
"""What makes sense of each; then a few fields are something else."""


def wishes(values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    """:returns: messages: the op, and its fields but ``id``."""
    return st.one_of(
        [
            st.tuples(
                st.just(op),
                st.sampled_from(LIKELY.get(op, ({},))),
                st.dictionaries(st.sampled_from([x for x in names if x != "id"] or ["x"]), values, max_size=2),
            ).map(lambda wish: (wish[0], {**wish[1], **wish[2]}))
            for op, names in FIELDS.items()
        ]
    )


class Fuzz(WireTestCase):
    """What both tests here do for each example: a new node, somebody who plays, and somebody who says anything."""

    def setUp(self) -> None:
        super().setUp()
        self.patch(api, "describe", cache(api.describe))  # what takes longest of a new node, and is the same for each

    def begin(self, *, packed: bool, hello: bool) -> None:
        """A node with a private room and an open one, in which both sit if the attacker says hello."""
        self.flushLoggedErrors()  # of an example that failed, and was made smaller
        self.rig = Rig(Table, limits=Limits(rooms=3))
        txaio.use_twisted()
        self.patch(txaio.config, "loop", self.rig.time)
        self.node = Node(self.rig)
        self.good = self.node.dial("203.0.113.9")
        welcome = self.good.say("hello", guest={"name": "Ann"})[0]
        joined = self.good.say("create", id=1, game="table")[0]
        locked = self.good.say("create", id=2, game="table", private=True, password="sesame-street")[0]
        self.secrets = [DECK, f"card of {welcome['user']['id']}", joined["seat"]["resume"], locked["seat"]["resume"],
        "sesame-street", welcome["token"],
                        welcome["client"], locked["room"]]  # fmt: skip
        self.places = {"room": joined["room"], "other seat": joined["seat"]["id"], "other user": welcome["user"]["id"],
                       "locked": "BBBBBBBB"}  # fmt: skip
        self.packed = packed
        form = PACKED_SUBPROTOCOL if packed else SUBPROTOCOL
        self.bad = self.node.dial("198.51.100.7", Sec_WebSocket_Protocol=form)
        if hello:
            self.say("hello", {"guest": {"name": "Eve"}})
            self.say("join", {"room": joined["room"]}, 1)
            for told in self.read():
                if told.get("op") == "joined":
                    self.places |= {"seat": told["seat"]["id"], "secret": told["seat"]["resume"]}

    def put(self, value: Any) -> Any:
        """:returns: the value with what only the run knows in its places."""
        if isinstance(value, At):
            return self.places.get(value, "x")
        if isinstance(value, dict):
            return {key: self.put(each) for key, each in value.items()}
        return [self.put(each) for each in value] if isinstance(value, list) else value

    def say(self, op: str, fields: dict[str, Any], id: Any = None) -> None:
        """Say a message in the connection's form."""
        fields = self.put(fields if id is None else {**fields, "id": id})
        if self.packed:
            array = [NUMBERS[op], *(fields.get(name) for name in FIELDS[op])]
            self.bad.feed(masked(msgspec.msgpack.encode(array), BINARY))
        else:
            text = json.dumps({"op": op, **fields})
            self.bad.feed(masked(text.encode("utf-8", "surrogatepass"), TEXT))

    def read(self) -> Iterator[dict[str, Any]]:
        """:returns: all that the attacker was told."""
        self.bad.settle()
        for opcode, payload in self.bad.frames():
            if opcode == TEXT:
                yield json.loads(payload)
            elif opcode == BINARY:
                number, *fields = msgspec.msgpack.decode(payload)
                yield dict(zip(("op", *ARRAYS[number][1]), (ARRAYS[number][0], *fields), strict=False))

    def check(self, *, left: bool = False) -> None:
        """
        See that all stands.

        :param left: the attacker closed the connection, and may be cut.
        """
        self.rig.advance(1)
        self.bad.settle()
        self.assertEqual([str(each.value) for each in self.flushLoggedErrors()], [], "logged")
        self.assertIn(self.bad.closed, CODES)
        if self.bad.pipe.lost and not left:
            self.assertIsNotNone(self.bad.closed, "cut without a close code")
        sent = bytes(self.bad.pipe.sent)
        self.assertEqual([secret for secret in self.secrets if secret.encode() in sent], [], "secrets of others")
        self.good.take()
        self.assertEqual([m["op"] for m in self.good.say("ping", at=1)], ["pong"])
        answers = self.good.say("send", id=9, room=self.places["room"], type="play", data={"cell": 5})
        self.assertIn("ok", [m["op"] for m in answers if m.get("id") == 9])
        self.over()

    def over(self) -> None:
        """Nothing of this example is left for the next."""
        for caller in (self.good, self.bad):
            caller.cut()

    def say_all(self, packed: bool, hello: bool, said: list[tuple[str, dict[str, Any]]]) -> None:
        """Say all of this; each request is answered, whatever is in it."""
        self.begin(packed=packed, hello=hello)
        asked = []
        for id, (op, fields) in enumerate(said, 100):
            if op in WITHOUT_ID:
                self.say(op, fields)
            else:
                self.say(op, fields, id)
                asked.append((id, op, fields))
        self.rig.advance(1)
        answered = {told.get("id") for told in self.read() if told["op"] in ("ok", "error", "joined", "redirect")}
        anonymous = sum(told["op"] == "error" and told["id"] is None for told in self.read())
        silent = [(op, fields) for id, op, fields in asked if id not in answered]
        if self.bad.closed is None and hello:
            self.assertLessEqual(len(silent), anonymous, f"never answered: {silent}")
        self.check()


class MessageTests(Fuzz):
    """Whole frames that hold messages, or nearly."""

    def test_json(self) -> None:
        """Each field of each op with values of each kind, before hello and after."""
        said = st.lists(wishes(st.sampled_from(KINDS) | JSON), min_size=1, max_size=12)
        keep_trying(self.say_all, packed=st.just(False), hello=st.booleans(), said=said)

    def test_packed(self) -> None:
        """The same as MessagePack, with what JSON has not: bytes, extensions, keys that are no texts."""
        said = st.lists(wishes(st.sampled_from(PACKED_KINDS) | PACKED), min_size=1, max_size=12)
        keep_trying(self.say_all, packed=st.just(True), hello=st.booleans(), said=said)


TOGETHER: Final = 10
"""Messages to one node: fewer than would end the connection."""


class EachFieldTests(Fuzz):
    """No chance: each field of each op with a value of each kind."""

    def every(self, kinds: Sequence[Any]) -> list[tuple[str, dict[str, Any]]]:
        """:returns: all these messages."""
        return [
            (op, {**likely, name: value})
            for op, names in FIELDS.items()
            for likely in LIKELY.get(op, ({},))
            for name in names
            if name != "id"
            for value in kinds
        ]

    def all_at_ten(self, said: list[tuple[str, dict[str, Any]]], *, packed: bool) -> None:
        """Ten at a time; of ten that fail, the first that fails alone is told."""
        for at in range(0, len(said), TOGETHER):
            ten = said[at : at + TOGETHER]
            try:
                self.say_all(packed, True, ten)
            except self.failureException:
                for each in ten:
                    try:
                        self.say_all(packed, True, [each])
                    except self.failureException as error:
                        raise self.failureException(f"{each}: {error}") from error
                raise

    def test_json(self) -> None:
        """In JSON."""
        self.all_at_ten(self.every(KINDS), packed=False)

    def test_packed(self) -> None:
        """In MessagePack."""
        self.all_at_ten(self.every(PACKED_KINDS), packed=True)


pack: Final = msgspec.msgpack.Encoder(enc_hook=str).encode
"""The names of places stand for themselves here."""
FRAMES = st.one_of(
    st.builds(
        masked,
        st.one_of(
            st.binary(max_size=130),
            JSON.map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass")),
            PACKED.map(pack),
            st.sampled_from((b'{"op":"ping","at":1}', b'{"op":"ping","at":', b"1}", b"\x92\x09\x01", b"", b"\x03\xe8")),
        ),
        st.sampled_from((0, TEXT, BINARY, 3, CLOSE, PING, PONG, 11)),
        fin=st.booleans(),
    ),
    st.lists(PACKED, max_size=5).map(lambda array: masked(pack(array), BINARY)),
    st.dictionaries(st.sampled_from(("op", "id", "x")), JSON, max_size=3).map(
        lambda value: masked(json.dumps(value).encode("utf-8", "surrogatepass"), TEXT)
    ),
    st.binary(max_size=20),
)


class FrameTests(Fuzz):
    """Frames of all kinds, cut anywhere."""

    def attempt(self, packed: bool, hello: bool, frames: list[bytes], cuts: list[int]) -> None:
        """These bytes come, in segments of these sizes, again and again."""
        self.begin(packed=packed, hello=hello)
        data = b"".join(frames)
        for size in cuts:
            self.bad.feed(data[:size])
            data = data[size:]
        self.bad.feed(data)
        self.check()

    def test_frames(self) -> None:
        """Control frames, fragments, frames that are none, messages that are none."""
        keep_trying(
            self.attempt,
            packed=st.booleans(),
            hello=st.booleans(),
            frames=st.lists(FRAMES, min_size=1, max_size=8),
            cuts=st.lists(st.integers(1, 40), max_size=6),
        )
