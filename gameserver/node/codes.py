"""The codes that people type to come to a room."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

ALPHABET: Final = "346789CDFHJKMNPQRTVWX"
"""The characters of codes: no vowels, and of those that look alike (0 O, 1 I L, 2 Z, 5 S, 8 B, 6 G) one at most."""
SHORTEST_CODE: Final = 4
PRIVATE_CODE: Final = 8
LONGEST_CODE: Final = 16
"""No code that was ever drawn is longer."""
SPARSE: Final = 10_000
"""Codes are made so long that fewer than one in this many belongs to a room."""
MISSES: Final = 3
"""After this many codes that are taken, the next has one letter more: codes of rooms that are gone rest for a while."""
TRIES: Final = 12
"""How many codes are drawn for a room at most; the last ones have three letters more."""


def new_code(entropy: Callable[[int], bytes], *, rooms: int, private: bool, misses: int = 0) -> str:
    """
    Draw a code, long enough that guessing hardly ever finds a room.

    :param entropy: returns as many random bytes as it is asked for.
    :param rooms: how many rooms there are.
    :param private: whether it is for a private room: `PRIVATE_CODE` letters or more.
    :param misses: how many codes that were drawn before for this room are taken.
    """
    length = PRIVATE_CODE
    if not private:
        length = SHORTEST_CODE
        while (rooms + 1) * SPARSE > len(ALPHABET) ** length:
            length += 1
    length += misses // MISSES
    # Bytes beyond the last whole multiple of the alphabet are skipped, so that all letters are equally likely.
    letters: list[str] = []
    fair = 256 - 256 % len(ALPHABET)
    while len(letters) < length:
        letters += [ALPHABET[byte % len(ALPHABET)] for byte in entropy(16) if byte < fair]
    return "".join(letters[:length])


def as_typed(code: str) -> str:
    """:returns: the code that is meant, if somebody typed it in small letters, with spaces or dashes."""
    return code.upper().replace(" ", "").replace("-", "")


def looks_like(text: str) -> bool:
    """Whether a text may be a code as somebody typed it, by its letters and its length."""
    if len(text) > 2 * LONGEST_CODE:
        return False
    code = as_typed(text)
    return SHORTEST_CODE <= len(code) <= LONGEST_CODE and set(code) <= set(ALPHABET)
