"""
The words that are drawn, by family and difficulty; they lie in ``data/words.json``, which anybody may add to.

A word is 2 to 24 characters of letters, digits and single spaces, and stands there once.
"""

import json
from pathlib import Path
from typing import Any, Final, NamedTuple

DATA: Final = Path(__file__).parent / "data" / "words.json"
LEVELS: Final = ("easy", "medium", "hard")


class Word(NamedTuple):
    """One word: ``family`` is what kind of thing it is, and the first hint."""

    text: str
    family: str
    level: str


def read(path: Path) -> tuple[Word, ...]:
    """:returns: the words of a file."""
    families = json.loads(path.read_text("utf-8"))
    return tuple(
        Word(text, family, level)
        for family, levels in families.items()
        for level, texts in levels.items()
        for text in texts
    )


WORDS: Final = read(DATA)


def matching(level: str) -> tuple[Word, ...]:
    """
    :param level: one of `LEVELS`, or ``any``.
    :returns: the words of that difficulty.
    """
    return tuple(word for word in WORDS if level in ("any", word.level))


def choose(random: Any, count: int, pool: tuple[Word, ...], used: list[str]) -> tuple[list[Word], list[str]]:
    """
    Choose words to choose from. Each comes once, be it drawn or not: whoever has seen it would know it too soon.

    :param used: those that came already.
    :returns: so many words, and what is used now; once too few are left, it begins again.
    """
    fresh = [word for word in pool if word.text not in used]
    if len(fresh) < count:
        fresh, used = list(pool), []
    chosen = random.sample(fresh, min(count, len(fresh)))
    return chosen, [*used, *(word.text for word in chosen)]
