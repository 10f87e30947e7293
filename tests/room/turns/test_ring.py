"""Whose turn it is: the order, the number and the round, and what happens to it when somebody is out or leaves."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Refused
from gameserver.testing import Table, Visitor
from tests.room.turns.games import Told


class TurnsCase(SynchronousTestCase):
    """A table of `Told`."""

    def sit(self, *names: str, **arguments: Any) -> list[Visitor]:
        self.table = Table(Told, **arguments)
        self.visitors = {name: self.table.join(name) for name in names or ("Ann", "Bob", "Cleo", "Dan")}
        next(iter(self.visitors.values())).start()
        return list(self.visitors.values())

    def do(self, *verbs: str) -> None:
        self.here.send("do", verbs=list(verbs))

    def fails(self, *verbs: str) -> None:
        """The step is undone; a table raises it as what the client is told."""
        with self.assertRaises(Refused) as caught:
            self.do(*verbs)
        self.assertEqual(caught.exception.code, "game_error")

    @property
    def here(self) -> Visitor:
        return next(v for v in self.visitors.values() if v.id in self.table.room.seats)

    @property
    def turn(self) -> Any:
        return self.here.info["turn"]

    @property
    def current(self) -> str | None:
        turn = self.turn
        return self.name(turn["current"]) if turn else None

    def name(self, seat: str | None) -> str | None:
        if seat is None or seat.startswith("group:"):
            return seat
        return next((name for name, visitor in self.visitors.items() if visitor.id == seat), seat)

    @property
    def active(self) -> list[str | None]:
        return [self.name(seat) for seat in self.turn["active"]] if self.turn else []

    @property
    def order(self) -> list[str | None]:
        return [self.name(seat) for seat in self.turn["order"]]

    @property
    def log(self) -> list[str]:
        log: list[str] = self.table.state["log"]
        return log


class RingTests(TurnsCase):
    def test_nobody_before_begin(self) -> None:
        self.sit()
        self.assertIsNone(self.turn)

    def test_begins_with_players_by_number(self) -> None:
        self.sit()
        self.do("turns.begin()")
        self.assertEqual((self.order, self.current), (["Ann", "Bob", "Cleo", "Dan"], "Ann"))
        self.assertEqual((self.turn["number"], self.turn["round"], self.active), (1, 1, ["Ann"]))
        self.assertEqual(self.log, ["turn Ann"])

    def test_goes_round(self) -> None:
        self.sit()
        self.do("turns.begin()", "turns.next()")
        self.assertEqual((self.current, self.turn["number"], self.turn["round"]), ("Bob", 2, 1))
        self.assertEqual(self.log, ["turn Bob"], "on_turn waits until the method returns, and runs once")
        self.do("turns.next(2)")
        self.assertEqual((self.current, self.turn["number"], self.turn["round"]), ("Dan", 3, 1))
        self.do("turns.next()")
        self.assertEqual((self.current, self.turn["number"], self.turn["round"]), ("Ann", 4, 2))
        self.do("turns.next(-1)")
        self.assertEqual((self.current, self.turn["round"]), ("Dan", 2))

    def test_first_begins_rounds(self) -> None:
        self.sit()
        self.do("turns.begin(first=Cleo)")
        self.assertEqual((self.order[0], self.current), ("Ann", "Cleo"))
        for _ in range(3):
            self.do("turns.next()")
        self.assertEqual((self.current, self.turn["round"]), ("Bob", 1))
        self.do("turns.next()")
        self.assertEqual((self.current, self.turn["round"]), ("Cleo", 2))

    def test_to_again_reverse_end(self) -> None:
        self.sit()
        self.do("turns.begin()", "turns.to(Cleo)")
        self.assertEqual((self.current, self.turn["number"]), ("Cleo", 2))
        self.do("turns.again()")
        self.assertEqual((self.current, self.turn["number"]), ("Cleo", 3))
        self.do("turns.reverse()")
        self.assertEqual((self.current, self.turn["number"]), ("Cleo", 3))
        self.do("turns.next()")
        self.assertEqual(self.current, "Bob")
        self.do("turns.end()")
        self.assertIsNone(self.turn)
        self.do("turns.begin(order=[Dan, Ann])")
        self.assertEqual((self.order, self.current, self.turn["number"]), (["Dan", "Ann"], "Dan", 5))

    def test_out_is_passed_over_and_still_seated(self) -> None:
        self.sit()
        self.do("turns.begin()", "turns.out(Bob)")
        self.assertEqual(self.order, ["Ann", "Cleo", "Dan"])
        self.do("turns.next()")
        self.assertEqual(self.current, "Cleo")
        self.do("self.state['from'] = [p.name for p in turns.order_from(Bob)]")
        self.assertEqual(self.table.state["from"], ["Cleo", "Dan", "Ann"])
        self.do("turns.back(Bob)")
        self.assertEqual(self.order, ["Ann", "Bob", "Cleo", "Dan"])

    def test_turn_of_who_is_out_passes_on(self) -> None:
        self.sit()
        self.do("turns.begin()")
        self.do("turns.out(Ann)", "self.state['now'] = turns.current")
        self.assertIsNone(self.table.state["now"])
        self.assertEqual((self.current, self.turn["number"]), ("Bob", 2))

    def test_who_leaves_is_gone_before_on_leave(self) -> None:
        ann, bob, *_ = self.sit()
        self.do("turns.begin(first=Bob)")
        bob.leave()
        self.assertEqual((self.order, self.current), (["Ann", "Cleo", "Dan"], "Cleo"))
        self.assertEqual(self.log, ["turn Bob", "left ['Ann', 'Cleo', 'Dan']", "turn Cleo"])
        ann.leave()
        self.assertEqual(self.current, "Cleo")
        self.do("turns.next()", "turns.next()")
        self.assertEqual((self.current, self.turn["round"]), ("Cleo", 2))

    def test_late_ones_come_in(self) -> None:
        self.sit("Ann", "Bob")
        self.do("turns.begin()")
        self.visitors["Eve"] = self.table.join("Eve")
        self.do("turns.back(Eve, after=Ann)")
        self.assertEqual(self.order, ["Ann", "Eve", "Bob"])

    def test_all_out_is_nobodys(self) -> None:
        self.sit("Ann", "Bob")
        self.do("turns.begin()", "turns.out(Ann)", "turns.out(Bob)")
        self.assertIsNone(self.turn)

    def test_what_is_nobody(self) -> None:
        """``Game.seat`` gives None for who is gone: the error says so, and none of what happened inside."""
        self.sit("Ann", "Bob")
        self.do("turns.begin()")
        for verb in ("to", "out", "back", "order_from", "also", "only"):
            with self.assertRaises(Refused) as caught:
                self.do(f"turns.{verb}(None)")
            self.assertIn("None is neither a player nor a group", str(caught.exception.__cause__), verb)
        with self.assertRaises(Refused) as caught:
            self.do("turns.done(None)")
        self.assertIn("None is no player", str(caught.exception.__cause__))

    def test_before_the_start_it_raises(self) -> None:
        self.table = Table(Told)
        ann = self.table.join("Ann")
        self.visitors = {"Ann": ann}
        self.fails("turns.begin()")
        self.fails("turns.everyone()")
        with self.assertRaises(Refused) as caught:
            ann.send("move")
        self.assertEqual(caught.exception.code, "not_your_turn")

    def test_over_ends_turns_and_numbers_go_on(self) -> None:
        ann, *_ = self.sit()
        self.do("turns.begin()", "turns.next()", "self.over()")
        self.assertIsNone(self.turn)
        ann.start()
        self.do("turns.begin()")
        self.assertEqual((self.turn["number"], self.turn["round"]), (3, 1))

    def test_a_hook_that_never_stops_is_an_error(self) -> None:
        self.sit("Ann", "Bob")
        self.do("self.state['in_turn'] = {'Ann': 'turns.next()', 'Bob': 'turns.next()'}")
        self.fails("turns.begin()")
        self.assertIsNone(self.turn)

    def test_others_are_refused(self) -> None:
        ann, bob, *_ = self.sit()
        self.do("turns.begin()")
        with self.assertRaises(Refused) as caught:
            bob.send("move")
        self.assertEqual(caught.exception.code, "not_your_turn")
        ann.send("move")
        self.assertEqual(self.log[-1], "moved Ann")


class TeamTests(TurnsCase):
    def teams(self) -> None:
        self.sit()
        self.do(
            "self.group('red').public = self.group('blue').public = True",
            "[self.group('red').add(p) for p in (Ann, Cleo)]",
            "[self.group('blue').add(p) for p in (Bob, Dan)]",
            "turns.begin([self.group('red'), self.group('blue')])",
        )

    def test_a_turn_is_all_its_players(self) -> None:
        self.teams()
        self.assertEqual((self.current, self.active), ("group:red", ["Ann", "Cleo"]))
        self.assertEqual(self.log, ["turn red"])
        self.do("turns.done(Ann)")
        self.assertEqual(self.active, ["Cleo"])
        self.do("turns.done(Cleo)")
        self.assertEqual((self.current, self.active), ("group:blue", ["Bob", "Dan"]))

    def test_an_empty_team_is_out(self) -> None:
        self.teams()
        self.visitors["Ann"].leave()
        self.visitors["Cleo"].leave()
        self.assertEqual(self.visitors["Bob"].info["turn"]["current"], "group:blue")
        self.assertEqual(self.visitors["Bob"].info["turn"]["order"], ["group:blue"])

    def test_private_groups_take_no_turns(self) -> None:
        self.sit()
        self.fails("self.group('red').add(Ann)", "turns.begin([self.group('red')])")
        self.do("turns.begin()")
        self.fails("self.group('red').add(Ann)", "turns.back(self.group('red'))")
        self.teams()
        self.fails("self.group('red').public = False")

    def test_who_comes_and_goes(self) -> None:
        """All are told who is waited for by now; a team that is left by its last passes the turn on."""
        self.teams()
        self.do("self.group('red').add(Dan)")
        self.assertEqual(self.active, ["Ann", "Cleo", "Dan"])
        self.do("self.group('red').remove(Ann)")
        self.assertEqual((self.current, self.active), ("group:red", ["Cleo", "Dan"]))
        self.do("turns.done(Dan)", "self.group('red').remove(Cleo)")
        self.assertEqual((self.current, self.log[-1]), ("group:blue", "turn blue"))
        self.do("self.group('blue').clear()", "self.state['current'] = repr(turns.current)")
        self.assertEqual((self.table.state["current"], self.current), ("None", "group:red"))
        self.do("self.group('red').clear()")
        self.assertIsNone(self.turn)


class CallTests(TurnsCase):
    def test_the_turn_goes_on_where_it_stood(self) -> None:
        self.sit()
        self.do("turns.begin()", "turns.only(Bob, Dan, then=then, stage='bid')")
        self.assertEqual((self.current, self.active, self.turn["stage"]), ("Ann", ["Bob", "Dan"], "bid"))
        with self.assertRaises(Refused):
            self.visitors["Ann"].send("move")
        self.visitors["Bob"].send("bid")
        with self.assertRaises(Refused):
            self.visitors["Bob"].send("bid")
        self.visitors["Dan"].send("bid")
        self.assertEqual((self.current, self.active, self.turn["stage"]), ("Ann", ["Ann"], None))
        self.assertEqual((self.turn["number"], self.log), (1, ["turn Ann", "then"]))

    def test_everyone_before_begin_is_all_players(self) -> None:
        self.sit()
        self.do("turns.everyone(stage='bid')")
        self.assertEqual((self.current, self.active), (None, ["Ann", "Bob", "Cleo", "Dan"]))

    def test_nobody_called_is_over_at_once(self) -> None:
        self.sit()
        self.do("turns.begin()", "turns.only(then=then)", "self.state['log'].append('returned')")
        self.assertEqual(self.log, ["returned", "then", "turn Ann"])

    def test_time(self) -> None:
        self.sit()
        self.do("turns.begin()", "turns.everyone(s=5, then=then)")
        self.table.advance(5)
        self.assertEqual((self.log, self.active), (["turn Ann", "then"], ["Ann"]))

    def test_in_order(self) -> None:
        self.sit()
        self.do("turns.everyone(stage='bid', in_order=True)")
        for name in ("Ann", "Bob", "Cleo", "Dan"):
            self.assertEqual(self.active, [name])
            self.visitors[name].send("bid")
        self.assertIsNone(self.turn)

    def test_nest_and_are_dropped(self) -> None:
        self.sit()
        self.do("turns.begin()", "turns.only(Bob, stage='bid')", "turns.only(Cleo, stage='rebid')")
        self.assertEqual(self.active, ["Cleo"])
        self.do("turns.stop()")
        self.assertEqual(self.active, ["Bob"])
        self.do("turns.next()")
        self.assertEqual((self.active, self.turn["stage"]), (["Bob"], None))
        self.fails(*["turns.only(Ann)"] * 17)
        self.do(*["turns.only(Ann)"] * 16)

    def test_also_and_done(self) -> None:
        self.sit()
        self.do("turns.begin()", "turns.only(Bob)", "turns.also(Cleo)", "turns.done(Bob)", "turns.done(Dan)")
        self.assertEqual(self.active, ["Cleo"])
        self.do("turns.also(Bob)")
        self.assertEqual(self.active, ["Cleo", "Bob"])

    def test_leaving_and_out(self) -> None:
        self.sit()
        self.do("turns.begin()", "turns.only(Bob, Cleo, then=then)", "turns.out(Bob)")
        self.visitors["Cleo"].leave()
        self.assertEqual((self.active, self.log[-1]), (["Ann"], "then"))

    def test_current_who_left_during_a_call(self) -> None:
        self.sit()
        self.do("turns.begin(first=Bob)", "turns.only(Cleo, then=then)")
        self.visitors["Bob"].leave()
        self.assertEqual((self.turn["current"], self.active), (None, ["Cleo"]))
        self.do("turns.done(Cleo)")
        self.assertEqual((self.current, self.log[-2:]), ("Cleo", ["then", "turn Cleo"]))

    def test_undone_with_the_step(self) -> None:
        self.sit()
        self.do("turns.begin()")
        before = self.turn
        self.fails("turns.next()", "turns.only(Dan, then=then)", "turns.stop()", "1 / 0")
        self.assertEqual((self.turn, self.log), (before, ["turn Ann"]))
        self.do("turns.next()")
        self.assertEqual(self.log, ["turn Ann", "turn Bob"])

    def test_survives_a_restart(self) -> None:
        self.sit()
        self.do("turns.begin(first=Cleo)", "turns.only(Bob, stage='bid', then=then)", "turns.prompt('Bid {n}', n=1)")
        before = self.turn
        self.table.restart()
        self.assertEqual(self.turn, before)
        self.visitors["Bob"].send("bid")
        self.assertEqual(self.log[-1], "then")


class PromptTests(TurnsCase):
    def test_of_turn_and_call(self) -> None:
        self.sit()
        self.do("turns.begin()", "turns.prompt('Play {card}', '{who} thinks', card='C2', who=Ann)")
        told = {"text": "Play {card}", "others": "{who} thinks", "args": {"card": "C2", "who": "Ann"}}
        self.assertEqual(self.turn["prompt"], told)
        self.do("turns.only(Bob)")
        self.assertIsNone(self.turn["prompt"])
        self.do("turns.done(Bob)")
        self.assertEqual(self.turn["prompt"], told)
        self.do("turns.next()")
        self.assertIsNone(self.turn["prompt"])


class ClockTests(TurnsCase):
    def test_turn_s(self) -> None:
        self.patch(Told, "turn_s", 30)
        if "_gs_spec" in Told.__dict__:
            del Told._gs_spec
        self.addCleanup(lambda: delattr(Told, "_gs_spec"))
        self.sit()
        self.do("turns.begin()")
        self.assertEqual(self.turn["ends"], round((self.table.now + 30) * 1000))
        self.table.advance(20)
        self.do("turns.only(Bob)")
        self.assertEqual(self.turn["ends"], round((self.table.now + 30) * 1000))
        self.table.advance(29)
        self.do("turns.done(Bob)")
        self.assertEqual(self.turn["ends"], round((self.table.now + 10) * 1000), "the clock stood still")
        self.table.advance(10)
        self.assertEqual((self.current, self.turn["number"]), ("Bob", 2))
        self.table.advance(30)
        self.assertEqual(self.current, "Cleo")


class ResultTests(TurnsCase):
    def test_players_are_ids_in_the_result(self) -> None:
        ann, bob, cleo, dan = self.sit()
        self.do("self.over(ranking=[[Ann], [Bob, Cleo]], scores={Ann: 10}, last=Dan)")
        told = {"ranking": [[ann.id], [bob.id, cleo.id]], "scores": {ann.id: 10}, "last": dan.id}
        self.assertEqual(ann.info["result"], told)
