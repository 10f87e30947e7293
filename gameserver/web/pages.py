"""
The pages: the lobby, each game's own page or else the default one, and the files that they are made of.

``/`` is the lobby, ``/CODE`` the way into a room, ``/play/GAME/`` a game's page, ``/static/...`` what pages share,
``/gameserver.js`` and ``/game-chat.js`` the client and its chat, with their types, ``/service-worker.js`` what lets
phones keep the pages as an app. A game's own page lies beside the game, with an ``index.html``: for a file
``FOLDER/NAME.py`` in ``FOLDER/pages/NAME/``, for a package ``FOLDER/NAME/`` in ``FOLDER/NAME/page/``; its texts in
other languages, whether or not it has a page, lie there in ``words/``.

Files are looked up name by name; nothing outside their folder, nothing hidden and nothing of an unknown type is given.
Browsers run nothing but files of this server; see `gameserver.web.static_files` for how long they keep them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import msgspec
from twisted.internet.defer import Deferred
from twisted.web.resource import IResource

from gameserver.node.codes import as_typed, looks_like
from gameserver.web.compressed import Compressed
from gameserver.web.hypertext import Hypertexts, LinkPreview, OwnWords, PageFile
from gameserver.web.languages import FOLDER, SOURCE, Catalogues, Words, direction, fitting, texts_of, wishes
from gameserver.web.listings import first_paragraph
from gameserver.web.missing import NO_GAME, Missing
from gameserver.web.static_files import TYPES, RedirectPage, StaticFile, Tags, to_folder

if TYPE_CHECKING:
    from gameserver.game.spec import Spec

STATIC: Final = Path(__file__).parent / "static"
CLIENT: Final = ("gameserver.js", "gameserver.d.ts", "game-chat.js", "game-chat.d.ts")
"""The JavaScript client and its chat; see `client_folder` for where they are."""
ICON: Final = b"favicon.ico"
"""Browsers ask for this where a page names no icon; they accept a picture of any type."""
WORKER: Final = b"service-worker.js"
"""At the root, since a service worker serves only pages whose paths lie below its own."""
CARD: Final = "card.png"
"""The picture that a link to a game's page shows, 1200 by 630 pixels; a game without one has the shared one."""
LOBBY: Final = ("Play together", "Open a game on the big screen, or on your phone, and let the others in with a code.")
"""The title and the sentence that a link to the lobby shows."""
KIT: Final = ("A kit for pages", "Parts of which pages of games are made, each with its code.")


