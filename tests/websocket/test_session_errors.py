"""What is no message, what is no request, and what that does to everybody else: nothing."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from twisted.internet.defer import Deferred

from gameserver import Game, Player, message
from gameserver.errors import StoreUnavailable
from tests.websocket.kit import WireTestCase


class Plain(Game):
    """Takes anything."""

    name = "plain"
    needs_start = False
    min_players = 1
    messages_per_s = 1000

    @message
    def echo(self, player: Player, value: Any = None) -> Any:
        return value

    @message
    def broken(self, player: Player) -> None:
        self.state["left"] = "a trace"
        raise ZeroDivisionError("of the game")

    @message
    def shut(self, player: Player) -> None:
        self.close("enough")


class Square(Struct):
    """A type that fails at what it was not made for."""

    name: str

    def __post_init__(self) -> None:
        {"a1": 1, "b2": 2}[self.name]


class Branch(Struct):
    """A type that holds itself."""

    branches: list[Branch] = []


class Typed(Game):
    """Takes what its types say."""

    name = "typed"
    needs_start = False
    messages_per_s = 1000

    @message
    def step(self, player: Player, square: Square) -> None:
        self.send("step", square.name)

    @message
    def grow(self, player: Player, tree: Branch) -> None: ...


class Startable(Game):
    """Must be started."""

    name = "startable"
    min_players = 1

    def on_start(self) -> None:
        self.state["started"] = True


DEEP = 10_000
MALFORMED: dict[str, bytes] = {
    "empty": b"",
    "not JSON": b"hello?",
    "half": b'{"op":"ping"',
    "two": b'{"op":"ping"}{"op":"ping"}',
    "null": b"null",
    "list": b'["ping"]',
    "number": b"5",
    "text": b'"ping"',
    "no op": b"{}",
    "op of a wrong type": b'{"op":7}',
    "bad UTF-8": b'{"op":"send","type":"\xff\xfe"}',
    "lone surrogate": b'{"op":"send","type":"\\ud800"}',
    "NaN": b'{"op":"ping","at":NaN}',
    "infinity": b'{"op":"ping","at":-Infinity}',
    "number out of range": b'{"op":"ping","at":1e999}',
    "deep lists": b"[" * DEEP,
    "deep lists, closed": b'{"op":"send","type":"echo","data":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "id of a wrong type": b'{"op":"send","id":"1","type":"echo"}',
    "id that is a bool": b'{"op":"send","id":true,"type":"echo"}',
    "id that is a fraction": b'{"op":"send","id":1.5,"type":"echo"}',
    "type missing": b'{"op":"send"}',
    "type of a wrong type": b'{"op":"send","type":["echo"]}',
    "room of a wrong type": b'{"op":"send","type":"echo","room":{}}',
    "text of a wrong type": b'{"op":"chat","text":5}',
    "to of a wrong type": b'{"op":"chat","text":"hi","to":["room"]}',
    "options of a wrong type": b'{"op":"create","game":"plain","options":[1]}',
    "private of a wrong type": b'{"op":"create","game":"plain","private":"yes"}',
    "profile of a wrong type": b'{"op":"join","room":"X","profile":"red"}',
    "seen of a wrong type": b'{"op":"resume","room":"X","resume":"Y","seen":[]}',
    "seen with a fraction": b'{"op":"resume","room":"X","resume":"Y","seen":{"epoch":"a","room":1.5}}',
    "guest of a wrong type": b'{"op":"hello","guest":"Ann"}',
    "5,000 digits": b'{"op":"ping","at":' + b"9" * 5000 + b"}",
    "id of 5,000 digits": b'{"op":"send","id":' + b"9" * 5000 + b',"type":"echo"}',
}


class MalformedTests(WireTestCase):
    games = (Plain, Typed)

    def test_each_is_bad_message_and_the_session_stays(self) -> None:
        """One error for one frame, nothing in the log, and the next request is answered."""
        ann = self.rig.guest().create("plain")
        bob = self.rig.guest("Bob").join(ann.room)
        ann.take()
        bob.take()
        for id, (name, frame) in enumerate(MALFORMED.items(), 10):
            answer = ann.raw(frame)
            self.assertEqual([(m["op"], m.get("code")) for m in answer], [("error", "bad_message")], name)
            self.assertEqual(ann.ask("send", id=id, type="echo", data={"value": id})["data"], id, name)
            self.rig.advance(1)
        self.assertIsNone(ann.closed)
        self.assertEqual(bob.take(), [])
        self.assertIsNone(bob.closed)

    def test_before_hello(self) -> None:
        """The same before hello, which may still come."""
        for name, frame in MALFORMED.items():
            peer = self.rig.connect()
            answer = peer.raw(frame)
            self.assertEqual([(m["op"], m.get("code")) for m in answer], [("error", "bad_message")], name)
            peer.hello()

    def test_answered_under_its_id(self) -> None:
        """Whoever waits for the answer to what cannot be read gets it, wherever in it the id stands."""
        ann = self.rig.guest().create("plain")
        ann.take()
        for id, frame in enumerate(
            (
                b'{"op":"send","data":{"id":99},"type":"\\ud800","id":%d}',
                b'{"op":"send","type":"echo","data":NaN,"id":%d}',
                b'{"id":%d,"op":"send","type":"echo","data":{"value":1',
                b'{"op":"send","type":7,"id":%d.0}',
                b'{"op":"dance","id":%d.0}',
                b'{"op":"typing","on":1,"id":%d}',
                b'{"op":"send","type":"echo","data":' + b"[" * 40 + b"]" * 40 + b',"id":%d.0}',
            ),
            2,
        ):
            (answer,) = ann.raw(frame % id)
            code = "unknown_op" if b"dance" in frame else "bad_message"
            self.assert_error(answer, code, id)

    def test_a_mebibyte(self) -> None:
        """A frame that the socket's limit would stop is harmless past it as well."""
        ann = self.rig.guest().create("plain")
        ann.take()
        (answer,) = ann.raw(b"x" * 2**20)
        self.assert_error(answer, "bad_message")

    def test_binary_frames_are_of_another_form(self) -> None:
        """A binary frame on a text connection is no message."""
        ann = self.rig.guest()
        ann.take()
        (answer,) = ann.raw(b'{"op":"ping"}', binary=True)
        self.assert_error(answer, "bad_message")
        self.assertEqual(self.ops(ann.say("ping")), ["pong"])

    def test_bad_values_inside_data(self) -> None:
        """What only the game would stumble over is ``bad_data`` with the path, and nothing in the log."""
        ann = self.rig.guest().create("plain")
        values = (b"1e999", b"9" * 30, b"-" + b"9" * 30, b"9" * 5000, b'{"$bytes":5}', b'{"$bytes":"*"}', b'{"$x":1}')
        for id, value in enumerate(values, 2):
            (answer,) = [
                m
                for m in ann.raw(b'{"op":"send","id":%d,"type":"echo","data":{"value":%b}}' % (id, value))
                if "id" in m
            ]
            if answer.get("code") == "bad_message":
                continue  # what cannot be read at all
            self.assert_error(answer, "bad_data", id)
            self.assertTrue(answer["path"].startswith("$"), answer)

    def test_depth(self) -> None:
        """As many containers inside one another as ``welcome.limits`` says; one more is answered under its id."""
        ann = self.rig.guest().create("plain")
        depth = ann.welcome["limits"]["depth"]
        for id, extra in ((2, 0), (3, 1)):
            inner = depth - 2 + extra  # the message and its data are two
            frame = b'{"op":"send","id":%d,"type":"echo","data":{"value":%b}}' % (id, b"[" * inner + b"]" * inner)
            (answer,) = ann.raw(frame)
            if extra:
                self.assert_error(answer, "bad_message", id)
            else:
                self.assertEqual((answer["op"], answer["id"]), ("ok", id))

    def test_depth_of_a_type_that_holds_itself(self) -> None:
        """No deeper than anything else, whatever way the message goes."""
        ann = self.rig.guest().create("typed")
        self.assertEqual(self.ops(ann.say("send", type="step", data={"square": {"name": "a1"}})), ["event"])
        tree = b'{"branches":[' * 20 + b"]}" * 20
        (answer,) = ann.raw(b'{"op":"send","id":2,"type":"grow","data":{"tree":%b}}' % tree)
        self.assert_error(answer, "bad_message", 2)

    def test_twenty_at_once_end_the_session(self) -> None:
        """Nineteen are forgiven, the twentieth ends it with 4400, and nobody else's."""
        ann = self.rig.guest().create("plain")
        bob = self.rig.guest("Bob").join(ann.room)
        for _ in range(19):
            ann.raw(b"?")
        self.assertIsNone(ann.closed)
        ann.raw(b"?")
        self.assertEqual(ann.closed, 4400)
        self.assertEqual(bob.ask("send", id=2, type="echo")["op"], "ok")
        self.assertIsNone(bob.closed)

    def test_twenty_within_ten_seconds_end_the_session(self) -> None:
        """However they are spread."""
        ann = self.rig.guest()
        for _ in range(20):
            ann.raw(b"?")
            self.rig.advance(0.49)
        self.assertEqual(ann.closed, 4400)

    def test_few_are_forgiven_for_ever(self) -> None:
        """One in a second never ends it."""
        ann = self.rig.guest()
        for _ in range(60):
            ann.raw(b"?")
            self.rig.advance(1)
        self.assertIsNone(ann.closed)


