"""The client, against a server that is a script: what it says, what it makes of the answers, and how it comes back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec
from twisted.internet.defer import Deferred, TimeoutError, fail
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from gameserver.client import CHAT_LINES, Client, Room
from gameserver.client.dial import OnClose, OnFrame, Wire
from gameserver.errors import ConnectionFailed, NotJSON, Refused
from gameserver.protocol import messages, msgpack, values

URL = "ws://127.0.0.1:8080/ws"


class ScriptedWire:
    """One connection: what the client wrote to it, and the server's voice."""

    def __init__(self, url: str, on_frame: OnFrame, on_close: OnClose, *, binary: bool) -> None:
        self.binary = binary
        self.url = url
        self.on_frame = on_frame
        self.on_close = on_close
        self.sent: list[dict[str, Any]] = []
        self.last = b""
        self.closed: int | None = None

    def send(self, frame: bytes, /) -> None:
        self.last = frame
        self.sent.append(said_in(frame) if self.binary else json.loads(frame))

    def close(self, code: int = 1000) -> None:
        self.closed = code

    def abort(self) -> None:
        self.closed = 1006

    def say(self, op: str, **fields: Any) -> None:
        """The server says this."""
        frame = json.dumps({"op": op, **fields}).encode()
        if self.binary:
            frame = msgpack.repack(frame) if op in msgpack.NUMBERS else msgspec.msgpack.encode([99, fields["room"]])
        self.on_frame(frame)

    def take(self) -> list[dict[str, Any]]:
        """What the client wrote since the last call."""
        sent, self.sent = self.sent, []
        return sent


def said_in(frame: bytes) -> dict[str, Any]:
    """What a client says in MessagePack, as JSON would have it."""
    number, *fields = msgspec.msgpack.decode(frame)
    op, names = messages.ARRAYS[number]
    said = {name: values.to_wire(value) for name, value in zip(names, fields, strict=False) if value is not None}
    if said.pop("ops", None) != (4 if op == "hello" else None) or fields[-1:] == [None]:
        raise AssertionError(f"hello tells the patches that are known, and nothing ends with nil: {fields}")
    return {"op": op, **said}


class ScriptedServer:
    """Where the client dials; ``up`` tells whether anybody answers, ``wires`` who has called."""

    def __init__(self) -> None:
        self.wires: list[ScriptedWire] = []
        self.urls: list[str] = []
        self.up = True

    def dial(
        self,
        reactor: Any,
        url: str,
        *,
        subprotocol: str,
        headers: Mapping[str, str] | None = None,
        on_frame: OnFrame,
        on_close: OnClose,
    ) -> Deferred[Wire]:
        self.urls.append(url)
        if not self.up:
            return fail(ConnectionFailed("nobody there"))
        wire = ScriptedWire(url, on_frame, on_close, binary=subprotocol == messages.PACKED_SUBPROTOCOL)
        self.wires.append(wire)
        opened: Deferred[Wire] = Deferred()
        opened.callback(wire)
        return opened


def seat_info(id: str, name: str = "Ann", **fields: Any) -> dict[str, Any]:
    """A SEAT."""
    return {
        "id": id,
        "number": int(id) - 1,
        "name": name,
        "role": "player",
        "online": True,
        "host": id == "1",
        "profile": {},
        "groups": [],
        "gone": False,
        **fields,
    }


def info(status: str = "lobby") -> dict[str, Any]:
    """An INFO."""
    fields: tuple[tuple[str, Any], ...] = (
        ("locked", False),
        ("paused", False),
        ("options", {}),
        ("result", None),
        ("answered", {}),
        ("asked", {}),
    )
    return {"status": status, "phase": None, **dict(fields)}


def joined(id: int | None, room: str = "K7QM", **fields: Any) -> dict[str, Any]:
    """The fields of a ``joined``; seat 1, all streams at 1."""
    return {
        "id": id,
        "room": room,
        "game": "trivia",
        "seat": {"id": "1", "number": 0, "role": "player", "resume": "secret"},
        "recovered": None,
        "last_id": 0,
        "info": info(),
        "docs": {"room": {"turn": 0, "log": []}, "seat": {"hand": [1, 2]}},
        "seats": [seat_info("1")],
        "timers": [],
        "chat": [],
        "seen": {"epoch": "e1", "room": 1, "seat": 1},
        **fields,
    }


def recovered(id: int, **fields: Any) -> dict[str, Any]:
    """The fields of a ``joined`` after which what was missed follows."""
    return joined(id, **{"recovered": True, "docs": {}, "seats": [], **fields})


def line(n: int, text: str = "hi", stream: str = "room") -> dict[str, Any]:
    """A LINE."""
    speaker = {"seat": "2", "name": "Bob"}
    return {"stream": stream, "n": n, "from": speaker, "to": stream, "text": text, "data": None, "at": 1000}


class ClientTestCase(SynchronousTestCase):
    """A client whose chance is always the worst: it waits as long as it may."""

    binary = False

    def setUp(self) -> None:
        self.clock = Clock()
        self.server = ScriptedServer()
        self.refusals: list[Refused] = []
        self.client = self.make_client(name="Ann")

    def make_client(self, **arguments: Any) -> Client:
        return Client(
            self.clock,
            URL,
            binary=self.binary,
            dial=self.server.dial,
            random=lambda: 1.0,
            on_error=self.refusals.append,
            **arguments,
        )

    @property
    def wire(self) -> ScriptedWire:
        """The latest connection."""
        return self.server.wires[-1]

    def welcome(self, client: Client | None = None, *, key: str = "key1") -> ScriptedWire:
        """Let the latest connection be welcomed."""
        user = {"id": "u1", "name": "Ann", "rights": []}
        self.wire.say("welcome", user=user, token="token1", client=key, now=1, limits={"frame_bytes": 1000})
        return self.wire

    def connected(self) -> ScriptedWire:
        self.client.connect()
        wire = self.welcome()
        wire.take()
        return wire

    def in_room(self, **fields: Any) -> Room:
        """A client in a room, with nothing under way."""
        wire = self.connected()
        asked = self.client.create("trivia")
        [create] = wire.take()
        wire.say("joined", **joined(create["id"], **fields))
        return self.successResultOf(asked)

    def lose(self, code: int = 1006) -> None:
        """The connection breaks."""
        self.wire.on_close(code, "")

    def come_back(self) -> list[dict[str, Any]]:
        """Let the client reconnect; what it says after ``welcome``."""
        before = len(self.server.wires)
        self.clock.advance(10)
        self.assertEqual(len(self.server.wires), before + 1)
        self.wire.take()
        return self.welcome().take()

    def say(self, op: str, n: int | None, stream: str = "room", **fields: Any) -> None:
        """The server says something in the room."""
        counter = {} if n is None else {"n": n}
        self.wire.say(op, room="K7QM", stream=stream, **counter, **fields)

    def event(self, n: int | None, type: str = "reveal", data: Any = None, stream: str = "room") -> None:
        self.say("event", n, stream, type=type, data=data)

    def assert_refused(self, request: Deferred[Any], code: str) -> Refused:
        refused = self.failureResultOf(request, Refused).value
        self.assertEqual(refused.code, code)
        assert isinstance(refused, Refused)
        return refused


