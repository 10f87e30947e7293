"""A WebSocket, byte by byte: handshakes, frames, slow readers."""

from __future__ import annotations

import json

import txaio
from twisted.logger import capturedLogs, formatEvent
from twisted.python.failure import Failure

from gameserver import Game, Player, message
from gameserver.protocol import msgpack
from gameserver.protocol.messages import PACKED_SUBPROTOCOL, SUBPROTOCOL
from gameserver.settings.settings import Limits
from tests.websocket.kit import Rig, WireTestCase, frame
from tests.websocket.sockets import BINARY, PING, PONG, Caller, Node, masked

QUEUE = 131_072
FIRST = 4
"""The number of the first patch in a room of two, of whom the room was told."""


class Loud(Game):
    """Says much at once."""

    name = "loud"
    needs_start = False
    messages_per_s = 10_000
    max_players = 10

    @message
    def shout(self, player: Player, size: int) -> None:
        self.send("shout", "x" * size)

    @message
    def hint(self, player: Player, type: str, n: int, volatile: bool = True) -> None:
        self.send(type, n, volatile=volatile)

    @message
    def draw(self, player: Player, text: str) -> None:
        self.state["text"] = text

    @message
    def echo(self, player: Player, text: str) -> str:
        return text


class ProtocolTestCase(WireTestCase):
    games = (Loud,)
    limits = Limits(queue_bytes=QUEUE)
    origin: tuple[str, ...] = ()

    def setUp(self) -> None:
        self.rig = Rig(*self.games, limits=self.limits)
        txaio.use_twisted()
        self.patch(txaio.config, "loop", self.rig.time)  # Autobahn's timers ask neither factory nor protocol
        self.node = Node(self.rig, self.origin)

    def seated(self, name: str = "Ann", room: str | None = None) -> tuple[Caller, str]:
        """:returns: a client in a room, and its code."""
        caller = self.node.dial().hello(name)
        wish = {"op": "join", "room": room} if room else {"op": "create", "game": "loud"}
        code: str = caller.say(id=1, **wish)[0]["room"]
        return caller, code


