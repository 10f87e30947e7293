"""The absent: who is away while a game is played, and what becomes of the seat until its owner is back."""

from __future__ import annotations

from types import ModuleType
from typing import Any, ClassVar

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Answer, Game, Move, Player, Refused, bot, message, question
from gameserver.interfaces import User
from gameserver.room.effects import Requester
from gameserver.testing import Table, Visitor


class Count(Game):
    """Say one or two; the last to speak wins at twenty. The hooks are noted."""

    min_players, max_players = 2, 4
    hold_s = 20
    bot_s = (1, 1)

    def on_start(self) -> None:
        self.state.update(said=[], log=[], sum=0)
        self.turns.begin()

    def moves(self, player: Player) -> list[Move]:
        return [Move("say", {"n": n}) for n in (1, 2)]

    @message(turn=True)
    def say(self, player: Player, n: int) -> None:
        self.state["said"].append([player.name, n])
        self.state["sum"] += n
        if self.state["sum"] >= 20:
            self.over(ranking=[[player]])
        else:
            self.turns.next()

    @message
    def wait_for(self, player: Player, names: list[str]) -> None:
        self.turns.only(*[p for p in self.players if p.name in names], then=self.waited)

    def waited(self) -> None:
        self.state["log"].append("waited")

    @message
    def finish(self, player: Player) -> None:
        self.over()
        self.state["log"].append([p.name for p in self.players])

    @message
    def put_out(self, player: Player, name: str, ban: bool) -> None:
        self.kick(next(p for p in self.players if p.name == name), ban=ban)

    def on_leave(self, player: Player) -> None:
        self.note("left", player)

    def on_drop(self, player: Player) -> None:
        self.note("dropped", player)

    def on_resume(self, player: Player) -> None:
        self.note("back", player)

    def note(self, what: str, player: Player) -> None:
        if "log" in self.state:
            self.state["log"].append(f"{what} {player.name}")

    @bot("two", stand_in=True)
    def two(self, player: Player, moves: list[Move]) -> Move:
        return moves[1]


class Standing(Count):
    absent = "stand_in"


class Skipping(Count):
    absent = "skip"


class Clocked(Standing):
    turn_s = 30


class SkippingClocked(Skipping):
    turn_s = 30


class Hasty(Count):
    turn_s = 1
    bot_s = (1, 1)


class Days(Standing):
    hold_s = None
    turn_s = 86400


class NoBots(Game):
    """Nobody can stand in: it has neither moves nor bots."""

    min_players = 2
    absent = "stand_in"
    hold_s = 20

    def on_start(self) -> None:
        self.turns.begin()

    @message(turn=True)
    def go(self, player: Player) -> None:
        self.turns.next()


class Quizzed(NoBots):
    absent = "skip"
    turn_s = 30

    @message
    def start_asking(self, player: Player) -> None:
        self.colour.ask()

    @question
    def colour(self, player: Player, of: str) -> str:
        return of

    @colour.done
    def coloured(self, answers: dict[Player, Answer[str]]) -> None:
        self.state["colours"] = {player.id: answer.value for player, answer in answers.items()}


class AbsentCase(SynchronousTestCase):
    def sit(self, game: type[Game], *names: str) -> list[Visitor]:
        self.table = Table(game)
        self.visitors = [self.table.join(name) for name in names or ("Ann", "Bob", "Cleo")]
        self.visitors[0].start()
        return self.visitors

    @property
    def here(self) -> Visitor:
        return next(v for v in self.visitors if v.online)

    @property
    def turn(self) -> Any:
        return self.here.info["turn"]

    @property
    def log(self) -> list[Any]:
        log: list[Any] = self.table.state["log"]
        return log

    @property
    def said(self) -> list[Any]:
        said: list[Any] = self.table.state["said"]
        return said

    def names(self, ids: list[str]) -> list[str]:
        return [self.table.room.seats[id].name for id in ids]

    def seat(self, visitor: Visitor) -> Player:
        return self.table.room.seats[visitor.id]

    def join_again(self, visitor: Visitor) -> None:
        visitor.come(None, {})