class HelloTests(ClientTestCase):
    def test_guest_is_welcomed(self) -> None:
        """Without a token a guest's name is said; `connect` fires when the server says welcome."""
        waiting = self.client.connect()
        self.assertEqual(self.wire.take(), [{"op": "hello", "guest": {"name": "Ann"}}])
        self.assertNoResult(waiting)
        self.welcome()
        self.assertIs(self.successResultOf(waiting), self.client)
        self.assertEqual((self.client.token, self.client.connected), ("token1", True))
        assert self.client.user is not None
        self.assertEqual(self.client.user.id, "u1")

    def test_other_rights(self) -> None:
        """What the user may do is known as the server told it last."""
        self.client.connect()
        self.welcome()
        self.wire.say("user", user={"id": "u1", "name": "Ann", "rights": ["moderator"]})
        assert self.client.user is not None
        self.assertEqual(self.client.user.rights, ["moderator"])

    def test_token_and_ticket(self) -> None:
        """A token says who this is, or else a ticket."""
        self.make_client(token="T", name="Ann").connect()
        self.assertEqual(self.wire.take(), [{"op": "hello", "token": "T"}])
        self.make_client(ticket="once").connect()
        self.assertEqual(self.wire.take(), [{"op": "hello", "ticket": "once"}])

    def test_reconnect_says_token_and_key(self) -> None:
        """After a loss the server's token and the client's key say who is back."""
        self.connected()
        self.lose()
        self.clock.advance(0.25)
        self.assertEqual(self.wire.take(), [{"op": "hello", "token": "token1", "client": "key1"}])

    def test_refused_hello_is_final(self) -> None:
        """Who is not let in is told so, and does not knock again."""
        waiting = self.client.connect()
        self.wire.say("error", id=None, code="unauthenticated", message="Who?", path=None)
        self.assertIn("Who?", str(self.failureResultOf(waiting, ConnectionFailed).value))
        self.assertEqual(self.wire.closed, 1000)
        self.lose()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.failureResultOf(self.client.create("trivia"), ConnectionFailed)
        self.failureResultOf(self.client.connect(), ConnectionFailed)

    def test_busy_hello_is_tried_again(self) -> None:
        """A server without room for this hello is asked again later."""
        waiting = self.client.connect()
        self.wire.say("error", id=None, code="draining", message="", path=None)
        self.clock.advance(0.25)
        self.assertEqual(len(self.server.wires), 2)
        self.welcome()
        self.successResultOf(waiting)

    def test_connect_cancelled_closes(self) -> None:
        """Whoever stops waiting for the connection gets none."""
        self.server.up = False
        waiting = self.client.connect().addTimeout(5, self.clock)
        self.clock.pump([0.25, 0.5, 1, 2, 1.25])
        self.failureResultOf(waiting, TimeoutError)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_wrong_url_fails_at_once(self) -> None:
        """What is no address is not tried again."""
        from gameserver.client.dial import dial

        waiting = Client(self.clock, "http://example.com/", dial=dial).connect()
        self.failureResultOf(waiting, ConnectionFailed)


class BackoffTests(ClientTestCase):
    def test_waits_double_up_to_the_limit(self) -> None:
        """While nobody answers, the longest wait doubles up to 10 s; chance chooses within it."""
        self.server.up = False
        self.client.connect()
        waits = []
        for _ in range(8):
            [call] = self.clock.getDelayedCalls()
            waits.append(call.getTime() - self.clock.seconds())
            self.clock.advance(waits[-1])
        self.assertEqual(waits, [0.25, 0.5, 1, 2, 4, 8, 10, 10])

    def test_jitter_is_full(self) -> None:
        """The wait is anywhere between nothing and the limit."""
        client = Client(self.clock, URL, dial=self.server.dial, random=lambda: 0.5, max_delay_s=0.3)
        self.server.up = False
        client.connect()
        self.assertEqual([call.getTime() for call in self.clock.getDelayedCalls()], [0.125])
        self.clock.advance(0.125)
        self.assertEqual([call.getTime() for call in self.clock.getDelayedCalls()], [0.275])

    def test_short_connection_does_not_reset(self) -> None:
        """A server that welcomes and hangs up at once is not stormed; one that held for 10 s is dialled soon."""
        self.connected()
        for wait_s in (0.25, 0.5, 1):
            self.lose()
            self.assertEqual(self.clock.getDelayedCalls()[0].getTime() - self.clock.seconds(), wait_s)
            self.clock.advance(wait_s)
            self.welcome()
        self.clock.advance(10)
        self.lose()
        self.assertEqual(self.clock.getDelayedCalls()[0].getTime() - self.clock.seconds(), 0.25)

    def test_final_close_codes(self) -> None:
        """4001 and 4003 end the client; others do not."""
        for code in (4001, 4003):
            self.client = self.make_client(name="Ann")
            room = self.in_room()
            request, gone = room.send("play"), room.when_left()
            self.lose(code)
            self.assertIn(str(code), str(self.failureResultOf(request, ConnectionFailed).value))
            self.failureResultOf(gone, ConnectionFailed)
            self.assertEqual(self.clock.getDelayedCalls(), [])
        for code in (1000, 1001, 1005, 1006, 4008, 4009, 4010, 4400):
            self.client = self.make_client(name="Ann")
            self.connected()
            self.lose(code)
            self.clock.advance(0.25)
            self.assertEqual(self.wire.take()[0]["op"], "hello")


class FrameTests(ClientTestCase):
    def test_send_as_the_server_counts_on_it(self) -> None:
        """Byte for byte what the JavaScript client writes: compact, in this order, and nothing that says nothing."""
        room = self.in_room()
        room.send("play", {"cell": 4, "$x": 1, "b": b"\x01\x02"})
        data = b'{"cell":4,"$$x":1,"b":{"$bytes":"AQI="}}'
        self.assertEqual(self.wire.last, b'{"op":"send","id":2,"room":"K7QM","type":"play","data":' + data + b"}")
        room.send("pass")
        self.assertEqual(self.wire.last, b'{"op":"send","id":3,"room":"K7QM","type":"pass"}')
        room.tell("aim", 1)
        self.assertEqual(self.wire.last, b'{"op":"send","room":"K7QM","type":"aim","data":1}')
        room.tell("halt")
        self.assertEqual(self.wire.last, b'{"op":"send","room":"K7QM","type":"halt"}')


