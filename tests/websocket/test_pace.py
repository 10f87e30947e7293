"""What one connection may bring: frames by a budget, refusals by another, so many in a pass; and what it is owed."""

from __future__ import annotations

import json
from typing import Any

from gameserver import Game, Player, Refused, message
from gameserver.settings.settings import Limits
from gameserver.websocket.outgoing import Outgoing, queued_bytes
from gameserver.websocket.pace import FRAMES_A_PASS
from gameserver.websocket.paced import LAST_FRAMES
from tests.websocket.sockets import CLOSE, PING, PONG, TEXT, Caller, masked
from tests.websocket.test_protocol import QUEUE, ProtocolTestCase

OWN = 4 * (100 + 100)
"""Frames at once of a connection that is in no room, by default."""


class Calm(Game):
    """As most games are."""

    name = "calm"
    needs_start = False

    @message
    def play(self, player: Player) -> None:
        self.send("played")

    @message
    def wrong(self, player: Player) -> None:
        raise Refused("never")


class Fast(Calm):
    """Lets its players say much."""

    name = "fast"
    messages_per_s = 1000


def says(n: int, type: str = "play") -> bytes:
    """:returns: frames of a game's own messages."""
    return b"".join(masked(json.dumps({"op": "send", "id": id + 2, "type": type}).encode()) for id in range(n))


class PaceTestCase(ProtocolTestCase):
    games = (Calm, Fast)
    limits = Limits()

    def setUp(self) -> None:
        super().setUp()
        self.decoded = 0

    def player(self, game: str = "calm") -> Caller:
        caller = self.node.dial().hello()
        caller.say("create", id=1, game=game)
        return caller

    def watch(self, caller: Caller) -> Caller:
        """Count the frames that Autobahn decodes from now on, and messages that the session is given."""
        protocol = caller.pipe.protocol
        begin, take = protocol.onFrameBegin, protocol.incoming.take

        def count(call: Any, *arguments: Any) -> None:
            self.decoded += 1
            call(*arguments)

        protocol.onFrameBegin = lambda: count(begin)
        protocol.incoming.take = lambda payload: count(take, payload)
        return caller

    def read(self, caller: Caller, data: bytes) -> None:
        """These bytes arrive, and the reactor does not run."""
        caller.pipe.protocol.dataReceived(data)


class FramesTests(PaceTestCase):
    def flood(self, data: bytes, before: bytes = b"") -> Caller:
        """:returns: a connection that says this again and again."""
        caller = self.watch(self.node.dial().hello())
        caller.feed(before)
        for _ in range(100):
            caller.feed(data * 100)
        return caller

    def test_kinds(self) -> None:
        """Pings, pongs, messages and empty continuations alike: so many are decoded, then it is 4008."""
        kinds = {
            "pings": (masked(b"", PING), b""),
            "pings that say something": (masked(b"x" * 125, PING), b""),
            "pongs": (masked(b"x", PONG), b""),
            "continuations": (masked(b"", 0, fin=False), masked(b"", TEXT, fin=False)),
            "messages in two frames": (masked(b"", TEXT, fin=False) + masked(b"", 0), b""),
        }
        for name, (data, before) in kinds.items():
            with self.subTest(name):
                self.decoded = 0
                caller = self.flood(data, before)
                self.assertIn(caller.closed, (4008, 4400))
                self.assertLessEqual(self.decoded, OWN)
                caller.cut()

    def test_pieces(self) -> None:
        """A message that comes a byte at a time counts as so many frames."""
        caller = self.watch(self.node.dial().hello())
        frame = masked(b"x" * 60_000)
        for n in range(2 * OWN):
            caller.feed(frame[n : n + 1])
        self.assertEqual(caller.closed, 4008)
        self.assertEqual(self.rig.services.budgets.throttled["frames"], 1)

    def test_large_messages_in_segments(self) -> None:
        """What comes in pieces as networks cut them is never too much."""
        caller = self.player("fast")
        data = masked(json.dumps({"op": "send", "type": "play", "data": {}, "x": "x" * 60_000}).encode())
        for _ in range(50):
            for at in range(0, len(data), 536):
                caller.feed(data[at : at + 536])
            self.rig.advance(0.05)
        self.assertIsNone(caller.closed)

    def test_nothing_is_kept_of_empty_frames(self) -> None:
        """A message of nothing but empty frames takes no memory for each."""
        caller = self.node.dial().hello()
        caller.feed(masked(b"", TEXT, fin=False) + masked(b"", 0, fin=False) * 100)
        self.assertEqual(caller.pipe.protocol.message_data, [])

    def test_never_less_than_rooms_allow(self) -> None:
        """Who keeps to what the room allows is applied, all of it: at once, and second by second."""
        caller = self.player("fast")
        caller.feed(says(2000))
        answers = [m for m in caller.take() if m["op"] in ("ok", "error")]
        self.assertEqual([m["op"] for m in answers], ["ok"] * 2000)
        for second in range(1, 6):
            self.rig.advance(1)
            caller.feed(b"".join(masked(b'{"op":"send","type":"play"}') for _ in range(1000)))
            self.assertEqual([m["op"] for m in caller.take()], ["event"] * 1000, second)
        self.assertIsNone(caller.closed)

    def test_two_rooms(self) -> None:
        """The rooms' messages add up; a room that was left counts no more."""
        caller = self.player("fast")
        caller.say("create", id=2, game="calm")
        session = caller.pipe.protocol.session
        session.pace.frames.spare = 0
        self.assertTrue(session.admits())
        self.assertEqual(session.pace.frames.per_s, 200 + 2 * 1020)
        caller.say("leave", id=3, room=next(iter(session._seats)))
        session.pace.frames.spare = 0
        self.assertTrue(session.admits())
        self.assertEqual(session.pace.frames.per_s, 200 + 2 * 20)
        self.assertLessEqual(session.pace.frames.level(0), 4 * 240)

    def test_nothing_is_read_behind_4008(self) -> None:
        """Who was closed for flooding is not decoded any more, whatever comes, and is cut off."""
        caller = self.flood(masked(b"", PING))
        self.assertEqual(caller.closed, 4008)
        decoded = self.decoded
        for data in (says(50), masked(b"", PING) * 50, masked(b"", 8)):
            caller.feed(data)
        self.assertEqual(self.decoded, decoded)
        self.rig.advance(5)
        self.assertTrue(caller.pipe.lost)