class LeaveTests(AbsentCase):
    def test_default_is_as_before(self) -> None:
        _ann, bob, cleo = self.sit(Count)
        bob.drop()
        self.table.advance(20)
        self.assertEqual((self.log, len(self.table.room.seats)), (["dropped Bob", "left Bob"], 2))
        cleo.leave()
        self.assertEqual(self.log[-1], "left Cleo")


class AwayTests(AbsentCase):
    def test_stand_in(self) -> None:
        ann, bob, cleo = self.sit(Standing)
        bob.drop()
        self.table.advance(19)
        self.assertFalse(ann.seats[bob.id]["stand_in"])
        self.table.advance(1)
        self.assertEqual(self.log, ["dropped Bob"])
        self.assertTrue(ann.seats[bob.id]["stand_in"])
        self.assertTrue(self.seat(bob).stand_in)
        ann.send("say", n=1)
        self.table.advance(1)
        self.assertEqual((self.said, self.turn["active"]), ([["Ann", 1], ["Bob", 2]], [cleo.id]))
        bob.resume()
        self.assertEqual((self.log[-1], ann.seats[bob.id]["stand_in"]), ("back Bob", False))
        cleo.send("say", n=1)
        ann.send("say", n=1)
        self.table.advance(15)
        self.assertEqual(self.turn["active"], [bob.id], "nobody moves for who is back")

    def test_skip(self) -> None:
        ann, bob, cleo = self.sit(Skipping)
        bob.drop()
        self.table.advance(20)
        ann.send("say", n=1)
        self.assertEqual(self.turn["active"], [cleo.id])
        self.assertEqual(self.names(self.turn["order"]), ["Ann", "Bob", "Cleo"])
        ann.send("wait_for", names=["Bob", "Cleo"])
        self.assertEqual(self.turn["active"], [cleo.id])
        ann.send("wait_for", names=["Bob"])
        self.assertEqual(self.log[-1], "waited")
        bob.resume()
        self.assertEqual(self.turn["active"], [bob.id, cleo.id], "the call waits for who is back")

    def test_turn_passes_on(self) -> None:
        """It was the turn of whom nobody waits for any more."""
        ann, bob, _cleo = self.sit(Skipping)
        ann.drop()
        self.table.advance(20)
        self.assertEqual(self.turn["active"], [bob.id])

    def test_call_is_over(self) -> None:
        ann, _bob, cleo = self.sit(Skipping)
        ann.send("wait_for", names=["Cleo"])
        cleo.drop()
        self.table.advance(20)
        self.assertEqual((self.log[-1], self.turn["active"]), ("waited", [ann.id]))

    def test_nobody_to_stand_in(self) -> None:
        ann, bob = self.sit(NoBots, "Ann", "Bob")
        ann.drop()
        self.table.advance(20)
        self.assertEqual(self.turn["active"], [bob.id])
        bob.send("go")
        self.assertEqual(self.turn["active"], [bob.id])

    def test_never_absent(self) -> None:
        """Without ``hold_s`` only clocks go on."""
        ann, bob, _ = self.sit(Days)
        bob.drop()
        self.table.advance(1000)
        self.assertFalse(self.seat(bob).stand_in)
        ann.send("say", n=1)
        self.table.advance(86399 - 1000)
        self.assertEqual(self.turn["active"], [bob.id])
        self.table.advance(1001)
        self.assertEqual(self.said[-1], ["Bob", 2])

    def test_lobby_is_as_before(self) -> None:
        self.table = Table(Standing)
        ann, bob = self.table.join("Ann"), self.table.join("Bob")
        bob.drop()
        self.table.advance(20)
        self.assertEqual(list(self.table.room.seats), [ann.id])

    def test_after_a_restart(self) -> None:
        ann, bob, _cleo = self.sit(Standing)
        bob.drop()
        self.table.advance(20)
        self.table.restart()
        self.assertTrue(ann.seats[bob.id]["stand_in"])
        ann.send("say", n=1)
        self.table.restart()
        self.table.advance(2)
        self.assertEqual(self.said[-1], ["Bob", 2])

    def test_over_holds_anew(self) -> None:
        """Whose seat a bot played sees the result, and plays again, if back in time."""
        ann, bob, _ = self.sit(Standing)
        bob.drop()
        self.table.advance(20)
        ann.send("finish")
        self.assertFalse(ann.seats[bob.id]["stand_in"])
        self.table.advance(19)
        self.assertIn(bob.id, ann.seats)
        self.table.advance(1)
        self.assertNotIn(bob.id, ann.seats)
        self.assertEqual(self.log[-1], "left Bob")


