"""
The questions there are. Each ``.json`` file in ``data`` holds some, in one language::

    {"language": "en", "source": "where they come from", "questions": [
      {"text": "What is the capital of Norway?", "category": "Capitals", "difficulty": "easy", "kind": "choice",
       "answer": "Oslo", "choices": ["Oslo", "Bergen", "Stockholm", "Helsinki"]},
      {"kind": "boolean", "answer": true, ...},
      {"kind": "number", "answer": 8848, "unit": "m", ...},
      {"kind": "text", "answer": "Iron", "accept": ["Ferrum"], "reject": [], ...}]}

``reject`` names wrong answers that a slip of the pen makes of the right one. ``picture`` is an emoji that belongs to
the question, such as a flag. A file that names no language is in English. Categories have their English names in all
files, since they are what rooms ask for; pages say them in their own language.

One more language is one more file, such as ``questions.it.json``: the room's option offers what is there.
"""

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from pathlib import Path
from random import Random
from typing import Literal

import msgspec

Kind = Literal["choice", "boolean", "number", "text"]
Difficulty = Literal["easy", "medium", "hard"]

DATA = Path(__file__).parent / "data"

MAX_TEXT = 300
"""Characters of a question: what a screen shows in large letters."""
MAX_ANSWER = 100
"""Characters of an answer or a choice."""


class Card(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """
    A question with its answer.

    :ivar answer: one of ``choices``, true or false, a number, or the words that are shown as the right ones.
    :ivar choices: two to six, of kind ``choice``.
    :ivar accept: other right answers, of kind ``text``.
    :ivar reject: wrong answers that look like right ones, of kind ``text``.
    :ivar unit: of kind ``number``: ``km²``.
    :ivar language: a tag, such as ``de``; a file says it once for all of its questions.
    """

    text: str
    category: str
    difficulty: Difficulty
    kind: Kind
    answer: bool | int | float | str
    choices: tuple[str, ...] = ()
    accept: tuple[str, ...] = ()
    reject: tuple[str, ...] = ()
    unit: str = ""
    picture: str = ""
    language: str = "en"

    @property
    def id(self) -> str:
        """The same as long as the question is the same."""
        return blake2b("\n".join((self.text, self.picture, *self.choices)).encode(), digest_size=6).hexdigest()

    @property
    def shown(self) -> str:
        """The right answer, for people."""
        if isinstance(self.answer, bool):
            return "True" if self.answer else "False"
        if isinstance(self.answer, str):
            return self.answer
        number = f"{self.answer:,}" if abs(self.answer) >= 10_000 else str(self.answer)
        return f"{number} {self.unit}".strip()


class File(msgspec.Struct, frozen=True):
    """What a file of questions holds."""

    source: str
    questions: list[Card]
    language: str = "en"


def _kind_of(answer: bool | int | float | str) -> Kind:
    if isinstance(answer, bool):
        return "boolean"
    return "text" if isinstance(answer, str) else "number"


def fault(card: Card) -> str | None:
    """:returns: what is wrong with a question, or None."""
    if _kind_of(card.answer) != ("text" if card.kind == "choice" else card.kind):
        return f"the answer {card.answer!r} is not one of kind {card.kind}"
    if not 0 < len(card.text.strip()) <= MAX_TEXT or not card.category.strip():
        return "it needs a category, and a text that is not too long"
    words = [*card.choices, *card.accept, *([card.answer] if isinstance(card.answer, str) else [])]
    if any(not 0 < len(word.strip()) <= MAX_ANSWER for word in words):
        return "an answer is empty or too long"
    if card.kind == "choice" and (card.answer not in card.choices or not 2 <= len(set(card.choices)) <= 6):
        return "the answer is not among two to six choices"
    if card.kind == "choice" and len(set(card.choices)) < len(card.choices):
        return "a choice stands there twice"
    if card.choices and card.kind != "choice":
        return f"a question of kind {card.kind} has no choices"
    return None


def load(folder: Path = DATA) -> list[Card]:
    """
    :returns: the questions of all files of a folder, each once.
    :raises ValueError: a file is not as it must be; the text names it.
    """
    cards: dict[str, Card] = {}
    for path in sorted(folder.glob("*.json")):
        try:
            file = msgspec.json.decode(path.read_bytes(), type=File)
        except msgspec.DecodeError as error:
            raise ValueError(f"{path}: {error}") from None
        for found in file.questions:
            card = msgspec.structs.replace(found, language=file.language)
            if wrong := fault(card):
                raise ValueError(f"{path}: {card.text!r}: {wrong}")
            cards.setdefault(f"{card.language} {card.id}", card)
    return list(cards.values())


CARDS = load()
CATEGORIES = sorted({card.category for card in CARDS})
LANGUAGES = sorted({card.language for card in CARDS}, key=lambda tag: (tag != "en", tag))
"""Tags; English first."""


def matching(categories: Iterable[str] = (), difficulty: str = "any", language: str = "en") -> list[Card]:
    """:returns: the questions in a language, of some categories, or all, and of a difficulty, or any."""
    wanted = set(categories)
    there = [card for card in CARDS if card.language == language and difficulty in ("any", card.difficulty)]
    return [card for card in there if not wanted or card.category in wanted]


def choose(random: Random, count: int, pool: Sequence[Card], used: Iterable[str]) -> list[Card]:
    """
    Choose questions, about as many of each category, those not yet used first.

    :param pool: at least ``count`` questions.
    :param used: ids of questions that were asked in this room before.
    """
    asked = set(used)
    fresh = [card for card in pool if card.id not in asked]
    stale = [card for card in pool if card.id in asked]
    chosen = _mixed(random, count, fresh)
    return chosen + _mixed(random, count - len(chosen), stale)


def _mixed(random: Random, count: int, pool: Sequence[Card]) -> list[Card]:
    """Deal from the categories in turn."""
    piles: dict[str, list[Card]] = {}
    for card in pool:
        piles.setdefault(card.category, []).append(card)
    names = random.sample(list(piles), len(piles))
    dealt = [random.sample(piles[name], min(count, len(piles[name]))) for name in names]
    rounds = [pile[turn] for turn in range(count) for pile in dealt if turn < len(pile)]
    return rounds[:count]
