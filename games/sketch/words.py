"""
The words that are drawn, by family and difficulty; they lie in ``data/words.json``, which anybody may add to.

A word is 2 to 24 characters of letters, digits and single spaces, and stands there once.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from gameserver import Refused

DATA: Final = Path(__file__).parent / "data" / "words.json"
LEVELS: Final = ("easy", "medium", "hard")
OWN: Final = "words of the host"
"""What kind of thing those are that a host has given: the first hint says no more."""
MOST_OWN: Final = 200
MOST_CHARS: Final = 24

_WORD = re.compile(r"[^\W_]+( [^\W_]+)*")


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


def pool(level: str, own: Sequence[str], *, only: bool) -> tuple[Word, ...]:
    """
    :param own: words of the host's own.
    :param only: whether they are all there is.
    :returns: the words that may come in a room.
    """
    mine = tuple(Word(text, OWN, "any") for text in own)
    return mine if only else (*mine, *matching(level))


def own(text: str) -> list[str]:
    """
    :param text: words, one a line or parted by commas.
    :returns: each once, in order.
    :raises Refused: one is no word that could be drawn, or there are too many.
    """
    found = dict.fromkeys(" ".join(each.split()) for each in re.split(r"[\n,;]", text))
    found.pop("", None)
    for word in found:
        if not _WORD.fullmatch(word) or not 2 <= len(word) <= MOST_CHARS:
            raise Refused(
                f"“{word[:40]}” is no word to draw: 2 to {MOST_CHARS} letters, digits and single spaces.",
                code="bad_data",
                path="$.text",
            )
    if len(found) > MOST_OWN:
        raise Refused(f"There may be {MOST_OWN} words at most.", code="bad_data", path="$.text")
    return list(found)


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
