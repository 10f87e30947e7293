"""
Files that browsers are given, whole, in parts or compressed; and how long they may keep them.

Browsers ask each time whether a file is still the same (``ETag``). At an address with the tag in it (``?v=TAG``) the
file never changes, so they keep it without asking. A file is read once for its tag; after that only when asked for.
"""

from __future__ import annotations

import os
import re
from hashlib import blake2s, file_digest
from io import FileIO
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from twisted.web.http import CACHED
from twisted.web.resource import Resource

from gameserver.web.answers import wrong_method
from gameserver.web.compressed import Compressed
from gameserver.web.compressing import worth
from gameserver.web.missing import Missing
from gameserver.web.policy import secure

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

KEEP: Final = b"public, max-age=31536000, immutable"
"""How long a browser keeps a file whose address has its tag."""
MOST_TAGS: Final = 10_000
"""How many files' tags are kept; beyond that all are forgotten."""

_RANGE = re.compile(rb"bytes=(?=\d|-\d)(\d{0,15})-(\d{0,15})")


class Tags:
    """The tags of files: hashes of what is in them, kept until a file is written to."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, ...], str] = {}

    def of(self, file: FileIO) -> str:
        """:param file: an open file, which is read only if its tag is not known. :returns: its tag."""
        key = _key(os.fstat(file.fileno()))
        if key not in self._known:
            if len(self._known) >= MOST_TAGS:
                self._known.clear()
            self._known[key] = file_digest(file, lambda: blake2s(digest_size=12)).hexdigest()
        return self._known[key]

    def at(self, path: Path) -> str:
        """:returns: the tag of the file at a path, which is opened only if its tag is not known; empty: no file."""
        try:
            known = self._known.get(_key(path.stat()))
            if known is not None:
                return known
            with path.open("rb", buffering=0) as file:
                return self.of(file)
        except OSError:
            return ""


def _key(about: os.stat_result) -> tuple[int, ...]:
    return about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns


class StaticFile(Resource):
    """
    One file, whole or in parts.

    :param tags: those of all files.
    :param compressed: their compressed forms.
    """

    isLeaf = True

    def __init__(self, path: Path, tags: Tags, compressed: Compressed) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._path = path
        self._tags = tags
        self._compressed = compressed

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
        size = os.fstat(file.fileno()).st_size
        secure(request)
        if request.args.get(b"v") == [tag.encode()]:
            request.setHeader(b"cache-control", KEEP)
        packed = None
        if worth(self._path):
            request.setHeader(b"vary", b"Accept-Encoding")
            if not request.getHeader(b"range"):
                accepted = (request.getHeader(b"accept-encoding") or b"").decode("latin-1")
                packed = self._compressed.find(self._path, tag, size, accepted)
        if request.setETag(f'"{tag}-{packed[0]}"'.encode() if packed else f'"{tag}"'.encode()) is CACHED:
            return b""
        request.setHeader(b"content-type", TYPES[self._path.suffix.lower()].encode())
        if packed is not None:
            request.setHeader(b"content-encoding", packed[0].encode())
            request.setHeader(b"content-length", str(len(packed[1])).encode())
            return b"" if request.method == b"HEAD" else packed[1]
        start, stop = part(request, size, tag)
        if request.method == b"HEAD":
            request.setHeader(b"content-length", str(stop - start).encode())
            return b""
        file.seek(start)
        body = file.read(stop - start)
        request.setHeader(b"content-length", str(len(body)).encode())
        return body


def part(request: Any, size: int, tag: str) -> tuple[int, int]:
    """
    :param size: the file's, in bytes.
    :returns: where the part begins and ends that a request asks for, as players of sound and film do; or all of the
        file.

    Source: RFC 9110 section 14: a ``Range`` with several parts, or with none that exists, may be ignored
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
    Leads to another address, with the query of the request.

    :param location: relative, so that it is right under whatever path people reach this server.
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
    """:returns: a redirect from a folder's address without a slash at its end to that with one, for relative links."""
    return RedirectPage(b"./" + quote(name, safe="").encode() + b"/")
