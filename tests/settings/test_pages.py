"""What the pages for operators say of each setting."""

from __future__ import annotations

import re
from dataclasses import MISSING
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from gameserver.settings.limits import Limits
from gameserver.settings.settings import KEYS

DOCS = Path(__file__).parent.parent.parent / "docs"
TOLD_IN_WORDS = {"hash_threads", "http_bytes"}
"""Limits whose default stands there in other words: of this machine's processors, and in MiB."""


def rows() -> dict[str, str]:
    """:returns: what stands in the second column of the rows of both pages that begin with a name."""
    text = "\n".join((DOCS / name).read_text("utf-8") for name in ("operating.rst", "accounts.rst"))
    return {name: " ".join(rest.split()[:1]) for name, rest in re.findall(r"^``(\w+)`` +(.*)$", text, re.M)}


class PagesTests(SynchronousTestCase):
    def test_every_setting_has_a_row(self) -> None:
        """In the table of settings, or in one of the two of limits; those with a page of their own are told there."""
        names = {key.removeprefix("limits.") for key in KEYS if not key.startswith(("jwt.", "django."))}
        self.assertEqual(names - set(rows()), set())

    def test_limits_have_their_defaults(self) -> None:
        """And it says the default that the code has."""
        for name, field in Limits.__dataclass_fields__.items():
            if name not in TOLD_IN_WORDS:
                self.assertIsNot(field.default, MISSING)
                self.assertEqual(rows()[name], f"{field.default:g}" if field.default < 100_000 else str(field.default))
