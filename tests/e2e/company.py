"""
Rooms of the ledgers in `tests.e2e.crash_games` whose players never pause, and the checks on them.

A company is one room: players who ask three things at a time, and an auditor who asks for all that the room has. A
fair is many of them on one server.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any, Final

from twisted.internet.defer import Deferred

from gameserver.errors import Refused
from tests.e2e.checker import Counts, Truth, Witness, find_faults
from tests.e2e.kit import WAIT_S, Person, Server, ServerCase, sleep, together, until, within

GAMES: Final = Path(__file__).parent / "crash_games"
NAMES: Final = ("ledger", "book", "hasty")
AT_A_TIME: Final = 3
"""Requests that a player has under way."""
PAUSE_S: Final = 0.15
"""The longest that a player waits after an answer; so that streams seldom outgrow their tails while others are away."""
LONGEST_TIMER_S: Final = 1.5
HOOKS: Final = ("drop", "resume")
"""What the games note when somebody is taken for gone, and for back."""


class Player:
    """
    Somebody who asks for one thing after the other until stopped.

    :ivar waits: of each answer when it was asked for, by a clock that is never set, and how long it took, in seconds.
    :ivar patience_s: so long at most an answer may take.
    :ivar pause_s: so long at most it waits after one.
    """

    def __init__(self, person: Person, chance: random.Random) -> None:
        self.person = person
        self.answered = 0
        self.waits: list[tuple[float, float]] = []
        self.patience_s = WAIT_S
        self.pause_s = PAUSE_S
        self.busy = 0
        self.stopped = False
        self._chance = chance
        self._what = 0
        self._is_swapping = False

    async def play(self) -> None:
        """Go on until stopped; ends when all is answered."""
        await together(*(self._one_after_the_other() for _ in range(AT_A_TIME)))

    async def crowd(self, count: int) -> None:
        """Ask for so many things at once; ends when all is answered."""
        await together(*(self._ask() for _ in range(count)))

    async def _one_after_the_other(self) -> None:
        while not self.stopped:
            await self._ask()
            await sleep(self._chance.uniform(0, self.pause_s))

    async def _ask(self) -> None:
        began_s = time.monotonic()
        try:
            await within(self.ask(), f"an answer to {self.person.client.name}", self.patience_s)
        except Refused as refused:
            self.busy += refused.code == "busy"
        self.answered += 1
        self.waits.append((began_s, time.monotonic() - began_s))

    def ask(self) -> Deferred[Any]:
        """Ask for anything."""
        self._what += 1
        room, what = self.person.room, self._what
        kind = self._chance.choices(("add", "add_later", "refuse", "arm", "swap", "chat"), (60, 8, 6, 12, 3, 11))[0]
        if kind == "chat":
            group = next(stream for stream in room.docs if stream.startswith("group:"))
            return room.say(str(what), to=self._chance.choice(("room", "room", group)))
        if kind == "swap":
            if self._is_swapping:  # back again before it knew, it would miss more than a stream tells
                kind = "add"
            else:
                self._is_swapping = True
                return room.send(kind, what=what).addBoth(self._swapped)
        more = {"s": self._chance.uniform(0, LONGEST_TIMER_S)} if kind == "arm" else {}
        return room.send(kind, what=what, **more)

    def _swapped(self, answer: Any) -> Any:
        self._is_swapping = False
        return answer


class Company:
    """One room, who plays there, and its auditor."""

    def __init__(self, players: Sequence[Player], auditor: Person) -> None:
        self.players = players
        self.auditor = auditor
        self._playing: Deferred[Any] | None = None

    @property
    def people(self) -> list[Person]:
        """All who have a seat."""
        return [*(player.person for player in self.players), self.auditor]

    def witnesses(self) -> list[Witness]:
        """What each was told and said up to now."""
        return [
            Witness(each.client.name or "", each.room.seat.id, [each.told.heard], [each.told.spoken]).until_now()
            for each in self.people
        ]

    def play(self) -> None:
        """All begin, and go on until `finish`."""
        self._playing = Deferred.fromCoroutine(together(*(player.play() for player in self.players)))

    async def give_up(self) -> None:
        """Let no player go on when a test has failed."""
        for player in self.players:
            player.stopped = True
        for person in self.people:
            await within(person.client.close(), "a client closes")
        assert self._playing is not None
        with suppress(Exception):
            await self._playing

    async def finish(self) -> None:
        """Stop; returns when everything is answered, and every timer has fired and was told."""
        for player in self.players:
            player.stopped = True
        assert self._playing is not None
        await within(self._playing, "all is answered")
        await self.auditor.sees(lambda room: room.docs["room"]["armed"] == {}, "all timers fire")

    async def audit(self) -> Truth:
        """Ask the room for all that it has."""
        return Truth(**await self.auditor.send("audit"))

    async def all_heard(self, truth: Truth) -> None:
        """Wait until each stream has brought everybody as far as the others."""
        for each in self.people:
            await until(lambda each=each: self._has_heard(each, truth), f"{each.client.name} has heard all")

    def _has_heard(self, person: Person, truth: Truth) -> bool:
        shared = person.room.docs["room"]
        lengths = (len(shared["entries"]), len(shared["rung"]))
        all_of_it = (len(truth.entries), len(truth.rung))
        return lengths == all_of_it and not person.room.timers and self._is_abreast(person)

    def _is_abreast(self, person: Person) -> bool:
        """Whether nobody has heard more of any stream that two hear."""
        for stream, n in person.room.seen.items():
            if stream not in ("epoch", "seat"):
                others = (other.room.seen.get(stream, 0) for other in self.people)
                if any(int(other) > int(n) for other in others):
                    return False
        return True


class Fair:
    """
    Companies on one server, or on several at one address, and what came out of comparing.

    :param server: its ``url`` is what people know.
    :ivar may_drop: somebody may be away for so long that a hook hears of it; it is counted then, and no fault.
    """

    def __init__(self, case: ServerCase, server: Server, chance: random.Random, counts: Counts) -> None:
        self.companies: list[Company] = []
        self.may_drop = False
        self._case = case
        self._server = server
        self._chance = chance
        self.counts = counts

    @property
    def players(self) -> list[Player]:
        """Everybody who plays."""
        return list(chain.from_iterable(company.players for company in self.companies))

    @property
    def people(self) -> list[Person]:
        """Everybody who has a seat."""
        return list(chain.from_iterable(company.people for company in self.companies))

    async def open(self, rooms: int) -> None:
        """Make so many rooms, of all the games in turn, and have all play in them."""
        self.companies = await together(*(self._company(index) for index in range(rooms)))
        for company in self.companies:
            company.play()
            self._case.addCleanup(lambda company=company: Deferred.fromCoroutine(company.give_up()))

    async def _company(self, index: int) -> Company:
        names = [f"P{index}-{number}" for number in range(2 + index % 2)]
        *people, auditor = await self._case.people(self._server, *names, "Auditor")
        await people[0].create(NAMES[index % len(NAMES)])
        for person in people[1:]:
            await person.join(people[0].room.code)
        await auditor.join(people[0].room.code, role="auditor")
        return Company([Player(person, random.Random(self._chance.random())) for person in people], auditor)

    async def all_go_on(self, answers: int = 2, s: float = WAIT_S) -> None:
        """Wait until each player has had so many more answers, for so many seconds at most."""
        wanted = [(player, player.answered + answers) for player in self.players]
        await until(lambda: all(player.answered >= n for player, n in wanted), "everybody plays on", s)

    async def check_meanwhile(self, before: Sequence[Sequence[Witness]]) -> None:
        """
        What was told before the server died is there now, while all go on.

        :param before: by company, what was told then.
        """
        for company, told in zip(self.companies, before, strict=True):
            truth = await company.audit()
            # What the room has by now may have been asked for since.
            witnesses = [
                Witness(then.name, then.seat, then.told, now.said)
                for then, now in zip(told, company.witnesses(), strict=True)
            ]
            self._compare(company, truth, witnesses, ended=False)

    async def close(self) -> None:
        """Have all stop, check everything, and let everybody leave, so that the rooms end soon."""
        await together(*(company.finish() for company in self.companies))
        for company in self.companies:
            truth = await company.audit()
            await company.all_heard(truth)
            witnesses = company.witnesses()
            self._compare(company, truth, witnesses, ended=True)
            self.counts.add(truth, witnesses)
        for person in self.people:
            await within(person.room.leave(), "leaving")
            await within(person.client.close(), "a client closes")
            person.forget()
        self.companies = []

    def witnesses(self) -> list[list[Witness]]:
        """By company, what each was told and said up to now."""
        return [company.witnesses() for company in self.companies]

    def _compare(self, company: Company, truth: Truth, witnesses: Sequence[Witness], *, ended: bool) -> None:
        if self.may_drop:
            self.counts["hooks"] += len(truth.hooks)
            truth.hooks = [hook for hook in truth.hooks if hook not in HOOKS]
        faults = find_faults(truth, witnesses, ended=ended)
        where = f"room {company.auditor.room.code} ({company.auditor.room.game})"
        self._case.assertEqual(faults, [], f"{where}: {len(faults)} faults")
