"""``payload["room"]``: a dict as any other, whose users are made when they are read."""

from __future__ import annotations

import copy
import json
from types import ModuleType
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Refused
from gameserver.game import function_room
from gameserver.protocol import values
from gameserver.testing import Table

KEYS = ["id", "code", "game", "users", "host"]


def handler(group_add: Any, socket_self_send: Any, socket_group_send: Any, payload: dict[str, Any]) -> Any:
    """Read what the message names."""
    room = payload["room"]
    reads = {
        "nothing": lambda: None,
        "code": lambda: len(room["code"]) > 0,
        "users": lambda: [user["name"] for user in room["users"]],
        "host": lambda: room["host"] == payload["user"]["id"],
        "json": lambda: list(json.loads(json.dumps(room))),
        "wire": lambda: list(json.loads(values.encode(values.plain(room)))),
        "copies": lambda: [list(c) for c in (dict(room), {**room}, room.copy(), copy.deepcopy(room), room | {})],
        "looks": lambda: [
            *("users" in room, len(room), list(room), list(room.keys()), [key for key, _ in room.items()]),
            *(room == dict(room), room.get("none") is None, len(list(room.values()))),
        ],
        "changed": lambda: (room.update(users=1), room["users"])[1],
        "set": lambda: (room.__setitem__("host", 7), room["users"] and room["host"])[1],
        "missing": lambda: room["missing"],
    }
    read = reads.get(payload["action"])
    return read() if read is not None else None


class RoomFactsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.made = 0
        as_user = function_room.as_user

        def counted(player: Any) -> Any:
            self.made += 1
            return as_user(player)

        self.patch(function_room, "as_user", counted)
        game = ModuleType("rooms_of_facts")
        game.payload_handler = handler  # type: ignore[attr-defined]
        self.table = Table(game, raises=False)
        self.ann, _, _ = (self.table.join(name) for name in ("Ann", "Bob", "Cleo"))
        self.made = 0

    def test_not_made_unless_read(self) -> None:
        """A call that does not read them costs the same, however many are there."""
        self.ann.send("nothing")
        self.assertTrue(self.ann.send("code"))
        self.assertEqual(self.made, 0)

    def test_read(self) -> None:
        """They are made once, when they are read."""
        self.assertEqual(self.ann.send("users"), ["Ann", "Bob", "Cleo"])
        self.assertEqual(self.made, 3)
        self.assertTrue(self.ann.send("host"))

    def test_whole(self) -> None:
        """Looked at as a whole, it is a plain dict with all of its keys, in their order."""
        self.assertEqual(self.ann.send("json"), KEYS)
        self.assertEqual(self.ann.send("wire"), KEYS)
        self.assertEqual(self.ann.send("copies"), [KEYS] * 5)
        self.assertEqual(self.ann.send("looks"), [True, 5, KEYS, KEYS, KEYS, True, True, 5])

    def test_changed(self) -> None:
        """What a function puts there itself stays."""
        self.assertEqual(self.ann.send("changed"), 1)
        self.assertEqual(self.ann.send("set"), 7)

    def test_missing(self) -> None:
        """A key that is not there is an error, as ever."""
        refused = self.assertRaises(Refused, self.ann.send, "missing")
        self.assertIsInstance(refused.__cause__, KeyError)
        self.flushLoggedErrors(KeyError)
