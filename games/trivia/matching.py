"""
When a typed answer is as good as right: case, accents, punctuation and a leading article do not count, ``ß`` is ``ss``,
``ü`` is ``u`` or ``ue``, and a slip of the pen or two is forgiven, unless what was typed is nearer to something that is
wrong.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "&": " and "}  # noqa: RUF001
)
"""Letters that Unicode does not decompose."""

UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
"""How people write umlauts without a key for them."""

ARTICLES = frozenset(
    (
        *("the", "a", "an"),
        *("der", "die", "das", "den", "dem", "des", "ein", "eine", "einen", "einem", "einer"),
        *("el", "la", "lo", "los", "las", "un", "una", "unos", "unas"),
        *("le", "les", "une"),
    )
)
"""Of each language that has questions."""
ELIDED = re.compile(r"^\W*l['’`´]")  # noqa: RUF001
"""``L'Autriche``."""

FORGIVEN = ((8, 2), (4, 1))
"""Least length of the right answer, and how many slips are forgiven in it; in shorter ones none."""


def is_match(given: str, accepted: Iterable[str], rejected: Iterable[str] = ()) -> bool:
    """
    :param given: what was typed.
    :param accepted: right answers.
    :param rejected: wrong answers that look like right ones: Austria, where Australia is right.

    >>> is_match("sao tome", ["São Tomé"]), is_match("Austria", ["Australia"], ["Austria"])
    (True, False)
    """
    typed = spellings(given)
    rights = {spelt for right in accepted for spelt in spellings(right)}
    counts = [_slips(said, right) for said in typed for right in rights]
    slips = min((count for count in counts if count is not None), default=None)
    if slips is None:
        return False
    wrongs = {spelt for wrong in rejected for spelt in spellings(wrong)}
    return all(distance(said, wrong, most=slips) >= slips for said in typed for wrong in wrongs) if slips else True


@lru_cache(maxsize=4096)  # a question's own words are asked for with each answer that is given
def spellings(text: str) -> frozenset[str]:
    """:returns: the text folded, in each way in which its umlauts may be written."""
    spelt = unicodedata.normalize("NFC", text).casefold().translate(UMLAUTS)
    return frozenset((fold(text), fold(spelt)))


def fold(text: str) -> str:
    """:returns: the letters and digits of a text in lower case, without accents and without a leading article."""
    apart = unicodedata.normalize("NFKD", text.casefold().translate(LETTERS))
    bare = ELIDED.sub("", "".join(c for c in apart if not unicodedata.combining(c)))
    words = re.findall(r"[^\W_]+", re.sub(r"['’`.]", "", bare))  # noqa: RUF001
    if len(words) > 1 and words[0] in ARTICLES:
        words = words[1:]
    return "".join(words) or " ".join(bare.split())


def distance(a: str, b: str, most: int) -> int:
    """
    :returns: how many letters must be put in, left out, exchanged or swapped with their neighbours to make ``b`` of
        ``a``; ``most + 1`` where it takes more than ``most``.

    Source: optimal string alignment, https://en.wikipedia.org/wiki/Damerau-Levenshtein_distance
    """
    if abs(len(a) - len(b)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        earlier, before, row = before, row, [i]
        for j, y in enumerate(b, 1):
            steps = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                steps = min(steps, earlier[j - 2] + 1)
            row.append(steps)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)


def forgiven(right: str) -> int:
    """:returns: how many slips are forgiven in an answer that should be this, folded."""
    return next((most for least, most in FORGIVEN if len(right) >= least), 0)


def _slips(typed: str, right: str) -> int | None:
    """:returns: how many slips were made, or None for too many; digits must be right."""
    if re.findall(r"\d", typed) != re.findall(r"\d", right):
        return None
    most = forgiven(right)
    slips = distance(typed, right, most)
    return slips if slips <= most else None
