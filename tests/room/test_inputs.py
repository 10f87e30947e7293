"""The table of what a seat may ask for."""

from __future__ import annotations

from typing import get_args

from msgspec.structs import fields
from twisted.trial.unittest import SynchronousTestCase

from gameserver.protocol import messages
from gameserver.room.effects import Requester
from gameserver.room.inputs.table import SEAT_REQUESTS
from tests.node.registries import FakeSession

ARRIVALS = (messages.Join, messages.Resume)
"""They name a room in which there is no seat yet."""
WAITED_FOR = (messages.NextMessage,)
"""Another room has to be made before this one has to do with it."""


class SeatRequestTests(SynchronousTestCase):
    def test_complete(self) -> None:
        """What clients say of a room in which they have a seat goes there."""
        of_seats = {kind for kind in get_args(messages.ClientMessage) if "room" in {f.name for f in fields(kind)}}
        self.assertEqual(of_seats - {*ARRIVALS, *WAITED_FOR}, SEAT_REQUESTS.keys())

    def test_what(self) -> None:
        """Logs name a request by the message that it came by, and know who asks."""
        requester = Requester(FakeSession("ann"), FakeSession("ann").user, 1)
        request = SEAT_REQUESTS[messages.ChatMessage](requester, "1", messages.ChatMessage("hello"))
        self.assertEqual((request.what, request.asked_by), ("chat", requester))