class RequestTests(ClientTestCase):
    def test_create(self) -> None:
        """What was given is said, the rest left to the server; the room is as `joined` tells it."""
        wire = self.connected()
        asked = self.client.create("trivia", options={"rounds": 3}, private=True, password="p", profile={"a": 1})
        expected = {"op": "create", "id": 1, "game": "trivia", "options": {"rounds": 3}, "private": True}
        self.assertEqual(wire.take(), [{**expected, "password": "p", "name": "Ann", "profile": {"a": 1}}])
        wire.say("joined", **joined(1, chat=[line(1)]))
        room = self.successResultOf(asked)
        self.assertEqual((room.code, room.game, room.seat.resume), ("K7QM", "trivia", "secret"))
        self.assertEqual((room.state, room.mine), ({"turn": 0, "log": []}, {"hand": [1, 2]}))
        self.assertEqual(room.seen, {"epoch": "e1", "room": 1, "seat": 1})
        self.assertEqual((room.seats["1"].name, room.info.status, room.chat[0].text), ("Ann", "lobby", "hi"))
        self.assertIs(self.client.rooms["K7QM"], room)

    def test_join_match_resume(self) -> None:
        """Three ways into a room that is there."""
        wire = self.connected()
        asked = [self.client.join("K7QM", role="screen", password="p"), self.client.match("trivia", {"rounds": 3})]
        asked.append(self.client.resume("BCDF", "s"))
        self.assertEqual(
            wire.take(),
            [
                {"op": "join", "id": 1, "room": "K7QM", "name": "Ann", "role": "screen", "password": "p"},
                {"op": "join", "id": 2, "game": "trivia", "match": {"rounds": 3}, "name": "Ann"},
                {"op": "resume", "id": 3, "room": "BCDF", "resume": "s"},
            ],
        )
        wire.say("joined", **joined(1))
        self.successResultOf(asked[0])
        wire.say("joined", **joined(2, room="XYZW"))
        self.assertEqual(self.successResultOf(asked[1]).code, "XYZW")
        wire.say("error", id=3, code="not_found", message="No.", path=None)
        self.assert_refused(asked[2], "not_found")

    def test_match_anything(self) -> None:
        """Without options any open room of the game will do, and ``match`` still says what is meant."""
        wire = self.connected()
        self.client.match("trivia")
        self.assertEqual(wire.take()[0]["match"], {})

    def test_asked_before_connected(self) -> None:
        """Requests wait for the connection."""
        asked = self.client.create("trivia")
        self.client.connect()
        self.assertEqual([m["op"] for m in self.wire.take()], ["hello"])
        self.assertEqual([m["op"] for m in self.welcome().take()], ["create"])
        self.assertNoResult(asked)

    def test_room_requests(self) -> None:
        """Each thing that a seat may say, with growing ids."""
        room = self.in_room()
        asked = [room.send("play", cell=4), room.send("play", {"cell": 4}), room.send("ready")]
        asked += [room.say("hi", to="seat:2", data=1), room.start(), room.leave()]
        room.tell("cursor", x=1)
        k = {"room": "K7QM"}
        self.assertEqual(
            self.wire.take(),
            [
                {"op": "send", "id": 2, "type": "play", "data": {"cell": 4}, **k},
                {"op": "send", "id": 3, "type": "play", "data": {"cell": 4}, **k},
                {"op": "send", "id": 4, "type": "ready", **k},
                {"op": "chat", "id": 5, "text": "hi", "to": "seat:2", "data": 1, **k},
                {"op": "start", "id": 6, **k},
                {"op": "leave", "id": 7, **k},
                {"op": "send", "type": "cursor", "data": {"x": 1}, **k},
            ],
        )
        self.wire.say("ok", id=2, data={"score": 1})
        self.wire.say("error", id=3, code="not_your_turn", message="Wait.", path="$.cell")
        self.assertEqual(self.successResultOf(asked[0]), {"score": 1})
        refused = self.assert_refused(asked[1], "not_your_turn")
        self.assertEqual((refused.text, refused.path), ("Wait.", "$.cell"))

    def test_data_twice_raises(self) -> None:
        """Data is given in one way."""
        self.assertRaises(TypeError, self.in_room().send, "play", {"cell": 1}, cell=1)

    def test_bytes_and_dollar_keys(self) -> None:
        """Bytes and keys with a ``$`` go there and come back."""
        room = self.in_room()
        asked = room.send("draw", {"$x": b"\x00\xff"})
        self.assertEqual(self.wire.take()[0]["data"], {"$$x": {"$bytes": "AP8="}})
        self.wire.say("ok", id=2, data={"$$y": {"$bytes": "AP8="}})
        self.assertEqual(self.successResultOf(asked), {"$y": b"\x00\xff"})

    def test_not_json_raises(self) -> None:
        """What JSON cannot hold never reaches the wire, and takes no id."""
        room = self.in_room()
        self.assertRaises(NotJSON, room.send, "play", float("nan"))
        room.send("play")
        self.assertEqual([m["id"] for m in self.wire.take()], [2])

    def test_too_large_stays_here(self) -> None:
        """A frame that would cost the connection is refused before it is sent."""
        room = self.in_room()
        self.assert_refused(room.send("play", "x" * 1000), "too_large")
        self.assertEqual(self.wire.take(), [])

    def test_rate_limited_is_not_repeated(self) -> None:
        """What was refused for the moment is told; the next request has a new id."""
        room = self.in_room()
        for id, code in enumerate(("rate_limited", "busy", "draining", "quarantined"), 2):
            asked = room.send("play")
            self.wire.say("error", id=id, code=code, message="", path=None)
            self.assert_refused(asked, code)
        self.clock.advance(60)
        self.assertEqual([m["id"] for m in self.wire.take()], [2, 3, 4, 5])

    def test_timeout_is_the_callers(self) -> None:
        """A request waits for as long as it takes, unless its caller says otherwise."""
        room = self.in_room()
        patient, hasty = room.send("play"), room.send("play").addTimeout(3, self.clock)
        self.clock.advance(1000)
        self.failureResultOf(hasty, TimeoutError)
        self.assertNoResult(patient)
        self.wire.say("ok", id=3, data=None)
        self.assertNoResult(patient)

    def test_error_without_id(self) -> None:
        """An error of a message without id goes to ``on_error``."""
        self.in_room().tell("play")
        self.wire.say("error", id=None, code="refused", message="No.", path=None)
        self.assertEqual([refused.text for refused in self.refusals], ["No."])

    def test_ping(self) -> None:
        """The server's clock can be asked."""
        wire = self.connected()
        self.clock.advance(2)
        pong, lost = self.client.ping(), self.client.ping()
        self.assertEqual(wire.take(), [{"op": "ping", "at": 2000}] * 2)
        wire.say("pong", at=2000, now=77)
        self.assertEqual(self.successResultOf(pong).now, 77)
        self.lose()
        self.failureResultOf(lost, ConnectionFailed)
        self.failureResultOf(self.client.ping(), ConnectionFailed)