class HandshakeTests(ProtocolTestCase):
    origin = ("https://friend.example",)

    def test_without_delay(self) -> None:
        """Nagle's algorithm is off: answers of a few bytes are not held back."""
        self.assertTrue(self.node.dial().pipe.no_delay)

    def test_origins(self) -> None:
        """The server's own, those that settings name, and none at all; nobody else, and nothing that is no origin."""
        for origin in (None, "http://games.example", "https://games.example", "HTTPS://Games.Example",
                       "https://friend.example"):  # fmt: skip
            self.assertEqual(self.node.dial(Origin=origin).status, 101, origin)
        for origin in ("https://evil.example", "http://games.example.evil.example", "http://friend.example",
                       "https://friend.example:444", "http://games.example:81", "null", "file://", "http://",
                       "games.example", "//games.example", "ftp://games.example", "http://games.example@evil.example",
                       "http://evil.example#games.example", "http://[games.example", "http://[::1", "", "*",
                       "chrome-extension://games.example", "http://evil.example http://games.example",
                       "http://g\xe4mes.example"):  # fmt: skip
            self.assertIn(self.node.dial(Origin=origin).status, (400, 403), origin)

    def test_own_origin_with_a_port(self) -> None:
        """Host and origin name the same port, or it is another origin."""
        self.assertEqual(self.node.dial(Host="games.example:8080", Origin="http://games.example:8080").status, 101)
        self.assertEqual(self.node.dial(Host="games.example:8080", Origin="http://games.example").status, 403)
        self.assertEqual(self.node.dial(Host="[::1]:8080", Origin="http://[::1]:8080").status, 101)

    def test_refused_handshake_leaves_nothing(self) -> None:
        """A page that is not admitted has no session, and costs no place."""
        self.node.dial(Origin="https://evil.example")
        self.assertEqual(len(self.node.endpoint.sessions), 0)

    def test_subprotocols(self) -> None:
        """Ours is chosen among others; none offered means JSON."""
        name = "sec-websocket-protocol"
        self.assertEqual(self.node.dial().headers[name], SUBPROTOCOL)
        self.assertEqual(
            self.node.dial(Sec_WebSocket_Protocol=f"chat, {SUBPROTOCOL}, soap").headers.get(name), SUBPROTOCOL
        )
        none = self.node.dial(Sec_WebSocket_Protocol=None)
        self.assertNotIn(name, none.headers)
        none.hello()

    def test_preferred_subprotocol(self) -> None:
        """Of both, the client's first choice is taken."""
        name = "sec-websocket-protocol"
        for first, second in ((SUBPROTOCOL, PACKED_SUBPROTOCOL), (PACKED_SUBPROTOCOL, SUBPROTOCOL)):
            caller = self.node.dial(Sec_WebSocket_Protocol=f"soap, {first}, {second}")
            self.assertEqual(caller.headers[name], first)

    def test_binary_connection(self) -> None:
        """MessagePack travels in binary frames, both ways, of every size; a text frame is no message there."""
        caller = self.node.dial(Sec_WebSocket_Protocol=PACKED_SUBPROTOCOL)
        said = [msgpack.say("hello", {"guest": {"name": "Ann"}}), msgpack.say("create", {"id": 1, "game": "loud"})]
        for id, size in enumerate((10, 1000, 60_000), 2):
            said.append(msgpack.say("send", {"id": id, "type": "echo", "data": {"text": "x" * size}}))
        for what in said:
            caller.feed(masked(what, BINARY))
        caller.feed(masked(b"{}"))
        frames = list(caller.frames())
        self.assertEqual(({opcode for opcode, _ in frames}, caller.closed), ({BINARY}, None))
        heard = [msgpack.MsgpackReader().read(payload) for _, payload in frames]
        self.assertEqual([m["op"] for m in heard if m["op"] != "seats"],
                         ["welcome", "joined", "ok", "ok", "ok", "error"])  # fmt: skip
        self.assertEqual([len(m["data"]) for m in heard if m["op"] == "ok"], [10, 1000, 60_000])
        self.assertEqual(heard[-1]["code"], "bad_message")

    def test_plain_get(self) -> None:
        """A request that is no handshake is answered, and costs no place."""
        caller = self.node.dial(Upgrade=None, Connection=None)
        self.assertEqual(len(self.node.endpoint.sessions), 0)
        self.assertGreaterEqual(caller.status, 400)
        self.assertNotIn(b"utobahn", bytes(caller.pipe.sent))

    def test_no_open_redirect(self) -> None:
        """No link to this server leads anywhere else, whatever its query says."""
        caller = self.node.dial(path="/ws?redirect=https://evil.example&after=0", Upgrade=None, Connection=None)
        self.assertNotIn(b"evil.example", bytes(caller.pipe.sent))
        self.assertGreaterEqual(caller.status, 400)

    def test_no_hello_in_time(self) -> None:
        """Ten seconds of silence, or of anything but hello, end in 4001."""
        silent, busy, good = self.node.dial(), self.node.dial(), self.node.dial().hello()
        self.rig.advance(9.9)
        busy.say("ping", at=1)
        self.assertIsNone(silent.closed)
        self.rig.advance(0.2)
        for caller, code in ((silent, 4001), (busy, 4001), (good, None)):
            caller.settle()
            self.assertEqual(caller.closed, code)


