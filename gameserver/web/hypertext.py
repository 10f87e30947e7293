"""
Pages as they are sent: what authors write, made ready for a phone with a poor connection.

In a page that names a module, each address of a file of this server gets the file's tag (``page.js?v=TAG``), so that
browsers keep the file for good. An import map does the same for what modules import, and all modules that are needed at
once are named in the page (``modulepreload``). Links to the page show a title and a picture in a chat (Open Graph). The
page is in the language that its reader likes best, with the texts for its modules (`gameserver.web.languages`). Authors
write none of this, and browsers that do not know it load the same files by their plain addresses.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from html import escape
from pathlib import Path
from posixpath import relpath
from typing import Any, Final
from urllib.parse import urljoin

import msgspec
from msgspec import Struct
from twisted.web.http import CACHED
from twisted.web.resource import Resource

from gameserver.web.answers import wrong_method
from gameserver.web.bundle import STYLE, Bundle, bundled
from gameserver.web.compressed import preferred
from gameserver.web.compressing import quickly, tag_of
from gameserver.web.languages import NO_WORDS, SOURCE, Catalogues, Words, fitting, translated, wishes, written_in
from gameserver.web.missing import Missing
from gameserver.web.modules import Find, graph
from gameserver.web.policy import secure
from gameserver.web.static_files import TYPES, Tags

MOST_PAGES: Final = 1000
"""How many pages are kept ready; beyond that all are forgotten, and made anew."""
APP: Final = {"manifest": "/static/app.webmanifest", "apple-touch-icon": "/static/icon-192.png"}
"""The links that let a phone install a page as an app, for pages without a manifest of their own."""
SHARED_WORDS: Final = "/static/bundle/words-{language}.js"
"""The catalogue of the pages that all games share, for browsers."""
SPEAKS: Final = "/static/page/language.js"
"""The module that reads it; it is also in the bundle."""
VARY: Final = b"Accept-Encoding, Accept-Language, Cookie"

_NAMED: Final = re.compile(r'(<(?:link|script|img|source|audio|video)\b[^>]*?\b(?:href|src)=")([^"?#:]+)(")')
_MODULE: Final = re.compile(r'<script\b(?=[^>]*\btype="module")[^>]*?\bsrc="([^"?#:]+)"')
_FIRST: Final = re.compile(r"^[ \t]*<(?:link\b[^>]*\bmodulepreload|script\b)", re.MULTILINE)


class LinkPreview(Struct, frozen=True):
    """
    What a link to a page shows in a chat.

    :ivar title: a few words.
    :ivar text: a sentence.
    :ivar picture: the path of a picture of 1200 by 630 pixels.
    """

    title: str
    text: str
    picture: str


class _Ready(Struct):
    """
    A page that is ready to be sent, but for the lines on how a link to it is shown, which depend on the request.

    :ivar before: what comes before those lines; ``after``: what follows them.
    :ivar policy: the hash of its import map, or nothing.
    :ivar made_of: the files that it was made of, with their tags.
    :ivar has_head: whether there is a place for those lines, and the page has none of its own.
    """

    before: str
    after: str
    policy: str
    made_of: list[tuple[Path, str]]
    has_head: bool


class OwnWords(Struct, frozen=True):
    """
    The texts of one page, besides those that all pages have.

    :ivar languages: those that it has texts in.
    :ivar words: returns its texts in a language; none, if it is not one of these.
    """

    languages: list[str]
    words: Callable[[str], Words]


NO_OWN_WORDS: Final = OwnWords([], lambda language: NO_WORDS)


class Hypertexts:
    """
    The pages of a server, kept ready as long as none of their files changes.

    :param find: returns the file at a path.
    :param tags: those of all files.
    :param catalogues: those of all folders.
    :param shared: the folder whose catalogue is for every page.
    """

    def __init__(self, find: Find, tags: Tags, catalogues: Catalogues, shared: Path) -> None:
        self._find = find
        self._tags = tags
        self._catalogues = catalogues
        self._shared = shared
        self._ready: dict[tuple[Path, str, str], _Ready] = {}
        self._sources: dict[tuple[Path, str], str] = {}

    def ready(self, path: Path, at: str, wished: Iterable[str] = (), own: OwnWords = NO_OWN_WORDS) -> _Ready:
        """
        :param path: the page's file.
        :param at: the path at which it is served, with a slash at its end.
        :param wished: languages, the most wanted first.
        :returns: the page, in the language that fits best.
        :raises OSError: the file cannot be read.
        """
        source = self._source(path)
        shared = self._catalogues.languages(self._shared) if source == SOURCE else []
        offered = [source, *sorted({*shared, *own.languages} - {source})]
        language = fitting(wished, offered, source)
        known = self._ready.get((path, at, language))
        if known is None or any(self._tags.at(file) != tag for file, tag in known.made_of):
            if len(self._ready) >= MOST_PAGES:
                self._ready.clear()
            known = self._ready[path, at, language] = self._make(path, at, language, offered, own.words(language))
        return known

    def forget(self) -> None:
        """Make all pages anew when they are asked for: their texts may have changed."""
        self._ready.clear()

    def _source(self, path: Path) -> str:
        """:returns: the language that a page is written in."""
        key = path, self._tags.at(path)
        if key not in self._sources:
            if len(self._sources) >= MOST_PAGES:
                self._sources.clear()
            self._sources[key] = written_in(path.read_text("utf-8", "replace"))
        return self._sources[key]

    def _make(self, path: Path, at: str, language: str, offered: list[str], own: Words) -> _Ready:
        shared = self._catalogues.words(self._shared, language)
        text = translated(path.read_text("utf-8", "replace"), language, {**shared.texts, **own.texts}, offered)
        made_of = {file: self._tags.at(file) for file in (path, *shared.files, *own.files)}
        entries = [urljoin(at, src) for src in _MODULE.findall(text)]
        has_head = "</head>" in text and "og:title" not in text
        if "</head>" in text and 'rel="manifest"' not in text:
            lines = "".join(f'  <link rel="{rel}" href="{_from(at, to)}">\n' for rel, to in APP.items())
            text = text.replace("</head>", f"{lines}</head>", 1)
        first = _FIRST.search(text)
        if not entries or first is None or "importmap" in text:
            if entries and first is not None:
                words = "".join(self._words(at, language, own.texts, made_of))
                text = text[: first.start()] + words + text[first.start() :]
            head, end, rest = text.partition("</head>")
            return _Ready(head, end + rest, "", list(made_of.items()), has_head)

        bundle, files = bundled(self._find)
        text = _in_one(text, at, bundle.styles)
        first = _FIRST.search(text)
        assert first is not None

        def addressed(found: re.Match[str]) -> str:
            file = self._find(urljoin(at, found[2]))
            if file is None:
                return found[0]
            made_of[file] = self._tags.at(file)
            return f"{found[1]}{found[2]}?v={made_of[file]}{found[3]}"

        made_of.update((file, self._tags.at(file)) for file in files)
        modules = self._graph(entries, bundle)
        made_of.update((file, self._tags.at(file)) for file, _ in modules.values())
        addresses = {path: f"{_from(at, path)}?v={made_of[file]}" for path, (file, _) in modules.items()}
        mapped = {_from(at, path): address for path, address in addresses.items()}
        is_bundled = not bundle.files.isdisjoint(modules)
        if is_bundled:
            mapped.update((_from(at, path), addresses[file]) for path, file in bundle.entries.items())
        content = msgspec.json.encode({"imports": mapped}).decode().replace("<", "\\u003c")
        speaks = is_bundled or SPEAKS in modules
        words = "".join(self._words(at, language, own.texts, made_of)) if speaks else ""
        head = f'{words}  <script type="importmap">{content}</script>\n' + "".join(
            f'  <link rel="modulepreload" href="{escape(addresses[path])}">\n'
            for path, (_, is_at_once) in modules.items()
            if is_at_once
        )
        before, after = _NAMED.sub(addressed, text[: first.start()]), _NAMED.sub(addressed, text[first.start() :])
        policy = b64encode(sha256(content.encode()).digest()).decode()
        return _Ready(before, head + after, policy, list(made_of.items()), has_head)

    def _words(self, at: str, language: str, own: Mapping[str, str], made_of: dict[Path, str]) -> Iterable[str]:
        """
        :returns: the lines that bring the texts to a page's modules. The texts are there before the first module runs,
            since deferred scripts and modules run in the order of the page.
        """
        path = SHARED_WORDS.format(language=language)
        if (file := self._find(path)) is not None:
            made_of[file] = self._tags.at(file)
            yield f'  <script defer src="{_from(at, path)}?v={made_of[file]}"></script>\n'
        if own:
            content = msgspec.json.encode(own).decode().replace("<", "\\u003c")
            yield f'  <script type="application/json" id="gameserver-words">{content}</script>\n'

    def _graph(self, entries: list[str], bundle: Bundle) -> dict[str, tuple[Path, bool]]:
        """:returns: the modules of a page, as `graph` does; with files of the bundle in place of their sources."""
        inner = bundle.made_of.keys() - bundle.entries.keys()
        reached: set[str] = set()

        def find(path: str) -> Path | None:
            reached.add(path)
            return self._find(path)

        found = graph(entries, find, _read, bundle.entries)
        if reached & inner:
            return graph(entries, self._find, _read)  # it imports a source that the bundle does not export
        if not bundle.files.isdisjoint(found):
            for path in sorted(bundle.files - found.keys()):
                file = self._find(path)
                assert file is not None
                found[path] = file, False  # it may be asked for later
        return found


class PageFile(Resource):
    """
    One page.

    :param path: its file.
    :param at: see `Hypertexts.ready`.
    :param link: what a link to it shows; None: nothing.
    :param own: its own texts.
    :param told: JSON that is sent in the page, so that its script need not ask for it; empty: none.
    """

    isLeaf = True

    def __init__(
        self,
        path: Path,
        at: str,
        pages: Hypertexts,
        link: LinkPreview | None,
        own: OwnWords = NO_OWN_WORDS,
        told: str = "",
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._path = path
        self._at = at
        self._pages = pages
        self._link = link
        self._own = own
        self._told = told

    def render(self, request: Any) -> Any:
        """Send it, or say that it has not changed."""
        if request.method not in (b"GET", b"HEAD"):
            return wrong_method(request, ("GET", "HEAD"))
        try:
            ready = self._pages.ready(self._path, self._at, wishes(request), self._own)
        except OSError:
            return Missing().render(request)
        secure(request, script=ready.policy)
        shown = "".join(_open_graph(self._link, request)) if ready.has_head else ""
        if ready.policy and self._told:
            shown += f'  <meta name="gameserver" content="{escape(self._told)}">\n'
        body = (ready.before + shown + ready.after).encode()
        request.setHeader(b"content-type", TYPES[".html"].encode())
        request.setHeader(b"vary", VARY)
        encodings = preferred((request.getHeader(b"accept-encoding") or b"").decode("latin-1"))
        tag = tag_of(body) + (f"-{encodings[0]}" if encodings else "")
        if request.setETag(f'"{tag}"'.encode()) is CACHED:
            return b""
        if encodings:
            body = quickly(body, encodings[0])
            request.setHeader(b"content-encoding", encodings[0].encode())
        request.setHeader(b"content-length", str(len(body)).encode())
        return b"" if request.method == b"HEAD" else body


def _read(file: Path) -> str:
    return file.read_text("utf-8", "replace")


def _in_one(text: str, at: str, styles: list[str]) -> str:
    """:returns: a page with one link to `STYLE` instead of links to all these sheets, where those are adjacent."""
    links = r"\s*".join(rf'<link rel="stylesheet" href="{re.escape(_from(at, path))}">' for path in styles)
    return re.sub(links, f'<link rel="stylesheet" href="{_from(at, STYLE)}">', text, count=1) if styles else text


def _from(at: str, path: str) -> str:
    """:returns: the address of a path, relative to a page, so that it holds for servers under a path of a host."""
    found = relpath(path, at)
    return found if found.startswith("../") else f"./{found}"


def _open_graph(link: LinkPreview | None, request: Any) -> Iterable[str]:
    """
    :returns: the lines of a page that say how a link to it is shown.

    Source: https://ogp.me
    """
    if link is None:
        return
    host = (request.getHeader(b"host") or b"").decode("latin-1")
    base = request.site.public_url or f"{getattr(request, 'scheme', None) or 'http'}://{host}"
    told = {"title": link.title, "description": link.text, "type": "website", "image": base + link.picture}
    for name, content in told.items():
        yield f'  <meta property="og:{name}" content="{escape(content)}">\n'
    yield '  <meta name="twitter:card" content="summary_large_image">\n'
