"""How rooms begin and end for those who have seats: starts, leaving, kicks, other owners, a node that stops."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import txaio
from twisted.internet.testing import MemoryReactorClock

from gameserver import Game, Player, message
from gameserver.errors import StoreUnavailable
from gameserver.game.function import game_from_module
from gameserver.protocol.messages import Close
from gameserver.room import row
from gameserver.service import Node as Service
from gameserver.settings.settings import Settings
from tests.websocket.kit import Message, Peer, WireTestCase
from tests.websocket.sockets import Node

CALLED: list[str] = []


def payload_handler(group_add: Any, socket_self_send: Any, socket_group_send: Any, payload: Any) -> Any:
    """Tell what it was called with."""
    CALLED.append(payload["action"])
    payload["state"]["calls"] = payload["state"].get("calls", 0) + 1
    if payload["action"] == "all":
        socket_group_send("room", {"type": "told", "data": payload["data"]})
        socket_self_send("bare")
    return payload["data"]


FUNCTION = ModuleType("oldest")
FUNCTION.payload_handler = payload_handler  # type: ignore[attr-defined]


class Startable(Game):
    """Counts its starts."""

    name = "startable"
    min_players = 1

    def on_start(self) -> None:
        self.secret["starts"] = self.secret.get("starts", 0) + 1
        self.send("started", self.secret["starts"])

    @message
    def throw_out(self, player: Player, who: Player, ban: bool) -> None:
        self.kick(who, ban=ban)

    @message
    def shut(self, player: Player, reason: str = "closed") -> None:
        self.close(reason)

    @message
    def add(self, player: Player) -> int:
        self.state["n"] = self.state.get("n", 0) + 1
        return int(self.state["n"])


class Relaxed(Startable):
    """Effects at once."""

    name = "relaxed"
    durability = "relaxed"


class Fleeting(Startable):
    """Never stored."""

    name = "fleeting"
    durability = "none"


class LivesTestCase(WireTestCase):
    games = (Startable, Relaxed, Fleeting, game_from_module(FUNCTION))

    def pair(self, game: str = "startable") -> tuple[Peer, Peer]:
        """:returns: a host and a guest in one room."""
        ann = self.rig.guest("Ann").create(game)
        bob = self.rig.guest("Bob").join(ann.room)
        ann.take()
        return ann, bob

    def left(self, heard: list[Message]) -> list[tuple[str, str | None]]:
        """:returns: reason and text of each ``left``."""
        return [(m["reason"], m["message"]) for m in heard if m["op"] == "left"]


class FunctionTests(LivesTestCase):
    def setUp(self) -> None:
        super().setUp()
        CALLED.clear()

    def test_actions_of_the_framework(self) -> None:
        """A client cannot send the framework's own actions, in any writing; the function never hears of it."""
        ann = self.rig.guest("Ann").create("oldest")
        del CALLED[:]
        for id, type in enumerate(("CREATE_ROOM", "JOIN_ROOM", "LEAVE_ROOM", "DROP", "RESUME", "TIMER", "CHAT", "START",
                                   "ADMIN", "A", "T1MER", "TIMER "), 2):  # fmt: skip
            self.assert_error(ann.ask("send", id=id, type=type, data={"text": "x"}), "forbidden", id)
        self.assertEqual(CALLED, [])
        self.assertEqual(ann.ask("send", id=20, type="Timer", data=1)["data"], 1)

    def test_events_and_reply(self) -> None:
        """A dict with a type is an event of that type; any other value one of type ``message``; then the answer."""
        ann, bob = self.pair("oldest")
        heard = ann.say("send", id=2, type="all", data={"x": [1, None]})
        events = [(m["type"], m["data"]) for m in heard if m["op"] == "event"]
        self.assertEqual(events, [("told", {"x": [1, None]}), ("message", "bare")])
        self.assertEqual(heard[-1], {"op": "ok", "id": 2, "data": {"x": [1, None]}, "room": ann.room})
        self.assertEqual([m["type"] for m in bob.take() if m["op"] == "event"], ["told"])


