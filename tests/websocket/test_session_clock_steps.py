"""
The wall clock is set, an hour back or forth: what is an age goes on by seconds that only grow.

`HOUR_S` is far more than any of these waits.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from twisted.internet.defer import Deferred

from gameserver import Game, Player, message, timer
from gameserver.interfaces import User
from gameserver.node.operators import Operators, RoomAct, SanctionWish
from gameserver.room.chat.records import Record
from gameserver.store.keys import CODE_REST_MS
from tests.websocket.kit import START_S, Message, Peer, WireTestCase

HOUR_S: Final = 3600.0
BOSS: Final = User("boss", "Boss", ("admin",))


class Pub(Game):
    """People talk, slowly."""

    name = "pub"
    needs_start = False
    hold_s = 1e6
    idle_close_s = None
    messages_per_s = 2
    chat_edit_s = 60
    chat_history_s = 600
    chat_repeats = 1

    def on_create(self, slow_s: float = 0.0) -> None:
        self.state["count"] = 0

    @message
    def add(self, player: Player) -> int:
        self.state["count"] += 1
        return int(self.state["count"])

    @message
    def dated(self, player: Player, s: float) -> None:
        self.at(datetime.fromtimestamp(START_S + s, UTC), self.ring)

    @message
    async def pause_for(self, player: Player) -> None:
        await Waits.on

    @timer
    def ring(self) -> None:
        self.state["rang"] = True


class Slow(Pub):
    name = "slow"
    chat_slow_s = 10.0
    chat_repeats = 0


class Relaxed(Pub):
    name = "relaxed"
    durability = "relaxed"
    messages_per_s = 100


class Smooth(Pub):
    name = "smooth"
    patch_hz = 2
    messages_per_s = 100


class Waits(Game):
    """Takes its time to come to be, and waits for ten seconds then."""

    name = "waits"
    needs_start = False
    on: Deferred[None] = Deferred()

    async def on_create(self) -> None:
        self.after(10, self.ring)
        await Waits.on

    @timer
    def ring(self) -> None:
        self.state["rang"] = True


def codes(messages: list[Message]) -> list[str]:
    """:returns: the codes of the errors, and the ops of what else is an answer."""
    return [m.get("code", m["op"]) for m in messages if m["op"] in ("ok", "error")]


class ClockCase(WireTestCase):
    games = (Pub, Slow, Relaxed, Smooth, Waits)
    step_s = -HOUR_S

    def two(self, game: str) -> tuple[Peer, Peer]:
        """:returns: the host and another, in a room of that game."""
        ann = self.rig.guest().create(game)
        bob = self.rig.guest("Bob").join(ann.room)
        ann.take(), bob.take()
        return ann, bob

    def step_clock(self) -> None:
        """Set the clock on the wall."""
        self.rig.step_clock(self.step_s)

    def count(self, room: str | None) -> int:
        return int(self.rig.runner(room).room.docs["room"].root["count"])


class RoomTests(ClockCase):
    def test_relaxed_is_stored(self) -> None:
        """A row that is half a second behind stays so; and inputs do not wait for a store that answers."""
        ann, _ = self.two("relaxed")
        ann.say("send", id=2, type="add")  # not stored yet when the clock is set
        self.step_clock()
        for id in range(3, 10):
            self.assertEqual(codes(ann.say("send", id=id, type="add")), ["ok"])
            self.rig.advance(0.3)
        self.rig.advance(0.5)
        room = ann.room
        self.rig.crash()
        self.assertEqual(self.count(room), 8)

    def test_relaxed_waits_for_a_store_that_is_away(self) -> None:
        """Five seconds after the oldest change that is not stored, whatever the clock on the wall says."""
        ann, _ = self.two("relaxed")
        self.rig.store.hold()
        ann.say("send", id=2, type="add")
        self.step_clock()
        self.rig.advance(4.5)
        self.assertEqual(codes(ann.say("send", id=3, type="add")), ["ok"])
        self.rig.advance(1)
        self.assertEqual(codes(ann.say("send", id=4, type="add")), [])
        self.rig.store.release()
        self.rig.advance(1)
        self.assertEqual(codes(ann.take()), ["ok"])

    def test_patches_of_their_own_time(self) -> None:
        """They come when they would have."""
        ann, bob = self.two("smooth")
        ann.say("send", type="add")
        bob.take()
        ann.say("send", type="add")
        self.step_clock()
        self.rig.advance(0.5)
        ann.say("send", type="add")
        self.rig.advance(0.5)
        told = [op for m in bob.take() if m["op"] == "patch" for op in m["ops"]]
        self.assertEqual(told[-1], [0, ["count"], 3])

    def test_rates(self) -> None:
        """As many messages as without the step, and no more."""
        ann, _ = self.two("pub")
        self.rig.advance(10)
        for id in range(2, 6):
            self.assertEqual(codes(ann.say("send", id=id, type="add")), ["ok"])
        self.step_clock()
        self.assertEqual(codes(ann.say("send", id=6, type="add")), ["rate_limited"])
        self.rig.advance(0.5)
        self.assertEqual(codes(ann.say("send", id=6, type="add")), ["ok"])

    def test_a_date_of_the_calendar(self) -> None:
        """That alone goes by the wall: it comes when the wall says so, and at once where it is past."""
        ann, _ = self.two("pub")
        ann.say("send", id=2, type="dated", data={"s": 1800})
        self.rig.step_clock(HOUR_S)
        self.assertIs(self.rig.runner(ann.room).room.docs["room"].root.get("rang"), True)
        self.setUp()
        ann, _ = self.two("pub")
        ann.say("send", id=2, type="dated", data={"s": 1800})
        self.rig.step_clock(-HOUR_S)
        self.rig.advance(HOUR_S + 1799)
        self.assertNotIn("rang", self.rig.runner(ann.room).room.docs["room"].root)
        self.rig.advance(1)
        self.assertIs(self.rig.runner(ann.room).room.docs["room"].root.get("rang"), True)

    def test_while_a_room_comes_to_be(self) -> None:
        """Its timers wait as long as others."""
        Waits.on = Deferred()
        ann = self.rig.guest()
        ann.post("create", id=1, game="waits")
        self.rig.settle()
        self.step_clock()
        Waits.on.callback(None)
        ann._seated(ann.take())
        self.rig.advance(9.9)
        self.assertEqual(self.rig.runner(ann.room).room.docs["room"].root, {})
        self.rig.advance(0.2)
        self.assertIs(self.rig.runner(ann.room).room.docs["room"].root.get("rang"), True)


class ChatTests(ClockCase):
    def test_slow_mode(self) -> None:
        """The wait is what is left of it."""
        _, bob = self.two("slow")
        bob.say("chat", id=2, text="one")
        self.rig.advance(4)
        self.step_clock()
        error = bob.ask("chat", id=3, text="two")
        self.assertEqual((error["code"], error["message"]), ("slow_down", "Slow mode: wait 6 seconds."))
        self.rig.advance(6)
        self.assertEqual(codes(bob.say("chat", id=4, text="two")), ["ok"])

    def test_saying_it_again(self) -> None:
        """The same line counts for a minute."""
        ann, _ = self.two("pub")
        ann.say("chat", id=2, text="one")
        self.step_clock()
        self.assertEqual(codes(ann.say("chat", id=3, text="One")), ["slow_down"])
        self.rig.advance(60)
        self.assertEqual(codes(ann.say("chat", id=4, text="one")), ["ok"])

    def test_typing(self) -> None:
        """It is shown again two seconds later."""
        ann, bob = self.two("pub")
        ann.say("typing")
        self.assertEqual(self.ops(bob.take()), ["typing"])
        self.step_clock()
        ann.say("typing")
        self.assertEqual(self.ops(bob.take()), [])
        self.rig.advance(2)
        ann.say("typing")
        self.assertEqual(self.ops(bob.take()), ["typing"])

    def test_floods(self) -> None:
        """Many lines too fast are a flood if they come within ten seconds; the mute for it lasts a minute."""
        _, bob = self.two("pub")
        for _ in range(30):
            bob.say("chat", text="spam")
        self.step_clock()
        for _ in range(20):
            bob.say("chat", text="spam")
        self.rig.advance(5)
        self.step_clock()
        error = bob.ask("chat", id=100, text="sorry")
        self.assertEqual((error["code"], error["message"]), ("muted", "You may write again in 55 seconds: flood."))
        self.rig.advance(55)
        self.assertEqual(codes(bob.say("chat", id=101, text="sorry")), ["ok"])

    def test_editing_and_history(self) -> None:
        """A line may be changed for as long as the game says, and is kept for as long."""
        ann, _ = self.two("pub")
        line = next(m["n"] for m in ann.say("chat", id=2, text="one") if m["op"] == "chat")
        self.rig.advance(30)
        self.step_clock()
        about = {"stream": "room", "line": line, "text": "two"}
        self.assertEqual(codes(ann.say("edit", id=3, **about)), ["ok"])
        self.rig.advance(31)
        self.assertEqual(codes(ann.say("edit", id=4, **about)), ["forbidden"])
        self.rig.advance(530)
        self.assertEqual([x["text"] for x in ann.again().join(ann.room).joined["chat"]], ["two"])
        self.rig.advance(10)
        self.assertEqual(ann.again().join(ann.room).joined["chat"], [])

    def test_mutes_and_bans_of_a_room(self) -> None:
        """They last as long as was said, also over the end of the process."""
        ann, bob = self.two("pub")
        cay = self.rig.guest("Cay").join(ann.room)
        room = ann.room or ""
        for act in (RoomAct("mute", seat=bob.seat, s=60), RoomAct("ban", seat=cay.seat, s=60)):
            Deferred.fromCoroutine(Operators(self.rig.registry).act(BOSS, room, act))
        self.step_clock()
        self.rig.advance(1)
        bobs, cays = bob.welcome["token"], cay.welcome["token"]
        self.rig.crash()
        bob, cay = (self.rig.connect().hello(token=token) for token in (bobs, cays))
        bob.join(room)
        self.rig.advance(55)
        self.assertEqual(codes(bob.say("chat", id=2, text="one")), ["muted"])
        self.assertEqual(codes(cay.say("join", id=2, room=room)), ["forbidden"])
        self.rig.advance(5)
        self.assertEqual(codes(bob.say("chat", id=3, text="one")), ["ok"])
        cay.join(room, id=3)


class ServerTests(ClockCase):
    def test_sanctions(self) -> None:
        """Mutes and bans of the whole server last as long as was said."""
        ann, bob = self.two("pub")
        cay = self.rig.guest("Cay")
        for act, whom in (("mute", bob), ("ban", cay)):
            wish: Any = SanctionWish(act, user=whom.welcome["user"]["id"], s=60)
            self.successResultOf(Deferred.fromCoroutine(Operators(self.rig.registry).sanction(BOSS, wish)))
        self.step_clock()
        self.rig.advance(59)
        self.assertEqual(codes(bob.say("chat", id=2, text="one")), ["muted"])
        again = self.rig.connect()
        self.assertEqual(codes(again.say("hello", token=cay.welcome["token"])), ["forbidden"])
        self.assertEqual(len(Operators(self.rig.registry).sanctions(BOSS)), 2)
        self.rig.advance(1)
        self.assertEqual(codes(bob.say("chat", id=3, text="one")), ["ok"])
        self.rig.connect().hello(token=cay.welcome["token"]).join(ann.room, id=3)
        self.assertEqual(Operators(self.rig.registry).sanctions(BOSS), [])

    def test_lines_outside_rooms(self) -> None:
        """As many as without the step."""
        ann = self.rig.guest()
        for id in range(2, 12):
            self.assertEqual(codes(ann.say("chat", id=id, text="hi", to="lobby:pub")), ["ok"])
        self.step_clock()
        self.assertEqual(codes(ann.say("chat", id=12, text="hi", to="lobby:pub")), ["slow_down"])
        self.rig.advance(2)
        self.assertEqual(codes(ann.say("chat", id=13, text="hi", to="lobby:pub")), ["ok"])

    def test_guests_come_back(self) -> None:
        """A token that was made before the clock was set back proves its user."""
        ann, _ = self.two("pub")
        self.step_clock()
        back = ann.again()
        self.assertEqual(back.welcome["user"], ann.welcome["user"])
        back.resume(ann.room, ann.secret)

    def test_codes_rest(self) -> None:
        """The code of a room that was never stored is not used again for a day."""
        code = "K7QM"
        self.rig.store.claim_code(code, "room", now_ms=0)
        self.rig.registry._codes.rest(code)
        self.step_clock()
        self.rig.advance(CODE_REST_MS / 1000 - 1)
        self.rig.registry._heartbeat.beat()
        self.assertIn(code, self.rig.store._claims)
        self.rig.advance(1)
        self.assertNotIn(code, self.rig.store._claims)

    def test_the_log_keeps_its_order(self) -> None:
        """Entries stand in the order in which they were made, also after a restart, and are leafed through in it."""
        watch = self.rig.registry.watch
        for number in range(3):
            watch.note(Record(at_ms=round(self.rig.clock.now() * 1000), act=f"act {number}"))
            self.rig.step_clock(-HOUR_S)
        self.rig.crash()
        watch = self.rig.registry.watch
        watch.note(Record(at_ms=round(self.rig.clock.now() * 1000), act="act 3"))
        (page, newest), *rest = watch.newest(most=10)
        self.assertEqual([newest.act, *(record.act for _, record in rest)], ["act 3", "act 2", "act 1", "act 0"])
        older = watch.newest(most=10, before=page)
        self.assertEqual([record.act for _, record in older], ["act 2", "act 1", "act 0"])


class RoomForthTests(RoomTests):
    """The same, set forth."""

    step_s = HOUR_S


class ChatForthTests(ChatTests):
    """The same, set forth."""

    step_s = HOUR_S


class ServerForthTests(ServerTests):
    """The same, set forth."""

    step_s = HOUR_S