class EverybodyTests(AbsentCase):
    def test_turn_waits(self) -> None:
        for game in (Clocked, SkippingClocked):
            with self.subTest(game.__name__):
                visitors = self.sit(game, "Ann", "Bob")
                ann, bob = visitors
                ann.drop()
                bob.drop()
                self.table.advance(20)
                number = self.table.game.turns.number
                self.table.advance(1000)
                self.table.restart()
                self.table.advance(1000)
                self.assertEqual((self.table.game.turns.number, self.said), (number, []))
                bob.resume()
                if game is Clocked:
                    self.table.advance(1)
                    self.assertEqual(self.said, [["Ann", 2]])
                self.assertEqual(self.turn["active"], [bob.id])

    def test_clock_goes_on(self) -> None:
        ann, bob = self.sit(Clocked, "Ann", "Bob")
        self.table.advance(5)
        ann.drop()
        bob.drop()
        self.table.advance(20)
        self.table.advance(100)
        ann.resume()
        self.assertEqual(round(self.turn["ends"] / 1000 - self.table.now, 3), 5)

    def test_idle_room_closes(self) -> None:
        ann, bob = self.sit(Standing, "Ann", "Bob")
        ann.leave()
        bob.leave()
        self.table.advance(3600)
        self.assertEqual(self.table.status, "closed")


