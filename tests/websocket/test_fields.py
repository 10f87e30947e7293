"""Every field of every message with every type, in both forms: what is of another type is ``bad_message``, at once."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import Raw
from msgspec.msgpack import Ext

from gameserver import Game, Player, message
from gameserver.protocol.messages import ARRAYS, FROM_CLIENT, ID_CHARS, Form
from tests.websocket.kit import Message, Peer, Rig, WireTestCase

TEXT, NUMBER, WHOLE, YES = "a text", "a number", "a whole number", "yes or no"
OBJECT, ANY, SEEN, GUEST = "an object", "anything", "what was seen", "a guest"

FIELDS: Final = {
    **dict.fromkeys(("token", "ticket", "client", "game", "password", "name", "role", "room", "resume"), TEXT),
    **dict.fromkeys(("type", "text", "to", "stream", "seat", "reason", "user", "team", "act", "level"), TEXT),
    **dict.fromkeys(("private", "on"), YES),
    **dict.fromkeys(("id", "upto", "line", "turn"), WHOLE),
    **dict.fromkeys(("options", "profile", "match"), OBJECT),
    "ops": WHOLE,
    "at": NUMBER,
    "guest": GUEST,
    "data": ANY,
}
"""What the protocol's page says of each field; ``seen`` is a number in ``listen``."""

VALUES: Final[dict[str, tuple[set[str], list[Any]]]] = {
    "yes or no": ({YES}, [True, False]),
    "a number": ({NUMBER, WHOLE}, [0, 1, 3.0, 2**53]),
    "a negative number": ({NUMBER}, [-1, -2.0]),
    "a fraction": ({NUMBER}, [0.5, 1e300]),
    "too large a number": ({NUMBER}, [2**64 - 1, -(2**63)]),
    "a text": ({TEXT}, ["", "x", "room", "7", "\u0130\x00"]),
    "a list": (set(), [[], [1], [[]], ["op"]]),
    "nothing": ({OBJECT, SEEN}, [{}]),
    "an object": ({OBJECT}, [{"key": [1, {"inner": None}]}]),
    "an object with texts": ({OBJECT, SEEN}, [{"op": "send"}]),
    "a guest": ({OBJECT, GUEST, SEEN}, [{"name": "x"}]),
    "bytes": (set(), [b"", b"bytes"]),
}
ODD: Final = [Raw(b"\x81\x80\x01"), Raw(b"\x81\x91\x80\x01"), Raw(b"\x81\xc7\x00\x05\x01")]
"""Maps whose keys are a map, a list that holds one, and an extension: no dict of Python's has such."""
ALONE: Final[dict[str, list[Any]]] = {
    "packed": [*ODD, Ext(5, b"x"), {1: 2}, {None: 1}, {b"key": 1}, {(1, 2): 3}, float("nan"), float("inf")],
    "json": [{"$bytes": 5}, {"$bytes": "?"}, {"$odd": 1}, 10**30, -(10**400)],
}
"""What one form alone can say, and what nothing is made of but a refusal."""

GOOD: Final[dict[str, dict[str, Any]]] = {
    "hello": {"guest": {"name": "Ann"}},
    "create": {"game": "calm"},
    "join": {"game": "calm"},
    "resume": {"room": "X", "resume": "Y"},
    "send": {"type": "play"},
    "chat": {"text": "hi"},
    "read": {"upto": 1},
    "edit": {"stream": "room", "line": 1, "text": "hi"},
    "unsay": {"stream": "room", "line": 1},
    "team": {"team": "red"},
    "host": {"act": "lock"},
    "listen": {"to": "server"},
    "options": {"options": {}},
    "next": {"game": "calm"},
}
"""What each message needs."""


BOUNDED: Final = [
    *itertools.product(("create", "join"), ("game", "name", "role", "password")),
    *itertools.product(
        (
            "join",
            "resume",
            "send",
            "chat",
            "start",
            "leave",
            "typing",
            "read",
            "edit",
            "unsay",
            "undo",
            "ready",
            "options",
            "next",
        ),
        ("room",),
    ),
    *itertools.product(("report", "block", "team", "host", "bot"), ("room", "seat")),
    *itertools.product(("edit", "unsay", "report"), ("stream",)),
    *itertools.product(("chat", "typing", "read", "listen"), ("to",)),
    *(
        ("resume", "resume"),
        ("block", "user"),
        ("team", "team"),
        ("host", "act"),
        ("bot", "level"),
        ("bot", "name"),
        ("next", "game"),
    ),
]
"""Texts that name something."""
TOLD: Final = ("ok", "error", "joined", "welcome", "pong")
"""What answers something."""


class Calm(Game):
    name = "calm"
    needs_start = False
    max_players = 100

    def on_create(self, size: int = 3) -> None: ...

    @message
    def play(self, player: Player) -> None: ...


def kind_of(op: str, field: str) -> str:
    return FIELDS.get(field) or (WHOLE if op == "listen" else SEEN)


def in_json(value: Any) -> Any:
    """:returns: with bytes as JSON has them."""
    return {"$bytes": value.hex()} if isinstance(value, bytes) else value


