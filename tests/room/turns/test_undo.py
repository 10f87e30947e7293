"""What players take back, and what they cannot; whether they can tells them nothing that they may not know."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Move, Player, Refused, message, timer
from gameserver.room import row
from gameserver.room.turns.backwards import apply, changes_back
from gameserver.room.turns.footprint import position
from gameserver.room.turns.undoing import Undoing
from gameserver.testing import Table, Visitor


class Nim(Game):
    """One may take back what one took."""

    min_players = max_players = 2

    def on_start(self) -> None:
        self.state["heap"] = 21
        self.turns.begin()

    def moves(self, player: Player) -> list[Move]:
        return [Move("take", {"n": n}) for n in (1, 2, 3)]

    @message(turn=True, undo=True)
    def take(self, player: Player, n: int) -> None:
        self.state["heap"] -= n
        self.turns.next()


class Free(Game):
    """Its messages do as a test says."""

    min_players, max_players = 2, 4
    turn_s = 60
    roles = {"spectator": 2}

    def on_start(self) -> None:
        self.state.update(log=[], cells=[0] * 6, named={"a": 1, "b": {"x": [1]}, "c": None}, heard=[])
        for player in self.players:
            player.state["hand"] = [1, 2, 3]
        self.secret["deck"] = [9, 8, 7]
        self.turns.begin()

    def on_turn(self, who: Player) -> None:
        self.state["heard"].append(who.name)
        self.turns.prompt("Yours", to=who)

    @message(turn=True, undo=True)
    def do(self, player: Player, verbs: list[str]) -> None:
        self._do(player, verbs)

    @message(turn=True, stage="reply", undo=True)
    def reply(self, player: Player) -> None:
        self.state["log"].append("reply")
        self.turns.done(player)

    @message
    def plain(self, player: Player, verbs: list[str]) -> Any:
        return self._do(player, verbs)

    @timer
    def ring(self) -> None:
        self.log.info("rang")

    def called(self) -> None:
        self.state["log"].append("then")

    def _do(self, player: Player, verbs: list[str]) -> None:
        names = {"self": self, "me": player, "state": self.state, "turns": self.turns}
        for verb in verbs:
            exec(verb, names | {seat.name: seat for seat in self.seats()})


class CopyTests(SynchronousTestCase):
    """What is done for a message before it is known to be legal."""

    def test_refused_messages_copy_nothing(self) -> None:
        """Documents are copied for a message that comes to the game, not for one that is refused."""
        copied: list[str] = []
        copy = Undoing.copy
        self.patch(Undoing, "copy", lambda undoing, player: copied.append(player.name) or copy(undoing, player))
        table = Table(Nim)
        ann, bob = table.join("Ann"), table.join("Bob")
        ann.start()
        for who, data in ((bob, {"n": 1}), (ann, {"n": "1"}), (ann, {"n": 4}), (ann, {"m": 1})):
            with self.assertRaises(Refused):
                who.send("take", **data)
        self.assertEqual(copied, [])
        ann.send("take", n=1)
        self.assertEqual(copied, ["Ann"])
        ann.undo()
        self.assertEqual(table.state["heap"], 21)


class UndoCase(SynchronousTestCase):
    def sit(self, game: type[Game] = Free, *names: str) -> list[Visitor]:
        self.table = Table(game)
        visitors = [self.table.join(name) for name in names or ("Ann", "Bob", "Cleo")]
        visitors[0].start()
        return visitors

    def stands(self, table: Table | None = None) -> Any:
        room = (table or self.table).room
        docs = {name: repr(document.plain()) for name, document in room.docs.items() if document.root}
        state = room.state.turns
        return docs, position(state) if state is not None else None

    def told(self, visitor: Visitor) -> bool:
        frames = map(json.loads, visitor.seen().split(b"\n"))
        told = [frame for frame in frames if frame["op"] == "moves"]
        return bool(told and told[-1]["undo"])

    def refused(self, visitor: Visitor, text: str = "") -> None:
        self.assertFalse(self.told(visitor))
        with self.assertRaises(Refused) as caught:
            visitor.ask("undo")
        self.assertEqual(caught.exception.code, "cannot_undo")
        self.assertIn(text, caught.exception.text)


PASS = "turns.next()"


class TakenBackTests(UndoCase):
    def test_one_by_one(self) -> None:
        ann, *_ = self.sit()
        stood = [self.stands()]
        for verbs in (["state['cells'][2] = 5"], ["state['log'] += ['x', 'y']"], ["state['cells'][3] = 1", PASS]):
            ann.send("do", verbs=verbs)
            stood.append(self.stands())
        self.table.restart()
        for before in reversed(stood[:-1]):
            self.assertTrue(self.told(ann))
            ann.ask("undo")
            self.assertEqual(self.stands(), before)
            self.table.restart()
        self.refused(ann, "nothing of yours")

    def test_every_change_of_a_document(self) -> None:
        ann, *_ = self.sit()
        before = self.stands()
        for verbs in (
            ["state['named'].pop('a')"],
            ["state['named'].clear()"],
            ["state['named'].update(a=state['named'].pop('a'))"],
            ["state['log'].append({'deep': [1]})", "state['log'][0]['deep'].append(2)"],
            ["del state['cells'][1:3]", "state['cells'].insert(0, 7)"],
            ["state['named']['b']['x'] = -0.0"],
            ["del state['cells']"],
            ["me.state['hand'].sort(reverse=True)", "me.state['more'] = b'1'"],
            ["state['$'] = {'$bytes': 'x'}"],
        ):
            ann.send("do", verbs=verbs)
            self.assertNotEqual(self.stands(), before, verbs)
            ann.ask("undo")
            self.assertEqual(self.stands(), before, verbs)

    def test_calls(self) -> None:
        ann, bob, cleo = self.sit()
        before = self.stands()
        ann.send("do", verbs=["turns.only(Bob, Cleo, stage='reply', then='called')"])
        called = self.stands()
        bob.send("reply")
        self.refused(ann, "whose turn")
        bob.ask("undo")
        self.assertEqual(self.stands(), called)
        self.refused(ann)
        bob.send("reply")
        waits = self.stands()
        cleo.send("reply")
        self.assertEqual(self.table.state["log"], ["reply", "reply", "then"])
        cleo.ask("undo")
        self.assertEqual(self.stands(), waits)
        self.assertNotEqual(called, before)

    def test_no_hooks_and_an_event(self) -> None:
        ann, bob, _ = self.sit()
        ann.send("do", verbs=[PASS])
        ann.ask("undo")
        self.assertEqual(self.table.state["heard"], ["Ann"])
        self.assertEqual(self.table.room.turns.number, 1)
        events = [e for e in map(json.loads, bob.seen().split(b"\n")) if e["op"] == "event" and e["type"] == "undone"]
        self.assertEqual([event["data"] for event in events], [{"seat": ann.id}])

    def test_clocks_do_not_go_back(self) -> None:
        class Banked(Free):
            turn_s = None
            bank_s, increment_s = 100, 10

        ann, *_ = self.sit(Banked)
        self.table.advance(20)
        ann.send("do", verbs=[PASS])
        for _ in range(3):
            ann.ask("undo")
            self.table.advance(5)
            ann.send("do", verbs=[PASS])
        left = self.table.room.state.turns
        assert left is not None
        self.assertEqual(left.banks[ann.id], 100 - 20 + 10 - 15)

    def test_the_clock_of_a_turn_goes_on(self) -> None:
        ann, *_ = self.sit()
        self.table.advance(20)
        ann.send("do", verbs=[PASS])
        self.table.advance(5)
        ann.ask("undo")
        self.assertEqual(self.table.room.timers.left_s(" turn"), 40)

    def test_of_one_who_was_late(self) -> None:
        class Kind(Free):
            absent = "skip"

            def on_timeout(self, who: Player) -> None: ...

        ann, *_ = self.sit(Kind)
        self.table.advance(61 * 3)
        ann.send("do", verbs=["state['cells'][0] = 1"])
        ann.ask("undo")
        self.assertEqual(self.table.state["cells"][0], 0)

    def test_64_at_most(self) -> None:
        ann, *_ = self.sit()
        for n in range(70):
            self.table.advance(0.2)
            ann.send("do", verbs=[f"state['cells'][0] = {n + 1}"])
        for _ in range(64):
            self.table.advance(0.2)
            ann.ask("undo")
        self.assertEqual(self.table.state["cells"][0], 6)
        self.refused(ann)

    def test_64_kib_at_most(self) -> None:
        ann, *_ = self.sit()
        for n in range(8):
            ann.send("do", verbs=[f"state['text'] = '{n}' * 20000"])
        for _ in range(3):
            ann.ask("undo")
        self.refused(ann)
        self.assertEqual(self.table.state["text"][0], "4")
        ann.send("do", verbs=["state['text'] = 'x' * 70000"])
        ann.ask("undo")
        ann.send("do", verbs=["state['text'] = 'y' * 70000"])
        ann.send("do", verbs=["del state['text']"])
        self.refused(ann, "too much")

    def test_asked_for_again(self) -> None:
        """The same request is one."""
        ann, *_ = self.sit()
        for n in (1, 2):
            ann.send("do", verbs=[f"state['cells'][0] = {n}"])
        ann.ask("undo", id=900)
        ann.ask("undo", id=900)
        self.assertEqual(self.table.state["cells"][0], 1)

    def test_nothing_is_paid_without(self) -> None:
        class Other(Free):
            @message(turn=True)
            def do(self, player: Player, verbs: list[str]) -> None:
                self._do(player, verbs)

            @message(turn=True, stage="reply")
            def reply(self, player: Player) -> None: ...

        ann, *_ = self.sit(Other)
        ann.send("do", verbs=[PASS])
        self.assertFalse(any(part.startswith("undo/") for part in row.dump(self.table.room)))
        self.refused(ann)


class RulesTests(UndoCase):
    def closes(self, text: str, verbs: list[str]) -> None:
        """A message that does this cannot be taken back, nor what came before it."""
        ann, *_ = self.sit()
        ann.send("do", verbs=["state['cells'][0] = 1"])
        ann.send("do", verbs=[*verbs, "state['cells'][1] = 1"])
        self.refused(ann, text)

    def test_what_a_message_did(self) -> None:
        self.closes("chance", ["self.random.random()"])
        self.closes("do not see", ["self.secret['deck'].pop()"])
        self.closes("do not see", ["Bob.state['hand'].pop()"])
        self.closes("shown", ["turns.no_undo()"])
        for verb in (
            "self.after(5, self.ring)",
            "self.group('red').add(me)",
            "self.table('t').put('k', 1)",
            "self.chat.say('hello')",
            "self.enter('x')",
            "self.kick(Cleo)",
        ):
            with self.subTest(verb):
                self.closes("cannot be taken back", [verb])

    def after(self, text: str | None, do: Any) -> None:
        """After somebody else has done this, a message can, or cannot be taken back."""
        visitors = self.sit()
        ann = visitors[0]
        ann.send("do", verbs=["state['cells'][0] = 1"])
        do(*visitors)
        if text is not None:
            self.refused(ann, text)
            return
        self.assertTrue(self.told(ann))
        ann.ask("undo")
        self.assertEqual(self.table.state["cells"][0], 0)

    def plain(self, text: str | None, verb: str, who: int = 1) -> None:
        with self.subTest(verb):
            self.after(text, lambda *all: all[who].send("plain", verbs=[verb]))

    def test_what_others_did(self) -> None:
        self.plain("what you see", "state['log'].append(1)")
        self.plain("what you see", "Ann.state['hand'].pop()")
        self.plain("whose turn", "turns.only(me)")
        self.plain("whose turn", PASS)
        self.plain("chance", "self.random.random()")

    def test_what_is_hidden_tells_nothing(self) -> None:
        """What a player does not see does not close its undo."""
        self.plain(None, "me.state['hand'].pop()")
        self.plain(None, "self.secret['deck'].pop()")
        self.plain(None, "turns.prompt('Psst', to=me)")
        self.plain(None, "turns.no_undo()")
        self.plain(None, "state['log'].append(1); state['log'].pop()")

    def test_what_oneself_did_else(self) -> None:
        self.plain("something else", "state['log'].append(1)", who=0)
        self.plain("something else", "self.secret['deck'].pop()", who=0)
        self.plain("shown", "turns.no_undo()", who=0)
        self.plain(None, "len(self.secret['deck'])", who=0)

    def test_time(self) -> None:
        self.after("timer or a clock", lambda *all: self.table.advance(61))
        self.after(None, lambda *all: self.table.advance(3))

    def test_coming_and_going(self) -> None:
        self.after(None, lambda ann, bob, cleo: (bob.drop(), bob.resume(), ann.drop(), ann.resume()))
        self.after("whose turn", lambda ann, bob, cleo: cleo.leave())
        self.after(None, lambda *all: self.table.join("Dan", role="spectator"))
        self.after(None, lambda ann, bob, cleo: bob.say("hello"))

    def test_a_bot_is_next(self) -> None:
        """What a bot has not answered yet is taken back, and the bot thinks no more; what it has answered is not."""

        class Solo(Free):
            def moves(self, player: Player) -> list[Move]:
                return [Move("do", {"verbs": [PASS]})]

        self.table = Table(Solo)
        ann = self.table.join("Ann")
        ann.ask("bot")
        ann.start()
        before = self.stands()
        ann.send("do", verbs=[PASS])
        ann.ask("undo")
        self.table.advance(5)
        self.assertEqual(self.stands(), before)
        ann.send("do", verbs=[PASS])
        self.table.advance(5)
        self.assertEqual(self.table.room.turns.number, 3)
        self.refused(ann, "whose turn")

    def test_the_end(self) -> None:
        ann, *_ = self.sit()
        ann.send("do", verbs=["state['cells'][0] = 1"])
        ann.send("do", verbs=["self.over(ranking=[[me]])"])
        self.refused(ann, "not under way")
        ann.ask("host", act="again")
        self.refused(ann)

    def test_moves_that_fail(self) -> None:
        """If the moves cannot be told after it, nothing is taken back."""

        class Picky(Free):
            def moves(self, player: Player) -> list[Move]:
                if self.secret.get("fails"):
                    raise ValueError("no")
                return [Move("do", choices={"verbs": ...})]

        ann, *_ = self.sit(Picky)
        ann.send("do", verbs=["state['cells'][0] = 1"])
        before = self.stands()
        self.table.game.secret["fails"] = True
        self.table.room.journal.commit()
        with self.assertRaises(Refused):
            ann.ask("undo")
        self.assertEqual(self.table.state["cells"][0], 1)
        self.table.game.secret["fails"] = False
        self.table.room.journal.commit()
        self.flushLoggedErrors(ValueError)
        self.assertEqual(self.stands()[1], before[1])
        ann.ask("undo")
        self.assertEqual(self.table.state["cells"][0], 0)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.0, -0.0, 1.0, "x", b"y"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", "b", "$", "c"]), inner),
    max_leaves=12,
)
TREE = st.dictionaries(st.sampled_from(["a", "b", "$", "c"]), JSON)
VERBS = st.sampled_from(
    [
        "state['cells'][1] += 1",
        "state['cells'].append(2)",
        "state['cells'].pop(0) if state['cells'] else None",
        "state['named'].pop('b', None)",
        "state['named']['b'] = {'x': [2]}",
        "me.state['hand'].append(4)",
        "Bob.state['hand'].append(5)",
        "turns.next()",
        "turns.to(Cleo)",
        "turns.again()",
        "turns.reverse()",
        "turns.only(Bob, Ann)",
        "turns.done(me)",
        "turns.also(me)",
        "turns.prompt('Now', others='Wait')",
        "self.random.random()",
    ]
)


HIDDEN = st.sampled_from(
    [
        "me.state['hand'].append(4)",
        "me.state['hand'].clear()",
        "self.secret['deck'].append(4)",
        "turns.prompt('Psst', to=me)",
        "turns.no_undo()",
        "self.group('spies').state['plan'] = 1",
    ]
)


class ByKey(Free):
    """Stored by the keys of its documents."""

    storage = "fields"


class Relaxed(Free):
    """Patches wait for their time."""

    patch_hz = 2


class Spies(Free):
    """Some are in a group of which Ann knows nothing."""

    def on_start(self) -> None:
        super().on_start()
        for player in self.players[1:]:
            self.group("spies").add(player)


class AnyPlayTests(UndoCase):
    @given(TREE, TREE)
    @settings(deadline=None, max_examples=150)
    def test_the_way_back(self, before: dict[str, Any], after: dict[str, Any]) -> None:
        document = Table(Free).room.doc("x")
        document.replace(after)
        document.journal.commit()
        apply(document, changes_back(before, document.plain()))
        self.assertEqual(repr(document.plain()), repr(before))

    @given(st.data())
    @settings(deadline=None, max_examples=60)
    def test_documents_and_turns(self, data: st.DataObject) -> None:
        """Whatever is played: what is taken back leads to what was, and everybody sees it."""
        visitors = self.sit(data.draw(st.sampled_from([Free, ByKey, Relaxed])))
        before: dict[str, list[Any]] = {visitor.id: [] for visitor in visitors}
        for _ in range(data.draw(st.integers(1, 14))):
            visitor = data.draw(st.sampled_from(visitors))
            what = data.draw(st.sampled_from(["do", "do", "plain", "undo", "undo", "wait", "restart"]))
            stood = self.stands()
            may = self.told(visitor)
            try:
                if what == "undo":
                    visitor.ask("undo")
                    self.assertTrue(may)
                    self.assertEqual(self.stands(), before[visitor.id].pop())
                elif what in ("do", "plain"):
                    visitor.send(what, verbs=data.draw(st.lists(VERBS, min_size=1, max_size=3)))
                    if what == "do" and self.stands() != stood and len(self.table.room.undoing.moves) > 0:
                        before[visitor.id].append(stood)
                elif what == "wait":
                    self.table.advance(data.draw(st.sampled_from([1, 70])))
                else:
                    self.table.restart()
            except Refused as refused:
                self.assertEqual(self.stands(), stood)
                if what == "undo":
                    self.assertEqual((refused.code, may), ("cannot_undo", False))
            for one in visitors:
                self.assertEqual(self.told(one), one.id in self.table.room.undoing.allowed)
        self.flushLoggedErrors()

    @given(st.lists(st.tuples(st.booleans(), st.integers(1, 2), HIDDEN), max_size=6), st.lists(VERBS, max_size=3))
    @settings(deadline=None, max_examples=60)
    def test_what_others_hide(self, hidden: list[tuple[bool, int, str]], verbs: list[str]) -> None:
        """Whatever others do that a player does not see, that player is told the same of its undo, and undoes it."""
        told = []
        for quiet in (True, False):
            ann, *others = self.sit(Spies)
            heard = []
            for n, (also, who, verb) in enumerate(hidden):
                try:
                    if also:
                        ann.send("do", verbs=[f"state['cells'][0] = {n}", *verbs])
                except Refused:
                    pass  # it is not Ann's turn
                if not quiet:
                    others[who - 1].send("plain", verbs=[verb])
                heard.append(self.told(ann))
            while self.told(ann):
                ann.ask("undo")
                heard.append(ann.docs["room"])
            told.append(heard)
        self.flushLoggedErrors()
        self.assertEqual(*told)