class LeftTests(AbsentCase):
    def test_seat_stays(self) -> None:
        ann, bob, cleo = self.sit(Standing)
        bob.leave()
        self.assertEqual(bob.left, "left")
        self.assertEqual(self.log, [])
        self.assertEqual((ann.seats[bob.id]["online"], ann.seats[bob.id]["stand_in"]), (False, True))
        ann.send("say", n=1)
        self.table.restart()
        self.table.advance(2)
        self.assertEqual(self.said[-1], ["Bob", 2])
        cleo.send("finish")
        self.assertEqual(self.log, [["Ann", "Bob", "Cleo"], "left Bob"])
        self.assertEqual(sorted(ann.seats), [ann.id, cleo.id])

    def test_kicked_by_the_host(self) -> None:
        ann, bob, _ = self.sit(Skipping)
        ann.ask("host", act="kick", seat=bob.id)
        self.assertEqual((bob.left, self.log), ("kicked", []))
        ann.send("say", n=1)
        self.assertEqual(self.names(self.turn["active"]), ["Cleo"])
        bob.resume()
        self.assertEqual(self.log, ["back Bob"])

    def test_by_the_game(self) -> None:
        ann, bob, cleo = self.sit(Skipping)
        ann.send("put_out", name="Bob", ban=False)
        ann.send("put_out", name="Cleo", ban=True)
        self.assertEqual((bob.left, cleo.left, self.log), ("kicked", "banned", []))
        for again, code in ((cleo.resume, "not_found"), (lambda: self.join_again(cleo), "forbidden")):
            with self.assertRaises(Refused) as refused:
                again()
            self.assertEqual(refused.exception.code, code)
        bob.resume()
        self.assertEqual(self.log, ["back Bob"])
        bob.send("finish")
        self.assertEqual(self.log[-1], "left Cleo")

    def test_join_gives_it_back(self) -> None:
        _ann, bob, _ = self.sit(Standing)
        was = bob.id
        bob.leave()
        self.join_again(bob)
        self.assertEqual((bob.id, self.seat(bob).stand_in, len(self.table.room.seats)), (was, False, 3))

    def test_nobody_who_has_left_is_made_host(self) -> None:
        """Neither by the host nor by the game, though the seat is still there."""
        ann, bob, _ = self.sit(Standing)
        bob.leave()
        with self.assertRaises(Refused):
            ann.ask("host", act="pass", seat=bob.id)
        game = self.table.game
        self.assertRaises(ValueError, game.make_host, game.seat(bob.id))
        self.assertEqual(self.table.room.state.host, ann.id)

    def test_host_leaves(self) -> None:
        ann, bob, cleo = self.sit(Standing)
        ann.leave()
        self.assertEqual(self.table.room.state.host, bob.id)
        bob.leave()
        cleo.leave()
        self.assertIsNone(self.table.room.state.host)
        bob.resume()
        self.assertEqual(self.table.room.state.host, bob.id)

    def test_bots_wait_too(self) -> None:
        self.table = Table(Standing)
        self.visitors = [ann] = [self.table.join("Ann")]
        ann.ask("bot", level="two")
        ann.start()
        ann.leave()
        self.table.advance(100)
        self.assertEqual(self.said, [])
        ann.resume()
        ann.send("say", n=1)
        self.table.advance(1)
        self.assertEqual(len(self.said), 2)

    def test_what_was_under_way(self) -> None:
        """What another page of the player has sent comes too late for a seat that is left."""
        _, bob, _ = self.sit(Standing)
        room = self.table.room
        requester = Requester(room.publisher.listeners(bob.id)[0], User(self.seat(bob).user_id, "Bob"), None)
        self.assertEqual(room.replies.asking_player(requester, bob.id), self.seat(bob))
        bob.leave()
        self.assertIsNone(room.replies.asking_player(requester, bob.id))

    def test_held_otherwise(self) -> None:
        """How long a seat is held is nothing to whom has left it."""
        ann, bob, _ = self.sit(Standing)
        bob.leave()
        self.seat(bob).hold(5)
        self.table.advance(10)
        ann.send("finish")
        self.assertEqual(self.log[-1], "left Bob")

    def test_plays_again(self) -> None:
        ann, bob, _cleo = self.sit(Standing)
        bob.leave()
        ann.ask("host", act="end")
        ann.ask("host", act="again")
        self.assertEqual(self.names(self.turn["order"]), ["Ann", "Cleo"])
        with self.assertRaises(Refused):
            bob.resume()

    def test_not_counted(self) -> None:
        """Who has left may be in so many other rooms."""
        _, bob, _ = self.sit(Standing)
        rooms = self.table._registry.rooms_of
        user = self.seat(bob).user_id
        self.assertIn(user, rooms)
        bob.leave()
        self.assertNotIn(user, rooms)
        bob.resume()
        self.assertIn(user, rooms)

    def test_in_the_lobby(self) -> None:
        self.table = Table(Standing)
        ann, bob = self.table.join("Ann"), self.table.join("Bob")
        bob.leave()
        self.assertEqual(list(self.table.room.seats), [ann.id])


class OtherStyleTests(AbsentCase):
    """A game in the function style."""

    def test_leaves_and_comes_back(self) -> None:
        actions: list[str] = []

        def payload_handler(group_add: Any, socket_self_send: Any, socket_group_send: Any, payload: Any) -> None:
            actions.append(payload["action"])

        module = ModuleType("kept")
        vars(module).update(payload_handler=payload_handler, absent="skip", needs_start=True)
        self.table = Table(module)
        ann, bob = self.visitors = [self.table.join("Ann"), self.table.join("Bob")]
        ann.start()
        bob.leave()
        self.assertNotIn("LEAVE_ROOM", actions)
        bob.resume()
        self.assertEqual(actions[-1], "RESUME")
        bob.leave()
        ann.ask("host", act="end")
        self.assertEqual(actions[-1], "LEAVE_ROOM")
        self.assertEqual(list(self.table.room.seats), [ann.id])


