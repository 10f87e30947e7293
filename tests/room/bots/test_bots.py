"""Seats that bots have: who adds them, how they move, and that they neither see nor touch what is not theirs."""

from __future__ import annotations

from typing import Any, ClassVar

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Answer, Game, Move, Player, Refused, bot, message, question
from gameserver.errors import GameDefinitionError
from gameserver.game.spec import spec_of
from gameserver.testing import Table, Visitor
from tests.room.turns.played.hearts import Hearts


class Heap(Game):
    """Take one to three from a heap of 21; whoever takes the last one wins."""

    name = "heap"
    min_players, max_players = 2, 3
    seen: ClassVar[list[Any]] = []
    wait: ClassVar[Deferred[Any] | None] = None

    def on_start(self) -> None:
        self.state["heap"] = 21
        self.secret["next"] = 7
        for player in self.players:
            player.state["own"] = player.id
        self.turns.begin()

    def moves(self, player: Player) -> list[Move]:
        return [Move("take", {"n": n}) for n in (1, 2, 3) if n <= self.state["heap"]]

    @message(turn=True)
    def take(self, player: Player, n: int) -> None:
        self.state["heap"] -= n
        if not self.state["heap"]:
            self.over(ranking=[[player]])
        else:
            self.turns.next()

    @bot("first", title="First")
    def first(self, player: Player, moves: list[Move]) -> Move:
        own = [p.state.get("own") for p in self.players]
        type(self).seen.append((player.id, self.secret.get("next"), own, self.random.random()))
        self.state["heap"] = 0
        self.send("cheated")
        player.state["own"] = "changed"
        self.over()
        return moves[0]

    @bot("raises")
    def raises(self, player: Player, moves: list[Move]) -> Move:
        raise RuntimeError("a bot's own")

    @bot("cheats")
    def cheats(self, player: Player, moves: list[Move]) -> Move:
        return Move("take", {"n": 21})

    @bot("silent")
    def silent(self, player: Player, moves: list[Move]) -> None:
        return None

    @bot("slow")
    async def slow(self, player: Player, moves: list[Move]) -> Move:
        wait = type(self).wait
        assert wait is not None
        return moves[await wait]


class NoMoves(Game):
    """Says no moves: bots know what to send."""

    min_players = max_players = 2

    def on_start(self) -> None:
        self.state["count"] = 0
        self.turns.begin()

    @message(turn=True)
    def more(self, player: Player, by: int) -> None:
        self.state["count"] += by
        self.turns.next()

    @bot("two")
    def two(self, player: Player, moves: None) -> Move:
        assert moves is None
        return Move("more", {"by": 2})


class Asks(Game):
    """Everybody is asked; bots have an answer to one of the questions."""

    min_players, max_players = 2, 4
    results: ClassVar[list[Any]] = []

    def on_start(self) -> None:
        self.turns.begin()

    def moves(self, player: Player) -> list[Move]:
        return [Move("pass_on")] + [Move("colour", {"of": of}) for of in ("red", "blue") if self.colour.open]

    @message(turn=True)
    def pass_on(self, player: Player) -> None:
        self.turns.next()

    @message
    def go(self, player: Player, listed: bool) -> None:
        (self.colour if listed else self.number).ask()

    @question
    def colour(self, player: Player, of: str) -> str:
        return of

    @colour.done
    def coloured(self, answers: dict[Player, Answer[str]]) -> None:
        self.state["colours"] = {p.id: answer.value for p, answer in answers.items()}

    @question
    def number(self, player: Player, n: int) -> int:
        return n

    @number.done
    def numbered(self, answers: dict[Player, Answer[int]]) -> None:
        self.state["numbers"] = {p.id: answer.value for p, answer in answers.items()}


class BotsCase(SynchronousTestCase):
    def sit(self, game: type[Game], *levels: str | None) -> Visitor:
        """:returns: the host, at a table with bots of these levels."""
        Heap.seen.clear()
        self.table = Table(game)
        ann = self.table.join("Ann")
        for level in levels:
            ann.ask("bot", level=level)
        return ann

    def refused(self, code: str, visitor: Visitor, **fields: Any) -> None:
        with self.assertRaises(Refused) as caught:
            visitor.ask("bot", **fields)
        self.assertEqual(caught.exception.code, code)