class AddressTests(ProtocolTestCase):
    limits = Limits(connections_per_address=2)

    def test_connections_per_address(self) -> None:
        """One more than allowed is refused, from that address alone; whoever ends makes room, however it ended."""
        first, second = self.node.dial(), self.node.dial()
        self.assertEqual(self.node.dial().status, 503)
        self.assertEqual(self.node.dial(address="192.0.2.2").status, 101)
        self.assertEqual(self.node.dial(Origin="https://evil.example").status, 403)
        first.cut()
        third = self.node.dial()
        self.assertEqual(third.status, 101)
        second.feed(masked(b"\x03\xe8", 8))
        third.hello()
        self.rig.advance(3)
        self.assertEqual((self.node.dial().status, self.node.dial().status), (101, 503))
        self.assertIsNone(third.closed)

    def test_refused_ones_are_not_counted(self) -> None:
        """Attempts that came to nothing take up no place."""
        for _ in range(5):
            self.node.dial(Origin="https://evil.example")
            self.node.dial(Upgrade=None)
        self.assertEqual([self.node.dial().status for _ in range(3)], [101, 101, 503])

    def test_refused_ones_fill_no_log(self) -> None:
        """They are counted for ``/metrics``; whoever dials on and on writes no line."""
        with capturedLogs() as events:
            callers = [self.node.dial() for _ in range(5)]
        self.assertEqual([caller.status for caller in callers], [101, 101, 503, 503, 503])
        self.assertEqual([formatEvent(event) for event in events], [])
        self.assertEqual(self.rig.services.budgets.throttled["connections"], 3)