class AskedTests(AbsentCase):
    def test_nobody_waits_for_who_is_too_slow(self) -> None:
        """Connected, and yet absent: the question is complete without an answer of that one."""
        _ann, bob = self.sit(Quizzed, "Ann", "Bob")
        for _ in range(3):
            self.table.advance(30)
            bob.send("go")
        bob.send("start_asking")
        bob.send("colour", of="red")
        self.assertEqual(self.table.state["colours"], {bob.id: "red"})


class LateTests(AbsentCase):
    def test_three_clocks(self) -> None:
        ann, bob = self.sit(Clocked, "Ann", "Bob")
        for round in range(3):
            self.table.advance(30)
            self.assertEqual(self.said[-1], ["Ann", 2])
            self.assertEqual(ann.seats[ann.id]["stand_in"], round == 2)
            bob.send("say", n=1)
        self.table.advance(1)
        self.assertEqual(self.said[-1], ["Ann", 2], "its bot moves in a bot's time")
        bob.send("say", n=1)
        ann.send("say", n=1)
        self.assertFalse(ann.seats[ann.id]["stand_in"])

    def test_in_a_row(self) -> None:
        ann, bob = self.sit(Clocked, "Ann", "Bob")
        for each in range(4):
            if each == 2:
                ann.send("say", n=1)
            else:
                self.table.advance(30)
            bob.send("say", n=1)
        self.assertFalse(ann.seats[ann.id]["stand_in"])

    def test_skipped_until_a_move(self) -> None:
        """Whose turns are passed over can make none: the first one that is refused brings them back."""
        ann, bob = self.sit(SkippingClocked, "Ann", "Bob")
        for _ in range(3):
            self.table.advance(30)
            bob.send("say", n=1)
        self.assertEqual(self.turn["active"], [bob.id])
        with self.assertRaises(Refused):
            ann.send("say", n=1)
        bob.send("say", n=1)
        self.assertEqual(self.turn["active"], [ann.id])


class Rolls(Game):
    """A throw and a choice a turn: what is left of it when time is up is made by a bot, the level ``random``."""

    min_players = 2
    turn_s = 30
    absent = "stand_in"

    def on_start(self) -> None:
        self.state["log"] = []
        red, blue = self.group("red"), self.group("blue")
        for group, number in ((red, 0), (blue, 1)):
            group.public = True
            for player in self.players[number::2]:
                group.add(player)
        self.turns.begin([red, blue])

    def moves(self, player: Player) -> list[Move]:
        return [Move("throw"), Move("choose"), Move("answer")]

    @message(turn=True)
    def throw(self, player: Player) -> None:
        if "throw" in self.state["log"]:
            raise Refused("Thrown already.")
        self.state["log"].append("throw")

    @message(turn=True)
    def choose(self, player: Player) -> None:
        if "throw" not in self.state["log"]:
            raise Refused("Throw first.")
        self.state["log"].append(f"choose {player.name}")
        self.turns.only(player, stage="asked")

    @message(turn=True, stage="asked")
    def answer(self, player: Player) -> None:
        self.state["log"].append(f"answer {player.name}")
        self.turns.next()


class SkippingTeams(Rolls):
    absent = "skip"
    turn_s = None

    @message
    def enough(self, player: Player) -> None:
        self.turns.done(player)


class OwnTimeout(Standing):
    """Says more of a clock that has run out, and leaves the rest to the default."""

    turn_s = 30

    def on_timeout(self, who: Any) -> None:
        self.state["log"].append(f"late {who.name}")
        super().on_timeout(who)


class Waits(Count):
    """Its bot waits for something."""

    turn_s = 30
    wait: ClassVar[Deferred[None]]

    @bot("slow", stand_in=True)
    async def slow(self, player: Player, moves: list[Move]) -> Move:
        await type(self).wait
        return moves[0]

    two = None


