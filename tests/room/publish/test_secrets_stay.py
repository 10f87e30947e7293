"""
What is taken out of a public document stays secret: a patch holds only what the document holds when it is told.

Every byte is looked at that anybody was sent, in each form of the wire, be it at once, with ``patch_hz``, or after a
connection came back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, Refused, message
from gameserver.protocol import msgpack
from gameserver.protocol.messages import Form
from gameserver.protocol.patches import apply_ops
from gameserver.testing import Table
from gameserver.testing.wires import PlainTransport
from gameserver.websocket.session import Session

MARK = "MARK-OF-A-SECRET"
Taken = Callable[[Any, Any], Any]


class Cards(Game):
    """Has piles that everybody sees."""

    needs_start = False
    late_join = True
    pattern = ""

    def on_create(self) -> None:
        self.state.update(pile=[{"n": n, "in": {"l": []}} for n in (3, 1, 2)], box={k: {"n": k} for k in "abc"}, n=0)

    @message
    def take(self, player: Player) -> None:
        """Take something out, in the step in which much else was done; what is written into it then is secret."""
        taken = PATTERNS[self.pattern](self, self.state)
        mark(taken)
        self.secret["taken"] = taken

    @message
    def add(self, player: Player) -> None:
        """A step of its own."""
        self.state.setdefault("pile", []).append({"n": 9, "in": {"l": []}})

    @message
    def drop(self, player: Player) -> None:
        """Take out what came in an earlier step, or was there."""
        for taken in (self.state["pile"].pop(), self.state["pile"].pop(0), self.state["box"].pop("a")):
            mark(taken)


class RareCards(Cards):
    """Is told later."""

    patch_hz = 30


def mark(taken: Any) -> None:
    """Write into a container, and into all that is in it."""
    for inner in list(taken.values() if isinstance(taken, dict) else taken):
        if isinstance(inner, (dict, list)):
            mark(inner)
    if isinstance(taken, dict):
        taken["face"] = MARK
    else:
        taken.append(MARK)


def marked() -> dict[str, Any]:
    """A new one that nobody is to see."""
    return {"face": MARK, "in": {"l": [MARK]}}


def after(change: Callable[[Any, Any], object], take: Taken = lambda _, state: state["pile"].pop()) -> Taken:
    """A change, and then something is taken out."""

    def taken(game: Any, state: Any) -> Any:
        change(game, state)
        return take(game, state)

    return taken


def overwrite(_: Any, state: Any) -> Any:
    taken = state["pile"][1]
    state["pile"][1] = None
    return taken


def overwrite_key(_: Any, state: Any) -> Any:
    taken = state["box"]["a"]
    state["box"]["a"] = 1
    return taken


def remove(_: Any, state: Any) -> Any:
    taken = state["pile"][0]
    state["pile"].remove(taken)
    return taken


def delete(_: Any, state: Any) -> Any:
    taken = state["pile"][-1]
    del state["pile"][-1]
    return taken


def delete_some(_: Any, state: Any) -> Any:
    taken = state["pile"][0]
    del state["pile"][::2]
    return taken


def cut(_: Any, state: Any) -> Any:
    taken = state["pile"][1]
    state["pile"][1:2] = []
    return taken


def clear(_: Any, state: Any) -> Any:
    taken = state["pile"][0]
    state["pile"].clear()
    return taken


def whole_pile(_: Any, state: Any) -> Any:
    return state.pop("pile")


def inner(_: Any, state: Any) -> Any:
    return state["pile"][0].pop("in")


def put(game: Any, state: Any) -> None:
    state["pile"][2] = marked()


def put_slice(game: Any, state: Any) -> None:
    state["pile"][1:] = [{}, marked()]


SHUFFLE = lambda game, state: game.random.shuffle(state["pile"])  # noqa: E731
SORT = lambda _, state: state["pile"].sort(key=lambda card: card["n"])  # noqa: E731
REVERSE = lambda _, state: state["pile"].reverse()  # noqa: E731

PATTERNS: dict[str, Taken] = {
    "shuffle, pop": after(SHUFFLE),
    "shuffle, delete": after(SHUFFLE, delete),
    "shuffle, overwrite": after(SHUFFLE, overwrite),
    "sort, pop": after(SORT),
    "sort, remove": after(SORT, remove),
    "sort, clear": after(SORT, clear),
    "sort, take what is inside": after(SORT, inner),
    "reverse, overwrite": after(REVERSE, overwrite),
    "reverse, delete some": after(REVERSE, delete_some),
    "reverse, cut": after(REVERSE, cut),
    "reverse, pop the list": after(REVERSE, whole_pile),
    "append, pop": after(lambda _, state: state["pile"].append(marked())),
    "append, delete": after(lambda _, state: state["pile"].append(marked()), delete),
    "append, pop the list": after(lambda _, state: state["pile"].append(marked()), whole_pile),
    "extend, pop": after(lambda _, state: state["pile"].extend([{}, marked()])),
    "insert, pop": after(lambda _, state: state["pile"].insert(0, marked()), lambda _, state: state["pile"].pop(0)),
    "insert, remove": after(lambda _, state: state["pile"].insert(0, marked()), remove),
    "slice, pop": after(put_slice),
    "slice, overwrite": after(lambda _, state: state["pile"].__setitem__(slice(0, 2), [{}, marked()]), overwrite),
    "index, pop": after(put),
    "index, overwrite": after(lambda _, state: state["pile"].__setitem__(1, marked()), overwrite),
    "update, pop": after(lambda _, state: state["box"].update(x=marked()), lambda _, state: state["box"].pop("x")),
    "update, overwrite": after(lambda _, state: state["box"].update(a=marked()), overwrite_key),
    "in place or, popitem": after(
        lambda _, state: state["box"].__ior__({"x": marked()}), lambda _, state: state["box"].popitem()[1]
    ),
    "setdefault, pop": after(
        lambda _, state: state["box"].setdefault("x", marked()), lambda _, state: state["box"].pop("x")
    ),
    "key, pop what holds it": after(
        lambda _, state: state["box"].__setitem__("x", marked()), lambda _, state: state.pop("box")
    ),
    "clear and fill, pop": after(
        lambda _, state: (state["box"].clear(), state["box"].update(x=marked(), y=1)),
        lambda _, state: state["box"].pop("x"),
    ),
    "replace all, pop": after(
        lambda game, _: setattr(game, "state", {"pile": [{}, marked()]}), lambda game, _: game.state["pile"].pop()
    ),
}


class Listener(PlainTransport):
    """A client of a MessagePack form, or of any, that keeps what it is sent."""

    def __init__(self, table: Table, form: Form) -> None:
        self.frames: list[bytes] = []
        binary = form is not Form.JSON
        session = Session(table.services, self, f"address of {form.name}", binary=binary)
        ops = 4 if form is Form.COLUMNS else None
        for op, fields in (
            ("hello", {"guest": {"name": form.name}, "ops": ops}),
            ("join", {"id": 1, "room": table.code}),
        ):
            said = msgpack.say(op, fields) if binary else json.dumps({"op": op, **fields}).encode()
            session.receive(said, binary=binary)
        table.settle()

    def send(self, frame: bytes) -> None:
        """The server sends."""
        self.frames.append(frame)

    def close(self, code: int, reason: str) -> None:
        """The server closes."""
        raise AssertionError(f"closed with {code}: {reason}")


class Listening:
    """A table with a listener in each form of the protocol, and with one who is away and comes back."""

    def __init__(self, game: type[Game], **how: Any) -> None:
        self.table = Table(game, **how)
        self.ann, self.bob = self.table.join("Ann"), self.table.join("Bob")
        self.listeners = [Listener(self.table, form) for form in Form]

    def told(self) -> bytes:
        """All that anybody was sent, after it was told and Bob came back."""
        self.table.advance(1)
        self.bob.resume()
        self.table.join("Cyd")
        frames = [frame for listener in self.listeners for frame in listener.frames]
        return b"\n".join([*(visitor.seen() for visitor in self.table.visitors), *frames])


class PatternTests(SynchronousTestCase):
    """In whatever way something is taken out, nobody is told what is written into it."""

    def check(self, game: type[Game], *sent: str, **how: Any) -> None:
        listening = Listening(game, **how)
        listening.bob.drop()
        for type in sent:
            listening.ann.send(type)
        told = listening.told()
        self.assertIs(listening.bob.recovered, True)
        self.assertNotIn(MARK.encode(), told)
        patches = [b'"op":"patch"' in frame for frame in listening.listeners[0].frames]
        self.assertGreater(sum(patches), 0)

    def test_each_way(self) -> None:
        """In one step, told with it or later."""
        for pattern in PATTERNS:
            for game in (Cards, RareCards):
                with self.subTest(pattern, game=game.name):
                    self.check(type("One", (game,), {"pattern": pattern}), "take", "add")

    def test_steps_that_wait(self) -> None:
        """With ``patch_hz``, nobody is told either what went before it was told, in a later step."""
        for amnesia in (False, True):
            self.check(RareCards, "add", "add", "drop", "add", amnesia=amnesia)

    def test_each_way_with_amnesia(self) -> None:
        """Also where the room is read from its row before each step."""
        for pattern in ("shuffle, pop", "append, pop", "update, pop", "key, pop what holds it"):
            self.check(type("One", (RareCards,), {"pattern": pattern}), "add", "take", "add", amnesia=True)


class Changing(Game):
    """Has keys that only those may know who were there."""

    needs_start = False

    @message
    def add(self, player: Player, key: str) -> None:
        self.state[key] = {key: 1}
        self.group("them").add(player)
        self.group("them").state[key] = {key: 1}

    @message
    def clear(self, player: Player) -> None:
        self.state.clear()
        self.group("them").state.clear()

    @message
    def gather(self, player: Player) -> None:
        for seat in self.players:
            self.group("them").add(seat)


class KeyTests(SynchronousTestCase):
    """Who comes later is not told which keys a document had before, in no form; what it has then is understood."""

    def test_newcomers(self) -> None:
        """Into the room, and into a group whose members were told."""
        table = Table(Changing)
        ann = table.join("Ann")
        there = [Listener(table, form) for form in Form]  # so that keys have numbers
        ann.send("gather")
        ann.send("add", key=MARK)
        ann.send("add", key="known")
        ann.send("clear")
        late = [Listener(table, form) for form in Form]
        ann.send("gather")
        for key in ("known", "other", MARK[:4]):
            ann.send("add", key=key)
        frames = [frame for listener in late for frame in listener.frames]
        self.assertNotIn(MARK.encode(), b"".join(frames))
        for listener, form in zip((*there, *late), (*Form, *Form), strict=True):
            with self.subTest(form):
                self.assertEqual(document(listener, form), table.room.doc("room").plain())


def document(listener: Listener, form: Form) -> Any:
    """:returns: the room's document, as a client of this form has it after all that it was sent."""
    reader, tree = msgpack.MsgpackReader(), {}
    for frame in listener.frames:
        told = json.loads(frame) if form is Form.JSON else reader.read(frame)
        if told["op"] == "joined":
            tree = told["docs"]["room"]
        elif told["op"] == "patch" and told["stream"] == "room":
            apply_ops(tree, told["ops"])
    return tree


