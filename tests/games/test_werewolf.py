"""Werewolf, rule by rule."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from games.werewolf import Werewolf, cast
from gameserver import Refused
from gameserver.testing import Table, Visitor

NAMES = (
    "Ann",
    "Bob",
    "Cleo",
    "Dan",
    "Eve",
    "Finn",
    "Gil",
    "Hal",
    "Ida",
    "Jan",
    "Kim",
    "Lea",
    "Max",
    "Nora",
    "Otto",
    "Pia",
)
SHORT = {"cards_s": 10, "night_s": 100, "morning_s": 10, "day_s": 100, "evening_s": 10}


class Village:
    """
    A game whose cards are on the table, for the test.

    :ivar wolves: and the others by role, in the order of their seats.
    """

    def __init__(self, players: int = 7, seed: int = 1, *, start: bool = True, **options: Any) -> None:
        self.table = Table(Werewolf, seed=seed, options={**SHORT, **options})
        self.all = [self.table.join(name) for name in NAMES[:players]]
        if start:
            self.table.start()
            self.table.advance(SHORT["cards_s"])

    def of(self, role: str) -> list[Visitor]:
        """:returns: those of a role, dead or alive, who are there."""
        return [v for v in self.all if v.left is None and v.state["role"] == role]

    @property
    def wolves(self) -> list[Visitor]:
        return self.of(cast.WOLF)

    @property
    def others(self) -> list[Visitor]:
        """Plain villagers."""
        return self.of(cast.VILLAGER)

    @property
    def seer(self) -> Visitor:
        return self.of(cast.SEER)[0]

    @property
    def doctor(self) -> Visitor:
        return self.of(cast.DOCTOR)[0]

    def alive(self) -> list[Visitor]:
        """:returns: who lives."""
        living = [each["seat"] for each in self.table.state["village"] if each["alive"]]
        return [v for v in self.all if v.id in living]

    def night(self, victim: Visitor | None) -> None:
        """The wolves choose, nobody else does, and it becomes day."""
        for wolf in self.wolves:
            if wolf in self.alive() and wolf.online:
                wolf.send("choose", whom=victim.id if victim else None)
        self.table.advance(SHORT["night_s"])
        if self.table.phase == "morning":
            self.table.advance(SHORT["morning_s"])

    def day(self, victim: Visitor | None) -> None:
        """One votes, and it becomes night."""
        voter = next(v for v in self.alive() if v is not victim and v.online)
        voter.send("vote", whom=victim.id if victim else None)
        self.table.advance(SHORT["day_s"])
        if self.table.phase == "evening":
            self.table.advance(SHORT["evening_s"])

    def code(self, *what: Any, **fields: Any) -> str:
        """:returns: the code with which something was refused."""
        call, *args = what
        try:
            call(*args, **fields)
        except Refused as refused:
            return refused.code
        raise AssertionError("it was let through")


class CastTests(SynchronousTestCase):
    def test_counts_by_number_of_players(self) -> None:
        """A quarter of them are wolves; one is the seer; from seven on one is the doctor."""
        counts = {}
        for players in range(5, 17):
            roles = cast.cast(players, wolves=0, seer=True, doctor=True)
            self.assertEqual(len(roles), players)
            counts[players] = tuple(roles.count(r) for r in (cast.WOLF, cast.SEER, cast.DOCTOR))
        self.assertEqual(counts[5], (1, 1, 0))
        self.assertEqual(counts[6], (1, 1, 0))
        self.assertEqual(counts[7], (2, 1, 1))
        self.assertEqual(counts[11], (3, 1, 1))
        self.assertEqual(counts[16], (4, 1, 1))

    def test_options_shape_the_cast(self) -> None:
        roles = cast.cast(9, wolves=4, seer=False, doctor=False)
        self.assertEqual((roles.count(cast.WOLF), roles.count(cast.VILLAGER)), (4, 5))

    def test_too_many_wolves_are_refused(self) -> None:
        village = Village(6, start=False, wolves=3)
        self.assertEqual(village.code(village.table.start), "too_many_wolves")
        self.assertEqual(village.table.status, "lobby")
        village.all.append(village.table.join("More"))
        village.table.start()
        self.assertEqual(len(village.wolves), 3)

    def test_most_votes(self) -> None:
        self.assertEqual(cast.most([]), [])
        self.assertEqual(cast.most(["1", "2", "1", None]), ["1"])
        self.assertEqual(cast.most(["1", None]), ["1", None])

    def test_winner(self) -> None:
        wolf, villager = cast.WOLF, cast.VILLAGER
        self.assertEqual(cast.winner([villager, cast.SEER]), "village")
        self.assertEqual(cast.winner([wolf, villager]), "wolves")
        self.assertEqual(cast.winner([wolf, wolf, villager]), "wolves")
        self.assertIsNone(cast.winner([wolf, villager, villager]))


class StartTests(SynchronousTestCase):
    def test_needs_five(self) -> None:
        village = Village(4, start=False)
        self.assertRaises(Refused, village.table.start)

    def test_holds_sixteen(self) -> None:
        village = Village(16, start=False)
        self.assertEqual(village.code(village.table.join, "More"), "room_full")

    def test_cards_are_dealt_by_chance(self) -> None:
        dealt = {tuple(v.state["role"] for v in Village(7, seed=seed).all) for seed in range(10)}
        self.assertGreater(len(dealt), 5)
        for roles in dealt:
            self.assertEqual(sorted(roles), sorted(cast.cast(7, wolves=0, seer=True, doctor=True)))

    def test_wolves_know_each_other_and_nobody_else_does(self) -> None:
        village = Village(7)
        ids = [wolf.id for wolf in village.wolves]
        for v in village.all:
            if v in village.wolves:
                self.assertEqual(v.docs["group:wolves"], {"wolves": ids, "choices": {}})
            else:
                self.assertNotIn(b"group:wolves", v.seen())

    def test_nobody_comes_late(self) -> None:
        village = Village(5)
        self.assertEqual(village.code(village.table.join, "Late"), "room_locked")


class NightTests(SynchronousTestCase):
    def test_wolves_kill_whom_most_chose(self) -> None:
        village = Village(11, wolves=3)
        one, two = village.others[:2]
        village.wolves[0].send("choose", whom=one.id)
        village.wolves[1].send("choose", whom=two.id)
        village.wolves[2].send("choose", whom=two.id)
        village.table.advance(SHORT["night_s"])
        self.assertEqual(village.table.phase, "morning")
        self.assertEqual(village.table.state["news"], {"of": "night", "dead": two.id, "tied": []})
        self.assertEqual(one.chat[-1]["text"], f"{two.name} was killed in the night.")
        self.assertNotIn(two, village.alive())

    def test_equal_choices_are_decided_by_lot(self) -> None:
        killed = set()
        for seed in range(20):
            village = Village(7, seed=seed)
            one, two = village.others[:2]
            village.wolves[0].send("choose", whom=one.id)
            village.wolves[1].send("choose", whom=two.id)
            village.table.advance(SHORT["night_s"])
            dead = village.table.state["news"]["dead"]
            killed.add([one.id, two.id].index(dead))
        self.assertEqual(killed, {0, 1})

    def test_nobody_dies_where_no_wolf_chose(self) -> None:
        """What the others choose kills nobody."""
        village = Village(7)
        for v in village.others:
            v.send("choose", whom=village.seer.id)
        village.wolves[0].send("choose", whom=None)
        village.table.advance(SHORT["night_s"])
        self.assertEqual(len(village.alive()), 7)
        self.assertEqual(village.all[0].chat[-1]["text"], "Nobody died in the night.")

    def test_wolves_see_each_others_choices(self) -> None:
        village = Village(7)
        one, two = village.wolves
        one.send("choose", whom=village.seer.id)
        one.send("choose", whom=village.doctor.id)  # changed
        self.assertEqual(two.docs["group:wolves"]["choices"], {one.id: village.doctor.id})
        village.seer.send("choose", whom=one.id)
        self.assertEqual(two.docs["group:wolves"]["choices"], {one.id: village.doctor.id})

    def test_seer_learns_at_dawn_what_one_is(self) -> None:
        village = Village(7)
        village.seer.send("choose", whom=village.wolves[0].id)
        self.assertEqual(village.seer.state["findings"], [])
        village.night(None)
        village.day(None)
        village.seer.send("choose", whom=village.doctor.id)
        village.night(None)
        self.assertEqual(
            village.seer.state["findings"],
            [
                {"night": 1, "seat": village.wolves[0].id, "wolf": True},
                {"night": 2, "seat": village.doctor.id, "wolf": False},
            ],
        )
        for v in village.all:
            if v is not village.seer:
                self.assertEqual(v.state["findings"], [])
                self.assertNotIn(b'"wolf":', v.seen())

    def test_seer_learns_in_the_night_of_the_own_death(self) -> None:
        village = Village(7)
        village.seer.send("choose", whom=village.wolves[0].id)
        village.night(village.seer)
        self.assertEqual(len(village.seer.state["findings"]), 1)

    def test_doctor_saves_one_also_oneself_but_not_twice_running(self) -> None:
        village = Village(7)
        village.doctor.send("choose", whom=village.doctor.id)
        village.night(village.doctor)
        self.assertIn(village.doctor, village.alive())
        self.assertEqual(village.all[0].chat[-1]["text"], "Nobody died in the night.")
        village.day(None)
        self.assertEqual(village.code(village.doctor.send, "choose", whom=village.doctor.id), "bad_data")
        village.doctor.send("choose", whom=village.seer.id)
        village.night(village.doctor)
        self.assertNotIn(village.doctor, village.alive())

    def test_all_who_live_choose_and_all_see_who_has(self) -> None:
        """Nobody can tell by it who has what to do."""
        village = Village(7)
        for v in village.all:
            whom = next(w for w in village.others if w is not v)
            self.assertIsNone(v.send("choose", whom=whom.id))
        self.assertEqual(village.all[0].docs["room"]["ready"], [v.id for v in village.all])

    def test_who_may_not_be_chosen(self) -> None:
        village = Village(7)
        wolf, mate = village.wolves
        self.assertEqual(village.code(wolf.send, "choose", whom=mate.id), "bad_data")
        self.assertEqual(village.code(wolf.send, "choose", whom=wolf.id), "bad_data")
        self.assertEqual(village.code(village.seer.send, "choose", whom=village.seer.id), "bad_data")
        self.assertEqual(village.code(village.others[0].send, "choose", whom=village.others[0].id), "bad_data")
        self.assertRaises(Refused, wolf.send, "choose", whom="99")
        self.assertRaises(Refused, wolf.send, "choose")
        self.assertEqual(village.table.state["ready"], [])
        self.assertRaises(Refused, wolf.send, "vote", whom=mate.id)  # not by night

    def test_the_screen_is_nobody_to_choose(self) -> None:
        village = Village(5, start=False)
        tv = village.table.join("TV", role="screen")
        village.table.start()
        village.table.advance(10)
        self.assertEqual(village.code(village.seer.send, "choose", whom=tv.id), "bad_data")
        self.assertRaises(Refused, tv.send, "choose", whom=village.seer.id)
        self.assertEqual(len(village.table.state["village"]), 5)

    def test_little_time_is_left_once_all_have_chosen(self) -> None:
        """It may still be changed in it; who is away is not waited for."""
        village = Village(5)
        *most, last = village.all
        for v in most:
            v.send("choose", whom=None)
        self.assertEqual(village.table.now + 100, village.all[0].timers["dawn"] / 1000)
        last.drop()
        self.assertEqual(village.table.now + 5, village.all[0].timers["dawn"] / 1000)
        village.table.advance(4)
        most[0].send("choose", whom=last.id)
        self.assertEqual(village.table.now + 1, village.all[0].timers["dawn"] / 1000)
        village.table.advance(1)
        self.assertEqual(village.table.phase, "morning")

    def test_a_choice_is_for_one_night(self) -> None:
        village = Village(7)
        village.night(village.others[0])
        village.day(None)
        self.assertEqual(village.table.phase, "night")
        self.assertEqual([v.state["choice"] for v in village.all], [None] * 7)
        village.table.advance(SHORT["night_s"])
        self.assertEqual(village.table.state["news"]["dead"], None)


class DayTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.village = Village(7)
        self.village.night(None)
        self.table = self.village.table

    def test_votes_are_seen_and_may_be_changed(self) -> None:
        ann, bob, cleo = self.village.all[:3]
        ann.send("vote", whom=bob.id)
        self.assertEqual(cleo.docs["room"]["votes"], {ann.id: bob.id})
        ann.send("vote", whom=cleo.id)
        bob.send("vote", whom=None)
        self.assertEqual(cleo.docs["room"]["votes"], {ann.id: cleo.id, bob.id: None})
        self.table.advance(SHORT["day_s"])
        self.assertRaises(Refused, ann.send, "vote", whom=bob.id)

    def test_most_votes_hang(self) -> None:
        ann, bob, cleo, dan = self.village.all[:4]
        ann.send("vote", whom=bob.id)
        cleo.send("vote", whom=bob.id)
        dan.send("vote", whom=ann.id)
        self.table.advance(SHORT["day_s"])
        self.assertEqual(self.table.phase, "evening")
        self.assertEqual(self.table.state["news"], {"of": "vote", "dead": bob.id, "tied": []})
        self.assertEqual(ann.chat[-1]["text"], f"The village hangs {bob.name}.")
        self.assertEqual(self.table.state["village"][1]["died"], "vote")

    def test_equal_votes_hang_nobody(self) -> None:
        ann, bob, cleo, dan = self.village.all[:4]
        ann.send("vote", whom=bob.id)
        cleo.send("vote", whom=dan.id)
        self.table.advance(SHORT["day_s"])
        self.assertEqual(self.table.state["news"], {"of": "vote", "dead": None, "tied": [bob.id, dan.id]})
        self.assertEqual(len(self.village.alive()), 7)

    def test_votes_for_nobody_count(self) -> None:
        ann, bob, cleo = self.village.all[:3]
        ann.send("vote", whom=bob.id)
        bob.send("vote", whom=None)
        cleo.send("vote", whom=None)
        self.table.advance(SHORT["day_s"])
        self.assertEqual(self.table.state["news"]["dead"], None)

    def test_no_votes_hang_nobody(self) -> None:
        self.table.advance(SHORT["day_s"])
        self.assertEqual(self.table.state["news"], {"of": "vote", "dead": None, "tied": []})

    def test_equal_votes_are_decided_by_lot_where_the_option_says_so(self) -> None:
        hanged = set()
        for seed in range(20):
            village = Village(7, seed=seed, ties="lot")
            village.night(None)
            ann, bob, cleo, dan = village.all[:4]
            ann.send("vote", whom=bob.id)
            cleo.send("vote", whom=dan.id)
            village.table.advance(SHORT["day_s"])
            hanged.add(village.table.state["news"]["dead"])
        self.assertEqual(hanged, {bob.id, dan.id})

    def test_little_time_is_left_once_all_have_voted(self) -> None:
        for v in self.village.all:
            self.assertEqual(self.table.now + 100, v.timers["verdict"] / 1000)
            v.send("vote", whom=None)
        self.assertEqual(self.table.now + 5, v.timers["verdict"] / 1000)

    def test_the_dead_neither_vote_nor_choose_nor_are_voted_for(self) -> None:
        bob = self.village.others[0]
        self.village.day(bob)
        self.assertEqual(self.village.code(bob.send, "choose", whom=None), "dead")
        self.assertEqual(self.village.code(self.village.seer.send, "choose", whom=bob.id), "bad_data")
        self.village.night(None)
        self.assertEqual(self.village.code(bob.send, "vote", whom=None), "dead")
        self.assertEqual(self.village.code(self.village.seer.send, "vote", whom=bob.id), "bad_data")


class ChatTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.village = Village(7)
        self.table = self.village.table

    def heard(self, text: str) -> list[str]:
        """:returns: whose sockets a text reached."""
        return [v.name for v in self.village.all if text.encode() in v.seen()]

    def names(self, visitors: list[Visitor]) -> list[str]:
        return [v.name for v in self.village.all if v in visitors]

    def test_villagers_are_silent_by_night(self) -> None:
        for v in self.village.all:
            self.assertEqual(self.village.code(v.say, "shh-1"), "forbidden")
        self.assertEqual(self.heard("shh-1"), [])
        self.village.night(None)
        self.village.all[0].say("morning-2")
        self.assertEqual(self.heard("morning-2"), self.names(self.village.all))

    def test_wolves_talk_by_night_alone(self) -> None:
        one, two = self.village.wolves
        one.say("fangs-1", to="group:wolves")
        self.assertEqual(self.heard("fangs-1"), self.names([one, two]))
        self.assertEqual(self.village.code(self.village.seer.say, "me too", to="group:wolves"), "forbidden")
        self.village.night(None)
        self.assertEqual(self.village.code(one.say, "fangs-2", to="group:wolves"), "forbidden")
        self.village.day(None)
        one.say("fangs-3", to="group:wolves")
        self.assertEqual(two.chat[-1]["text"], "fangs-3")

    def test_the_dead_speak_to_the_dead(self) -> None:
        one, two = self.village.others[:2]
        self.village.night(one)
        one.say("boo-1")
        one.say("boo-2", to="group:dead")
        self.assertEqual(self.heard("boo-1") + self.heard("boo-2"), [one.name, one.name])
        self.village.seer.say("who-3")
        self.assertEqual(self.heard("who-3"), self.names(self.village.all))  # the dead hear the living
        self.village.day(two)
        self.assertEqual(self.heard("boo-1"), self.names([one, two]))  # they get what the dead said before
        two.say("boo-4")  # also by night
        self.assertEqual(self.heard("boo-4"), self.names([one, two]))
        self.assertEqual(self.village.code(self.village.seer.say, "boo-5", to="group:dead"), "forbidden")

    def test_a_dead_wolf_hears_the_wolves_no_more(self) -> None:
        one, two = self.village.wolves
        one.say("fangs-1", to="group:wolves")
        self.village.night(None)
        self.village.day(one)
        self.assertNotIn("group:wolves", one.docs)
        self.assertEqual(self.village.code(one.say, "boo", to="group:wolves"), "forbidden")
        two.say("fangs-2", to="group:wolves")
        self.assertEqual(self.heard("fangs-2"), [two.name])
        one.say("boo-3")
        self.assertEqual(self.heard("boo-3"), [one.name])

    def test_who_is_hanged_may_speak_in_the_evening(self) -> None:
        one = self.village.others[0]
        self.village.night(None)
        self.village.all[0].send("vote", whom=one.id)
        self.village.all[1].send("vote", whom=one.id)
        self.table.advance(SHORT["day_s"])
        one.say("last-1")
        self.assertEqual(self.heard("last-1"), self.names(self.village.all))
        self.table.advance(SHORT["evening_s"])
        one.say("boo-2")
        self.assertEqual(self.heard("boo-2"), [one.name])

    def test_no_last_words_where_the_option_says_so(self) -> None:
        self.village = Village(7, last_words=False)
        one = self.village.others[0]
        self.village.night(None)
        self.village.seer.send("vote", whom=one.id)
        self.village.table.advance(SHORT["day_s"])
        one.say("boo-1")
        self.assertEqual(self.heard("boo-1"), [one.name])

    def test_the_dead_cannot_change_what_the_living_heard(self) -> None:
        """An edit, or a line that is taken back, would be a sign from beyond."""
        self.village.night(None)
        one = self.village.others[0]
        one.say("I am no wolf")
        line = one.chat[-1]
        self.village.day(None)
        self.village.night(one)
        self.assertEqual(self.village.code(one.ask, "edit", stream="room", line=line["n"], text="boo"), "forbidden")
        self.assertEqual(self.village.code(one.ask, "unsay", stream="room", line=line["n"]), "forbidden")
        self.assertEqual(self.heard("boo"), [])

    def test_nothing_is_changed_by_night(self) -> None:
        self.village.night(None)
        one = self.village.wolves[0]
        one.say("hello")
        line = one.chat[-1]
        self.village.day(None)
        self.assertEqual(self.village.code(one.ask, "unsay", stream="room", line=line["n"]), "forbidden")

    def test_typing_of_the_dead_is_not_seen_by_the_living(self) -> None:
        one, two = self.village.others[:2]
        self.village.night(one)
        self.village.day(two)
        before = len(self.village.seer.seen())
        one.ask("read", to="room", upto=1)
        one._speak({"op": "typing", "to": "room"})
        one._speak({"op": "typing", "to": "group:dead"})
        self.assertIn(b'"op":"typing"', two.seen())
        self.assertEqual(len(self.village.seer.seen()), before)

    def test_nobody_whispers(self) -> None:
        self.village.night(None)
        ann, bob = self.village.all[:2]
        self.assertEqual(self.village.code(ann.say, "psst", to=f"seat:{bob.id}"), "forbidden")

    def test_the_screen_says_nothing(self) -> None:
        village = Village(5, start=False)
        tv = village.table.join("TV", role="screen")
        self.assertEqual(village.code(tv.say, "hi"), "forbidden")

    def test_all_speak_again_at_the_end(self) -> None:
        village = self.village = Village(5, wolves=1)
        one = village.others[0]
        village.night(one)
        village.day(village.wolves[0])
        self.assertEqual(village.table.status, "over")
        one.say("I knew it")
        self.assertEqual(self.heard("I knew it"), self.names(village.all))


class EndTests(SynchronousTestCase):
    def test_village_wins_when_no_wolf_lives(self) -> None:
        village = Village(7)
        one, two = village.wolves
        village.night(None)
        village.day(one)
        self.assertEqual(village.table.status, "playing")
        village.night(None)
        village.day(two)
        self.assertEqual(village.table.result, {"winner": "village"})
        self.assertEqual(village.table.phase, "over")
        self.assertEqual(village.table.state["winner"], "village")

    def test_wolves_win_when_they_are_as_many_as_the_others(self) -> None:
        village = Village(5)
        village.night(village.others[0])
        village.day(village.others[1])
        self.assertEqual(village.table.status, "playing")
        village.night(village.others[2])
        self.assertEqual(village.table.result, {"winner": "wolves"})

    def test_roles_are_shown_at_the_end(self) -> None:
        village = Village(7)
        roles = {v.id: v.state["role"] for v in village.all}
        village.night(village.others[0])
        village.day(village.wolves[0])
        self.assertEqual(village.table.state["roles"], {})
        village.night(None)
        village.day(village.wolves[1])
        self.assertEqual(village.all[0].docs["room"]["roles"], roles)

    def test_roles_of_the_dead_are_shown_where_the_option_says_so(self) -> None:
        village = Village(7, reveal="death")
        village.night(village.others[0])
        village.day(village.wolves[0])
        dead = {village.others[0].id: cast.VILLAGER, village.wolves[0].id: cast.WOLF}
        self.assertEqual(village.table.state["roles"], dead)

    def test_play_again_with_the_same_seats(self) -> None:
        village = Village(5)
        village.night(village.others[0])
        village.day(village.wolves[0])
        seats = [v.id for v in village.all]
        village.table.start()
        self.assertEqual([v.id for v in village.alive()], seats)
        self.assertEqual(village.table.state["roles"], {})
        self.assertEqual(village.table.state["winner"], None)
        self.assertEqual(sorted(v.state["role"] for v in village.all), sorted(["werewolf", "seer"] + ["villager"] * 3))
        self.assertEqual([v.name for v in village.all if "group:dead" in v.docs], [])
        self.assertEqual([v for v in village.all if "group:wolves" in v.docs], village.wolves)
        village.all[0].say("once more")  # also who was dead hears and speaks
        village.table.advance(SHORT["cards_s"])
        village.night(village.others[0])
        self.assertEqual(len(village.alive()), 4)

    def test_new_wolves_do_not_get_what_the_old_ones_said(self) -> None:
        for seed in range(6):
            village = Village(5, seed=seed)
            old = village.wolves[0]
            old.say("fangs-1", to="group:wolves")
            village.night(None)
            village.day(old)
            village.table.start()
            heard = [v for v in village.all if b"fangs-1" in v.seen()]
            self.assertEqual(heard, [old])


class LeaveTests(SynchronousTestCase):
    def test_who_leaves_dies(self) -> None:
        village = Village(7)
        one = village.others[0]
        one.leave()
        entry = next(each for each in village.table.state["village"] if each["seat"] == one.id)
        self.assertEqual(entry, {"seat": one.id, "name": one.name, "alive": False, "died": "left"})
        self.assertEqual(village.seer.chat[-1]["text"], f"{one.name} has left the village.")

    def test_last_wolf_who_leaves_ends_the_game(self) -> None:
        village = Village(5)
        roles = {v.id: v.state["role"] for v in village.all}
        village.wolves[0].leave()
        self.assertEqual(village.table.result, {"winner": "village"})
        self.assertEqual(village.table.state["roles"], roles)  # also of who has left

    def test_what_was_chosen_of_who_left_is_void_and_nobody_learns_of_it(self) -> None:
        village = Village(7)
        one, two = village.others[:2]
        wolf = village.wolves[0]
        for v in village.all:
            if v is not one and v is not village.wolves[1]:
                v.send("choose", whom=one.id if v in (wolf, village.seer) else None)
        ready = list(village.table.state["ready"])
        one.leave()
        self.assertEqual(village.table.state["ready"], ready)
        self.assertEqual(wolf.state["choice"], None)
        self.assertEqual(wolf.docs["group:wolves"]["choices"], {wolf.id: None})
        wolf.send("choose", whom=two.id)
        village.table.advance(SHORT["night_s"])
        self.assertEqual(village.table.state["news"]["dead"], two.id)
        self.assertEqual(village.seer.state["findings"], [])

    def test_votes_for_who_left_fall(self) -> None:
        village = Village(7)
        village.night(None)
        one, two, three = village.others
        one.send("vote", whom=two.id)
        two.send("vote", whom=three.id)
        village.seer.send("vote", whom=three.id)
        two.leave()
        self.assertEqual(village.table.state["votes"], {village.seer.id: three.id})

    def test_who_is_waited_for_and_leaves_hastens(self) -> None:
        village = Village(7)
        for v in village.all:
            if v is not village.doctor:
                v.send("choose", whom=None)
        village.doctor.leave()
        self.assertEqual(village.seer.timers["dawn"] / 1000, village.table.now + 5)

    def test_who_is_hanged_may_leave_in_the_evening(self) -> None:
        village = Village(7)
        village.night(None)
        one = village.others[0]
        village.seer.send("vote", whom=one.id)
        village.table.advance(SHORT["day_s"])
        one.leave()
        village.table.advance(SHORT["evening_s"])
        self.assertEqual(village.table.phase, "night")

    def test_drops_stop_nothing(self) -> None:
        """The host's neither; all come back to what they left."""
        village = Village(7)
        for v in village.all:
            v.drop()
        village.table.advance(100)
        self.assertEqual(village.table.phase, "morning")
        for v in village.all:
            v.resume()
        self.assertEqual(len(village.alive()), 7)
        self.assertEqual(len(village.wolves), 2)
        village.table.advance(SHORT["morning_s"])
        self.assertEqual(village.table.phase, "day")

    def test_who_stays_away_is_dead(self) -> None:
        village = Village(7)
        village.others[0].drop()
        village.table.advance(301)
        self.assertEqual(len(village.alive()), 6)

    def test_restart_keeps_everything(self) -> None:
        village = Village(7)
        wolf = village.wolves[0]
        one = village.others[0]
        wolf.send("choose", whom=one.id)
        village.table.restart()
        wolf.say("fangs-1", to="group:wolves")
        village.table.advance(SHORT["night_s"])
        village.table.restart()
        self.assertEqual(village.table.state["news"]["dead"], one.id)
        one.say("boo-2")
        self.assertNotIn(b"boo-2", village.seer.seen())