class StartTests(LivesTestCase):
    def test_exactly_once(self) -> None:
        """A start that is sent again, across a crash as well, starts once and is answered the same."""
        ann, bob = self.pair()
        first = ann.ask("start", id=2)
        self.assertEqual(first, {"op": "ok", "id": 2, "data": None, "room": ann.room})
        self.assertEqual(ann.ask("start", id=2), first)
        self.assert_error(ann.ask("start", id=3), "refused", 3)
        self.assertEqual([m["data"] for m in bob.take() if m["op"] == "event"], [1])
        self.rig.crash()
        back = ann.again()
        back.resume(ann.room, ann.secret)
        self.assertEqual(back.ask("start", id=2), first)
        self.assertEqual(self.rig.runner(ann.room).room.docs["secret"].root["starts"], 1)

    def test_not_the_host(self) -> None:
        """Nobody else starts it, whatever the room is called."""
        ann, bob = self.pair()
        for id, room in enumerate((None, ann.room), 2):
            self.assert_error(bob.ask("start", id=id, room=room), "forbidden", id)
        self.assertEqual([m for m in ann.take() if m["op"] == "event"], [])


class LeavingTests(LivesTestCase):
    def test_for_all_tabs(self) -> None:
        """Every tab hears it, the answer comes last, and none of them has the seat any more."""
        ann, bob = self.pair()
        tab = bob.again(client=None).join(ann.room)
        bob.take()
        heard = bob.say("leave", id=5)
        self.assertEqual((self.left(heard), self.ops(heard)[-1]), ([("left", None)], "ok"))
        self.assertEqual(self.left(tab.take()), [("left", None)])
        for peer in (bob, tab):
            self.assert_error(peer.ask("send", id=6, type="add"), "not_found", 6)
            self.assert_error(peer.ask("leave", id=7, room=ann.room), "not_found", 7)
        (gone,) = [s for m in ann.take() if m["op"] == "seats" for s in m["seats"]]
        self.assertEqual((gone["id"], gone["gone"]), (bob.seat, True))
        again = bob.ask("join", id=8, room=ann.room)
        self.assertNotEqual(again["seat"]["id"], bob.seat)

    def test_closing_a_socket_is_not_leaving(self) -> None:
        """The seat is held, and seen as away."""
        ann, bob = self.pair()
        bob.drop()
        (away,) = [s for m in ann.take() if m["op"] == "seats" for s in m["seats"]]
        self.assertEqual((away["online"], away["gone"]), (False, False))
        self.assertEqual(bob.again().join(ann.room).seat, bob.seat)

    def test_host_passes_on(self) -> None:
        """When the host leaves, who has sat there longest is host."""
        ann, bob = self.pair()
        ann.say("leave", id=2)
        seats = {s["id"]: s["host"] for m in bob.take() if m["op"] == "seats" for s in m["seats"]}
        self.assertTrue(seats[bob.seat])

    def test_kicked_and_banned(self) -> None:
        """Who is kicked may come back to a new seat; who is banned may not, on any connection."""
        ann, bob = self.pair()
        tab = bob.again(client=None).join(ann.room)
        ann.say("send", id=2, type="throw_out", data={"who": bob.seat, "ban": False})
        self.assertEqual([self.left(p.take()) for p in (bob, tab)], [[("kicked", None)]] * 2)
        before, secret = bob.seat, bob.secret
        bob.join(ann.room, id=3)
        self.assertNotEqual(bob.seat, before)
        self.assert_error(tab.ask("resume", id=4, room=ann.room, resume=secret), "not_found", 4)
        ann.say("send", id=3, type="throw_out", data={"who": bob.seat, "ban": True})
        self.assertEqual(self.left(bob.take()), [("banned", None)])
        self.assert_error(bob.again().ask("join", id=1, room=ann.room), "forbidden", 1)
        self.rig.crash()
        self.assert_error(bob.again().ask("join", id=1, room=ann.room), "forbidden", 1)

    def test_closed(self) -> None:
        """All hear the reason; the room is gone, and its code too."""
        ann, bob = self.pair()
        heard = ann.say("send", id=2, type="shut", data={"reason": "Good night."})
        self.assertEqual(self.left(heard), [("closed", "Good night.")])
        self.assertEqual(len([m for m in heard if m.get("id") == 2]), 1)
        self.assertEqual(self.left(bob.take()), [("closed", "Good night.")])
        self.assert_error(bob.ask("join", id=3, room=ann.room), "not_found", 3)

    def test_nobody_there(self) -> None:
        """A room where nobody is closes after an hour."""
        ann, _ = self.pair()
        for peer in list(self.rig.peers):
            peer.drop()
        self.rig.advance(3700)
        self.assert_error(ann.again().ask("join", id=1, room=ann.room), "not_found", 1)


