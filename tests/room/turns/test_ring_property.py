"""Whatever a game does with turns and calls, and whoever leaves meanwhile: it comes out as a small model says."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gameserver.testing import Table
from tests.room.turns.games import Told

NAMES = ("Ann", "Bob", "Cleo", "Dan", "Eve")
WHO = st.sampled_from(NAMES)
SOME = st.lists(WHO, max_size=4)
DEEDS = st.one_of(
    st.tuples(st.just("next"), st.sampled_from([1, 2, 3, -1, -2])),
    st.tuples(st.sampled_from(["to", "out", "back", "done", "also", "leave"]), WHO),
    st.tuples(st.sampled_from(["again", "reverse", "end", "stop"])),
    st.tuples(st.just("begin"), WHO),
    st.tuples(st.sampled_from(["only", "in_order", "everyone"]), SOME),
    st.tuples(st.just("restart")),
)


class Many(Told):
    """As many messages as a test likes."""

    messages_per_s = 1000.0


class Model:
    """Turns and calls as the guide has them, in as few words as can be."""

    def __init__(self) -> None:
        self.here = list(NAMES)
        self.ring: list[str] = []
        self.out: set[str] = set()
        self.at: int | None = None
        self.number = 0
        self.calls: list[tuple[list[str], bool]] = []
        self.done_: set[str] = set()
        self.added: list[str] = []
        self.thens = 0
        self.turned = False
        self.log: list[str] = []

    def plays(self, who: str) -> bool:
        return who in self.here and who not in self.out

    @property
    def order(self) -> list[str]:
        return [who for who in self.ring if self.plays(who)]

    @property
    def current(self) -> str | None:
        return self.ring[self.at] if self.at is not None and self.plays(self.ring[self.at]) else None

    @property
    def active(self) -> list[str]:
        if self.calls:
            waits, in_order = self.calls[-1]
            return waits[:1] if in_order else waits
        if self.at is None:
            return []
        owner = self.ring[self.at]
        waits = [who for who in dict.fromkeys([*[owner] * self.plays(owner), *self.added]) if who not in self.done_]
        return [who for who in waits if who in self.here]

    def turn_to(self, at: int | None) -> None:
        who = self.ring[at] if at is not None else None
        self.ring = [each for each in self.ring if each in self.here]
        self.at = self.ring.index(who) if who is not None else None
        self.number += who is not None
        self.turned = who is not None
        self.calls, self.done_, self.added = [], set(), []

    def begin(self, first: str) -> None:
        self.ring, self.out = list(self.here), set()
        self.turn_to(self.ring.index(first))

    def next(self, steps: int) -> None:
        if not self.order:
            self.turn_to(None)
            return
        at = self.at or 0
        for _ in range(abs(steps)):
            at = (at + (1 if steps > 0 else -1)) % len(self.ring)
            while not self.plays(self.ring[at]):
                at = (at + (1 if steps > 0 else -1)) % len(self.ring)
        self.turn_to(at)

    def reverse(self) -> None:
        who = self.ring[self.at] if self.at is not None else None
        self.ring.reverse()
        self.at = self.ring.index(who) if who is not None else None

    def call(self, seats: list[str], *, in_order: bool) -> None:
        self.calls.append((list(dict.fromkeys(who for who in seats if who in self.here)), in_order))
        self.end_complete()

    def end_complete(self) -> None:
        while self.calls and not self.active:
            self.calls.pop()
            self.thens += 1

    def done(self, who: str) -> None:
        if who not in self.active:
            return
        if self.calls:
            self.calls[-1][0].remove(who)
            self.end_complete()
            return
        self.done_.add(who)
        if not self.active:
            self.next(1)

    def also(self, who: str) -> None:
        if self.calls:
            self.calls[-1][0].extend({who} - {*self.calls[-1][0]})
        else:
            self.done_.discard(who)
            self.added.append(who)

    def take_out(self, who: str) -> None:
        for waits, _ in self.calls:
            if who in waits:
                waits.remove(who)

    def leave(self, who: str) -> None:
        owner = self.ring[self.at] if self.at is not None else None
        self.here.remove(who)
        self.out.discard(who)
        self.take_out(who)
        self.ring = [each for each in self.ring if each in self.here or each == owner]
        self.at = self.ring.index(owner) if owner is not None else None
        self.log.append(f"left {self.order}")

    def settle(self) -> None:
        """What follows once the method has returned."""
        while True:
            if self.thens:
                self.thens -= 1
                self.log.append("then")
                continue
            self.end_complete()
            if self.thens:
                continue
            if self.at is not None and not self.calls and not self.active:
                self.next(1)
            elif self.turned:
                self.turned = False
                self.log.append(f"turn {self.current}")
            else:
                return


class RingPropertyTests(SynchronousTestCase):
    def can(self, what: str, how: list[Any]) -> bool:
        """Whether it is no error to do so now."""
        model = self.model
        if what in ("out", "back", "to", "begin", "also"):
            if how[0] not in model.here or (what != "begin" and how[0] not in model.ring):
                return False
            if what == "to":
                return model.plays(how[0])
            if what == "also":
                return bool(model.calls) or model.at is not None
        if what == "next":
            return model.at is not None
        if what == "again":
            return model.current is not None
        if what == "leave":
            return how[0] in model.here and len(model.here) > 2
        if what == "done":
            return how[0] in model.here
        return what not in ("only", "in_order", "everyone") or len(model.calls) < 16

    def do(self, what: str, *how: Any) -> None:
        model, table = self.model, self.table
        if what == "leave":
            model.leave(how[0])
            self.visitors[how[0]].leave()
        elif what in ("only", "in_order"):
            seats = [who for who in how[0] if who in model.here]
            model.call(seats, in_order=what == "in_order")
            self.say(f"turns.only({', '.join([*seats, 'then=then'])}, in_order={what == 'in_order'})")
        elif what == "everyone":
            model.call(model.order, in_order=False)
            self.say("turns.everyone(then=then)")
        elif what == "stop":
            if model.calls:
                model.calls.pop()
            self.say("turns.stop()")
        elif what == "end":
            model.turn_to(None)
            self.say("turns.end()")
        elif what == "begin":
            model.begin(how[0])
            self.say(f"turns.begin(first={how[0]})")
        elif what == "out":
            model.out.add(how[0])
            model.take_out(how[0])
            model.end_complete()
            self.say(f"turns.out({how[0]})")
        elif what == "back":
            model.out.discard(how[0])
            self.say(f"turns.back({how[0]})")
        elif what == "to":
            model.turn_to(model.ring.index(how[0]))
            self.say(f"turns.to({how[0]})")
        elif what == "again":
            model.turn_to(model.at)
            self.say("turns.again()")
        elif what == "restart":
            before = table.row
            table.restart()
            self.assertEqual(table.row, before)
        else:
            getattr(model, what)(*how)
            self.say(f"turns.{what}({', '.join(map(str, how))})")

    def say(self, verb: str) -> None:
        self.visitors[self.model.here[0]].send("do", verbs=[verb])

    @settings(max_examples=150, deadline=None)
    @given(st.lists(DEEDS, max_size=30), st.booleans())
    def test_as_the_model(self, deeds: list[tuple[Any, ...]], amnesia: bool) -> None:
        self.model, self.table = Model(), Table(Many, amnesia=amnesia)
        self.visitors = {name: self.table.join(name) for name in NAMES}
        self.visitors["Ann"].start()
        for what, *how in [("begin", "Ann"), *deeds]:
            if not self.can(what, how):
                continue
            number = self.model.number
            self.do(what, *how)
            self.model.settle()
            self.check((what, *how))
            self.assertGreaterEqual(self.model.number, number)

    def check(self, deed: Any) -> None:
        model, turns = self.model, self.table.turns
        said = ([who.name for who in turns.order], turns.current and turns.current.name, turns.number)
        self.assertEqual(said, (model.order, model.current, model.number), deed)
        self.assertEqual([player.name for player in turns.active], model.active, deed)
        self.assertEqual(self.table.state["log"], model.log, deed)
        told = self.visitors[model.here[0]].info["turn"]
        if model.at is None and not model.calls:
            self.assertIsNone(told, deed)
            return
        names = {visitor.id: name for name, visitor in self.visitors.items()}
        self.assertEqual([names[id] for id in told["active"]], model.active, deed)
        self.assertEqual([names[id] for id in told["order"]], model.order, deed)
        self.assertEqual(told["number"], model.number, deed)
