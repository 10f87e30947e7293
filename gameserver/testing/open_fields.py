"""What a move leaves open to anything its type allows, guessed as random players do."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import msgspec

from gameserver.game.spec import spec_of
from gameserver.testing.code_words import compared
from gameserver.testing.experience import Experience, Part
from gameserver.testing.guess import Guesses
from gameserver.testing.seen import Seen

if TYPE_CHECKING:
    from gameserver.game.game import Game
    from gameserver.testing.visitor import Visitor


class OpenFields:
    """Guesses values for fields, and learns which ones a game accepts."""

    def __init__(self, game: type[Game], dice: random.Random) -> None:
        self._game = game
        self._dice = dice
        self._experience = Experience(dice)
        self._guesses = Guesses(dice, self._experience)
        self._messages = spec_of(game).messages

    def guess(self, who: Visitor, type: str, fields: list[str]) -> tuple[dict[str, Any], list[Part]]:
        """:returns: a value for each field of a message, and what they were made of."""
        seen = Seen(who, (), self._dice)
        spec = self._messages.get(type)
        kinds, words = {}, []
        if spec is not None:
            kinds = {field.encode_name: field.type for field in msgspec.structs.fields(spec.schema.struct)}
            words = compared(self._game, spec.function)
        data: dict[str, Any] = {}
        parts: list[Part] = []
        for name in fields:
            source = self._guesses.best((type, name), [*self._guesses.sources(name, kinds.get(name, Any), seen, words)])
            data[name] = source.pick()
            parts.append((type, name, source.origin))
        return data, parts

    def learn(self, parts: list[Part], *, accepted: bool) -> None:
        """Learn from a move that was made of these."""
        self._experience.learn(parts, 1.0 if accepted else 0.0)