class Pages:
    """
    All pages of a server, and the files that they load.

    :param specs: the games that are served.
    :param places: a game's name to the place that it was loaded from, where one is known.
    :ivar first: the first names of the paths of pages.
    :ivar told: a game's name to the JSON that is sent inside its page.
    """

    first = (b"", b"static", b"play", ICON, WORKER, *(name.encode() for name in CLIENT))

    def __init__(
        self,
        specs: Iterable[Spec],
        places: Mapping[str, str] | None = None,
        compressed: Compressed | None = None,
    ) -> None:
        self.told: dict[str, str] = {}
        self._tags = Tags()
        self._compressed = compressed or Compressed()
        self._catalogues = Catalogues(self._tags)
        self._hypertexts = Hypertexts(self.locate, self._tags, self._catalogues, STATIC)
        self._folders: dict[str, Path | None] = {}
        self._words: dict[str, Path | None] = {}
        self._links: dict[str, tuple[str, str]] = {}
        for spec in specs:
            self.serve(spec, (places or {}).get(spec.name))

    def serve(self, spec: Spec, place: str | None) -> None:
        """Serve a game from now on, perhaps with another page than before."""
        self._hypertexts.forget()
        self._folders[spec.name] = page_folder(spec, place)
        self._words[spec.name] = _first_with(FOLDER, spec, place)
        self._links[spec.name] = spec.title, first_paragraph(spec.cls.__doc__)

    def compress(self) -> Deferred[None] | None:
        """
        Have the files of all pages compressed before somebody asks for them.

        :returns: fires when they are; None: there was nothing to do.
        """
        folders = [STATIC, *(folder for folder in self._folders.values() if folder is not None)]
        files = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
        clients = [path for name in CLIENT if (path := client_folder() / name).is_file()]
        return self._compressed.make([*files, *clients], all_there_are=True)

    def locate(self, path: str) -> Path | None:
        """:param path: of a file that pages load, such as ``/static/page.js``. :returns: the file, or None."""
        names = [name.encode() for name in path.split("/")[1:]]
        if names[:1] == [b"static"]:
            return inside(STATIC, names[1:])
        if names[:1] == [b"play"] and len(names) > 2:
            folder = self._folders.get(names[1].decode())
            return inside(folder, names[2:]) if folder is not None else None
        return inside(client_folder(), names) if len(names) == 1 and names[0].decode() in CLIENT else None

    def has_own(self, game: str) -> bool:
        """Whether a game brings a page."""
        return self._folders.get(game) is not None

    def find(self, request: Any) -> IResource | None:
        """
        :param request: one whose ``postpath`` is the whole path, unquoted.
        :returns: the resource that answers, or None where the path is not a page's.
        """
        first, rest = request.postpath[0], request.postpath[1:]
        if first == b"" and not rest:
            link = _link(LOBBY, "/static/card.png", request)
            return PageFile(STATIC / "lobby.html", "/", self._hypertexts, link, OwnWords([], self._words_of_lobby))
        if first == b"static" and rest == [b"kit", b""]:
            kit = _link(KIT, "/static/card.png", request)
            return PageFile(STATIC / "kit" / "index.html", "/static/kit/", self._hypertexts, kit)
        if first == b"static":
            return self._file(STATIC, rest)
        if first == b"play" and rest:
            return self._game(rest[0].decode("utf-8", "replace"), rest[1:], request)
        if not rest and first.decode("latin-1") in CLIENT:
            return self._file(client_folder(), [first])
        if not rest and first == WORKER:
            return self._file(STATIC, [WORKER])
        if not rest and first == ICON:
            return self._file(STATIC, [b"icon.svg"])
        if not rest and looks_like(code := first.decode("latin-1")):
            return RedirectPage(b"./?room=" + as_typed(code).encode())
        return None

    def _game(self, game: str, rest: list[bytes], request: Any) -> IResource:
        if game and not rest:
            return to_folder(game.encode())
        if game not in self._folders:
            return Missing(NO_GAME if rest == [b""] else None)
        folder = self._folders[game]
        if rest != [b""]:
            return self._file(folder, rest)
        path = STATIC / "play.html" if folder is None else folder / "index.html"
        at = f"/play/{quote(game, safe='')}/"
        has_picture = folder is not None and (folder / CARD).is_file()
        link = _link(self._links[game], at + CARD if has_picture else "/static/card.png", request)
        own = OwnWords(self._catalogues.languages(self._words[game]), partial(self._words_of, game))
        return PageFile(path, at, self._hypertexts, link, own, self.told.get(game, ""))

    def words(self, request: Any) -> tuple[str, str, Mapping[str, str]]:
        """:returns: the language of the shared pages that fits a request best, its direction, and its texts."""
        language = fitting(wishes(request), self._catalogues.languages(STATIC), SOURCE)
        return language, direction(language), self._catalogues.words(STATIC, language).texts

    def _words_of(self, game: str, language: str) -> Words:
        return self._catalogues.words(self._words[game], language)

    def _words_of_lobby(self, language: str) -> Words:
        """:returns: the translations of what the lobby says of each game: its title, what it is, and its options."""
        texts: dict[str, str] = {}
        files: list[Path] = []
        for game in self._words:
            words = self._words_of(game, language)
            said = texts_of(msgspec.json.decode(self.told[game])["game"]) if game in self.told else set()
            texts.update((text, words.texts[text]) for text in said & words.texts.keys())
            files += words.files
        return Words(texts, files)

    def _file(self, folder: Path | None, names: list[bytes]) -> IResource:
        """:returns: a resource for the file at these names inside a folder, or one that says that there is none."""
        found = inside(folder, names) if folder is not None else None
        return StaticFile(found, self._tags, self._compressed) if found is not None else Missing()


def _link(words: tuple[str, str], picture: str, request: Any) -> LinkPreview:
    """
    :param words: title and sentence.
    :returns: what a link to a page shows; the room that the link names is in it, whether or not there is one.
    """
    title, text = words
    named = request.args.get(b"room", [b""])[0].decode("latin-1")
    if looks_like(named):
        title, text = f"{title}: room {as_typed(named)}", f"Come and play. {text}"
    return LinkPreview(title, text, picture)


def page_folder(spec: Spec, place: str | None = None) -> Path | None:
    """:returns: the folder of a game's own page, or None."""
    return _first_with("index.html", spec, place)


def words_folder(spec: Spec, place: str | None = None) -> Path:
    """:returns: the folder in which a game's texts in other languages are, or would be."""
    folder = _first_with(FOLDER, spec, place) or page_folder(spec, place)
    return folder or next(iter(_candidates(spec, place)), Path())


def _first_with(name: str, spec: Spec, place: str | None) -> Path | None:
    """:returns: of the folders in which a game's page may be, the first that holds this name."""
    return next((folder for folder in _candidates(spec, place) if (folder / name).exists()), None)


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
    :param names: those of folders, then of a file; unquoted, so that one may hold anything.
    :returns: the file, or None where there is none or it may not be given.
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