class FieldsTests(WireTestCase):
    games = (Calm,)

    def cases(self, form: str) -> Iterator[tuple[str, str, Any, bool | None]]:
        """:returns: op, field, what stands there, and whether that is of the field's type: None is nobody's to say."""
        for number in FROM_CLIENT:
            op, names = ARRAYS[number]
            for field in names:
                kind = kind_of(op, field)
                for fit, found in VALUES.values():
                    fits = None if kind == SEEN and found[0] == b"" else kind in fit or kind == ANY
                    yield from ((op, field, value, fits) for value in found)
                yield op, field, None, None
                for value in ALONE[form]:
                    number_fits = kind == NUMBER and type(value) is int
                    yield op, field, value, None if kind in (ANY, OBJECT, SEEN) or number_fits else False

    def peer(self, op: str, form: Form) -> Peer:
        """:returns: who says this, in a room where one is needed."""
        self.rig.forms = itertools.repeat(form)
        peer = self.rig.connect()
        if op == "hello":
            return peer
        peer.hello()
        return peer if op in ("create", "join", "resume") else peer.create("calm", id=1)

    def ask(self, op: str, given: Message, form: Form) -> list[Message]:
        """:returns: what this is answered; nothing is logged, and nobody is closed."""
        peer = self.peer(op, form)
        if form is Form.JSON:
            said = json.dumps({"op": op, **{name: in_json(value) for name, value in given.items()}}).encode()
        else:
            number, names = next((n, names) for n, (name, names) in ARRAYS.items() if name == op and n in FROM_CLIENT)
            said = msgspec.msgpack.encode([number, *(given.get(name) for name in names)])
        answer = peer.raw(said)
        self.assertIsNone(peer.closed)
        peer.drop()
        return answer

    def check(self, form: Form) -> None:
        wrong = []
        for n, (op, field, value, fits) in enumerate(self.cases("json" if form is Form.JSON else "packed")):
            if n % 50 == 0:
                self.rig = Rig(*self.games)
            has_id = "id" in next(names for name, names in ARRAYS.values() if name == op)
            given = {**({"id": 7} if has_id else {}), **GOOD.get(op, {}), field: value}
            answers = self.ask(op, given, form)
            told = [(m["op"], m.get("code"), m.get("id")) for m in answers if m["op"] in TOLD]
            id = 7 if has_id and field != "id" else None
            if fits is False:
                right = told == [("error", "bad_message", id)]
            elif op in ("hello", "ping"):
                right = len(told) == 1
            else:
                right = [m[2] for m in told] == [id][: op != "typing" or bool(told)] or field == "id"
            if not right or any(code == "game_error" for _, code, _ in told):
                wrong.append((op, field, value, told))
        self.assertEqual(wrong, [])
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_json(self) -> None:
        """As text frames."""
        self.check(Form.JSON)

    def test_packed(self) -> None:
        """As MessagePack."""
        self.check(Form.PACKED)

    def test_what_begins_a_message(self) -> None:
        """An operation that is no text, or no number, is nothing that there is."""
        for op in (None, True, -1, 0, 5.0, 99, 2**64 - 1, "send", [], [1], {}, {1: 2}, b"send", Ext(1, b""), 0.5, *ODD):
            for rest in ([], [1], [{}], [Ext(1, b"")], [1, "play"], [1, ODD[0]]):
                with self.subTest(op=op, rest=rest):
                    peer = self.peer("create", Form.PACKED)
                    (answer,) = peer.raw(msgspec.msgpack.encode([op, *rest]))
                    self.assertIn(answer["code"], ("bad_message", "unknown_op"))
                    self.assertIsNone(peer.closed)
                    peer.drop()
        for text in (
            b"[]",
            b"5",
            b'"x"',
            b"null",
            b"{}",
            b'{"op":5}',
            b'{"op":{}}',
            b'{"op":null}',
            b'{"op":["send"]}',
        ):
            with self.subTest(text):
                (answer,) = self.peer("create", Form.JSON).raw(text)
                self.assertEqual(answer["code"], "bad_message")
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_every_field_is_named_here(self) -> None:
        """No field is forgotten."""
        fields = {field for number in FROM_CLIENT for field in ARRAYS[number][1]}
        self.assertEqual(fields - {"seen"}, set(FIELDS))

    def test_what_a_bug_breaks_is_answered(self) -> None:
        """Where our own code fails at a request, it is answered, and the next is handled."""
        peer = self.rig.connect().hello()
        self.patch(self.rig.registry, "match", lambda *_: 1 / 0)
        self.assert_error(peer.ask("join", id=1, game="calm", match={}), "game_error", 1)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertEqual(self.ops(peer.say("ping", at=1)), ["pong"])

    def test_lengths(self) -> None:
        """What only names something is bounded where it is decoded, in both forms."""
        for form, (op, field) in itertools.product((Form.JSON, Form.PACKED), BOUNDED):
            with self.subTest(form=form, op=op, field=field):
                (answer,) = self.ask(op, {"id": 7, **GOOD.get(op, {}), field: "x" * (ID_CHARS + 1)}, form)
                self.assertEqual(answer["code"], "bad_message")

    def test_every_text_is_bounded(self) -> None:
        """But what a setting bounds, or what is the game's own."""
        texts = {
            (op, field)
            for op, names in (ARRAYS[number] for number in FROM_CLIENT)
            for field in names
            if kind_of(op, field) == TEXT
        }
        left = {"token", "ticket", "client", "type", "text", "reason"}
        self.assertEqual({(op, field) for op, field in texts if field not in left}, set(BOUNDED))