class StreamTests(ClientTestCase):
    def test_patch_changes_in_place(self) -> None:
        """Patches change the tree that the caller already has."""
        room = self.in_room()
        state = room.state
        self.say("patch", 2, ops=[[0, ["turn"], 1], [2, ["log"], 0, 0, ["x"]]])
        self.say("patch", 2, "seat", ops=[[1, ["hand"]]])
        self.assertEqual((state, room.mine), ({"turn": 1, "log": ["x"]}, {}))
        self.assertEqual(room.seen, {"epoch": "e1", "room": 2, "seat": 2})

    def test_patch_that_does_not_fit(self) -> None:
        """A tree that is not the server's is fetched anew, whole; also across a loss of the connection."""
        room = self.in_room()
        self.say("patch", 2, ops=[[0, ["nowhere", "x"], 1]])
        [resume] = self.wire.take()
        self.assertEqual(resume, {"op": "resume", "id": 2, "room": "K7QM", "resume": "secret"})
        self.lose()
        [resume] = self.come_back()
        self.assertNotIn("seen", resume)
        self.wire.say("joined", **joined(resume["id"], recovered=False, docs={"room": {"a": 1}, "seat": {}}))
        self.assertEqual((room.state, room.jumps), ({"a": 1}, 1))
        self.lose()
        self.assertIn("seen", self.come_back()[0])

    def test_seats_merge(self) -> None:
        """Only changed seats are told; a seat that is gone goes."""
        room = self.in_room(seats=[seat_info("1"), seat_info("2", "Bob")])
        self.say("seats", 2, seats=[seat_info("2", "Bob", online=False), seat_info("3", "Cy")])
        self.assertEqual({id: s.online for id, s in room.seats.items()}, {"1": True, "2": False, "3": True})
        self.say("seats", 3, seats=[seat_info("2", "Bob", gone=True)])
        self.assertEqual(list(room.seats), ["1", "3"])

    def test_seats_of_accounts(self) -> None:
        """A seat is an account's where that is said, and a guest's where nothing is."""
        room = self.in_room(seats=[seat_info("1"), seat_info("2", "Bob", account=True)])
        self.assertEqual({id: s.account for id, s in room.seats.items()}, {"1": False, "2": True})
        self.say("seats", 2, seats=[seat_info("1", account=True), seat_info("2", "Bob")])
        self.assertEqual({id: s.account for id, s in room.seats.items()}, {"1": True, "2": False})

    def test_groups_of_each_audience_merge(self) -> None:
        """Each stream tells the groups that its audience may know; a seat has all that this client may know."""
        seen = {"epoch": "e1", "room": 1, "seat": 1, "group:red": 1}
        docs: dict[str, Any] = {"room": {}, "seat": {}, "group:red": {}}
        seats = [seat_info("1", groups=["red"]), seat_info("2", groups=["red", "tall"])]
        room = self.in_room(seen=seen, docs=docs, seats=seats)
        for n, stream, told, known in (
            (2, "room", ["old", "tall"], ["old", "red", "tall"]),
            (3, "room", [], ["red"]),
            (2, "group:red", ["old"], []),
            (3, "group:red", ["old", "red"], ["red"]),
            (2, "seat", ["old"], ["old"]),
        ):
            self.say("seats", n, stream, seats=[seat_info("2", groups=told)])
            self.assertEqual(room.seats["2"].groups, known)
        self.say("seats", 4, seats=[seat_info("1", online=False)])
        self.assertEqual(room.seats["1"].groups, ["red"])
        self.say("seats", 3, "seat", seats=[seat_info("1", groups=["blue"])])
        self.assertEqual(room.seats["1"].groups, ["blue"])

    def test_group_is_entered_and_left(self) -> None:
        """`doc` begins a stream at its ``n``; null ends it, and what belonged to it is gone."""
        room = self.in_room()
        self.say("seats", 2, "seat", seats=[seat_info("1", groups=["red"])])
        self.say("seats", 5, "group:red", seats=[seat_info("2", groups=["red"])])
        self.say("doc", 6, "group:red", doc={"plan": "x"}, chat=[line(3, "psst", "group:red")])
        self.say("timer", 7, "group:red", name="plot", ends=9000, paused_ms=None)
        self.say("patch", 8, "group:red", ops=[[0, ["plan"], "y"]])
        self.assertEqual((room.docs["group:red"], room.seen["group:red"]), ({"plan": "y"}, 8))
        self.assertEqual((room.chat[0].text, list(room.timers)), ("psst", [("group:red", "plot")]))
        self.assertEqual(room.seats["2"].groups, ["red"])
        self.say("doc", 9, "group:red", doc=None, chat=[])
        self.assertNotIn("group:red", room.docs)
        self.assertEqual(room.seen, {"epoch": "e1", "room": 1, "seat": 2})
        self.assertEqual((room.timers, room.seats["2"].groups), ({}, []))
        self.assertEqual(room.jumps, 0)

    def test_fresh_copy(self) -> None:
        """After a patch was dropped for a slow reader, a `doc` sets document and counter."""
        room = self.in_room()
        self.say("doc", 7, doc={"turn": 9}, chat=[])
        self.event(8)
        self.assertEqual((room.state, room.seen["room"], room.jumps), ({"turn": 9}, 8, 0))

    def test_skip_counts(self) -> None:
        """What is not for this seat is counted all the same."""
        room = self.in_room()
        self.say("skip", 2)
        self.event(3)
        self.assertEqual((room.seen["room"], room.jumps), (3, 0))

    def test_timers(self) -> None:
        """A timer runs or is paused; one that is neither is gone."""
        room = self.in_room(timers=[{"stream": "room", "n": 1, "name": "round", "ends": 5, "paused_ms": None}])
        self.say("timer", 2, name="round", ends=None, paused_ms=700)
        self.assertEqual(room.timers["room", "round"].paused_ms, 700)
        self.say("timer", 2, "seat", name="round", ends=6, paused_ms=None)
        self.say("timer", 3, name="round", ends=None, paused_ms=None)
        self.assertEqual(list(room.timers), [("seat", "round")])

    def test_chat_and_info(self) -> None:
        """Lines are kept, the newest of them; the room's info is replaced."""
        room = self.in_room()
        for n in range(2, CHAT_LINES + 4):
            self.wire.say("chat", room="K7QM", **line(n, str(n)))
        self.assertEqual((len(room.chat), room.chat[0].text), (CHAT_LINES, "4"))
        self.say("room", CHAT_LINES + 4, info=info("playing"))
        self.assertEqual(room.info.status, "playing")

    def test_jump_resumes(self) -> None:
        """A missing message is asked for; until the answer nothing counts, and then all comes in order, once."""
        room = self.in_room()
        self.event(3, "late")
        self.event(2, "own", stream="seat")
        self.event(4, "later")
        [resume] = self.wire.take()
        self.assertEqual(resume["seen"], {"epoch": "e1", "room": 1, "seat": 1})
        self.wire.say("joined", **recovered(resume["id"]))
        for n, type in ((2, "early"), (3, "late"), (4, "later")):
            self.event(n, type)
        self.event(2, "own", stream="seat")
        types = [self.successResultOf(room.next_event()).type for _ in range(4)]
        self.assertEqual((types, room.jumps), (["early", "late", "later", "own"], 1))

    def test_repeated_message_is_dropped(self) -> None:
        """What was heard is not heard again."""
        room = self.in_room()
        self.event(1)
        self.assertNoResult(room.next_event())
        self.assertEqual(room.jumps, 0)

    def test_unknown_stream_resumes(self) -> None:
        """A stream that never began is a jump."""
        room = self.in_room()
        self.event(1, stream="group:red")
        self.assertEqual((self.wire.take()[0]["op"], room.jumps), ("resume", 1))

    def test_sends_while_resuming(self) -> None:
        """A jump takes nothing from the seat: requests go on, and their answers count."""
        room = self.in_room()
        self.event(9)
        asked = room.send("play")
        self.assertEqual([m["op"] for m in self.wire.take()], ["resume", "send"])
        self.wire.say("ok", id=3, data=1)
        self.assertEqual(self.successResultOf(asked), 1)

    def test_busy_resume_is_tried_again(self) -> None:
        """A resume that was refused for the moment is repeated, later and later."""
        self.in_room()
        self.event(9)
        for wait_s in (0.25, 0.5):
            [resume] = self.wire.take()
            self.wire.say("error", id=resume["id"], code="rate_limited", message="", path=None)
            self.clock.advance(wait_s - 0.01)
            self.event(10)
            self.assertEqual(self.wire.take(), [])
            self.clock.advance(0.01)
        self.assertEqual(self.wire.take()[0]["op"], "resume")

    def test_seat_of_a_room_that_is_being_mended_is_kept(self) -> None:
        """It is asked for again, not before the server said; and goes on where it was."""
        room = self.in_room()
        self.event(9)
        [resume] = self.wire.take()
        self.wire.say("error", id=resume["id"], code="quarantined", message="", path=None, retry_ms=2000)
        self.clock.advance(1.99)
        self.assertEqual(self.wire.take(), [])
        self.clock.advance(0.01)
        [resume] = self.wire.take()
        self.wire.say("joined", **joined(resume["id"]))
        self.assertIsNone(room.left)

    def test_replay_of_the_past_is_not_applied(self) -> None:
        """Where another join gave the whole room meanwhile, a replay from before it would change it twice."""
        room = self.in_room()
        self.client.join("K7QM")
        self.event(9)
        [join, resume] = self.wire.take()
        self.wire.say("joined", **joined(join["id"], seen={"epoch": "e1", "room": 9, "seat": 1}))
        self.wire.say("joined", **recovered(resume["id"]))
        self.say("patch", 2, ops=[[2, ["log"], 0, 0, ["twice"]]])
        self.assertEqual(room.state["log"], [])
        self.assertNotIn("seen", self.wire.take()[0])

    def test_foreign_room_and_unknown_op(self) -> None:
        """What nobody asked for is ignored: a room given up, an op of a later server."""
        room = self.in_room()
        self.wire.say("event", room="XXXX", stream="room", n=1, type="x", data=None)
        self.wire.say("joined", **joined(99, room="XXXX"))
        self.wire.say("fireworks", room="K7QM", colour="red")
        self.assertEqual((list(self.client.rooms), room.jumps), (["K7QM"], 0))

    def test_garbage_closes(self) -> None:
        """A server that does not speak the protocol is left, and dialled again."""
        for frame in (b"{", b'{"op": "joined"}', b"\xff", b"\x91\x16", b"\x95\x1a\xa1a\xa1b\x01\x91\x05"):
            wire = self.connected()
            wire.on_frame(frame)
            self.assertEqual(wire.closed, 4400)
            self.assertEqual(len(self.flushLoggedErrors()), 1)
            self.client = self.make_client(name="Ann")


