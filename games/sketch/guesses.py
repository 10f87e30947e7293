"""
What a line of chat is to a word: the word itself, nearly it, or something else.

Both are compared folded: without case, accents, punctuation and invisible characters; ``ß`` is ``ss``, ``œ`` is ``oe``,
and ``ü`` is ``u`` or ``ue``. A term of two words may be written as one, and a word with spaces between its letters.
Other words around it, such as an article in any language, do not matter.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from gameserver import WordFilter

MOST_CHARS: Final = 60
"""A longer line is refused as a guess: one line could hold a whole list of words."""
_LETTERS: Final = re.compile(r"[^\W_]+")
_LIGATURES: Final = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "ł": "l"})
"""Letters that Unicode does not decompose."""
_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
"""How people write umlauts without a key for them."""
_HELD: Final = 4
"""A word of so many letters is also found inside other words; shorter ones occur in too many."""


def tokens(text: str) -> list[str]:
    """:returns: the words of a line, folded."""
    folded = unicodedata.normalize("NFKD", text).casefold().translate(_LIGATURES)
    return _LETTERS.findall("".join(c for c in folded if unicodedata.category(c) not in ("Mn", "Cf", "Me", "Cc")))


def _spellings(text: str) -> set[str]:
    """:returns: the text in small letters, and as it is with umlauts written out."""
    small = unicodedata.normalize("NFC", text).casefold()
    return {small, small.translate(_UMLAUTS)}


def is_right(text: str, word: str) -> bool:
    """Whether a line says the word, by itself or among a few others."""
    return any(_says(said, spelt) for said in _spellings(text) for spelt in _spellings(word))


def _says(text: str, word: str) -> bool:
    said, wanted = tokens(text), tokens(word)
    squeezed = "".join(wanted)
    if "".join(said) == squeezed or any(run == wanted for run in _runs(said, len(wanted))):
        return True
    if any(run == list(squeezed) for run in _runs(said, len(squeezed))):
        return True
    # Look-alikes of other scripts. The filter also ignores doubled letters, so it must not judge plain ASCII lines.
    return not "".join(said).isascii() and _filter_of(squeezed)(text) != text


def is_near(text: str, word: str) -> bool:
    """Whether a line holds something that is nearly the word, but is not it."""
    return any(_nearly(said, spelt) for said in _spellings(text) for spelt in _spellings(word))


def _nearly(text: str, word: str) -> bool:
    wanted = "".join(tokens(word))
    most = 0 if len(wanted) < _HELD else 1 if len(wanted) < 8 else 2
    runs = ["".join(run) for n in (1, 2, 3) for run in _runs(tokens(text), n)]
    if len(wanted) >= _HELD and any(wanted in run for run in runs):
        return True
    return any(run in (f"{wanted}s", f"{wanted}es") or distance(run, wanted) <= most for run in runs)


def gives_away(text: str, word: str) -> bool:
    """Whether a line of somebody who knows the word tells it, or nearly, to those who do not."""
    return (
        is_right(text, word)
        or is_near(text, word)
        or any(_holds(said, spelt) for said in _spellings(text) for spelt in _spellings(word))
    )


def _holds(text: str, word: str) -> bool:
    """Whether a long word is in the line, in pieces or backwards."""
    squeezed, wanted = "".join(tokens(text)), "".join(tokens(word))
    return len(wanted) >= _HELD and (wanted in squeezed or wanted[::-1] in squeezed)


def distance(a: str, b: str) -> int:
    """
    :returns: how many letters must be inserted, removed, changed or swapped with the next; 3 for more than 2.

    Source: https://en.wikipedia.org/wiki/Damerau-Levenshtein_distance (optimal string alignment)
    """
    if abs(len(a) - len(b)) > 2:
        return 3  # more than is ever forgiven
    before: list[int] = []
    last = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]


def _runs(said: list[str], count: int) -> list[list[str]]:
    return [said[at : at + count] for at in range(len(said) - count + 1)]


@lru_cache(maxsize=256)
def _filter_of(word: str) -> WordFilter:
    return WordFilter([word], languages=())
