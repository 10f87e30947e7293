"""
What is in C does what Python does: the same tests once more, and what only it can do wrong.

Where it was not built, for lack of a C compiler, there is nothing to test.
"""

from __future__ import annotations

import os
import socket
from typing import Any

from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock as Seconds
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from gameserver.clock import Clock
from gameserver.settings import Limits
from gameserver.wire import native
from gameserver.wire.frames import BINARY, TEXT
from gameserver.wire.incoming import Incoming
from gameserver.wire.native import BUILT, EVENTS, NativeWatch, make_watch
from gameserver.wire.native_build import MOST
from gameserver.wire.pace import Pace
from gameserver.wire.transport import Socket, Watch
from tests.needs import can_compile
from tests.wire import test_frames, test_transport
from tests.wire.sockets import Caller, masked
from tests.wire.test_transport import Readiness, TransportTestCase

NOT_BUILT = None if BUILT else "gameserver/wire/native.c was not built: there was no C compiler, or there is no epoll"


class InC(TransportTestCase):
    skip = NOT_BUILT

    def make_watch(self) -> Watch:
        """The one that is tested here."""
        return make_watch(self.reactor, self.passes)


class BuiltTests(SynchronousTestCase):
    skip = None if can_compile() else NOT_BUILT

    def test_built(self) -> None:
        """Where there is a compiler it was used, or nothing here would be tested, and nobody would know."""
        self.assertTrue(BUILT, "there is a C compiler now: rm .venv/*.stamp, and run make again")


class WritingTests(InC, test_transport.WritingTests): ...


class WatchTests(InC, test_transport.WatchTests):
    def test_is_in_c(self) -> None:
        """Nothing here runs in Python by mistake."""
        self.assertIs(type(self.watch), NativeWatch)


class ToAllTests(InC, test_transport.ToAllTests):
    def test_more_than_ever(self) -> None:
        """There may be more members than descriptors were ever ready at once; who is left out is named."""
        members = [self.member() for _ in range(20)]
        numbers = [transport.number for _, transport, _ in members]
        write_to_all = self.watch.write_to_all
        assert write_to_all is not None
        times = 2 * EVENTS // 20 + 1
        self.assertIsNone(write_to_all(numbers * times, b"x"))
        for _, _, client in members:
            self.assertEqual(client.recv(2 * times), b"x" * times)
        self.assertEqual(write_to_all([numbers[0], -1], b"xy"), [2, -1])


class Wire:
    """
    A caller's bytes come through a socket that is read in C; what the server writes goes where it always does.

    :param caller: with its handshake behind it.
    """

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        ours, self.theirs = socket.socketpair()
        reactor: Any = Readiness()
        self.socket = Socket(ours, caller.pipe.protocol, ("127.0.0.1", 1), None, 0, reactor)  # type: ignore[arg-type]
        self.watch = NativeWatch(reactor, caller.node.rig.hall.passes)
        self.socket.adopt(self.watch, caller.pipe.protocol.incoming)

    def feed(self, data: bytes) -> None:
        """These bytes arrive, in one read."""
        if data and not self.caller.pipe.lost:
            self.theirs.sendall(data)
            self.watch.doRead()
        self.caller.settle()

    def close(self) -> None:
        """No more descriptors than one test needs."""
        self.socket.protocol = test_transport.Notes()
        self.socket.connectionLost(Failure(ConnectionDone()))
        self.theirs.close()


class WiredTestCase(test_frames.TwinsTestCase):
    skip = NOT_BUILT
    wire: Wire | None = None

    def twins(self) -> test_frames.Twins:
        """One reads in C, the other has Autobahn's way alone."""
        self.unplug()
        twins = super().twins()
        self.wire = Wire(twins.quick)
        twins.quick.feed = self.wire.feed  # type: ignore[method-assign]
        return twins

    def unplug(self) -> None:
        """Twins are made by the hundred."""
        if self.wire is not None:
            self.wire.close()
            self.wire = None

    def tearDown(self) -> None:
        self.unplug()
        super().tearDown()