class DurabilityTests(LivesTestCase):
    def take_over(self, room: str | None) -> None:
        """Another node opens this room."""
        (stored,) = self.successResultOf(self.rig.store.open_rooms([self.rig.runner(room).room.id]))
        self.assertGreater(stored.fence, 1)

    def test_relaxed(self) -> None:
        """Effects go out at once; the row follows within half a second; what was not written is gone with a crash."""
        ann, _ = self.pair("relaxed")
        self.rig.advance(1)
        self.rig.store.hold()
        self.assertEqual(ann.ask("send", id=2, type="add")["data"], 1)
        self.rig.advance(0.6)
        self.assertGreaterEqual(self.rig.store.in_flight, 1)
        self.rig.store.release()
        ann.ask("send", id=3, type="add")
        self.rig.crash()
        back = ann.again()
        back.resume(ann.room, ann.secret)
        self.assertEqual((back.joined["docs"]["room"], back.joined["last_id"]), ({"n": 1}, 2))

    def test_relaxed_encodes_once_a_commit(self) -> None:
        """However many steps half a second has, what they changed is encoded when it is stored, and once."""
        ann, _ = self.pair("relaxed")
        self.rig.advance(1)
        taken: list[object] = []
        self.patch(row, "take", lambda room, take=row.take: taken.append(room) or take(room))
        for id in range(2, 12):
            self.assertEqual(ann.ask("send", id=id, type="add")["data"], id - 1)
        before = len(taken)
        self.rig.advance(0.6)
        self.rig.advance(0.6)
        self.assertEqual((before, len(taken)), (0, 1))
        self.rig.crash()
        back = ann.again()
        back.resume(ann.room, ann.secret)
        self.assertEqual((back.joined["docs"]["room"], back.joined["last_id"]), ({"n": 10}, 11))

    def test_relaxed_five_seconds_behind(self) -> None:
        """Once the row is five seconds behind inputs wait; when the store is back they are answered."""
        ann, _ = self.pair("relaxed")
        self.rig.advance(1)
        self.rig.store.fail = StoreUnavailable("away")
        ann.ask("send", id=2, type="add")
        self.rig.advance(7)
        self.assertEqual(ann.say("send", id=3, type="add"), [])
        self.rig.store.fail = None
        self.rig.advance(5)
        self.assertEqual([m["data"] for m in ann.take() if m["op"] == "ok"], [2])

    def test_none(self) -> None:
        """Nothing is stored, and nobody waits for the store; after a crash there is no room."""
        self.rig.store.hold()
        ann = self.rig.guest("Ann")
        ann.post("create", id=1, game="fleeting")
        self.rig.store.release(1)  # the code is claimed
        ann._seated(ann.take())
        self.assertEqual(ann.ask("send", id=2, type="add")["data"], 1)
        self.assertEqual(self.rig.store.in_flight, 0)
        self.rig.crash()
        self.assert_error(ann.again().ask("resume", id=1, room=ann.room, resume=ann.secret), "not_found", 1)

    def test_moved(self) -> None:
        """Another owner has the room: ``left`` with ``moved``, nothing of the lost step, and the session stays."""
        ann, bob = self.pair()
        self.take_over(ann.room)
        heard = ann.say("send", id=2, type="add")
        self.assertEqual(self.ops(heard), ["left"])
        self.assertEqual(self.left(heard), [("moved", None)])
        self.assertEqual(self.left(bob.take()), [("moved", None)])
        self.assertIsNone(ann.closed)
        self.assertEqual(ann.say("ping", at=1)[0]["op"], "pong")

    def test_moved_with_requests_that_wait(self) -> None:
        """A request that was never applied gets no final answer from the node that lost the room."""
        ann, bob = self.pair()
        self.rig.store.fail = StoreUnavailable("away")
        ann.post("send", id=2, type="add")
        self.rig.settle()
        bob.post("send", id=2, type="add")
        self.rig.store.fail = None
        self.take_over(ann.room)
        self.rig.advance(3)
        heard = bob.take()
        self.assertEqual(self.left(heard), [("moved", None)])
        self.assertLessEqual({m["code"] for m in heard if m["op"] == "error"}, {"busy", "draining"})