class FrameTests(ProtocolTestCase):
    def test_oversize(self) -> None:
        """The largest frame is taken; one byte more ends that connection with 1009, and no other."""
        ann, room = self.seated()
        bob, _ = self.seated("Bob", room)
        ann.take()
        limit = self.limits.frame_bytes
        text = "x" * (limit - len(frame("send", id=2, type="echo", data={"text": ""})))
        self.assertEqual(ann.say("send", id=2, type="echo", data={"text": text})[0]["data"], text)
        ann.say("send", id=3, type="echo", data={"text": text + "x"})
        self.assertEqual((ann.closed, bob.closed), (1009, None))
        self.assertEqual(bob.say("send", id=2, type="echo", data={"text": "a"})[-1]["data"], "a")

    def test_oversize_by_its_head_alone(self) -> None:
        """A frame of a mebibyte, or of 2**62 bytes, is refused before it has come."""
        for length in (2**20, 2**62):
            caller = self.node.dial().hello()
            caller.feed(b"\x81\xff" + length.to_bytes(8, "big") + b"1234" + b"x" * 100)
            self.assertEqual(caller.closed, 1009)

    def test_oversize_in_fragments(self) -> None:
        """Small fragments of a large message are a large message."""
        caller = self.node.dial().hello()
        caller.feed(masked(b"x" * 40_000, fin=False) + masked(b"x" * 40_000, 0))
        self.assertEqual(caller.closed, 1009)

    def test_bad_utf8(self) -> None:
        """Bad UTF-8 ends the connection with 1007, in fragments and across them as well."""
        for data in (
            masked(b'{"op":"chat","text":"\xff"}'),
            masked(b"\xed\xa0\x80"),
            masked(b"\xc3"),
            masked(b"\xc3", fin=False) + masked(b"a", 0),
        ):
            caller = self.node.dial().hello()
            caller.feed(data)
            self.assertEqual(caller.closed, 1007, data)

    def test_character_across_fragments(self) -> None:
        """A character that a fragment's end cuts in two is whole."""
        ann, _ = self.seated()
        text = frame("send", id=2, type="echo", data={"text": "x"}).replace(b'"x"', '"\u00fc\U0001f3b2"'.encode())
        cut = text.index(b"\xf0") + 2
        ann.feed(masked(text[:cut], fin=False) + masked(text[cut:], 0))
        self.assertEqual(ann.take()[-1]["data"], "\u00fc\U0001f3b2")

    def test_fragments_with_a_ping_between(self) -> None:
        """A message in fragments is one message; a ping between them is answered at once."""
        ann, _ = self.seated()
        text = frame("send", id=2, type="echo", data={"text": "abc"})
        ann.feed(masked(text[:9], fin=False) + masked(b"now", PING) + masked(b"", 0, fin=False))
        self.assertIn((PONG, b"now"), list(ann.frames()))
        ann.feed(masked(text[9:], 0))
        self.assertEqual([m["id"] for m in ann.take() if m["op"] == "ok"], [2])

    def test_a_byte_at_a_time(self) -> None:
        """However TCP cuts the bytes, the messages are the same."""
        ann, _ = self.seated()
        for byte in masked(frame("send", id=2, type="echo", data={"text": "a"})):
            ann.feed(bytes((byte,)))
        ann.feed(b"".join(masked(frame("send", id=n, type="echo", data={"text": "b"})) for n in range(3, 9)))
        self.assertEqual([m["id"] for m in ann.take() if m["op"] == "ok"], [2, 3, 4, 5, 6, 7, 8])

    def test_binary_frame(self) -> None:
        """A binary frame is no message on a text connection; the session stays."""
        caller = self.node.dial().hello()
        caller.feed(masked(frame("ping", at=1), BINARY))
        self.assertEqual([(m["op"], m["code"]) for m in caller.take()], [("error", "bad_message")])
        self.assertEqual(caller.say("ping", at=1)[0]["at"], 1)

    def test_empty_frame(self) -> None:
        """An empty message is one that is malformed."""
        caller = self.node.dial().hello()
        caller.feed(masked(b""))
        self.assertEqual([m["code"] for m in caller.take()], ["bad_message"])

    def test_breaking_rfc_6455(self) -> None:
        """Frames that no WebSocket may send end that connection alone, without a trace in the log."""
        text = masked(b"{}")
        frames = {
            "not masked": b"\x81\x02{}",
            "reserved bits": bytes((text[0] | 0x40,)) + text[1:],
            "reserved opcode": masked(b"", 3),
            "reserved control opcode": masked(b"", 11),
            "long ping": masked(b"x" * 126, PING),
            "ping in fragments": masked(b"x", PING, fin=False),
            "continuation of nothing": masked(b"x", 0),
            "message inside a message": masked(b"{", fin=False) + masked(b"}"),
            "length with its top bit": b"\x81\xff" + b"\xff" * 8 + b"1234",
            "close with one byte": masked(b"\x03", 8),
            "close with a code of nobody's": masked(b"\x00\x05", 8),
            "close with bad UTF-8": masked(b"\x03\xe8\xff", 8),
        }
        other = self.node.dial().hello("Bob")
        for name, data in frames.items():
            caller = self.node.dial().hello()
            caller.feed(data)
            if not name.startswith("close"):
                self.assertIn(caller.closed, (1002, 1009), name)
            self.rig.advance(2.5)  # ends before the other is cut off for want of a pong
            self.assertTrue(caller.pipe.lost or caller.pipe.disconnecting, name)
        self.assertEqual(len(self.node.endpoint.sessions), 1)
        self.assertEqual(other.say("ping", at=2)[0]["at"], 2)

    def test_pings(self) -> None:
        """The server pings; whoever does not answer is gone, and whoever does is not."""
        quiet, alive = self.node.dial().hello(), self.node.dial().hello("Bob")
        self.rig.advance(25)
        for caller in (quiet, alive):
            caller.settle()
            self.assertIn(PING, [opcode for opcode, _ in caller.frames()])
        (payload,) = [payload for opcode, payload in alive.frames() if opcode == PING]
        alive.feed(masked(payload, PONG))
        self.rig.advance(8.1)
        quiet.settle()
        alive.settle()
        self.assertEqual((quiet.pipe.lost, alive.pipe.lost), (True, False))
        self.assertEqual(len(self.node.endpoint.sessions), 1)

    def test_cut_in_a_message(self) -> None:
        """A connection that breaks in the middle of anything leaves nothing behind."""
        for data in (b"", b"\x81", masked(b"{}")[:-1], masked(b"{", fin=False)):
            caller = self.node.dial().hello()
            caller.feed(data)
            caller.cut()
        self.assertEqual(len(self.node.endpoint.sessions), 0)

    def test_answers_of_any_length(self) -> None:
        """Each way to write a frame's length, at its edges."""
        ann, room = self.seated()
        bare = len(json.dumps({"op": "ok", "id": 2, "data": "", "room": room}, separators=(",", ":")))
        for id, size in enumerate((125, 126, 127), 2):
            text = "x" * (size - bare)
            self.assertEqual(ann.say("send", id=id, type="echo", data={"text": text})[-1]["data"], text)
        ann.say("send", type="shout", data={"size": 1})
        head = len(list(ann.frames())[-1][1]) - 1
        for size in (65_535, 65_536, 100_000):
            (event,) = ann.say("send", type="shout", data={"size": size - head})
            self.assertEqual(len(event["data"]), size - head)
        self.assertIsNone(ann.closed)


