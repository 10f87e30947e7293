"""What clients send while a step of their room lasts: it waits its turn, whatever the step does to their seats."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from gameserver import Game, Player, Refused, message
from tests.websocket.kit import WireTestCase


class Bouncer(Game):
    """Throws players out, and takes its time about it."""

    needs_start = False
    waits: list[Deferred[Any]] = []

    @message
    async def throw_out(self, player: Player, other: Player, keep: bool) -> None:
        self.kick(other)
        waits: Deferred[None] = Deferred()
        self.waits.append(waits)
        await waits
        if keep:
            raise Refused("stay")

    @message
    def echo(self, player: Player, text: str) -> str:
        return text


class SeatInDoubtTests(WireTestCase):
    games = (Bouncer,)

    def setUp(self) -> None:
        super().setUp()
        Bouncer.waits.clear()
        self.host = self.rig.guest("Ann").create("bouncer")
        self.other = self.rig.guest("Bob").join(self.host.room)
        self.host.take()

    def throw_out(self, *, keep: bool) -> None:
        self.host.say("send", id=2, type="throw_out", data={"other": self.other.seat, "keep": keep})
        self.assertEqual(self.other.say("send", id=2, type="echo", data={"text": "hi"}), [])
        Bouncer.waits.pop().callback(None)

    def test_seat_is_gone(self) -> None:
        self.throw_out(keep=False)
        *_, left, error = self.other.take()
        self.assertEqual(left["op"], "left")
        self.assert_error(error, "not_found", 2)

    def test_seat_stays(self) -> None:
        """The step came to nothing: what was said meanwhile is applied as ever."""
        self.throw_out(keep=True)
        self.assertEqual(self.other.take()[-1], {"op": "ok", "id": 2, "data": "hi", "room": self.other.room})