class SeatsTests(BotsCase):
    def test_added_and_removed_by_the_host(self) -> None:
        ann = self.sit(Heap, "first", None)
        bots = [(seat["name"], seat["bot"], seat["number"]) for seat in list(ann.seats.values())[1:]]
        self.assertEqual(bots, [("First", "first", 1), ("First 2", "first", 2)])
        self.assertEqual([seat["ready"] for seat in ann.seats.values()], [False, True, True])
        self.refused("room_full", ann, level="first")
        self.refused("bad_data", ann, level="nobody")
        ann.ask("bot", seat="2")
        self.assertEqual(list(ann.seats), ["1", "3"])
        self.refused("bad_data", ann, seat="2")
        ann.ask("bot", level="random", name="Robbie")
        self.assertEqual(ann.seats["4"]["name"], "Robbie")

    def test_forbidden_to_others(self) -> None:
        ann = self.sit(Heap, "first")
        bob = self.table.join("Bob")
        self.refused("forbidden", bob, level="first")
        self.refused("forbidden", bob, seat="2")
        ann.start()
        self.refused("refused", ann, seat="2")

    def test_people_take_their_place(self) -> None:
        """A room that is full of bots has a seat for a person, as long as no round is played."""
        ann = self.sit(Heap, "first", "random")
        self.assertEqual(ann.info["status"], "lobby")
        bob = self.table.join("Bob")
        self.assertEqual([seat["name"] for seat in ann.seats.values()], ["Ann", "First", "Bob"])
        ann.start()
        with self.assertRaises(Refused):
            self.table.join("Cem")
        bob.drop()

    def test_never_host_and_never_here(self) -> None:
        ann = self.sit(Heap, "first")
        ann.leave()
        self.assertIsNone(self.table.room.seats.host)
        self.table.advance(Heap.idle_close_s or 0)
        with self.assertRaises(LookupError):
            self.table.room  # noqa: B018 - it has closed, as nobody is here

    def test_after_a_restart(self) -> None:
        ann = self.sit(Heap, "first")
        self.table.restart()
        self.table.advance(30)
        bot_seat = ann.seats["2"]
        self.assertEqual((bot_seat["bot"], bot_seat["online"], bot_seat.get("account")), ("first", True, None))

    def test_games_without(self) -> None:
        class Plain(Game):
            """Has neither moves nor bots."""

        self.refused("refused", self.sit(Plain))
        with self.assertRaises(ValueError):
            self.table.game.bots.add()

    def test_definitions(self) -> None:
        with self.assertRaisesRegex(GameDefinitionError, "level"):
            bot(lambda self, player, moves: None)  # type: ignore[arg-type]

        class Twice(Game):
            @bot("a")
            def one(self, player: Player, moves: list[Move]) -> None: ...

            @bot("a")
            def two(self, player: Player, moves: list[Move]) -> None: ...

        with self.assertRaisesRegex(GameDefinitionError, "two bots"):
            spec_of(Twice)

        class Short(Game):
            @bot("a")
            def one(self, player: Player) -> None: ...

        with self.assertRaisesRegex(GameDefinitionError, "moves"):
            spec_of(Short)
        self.assertEqual((list(spec_of(Hearts).bots), spec_of(Hearts).stand_in), (["low", "random"], "low"))


