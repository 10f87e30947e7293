"""
Frames that are read without Autobahn, against Autobahn itself: every byte that goes out, every message that comes in.

One caller has the short way, the other has Autobahn's alone; both are fed the same bytes, cut at the same places.
"""

from __future__ import annotations

import json
import struct
from itertools import pairwise
from typing import Any

import txaio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from twisted.internet.task import Clock as Seconds
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, message
from gameserver.protocol.messages import Form
from gameserver.settings.settings import Limits
from gameserver.websocket.frames import TEXT, head, is_text, unmask
from tests.websocket.kit import Rig
from tests.websocket.sockets import BINARY, CLOSE, MASK, PING, PONG, Caller, Node, masked

CONTINUATION = 0
FRAME_BYTES = 2000
LIMITS = Limits(frame_bytes=FRAME_BYTES)


class Parrot(Game):
    """Says again what it is told."""

    name = "parrot"
    needs_start = False
    messages_per_s = 100_000

    @message
    def say(self, player: Player, text: str) -> str:
        self.send("said", text)
        return text


def said(text: str, id: int = 2) -> bytes:
    """:returns: a message of the game's, as a client writes it."""
    return json.dumps({"op": "send", "id": id, "type": "say", "data": {"text": text}}, ensure_ascii=False).encode()


class Twins:
    """
    Two nodes and a seated caller of each, alike in all but who reads the frames.

    :ivar got: the messages that each session was handed.
    """

    def __init__(self) -> None:
        self.callers = [self._seat() for _ in range(2)]
        self.got: list[list[tuple[bytes, bool]]] = [[], []]
        for caller, got in zip(self.callers, self.got, strict=True):
            self._listen(caller, got)
        self.quick, self.slow = self.callers
        self.slow.pipe.protocol.plain = False
        self.slow.pipe.protocol.look()

    def feed(self, data: bytes, cuts: list[int]) -> None:
        """Both get these bytes, in reads that end at these places."""
        places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
        for start, stop in pairwise(places):
            for caller in self.callers:
                caller.feed(data[start:stop])

    def outcome(self, caller: Caller, got: list[tuple[bytes, bool]]) -> Any:
        """:returns: all that tells one way from another."""
        protocol = caller.pipe.protocol
        rest = (protocol.state, protocol.closedByMe, protocol.failedByMe, protocol.wasClean, protocol.remoteCloseCode)
        return bytes(caller.pipe.sent), got, caller.pipe.lost, caller.pipe.disconnecting, rest

    @property
    def outcomes(self) -> list[Any]:
        """Of the quick one and of the slow one."""
        return [self.outcome(caller, got) for caller, got in zip(self.callers, self.got, strict=True)]

    def _seat(self) -> Caller:
        caller = Node(Rig(Parrot, limits=LIMITS)).dial().hello()
        caller.say("create", id=1, game="parrot")
        return caller

    def _listen(self, caller: Caller, got: list[tuple[bytes, bool]]) -> None:
        session = caller.pipe.protocol.session
        receive, take = session.receive, session.take

        class Ear:
            """The session, overheard."""

            def __getattr__(self, name: str) -> Any:
                return getattr(session, name)

            def receive(self, frame: bytes, *, binary: bool = False) -> None:
                got.append((bytes(frame), binary))
                receive(frame, binary=binary)

            def take(self, frame: bytes) -> None:
                got.append((bytes(frame), session.form is not Form.JSON))
                take(frame)

        protocol = caller.pipe.protocol
        protocol.session = Ear()
        protocol.incoming.take = protocol.session.take


