"""
A few files in place of the many modules and style sheets that the server's own pages share.

They are made beforehand (``make js``), and `TOLD` says from which sources, with their hashes. Where a source has
changed since, as when somebody works on it, pages load the sources one by one.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from gameserver.web.modules import Find

TOLD: Final = "/static/bundle/pages.json"
"""The path of the file that `Bundle` is read from."""
STYLE: Final = "/static/bundle/pages.css"
"""The style sheets in one."""


class Bundle(Struct, frozen=True):
    """
    The files of the bundle, and what they were made of.

    :ivar entries: paths of the modules that a page may import, to the path of the file that has their exports.
    :ivar made_of: SHA-256 of all modules and style sheets in it, by their paths.
    :ivar styles: the style sheets in their order; a page that names all of them, in this order, gets `STYLE` instead.
    """

    entries: dict[str, str]
    made_of: dict[str, str]
    styles: list[str] = []

    @property
    def files(self) -> set[str]:
        """Paths of the bundle's own modules."""
        return set(self.entries.values())


NONE: Final = Bundle({}, {})


def bundled(find: Find) -> tuple[Bundle, list[Path]]:
    """
    :returns: the bundle, or `NONE` where there is none or a source has changed since; and the files that this depends
        on.
    """
    known = find(TOLD)
    if known is None:
        return NONE, []
    try:
        told = msgspec.json.decode(known.read_bytes(), type=Bundle)
    except (OSError, msgspec.MsgspecError):
        return NONE, [known]
    sources = {path: find(path) for path in told.made_of}
    made = [find(path) for path in (*told.files, *([STYLE] if told.styles else []))]
    files = [file for file in (known, *sources.values(), *made) if file is not None]
    is_fresh = all(file is not None and _digest(file) == told.made_of[path] for path, file in sources.items())
    return told if is_fresh and None not in made else NONE, files


def _digest(file: Path) -> str:
    try:
        return sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""