class SameTests(WiredTestCase, test_frames.SameTests): ...


class QuickTests(WiredTestCase, test_frames.QuickTests): ...


class ReadingTests(InC):
    """What comes through C, as an `Incoming` gets it."""

    def setUp(self) -> None:
        super().setUp()
        self.taken: list[bytes] = []
        self.rest: list[bytes] = []

    def listen(self, own: int = TEXT, most: int = 70_000) -> tuple[Incoming, socket.socket]:
        """:returns: what reads, and a client's end."""
        transport, _, client = self.connect(adopt=False)
        clock = Clock(Seconds(), lambda: 0.0)
        pace = Pace(clock, Limits(), self.passes)
        ways = self.taken.append, self.rest.append, self.rest.append
        incoming = Incoming(own, most, *ways, pace, lambda: pace.admits(1_000.0), between=True)
        transport.adopt(self.watch, incoming)
        return incoming, client

    def test_lengths(self) -> None:
        """Each length around those where the head changes, and where words end, is read whole, and alone."""
        _, client = self.listen(BINARY)
        sent = [os.urandom(size) for size in (*range(20), *range(118, 142), 255, 256, 1000, 65_527, 65_528)]
        for payload in sent:
            client.sendall(masked(payload, BINARY & 15, mask=os.urandom(4)))
            self.watch.doRead()
        self.assertTrue(self.taken == sent)
        self.assertEqual(self.rest, [])

    def test_longer_than_a_read(self) -> None:
        """A frame that one read does not hold is put together by Autobahn."""
        _, client = self.listen(BINARY)
        frame = masked(os.urandom(65_529), BINARY & 15)
        client.sendall(frame)
        self.watch.doRead()
        self.assertEqual((self.taken, self.rest), ([], [frame[:-1]]))

    def test_kept_when_others_are_read(self) -> None:
        """A message is bytes of its own, which no later read changes."""
        _, client = self.listen()
        client.send(masked(b"first message"))
        self.watch.doRead()
        client.send(masked(b"other message"))
        self.watch.doRead()
        self.assertEqual(self.taken, [b"first message", b"other message"])
        self.assertEqual({type(payload) for payload in self.taken}, {bytes})

    def test_given_back_as_it_came(self) -> None:
        """What looked like a message, and is none for this connection at this moment, goes on with its mask."""
        frames = {
            "not between": masked(b"message"),
            "of the other form": masked(b"message", BINARY & 15),
            "no text": masked(b"message\xff"),
            "too long": masked(b"m" * 1001),
        }
        for name, frame in frames.items():
            incoming, client = self.listen(most=1000)
            incoming.between = name != "not between"
            client.send(frame)
            self.watch.doRead()
            self.assertEqual((self.taken, self.rest), ([], [frame]), name)
            self.rest.clear()

    def test_ended_by_the_one_before(self) -> None:
        """Once a message has ended what comes next in this pass, Autobahn sees all that was read of it."""
        listeners = [self.listen() for _ in range(3)]

        def take(payload: bytes) -> None:
            self.taken.append(payload)
            for incoming, _ in listeners:
                incoming.between = False

        for incoming, client in listeners:
            incoming.take = take
            client.send(masked(b"message"))
        self.watch.doRead()
        self.assertEqual((self.taken, self.rest), ([b"message"], [masked(b"message")] * 2))


class ChoiceTests(SynchronousTestCase):
    def test_switched_off(self) -> None:
        """A setting turns it off."""
        watch = make_watch(Readiness(), None, native=False)  # type: ignore[arg-type]
        self.assertEqual((type(watch), watch.write_to_all, watch.way), (Watch, None, "in Python"))

    def test_not_built(self) -> None:
        """Where there was no compiler, all is done in Python."""
        self.patch(native, "BUILT", False)
        self.assertIs(type(make_watch(Readiness(), None)), Watch)  # type: ignore[arg-type]

    def test_as_many_at_a_time(self) -> None:
        """A pass is as long in C as it is in Python: its events must fit what Python has for them."""
        self.assertEqual(MOST, EVENTS)