masks = some.sampled_from((MASK, b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x81\x82\x7d\xfe"))
texts = some.one_of(
    some.text(max_size=200).map(said),
    some.text(max_size=10).map(str.encode),
    some.integers(120, 130).map(lambda n: b"x" * n),
    some.sampled_from((FRAME_BYTES - 1, FRAME_BYTES, FRAME_BYTES + 1)).map(lambda n: b" " * n),
    some.sampled_from((b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf0\x9f\x8e", "\U0001f3b2".encode()[1:], b"")),
)
whole = some.builds(masked, texts, some.sampled_from((1, 1, 1, BINARY)), mask=masks)
controls = some.builds(masked, some.binary(max_size=125), some.sampled_from((PING, PONG)), mask=masks)


def in_fragments(text: bytes, cuts: list[int], between: list[bytes]) -> bytes:
    """:returns: one message in several frames, with whole frames between them."""
    places = [*sorted({min(cut, len(text)) for cut in cuts}), len(text)]
    data, start = b"", 0
    for i, stop in enumerate(places):
        data += masked(text[start:stop], CONTINUATION if i else 1, fin=i == len(places) - 1)
        data += between[i] if i < len(between) and i < len(places) - 1 else b""
        start = stop
    return data


fragments = some.builds(
    in_fragments, texts, some.lists(some.integers(0, 210), max_size=3), some.lists(controls, max_size=3)
)
closes = some.one_of(
    some.sampled_from((1000, 1001, 1005, 1007, 3000, 4999, 5, 65535)).map(
        lambda code: masked(struct.pack(">H", code), CLOSE)
    ),
    some.sampled_from((b"", b"\x03", b"\x03\xe8bye", b"\x03\xe8\xff")).map(lambda payload: masked(payload, CLOSE)),
)


def broken(frame: bytes, how: int) -> bytes:
    """:returns: a frame that RFC 6455 does not allow, or odd bytes."""
    first, second = frame[0], frame[1]
    odd = (
        bytes((first, second & 0x7F)) + frame[2:],  # not masked
        bytes((first | 0x40, second)) + frame[2:],  # reserved bits
        bytes((first & 0xF0 | 3, second)) + frame[2:],  # reserved opcode
        bytes((first & 0xF0, second)) + frame[2:],  # continues nothing
        bytes((first & 0x7F, second)) + frame[2:],  # the message goes on
        b"\x81\xfe\x00\x05" + MASK + b"12345",  # a length that is not the shortest
        b"\x81\xff" + (100).to_bytes(8, "big") + MASK + b"x" * 100,
        b"\x81\xff" + b"\xff" * 8 + MASK,
        b"\x89\xfe\x00\x80" + MASK + b"x" * 128,  # a long ping
        frame[: len(frame) // 2],
    )
    return odd[how % len(odd)]


streams = some.lists(
    some.one_of(whole, whole, controls, fragments, closes, some.builds(broken, whole, some.integers(0, 9))), max_size=6
).map(b"".join)


class TwinsTestCase(SynchronousTestCase):
    def setUp(self) -> None:
        txaio.use_twisted()
        self.pings = Seconds()
        self.patch(txaio.config, "loop", self.pings)  # Autobahn's timers, of both

    def twins(self) -> Twins:
        """``test_native`` feeds one of them in another way."""
        return Twins()


class SameTests(TwinsTestCase):
    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
    @given(streams, some.lists(some.integers(0, 3000), max_size=6))
    def test_any_frames_in_any_pieces(self, data: bytes, cuts: list[int]) -> None:
        """Whatever comes, however it is cut: the same bytes go out, the same messages come in."""
        twins = self.twins()
        twins.feed(data, cuts)
        quick, slow = twins.outcomes
        self.assertEqual(quick, slow)

    def test_cut_at_every_byte(self) -> None:
        """Two messages, a ping, a message in fragments and a close, cut in two at each place."""
        data = masked(said("ü" * 70)) + masked(said("b", 3)) + masked(b"now", PING)
        data += (
            in_fragments(said("c", 4), [5, 9], [masked(b"", PING)]) + masked(said("d", 5)) + masked(b"\x03\xe8", CLOSE)
        )
        for cut in range(1, len(data)):
            twins = self.twins()
            twins.feed(data, [cut])
            quick, slow = twins.outcomes
            self.assertEqual(quick, slow, f"cut at {cut}")
            self.assertEqual([json.loads(text)["id"] for text, _ in twins.got[0]], [2, 3, 4, 5])

    def test_what_only_looks_like_a_frame(self) -> None:
        """Inside a frame, its head or a message, the bytes of a whole frame are none."""
        inner = masked(said("inner"))
        heads = masked(said("x"), mask=b"\x81\x80ab")
        for name, data in {
            "payload": masked(inner, BINARY, mask=bytes(4)) + masked(said("after", 3)),
            "payload of a text": masked(b"\x01\x80abcd" + b"x" * 130, mask=b"\x80\0\0\0") + masked(said("after", 3)),
            "payload of a ping": masked(b"\x81\x80abcd", PING, mask=bytes(4)) + masked(said("after", 3)),
            "mask": heads + masked(said("after", 3)),
            "message inside a message": masked(b"{", fin=False) + inner,
            "after a fragment": masked(b"{", fin=False) + masked(b"", PING) + inner + masked(b"}", CONTINUATION),
        }.items():
            for cut in range(1, len(data)):
                twins = self.twins()
                twins.feed(data, [cut])
                quick, slow = twins.outcomes
                self.assertEqual(quick, slow, f"{name}, cut at {cut}")

    def test_each_oddity(self) -> None:
        """Whatever RFC 6455 forbids, or our limits, behind a message and before one, in one read or in several."""
        frame = masked(said("b", 3))
        odd = [broken(frame, how) for how in range(10)]
        odd += [masked(b" " * n, opcode) for n in (FRAME_BYTES, FRAME_BYTES + 1) for opcode in (1, BINARY)]
        odd += [masked(text) for text in (b"\xff", b"\xc3", b"\xed\xa0\x80", b"")]
        odd += [masked(struct.pack(">H", code), CLOSE) for code in (1000, 1005, 4999, 5)] + [masked(b"", CLOSE)]
        for i, data in enumerate(odd):
            for cuts in ([], [len(frame)], [len(frame) + 3], [len(frame) + len(data)]):
                twins = self.twins()
                twins.feed(frame + data + masked(said("after", 4)) + masked(b"", CLOSE), cuts)
                quick, slow = twins.outcomes
                self.assertEqual(quick, slow, f"{i}, cut at {cuts}")

    def test_a_byte_at_a_time(self) -> None:
        """The same in reads of one byte."""
        data = masked(said("a")) + masked(b"x", PING) + masked(said("b" * 200, 3))
        twins = self.twins()
        twins.feed(data, list(range(len(data))))
        quick, slow = twins.outcomes
        self.assertEqual(quick, slow)
        self.assertEqual(len(twins.got[0]), 2)

    def test_while_a_ping_waits_for_its_answer(self) -> None:
        """Messages put off the cut for want of a pong here and there, and late pongs change nothing."""
        twins = self.twins()
        self.pings.advance(LIMITS.ping_s)
        for caller in twins.callers:
            caller.settle()
            self.assertIn(PING, [opcode for opcode, _ in caller.frames()])
        twins.feed(masked(said("a")), [])
        self.pings.advance(LIMITS.pong_s + 1)
        twins.feed(masked(said("b", 3)), [])
        self.assertEqual([caller.pipe.protocol.state for caller in twins.callers], [3, 3])
        self.assertEqual(twins.got[0], twins.got[1])
        self.assertEqual(len(twins.got[0]), 2)

    def test_closed_by_the_session_between_two_frames(self) -> None:
        """What follows in the same read is not handled any more."""
        twins = self.twins()
        for caller in twins.callers:
            session = caller.node.endpoint.sessions
            next(iter(session)).close(4008, "")
        twins.feed(masked(said("a")) + masked(b"", CLOSE), [])
        quick, slow = twins.outcomes
        self.assertEqual(quick, slow)


class QuickTests(TwinsTestCase):
    def test_autobahn_is_not_asked(self) -> None:
        """Whole messages never reach Autobahn's parser; what is fragmented does."""
        twins = self.twins()
        parsed: list[int] = []
        protocol = twins.quick.pipe.protocol
        consume = protocol.consumeData
        protocol.consumeData = lambda: (parsed.append(len(protocol.data)), consume())
        twins.quick.feed(masked(said("a")) + masked(said("b" * 500, 3)))
        self.assertEqual((parsed, len(twins.got[0])), ([], 2))
        twins.quick.feed(in_fragments(said("c", 4), [4], []))
        self.assertEqual((len(parsed), len(twins.got[0])), (1, 3))
        twins.quick.feed(masked(said("d", 5)))
        self.assertEqual((len(parsed), len(twins.got[0])), (1, 4))


class BytesTests(SynchronousTestCase):
    @given(some.binary(max_size=300), some.binary(min_size=4, max_size=4))
    def test_unmask(self, payload: bytes, mask: bytes) -> None:
        """As a loop over the bytes does it."""
        self.assertEqual(unmask(mask, payload), bytes(b ^ mask[i % 4] for i, b in enumerate(payload)))

    @given(some.binary(max_size=20))
    def test_is_text(self, payload: bytes) -> None:
        """Python's own UTF-8 is the strict one of RFC 3629."""
        try:
            payload.decode("utf-8")
        except UnicodeDecodeError:
            self.assertFalse(is_text(payload))
        else:
            self.assertTrue(is_text(payload))

    def test_head(self) -> None:
        """Each way to write a length, at its edges."""
        heads = {n: head(TEXT, n) for n in (0, 125, 126, 65535, 65536)}
        self.assertEqual(heads[0], b"\x81\x00")
        self.assertEqual(heads[125], b"\x81\x7d")
        self.assertEqual(heads[126], b"\x81\x7e\x00\x7e")
        self.assertEqual(heads[65535], b"\x81\x7e\xff\xff")
        self.assertEqual(heads[65536], b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00")
