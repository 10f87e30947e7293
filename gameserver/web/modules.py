"""
Which modules a page loads, read from their text, so that a browser can be told of all of them at once.

Only addresses count that are written out, relative to the module, as in all pages of this server. A module that is
missed here makes a page slower, nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urljoin

Find = Callable[[str], Path | None]
"""The file at a path of this server, or None."""
NOTHING: Final[Mapping[str, str]] = {}

_COMMENT: Final = re.compile(r"/\*.*?\*/|^\s*//[^\n]*", re.DOTALL | re.MULTILINE)
_STATIC: Final = re.compile(
    r"^[ \t]*(?:import|export)\b(?:[\s\w{},*$]*?\bfrom\b)?\s*[\"'](\.{1,2}/[^\"'?#]+)[\"']", re.MULTILINE
)
_LATER: Final = re.compile(r"\bimport\(\s*[\"'](\.{1,2}/[^\"'?#]+)[\"']\s*\)")


def imports(source: str) -> tuple[list[str], list[str]]:
    """
    :param source: the text of a module.
    :returns: the relative addresses that it imports at once, and those that it may import later (``import()``).
    """
    code = _COMMENT.sub("", source)
    return _STATIC.findall(code), _LATER.findall(code)


def graph(
    entries: Iterable[str], find: Find, read: Callable[[Path], str], instead: Mapping[str, str] = NOTHING
) -> dict[str, tuple[Path, bool]]:
    """
    :param entries: paths of modules that a page names.
    :param find: returns the file at a path.
    :param read: returns a file's text.
    :param instead: the paths of some modules, to the paths of what is loaded in their place.
    :returns: the path of each module that the page may load, to its file and whether it is loaded at once; those that
        the page names first, then what they import, and so on.
    """
    found: dict[str, tuple[Path, bool]] = {}
    at_once, later = list(entries), list[str]()
    for paths, is_at_once in ((at_once, True), (later, False)):
        for named in paths:  # grows meanwhile
            path = instead.get(named, named)
            if path in found or (file := find(path)) is None:
                continue
            found[path] = file, is_at_once
            now, then = imports(read(file))
            paths.extend(urljoin(path, each) for each in now)
            later.extend(urljoin(path, each) for each in then)
    return found