class WaitingTests(ClientTestCase):
    def test_no_event_is_missed(self) -> None:
        """Events wait for whoever asks; one that is asked for by type leaves the others."""
        room = self.in_room()
        self.event(2, "a", 1)
        self.event(3, "b", 2)
        self.event(None, "c", 3)
        self.assertEqual(self.successResultOf(room.next_event("b")).data, 2)
        self.assertEqual(self.successResultOf(room.next_event()).data, 1)
        self.assertEqual(self.successResultOf(room.next_event()).data, 3)
        first, second = room.next_event("b"), room.next_event()
        self.event(4, "a")
        self.assertEqual(self.successResultOf(second).type, "a")
        self.assertNoResult(first)

    def test_cancelled_reader_takes_nothing(self) -> None:
        """Whoever gave up leaves the event to others."""
        room = self.in_room()
        waiting = room.next_event().addTimeout(1, self.clock)
        self.clock.advance(1)
        self.failureResultOf(waiting, TimeoutError)
        self.event(2)
        self.successResultOf(room.next_event())

    def test_callbacks(self) -> None:
        """Callbacks hear each event, by type or all; one that fails is logged and harms nobody."""
        room = self.in_room()
        heard: list[tuple[str, Any]] = []

        async def slow(event: Any) -> None:
            heard.append(("slow", event.data))

        stop = room.on("reveal", lambda event: heard.append(("reveal", event.data)))
        room.on("reveal", lambda event: 1 / 0)
        room.on("*", slow)
        self.event(2, "reveal", 1)
        self.event(None, "cursor", 2)
        stop()
        stop()
        self.event(3, "reveal", 3)
        self.assertEqual(heard, [("reveal", 1), ("slow", 1), ("slow", 2), ("slow", 3)])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 2)

    def test_until(self) -> None:
        """A predicate is asked now and after each message; what it raises reaches who waits."""
        room = self.in_room()
        self.assertIs(self.successResultOf(room.until(lambda room: True)), room)
        waiting = room.until(lambda room: room.state["turn"] == 1)
        broken = room.until(lambda room: room.state["turn"] and room.state["nothing"])
        self.say("skip", 2)
        self.assertNoResult(waiting)
        self.say("patch", 3, ops=[[0, ["turn"], 1]])
        self.successResultOf(waiting)
        self.failureResultOf(broken, KeyError)