class StopTests(LivesTestCase):
    def setUp(self) -> None:
        super().setUp()
        txaio.use_twisted()
        self.patch(txaio.config, "loop", self.rig.time)  # Autobahn's timers ask neither factory nor protocol

    def test_clean_stop(self) -> None:
        """What is under way is stored and answered, then every socket is closed with 4010; all within five seconds."""
        node = Node(self.rig)
        reactor = MemoryReactorClock()  # type: ignore[no-untyped-call]
        reactor.callLater = self.rig.time.callLater  # type: ignore[method-assign]
        folder = Path(self.mktemp())
        folder.mkdir()
        settings = Settings(listen=("tcp:8080",), data=folder)
        service = Service(settings, self.rig.registry, node.endpoint, node.site, self.rig.clock, reactor)
        service.startService()
        self.rig.settle()
        self.assertEqual([server[0] for server in reactor.tcpServers], [8080])
        ann = node.dial().hello("Ann")
        room = ann.say("create", id=1, game="startable")[0]["room"]
        silent = node.dial()
        self.rig.store.hold()
        ann.say("send", id=2, type="add")
        self.assertEqual(ann.take(), [])
        stopped: list[Any] = []
        service.stopService().addBoth(stopped.append)
        self.rig.advance(0.1)
        self.assertEqual([m["code"] for m in ann.say("send", id=3, type="add")], ["draining"])
        self.rig.store.release()
        self.rig.advance(1)
        self.assertEqual([m["data"] for m in ann.take() if m["op"] == "ok"], [1])
        self.assertEqual((ann.closed, silent.take(), silent.closed), (Close.GOING, [], Close.GOING))
        self.assertEqual(stopped, [None])
        self.rig.crash()
        self.assertEqual(self.rig.runner(room).room.docs["room"].root, {"n": 1})

    def test_stop_while_the_store_is_away(self) -> None:
        """A store that never answers does not hold the stop up: sockets are closed with 4010 within five seconds."""
        node = Node(self.rig)
        reactor = MemoryReactorClock()  # type: ignore[no-untyped-call]
        reactor.callLater = self.rig.time.callLater  # type: ignore[method-assign]
        folder = Path(self.mktemp())
        folder.mkdir()
        settings = Settings(listen=("tcp:8080",), data=folder)
        service = Service(settings, self.rig.registry, node.endpoint, node.site, self.rig.clock, reactor)
        service.startService()
        self.rig.settle()
        self.assertEqual([server[0] for server in reactor.tcpServers], [8080])
        ann = node.dial().hello("Ann")
        ann.say("create", id=1, game="startable")
        self.rig.store.hold()
        ann.say("send", id=2, type="add")
        stopped: list[Any] = []
        service.stopService().addBoth(stopped.append)
        for _ in range(10):
            self.rig.advance(0.5)
            ann.settle()
        self.assertEqual((len(stopped), ann.closed), (1, Close.GOING))
        self.assertEqual([m for m in ann.take() if m["op"] == "ok"], [])
