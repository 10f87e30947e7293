"""
A few files in place of the many modules and style sheets that the server's own pages share.

They are made beforehand (``make js``), and it is told of which sources, in which state. Where one of them is another by
now, as for who works on them, pages load the sources one by one.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from gameserver.web.modules import Find

TOLD: Final = "/static/bundle/pages.json"
"""What `Bundle` is read from."""
STYLE: Final = "/static/bundle/pages.css"
"""The style sheets in one."""


class Bundle(Struct, frozen=True):
    """
    What it was made of.

    :ivar entries: paths of the modules that a page may import, with the path of the file that has their exports.
    :ivar made_of: SHA-256 of all modules and style sheets in it, by their paths.
    :ivar styles: the style sheets, in their order; `STYLE` is for a page that names all of them, one after the other.
    """

    entries: dict[str, str]
    made_of: dict[str, str]
    styles: list[str] = []

    @property
    def files(self) -> set[str]:
        """Paths of its modules."""
        return set(self.entries.values())


NONE: Final = Bundle({}, {})


def bundled(find: Find) -> tuple[Bundle, list[Path]]:
    """
    :returns: what the bundle stands for now, `NONE` where there is none of these sources; and the files that this
        depends on.
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