class ReconnectTests(ClientTestCase):
    def test_unanswered_is_said_again(self) -> None:
        """After a loss the room is resumed; then what had no answer is said again, with its ids, in their order."""
        room = self.in_room()
        played, said, started = room.send("play"), room.say("hi"), room.start()
        self.wire.take()
        self.wire.say("ok", id=3, data=None)
        self.successResultOf(said)
        self.lose()
        away = room.send("play", 2)
        room.tell("cursor")
        [resume] = self.come_back()
        self.assertEqual((resume["op"], resume["resume"], resume["seen"]), ("resume", "secret", room.seen))
        self.wire.say("joined", **recovered(resume["id"], last_id=2))
        again = self.wire.take()
        self.assertEqual([(m["op"], m["id"]) for m in again], [("send", 2), ("start", 4), ("send", 5)])
        for request, id in ((played, 2), (started, 4), (away, 5)):
            self.wire.say("ok", id=id, data=id)
            self.assertEqual(self.successResultOf(request), id)

    def test_recovered(self) -> None:
        """What was missed follows, and is counted from where `joined` says."""
        room = self.in_room(chat=[line(1)])
        state = room.state
        self.lose()
        [resume] = self.come_back()
        self.wire.say("joined", **recovered(resume["id"], seen={"epoch": "e2", "room": 1, "seat": 1}))
        self.say("patch", 2, ops=[[0, ["turn"], 5]])
        self.assertIs(room.state, state)
        self.assertEqual((state["turn"], room.seen["epoch"], len(room.chat)), (5, "e2", 1))
        self.assertEqual((list(room.seats), room.jumps), (["1"], 0))

    def test_not_recovered_replaces_everything(self) -> None:
        """Where the server cannot tell what was missed, it tells all; nothing of before stays."""
        timer = {"stream": "room", "n": 1, "name": "round", "ends": 5, "paused_ms": None}
        docs: dict[str, Any] = {"room": {}, "seat": {}, "group:red": {}}
        room = self.in_room(docs=docs, timers=[timer], chat=[line(1)], seats=[seat_info("1"), seat_info("2")])
        self.lose()
        [resume] = self.come_back()
        fresh = joined(resume["id"], recovered=False, docs={"room": {"turn": 3}, "seat": {}}, chat=[line(7, "new")])
        self.wire.say("joined", **{**fresh, "seen": {"epoch": "e9", "room": 40, "seat": 2}, "info": info("over")})
        self.assertEqual(room.docs, {"room": {"turn": 3}, "seat": {}})
        self.assertEqual((list(room.seats), room.timers, room.chat[0].text), (["1"], {}, "new"))
        self.assertEqual((room.seen, room.info.status), ({"epoch": "e9", "room": 40, "seat": 2}, "over"))

    def test_create_is_never_said_twice(self) -> None:
        """A create or match whose answer was lost fails; one that was never written, and a join, are said."""
        wire = self.connected()
        lost = [self.client.create("trivia"), self.client.match("trivia")]
        join = self.client.join("K7QM")
        self.assertEqual(len(wire.take()), 3)
        self.lose()
        for request in lost:
            self.assertIn("may have made", str(self.failureResultOf(request, ConnectionFailed).value))
        self.client.create("trivia")
        self.assertEqual([(m["op"], m["id"]) for m in self.come_back()], [("join", 3), ("create", 4)])
        self.assertNoResult(join)

    def test_several_rooms(self) -> None:
        """Every room is resumed; each waits for its own answer."""
        first = self.in_room()
        asked = self.client.join("XYZW")
        self.wire.say("joined", **joined(2, room="XYZW"))
        second = self.successResultOf(asked)
        self.lose()
        first.send("a")
        second.send("b")
        resumes = self.come_back()
        self.assertEqual([m["room"] for m in resumes], ["K7QM", "XYZW"])
        self.wire.say("joined", **recovered(resumes[1]["id"], room="XYZW"))
        self.assertEqual([m["type"] for m in self.wire.take()], ["b"])

    def test_seat_that_is_gone(self) -> None:
        """A seat that is not given back ends its room: the waiting are told, a `leave` has what it wanted."""
        room = self.in_room()
        played, left, waiting, gone = room.send("play"), room.leave(), room.next_event(), room.when_left()
        self.lose()
        [resume] = self.come_back()
        self.wire.say("error", id=resume["id"], code="not_found", message="No.", path=None)
        self.assert_refused(played, "not_found")
        self.assertIsNone(self.successResultOf(left))
        self.failureResultOf(waiting, ConnectionFailed)
        self.assertEqual(self.successResultOf(gone).reason, "not_found")
        self.assertEqual(self.client.rooms, {})

    def test_late_news_of_an_old_connection(self) -> None:
        """What an old connection still says is not heard."""
        room = self.in_room()
        old = self.wire
        self.lose()
        self.come_back()
        old.say("event", room="K7QM", stream="room", n=None, type="ghost", data=None)
        old.on_close(4003, "")
        self.assertNoResult(room.next_event())
        self.assertIsNone(self.client.ended)

    def test_server_that_forgot_the_client(self) -> None:
        """Under another key a request might be applied a second time: it fails, and says why."""
        room = self.in_room()
        written = room.send("play")
        self.lose()
        waiting = room.send("play")
        self.clock.advance(1)
        self.welcome(key="key2")
        self.failureResultOf(written, ConnectionFailed)
        self.assertNoResult(waiting)

    def test_cancelled_is_not_said_again(self) -> None:
        """Whoever gave up does not come back with the connection."""
        room = self.in_room()
        asked = room.send("play").addTimeout(1, self.clock)
        self.clock.advance(1)
        self.failureResultOf(asked, TimeoutError)
        self.lose()
        [resume] = self.come_back()
        self.wire.say("joined", **recovered(resume["id"]))
        self.assertEqual(self.wire.take(), [])

    def test_lost_while_resuming(self) -> None:
        """A resume is not said again as it was: the next one says what was seen by then."""
        self.in_room()
        self.event(9)
        self.lose()
        self.assertEqual([(m["op"], m["id"]) for m in self.come_back()], [("resume", 3)])


