"""A message larger than the client was told is never written; and what is written is measured."""

from __future__ import annotations

from twisted.logger import LogLevel, capturedLogs

from gameserver.game.spec import spec_of
from tests.websocket.sockets import Caller
from tests.websocket.test_protocol import Loud, ProtocolTestCase

MOST = 5000


class SizesTests(ProtocolTestCase):
    def setUp(self) -> None:
        self.patch(spec_of(Loud), "message_bytes", MOST)
        super().setUp()

    def shout(self, caller: Caller, size: int) -> None:
        """Say something past what the rooms themselves see to."""
        (runner,) = self.rig.registry.runners
        streams = runner.room.publisher.streams
        most, streams._message_bytes = streams._message_bytes, 2**30
        caller.say("send", type="shout", data={"size": size})
        streams._message_bytes = most

    def test_not_written(self) -> None:
        """The connection of whoever would have to read it is closed instead, which is counted and logged."""
        ann, room = self.seated()
        bob, _ = self.seated("Bob", room)
        before = len(ann.pipe.sent)
        with capturedLogs() as logged:
            self.shout(ann, 2 * MOST)
        bob.settle()
        self.assertEqual((ann.closed, bob.closed), (4009, 4009))
        self.assertLess(len(ann.pipe.sent), before + MOST)
        self.assertEqual(self.node.rig.services.sizes.refused, 2)
        self.assertLess(self.node.rig.services.sizes.largest, MOST)
        (first, _) = (event for event in logged if event["log_level"] is LogLevel.error)
        self.assertGreater(first["size"], 2 * MOST)
        self.assertTrue(first["start"].startswith(b'{"op":"event"'))

    def test_among_others(self) -> None:
        """Where several messages go out at once, one of them is enough."""
        ann, _ = self.seated()
        (runner,) = self.rig.registry.runners
        self.rig.registry.reactor_pass.begin()
        session = next(iter(self.node.endpoint.sessions))
        session.deliver_to_all((session,), [b"{}", b"x" * (MOST + 1)], last=True)
        self.rig.registry.reactor_pass.end()
        ann.settle()
        self.assertEqual((ann.closed, runner.over), (4009, False))

    def test_alone(self) -> None:
        """What a session is told by itself is no exception."""
        ann, _ = self.seated()
        session = next(iter(self.node.endpoint.sessions))
        session.deliver(b"x" * (MOST + 1))
        ann.settle()
        self.assertEqual(ann.closed, 4009)

    def test_just_not_too_large(self) -> None:
        """What is not, is written; of the largest it is known how large it was."""
        ann, room = self.seated()
        bob, _ = self.seated("Bob", room)
        sizes = self.node.rig.services.sizes
        self.assertLess(sizes.largest, 1024)
        for size in (2000, 4000, 3000):
            self.shout(ann, size)
        bob.settle()
        (last,) = [payload for _, payload in bob.frames() if len(payload) >= 4000]
        self.assertEqual(sizes.largest, len(last))
        self.assertEqual((ann.closed, bob.closed, sizes.refused), (None, None, 0))

    def test_welcome(self) -> None:
        """It is told beforehand."""
        caller = self.node.dial()
        (welcome,) = caller.say("hello", guest={"name": "Ann"})
        self.assertEqual(welcome["limits"]["message_bytes"], MOST)
