"""
Slow readers: patches are withheld from them and made good by whole documents, and nothing else changes for them.

Here sessions are told that they are slow; ``test_protocol`` and ``tests/e2e/test_slow.py`` have sockets that are.
"""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, message, timer
from gameserver.game.spec import spec_of
from gameserver.protocol import values
from gameserver.protocol.messages import Form
from gameserver.protocol.patches import apply_ops
from tests.websocket.kit import Message, Peer, Rig, WireTestCase, count


class Board(Game):
    """Changes documents of every kind, and says things on their streams."""

    needs_start = False
    late_join = True
    max_players = 8
    messages_per_s = 10_000
    chat_per_s = 10_000

    def on_create(self) -> None:
        self.state.update(list=[], map={}, blob=b"\x00")

    def on_join(self, player: Player) -> None:
        player.state.update(list=[], map={})

    def tree(self, player: Player, where: str) -> Any:
        if where == "seat":
            return player.state
        return self.state if where == "room" else self.group("red").state

    @message
    def put(self, player: Player, where: str, key: str, value: int) -> None:
        self.tree(player, where).setdefault("map", {})[key] = {"value": value, "$odd": b"\x01\x02"}

    @message
    def push(self, player: Player, where: str, at: int, value: int) -> None:
        items = self.tree(player, where).setdefault("list", [])
        items.insert(at % (len(items) + 1), value)

    @message
    def pop(self, player: Player, where: str, at: int) -> None:
        items = self.tree(player, where).setdefault("list", [])
        if items:
            del items[at % len(items)]

    @message
    def both(self, player: Player, where: str, value: int) -> None:
        """In one step: seats, room, a patch, a timer, an event."""
        self.enter(f"phase {value}")
        self.push(player, where, value, value)
        self.after(100 + value, self.bell, show=True)
        self.tell(player, where, value)

    @message
    def tell(self, player: Player, where: str, value: int) -> None:
        to = {"room": self, "seat": player}.get(where) or self.group("red")
        to.send("told", value)

    @message
    def omit(self, player: Player, value: int) -> None:
        self.send("told", value, but=player)

    @message
    def hint(self, player: Player, value: int) -> None:
        self.send("hint", value, volatile=True)

    @message
    def turn_coat(self, player: Player) -> None:
        group = self.group("red")
        if player in group.players:
            group.remove(player)
        else:
            group.add(player)

    @timer
    def bell(self) -> None: ...


class SeldomBoard(Board):
    """Gathers its patches."""

    patch_hz = 4


class LooseBoard(Board):
    """Is never stored."""

    durability = "none"


class Mirror:
    """
    What a client knows of the documents.

    :param heard: all that it was sent.
    :ivar docs: by stream.
    :ivar at: each document as it was when a counted message came that is no patch, by stream and number.
    :ivar wholes: how many documents came beside ``joined``.
    """

    def __init__(self, heard: list[Message]) -> None:
        self.docs: dict[str, Any] = {}
        self.at: dict[tuple[str, int], Any] = {}
        self.wholes = 0
        for wired in heard:
            said = values.from_wire(wired)
            stream = said.get("stream")
            if said["op"] == "joined" and not said["recovered"]:
                self.docs = said["docs"]
            elif said["op"] == "doc" and said["doc"] is None:
                self.docs.pop(said["stream"], None)
            elif said["op"] == "doc":
                self.docs[said["stream"]] = said["doc"]
                self.wholes += 1
            elif said["op"] == "patch":
                apply_ops(self.docs[said["stream"]], said["ops"])
            elif "n" in said and stream in self.docs:
                self.at[stream, said["n"]] = copy.deepcopy(self.docs[stream])


class Play:
    """
    A room of three, each with two connections, of which the second is slow now and then.

    :ivar pairs: of each seat, who reads at once, and who is slow.
    :ivar before: by the first of these, the connections that the second had earlier.
    """

    def __init__(self, game: type[Game], forms: tuple[Form, ...]) -> None:
        self.rig = Rig(game, forms=forms)
        self.room: str | None = None
        self.pairs = [self.sit(name) for name in ("Ann", "Bob", "Eve")]
        self.before: dict[Peer, list[Peer]] = {}

    def sit(self, name: str) -> tuple[Peer, Peer]:
        """:returns: two connections of one new seat."""
        quick = self.rig.guest(name)
        if self.room is None:
            self.room = quick.create(spec_of(self.rig.games[0]).name).room
        else:
            quick.join(self.room)
        return quick, self.beside(quick)

    def beside(self, quick: Peer) -> Peer:
        """:returns: one more connection of its seat."""
        slow = quick.again()
        slow.resume(self.room, quick.secret)
        return slow

    def do(self, who: int, what: str, *arguments: Any) -> None:
        """Somebody does something, or something happens to that connection."""
        quick, slow = self.pairs[who]
        if what == "fall_behind":
            slow.session.fell_behind()
        elif what == "catch_up":
            slow.session.caught_up()
        elif what == "reconnect":
            seen = slow.seen()
            slow.drop()
            self.before.setdefault(quick, []).append(slow)
            self.pairs[who] = quick, quick.again()
            self.pairs[who][1].resume(self.room, quick.secret, seen if arguments[0] else None)
        elif what == "resume":
            slow.resume(self.room, quick.secret, slow.seen() if arguments[0] else None)
        elif what == "chat":
            quick.say("chat", id=None, text="hello", to=arguments[0])
        elif what == "wait":
            self.rig.advance(arguments[0])
        else:
            quick.say("send", type=what, data=dict(zip(NAMES[what], arguments, strict=True)))
        if what in ("fall_behind", "catch_up"):
            self.rig.settle()

    def end(self) -> None:
        """All have read everything."""
        for _, slow in self.pairs:
            slow.session.caught_up()
        self.rig.advance(1)