class SlowReaderTests(ProtocolTestCase):
    def test_closed_where_more_than_the_queue_waits(self) -> None:
        """A reader that does not read is closed with 4009 once more than its queue waits, and not before."""
        slow, room = self.seated("Slow")
        fast, _ = self.seated("Fast", room)
        slow.take()
        slow.pipe.reads = 0
        most = 0
        for _ in range(40):
            fast.say("send", type="shout", data={"size": 4000})
            if not list(self.closing(slow)):
                most = max(most, slow.pipe.waiting)
        self.assertLessEqual(most, QUEUE)
        self.assertGreater(most, QUEUE - 5000)
        self.assertLess(slow.pipe.waiting, QUEUE + 1000)
        slow.pipe.reads = None
        self.assertGreater(len(slow.take()), 10)
        self.assertEqual((slow.closed, fast.closed), (4009, None))

    def closing(self, caller: Caller) -> list[int]:
        """:returns: the state of a protocol that is on its way out."""
        protocol = caller.pipe.protocol
        return [protocol.state] if getattr(protocol, "state", None) != protocol.STATE_OPEN else []

    def test_bounded_after_it_was_closed(self) -> None:
        """Whoever never reads at all is cut off soon, and its queue grows no more."""
        slow, room = self.seated("Slow")
        fast, _ = self.seated("Fast", room)
        slow.pipe.reads = 0
        for _ in range(100):
            fast.say("send", type="shout", data={"size": 4000})
        self.assertLess(slow.pipe.waiting, QUEUE + 1000)
        self.rig.advance(10)
        self.assertTrue(slow.pipe.lost)
        self.assertEqual(len(self.node.endpoint.sessions), 1)

    def test_slow_but_within_its_queue(self) -> None:
        """Whoever reads late, but in time, misses nothing."""
        slow, room = self.seated("Slow")
        fast, _ = self.seated("Fast", room)
        slow.take()
        for _ in range(5):
            slow.pipe.reads = 0
            for _ in range(14):
                fast.say("send", type="shout", data={"size": 4000})
            slow.pipe.reads = None
            self.assertEqual(len(slow.take()), 14)
        self.assertIsNone(slow.closed)

    def test_one_large_burst_to_a_reader_that_reads(self) -> None:
        """What is written in one pass to a reader that keeps up closes nobody."""
        ann, _ = self.seated()
        burst = b"".join(masked(frame("send", type="shout", data={"size": 4000})) for _ in range(14))
        ann.feed(burst)
        self.assertIsNone(ann.closed)
        self.assertEqual(len(ann.take()), 14)

    def test_patches_are_replaced_before_it_is_closed(self) -> None:
        """However much changes, a reader that is slow is not closed for it: it gets the document once it has read."""
        slow, room = self.seated("Slow")
        fast, _ = self.seated("Fast", room)
        slow.take()
        slow.pipe.reads = 0
        for n in range(60):
            fast.say("send", type="draw", data={"text": f"{n}" * 2000})
            self.assertLess(slow.pipe.waiting, QUEUE // 2 + 5000)
        slow.pipe.reads = None
        heard = slow.take()
        self.assertIsNone(slow.closed)
        self.assertEqual({m["op"] for m in heard[:-1]}, {"patch"})
        self.assertGreater(len(heard), 10)
        self.assertEqual((heard[-1]["op"], heard[-1]["n"]), ("doc", 60 + FIRST - 1))
        self.assertEqual(heard[-1]["doc"], {"text": "59" * 2000})
        fast.say("send", type="draw", data={"text": "last"})
        self.assertEqual([(m["op"], m["n"]) for m in slow.take()], [("patch", 60 + FIRST)])

    def test_volatile_comes_behind_the_document(self) -> None:
        """What was said of a document that a slow reader did not have comes after it."""
        slow, room = self.seated("Slow")
        fast, _ = self.seated("Fast", room)
        slow.take()
        slow.pipe.reads = 0
        for n in range(40):
            fast.say("send", type="draw", data={"text": f"{n}" * 2000})
        fast.say("send", type="hint", data={"type": "cursor", "n": 1})
        slow.pipe.reads = None
        self.assertEqual([m["op"] for m in slow.take()][-2:], ["doc", "event"])

    def pause(self, caller: Caller) -> None:
        """The reader is slow: Twisted's buffer is full."""
        caller.take()
        caller.pipe.reads = 0
        caller.pipe.protocol.session.transport.pauseProducing()
        caller.pipe.producerPaused = True

    def test_volatile_keeps_the_newest_of_each_slot(self) -> None:
        """A slow reader gets the newest of each type, after it has read; nothing of it is counted."""
        slow, room = self.seated("Slow")
        fast, _ = self.seated("Fast", room)
        self.pause(slow)
        for n in range(50):
            fast.say("send", type="hint", data={"type": "cursor", "n": n})
            fast.say("send", type="hint", data={"type": "stroke", "n": -n})
        fast.say("send", type="hint", data={"type": "kept", "n": 1, "volatile": False})
        slow.pipe.reads = None
        heard = slow.take()
        self.assertEqual([(m["type"], m["data"], "n" in m) for m in heard if m["type"] == "kept"], [("kept", 1, True)])
        rest = [(m["type"], m["data"]) for m in heard if m["type"] != "kept"]
        self.assertEqual(sorted(rest), [("cursor", 49), ("stroke", -49)])
        self.assertFalse(any("n" in m for m in heard if m["type"] != "kept"))
        fast.say("send", type="hint", data={"type": "cursor", "n": 99})
        self.assertEqual([m["data"] for m in slow.take()], [99])

    def test_volatile_of_two_rooms(self) -> None:
        """The slots of two rooms are not one slot."""
        slow, room = self.seated("Slow")
        other, elsewhere = self.seated("Other")
        slow.say("join", id=2, room=elsewhere)
        fast, _ = self.seated("Fast", room)
        self.pause(slow)
        fast.say("send", type="hint", data={"type": "cursor", "n": 1})
        other.say("send", type="hint", data={"type": "cursor", "n": 2})
        slow.pipe.reads = None
        heard = {(m["room"], m["data"]) for m in slow.take() if m["op"] == "event"}
        self.assertEqual(heard, {(room, 1), (elsewhere, 2)})

    def test_nothing_volatile_of_a_room_that_was_left(self) -> None:
        """What was held back of a room does not come after ``left``."""
        slow, room = self.seated("Slow")
        fast, _ = self.seated("Fast", room)
        self.pause(slow)
        fast.say("send", type="hint", data={"type": "cursor", "n": 1})
        slow.feed(masked(frame("leave", id=2)))
        slow.pipe.reads = None
        heard = [m["op"] for m in slow.take()]
        self.assertIn("left", heard)
        self.assertNotIn("event", heard[heard.index("left") :])

    def test_lost_while_slow(self) -> None:
        """A slow connection that breaks is forgotten with what waited for it."""
        slow, _ = self.seated("Slow")
        self.pause(slow)
        slow.pipe._lose(Failure(ConnectionResetError()))
        self.assertEqual(len(self.node.endpoint.sessions), 0)