class LeftTests(ClientTestCase):
    def test_leave(self) -> None:
        """Leaving ends the room here once the server has agreed."""
        room = self.in_room()
        asked, gone = room.leave(), room.when_left()
        self.assertNoResult(asked)
        self.wire.say("left", room="K7QM", reason="left", message=None)
        self.wire.say("ok", id=2, data=None)
        self.assertIsNone(self.successResultOf(asked))
        self.assertEqual(self.successResultOf(gone).reason, "left")
        self.assert_refused(room.send("play"), "not_found")
        self.assertEqual(self.client.rooms, {})

    def test_leave_with_ok_alone(self) -> None:
        """The answer alone says it too."""
        room = self.in_room()
        room.leave()
        self.wire.say("ok", id=2, data=None)
        assert room.left is not None
        self.assertEqual(room.left.reason, "left")

    def test_leave_of_a_seat_that_is_gone(self) -> None:
        """Said again, a leave is not found: it is done. So is one of a seat that is known to be gone."""
        room = self.in_room()
        first, second = room.leave(), room.leave()
        self.wire.say("error", id=2, code="not_found", message="No.", path=None, room=None)
        self.assertIsNone(self.successResultOf(first))
        assert room.left is not None
        self.assertEqual(room.left.reason, "left")
        self.wire.say("error", id=3, code="not_found", message="No.", path=None, room=None)
        self.assertIsNone(self.successResultOf(second))
        self.assertIsNone(self.successResultOf(room.leave()))

    def test_leave_that_is_refused_otherwise(self) -> None:
        """Only what says that there is no such seat says that it was left."""
        room = self.in_room()
        left = room.leave()
        self.wire.say("error", id=2, code="busy", message="No.", path=None, room="K7QM")
        self.assert_refused(left, "busy")
        self.assertIsNone(room.left)

    def test_errors_name_their_room(self) -> None:
        """As the server does."""
        room = self.in_room()
        asked = room.send("play")
        self.wire.say("error", id=2, code="no", message="No.", path=None, room="K7QM")
        self.assertEqual(self.failureResultOf(asked).value.room, "K7QM")

    def test_kicked(self) -> None:
        """Who is kicked is told the reason; waiting for more fails, and a watcher may ask for just that."""
        room = self.in_room()
        seen, never = room.until(lambda room: room.left), room.until(lambda room: False)
        event = room.next_event()
        self.wire.say("left", room="K7QM", reason="kicked", message="Behave.")
        assert room.left is not None
        self.assertEqual((room.left.reason, room.left.message), ("kicked", "Behave."))
        self.successResultOf(seen)
        self.failureResultOf(never, ConnectionFailed)
        self.assertIn("Behave.", str(self.failureResultOf(event, ConnectionFailed).value))
        self.failureResultOf(room.next_event(), ConnectionFailed)
        self.assertEqual(self.successResultOf(room.when_left()).reason, "kicked")

    def test_kicked_with_a_request_under_way(self) -> None:
        """What was written before gets the server's answer, or fails with the connection."""
        room = self.in_room()
        answered, lost = room.send("play"), room.send("play")
        self.wire.say("left", room="K7QM", reason="banned", message=None)
        self.wire.say("error", id=2, code="forbidden", message="", path=None)
        self.assert_refused(answered, "forbidden")
        self.assertNoResult(lost)
        self.lose()
        self.assert_refused(lost, "not_found")

    def test_moved_resumes(self) -> None:
        """A room that moved is found again; requests wait, and those without answer are said again."""
        room = self.in_room()
        asked = room.send("play")
        self.wire.take()
        self.wire.say("left", room="K7QM", reason="moved", message=None)
        room.start()
        [resume] = self.wire.take()
        self.assertEqual((resume["op"], room.left), ("resume", None))
        self.wire.say("joined", **recovered(resume["id"]))
        self.assertEqual([(m["op"], m["id"]) for m in self.wire.take()], [("send", 2), ("start", 4)])
        self.wire.say("ok", id=2, data=1)
        self.successResultOf(asked)
        self.wire.say("ok", id=2, data=1)

    def test_moved_while_resuming(self) -> None:
        """One resume at a time: the replay of a second would be applied twice."""
        self.in_room()
        self.event(9)
        self.wire.say("left", room="K7QM", reason="moved", message=None)
        self.assertEqual(len(self.wire.take()), 1)

    def test_redirect_is_followed(self) -> None:
        """A room that is elsewhere is asked for there, on a connection beside the first; nobody there: home again."""
        wire = self.connected()
        asked = self.client.join("K7QM")
        self.server.up = False
        wire.take()
        wire.say("redirect", id=1, room="K7QM", url="ws://other/ws")
        self.assertEqual(self.server.urls, [URL, "ws://other/ws"])
        self.assertIsNone(wire.closed)
        self.assertEqual(wire.take(), [])
        self.clock.advance(0.5)
        self.assertEqual([(m["op"], m["id"]) for m in wire.take()], [("join", 1)])
        self.server.up = True
        wire.say("redirect", id=1, room="K7QM", url="ws://other/ws")
        other = self.welcome()
        self.assertEqual([(m["op"], m.get("id"), m.get("client")) for m in other.take()][:1], [("hello", None, "key1")])
        self.wire.say("joined", **joined(1))
        self.assertEqual(self.successResultOf(asked).code, "K7QM")
        self.assertIsNone(wire.closed)

    def test_redirect_beside_other_rooms(self) -> None:
        """Seats at two nodes in one client: each room is asked where it is; what the other says of it means nothing."""
        room = self.in_room()
        home = self.wire
        asked = self.client.join("XYZW")
        home.say("redirect", id=2, room="XYZW", url="ws://other/ws")
        other = self.welcome()
        other.say("joined", **joined(2, room="XYZW"))
        away = self.successResultOf(asked)
        for wire in (home, other):
            wire.take()
        room.send("play")
        late = away.send("play")
        self.assertEqual([m["room"] for m in home.take()], ["K7QM"])
        self.assertEqual([m["room"] for m in other.take()], ["XYZW"])
        home.say("left", room="XYZW", reason="closed", message=None)
        self.assertIsNone(away.left)
        away.leave()
        other.say("ok", id=5, data=None)
        other.say("error", id=4, code="not_found", message="", path=None)
        self.assert_refused(late, "not_found")
        self.assertEqual((other.closed, home.closed), (1000, None), "nothing is to be done there any more")

    def test_three_hops(self) -> None:
        """Who is sent round in circles asks the first address again, after a while."""
        wire = self.connected()
        self.client.join("K7QM")
        wire.take()
        wire.say("redirect", id=1, room="K7QM", url="ws://a/ws")
        for url in ("ws://b/ws", "ws://a/ws"):
            self.assertIn("join", [m["op"] for m in self.greeted(self.wire).take()])
            self.wire.say("redirect", id=1, room="K7QM", url=url)
        self.greeted(self.wire).say("redirect", id=1, room="K7QM", url="ws://b/ws")
        self.assertEqual(wire.take(), [])
        self.clock.advance(1)
        self.assertEqual([m["op"] for m in wire.take()], ["join"])

    def greeted(self, wire: ScriptedWire) -> ScriptedWire:
        """The node at the other end says welcome, unless it did."""
        if "hello" in [m["op"] for m in wire.sent]:
            self.welcome()
        return wire

    def test_moved_to_a_node(self) -> None:
        """A room that was handed over is resumed where it is now, with its requests; the first connection stays."""
        room = self.in_room()
        asked = room.send("play")
        home = self.wire
        home.take()
        home.say("left", room="K7QM", reason="moved", message=None, url="ws://other/ws")
        other = self.welcome()
        hello, resume = other.take()
        self.assertEqual((hello["op"], resume["op"], home.take()), ("hello", "resume", []))
        other.say("joined", **recovered(resume["id"]))
        self.assertEqual([(m["op"], m["id"]) for m in other.take()], [("send", 2)])
        other.say("ok", id=2, data=1)
        self.assertEqual(self.successResultOf(asked), 1)
        self.assertIsNone(home.closed)

    def test_node_that_died(self) -> None:
        """Its rooms are asked for at the first address, where they are busy until its lease ends; no seat is lost."""
        room = self.in_room()
        home = self.wire
        home.say("left", room="K7QM", reason="moved", message=None, url="ws://other/ws")
        self.welcome()
        self.wire.say("joined", **recovered(self.wire.take()[-1]["id"]))
        home.take()
        other, self.server.up = self.wire, False
        other.on_close(1006, "")
        self.clock.advance(0.25)
        self.clock.advance(0.25)
        [resume] = home.take()
        home.say("error", id=resume["id"], code="busy", message="", path=None, retry_ms=4000)
        self.assertEqual([error.code for error in self.refusals], ["busy"])
        self.clock.advance(4)
        self.assertEqual(home.take(), [])
        self.clock.advance(0.25)
        [resume] = home.take()
        home.say("joined", **recovered(resume["id"]))
        self.assertIsNone(room.left)
        room.send("play")
        self.assertEqual([m["op"] for m in home.take()], ["send"])

    def test_unreachable_node_in_words(self) -> None:
        """Where a node's address leads nowhere, that is said; a join fails with it, a seat is kept."""
        room = self.in_room()
        home = self.wire
        self.server.up = False
        home.say("left", room="K7QM", reason="moved", message=None, url="ws://other/ws")
        asked = self.client.join("XYZW")
        for _ in range(40):
            for message in home.take():
                home.say("redirect", id=message["id"], room=message["room"], url="ws://other/ws")
            self.clock.advance(5)
        self.assertIn("ws://other/ws cannot be reached", str(self.failureResultOf(asked, ConnectionFailed).value))
        self.assertEqual([error.code for error in self.refusals], ["unreachable"])
        self.assertIsNone(room.left)


