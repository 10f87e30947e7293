"""The codes that people type to come to a room."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

ALPHABET: Final = "346789CDFHJKMNPQRTVWX"
"""What codes are made of: no vowels, and nothing that looks like another (0 O, 1 I L, 2 Z, 5 S, 8 B, 6 G)."""
SHORTEST_CODE: Final = 4
PRIVATE_CODE: Final = 8
LONGEST_CODE: Final = 16
"""No code that was ever drawn is longer."""
SPARSE: Final = 10_000
"""Live rooms fill less than one code in so many."""
MISSES: Final = 3
"""After so many codes that were taken one is drawn that has a letter more: codes of rooms that are gone rest."""
TRIES: Final = 12
"""So many codes are drawn for a room at most; the last ones have three letters more."""


def new_code(entropy: Callable[[int], bytes], *, rooms: int, private: bool, misses: int = 0) -> str:
    """
    Draw a code, long enough that guessing finds nothing.

    :param rooms: how many there are.
    :param misses: how many codes were drawn before that are taken.
    """
    length = PRIVATE_CODE
    if not private:
        length = SHORTEST_CODE
        while (rooms + 1) * SPARSE > len(ALPHABET) ** length:
            length += 1
    length += misses // MISSES
    # Bytes beyond the last whole multiple of the alphabet are passed over, so that each letter is as likely.
    letters: list[str] = []
    fair = 256 - 256 % len(ALPHABET)
    while len(letters) < length:
        letters += [ALPHABET[byte % len(ALPHABET)] for byte in entropy(16) if byte < fair]
    return "".join(letters[:length])


def as_typed(code: str) -> str:
    """:returns: the code that somebody means who types it in small letters, with spaces or dashes."""
    return code.upper().replace(" ", "").replace("-", "")


def looks_like(text: str) -> bool:
    """Whether somebody may have typed a code: its letters, as long as codes are."""
    if len(text) > 2 * LONGEST_CODE:
        return False
    code = as_typed(text)
    return SHORTEST_CODE <= len(code) <= LONGEST_CODE and set(code) <= set(ALPHABET)
