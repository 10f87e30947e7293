"""The checker finds each kind of fault where one is planted, and none where there is none."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.e2e.checker import SHORT_ABSENCE, Counts, Message, Truth, Witness, find_faults

ROOM = {"room": "K7QM"}


class Round:
    """
    A room in which two of one team play, as it goes when all is well.

    The first asks for five things: to add (1), to be refused (2), to arm a timer (3), to say a line (4), to add (5);
    the timer fires. Then the server dies; both come back, and the first adds once more (6).
    """

    def __init__(self) -> None:
        self.truth = Truth(
            applied=[["1", 1, "add"], ["1", 3, "arm"], ["1", 4, "chat"], ["1", 5, "add"], ["1", 6, "add"]],
            entries=[["1", 1, 100], ["1", 5, 500], ["1", 6, 600]],
            own={"1": [1, 5, 6], "2": []},
            teams={"red": [["1", 1], ["1", 5], ["1", 6]], "blue": []},
            chat=[["1", 4, "room"]],
            rung=[["1", 3]],
            hooks=[],
        )
        self.ann = Witness("Ann", "1", [[], []], [[], []])
        self.bob = Witness("Bob", "2", [[], []], [[], []])
        self._n = {"room": 0, "group:red": 0, "seat": 0}
        self._connection = 0
        for who in (self.ann, self.bob):
            self._join(who, None)
        self._play()
        self._connection = 1
        for who in (self.ann, self.bob):
            self._join(who, True)
        self._add(7, 6, 600, again=True)

    def _play(self) -> None:
        self._add(1, 1, 100)
        self._ask(2, "refuse", 2)
        self._tell(self.ann, op="error", id=2, code="refused")
        self._ask(3, "arm", 3)
        self._stream("seat", op="timer", name="ring", ends=1000, paused_ms=None)
        self._tell(self.ann, op="ok", id=3, data="armed")
        self.ann.said[0].append({"op": "chat", "id": 4, "text": "4", "to": "room"})
        self._stream("room", op="chat", **{"from": {"seat": "1", "name": "Ann"}}, to="room", text="4")
        self._tell(self.ann, op="ok", id=4, data=None)
        self._add(5, 5, 500)
        self._stream("room", op="patch", ops=[[2, ["rung"], 0, 0, [["1", 3]]]])
        self._stream("seat", op="timer", name="ring", ends=None, paused_ms=None)
        self._stream("room", op="event", type="rung", data=["1", 3])

    def _join(self, who: Witness, recovered: bool | None) -> None:
        seen = {"epoch": "e", **self._n} if who is self.ann else {"epoch": "e", **self._n, "seat": 0}
        docs = {"room": {"entries": [], "rung": []}, "group:red": {"log": []}, "seat": {"own": []}}
        joined = {"op": "joined", "id": 90, "recovered": recovered, "seen": seen, "timers": []}
        who.told[self._connection].append({**joined, "docs": {} if recovered else docs})

    def _add(self, id: int, what: int, salt: int, *, again: bool = False) -> None:
        if again:
            self.ann.said[0].append({"op": "send", "id": id, "type": "add", "data": {"what": what}})
        self._ask(id, "add", what)
        place = [entry[1] for entry in self.truth.entries].index(what)
        self._stream("room", op="patch", ops=[[2, ["entries"], place, 0, [["1", what, salt]]]])
        self._stream("group:red", op="patch", ops=[[2, ["log"], place, 0, [["1", what]]]])
        self._stream("seat", op="patch", ops=[[2, ["own"], place, 0, [what]]])
        self._stream("room", op="event", type="added", data=["1", what, salt])
        self._stream("group:red", op="event", type="team", data=["1", what])
        self._stream("seat", op="event", type="yours", data=what)
        self._tell(self.ann, op="ok", id=id, data=[place + 1, place + 1, salt])

    def _ask(self, id: int, type: str, what: int) -> None:
        self.ann.said[self._connection].append({"op": "send", "id": id, "type": type, "data": {"what": what}})

    def _stream(self, stream: str, **message: Any) -> None:
        self._n[stream] += 1
        for who in (self.ann,) if stream == "seat" else (self.ann, self.bob):
            self._tell(who, stream=stream, n=self._n[stream], **message)

    def _tell(self, who: Witness, **message: Any) -> None:
        who.told[self._connection].append({**ROOM, **deepcopy(message)})

    def faults(self, *, ended: bool = True) -> str:
        """What the checker finds, in one text."""
        return "\n".join(find_faults(self.truth, [self.ann, self.bob], ended=ended))

    def message(self, who: Witness, **like: Any) -> Message:
        """The first that this one was told with these fields."""
        return next(m for m in who.all() if all(m.get(name) == value for name, value in like.items()))

    def unsay(self, who: Witness, **like: Any) -> None:
        """Let it never have been told."""
        message = self.message(who, **like)
        for told in who.told:
            told[:] = [one for one in told if one is not message]

    def lose(self, what: int) -> None:
        """Let the room have forgotten a step, whole, as if it had never been."""
        truth = self.truth
        truth.applied = [one for one in truth.applied if one[1] != what]
        truth.entries = [one for one in truth.entries if one[1] != what]
        truth.chat = [one for one in truth.chat if one[1] != what]
        truth.rung = [one for one in truth.rung if one[1] != what]
        truth.own["1"] = [one for one in truth.own["1"] if one != what]
        truth.teams["red"] = [one for one in truth.teams["red"] if one[1] != what]


class CheckerTests(SynchronousTestCase):
    def assert_found(self, plant: Callable[[Round], object], *said: str, ended: bool = True) -> None:
        """Plant a fault: it is found, in these words."""
        round = Round()
        plant(round)
        faults = round.faults(ended=ended)
        for words in said:
            self.assertIn(words, faults)

    def test_all_well(self) -> None:
        """Nothing is found where nothing is wrong, during the game and at its end."""
        self.assertEqual(Round().faults(), "")
        self.assertEqual(Round().faults(ended=False), "")

    def test_more_than_told(self) -> None:
        """While all go on, the room may have more than was told; not at the end."""
        round = Round()
        for who in (round.ann, round.bob):
            who.told[1][1:] = []
        self.assertEqual(round.faults(ended=False), "")
        self.assertIn("no answer to 7", round.faults())
        self.assertIn("entries are 2", round.faults())
        self.assertIn("events added are 2", round.faults())

    def test_lost_step(self) -> None:
        """A step that was told is gone: each of what was told of it finds that."""
        for ended in (True, False):
            words = ("5 was acknowledged, and is lost", "the document's entries", "the document's own", "events added")
            self.assert_found(lambda round: round.lose(5), *words, "in a team, which is lost", ended=ended)

    def test_lost_last_step(self) -> None:
        """The last one as well, whatever of it was told: an answer, an event, a patch."""
        kept = {
            "6 was acknowledged": {"op": "ok", "id": 7},
            "events added": {"op": "event", "type": "added", "data": ["1", 6, 600]},
            "document's entries": {"op": "patch", "ops": [[2, ["entries"], 2, 0, [["1", 6, 600]]]]},
            "events yours": {"op": "event", "type": "yours", "data": 6},
            "in a team, which": {"op": "event", "type": "team", "data": ["1", 6]},
        }
        for words, like in kept.items():
            round = Round()
            one = round.message(round.ann, **like)
            for who in (round.ann, round.bob):
                who.told[1][1:] = [m for m in who.told[1] if m is one]
            round.lose(6)
            self.assertIn(words, round.faults(ended=False))

    def test_lost_line(self) -> None:
        """A line of chat that was told is gone."""
        self.assert_found(lambda round: round.lose(4), "heard a line that is lost", "4 was acknowledged", ended=False)

    def test_applied_twice(self) -> None:
        """A request that was sent again was applied again."""

        def plant(round: Round) -> None:
            round.truth.applied.append(["1", 6, "add"])
            round.truth.entries.append(["1", 6, 601])
            round.truth.own["1"].append(6)
            round.truth.teams["red"].append(["1", 6])

        self.assert_found(plant, "applied 2 times: ('1', 6)", ended=False)

    def test_applied_out_of_order(self) -> None:
        """What was asked for in order was applied in another."""

        def plant(round: Round) -> None:
            applied = round.truth.applied
            applied[0], applied[1] = applied[1], applied[0]

        self.assert_found(plant, "in another: [3, 1, 4, 5, 6]")

    def test_never_asked(self) -> None:
        """The room has what nobody asked for."""
        self.assert_found(lambda round: round.truth.applied.append(["2", 1, "swap"]), "Bob: never asked for [1]")

    def test_half_a_step(self) -> None:
        """Parts of one step agree with each other."""
        self.assert_found(lambda round: round.truth.entries.pop(), "entries are not what was applied")
        self.assert_found(lambda round: round.truth.own["1"].pop(), "seats' documents are not what was applied")
        self.assert_found(lambda round: round.truth.teams["red"].pop(), "teams' documents are not what was applied")
        self.assert_found(lambda round: round.truth.chat.pop(), "chat is not what was applied")

    def test_refused_and_there(self) -> None:
        """What was refused left a trace."""
        self.assert_found(
            lambda round: round.truth.applied.insert(1, ["1", 2, "swap"]), "2 was refused (refused), and is there"
        )

    def test_wrong_refusal(self) -> None:
        """A request is answered with an error that none of these tests should see."""
        self.assert_found(
            lambda round: round.message(round.ann, op="error").update(code="stale_id"), "2 was answered", "stale_id"
        )

    def test_wrong_answer(self) -> None:
        """An answer says what is not so: another place, another salt."""
        self.assert_found(lambda round: round.message(round.ann, id=5).update(data=[2, 2, 9]), "which is not so")
        self.assert_found(lambda round: round.message(round.ann, id=5).update(data=[1, 1, 500]), "which is not so")

    def test_two_answers(self) -> None:
        """A request has two answers."""
        self.assert_found(
            lambda round: round.ann.told[1].append(round.message(round.ann, op="ok", id=1)), "2 answers to 1"
        )

    def test_no_answer(self) -> None:
        """A request has none by the end."""
        self.assert_found(lambda round: round.unsay(round.ann, op="ok", id=4), "no answer to 4")

    def test_said_again_as_another(self) -> None:
        """The tests themselves are watched: what is sent again must be the same."""
        self.assert_found(lambda round: round.ann.said[1][-1]["data"].update(what=7), "said 7 again as another")

    def test_timer_never_fired(self) -> None:
        """A timer is missing by the end; before, it may still come."""

        def plant(round: Round) -> None:
            round.truth.rung.clear()

        self.assert_found(plant, "a timer never fired: ['1', 3]", "events rung are 1")

    def test_timer_fired_untold(self) -> None:
        """A timer's firing was told, and the room knows nothing of it."""
        self.assert_found(lambda round: round.truth.rung.clear(), "events rung are 1", "document's rung", ended=False)

    def test_timer_fired_twice(self) -> None:
        """A timer fires again after a restart; or one that was not armed does."""
        for what in (3, 9):
            words = f"a timer fired that was not armed, or fired twice: ['1', {what}]"
            self.assert_found(lambda round, what=what: round.truth.rung.append(["1", what]), words, ended=False)

    def test_timer_shown_for_good(self) -> None:
        """A client still sees a timer that has fired."""

        def plant(round: Round) -> None:
            round.message(round.ann, op="timer", ends=None).update(ends=2000)

        self.assert_found(plant, "shown timers that have fired")

    def test_gap(self) -> None:
        """A message of a stream is missing, in the middle or at the end."""
        for like in ({"op": "event", "data": ["1", 1, 100]}, {"op": "chat"}):
            self.assert_found(
                lambda round, like=like: round.unsay(round.bob, **like), "Bob: room goes on with", ended=False
            )
        last = {"op": "event", "data": ["1", 6, 600]}
        self.assert_found(lambda round: round.unsay(round.bob, **last), "Bob: the events added are 2")

    def test_gap_in_replay(self) -> None:
        """What is brought back begins too late, or stands elsewhere than the client."""

        def plant(round: Round) -> None:
            round.message(round.bob, op="joined", recovered=True)["seen"]["room"] += 1

        self.assert_found(plant, "Bob: it had heard", "is brought back to", ended=False)

    def test_repeat(self) -> None:
        """A message comes twice."""
        for like in ({"op": "event", "type": "team"}, {"op": "patch", "stream": "room"}, {"op": "chat"}):
            self.assert_found(
                lambda round, like=like: round.bob.told[1].insert(1, round.message(round.bob, **like)),
                "goes on with",
                ended=False,
            )

    def test_other_content(self) -> None:
        """Under one number two are told different things: a step was lost, and its number used again."""
        self.assert_found(
            lambda round: round.message(round.bob, op="event", type="team").update(data=["1", 5]),
            "2 of group:red is to one",
            ended=False,
        )

    def test_patch_does_not_fit(self) -> None:
        """A patch was made for another document."""
        self.assert_found(
            lambda round: round.message(round.bob, op="patch").update(ops=[[0, ["nowhere", "x"], 1]]),
            "does not fit",
            ended=False,
        )

    def test_whole_documents(self) -> None:
        """Whole documents are in order after a long absence only, or where the seat has other streams now."""

        def plant(round: Round, missed: int, recovered: bool | None = False) -> None:
            joined = round.message(round.bob, op="joined", recovered=True)
            seen = {**joined["seen"], "room": joined["seen"]["room"] + missed}
            joined.update(recovered=recovered, seen=seen, docs=deepcopy(round.message(round.bob, op="joined")["docs"]))

        self.assert_found(
            lambda round: plant(round, 1), "was given whole documents (recovered: False), having missed 1"
        )
        self.assert_found(lambda round: plant(round, 1, None), "was given whole documents (recovered: None)")
        self.assert_found(lambda round: plant(round, -1), "and the room is only at")
        round = Round()
        plant(round, SHORT_ABSENCE)
        self.assertNotIn("was given whole documents", round.faults())
        round = Round()
        plant(round, 1)
        seen = round.message(round.bob, op="joined", recovered=False)["seen"]
        seen["group:blue"] = seen.pop("group:red")
        self.assertNotIn("was given whole documents", round.faults())

    def test_hook_ran(self) -> None:
        """Somebody was taken for gone."""
        self.assert_found(lambda round: round.truth.hooks.append("drop"), "half applied: drop", ended=False)

    def test_until_now(self) -> None:
        """What is heard later does not come into what was kept."""
        round = Round()
        kept = round.ann.until_now()
        before = json.dumps(kept.told)
        round.ann.told[1].append({"op": "pong"})
        self.assertEqual(json.dumps(kept.told), before)

    def test_counts(self) -> None:
        """What was checked is counted."""
        round, counts = Round(), Counts(kills=1)
        counts.add(round.truth, [round.ann, round.bob])
        self.assertEqual(
            str(counts),
            "kills 1, rooms 1, timers 1, applied 5, clients 2, requests 6, said again 1, replies 5, refusals 1,"
            " recovered 2, not recovered 0, events 17, patches 17, documents 0, lines 2",
        )