class AskedAgainTests(ClientTestCase):
    """Requests that are refused for now, and matches that lead elsewhere."""

    def test_busy_join(self) -> None:
        """Where the server says when, whoever asked just waits; it is said again under its id."""
        wire = self.connected()
        asked = self.client.join("K7QM")
        wire.take()
        for _ in range(3):
            wire.say("error", id=1, code="busy", message="", path=None, retry_ms=3000)
            self.clock.advance(2.99)
            self.assertEqual(wire.take(), [])
            self.clock.advance(2)
            self.assertEqual([(m["op"], m["id"]) for m in wire.take()], [("join", 1)])
        wire.say("joined", **joined(1))
        self.assertEqual(self.successResultOf(asked).code, "K7QM")
        self.assertEqual([error.code for error in self.refusals], ["busy"], "it is said once")

    def test_busy_without_a_time(self) -> None:
        """Where nobody knows when, it is for whoever asked to decide."""
        wire = self.connected()
        asked = self.client.join("K7QM")
        wire.say("error", id=1, code="busy", message="", path=None)
        self.assert_refused(asked, "busy")

    def test_server_that_stops(self) -> None:
        """A room is asked for again: at another server if no seat is held here, else once this one is gone."""
        wire = self.connected()
        asked = self.client.create("trivia")
        wire.say("error", id=1, code="draining", message="", path=None)
        self.clock.advance(0.5)
        again = self.welcome()
        self.assertIsNot(again, wire)
        self.clock.advance(1)
        self.assertEqual([(m["op"], m.get("id")) for m in again.take()], [("hello", None), ("create", 1)])
        again.say("joined", **joined(1))
        room = self.successResultOf(asked)
        self.client.join("XYZW")
        again.take()
        again.say("error", id=2, code="draining", message="", path=None)
        self.clock.advance(1)
        self.assertEqual([m["op"] for m in again.take()], ["join"])
        self.assertIs(self.wire, again)
        self.assertIsNone(room.left)

    def test_match_elsewhere(self) -> None:
        """A match that leads to a room of another node joins that; if that is full by then, it looks again at home."""
        wire = self.connected()
        asked = self.client.match("trivia", {"pace": "fast"}, name="Ann")
        wire.take()
        wire.say("redirect", id=1, room="K7QM", url="ws://other/ws")
        other = self.welcome()
        join = other.take()[-1]
        self.assertEqual((join["op"], join["room"], join["name"], "match" in join), ("join", "K7QM", "Ann", False))
        other.say("error", id=join["id"], code="room_full", message="", path=None)
        self.clock.advance(0.25)
        [match] = wire.take()
        self.assertEqual((match["game"], match["match"]), ("trivia", {"pace": "fast"}))
        self.assertGreater(match["id"], join["id"])
        wire.say("joined", **joined(match["id"]))
        self.assertEqual(self.successResultOf(asked).code, "K7QM")
        self.assertEqual(other.closed, 1000)

    def test_match_in_vain(self) -> None:
        """It does not go on for ever."""
        wire = self.connected()
        asked = self.client.match("trivia")
        for _ in range(30):
            for message in wire.take():
                if message["op"] == "join" and "game" in message:
                    wire.say("redirect", id=message["id"], room="K7QM", url=None)
                elif message["op"] == "join":
                    wire.say("error", id=message["id"], code="room_full", message="", path=None)
            self.clock.advance(10)
        self.assert_refused(asked, "room_full")


class CloseTests(ClientTestCase):
    def test_close(self) -> None:
        """Closing says goodbye once, fails all who wait, and leaves nothing behind."""
        room = self.in_room()
        waiting = [room.send("play"), self.client.create("trivia"), self.client.ping(), room.next_event()]
        waiting += [room.until(lambda room: False), room.when_left()]
        closed, again = self.client.close(), self.client.close()
        for one in waiting:
            self.failureResultOf(one, ConnectionFailed)
        self.assertNoResult(closed)
        self.assertEqual(self.wire.closed, 1000)
        self.event(2)
        self.lose(1000)
        self.successResultOf(closed)
        self.successResultOf(again)
        self.successResultOf(self.client.close())
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertIsNone(room.left)
        for request in (room.send("play"), self.client.connect(), room.next_event(), room.when_left()):
            self.failureResultOf(request, ConnectionFailed)

    def test_close_between_connections(self) -> None:
        """A client that waits to reconnect stops waiting."""
        room = self.in_room()
        asked = room.send("play")
        self.lose()
        self.successResultOf(self.client.close())
        self.failureResultOf(asked, ConnectionFailed)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_close_while_dialling(self) -> None:
        """A call that was not answered yet is given up."""
        opened: Deferred[Wire] = Deferred()
        client = Client(self.clock, URL, dial=lambda *_, **__: opened)
        waiting = client.connect()
        self.successResultOf(client.close())
        self.failureResultOf(waiting, ConnectionFailed)
        self.assertTrue(opened.called)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_close_in_a_callback(self) -> None:
        """A bot may close while it is told something."""
        room = self.in_room()
        room.on("reveal", lambda event: self.client.close())
        self.event(2)
        self.event(3)
        self.assertEqual(self.wire.closed, 1000)

    def test_close_while_resume_waits(self) -> None:
        """No delayed resume outlives the client."""
        self.in_room()
        self.event(9)
        self.wire.say("error", id=2, code="busy", message="", path=None)
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        self.client.close()
        self.assertEqual(self.clock.getDelayedCalls(), [])


class MessageShapeTests(SynchronousTestCase):
    def test_scripted_fields_are_the_protocols(self) -> None:
        """The script says what a server may say: it fits the protocol's own structs."""
        import msgspec

        msgspec.convert({"op": "joined", **joined(1, chat=[line(1)])}, messages.Joined)


for suite in [HelloTests, BackoffTests, RequestTests, StreamTests, WaitingTests, ReconnectTests, LeftTests, CloseTests]:
    # The same conversations in MessagePack.
    globals()[f"Binary{suite.__name__}"] = type(f"Binary{suite.__name__}", (suite,), {"binary": True})
del suite
