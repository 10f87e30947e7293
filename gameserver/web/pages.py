"""
The pages: the lobby, each game's own page or else the default one, and the files that they are made of.

``/`` is the lobby, ``/CODE`` the way into a room, ``/play/GAME/`` a game's page, ``/static/...`` what pages share,
``/gameserver.js`` and ``/game-chat.js`` the client and its chat, with their types. A game's own page lies beside the
game, with an ``index.html``: for a file ``FOLDER/NAME.py`` in ``FOLDER/pages/NAME/``, for a package ``FOLDER/NAME/`` in
``FOLDER/NAME/page/``.

Files are looked up name by name; nothing outside their folder, nothing hidden and nothing of an unknown type is given.
Browsers ask each time whether a file is still the same (``ETag``), and run nothing but files of this server. A file is
read for its tag once; then only what is asked for of it.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping
from hashlib import blake2s, file_digest
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from twisted.web.http import CACHED
from twisted.web.resource import IResource, Resource

from gameserver.node.codes import as_typed, looks_like
from gameserver.web.answers import wrong_method
from gameserver.web.missing import NO_GAME, Missing
from gameserver.web.policy import secure

if TYPE_CHECKING:
    from gameserver.game.spec import Spec

STATIC: Final = Path(__file__).parent / "static"
CLIENT: Final = ("gameserver.js", "gameserver.d.ts", "game-chat.js", "game-chat.d.ts")
"""The JavaScript client and its chat: built into `STATIC`, beside the package in a checkout."""
ICON: Final = b"favicon.ico"
"""What browsers ask for where a page names no icon; any picture will do."""

TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".ts": "text/plain; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".webmanifest": "application/manifest+json",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".ico": "image/x-icon",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".ttf": "font/ttf",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".wav": "audio/wav",
    ".m4a": "audio/mp4",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
}
"""Suffix to type; files of other suffixes, such as a game's sources, are not given."""

MOST_TAGS: Final = 10_000
"""So many files' tags are kept; then all are forgotten."""

_RANGE = re.compile(rb"bytes=(?=\d|-\d)(\d{0,15})-(\d{0,15})")


class Pages:
    """
    :param specs: the games that are served.
    :param places: name to the place a game was loaded from, where one is known.
    :ivar first: what the paths of pages begin with.
    """

    first = (b"", b"static", b"play", ICON, *(name.encode() for name in CLIENT))

    def __init__(self, specs: Iterable[Spec], places: Mapping[str, str] | None = None) -> None:
        self._tags = Tags()
        self._folders = {spec.name: page_folder(spec, (places or {}).get(spec.name)) for spec in specs}

    def serve(self, spec: Spec, place: str | None) -> None:
        """A game is served from now on; its page may be another."""
        self._folders[spec.name] = page_folder(spec, place)

    def has_own(self, game: str) -> bool:
        """Whether a game brings a page."""
        return self._folders.get(game) is not None

    def find(self, request: Any) -> IResource | None:
        """
        :param request: its ``postpath`` is the whole path, unquoted.
        :returns: who answers, or None where the path is no page's.
        """
        first, rest = request.postpath[0], request.postpath[1:]
        if first == b"" and not rest:
            return StaticFile(STATIC / "lobby.html", self._tags)
        if first == b"static":
            return self._file(STATIC, rest)
        if first == b"play" and rest:
            return self._game(rest[0].decode("utf-8", "replace"), rest[1:])
        if not rest and first.decode("latin-1") in CLIENT:
            return self._file(client_folder(), [first])
        if not rest and first == ICON:
            return self._file(STATIC, [b"icon.svg"])
        if not rest and looks_like(code := first.decode("latin-1")):
            return RedirectPage(b"./?room=" + as_typed(code).encode())
        return None

    def _game(self, game: str, rest: list[bytes]) -> IResource:
        if not rest:
            return to_folder(game.encode())
        if game not in self._folders:
            return Missing(NO_GAME if rest == [b""] else None)
        folder = self._folders[game]
        if rest != [b""]:
            return self._file(folder, rest)
        return StaticFile(STATIC / "play.html" if folder is None else folder / "index.html", self._tags)

    def _file(self, folder: Path | None, names: list[bytes]) -> IResource:
        """:returns: the file of these names inside a folder, or what says that there is none."""
        found = inside(folder, names) if folder is not None else None
        return StaticFile(found, self._tags) if found is not None else Missing()


