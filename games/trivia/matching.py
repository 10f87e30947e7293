"""
When a typed answer is as good as right: case, accents, punctuation and a leading article do not count, and a slip of
the pen or two is forgiven, unless what was typed is nearer to something that is wrong.
"""

import re
import unicodedata
from collections.abc import Iterable

LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "&": " and "}  # noqa: RUF001
)
"""What Unicode does not take apart by itself."""

FORGIVEN = ((8, 2), (4, 1))
"""Least length of the right answer, and how many slips are forgiven; in a shorter one none."""


def is_match(given: str, accepted: Iterable[str], rejected: Iterable[str] = ()) -> bool:
    """
    :param given: what was typed.
    :param accepted: right answers.
    :param rejected: wrong answers that look like right ones: Austria, where Australia is right.

    >>> is_match("sao tome", ["São Tomé"]), is_match("Austria", ["Australia"], ["Austria"])
    (True, False)
    """
    typed = fold(given)
    slips = min((s for s in (_slips(typed, fold(right)) for right in accepted) if s is not None), default=None)
    if slips is None:
        return False
    return all(distance(typed, fold(wrong), most=slips) >= slips for wrong in rejected) if slips else True


def fold(text: str) -> str:
    """:returns: the letters and digits of a text in lower case, without accents and without a leading article."""
    apart = unicodedata.normalize("NFKD", text.casefold().translate(LETTERS))
    bare = "".join(c for c in apart if not unicodedata.combining(c))
    words = re.findall(r"[^\W_]+", re.sub(r"['’`.]", "", bare))  # noqa: RUF001
    if len(words) > 1 and words[0] in ("the", "a", "an"):
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
