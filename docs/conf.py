"""How Sphinx makes the site of these pages: ``make docs``."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / "extensions"))

import gameserver
from gameserver import Refused, WordFilter
from gameserver.client import Client
from gameserver.testing import Table

project = "gameserver"
author = "the gameserver authors"
version = release = gameserver.__version__

extensions = ["sphinx.ext.autodoc", "plain_links", "typescript", "declared"]
exclude_patterns = ["extensions"]
default_role = "py:obj"  # in docstrings `Game.send` is a link where that is documented, else code
nitpicky = False  # docstrings may name internals, which have no page

html_theme = "furo"
html_title = f"gameserver {version}"
html_copy_source = False
html_show_sphinx = False

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
autodoc_default_options = {"members": True}
python_maximum_signature_line_length = 88

MADE_BY_HAND = {Client, Refused, Table, WordFilter}
"""The classes that people call; the others come from a game, a client or a table."""


def without_constructor(
    _app: Any, _what: str, _name: str, documented: Any, _options: Any, signature: str, _: Any
) -> Any:
    """:returns: no signature, for classes that nobody outside the framework makes; None leaves it as it is."""
    if signature and inspect.isclass(documented) and documented not in MADE_BY_HAND:
        return "", None
    return None


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("autodoc-process-signature", without_constructor)
