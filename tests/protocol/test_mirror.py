"""What a client knows of a room, from what it is told; how a real client uses it is in `tests.test_client`."""

from __future__ import annotations

from typing import Any

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from gameserver.protocol.messages import Joined
from gameserver.protocol.mirror import Mirror, OutOfStep

SEAT = {"number": 0, "role": "player"}
INFO = {
    "status": "lobby",
    "phase": None,
    "locked": False,
    "paused": False,
    "options": {},
    "result": None,
    "answered": {},
    "asked": {},
}


def channel(to: str, stream: str) -> dict[str, Any]:
    return {"to": to, "stream": stream, "title": to, "closed": False, "readonly": False, "slow_s": 0}


def line(n: int, text: str, stream: str = "room") -> dict[str, Any]:
    return {"op": "chat", "stream": stream, "n": n, "from": None, "to": "room", "text": text, "data": None, "at": n}


def joined(**fields: Any) -> Joined:
    told = {
        "op": "joined",
        "id": 1,
        "room": "K7QM",
        "game": "dice",
        "seat": {"id": "s1", "resume": "secret", **SEAT},
        "recovered": None,
        "last_id": 1,
        "info": INFO,
        "docs": {"room": {"n": 0}},
        "seats": [],
        "timers": [],
        "chat": [],
        "seen": {"epoch": "e", "room": 4},
        "channels": [channel("room", "room")],
    }
    return msgspec.convert({**told, **fields}, Joined)


class MirrorTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.mirror = Mirror(joined())

    def hear(self, op: str, n: int | None = None, stream: str = "room", **fields: Any) -> Any:
        counted = {} if n is None else {"n": n}
        return self.mirror.hear({"op": op, "room": "K7QM", "stream": stream, **counted, **fields})

    def test_patches_in_order(self) -> None:
        """The next message is applied, and counted."""
        self.hear("patch", 5, ops=[[0, ["n"], 1]])
        self.assertEqual((self.mirror.docs["room"], self.mirror.seen), ({"n": 1}, {"epoch": "e", "room": 5}))

    def test_known_message_changes_nothing(self) -> None:
        """What was heard before is not applied again, and is no event."""
        self.hear("patch", 4, ops=[[0, ["n"], 1]])
        self.assertIsNone(self.hear("event", 4, type="roll", data=6))
        self.assertEqual(self.mirror.docs["room"], {"n": 0})

    def test_missing_message(self) -> None:
        """A gap is told, and what came behind it is neither applied nor counted."""
        error = self.assertRaises(OutOfStep, self.hear, "event", 6, type="roll", data=6)
        self.assertEqual((str(error), error.broken), ("event 6 of room came after 4", False))
        self.assertEqual(self.mirror.counts, {"room": 4})

    def test_patch_that_does_not_fit(self) -> None:
        """Only whole documents help then."""
        self.assertTrue(self.assertRaises(OutOfStep, self.hear, "patch", 5, ops=[[1, ["x"]]]).broken)
        self.mirror.join(joined(docs={"room": {"n": 9}}, seen={"epoch": "e", "room": 9}))
        self.assertEqual((self.mirror.docs, self.mirror.counts), ({"room": {"n": 9}}, {"room": 9}))

    def test_events(self) -> None:
        """An event is returned, with its number or volatile."""
        self.assertEqual(self.hear("event", 5, type="roll", data=6).data, 6)
        self.assertEqual(self.hear("event", type="cursor", data=[1, 2]).type, "cursor")

    def test_what_no_mirror_keeps(self) -> None:
        """Typing, and what later servers may tell, is passed over."""
        self.assertIsNone(self.hear("typing", seat="s1", to="room", on=True))
        self.assertIsNone(self.hear("later", 77))

    def test_group_left(self) -> None:
        """With a stream end its document, its timers, its channels and its lines."""
        self.hear(**line(5, "all"))
        self.hear(
            "doc",
            1,
            "group:red",
            doc={"x": 1},
            chat=[line(1, "hi", "group:red")],
            channels=[channel("red", "group:red")],
        )
        self.hear("timer", 2, "group:red", name="vote", ends=1000, paused_ms=None)
        self.assertEqual(set(self.mirror.channels), {"room", "red"})
        self.hear("doc", 3, "group:red", doc=None, chat=[])
        known = (set(self.mirror.docs), self.mirror.timers, set(self.mirror.channels), set(self.mirror.counts))
        self.assertEqual(known, ({"room"}, {}, {"room"}, {"room"}))
        self.assertEqual([each.text for each in self.mirror.chat], ["all"])

    def test_lines_changed_and_taken_back(self) -> None:
        """A changed line has its new text, data and mentions; one that was taken back is gone."""
        self.hear(**line(5, "helo"))
        self.hear(**line(6, "oops"))
        self.hear("edited", 7, line=5, text="hello @Bob", data=None, at=9, mentions=["s2"])
        self.hear("edited", 8, line=6, text=None, data=None, at=9)
        (kept,) = self.mirror.chat
        self.assertEqual((kept.text, kept.mentions, kept.edited), ("hello @Bob", ["s2"], 9))

    def test_newest_lines_are_kept(self) -> None:
        """As many as whoever keeps the mirror wants."""
        self.mirror = Mirror(joined(), chat_lines=2)
        for n in range(5, 9):
            self.hear(**line(n, str(n)))
        self.assertEqual([each.text for each in self.mirror.chat], ["7", "8"])

    def test_paused_timers_are_kept(self) -> None:
        """A timer is gone when it has neither a deadline nor a rest."""
        self.hear("timer", 5, name="turn", ends=None, paused_ms=300)
        self.assertEqual(self.mirror.timers["room", "turn"].paused_ms, 300)
        self.hear("timer", 6, name="turn", ends=None, paused_ms=None)
        self.assertEqual(self.mirror.timers, {})

    def test_read(self) -> None:
        """How far this user has read, with ``joined`` and since."""
        self.mirror.join(joined(read={"room": 2}))
        self.hear("read", to="room", upto=3)
        self.assertEqual(self.mirror.read, {"room": 3})
