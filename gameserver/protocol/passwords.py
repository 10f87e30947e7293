"""
Passwords: one form for what is the same to whoever types it.

An "é" is one character on some keyboards and two on others. What is hashed is the form in which it is one (NFC).

Source: https://www.rfc-editor.org/rfc/rfc8265#section-4.2
"""

from __future__ import annotations

import unicodedata
from typing import Final

from gameserver.errors import Refused

PASSWORD_CHARS: Final = 1024
"""A longer one is refused: nobody types it, and to bring it into a form and to hash it is work."""


def normal_form(password: str) -> str:
    """
    :returns: what is hashed of a password.
    :raises Refused: ``bad_data``: it is too long.
    """
    check_length(password)
    return unicodedata.normalize("NFC", password)


def check_length(password: str) -> None:
    """:raises Refused: ``bad_data``: it is too long."""
    if len(password) > PASSWORD_CHARS:
        raise Refused(f"A password has at most {PASSWORD_CHARS} characters.", code="bad_data", path="$.password")


def spellings(password: str) -> tuple[str, ...]:
    """
    :returns: what may have been hashed of a password: its one form, and what was typed, as older releases did.
    :raises Refused: as `normal_form` does.
    """
    return tuple(dict.fromkeys((normal_form(password), password)))