class RequestTests(WireTestCase):
    games = (Plain, Startable, Typed)

    def test_failing_type_is_the_games_fault(self) -> None:
        """Whatever a type of the game raises, it costs this message alone."""
        ann = self.rig.guest().create("typed")
        self.assertEqual(self.ops(ann.say("send", type="step", data={"square": {"name": "a1"}})), ["event"])
        self.assert_error(ann.ask("send", id=2, type="step", data={"square": {"name": "z9"}}), "game_error", 2)
        self.assertEqual(len(self.flushLoggedErrors(KeyError)), 1)

    def test_unknown_op(self) -> None:
        """An operation of tomorrow is told from nonsense, under its id."""
        ann = self.rig.guest()
        self.assert_error(ann.ask("dance", id=4), "unknown_op", 4)
        (answer,) = ann.say("dance")
        self.assert_error(answer, "unknown_op")

    def test_unknown_type(self) -> None:
        """A message that the game has not."""
        ann = self.rig.guest().create("plain")
        self.assert_error(ann.ask("send", id=2, type="fly"), "unknown_type", 2)

    def test_unknown_keys_are_ignored(self) -> None:
        """Fields may be added later."""
        ann = self.rig.guest().create("plain", colour="red")
        self.assertEqual(ann.ask("send", id=2, type="echo", data={"value": 1}, more={"x": [1]})["data"], 1)

    def test_bad_data_names_the_path(self) -> None:
        """So that a client can say what was wrong."""
        ann = self.rig.guest().create("plain")
        answer = ann.ask("send", id=2, type="echo", data={"valu": 1})
        self.assert_error(answer, "bad_data", 2)
        self.assertEqual(answer["path"][0], "$")
        self.assert_error(ann.ask("send", id=3, type="echo", data=[1]), "bad_data", 3)

    def test_hooks_and_methods_of_the_framework_are_no_messages(self) -> None:
        """A client cannot call what is not marked as a message."""
        ann = self.rig.guest().create("plain")
        names = (
            "on_join",
            "on_start",
            "on_leave",
            "on_close",
            "over",
            "start",
            "close",
            "kick",
            "send",
            "__init__",
            "_of",
        )
        for id, name in enumerate(names, 2):
            self.assert_error(ann.ask("send", id=id, type=name), "unknown_type", id)

    def test_failing_game_answers_and_leaves_no_trace(self) -> None:
        """The player is told nothing of the exception; the room goes on."""
        ann = self.rig.guest().create("plain")
        bob = self.rig.guest("Bob").join(ann.room)
        bob.take()
        answer = ann.ask("send", id=2, type="broken")
        self.assert_error(answer, "game_error", 2)
        self.assertNotIn("of the game", str(answer))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertEqual(bob.take(), [])
        self.assertEqual(bob.ask("send", id=2, type="echo")["op"], "ok")

    def test_start_is_the_hosts(self) -> None:
        """Nobody else can start the game."""
        ann = self.rig.guest().create("startable")
        bob = self.rig.guest("Bob").join(ann.room)
        self.assert_error(bob.ask("start", id=2), "forbidden", 2)
        self.assertNotIn("started", self.rig.runner(ann.room).room.docs["room"].root)
        self.assertEqual(ann.ask("start", id=2)["op"], "ok")
        self.assert_error(ann.ask("start", id=3), "refused", 3)

    def test_room_must_be_said_where_there_are_two(self) -> None:
        """And may be left out where there is one."""
        ann = self.rig.guest().create("plain")
        first = ann.room
        self.assertEqual(ann.ask("send", id=2, type="echo")["op"], "ok")
        ann.create("plain", id=3)
        self.assert_error(ann.ask("send", id=4, type="echo"), "bad_data", 4)
        self.assertEqual(ann.ask("send", id=5, type="echo", room=first)["op"], "ok")

    def test_without_a_seat(self) -> None:
        """Nothing can be sent to a room that one does not sit in."""
        ann = self.rig.guest().create("plain")
        eve = self.rig.guest("Eve")
        for id, op in enumerate(("send", "chat", "start", "leave"), 2):
            fields: dict[str, Any] = {"type": "shut"} if op == "send" else {"text": "hi"} if op == "chat" else {}
            self.assert_error(eve.ask(op, id=id, room=ann.room, **fields), "not_found", id)
            self.assert_error(eve.ask(op, id=id, **fields), "not_found", id)
        self.assertEqual(ann.ask("send", id=2, type="echo")["op"], "ok")

    def test_create_while_the_store_is_away_is_answered(self) -> None:
        """Whatever the store does, one answer comes, and no traceback."""
        ann = self.rig.guest()
        self.rig.store.fail = StoreUnavailable("away")
        ann.post("create", id=1, game="plain")
        self.rig.advance(1)
        self.rig.store.fail = None
        self.rig.advance(10)
        self.assertEqual(len([m for m in ann.take() if m.get("id") == 1]), 1)

    def test_match_while_a_room_closes(self) -> None:
        """A room that has closed, though the store does not know yet, is not offered to anybody."""
        ann = self.rig.guest().create("plain")
        bob = self.rig.guest("Bob")
        self.rig.store.hold()
        ann.say("send", id=2, type="shut")
        bob.post("join", id=1, game="plain")
        self.rig.settle()
        self.rig.store.release()
        bob._seated(bob.take())
        self.assertNotEqual(bob.room, ann.room)

    def test_draining(self) -> None:
        """A node that stops says so, so that clients ask elsewhere: no seat is ``not_found`` for that."""
        ann = self.rig.guest().create("plain")
        bob = self.rig.guest("Bob")
        self.rig.store.hold()
        ann.say("send", id=2, type="echo")
        stopping = Deferred.fromCoroutine(self.rig.registry.stop())
        self.rig.settle()
        self.assertNoResult(stopping)
        self.assert_error(ann.ask("send", id=3, type="echo"), "draining", 3)
        self.assert_error(ann.ask("chat", id=4, text="hi"), "draining", 4)
        self.assert_error(bob.ask("join", id=1, room=ann.room), "draining", 1)
        self.assert_error(bob.ask("create", id=2, game="plain"), "draining", 2)
        self.assert_error(ann.again().ask("resume", id=1, room=ann.room, resume=ann.secret), "draining", 1)
        self.rig.store.release()