class ClosingTests(PaceTestCase):
    """Behind our close frame nothing is decoded but the client's own."""

    def closed_with(self, code: int) -> Caller:
        """:returns: a connection that was closed with that code, and whose client has not answered."""
        caller = self.watch(self.player())
        protocol = caller.pipe.protocol
        if code == 4400:
            protocol.session.close(code, "nonsense")
        else:
            self.read(caller, masked(b"", 3) if code == 1002 else masked(b"x" * 100_000)[:99])
        caller.settle()
        self.assertEqual(caller.closed, code)
        self.decoded, self.unmasked = 0, []
        frame_data = protocol.onFrameData
        protocol.onFrameData = lambda payload: (self.unmasked.append(payload), frame_data(payload))[1]
        return caller

    def test_nothing_is_decoded(self) -> None:
        """Whatever it was closed for: neither of a frame that has begun, nor of others."""
        for code in (4400, 1002, 1009):
            with self.subTest(code):
                caller = self.closed_with(code)
                rest = masked(b"x" * 100_000)[99:] if code == 1009 else b""
                for data in (rest, says(50), masked(b"", PING) * 50, masked(b"x" * 60_000, fin=False)):
                    for at in range(0, len(data), 999):
                        caller.feed(data[at : at + 999])
                self.assertEqual((self.decoded, self.unmasked), (0, []))
                self.assertEqual(caller.pipe.protocol.data, b"")
                self.assertFalse(caller.pipe.lost)
                caller.feed(masked(b"\x03\xe8", CLOSE))
                self.assertTrue(caller.pipe.lost)
                self.assertEqual(self.unmasked, [b"\x03\xe8"])

    def test_lengths_in_pieces(self) -> None:
        """A byte at a time, whatever lengths the frames have."""
        caller = self.closed_with(4400)
        data = b"".join(masked(b"x" * size, fin=False) for size in (0, 1, 125, 126, 300)) + masked(b"\x03\xe8", CLOSE)
        for n in range(len(data)):
            self.assertFalse(caller.pipe.lost)
            caller.feed(data[n : n + 1])
        self.assertTrue(caller.pipe.lost)
        self.assertEqual(b"".join(self.unmasked), b"\x03\xe8")

    def test_too_many(self) -> None:
        """Whoever goes on with frames is not read any more, and cut off."""
        caller = self.closed_with(4400)
        self.read(caller, masked(b"", PING) * 20_000)
        protocol = caller.pipe.protocol
        self.assertEqual((protocol.passed, protocol.data, protocol.leaving), (LAST_FRAMES + 1, b"", True))
        self.rig.advance(5)
        self.assertTrue(caller.pipe.lost)

    def test_nothing_is_kept_behind_the_end(self) -> None:
        """So it is while the connection ends behind both close frames."""
        caller = self.closed_with(4400)
        protocol = caller.pipe.protocol
        self.read(caller, masked(b"\x03\xe8", CLOSE) + b"x" * 100)
        for _ in range(3):
            self.read(caller, b"x" * 1000)
        self.assertLessEqual(len(protocol.data), 100)


