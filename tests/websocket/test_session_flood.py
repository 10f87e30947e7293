"""A thousand lines a second from one client: its socket is closed, and other rooms do nothing for it."""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any

from gameserver import Chat, Game, Player, message
from tests.websocket.kit import Peer, WireTestCase


class Busy(Game):
    """A room where people write and play."""

    name = "busy"
    needs_start = False

    @message
    def play(self, player: Player) -> None:
        self.state["moves"] = self.state.get("moves", 0) + 1

    def on_chat(self, player: Player, chat: Chat) -> None:
        self.secret["lines"] = self.secret.get("lines", 0) + 1


class FloodTests(WireTestCase):
    games = (Busy,)

    def room(self, *names: str) -> list[Peer]:
        first = self.rig.guest(names[0]).create("busy")
        return [first, *(self.rig.guest(name).join(first.room) for name in names[1:])]

    def calls_of(self, room: Any, act: Any) -> int:
        """:returns: the calls of our code during ``act`` that were made for this room, by whatever it is given."""
        calls: Counter[str] = Counter()

        def count(frame: Any, event: str, _: Any) -> None:
            if event == "call" and "gameserver" in frame.f_code.co_filename:
                about = frame.f_locals.get("room") or getattr(frame.f_locals.get("self"), "_room", None)
                about = about or getattr(frame.f_locals.get("self"), "room", None)
                if about is room:
                    calls[frame.f_code.co_name] += 1

        sys.setprofile(count)
        try:
            act()
        finally:
            sys.setprofile(None)
        return sum(calls.values())

    def play(self, peer: Peer, first_id: int) -> None:
        for n in range(10):
            peer.say("send", id=first_id + n, type="play")
            peer.say("chat", id=first_id + 50 + n, text=f"line {first_id} {n}")
            self.rig.advance(0.1)

    def test_flooder_loses_its_socket(self) -> None:
        """With 4008, after what a burst may be; those in its room hear no more than its rate lets through."""
        ann, bob = self.room("Ann", "Bob")
        bob.take()
        for n in range(1000):
            if ann.closed is None:
                ann.post("chat", id=n + 2, text=f"spam {n}")
            self.rig.advance(0.001)
        self.assertEqual(ann.closed, 4008)
        heard = [m for m in bob.take() if m["op"] == "chat"]
        self.assertLessEqual(len(heard), 2 * 20 + 20)
        self.assertGreaterEqual(len(heard), 40)

    def test_it_stays_muted(self) -> None:
        """It may come back, and is not heard."""
        ann, bob = self.room("Ann", "Bob")
        for n in range(200):
            ann.post("chat", id=n + 2, text=f"spam {n}")
        bob.take()
        self.rig.advance(5)
        answer = ann.ask("chat", id=1000, text="calm")
        self.assert_error(answer, "muted", 1000)
        self.assertNotIn("chat", self.ops(bob.take()))

    def test_other_rooms_pay_nothing(self) -> None:
        """What another room does for its own players is the same, call by call, with and without the flood."""
        ann, _ = self.room("Ann", "Bob")
        cleo, _ = self.room("Cleo", "Dan")
        room = self.rig.runner(cleo.room).room

        def quiet() -> None:
            self.play(cleo, 100)

        def flooded() -> None:
            for n in range(1000):
                if ann.closed is None:
                    ann.post("chat", id=n + 2, text=f"spam {n}")
            self.play(cleo, 300)

        quiet()  # what is done once alone is done here
        self.rig.advance(60)
        without = self.calls_of(room, lambda: self.play(cleo, 200))
        self.rig.advance(60)
        self.assertEqual(self.calls_of(room, flooded), without)
        self.assertEqual(ann.closed, 4008)
        self.assertGreater(without, 500)
