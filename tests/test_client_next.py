"""How a client goes on with everybody in the next room."""

from __future__ import annotations

from gameserver.errors import ConnectionFailed, Refused
from tests.test_client import ClientTestCase, joined


class NextTests(ClientTestCase):
    def test_host(self) -> None:
        """The host's request fires with the room in which this client has a seat by then, with the same name."""
        room = self.in_room()
        asked = room.next_game("duel", {"size": 4})
        [said] = self.wire.take()
        self.assertEqual(
            said | {"id": 0}, {"op": "next", "id": 0, "room": "K7QM", "game": "duel", "options": {"size": 4}}
        )
        self.wire.say("left", room="K7QM", reason="next", message=None, next="XYZW", url=None)
        [join] = self.wire.take()
        self.assertEqual(join | {"id": 0}, {"op": "join", "id": 0, "room": "XYZW", "role": "player"})
        self.wire.say("ok", id=said["id"], data={"room": "XYZW"}, room="K7QM")
        self.assertNoResult(asked)
        self.wire.say("joined", **joined(join["id"], room="XYZW"))
        there = self.successResultOf(asked)
        self.assertEqual((there.code, room.next, list(self.client.rooms)), ("XYZW", there, ["XYZW"]))
        self.assertIs(self.successResultOf(room.when_next()), there)
        assert room.left is not None
        self.assertEqual((room.left.reason, room.left.next), ("next", "XYZW"))

    def test_away_meanwhile(self) -> None:
        """Whoever comes back to the old room is led to the new one; a request for that is done by then."""
        room = self.in_room()
        waiting, asked = room.when_next(), room.next_game("duel")
        self.lose()
        [resume] = self.come_back()
        self.wire.say("redirect", id=resume["id"], room="XYZW", url=None)
        [join] = self.wire.take()
        self.assertEqual((join["op"], join["room"], join["role"]), ("join", "XYZW", "player"))
        self.wire.say("joined", **joined(join["id"], room="XYZW"))
        for each in (waiting, asked):
            self.assertEqual(self.successResultOf(each).code, "XYZW")

    def test_no_seat(self) -> None:
        """Who gets no seat there is told why, now and later."""
        room = self.in_room()
        waiting = room.when_next()
        self.wire.say("left", room="K7QM", reason="next", message=None, next="XYZW", url=None)
        [join] = self.wire.take()
        self.wire.say("error", id=join["id"], code="room_full", message="Full.", path=None)
        for each in (waiting, room.when_next()):
            self.assertEqual(self.failureResultOf(each, Refused).value.code, "room_full")
        self.assertIsNone(room.next)

    def test_no_next(self) -> None:
        """Where the seat is gone otherwise there is no next room."""
        room = self.in_room()
        waiting = room.when_next()
        self.wire.say("left", room="K7QM", reason="kicked", message=None)
        self.failureResultOf(waiting, ConnectionFailed)
        closed = self.client.create("trivia")
        [create] = self.wire.take()
        self.wire.say("joined", **joined(create["id"], room="BCDF"))
        waiting = self.successResultOf(closed).when_next()
        self.client.close()
        self.failureResultOf(waiting, ConnectionFailed)

    def test_old_code(self) -> None:
        """A room that is joined by its old code is the new one, with the same wish."""
        wire = self.connected()
        asked = self.client.join("K7QM", role="screen", name="TV")
        wire.take()
        wire.say("redirect", id=1, room="XYZW", url=None)
        [join] = wire.take()
        self.assertEqual(join | {"id": 1}, {"op": "join", "id": 1, "room": "XYZW", "role": "screen", "name": "TV"})
        wire.say("joined", **joined(join["id"], room="XYZW"))
        self.assertEqual(self.successResultOf(asked).code, "XYZW")
