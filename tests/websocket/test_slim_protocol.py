"""What a connection keeps once it is open."""

from __future__ import annotations

import txaio
from twisted.trial.unittest import SynchronousTestCase

from gameserver.settings.settings import Limits
from gameserver.websocket.slim_protocol import FALSE_YET, NONE_YET, OF_THE_HANDSHAKE
from tests.websocket.kit import Rig
from tests.websocket.sockets import Node

MOST = 42
"""Entries of a dict of 64 slots; the next size takes twice as much."""


class LeanTests(SynchronousTestCase):
    def node(self, limits: Limits) -> Node:
        rig = Rig(limits=limits)
        txaio.use_twisted()
        self.patch(txaio.config, "loop", rig.time)
        return Node(rig)

    def test_what_is_kept(self) -> None:
        """Nothing of the handshake, and nothing that all connections have in common."""
        protocol = self.node(Limits()).dial().hello().pipe.protocol
        kept = vars(protocol)
        self.assertLess(len(kept), MOST)
        self.assertFalse(set(kept) & {*OF_THE_HANDSHAKE, *FALSE_YET, *NONE_YET, *type(protocol).CONFIG_ATTRS})
        self.assertEqual([getattr(protocol, name) for name in FALSE_YET], [False] * len(FALSE_YET))

    def test_what_is_named_is_there(self) -> None:
        """What is left to the class is what this Autobahn has: a name that it gives up is noticed."""
        refused = self.node(Limits()).dial(Upgrade=None).pipe.protocol  # it has begun, and was never open
        self.assertEqual({*FALSE_YET, *NONE_YET, "send_queue"} - set(vars(refused)), set())

    def test_endpoints_have_settings_of_their_own(self) -> None:
        """What connections of one endpoint share is not shared with another's."""
        small, large = self.node(Limits(frame_bytes=2000)), self.node(Limits(frame_bytes=50_000))
        sizes = [node.dial().hello().pipe.protocol.maxFramePayloadSize for node in (small, large)]
        self.assertEqual(sizes, [2000, 50_000])

    def test_offered_compression_is_declined(self) -> None:
        """Browsers offer it always; the functions among an endpoint's settings are asked as they were given."""
        caller = self.node(Limits()).dial(Sec_WebSocket_Extensions="permessage-deflate; client_max_window_bits")
        self.assertNotIn("sec-websocket-extensions", caller.headers)
        caller.hello()