PATHS = st.lists(st.integers(0, 6), max_size=4)
MOVES = st.tuples(
    st.sampled_from(["brand", "brand", "put", "insert", "take", "shuffle", "sort", "cut", "set", "clear", "again"]),
    PATHS,
    st.integers(0, 4),
)
STEPS = st.lists(st.tuples(st.lists(MOVES, max_size=8), st.booleans(), st.booleans()), min_size=1, max_size=5)
BRANDS = re.compile(rb"BRAND-\d+-")


class Any_(Game):
    """Does whatever it is asked to, to its public document and to what was taken out of that."""

    name = "any"
    needs_start = False
    late_join = True
    messages_per_s = 1000
    brands = 0

    def on_create(self) -> None:
        self.state.update(l=[{"l": [{}, []]}, [[], {}]], d={"a": {"b": []}, "c": [{}]})

    @message
    def run(self, player: Player, moves: list[tuple[str, list[int], int]], refuse: bool) -> None:
        held: list[Any] = []
        for move, path, number in moves:
            node = self.state
            if held and path[:1] == [6]:
                node, path = held[number % len(held)], path[1:]
            for place in path:
                inner = [item for item in (node.values() if isinstance(node, dict) else node) if is_container(item)]
                if not inner:
                    break
                node = inner[place % len(inner)]
            held.append(node)
            getattr(self, f"_{move}")(node, number)
        if refuse:
            raise Refused("no")

    def _brand(self, node: Any, number: int) -> None:
        type(self).brands += 1
        self._put(node, number, f"BRAND-{type(self).brands}-")

    def _put(self, node: Any, number: int, value: Any = None) -> None:
        value = {"l": [{}]} if value is None else value
        if isinstance(node, dict):
            node["abcde"[number]] = value
        else:
            node.append(value)

    def _insert(self, node: Any, number: int) -> None:
        if isinstance(node, list):
            node.insert(number, {"n": number})

    def _take(self, node: Any, number: int) -> None:
        if isinstance(node, dict):
            node.pop("abcde"[number], None)
        elif node:
            node.pop(number % len(node))

    def _shuffle(self, node: Any, number: int) -> None:
        if isinstance(node, list):
            self.random.shuffle(node)

    def _sort(self, node: Any, number: int) -> None:
        if isinstance(node, list):
            node.sort(key=repr, reverse=number > 2)

    def _cut(self, node: Any, number: int) -> None:
        if isinstance(node, list):
            node[number:] = [[], {"n": number}][:number]

    def _set(self, node: Any, number: int) -> None:
        if isinstance(node, list) and node:
            node[number % len(node)] = {"l": []}

    def _clear(self, node: Any, number: int) -> None:
        if node is not self.state:
            node.clear()

    def _again(self, node: Any, number: int) -> None:
        self.state["again"] = node


