"""Bots whose methods misbehave, or look where they may not; and rooms that change, stop or go away while one thinks."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, ClassVar

from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Answer, Game, Move, Player, Refused, bot, message, question, timer
from gameserver.game.spec import spec_of
from gameserver.testing import Table, Visitor


class Spy(Game):
    """A bot looks at all that there is, and does all that can be done."""

    min_players, max_players = 2, 4
    roles = {"spectator": 1}
    found: ClassVar[dict[str, Any]] = {}
    chances: ClassVar[list[float]] = []

    def on_load(self) -> None:
        self.derived = 1

    def on_start(self) -> None:
        self.state["count"] = 0
        self.secret["deck"] = ["DK"]
        ann = self.players[0]
        for player in self.players:
            player.state["hand"] = [player.id]
        self.group("wolves").add(ann)
        self.group("wolves").state["plan"] = "eat"
        self.group("sheep").add(self.players[1])
        self.group("sheep").state["plan"] = "graze"
        self.role("spectator").state["all"] = "hands"
        self.table("words").put("zebra", 1)
        ann.after(50, self.bell, note="private")
        self.after(70, self.bell_of_all, note="hidden")
        self.after(90, self.bell_shown, show=True, note="hidden")
        self.vote.ask()
        self.turns.begin()
        self.turns.prompt("Your card is DK", to=ann)

    @timer
    def bell(self, player: Player, note: str) -> None: ...

    @timer
    def bell_of_all(self, note: str) -> None: ...

    @timer
    def bell_shown(self, note: str) -> None: ...

    @question
    def vote(self, player: Player, word: str) -> str:
        return word

    @vote.done
    def voted(self, answers: dict[Player, Answer[str]]) -> None: ...

    def moves(self, player: Player) -> list[Move]:
        return [Move("point", {"at": other}) for other in self.players if other != player]

    @message(turn=True)
    def point(self, player: Player, at: Player) -> None:
        self.state["count"] += 1
        self.state["at"] = at.id
        self.turns.next()

    @bot("spy")
    def spy(self, player: Player, moves: list[Move]) -> Move:
        room = self._gs_room
        Spy.chances.append(self.random.random())
        Spy.found.update(
            docs={name: document.plain() for name, document in room.docs.items() if document.root},
            groups={name: list(group.members) for name, group in room.state.groups.items() if group.members},
            timers={name for _, name in room.timers.armed if not name.startswith(" ")},
            timer_data=[t.data for t in room.timers.armed.values() if t.data],
            answers=[a.value for asked in room.state.questions.values() for a in asked.answers.values()],
            whispers=[room.state.turns.turn.whispers] if room.state.turns is not None else [],
            key=room.state.key,
            spent=room.state.spent,
            derived=getattr(self, "derived", None),
        )
        at = moves[0].data["at"]  # type: ignore[index]
        assert isinstance(at, Player)
        at.state["hand"] = ["stolen"]
        at.send("stolen")
        self.chat.say("stolen")
        self.kick(at)
        self.group("wolves").add(player)
        self.turns.end()
        self.bots.add("spy")
        self.cancel()
        self.pause()
        self.close()
        self.state = {"count": 100}
        assert moves[0].data is not None
        moves[0].data["at"] = player
        return Move("point", {"at": at})


class Broken(Game):
    """Its moves fail from some time on."""

    min_players, max_players = 2, 3
    chosen: ClassVar[list[Any]] = []

    def on_start(self) -> None:
        self.state["log"] = []
        self.turns.begin(first=self.players[1])

    def moves(self, player: Player) -> Iterator[Move]:
        if len(self.players) == 2 and player.bot and player == self.turns.current:
            raise RuntimeError("two are too few")
        yield Move("resign")
        yield Move("shout", choices={"text": ...})
        yield Move("never", choices={"of": []})

    def on_leave(self, player: Player) -> None:
        self.state["log"].append(f"left {player.name}")

    @message(turn="any")
    def resign(self, player: Player) -> None:
        self.state["log"].append("resigned")

    @message(turn=True)
    def shout(self, player: Player, text: str) -> None:
        self.state["log"].append("shouted")

    @message(turn=True)
    def never(self, player: Player, of: str) -> None:
        self.state["log"].append("never")


class Odd:
    """Nobody can even say what it is."""

    def __repr__(self) -> str:
        raise ValueError("no name")


class Waits(Game):
    """A bot waits for what a test says."""

    min_players = max_players = 2
    auto_start = True
    bot_s = (0, 0)
    waits: ClassVar[list[Deferred[Any]]] = []
    cancelled: ClassVar[list[int]] = []

    def on_start(self) -> None:
        self.state["log"] = []
        self.turns.begin(first=self.players[1])

    def moves(self, player: Player) -> list[Move]:
        return [Move("say", {"n": n}) for n in range(self.state.get("least", 0), 3)]

    @message(turn=True)
    def say(self, player: Player, n: int) -> None:
        self.state["log"].append(n)
        self.turns.next()

    @message
    def set_least(self, player: Player, n: int) -> None:
        self.state["least"] = n

    @message
    def put_out(self, player: Player) -> None:
        self.bots.remove(self.players[1])

    @timer
    def release(self) -> None:
        self.waits[-1].callback(1)

    @message
    def to_me(self, player: Player) -> None:
        self.turns.to(player)

    @bot("odd")
    def odd(self, player: Player, moves: list[Move]) -> Any:
        return Odd()

    @bot("exits")
    def exits(self, player: Player, moves: list[Move]) -> Any:
        sys.exit("a bot's own")

    @bot("waits")
    async def wait(self, player: Player, moves: list[Move]) -> Move:
        self.waits.append(Deferred())
        try:
            chosen: int = await self.waits[-1]
        except CancelledError:
            self.cancelled.append(len(self.waits))
            raise
        return moves[chosen]


class AdverseCase(SynchronousTestCase):
    def sit(self, game: type[Game], *levels: str, seed: int = 0, amnesia: bool = False) -> Visitor:
        """:returns: the host, at a table with bots of these levels."""
        Waits.waits, Waits.cancelled = [], []
        Spy.found, Spy.chances = {}, []
        self.table = Table(game, seed=seed, amnesia=amnesia)
        ann = self.table.join("Ann")
        for level in levels:
            ann.ask("bot", level=level)
        return ann


class CopyTests(AdverseCase):
    def play(self) -> Visitor:
        ann = self.sit(Spy, "spy", "random")
        self.bob = self.table.join("Bob")
        ann.start()
        ann.send("vote", word="secretly")
        ann.send("point", at="2")
        self.table.advance(2)
        return ann

    def test_hides(self) -> None:
        """All of others is empty, or not there: documents, groups, timers, answers, prompts, chance."""
        self.play()
        docs = Spy.found["docs"]
        self.assertEqual(sorted(docs), ["group:sheep", "room", "seat:2"])
        self.assertEqual(docs["seat:2"], {"hand": ["2"]})
        self.assertEqual(Spy.found["groups"], {"sheep": ["2"]})
        self.assertEqual((Spy.found["timers"], Spy.found["timer_data"]), ({"bell_shown"}, []))
        self.assertEqual(Spy.found["answers"], [None])
        self.assertEqual(Spy.found["whispers"], [{}])
        self.assertNotEqual(Spy.found["key"], self.table.room.state.key)
        self.assertEqual(Spy.found["spent"], 1)  # by the bot itself

    def test_changes_nothing(self) -> None:
        ann = self.play()
        self.assertIn(self.table.state["count"], (2, 3))
        self.assertEqual((self.table.status, ann.info["paused"], len(ann.seats)), ("playing", False, 4))
        self.assertEqual(self.table.room.seats["1"].state["hand"], ["1"])
        self.assertNotIn(b"stolen", ann.seen())
        self.assertEqual(list(self.table.room.state.groups["wolves"].members), ["1"])
        self.assertIsNotNone(self.table.room.timers.left_s("bell_of_all"))

    def test_derived(self) -> None:
        """What on_load derives is there, as it is after a restart."""
        self.play()
        self.assertEqual(Spy.found["derived"], 1)

    def test_chance_is_another_each_time(self) -> None:
        """A game that draws none itself has a bot that does not always choose alike."""
        ann = self.play()
        self.table.advance(2)
        self.bob.send("point", at="1")
        ann.send("point", at="2")
        self.table.advance(2)
        self.assertEqual(len(set(Spy.chances)), 2)


class FallbackTests(AdverseCase):
    def test_done_where_nothing_is_left(self) -> None:
        """By chance no bot resigns, thinks something up, or chooses from nothing."""
        ann = self.sit(Broken, "random", "random")
        ann.start()
        self.table.advance(4)
        self.assertEqual((self.table.state["log"], ann.info["turn"]["active"]), ([], ["1"]))

    def test_moves_that_raise(self) -> None:
        """Somebody has left, and the game cannot say its moves any more: its bots have none, and the room goes on."""
        ann = self.sit(Broken, "random")
        bob = self.table.join("Bob")
        ann.start()
        with self.assertRaisesRegex(RuntimeError, "too few"):
            bob.leave()
        self.table.failures.raises = False
        self.table.advance(10)
        self.flushLoggedErrors(RuntimeError)
        self.assertEqual((self.table.status, ann.info["turn"]["active"]), ("playing", ["1"]))

    def test_as_many_timers_as_may_be(self) -> None:
        """A game that has armed all that it may has bots all the same."""

        class Many(Waits):
            @timer
            def ring(self, player: Player) -> None: ...

            def on_start(self) -> None:
                for n in range(1000):
                    self._gs_room.timers.arm(f"t{n}", self.now + 1000)
                super().on_start()

        self.sit(Many, "random")
        self.table.advance(1)
        self.assertEqual(len(self.table.state["log"]), 1)

    def test_what_cannot_be_said(self) -> None:
        """What a bot returns is logged, whatever it is, and a move is made by chance."""
        self.sit(Waits, "odd")
        self.table.advance(0.1)
        self.assertEqual(len(self.table.state["log"]), 1)

    def test_exits(self) -> None:
        with self.assertRaisesRegex(SystemExit, "a bot's own"):
            self.sit(Waits, "exits")
        self.assertEqual(len(self.table.state["log"]), 1)

    def test_all_are_refused(self) -> None:
        """A game that refuses all that it says may be done has a bot that is done, after a few."""

        class Refuses(Waits):
            tried: ClassVar[list[int]] = []

            def moves(self, player: Player) -> list[Move]:
                return [Move("say", {"n": n}) for n in range(1000)]

            @message(turn=True)
            def say(self, player: Player, n: int) -> None:
                self.tried.append(n)
                raise Refused("No.")

        ann = self.sit(Refuses, "random")
        self.assertEqual(ann.info["turn"]["active"], ["1"])
        self.assertLess(len(Refuses.tried), 50)

    def test_answers_that_are_refused(self) -> None:
        """A question takes none of the answers that its game says may be given: it is tried again, now and then."""

        class Picky(Game):
            min_players = 2
            bot_s = (0, 0)
            tried: ClassVar[list[float]] = []

            def on_start(self) -> None:
                self.colour.ask()

            def moves(self, player: Player) -> list[Move]:
                return [Move("colour", {"of": "red"})]

            @question
            def colour(self, player: Player, of: str) -> str:
                if player.bot and len(self.tried) < 3:
                    self.tried.append(self.now)
                    raise Refused("Another one.")
                return of

            @colour.done
            def coloured(self, answers: dict[Player, Answer[str]]) -> None:
                self.state["colours"] = [answer.value for answer in answers.values()]

        ann = self.sit(Picky, "random")
        ann.start()
        ann.send("colour", of="blue")
        self.table.advance(60)
        self.assertEqual(sorted(self.table.state["colours"]), ["blue", "red"])
        self.assertEqual(len(set(Picky.tried)), 3)

    def test_a_hook_that_fails(self) -> None:
        """No bot can be done with its turn, as the next one cannot begin: a room that fails again and again closes."""

        class Stuck(Game):
            min_players = 2
            bot_s = (0, 0)

            def on_start(self) -> None:
                self.turns.begin(first=self.players[1])

            def on_turn(self, player: Player) -> None:
                if not player.bot:
                    raise ValueError("stuck")

            def moves(self, player: Player) -> list[Move]:
                return []

        self.sit(Stuck, "random")
        self.table.failures.raises = False
        self.table.visitors[0].start()
        self.table.advance(3600)
        self.assertEqual(self.table.status, "closed")
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 10)


class SeatTests(AdverseCase):
    def test_never_host(self) -> None:
        ann = self.sit(Spy, "spy")
        with self.assertRaises(Refused):
            ann.ask("host", act="pass", seat="2")
        with self.assertRaises(ValueError):
            self.table.game.make_host(self.table.room.seats["2"])

    def test_nobody_else(self) -> None:
        """A user of somebody else's system may have any id, but no bot's seat."""
        self.sit(Spy, "spy")
        self.assertIsNone(self.table.room.seats.of_user(self.table.room.seats["2"].user_id))

    def test_kicked(self) -> None:
        ann = self.sit(Spy, "spy")
        ann.start()
        ann.ask("host", act="kick", seat="2")
        self.assertEqual(list(ann.seats), ["1"])

    def test_the_last_seat_starts(self) -> None:
        ann = self.sit(Waits, "random")
        self.assertEqual(ann.info["status"], "playing")


class WaitingTests(AdverseCase):
    def test_no_step_waits_for_it(self) -> None:
        """A bot that is a coroutine makes no room of those whose steps may last."""
        self.assertFalse(spec_of(Waits).waits)

    def test_asked_again(self) -> None:
        """What it chooses from has changed: what it chose is not taken."""
        ann = self.sit(Waits, "waits")
        ann.send("set_least", n=1)
        Waits.waits[0].callback(0)
        self.table.settle()
        self.assertEqual((self.table.state["log"], len(Waits.waits)), ([], 2))
        Waits.waits[1].callback(1)
        self.table.settle()
        self.assertEqual(self.table.state["log"], [2])

    def test_the_turn_is_another(self) -> None:
        ann = self.sit(Waits, "waits")
        ann.send("to_me")
        Waits.waits[0].callback(0)
        self.table.settle()
        self.assertEqual(self.table.state["log"], [])
        ann.send("say", n=2)
        Waits.waits[-1].callback(1)
        self.table.settle()
        self.assertEqual(self.table.state["log"], [2, 1])

    def test_answer_while_paused(self) -> None:
        ann = self.sit(Waits, "waits")
        ann.ask("host", act="pause")
        Waits.waits[0].callback(0)
        self.table.advance(30)
        self.assertEqual(self.table.state["log"], [])
        ann.ask("host", act="unpause")
        self.table.advance(0.1)
        Waits.waits[-1].callback(2)
        self.table.settle()
        self.assertEqual(self.table.state["log"], [2])

    def test_what_comes_late_is_nobody_s(self) -> None:
        """A bot that was stopped and is asked again at once is not taken for the one before."""
        ann = self.sit(Waits, "waits")
        ann.send("to_me")
        first = self.table.room.moment.thinking
        self.assertEqual(first, {})
        ann.send("say", n=0)
        self.table.advance(0.1)
        self.assertEqual(list(self.table.room.moment.thinking), ["2"])
        Waits.waits[0].callback(2) if not Waits.waits[0].called else None
        self.table.settle()
        self.assertEqual(list(self.table.room.moment.thinking), ["2"])
        self.assertEqual((self.table.state["log"], len(Waits.waits)), ([0], 2))

    def test_over_meanwhile(self) -> None:
        """The next round asks anew: what was thought of in the one before is no late answer."""
        ann = self.sit(Waits, "waits")
        ann.ask("host", act="end")
        self.assertEqual((Waits.cancelled, self.table.room.moment.thinking), ([1], {}))
        ann.ask("host", act="again")
        self.table.advance(0.1)
        self.assertEqual((self.table.state["log"], len(Waits.waits)), ([], 2))
        Waits.waits[1].callback(1)
        self.table.settle()
        self.assertEqual(self.table.state["log"], [1])

    def test_goes_on_in_a_step(self) -> None:
        """What it waited for comes in a step of the room that nobody sent: no other input has to come for its move."""
        self.sit(Waits, "waits")
        self.table.game.after(1, self.table.game.release)  # type: ignore[attr-defined]
        self.table.visitors[0].say("now")
        self.table.advance(1)
        self.assertEqual(self.table.state["log"], [1])

    def test_removed_by_the_game(self) -> None:
        ann = self.sit(Waits, "waits")
        ann.send("put_out")
        self.assertEqual((Waits.cancelled, self.table.room.moment.thinking), ([1], {}))

    def test_room_closes(self) -> None:
        """A bot that thinks for a room that has closed is stopped."""
        ann = self.sit(Waits, "waits")
        ann.leave()
        self.table.advance(Waits.idle_close_s or 0)
        self.assertEqual(self.table.status, "closed")
        self.assertEqual(Waits.cancelled[-1], len(Waits.waits))

    def test_amnesia(self) -> None:
        """A room that is made anew before each step goes on with the bot that thinks."""
        self.sit(Waits, "waits", amnesia=True)
        Waits.waits[0].callback(2)
        self.table.settle()
        self.assertEqual((self.table.state["log"], len(Waits.waits)), ([2], 1))


class StandInTests(AdverseCase):
    def test_a_step_does_not_wait_for_it(self) -> None:
        """Time is up, and who would move for the player has to think: a move is made by chance, at once."""

        class Timed(Waits):
            turn_s = 5

            @bot("thinks", stand_in=True)
            async def think(self, player: Player, moves: list[Move]) -> Move:
                return await Waits.wait(self, player, moves)

        ann = self.sit(Timed, "random")
        self.assertEqual(ann.info["turn"]["active"], ["1"])
        self.table.advance(5)
        self.assertEqual((len(self.table.state["log"]), len(Waits.waits), Waits.cancelled), (3, 1, [1]))
        self.assertEqual(ann.info["turn"]["active"], ["1"])

    def test_one_that_need_not_wait(self) -> None:
        """A coroutine that has its move at once is asked like any other."""

        class Quick(Waits):
            turn_s = 5

            @bot("quick", stand_in=True)
            async def quick(self, player: Player, moves: list[Move]) -> Move:
                return moves[2]

        ann = self.sit(Quick, "random")
        self.table.advance(5)
        self.assertEqual((self.table.state["log"][1], Waits.waits), (2, []))
        self.assertEqual(ann.info["turn"]["active"], ["1"])


class ReleaseTests(AdverseCase):
    def test_the_level_is_gone(self) -> None:
        """The next release has not the level of a bot, or no bots: it moves by chance, or is done."""

        class Next(Game):
            name = "waits"
            min_players = max_players = 2

            @message(turn=True)
            def say(self, player: Player, n: int) -> None: ...

        ann = self.sit(Waits, "waits")
        self.table.game_class, self.table._spec = Next, spec_of(Next)
        self.table.restart()
        self.table.advance(30)
        self.assertEqual(ann.info["turn"]["active"], ["1"])

    def test_migrated(self) -> None:
        """A bot that thinks goes on where the next release has another version of the documents."""

        class Next(Waits):
            name = "waits"
            version = 2

            def migrate(self, row: dict[str, Any], from_version: int) -> None:
                row["state"]["least"] = 2

        ann = self.sit(Waits, "waits")
        self.table.game_class, self.table._spec = Next, spec_of(Next)
        self.table.restart()
        self.table.advance(11)
        Waits.waits[-1].callback(0)
        self.table.settle()
        self.assertEqual((self.table.state["log"], ann.seats["2"]["bot"]), ([2], "waits"))

    def test_relaxed(self) -> None:
        class Relaxed(Waits):
            durability = "relaxed"

        ann = self.sit(Relaxed, "random")
        for _ in range(20):
            self.table.advance(1)
            ann.send("say", n=0)
        self.table.advance(1)
        self.assertEqual(len(self.table.state["log"]), 41)