NAMES: dict[str, tuple[str, ...]] = {
    "put": ("where", "key", "value"),
    "push": ("where", "at", "value"),
    "pop": ("where", "at"),
    "both": ("where", "value"),
    "tell": ("where", "value"),
    "omit": ("value",),
    "hint": ("value",),
    "turn_coat": (),
}
WHERE = st.sampled_from(["room", "seat", "red"])
SMALL = st.integers(0, 9)
ACTIONS = st.one_of(
    st.just(("fall_behind",)),
    st.just(("fall_behind",)),
    st.just(("catch_up",)),
    st.tuples(st.just("put"), WHERE, st.sampled_from(["long key", "other", "$x"]), SMALL),
    st.tuples(st.just("push"), WHERE, SMALL, SMALL),
    st.tuples(st.just("push"), WHERE, SMALL, SMALL),
    st.tuples(st.just("pop"), WHERE, SMALL),
    st.tuples(st.just("both"), WHERE, SMALL),
    st.tuples(st.just("tell"), WHERE, SMALL),
    st.tuples(st.just("omit"), SMALL),
    st.just(("turn_coat",)),
    st.tuples(st.just("chat"), st.just("room")),
    st.tuples(st.just("wait"), st.sampled_from([0.1, 0.3])),
    st.tuples(st.just("reconnect"), st.booleans()),
    st.tuples(st.just("resume"), st.booleans()),
)


class AnyPlayTests(SynchronousTestCase):
    """Whatever is played, and whoever is slow whenever: all know the same in the end, and at each event."""

    def check(self, game: type[Game], forms: tuple[Form, ...], actions: list[Any]) -> None:
        play = Play(game, forms)
        for who, action in actions:
            play.do(who, *action)
        play.end()
        for quick, slow in play.pairs:
            reference = Mirror(quick.everything())
            mirror = Mirror([said for peer in (*play.before.get(quick, ()), slow) for said in peer.everything()])
            self.assertEqual(mirror.docs, reference.docs)
            self.assertEqual(slow.seen(), quick.seen())  # and no counter jumped
            for place, doc in mirror.at.items():
                self.assertEqual(doc, reference.at.get(place, doc), place)
            for gone in play.before.get(quick, ()):
                count(gone.everything(), play.room)
        (runner,) = play.rig.registry.runners
        self.assertEqual((runner.room.publisher.slow.sessions, runner.room.publisher.slow.copies), ({}, {}))

    @settings(max_examples=120)
    @given(st.lists(st.tuples(st.integers(0, 2), ACTIONS), max_size=40))
    def test_json(self, actions: list[Any]) -> None:
        """As text."""
        self.check(Board, (Form.JSON,), actions)

    @settings(max_examples=120)
    @given(st.lists(st.tuples(st.integers(0, 2), ACTIONS), max_size=40))
    def test_packed(self, actions: list[Any]) -> None:
        """In MessagePack, where patches name keys by numbers."""
        self.check(Board, (Form.PACKED, Form.COLUMNS), actions)

    @settings(max_examples=120)
    @given(st.lists(st.tuples(st.integers(0, 2), ACTIONS), max_size=40))
    def test_gathered(self, actions: list[Any]) -> None:
        """With patches that wait for one another."""
        self.check(SeldomBoard, (Form.JSON, Form.COLUMNS, Form.JSON), actions)

    @settings(max_examples=60)
    @given(st.lists(st.tuples(st.integers(0, 2), ACTIONS), max_size=40))
    def test_never_stored(self, actions: list[Any]) -> None:
        """In a room whose effects wait for nothing."""
        self.check(LooseBoard, (Form.JSON, Form.PACKED), actions)