class MovesTests(BotsCase):
    def test_copy(self) -> None:
        """A bot changes nothing but by its move, sees what its seat sees, and has chance of its own."""
        ann = self.sit(Heap, "first")
        ann.start()
        spent = self.table.room.state.spent
        ann.send("take", n=3)
        self.assertEqual(self.table.state["heap"], 18)
        self.table.advance(2)
        self.assertEqual((self.table.state["heap"], self.table.status), (17, "playing"))
        self.assertEqual(self.table.room.state.spent, spent)
        seat, hidden, own, _ = Heap.seen[0]
        self.assertEqual((seat, hidden, own), ("2", None, [None, "2"]))
        self.assertEqual(self.table.room.seats["2"].state["own"], "2")
        self.assertNotIn(b"cheated", ann.seen())

    def test_played_to_the_end(self) -> None:
        for level in ("first", "random", "cheats", "silent"):
            with self.subTest(level=level):
                ann = self.sit(Heap, level)
                ann.start()
                for step in range(100):
                    if self.table.status == "over":
                        break
                    if ann.info["turn"]["active"] == ["1"]:
                        ann.send("take", n=1)
                    else:
                        self.table.advance(1)
                    if step % 3 == 0:
                        self.table.restart()
                self.assertEqual(self.table.status, "over")

    def test_raises(self) -> None:
        """What the bot raises is the author's to see; another move is made."""
        self.sit(Heap, "raises").start()
        self.table.visitors[0].send("take", n=1)
        with self.assertRaisesRegex(RuntimeError, "a bot's own"):
            self.table.advance(2)
        self.assertLess(self.table.state["heap"], 20)

    def test_stands_still_while_paused(self) -> None:
        ann = self.sit(Heap, "first")
        ann.start()
        ann.send("take", n=1)
        ann.ask("host", act="pause")
        self.table.advance(60)
        self.assertEqual(self.table.state["heap"], 20)
        ann.ask("host", act="unpause")
        self.table.advance(2)
        self.assertEqual(self.table.state["heap"], 19)

    def test_without_moves(self) -> None:
        ann = self.sit(NoMoves, "two")
        ann.start()
        ann.send("more", by=1)
        self.table.advance(2)
        self.assertEqual((self.table.state["count"], ann.info["turn"]["active"]), (3, ["1"]))

    def test_hearts(self) -> None:
        """A whole game of hidden hands: three bots, and one who plays by chance."""
        ann = self.sit(Hearts, "low", "low", "random")
        ann.start()
        for step in range(3000):
            if self.table.status == "over":
                break
            legal = self.table.room.publisher.legal.get(ann.id)
            if legal:
                move = legal[0].move.pick(self.table.game.random) if legal[0].move.choices else legal[0].move
                ann.send(move.type, move.data)
            else:
                self.table.advance(1)
            if step % 100 == 0:
                self.table.restart()
        places = [seat for place in self.table.result["ranking"] for seat in place]
        self.assertEqual(sorted(places), ["1", "2", "3", "4"])


class WaitingTests(BotsCase):
    """Bots that wait for something."""

    def setUp(self) -> None:
        Heap.wait = Deferred()
        self.ann = self.sit(Heap, "slow")
        self.ann.start()
        self.ann.send("take", n=1)
        self.table.advance(2)

    def test_room_goes_on(self) -> None:
        self.ann.say("hurry")
        self.assertEqual(self.table.state["heap"], 20)
        assert Heap.wait is not None
        Heap.wait.callback(2)
        self.table.settle()
        self.assertEqual(self.table.state["heap"], 17)

    def test_too_long(self) -> None:
        """After ten seconds another move is made, and what comes then is nobody's."""
        self.table.advance(10.1)
        self.assertLess(self.table.state["heap"], 20)
        left = self.table.state["heap"]
        self.table.settle()
        self.assertEqual(self.table.state["heap"], left)

    def test_removed_meanwhile(self) -> None:
        self.table.game._gs_room.journal.commit()
        self.ann.ask("host", act="end")
        self.ann.ask("bot", seat="2")
        assert Heap.wait is not None
        Heap.wait.callback(0)
        self.table.settle()
        self.assertEqual(list(self.ann.seats), ["1"])

    def test_killed_meanwhile(self) -> None:
        """The next process asks again."""
        self.table.restart()
        Heap.wait = Deferred()
        Heap.wait.callback(0)
        self.table.advance(10.1)
        self.assertLess(self.table.state["heap"], 20)

    def test_refuses(self) -> None:
        assert Heap.wait is not None
        Heap.wait.errback(ValueError("out of ideas"))
        with self.assertRaisesRegex(ValueError, "out of ideas"):
            self.table.settle()
        self.assertLess(self.table.state["heap"], 20)
        self.flushLoggedErrors(ValueError)


class QuestionsTests(BotsCase):
    def test_answered_where_moves_say_how(self) -> None:
        ann = self.sit(Asks, "random", "random")
        ann.start()
        ann.send("go", listed=True)
        ann.send("colour", of="red")
        self.assertNotIn("colours", self.table.state)
        self.table.advance(2)
        self.assertEqual(sorted(self.table.state["colours"]), ["1", "2", "3"])

    def test_not_waited_for_otherwise(self) -> None:
        ann = self.sit(Asks, "random", "random")
        ann.start()
        ann.send("go", listed=False)
        ann.send("number", n=5)
        self.assertEqual(self.table.state["numbers"], {"1": 5})
