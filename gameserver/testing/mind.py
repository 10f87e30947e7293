"""What random players think of: which messages to send, from all that they know, and what became of those before."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gameserver.errors import Refused
from gameserver.game.spec import spec_of
from gameserver.room import permission
from gameserver.testing.code_words import compared, near, words
from gameserver.testing.experience import Experience, Part, Refusals
from gameserver.testing.guess import ODD, Guesses
from gameserver.testing.seen import Seen
from gameserver.testing.turn_signs import likelihood, signs

if TYPE_CHECKING:
    from gameserver.testing.table import Table
    from gameserver.testing.visitor import Visitor

MINDS: Final = 2
"""So many players think of something to send; one of them sends it."""
IDEAS: Final = 4
"""So many messages each of them thinks of."""
TRIES: Final = 3
"""So often somebody thinks again whose idea was refused just now."""
GIVEN: Final = 0.7
"""How often somebody thinks of a message that the test gave, where it gave some."""
BALANCE: Final = 0.8
"""How much less often a message is sent that was accepted often: 0: no less; 1: all messages are sent as often."""
AGAIN: Final = 0.002
"""How much is expected of what was refused, and nothing has happened since."""
NOT_ADMITTED: Final = 0.05
"""How much is expected of what the framework itself would refuse now."""
NOTHING_CHANGED: Final = 0.3
"""What an accepted message counts that nobody was told of: to take everything and do nothing is to take little."""
FAR: Final = 0.03
"""How likely a word that stands nowhere near a message's name is the name of a field."""
KEPT: Final = 3
"""So many answers are remembered of each visitor."""


class Idea(NamedTuple):
    """
    A message that might be sent.

    :param parts: what it was made of.
    """

    who: Visitor
    type: str
    data: Any
    parts: list[Part]