class SlowReaderTests(WireTestCase):
    games = (Board,)

    def setUp(self) -> None:
        super().setUp()
        self.ann = self.rig.guest().create("board")
        self.slow = self.rig.guest("Slow").join(self.ann.room)
        self.slow.say("send", type="put", data={"where": "room", "key": "big", "value": 1})
        for peer in (self.ann, self.slow):
            peer.take()

    def push(self, value: int, where: str = "room") -> list[Message]:
        """:returns: what the slow one hears of a change."""
        self.ann.say("send", type="push", data={"where": where, "at": 0, "value": value})
        return self.slow.take()

    def test_withheld_and_made_good(self) -> None:
        """No patch comes to who is slow; one document comes when it has read, and patches go on from there."""
        self.slow.session.fell_behind()
        self.assertEqual([self.push(n) for n in (1, 2, 3)], [[], [], []])
        self.assertEqual([m["n"] for m in self.ann.everything() if m["op"] == "patch"][-3:], [6, 7, 8])
        self.slow.session.caught_up()
        (doc,) = self.slow.take()
        self.assertEqual((doc["op"], doc["stream"], doc["n"], doc["doc"]["list"]), ("doc", "room", 8, [3, 2, 1]))
        (patch,) = self.push(4)
        self.assertEqual((patch["op"], patch["n"]), ("patch", 9))

    def test_nothing_lacking(self) -> None:
        """Who was slow while nothing changed is sent nothing."""
        self.slow.session.fell_behind()
        self.slow.session.caught_up()
        self.assertEqual(self.slow.take(), [])

    def test_what_follows_comes_after_a_document(self) -> None:
        """An event on the stream of a patch that was withheld: the document first. Another stream is no reason."""
        self.slow.session.fell_behind()
        self.push(1)
        self.slow.say("send", type="push", data={"where": "seat", "at": 0, "value": 5})
        self.ann.say("send", type="tell", data={"where": "room", "value": 7})
        heard = [(m["op"], m["stream"], m["n"]) for m in self.slow.take()]
        self.assertEqual(heard, [("doc", "room", 6), ("event", "room", 7)])
        self.slow.session.caught_up()
        self.assertEqual([(m["op"], m["stream"]) for m in self.slow.take()], [("doc", "seat")])

    def test_a_document_is_not_sent_for_every_patch(self) -> None:
        """After a document as many bytes of patches are told; a slow reader never costs more than twice the patches."""
        self.slow.session.fell_behind()
        kinds = []
        for n in range(40):
            self.ann.say("send", type="push", data={"where": "room", "at": 0, "value": n})
            self.ann.say("send", type="tell", data={"where": "room", "value": n})
            kinds += [m["op"] for m in self.slow.take()]
        self.assertEqual(kinds.count("event"), 40)
        self.assertGreater(kinds.count("doc"), 1)
        self.assertGreater(kinds.count("patch"), kinds.count("doc"))
        told = sum(len(f) for f in self.slow.frames if f.startswith((b'{"op":"doc"', b'{"op":"patch"')))
        withheld = sum(len(f) for f in self.ann.frames if f.startswith(b'{"op":"patch"'))
        self.assertLess(told, 2 * withheld + 1000)

    def test_reconnecting(self) -> None:
        """What was withheld is missed as anything else: a new connection is told all of it, and no more."""
        self.slow.session.fell_behind()
        for n in (1, 2):
            self.push(n)
        seen = self.slow.seen()
        self.slow.drop()
        self.ann.take()
        again = self.slow.again()
        heard = again.resume(self.ann.room, self.slow.secret, seen)
        self.assertIs(heard[0]["recovered"], True)
        self.assertEqual([m["n"] for m in heard if m["op"] == "patch"], [6, 7])
        self.slow = again
        self.slow.take()
        self.assertEqual([m["op"] for m in self.push(3)], ["patch"])

    def test_only_what_is_stored(self) -> None:
        """The document waits for the store as what it replaces would have."""
        self.slow.session.fell_behind()
        self.push(1)
        self.rig.store.hold()
        self.ann.post("send", type="push", data={"where": "room", "at": 0, "value": 2})
        self.ann.post("send", type="tell", data={"where": "room", "value": 2})
        self.slow.session.caught_up()
        self.assertEqual(self.slow.take(), [])
        self.rig.store.release()
        heard = self.slow.take()
        self.assertEqual([m["op"] for m in heard], ["doc", "event"])
        self.assertEqual(heard[0]["doc"]["list"], [2, 1])

    def test_several_rooms(self) -> None:
        """A slow connection is slow to each of its rooms."""
        other = self.rig.guest("Other").create("board")
        self.slow.join(other.room, id=9)
        self.slow.take()
        self.slow.session.fell_behind()
        other.say("send", type="push", data={"where": "room", "at": 0, "value": 1})
        self.push(1)
        self.slow.session.caught_up()
        docs = {(m["op"], m["room"]) for m in self.slow.take()}
        self.assertEqual(docs, {("doc", self.ann.room), ("doc", other.room)})

    def test_leaving_while_slow(self) -> None:
        """Nothing of a room comes after it was left, and nothing of the one who left stays."""
        self.slow.session.fell_behind()
        self.push(1)
        self.slow.say("leave", id=10)
        self.slow.session.caught_up()
        self.assertEqual(self.slow.take(), [])
        slow = self.rig.runner(self.ann.room).room.publisher.slow
        self.assertEqual((slow.sessions, slow.copies), ({}, {}))
