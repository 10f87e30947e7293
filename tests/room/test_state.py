"""What a room keeps: how it is stored, and what follows from a change of it."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from gameserver.room import marks, stored
from gameserver.room.journal import Journal
from gameserver.room.state import (
    Answer,
    Armed,
    Asked,
    Ban,
    ChannelPart,
    ChatState,
    GroupState,
    Kept,
    Moment,
    RoomState,
    SeatState,
    TeamPart,
    TeamsState,
    TimersState,
)
from gameserver.store import keys


def room_state() -> RoomState:
    """:returns: one in which nothing is as it begins, with values that JSON alone cannot hold."""
    return RoomState(
        version=3,
        key=bytes(range(16)),
        created=1.5,
        options={"picture": b"\x00", "$cost": 1},
        result={"of": [b"\xff"]},
        groups={"red": GroupState({"2": None, "1": None}, True)},
        questions={"bid": Asked(("1", "2"), 7.0, {"1": Answer(b"\x01", 0.5)})},
        host="2",
        teams=TeamsState({"red": TeamPart("red", "Red", "#f00", 2)}, "chosen", "none", 4),
    )


def timers_state() -> TimersState:
    armed = Armed("ring", "1", 9.0, None, False, True, "game", {"bell": b"\x02"}, 1)
    return TimersState({("1", "ring"): armed}, order=1)


class StoredTests(SynchronousTestCase):
    def test_each_part(self) -> None:
        """Whatever shape a field has in memory, it is the same after it was stored."""
        seat = SeatState(id="1", user_id="u", name="Ann", profile={"face": b"\x03"}, role="player", number=0, hold_s=5)
        chat = ChatState({"channel:x": ChannelPart("channel:x", "room", "X")}, {"1": None}, bans={"u": Ban("Ann")})
        parts: tuple[Kept, ...] = (room_state(), timers_state(), seat, chat)
        for part in parts:
            with self.subTest(type(part).__name__):
                self.assertEqual(stored.decode(stored.encode(part), type(part)), part)

    def test_forms(self) -> None:
        """Lists where only the keys of a dict matter, or where its values tell them; bytes as documents have them."""
        tree = stored.tree(room_state())
        self.assertEqual(tree["groups"], {"red": {"members": ["2", "1"], "public": True}})
        self.assertEqual(tree["options"], {"picture": {"$bytes": "AA=="}, "$$cost": 1})
        self.assertEqual(tree["questions"]["bid"]["answers"]["1"]["value"], {"$bytes": "AQ=="})
        self.assertEqual([team["name"] for team in tree["teams"]["teams"]], ["red"])
        self.assertEqual([timer["name"] for timer in stored.tree(timers_state())["armed"]], ["ring"])

    def test_what_is_no_part(self) -> None:
        """An error that says so, whatever it is."""
        for content in (b"[]", b"1", b'{"groups": 1}', b'{"questions": {"q": 1}}', b"{}"):
            with self.subTest(content), self.assertRaises((ValueError, LookupError)):
                stored.decode(content, RoomState)


class ChangeTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.journal = Journal()
        self.journal.stale.info = False
        self.journal.stale.due_at = 5.0

    def test_set(self) -> None:
        """What a field names is marked, its part is to be stored, and it can be undone."""
        state = room_state()
        self.journal.set(state, "phase", "night")
        self.assertTrue(self.journal.stale.info)
        self.assertEqual((self.journal.stale.due_at, self.journal.parts.dirty), (5.0, {keys.ROOM}))
        self.journal.set(state, "status", "playing")
        self.assertEqual(self.journal.stale.due_at, marks.LOOK)
        self.journal.rollback()
        self.assertEqual(state, room_state())

    def test_who_is_let_in(self) -> None:
        """Whatever newcomers find a seat by marks that: nobody looks at a room of which none of it changed."""
        for field in ("status", "locked", "options", "next", "next_seat", "places", "places_until"):
            self.journal.stale.admits = False
            self.journal.set(room_state(), field, None)
            self.assertTrue(self.journal.stale.admits, field)
        self.journal.stale.admits = False
        self.journal.set(room_state(), "phase", "night")
        self.assertFalse(self.journal.stale.admits)
        self.journal.set(Moment(now=0.0), "closing", "enough")
        self.assertTrue(self.journal.stale.admits)

    def test_what_nobody_is_told(self) -> None:
        """A field that names nothing marks its part alone."""
        self.journal.set(room_state(), "spent", 4)
        self.assertEqual((self.journal.stale.info, self.journal.parts.dirty), (False, {keys.ROOM}))

    def test_seats(self) -> None:
        """Who became host, who was it, and who came into a group or left it."""
        state = room_state()
        self.journal.set(state, "host", "3")
        self.assertEqual(set(self.journal.stale.seats), {"2", "3"})
        self.journal.put_in(state.groups["red"], "members", "4", None)
        self.journal.remove_from(state.groups["red"], "members", "1")
        self.assertEqual(set(self.journal.stale.moved), {"1", "4"})
        self.assertTrue(self.journal.stale.groups)
        self.journal.rollback()
        self.assertEqual(state, room_state())

    def test_timers(self) -> None:
        """A timer that is armed may be shown, and something may be due earlier."""
        state = timers_state()
        self.journal.remove_from(state, "armed", ("1", "ring"))
        self.assertEqual(self.journal.stale.timers, {("1", "ring")})
        self.assertEqual((self.journal.stale.due_at, self.journal.parts.dirty), (marks.LOOK, {keys.timer("1", "ring")}))