class Mind:
    """
    What all random players of a table think and learn.

    :param moves: messages that the test gave.
    """

    def __init__(self, table: Table, dice: random.Random, moves: list[tuple[str, Any]]) -> None:
        self._table = table
        self._dice = dice
        self._moves = moves
        self._past = Experience(dice)
        self._refusals = Refusals()
        self._guesses = Guesses(dice, self._past)
        self._last: tuple[str, Visitor | None] = ("", None)
        self._reasons: dict[str, set[str]] = {}
        self._replies: dict[Visitor, deque[tuple[str, Any]]] = {}
        game = table.game_class
        handler = game.__dict__.get("handler")
        self._words, self._near = words(handler) or ["x"], near(handler)
        self._messages = spec_of(game).messages
        self._compared = {type: compared(game, spec.function) for type, spec in self._messages.items()}

    def hope(self) -> float:
        """:returns: how likely it is that any message is taken as things stand, 0.2 to 1: in a lobby, hardly."""
        likely = [self._past.mean(self._when(type)) for type in self._messages or self._words]
        return min(1.0, max(0.2, 2 * max(likely)))

    def think(self, here: list[Visitor]) -> Idea:
        """:returns: one of several messages that come to mind, mostly one of which much is expected."""
        ideas, weights = [], []
        turns = {who: self._turn(who) for who in here}
        for who in self._dice.choices(here, weights=list(turns.values()), k=MINDS):
            seen = Seen(who, self._replies.get(who, ()), self._dice)
            for _ in range(IDEAS):
                ideas.append(self._new_idea(who, seen))
                weights.append(turns[who] * self._weight(ideas[-1]))
        return self._dice.choices(ideas, weights=weights)[0]

    def illegal(self, who: Visitor) -> tuple[str, Any]:
        """:returns: type and data as a broken or hostile client might send them."""
        dice = self._dice
        if not self._messages:
            word = dice.choice(self._words)
            return word, dice.choice((*self._words, *ODD, {dice.choice(self._words): dice.choice(ODD)}))
        type = dice.choice(sorted(self._messages))
        schema = self._messages[type].schema
        data, _ = self._guesses.arguments(type, schema.struct, Seen(who, (), dice), self._compared[type])
        odd = dice.choice(ODD)
        broken: list[Any] = [odd, {**data, "more": odd}, {field: dice.choice(ODD) for field in schema.fields}]
        if schema.fields:
            field = dice.choice(schema.fields)
            broken += [{**data, field: odd}] * 3 + [{key: value for key, value in data.items() if key != field}]
        return type, dice.choice(broken)

    def before(self, idea: Idea) -> list[Part]:
        """:returns: how things stand before it is sent: whatever may matter for what becomes of it."""
        return [self._when(idea.type), self._next(idea.who, idea.type), self._after(idea.who), *signs(idea.who)]

    def learn(self, idea: Idea, before: list[Part], result: Any, changed: bool) -> None:
        """
        A message was sent.

        :param result: the reply, or the refusal.
        :param changed: whether anybody was told of it.
        """
        who, type, data, parts = idea
        parts = [*parts, *before]
        if isinstance(result, Refused):
            self._refused(idea, repr(result))
            self._past.learn(parts, 0.0)
            return
        self._past.learn([*parts, ("word", type)], 1.0 if changed else NOTHING_CHANGED)
        if changed:
            self._last = type, who
        else:
            self._refusals.note(who, type, data, "")
        self._replies.setdefault(who, deque(maxlen=KEPT)).append((type, result))

    def wake(self) -> None:
        """Something has happened: what was refused may be taken now."""
        self._refusals.forget()

    def _refused(self, idea: Idea, reason: str) -> None:
        self._refusals.note(idea.who, idea.type, idea.data, reason)
        alike = self._reasons.setdefault(reason, set())
        alike.add(idea.type)
        # A reason that few words are refused for shows that the game knows these; one for most words, that it knows
        # none.
        self._past.learn([("word", idea.type)], 0.5 / len(alike))

    # One idea

    def _new_idea(self, who: Visitor, seen: Seen) -> Idea:
        """Think of a message that was not refused just now, if one comes to mind soon."""
        for _ in range(TRIES):
            idea = self._idea(who, seen)
            if not self._refusals.has(idea.who, idea.type, idea.data):
                break
        return idea

    def _idea(self, who: Visitor, seen: Seen) -> Idea:
        if self._moves and self._dice.random() < GIVEN:
            number = self._dice.randrange(len(self._moves))
            type, data = self._moves[number]
            return Idea(who, type, data, [(type,), ("given", str(number))])
        if not self._messages:
            return self._word(who, seen)
        types = sorted(self._messages)
        type = self._dice.choice([type for type in types if self._is_admitted(who, type)] or types)
        data, parts = self._guesses.arguments(type, self._messages[type].schema.struct, seen, self._compared[type])
        return Idea(who, type, data, [(type,), *parts])

    def _word(self, who: Visitor, seen: Seen) -> Idea:
        """A message for a game in the function style, which says nothing of its messages and their data."""
        balance = {word: (1.0 + self._past.wins((word,))) ** -0.5 for word in self._words}
        type = self._likely(("word",), self._words, balance)
        shape = self._likely((type,), ("none", "value", "field", "field", "field"))
        if shape == "none":
            return Idea(who, type, None, [(type,), (type, shape)])
        near = self._near.get(type, {})
        field = self._likely((type, shape), self._words, near) if shape == "field" else ""
        source = self._guesses.best((type, shape, field), list(self._guesses.sources(field, Any, seen, self._words)))
        about = (type, shape, field, source.origin)
        return Idea(who, type, {field: source.pick()} if field else source.pick(), [about[:n] for n in (1, 2, 3, 4)])

    def _likely(self, about: Part, words: Sequence[str], hope: Mapping[str, float] | None = None) -> str:
        """:returns: one of some words, those that did well more often; and those of which more is hoped."""
        rates = [self._past.mean((*about, word)) ** 3 for word in words]
        if hope is not None:
            rates = [rate * (FAR + hope.get(word, 0.0)) for word, rate in zip(words, rates, strict=True)]
        return self._dice.choices(words, weights=rates)[0]

    # What is expected

    def _turn(self, who: Visitor) -> float:
        """How likely it seems that somebody may do something now."""
        may = any(self._is_admitted(who, type) for type in self._messages) or not self._messages
        turn = likelihood(self._past, signs(who)) * self._past.mean(self._after(who))
        return turn if may else turn * NOT_ADMITTED

    def _weight(self, idea: Idea) -> float:
        """How much is expected of it: what was accepted, in other ways than most, and not refused just now."""
        weight: float = (
            self._past.chance(self._when(idea.type)) * self._past.chance(self._next(idea.who, idea.type))
        ) ** 0.5
        if not self._messages:
            weight *= self._past.mean(("word", idea.type))
        weight /= (1.0 + self._past.wins((idea.type,))) ** BALANCE
        if self._refusals.has(idea.who, idea.type, idea.data):
            weight *= AGAIN
        return weight if self._is_admitted(idea.who, idea.type) else weight * NOT_ADMITTED

    def _when(self, type: str) -> Part:
        return (type, self._table.status, self._table.phase or "")

    def _next(self, who: Visitor, type: str) -> Part:
        last, by = self._last
        return ("next", type, last, "again" if by is who else "")

    def _after(self, who: Visitor) -> Part:
        return ("after", self._refusals.reason(who))

    def _is_admitted(self, who: Visitor, type: str) -> bool:
        """Whether the framework would let this message through: the role, the phase, the question."""
        spec = self._messages.get(type)
        try:
            if spec is not None:
                permission.admit_message(self._table.room, spec, who.player, type)
        except Refused:
            return False
        return True