class TimeoutTests(AbsentCase):
    def test_all_of_a_turn(self) -> None:
        """Moves are made until the turn is over, also in a call that they open; the rest of a team has none to make."""
        self.sit(Rolls, "Ann", "Bob", "Cleo", "Dan")
        self.table.advance(30)
        self.assertEqual(self.log, ["throw", "choose Ann", "answer Ann"])
        self.assertEqual(self.turn["current"], "group:blue")

    def test_default_from_within(self) -> None:
        self.sit(OwnTimeout)
        self.table.advance(30)
        self.assertEqual((self.log, self.said), (["late Ann"], [["Ann", 2]]))

    def test_waits_for_no_bot(self) -> None:
        """The room does not stand still for one that waits for something: any move is made."""
        Waits.wait = Deferred()
        _, bob, _ = self.sit(Waits)
        self.table.advance(30)
        self.assertEqual((len(self.said), self.turn["active"]), (1, [bob.id]))

    def test_no_move_twice(self) -> None:
        """The stand-in thinks when the clock runs out: it moves once."""
        ann, bob = self.sit(Hasty, "Ann", "Bob")
        ann.ask("bot", seat=ann.id, level="two")
        self.table.advance(1)
        self.assertEqual((self.said, self.turn["active"]), ([["Ann", 2]], [bob.id]))
        self.table.advance(1)
        self.assertEqual((self.said, self.turn["active"]), ([["Ann", 2], ["Bob", 2]], [ann.id]))

    def test_rest_of_a_team(self) -> None:
        """One is done, the other is absent: the turn passes on."""
        ann, _bob, cleo, _ = self.sit(SkippingTeams, "Ann", "Bob", "Cleo", "Dan")
        ann.send("enough")
        self.assertEqual(self.turn["active"], [cleo.id])
        cleo.leave()
        self.assertEqual(self.turn["current"], "group:blue")


class HandedTests(AbsentCase):
    def refused(self, visitor: Visitor, code: str, **how: Any) -> None:
        with self.assertRaises(Refused) as refused:
            visitor.ask("bot", **how)
        self.assertEqual(refused.exception.code, code)

    def test_own_seat(self) -> None:
        ann, bob, cleo = self.sit(Count)
        ann.ask("bot", seat=ann.id, level="two")
        self.assertTrue(bob.seats[ann.id]["stand_in"])
        self.table.advance(1)
        self.assertEqual(self.said, [["Ann", 2]])
        ann.ask("bot", seat=ann.id, level=None)
        self.assertFalse(bob.seats[ann.id]["stand_in"])
        self.refused(bob, "forbidden", seat=cleo.id, level="two")
        self.refused(ann, "forbidden", seat=cleo.id, level="two")
        self.refused(bob, "bad_data", seat=bob.id, level="three")

    def test_who_does_not_play(self) -> None:
        """Whoever watches may hand over no seat, the own one neither; and of the host's it is no player's."""
        self.patch(Count, "roles", {"spectator": 2})
        ann, bob, _ = self.sit(Count)
        sam, tom = (self.table.join(name, role="spectator") for name in ("Sam", "Tom"))
        for seat in (sam, tom, ann, bob):
            self.refused(sam, "forbidden", seat=seat.id, level="two")
        self.refused(bob, "forbidden", seat=sam.id, level="two")
        self.refused(ann, "bad_data", seat=sam.id, level="two")

    def test_an_absent_one(self) -> None:
        ann, bob, cleo = self.sit(Skipping)
        bob.drop()
        self.table.advance(20)
        self.refused(cleo, "forbidden", seat=bob.id, level="two")
        ann.ask("bot", seat=bob.id, level="random")
        ann.send("say", n=1)
        self.table.advance(1)
        self.assertEqual(self.said[-1][0], "Bob")
        ann.ask("bot", seat=bob.id, level=None)
        cleo.send("say", n=1)
        ann.send("say", n=1)
        self.assertEqual(self.turn["active"], [cleo.id])
        ann.ask("bot", seat=bob.id, level="two")
        bob.resume()
        self.assertFalse(ann.seats[bob.id]["stand_in"])
