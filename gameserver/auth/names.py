"""When two names of accounts are the same: without regard to case, spaces, and letters that look alike."""

from __future__ import annotations

import unicodedata
from typing import Final

from gameserver.auth.lookalikes import LOOKALIKES

_ALIKE: Final = str.maketrans({"i": "l", "1": "l", "|": "l", "0": "o"})
"""What is alike in many typefaces, once case is folded: ``I`` and ``l`` above all."""
_PAIRS: Final = (("rn", "m"), ("vv", "w"))


def name_key(name: str) -> str:
    """
    :param name: of any length.
    :returns: the same for all names that a person could take for one another; for comparing only, not for showing.

    Only letters that look like those of ASCII are known; two Chinese characters that look alike are not the same.

    Source: skeletons of https://www.unicode.org/reports/tr39/#Confusable_Detection, with case folded as well
    """
    text = unicodedata.normalize("NFKC", name).translate(LOOKALIKES).casefold()
    text = unicodedata.normalize("NFKC", text).translate(LOOKALIKES).casefold()
    text = "".join(char for char in text if unicodedata.category(char)[0] not in "ZPC")
    text = text.translate(_ALIKE)
    for pair, single in _PAIRS:
        text = text.replace(pair, single)
    return text or name