class PassTests(PaceTestCase):
    def test_so_many_in_a_pass(self) -> None:
        """Of all that came at once, the rest waits until others were served; the order stays."""
        for name, frame in {"messages": b'{"op":"ping","at":%d}', "in parts": b'{"op":"ping", "at":%d}'}.items():
            with self.subTest(name):
                self.decoded = 0
                caller = self.watch(self.node.dial().hello())
                parts = [frame % n for n in range(100)]
                if name == "messages":
                    data = b"".join(map(masked, parts))
                else:
                    data = b"".join(masked(p[:5], TEXT, fin=False) + masked(p[5:], 0) for p in parts)
                self.read(caller, data)
                self.assertLessEqual(self.decoded, FRAMES_A_PASS)
                self.assertGreater(self.decoded, 0)
                self.assertEqual([m["at"] for m in self.until_still(caller)], list(range(100)))

    def until_still(self, caller: Caller) -> list[Any]:
        found: list[Any] = []
        while new := caller.take():
            found += new
        return found

    def test_pings_in_a_pass(self) -> None:
        """The same of control frames."""
        caller = self.watch(self.node.dial().hello())
        protocol, served = caller.pipe.protocol, []
        wait = protocol.wait
        protocol.wait = lambda data: (served.append(self.decoded), wait(data))
        caller.feed(masked(b"", PING) * 100)
        self.assertEqual(served, [FRAMES_A_PASS, 2 * FRAMES_A_PASS, 3 * FRAMES_A_PASS])
        self.assertEqual([opcode for opcode, _ in caller.frames()].count(PONG), 100)
        self.assertIsNone(caller.closed)

    def test_more_comes_meanwhile(self) -> None:
        """As over TLS, where what was deciphered comes though reading was stopped: it stands behind what waits."""
        caller = self.node.dial().hello()
        for start in range(0, 120, 40):
            self.read(caller, b"".join(masked(b'{"op":"ping","at":%d}' % n) for n in range(start, start + 40)))
        self.assertEqual([m["at"] for m in self.until_still(caller)], list(range(120)))

    def test_lost_meanwhile(self) -> None:
        """What waits of a connection that is gone is for nobody."""
        caller = self.watch(self.node.dial().hello())
        self.read(caller, masked(b'{"op":"ping"}') * 100)
        caller.cut()
        decoded = self.decoded
        self.rig.advance(1)
        self.assertEqual(self.decoded, decoded)


class RefusedTests(PaceTestCase):
    limits = Limits(refused_per_s=5)

    def errors(self, caller: Caller) -> list[str]:
        return [m["code"] for m in caller.take() if m["op"] == "error"]

    def test_beyond_the_rate(self) -> None:
        """Forty plays at once, some twenty refusals of more, then 4008 before another is decoded."""
        caller = self.watch(self.player())
        caller.feed(says(200))
        self.assertEqual(caller.closed, 4008)
        self.assertEqual(self.decoded, 40 + 21)
        self.assertEqual(self.rig.services.budgets.throttled["refused"], 1)

    def test_nonsense(self) -> None:
        """The same of what names no room that there is."""
        for text in (b'{"op":"send","type":"play"}', b'{"op":"chat","text":"hi"}'):
            with self.subTest(text):
                self.decoded = 0
                caller = self.watch(self.node.dial().hello())
                caller.feed(masked(text) * 100)
                self.assertEqual(caller.closed, 4008)
                self.assertLessEqual(self.decoded, 21)

    def test_what_the_game_refuses(self) -> None:
        """That is the game's to bound, by the rate of its messages."""
        caller = self.player("fast")
        caller.feed(says(500, "wrong"))
        caller.settle()
        self.assertEqual(self.errors(caller), ["refused"] * 500)
        self.assertIsNone(caller.closed)

    def test_now_and_then(self) -> None:
        """Five a second never add up."""
        caller = self.player()
        for _ in range(40):
            self.rig.advance(1)
            caller.feed(masked(b'{"op":"send","type":"play","room":"BBBB"}') * 5)
        self.assertIsNone(caller.closed)