class Tags:
    """What tells whether a file is still the same, known for as long as nobody has written to it."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, ...], str] = {}

    def of(self, file: FileIO) -> str:
        """:param file: which is read only if it was not before."""
        about = os.fstat(file.fileno())
        key = (about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns)
        if key not in self._known:
            if len(self._known) >= MOST_TAGS:
                self._known.clear()
            self._known[key] = file_digest(file, lambda: blake2s(digest_size=12)).hexdigest()
        return self._known[key]


def page_folder(spec: Spec, place: str | None = None) -> Path | None:
    """:returns: the folder of a game's own page, or None."""
    return next((folder for folder in _candidates(spec, place) if (folder / "index.html").is_file()), None)


def _candidates(spec: Spec, place: str | None) -> Iterable[Path]:
    if place is not None and Path(place).is_dir():
        yield Path(place) / "page"
    source = getattr(sys.modules.get(spec.cls.__module__), "__file__", None)
    if source is None:
        return  # a class that was made at run time
    file = Path(source)
    if file.name != "__init__.py":
        yield file.parent / "pages" / spec.name
        yield file.parent / "pages" / file.stem
    if (file.parent / "__init__.py").is_file():
        yield file.parent / "page"


def client_folder() -> Path:
    """:returns: where the JavaScript client is."""
    checkout = STATIC.parent.parent.parent
    beside = checkout / "clients" / "js"
    return beside if (checkout / "setup.py").is_file() and beside.is_dir() else STATIC


def inside(folder: Path, names: list[bytes]) -> Path | None:
    """
    :param names: of folders and at last a file; unquoted, so that one may hold anything.
    :returns: the file, or None where it may not be given.
    """
    path = folder
    for name in names:
        text = name.decode("utf-8", "replace")
        if not text or text.startswith(".") or any(char in text for char in "/\\:\0\ufffd"):
            return None
        path = path / text
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        return None
    if path.suffix.lower() not in TYPES or not real.is_file() or not real.is_relative_to(folder.resolve()):
        return None
    return path


class StaticFile(Resource):
    """
    One file, whole or in parts.

    :param tags: those of all files.
    """

    isLeaf = True

    def __init__(self, path: Path, tags: Tags) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._path = path
        self._tags = tags

    def render(self, request: Any) -> Any:
        """Send it, or say that it has not changed."""
        if request.method not in (b"GET", b"HEAD"):
            return wrong_method(request, ("GET", "HEAD"))
        try:
            with self._path.open("rb", buffering=0) as file:
                return self._send(request, file)
        except OSError:
            return Missing().render(request)

    def _send(self, request: Any, file: FileIO) -> bytes:
        """:raises OSError: it cannot be read."""
        tag = self._tags.of(file)
        secure(request)
        if request.setETag(b'"' + tag.encode() + b'"') is CACHED:
            return b""
        start, stop = part(request, os.fstat(file.fileno()).st_size, tag)
        request.setHeader(b"content-type", TYPES[self._path.suffix.lower()].encode())
        if request.method == b"HEAD":
            request.setHeader(b"content-length", str(stop - start).encode())
            return b""
        file.seek(start)
        body = file.read(stop - start)
        request.setHeader(b"content-length", str(len(body)).encode())
        return body


def part(request: Any, size: int, tag: str) -> tuple[int, int]:
    """
    :param size: of the file, in bytes.
    :returns: where the part begins and ends that is asked for, as players of sound and film do, or all of it.

    Source: RFC 9110 section 14: what asks for several parts, or for none that there is, may be ignored
    """
    request.setHeader(b"accept-ranges", b"bytes")
    asked = _RANGE.fullmatch(request.getHeader(b"range") or b"")
    if asked is None or request.getHeader(b"if-range") not in (None, b'"' + tag.encode() + b'"'):
        return 0, size
    first = int(asked[1]) if asked[1] else max(0, size - int(asked[2] or 0))
    last = min(int(asked[2]), size - 1) if asked[1] and asked[2] else size - 1
    if first > last:
        return 0, size
    request.setResponseCode(206)
    request.setHeader(b"content-range", f"bytes {first}-{last}/{size}".encode())
    return first, last + 1


class RedirectPage(Resource):
    """
    Leads elsewhere; the query that was asked with is kept.

    :param location: relative, so that it is right under any path under which people reach this server.
    """

    isLeaf = True

    def __init__(self, location: bytes) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._location = location

    def render(self, request: Any) -> bytes:
        """Say where."""
        if request.method not in (b"GET", b"HEAD"):
            return wrong_method(request, ("GET", "HEAD"))
        _, mark, query = request.uri.partition(b"?")
        if b"?" in self._location and query:
            mark = b"&"
        secure(request)
        request.setResponseCode(307)
        request.setHeader(b"location", self._location + mark + query)
        request.setHeader(b"content-length", b"0")
        return b""


def to_folder(name: bytes) -> RedirectPage:
    """:returns: from a page's address without its last slash to the one with it: relative links would lead astray."""
    return RedirectPage(b"./" + quote(name, safe="").encode() + b"/")
