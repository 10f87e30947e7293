"""
One file in place of the many modules that the server's own pages share.

It is made beforehand (``make js``) and says of which sources, in which state. Where one of them is another by now, as
for who works on them, pages load the modules one by one.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from gameserver.web.modules import Find

BUNDLE: Final = "/static/bundle/pages.js"
TOLD: Final = "/static/bundle/pages.json"
"""What `Bundle` is read from."""


class Bundle(Struct, frozen=True):
    """
    What it was made of.

    :ivar entries: paths of the modules that a page may import, each of whose exports it has.
    :ivar made_of: SHA-256 of all modules in it, by their paths.
    """

    entries: list[str]
    made_of: dict[str, str]


NONE: Final = Bundle([], {})


def bundled(find: Find) -> tuple[Bundle, list[Path]]:
    """
    :returns: what the bundle stands for now, `NONE` where there is none of these sources; and the files that this
        depends on.
    """
    files = [file for path in (BUNDLE, TOLD) if (file := find(path)) is not None]
    if len(files) < 2:
        return NONE, files
    try:
        told = msgspec.json.decode(files[1].read_bytes(), type=Bundle)
    except (OSError, msgspec.MsgspecError):
        return NONE, files
    sources = {path: find(path) for path in told.made_of}
    files += [file for file in sources.values() if file is not None]
    is_fresh = all(file is not None and _digest(file) == told.made_of[path] for path, file in sources.items())
    return told if is_fresh else NONE, files


def _digest(file: Path) -> str:
    try:
        return sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""