class OwedTests(PaceTestCase):
    limits = Limits(frames_per_s=10_000, requests_per_s=10_000, queue_bytes=QUEUE)

    def test_pongs(self) -> None:
        """Pongs that nobody reads count as all else that waits does."""
        caller = self.node.dial().hello()
        caller.pipe.reads = 0
        for _ in range(4 * QUEUE // 12_500):
            self.read(caller, masked(b"x" * 125, PING) * 100)
            for _ in range(4):
                self.rig.settle()
                self.assertLessEqual(queued_bytes(caller.pipe), QUEUE + 65_536)
        caller.pipe.reads = None
        caller.settle()
        self.assertEqual(caller.closed, 4009)

    def test_within_a_pass(self) -> None:
        """What is owed within one pass is bounded then, not at its end."""
        caller = self.node.dial().hello()
        caller.pipe.reads = 0
        outgoing = caller.pipe.protocol.outgoing
        self.rig.registry.reactor_pass.begin()
        for _ in range(100):
            outgoing.send(b"x" * 20_000)
            self.assertLessEqual(sum(map(len, outgoing._owed)) + queued_bytes(caller.pipe), 2 * QUEUE + 20_100)
        self.rig.registry.reactor_pass.end()
        caller.pipe.reads = None
        caller.settle()
        self.assertEqual(caller.closed, 4009)

    def ask_much(self, caller: Caller, **request: Any) -> int:
        """
        Somebody asks this 350 times in one segment, reads nothing, and is closed.

        :returns: the most that waited of it.
        """
        caller.pipe.reads = 0
        outgoing, most = caller.pipe.protocol.outgoing, 0
        owe = outgoing._owe

        def count(data: bytes) -> None:
            nonlocal most
            owe(data)
            most = max(most, sum(map(len, outgoing._owed)) + queued_bytes(caller.pipe))

        self.patch(Outgoing, "_owe", lambda _, data: count(data))
        self.rig.registry.reactor_pass.begin()
        self.read(caller, masked(json.dumps(request).encode()) * 350)
        self.rig.registry.reactor_pass.end()
        self.rig.settle()
        caller.pipe.reads = None
        caller.settle()
        self.assertEqual(caller.closed, 4009)
        return most

    def write(self, **fields: Any) -> None:
        """Somebody else fills what keeps lines."""
        writer = self.node.dial("203.0.113.1").hello("Bob")
        if "to" not in fields:
            writer.say("join", id=1, room=next(iter(self.rig.registry.runners)).room.code)
        for id in range(2, 52):
            writer.say("chat", id=id, text="\U0001f3b2" * 500, data="d" * 1000, **fields)
            self.rig.advance(2 if fields else 0.3)

    def test_listens(self) -> None:
        """Small requests, large answers: who reads none of these is closed before many were made."""
        self.write(to="lobby:calm")
        asked: list[str] = []
        listen = self.rig.registry.lobby_chat.listen
        self.patch(self.rig.registry.lobby_chat, "listen", lambda *a: (asked.append(a[2]), listen(*a))[1])
        most = self.ask_much(self.player(), op="listen", id=9, to="lobby:calm")
        self.assertLess(most, 3 * QUEUE)
        self.assertLess(len(asked), 10)

    def test_resumes(self) -> None:
        """The same of a room where much was said."""
        ann = self.player()
        self.write()
        (room,) = (runner.room for runner in self.rig.registry.runners)
        (seat,) = (room.seats[id] for id in room.seats if room.seats[id].name == "Ann")
        most = self.ask_much(ann, op="resume", id=9, room=room.code, resume=room.secret_of(seat))
        self.assertLess(most, 3 * QUEUE)

    def test_who_reads_gets_all(self) -> None:
        """However much it is at once: who reads it is not cut off."""
        caller = self.node.dial().hello()
        outgoing = caller.pipe.protocol.outgoing
        outgoing.send(json.dumps("x" * 2 * QUEUE).encode())
        caller.settle()
        outgoing.send(b'"y"')
        self.assertEqual([len(m) for m in caller.take()], [2 * QUEUE, 1])
        self.assertIsNone(caller.closed)
