"""
The words that are drawn, by family and difficulty. They lie in ``data``, a file for each language, which anybody may
add to: ``words.json`` is the English one, ``words.de.json`` the German one. One more file is one more language, and the
room's option offers it. Families have their English names in all files; pages say them in their own language.

A word has 2 to 24 characters: letters and digits, with single spaces, hyphens or apostrophes between them. It is there
only once.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

from msgspec import Meta

from gameserver import Refused

DATA: Final = Path(__file__).parent / "data"
LEVELS: Final = ("easy", "medium", "hard")
OWN: Final = "words of the host"
"""The family of words that a host has given, which is all that the first hint says."""
MOST_OWN: Final = 200
MOST_CHARS: Final = 24

_WORD = re.compile(r"[^\W_]+([ '’-][^\W_]+)*")  # noqa: RUF001


class Word(NamedTuple):
    """One word: ``family`` is what kind of thing it is, and the first hint; ``language`` is a tag, such as ``de``."""

    text: str
    family: str
    level: str
    language: str = "en"


def read(path: Path) -> tuple[Word, ...]:
    """:returns: the words of a file, which has its language in its name, ``words.de.json``, unless that is English."""
    language = path.suffixes[0][1:] if len(path.suffixes) > 1 else "en"
    families = json.loads(path.read_text("utf-8"))
    return tuple(
        Word(text, family, level, language)
        for family, levels in families.items()
        for level, texts in levels.items()
        for text in texts
    )


WORDS: Final = tuple(word for path in sorted(DATA.glob("*.json")) for word in read(path))
LANGUAGES: Final = sorted({word.language for word in WORDS}, key=lambda tag: (tag != "en", tag))
"""Tags; English first."""
Language = Annotated[str, Meta(title="Played in", extra_json_schema={"enum": LANGUAGES})]
"""The room's option; a page in one of these languages chooses its own."""


def check_language(language: str) -> None:
    """:raises Refused: there are no words in this language."""
    if language not in LANGUAGES:
        raise Refused(f"There are no words in {language!r}.", code="bad_data", path="$.options.language")


def matching(level: str, language: str = "en") -> tuple[Word, ...]:
    """
    :param level: one of `LEVELS`, or ``any``.
    :returns: the words of that difficulty in a language.
    """
    return tuple(word for word in WORDS if word.language == language and level in ("any", word.level))


def pool(level: str, own: Sequence[str], *, only: bool, language: str = "en") -> tuple[Word, ...]:
    """
    :param own: words of the host's own. :param only: whether there are no others.
    :returns: the words that may come in a room.
    """
    mine = tuple(Word(text, OWN, "any") for text in own)
    return mine if only else (*mine, *matching(level, language))


def own(text: str) -> list[str]:
    """
    :param text: words, one a line or separated by commas or semicolons.
    :returns: each once, in order.
    :raises Refused: one is no word that could be drawn, or there are too many.
    """
    found = dict.fromkeys(" ".join(each.split()) for each in re.split(r"[\n,;]", text))
    found.pop("", None)
    for word in found:
        if not _WORD.fullmatch(word) or not 2 <= len(word) <= MOST_CHARS:
            raise Refused(
                f"“{word[:40]}” is no word to draw: 2 to {MOST_CHARS} letters, digits, single spaces, hyphens and "
                "apostrophes.",
                code="bad_data",
                path="$.text",
            )
    if len(found) > MOST_OWN:
        raise Refused(f"There may be {MOST_OWN} words at most.", code="bad_data", path="$.text")
    return list(found)


def choose(random: Any, count: int, pool: tuple[Word, ...], used: list[str]) -> tuple[list[Word], list[str]]:
    """
    Choose words to choose from. Each comes once, drawn or not: a drawer who has seen it would guess it too soon.

    :param used: those that came already. :returns: ``count`` words (fewer if the pool is smaller), and the words used
    so far; once too few are left, all begin again.
    """
    fresh = [word for word in pool if word.text not in used]
    if len(fresh) < count:
        fresh, used = list(pool), []
    chosen = random.sample(fresh, min(count, len(fresh)))
    return chosen, [*used, *(word.text for word in chosen)]