class RareAny(Any_):
    """Is told later."""

    name = "rare"
    patch_hz = 30


def is_container(value: Any) -> bool:
    """Whether something can be written into it."""
    return isinstance(value, (dict, list))


class AnyMovesTests(SynchronousTestCase):
    """Whatever a game does, whether or not it is refused: what is told is in the document when it is told."""

    def check(self, game: type[Game], steps: list[Any]) -> None:
        listening = Listening(game)
        there: set[bytes] = set()
        for moves, refuse, wait in steps:
            try:
                listening.ann.send("run", moves=moves, refuse=refuse)
            except Refused as refused:
                self.assertEqual(refused.code, "refused")
            if wait:
                listening.table.advance(1)
            there |= self.look(listening, there)
        listening.table.advance(1)
        self.look(listening, there)

    def look(self, listening: Listening, there: set[bytes]) -> set[bytes]:
        """:returns: the brands that may have been told by now."""
        # A patch that has just been told was made of the document as it is.
        now = set(BRANDS.findall(json.dumps(listening.table.room.doc("room").plain()).encode()))
        frames = [frame for listener in listening.listeners for frame in listener.frames]
        told = set(BRANDS.findall(b"\n".join([listening.ann.seen(), listening.bob.seen(), *frames])))
        self.assertEqual(told - there - now, set())
        return told

    @settings(max_examples=60, deadline=None)
    @given(STEPS)
    def test_at_once(self, steps: list[Any]) -> None:
        """Told with each step; the table looks as well whether all clients have what the room has."""
        self.check(Any_, steps)

    @settings(max_examples=60, deadline=None)
    @given(STEPS)
    def test_later(self, steps: list[Any]) -> None:
        """Told with ``patch_hz``."""
        self.check(RareAny, steps)
