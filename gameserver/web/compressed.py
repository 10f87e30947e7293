"""
Which compressed form of a file a browser is given.

A built package brings the forms of its own files. Other files, such as a page that an author is writing, are
compressed in a thread, when the server starts or when one is first asked for, into the folder ``assets`` of the
server's data; until that is done the file goes out as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from gameserver.files import write_whole
from gameserver.web.compressing import LEAST_BYTES, SUFFIXES, store, worth

BUILT: Final = Path(__file__).parent / "_compressed"
"""The forms that the package was built with; in a checkout, those that ``make needs`` wrote there, for its tests."""
log: Final = Logger(namespace="gameserver")

_CODING = re.compile(r"\s*([A-Za-z0-9*_-]+)\s*(?:;\s*q=([0-9.]{1,5})\s*)?")


class Compressed:
    """
    The compressed forms that there are, and those that are being made.

    :param folder: where forms are kept that the package does not bring; None: none are made.
    :param run: does work in a thread.
    :param built: the folder of the forms that the package brings.
    """

    def __init__(
        self,
        folder: Path | None = None,
        run: Callable[[Callable[[], Any]], Deferred[Any]] | None = None,
        built: Path = BUILT,
    ) -> None:
        self._folder = folder
        self._run = run
        self._built = _paths(built)
        self._known = {**(_paths(folder) if folder is not None else {}), **self._built}
        self._asked: set[Path] = set()

    def find(self, path: Path, tag: str, size: int, accepted: str) -> tuple[str, bytes] | None:
        """
        :param tag: that of the file as it is.
        :param size: the file's, in bytes.
        :param accepted: the browser's ``Accept-Encoding``.
        :returns: the encoding and the bytes; None: send the file as it is.
        """
        if size < LEAST_BYTES:
            return None
        for encoding in preferred(accepted):
            found = self._known.get(f"{tag}.{SUFFIXES[encoding]}")
            if found is not None:
                try:
                    return encoding, found.read_bytes()
                except OSError:
                    del self._known[found.name]
                    self._built.pop(found.name, None)
        self.make([path])
        return None

    def make(self, paths: Iterable[Path], *, all_there_are: bool = False) -> Deferred[None] | None:
        """
        Compress these files where that was not done yet.

        :param all_there_are: there are no other files: forms in the folder that are of none of these are deleted.
        :returns: fires when that is done; None: there was nothing to do.
        """
        wanted = [path for path in paths if worth(path) and path not in self._asked]
        if self._run is None or self._folder is None or not wanted:
            return None
        self._asked.update(wanted)
        folder = self._folder

        def work() -> set[str]:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            names = store(wanted, folder, _write, elsewhere=self._built)
            if all_there_are:
                for path in folder.iterdir():
                    if path.name not in names:
                        path.unlink(missing_ok=True)
            return names

        def done(names: set[str]) -> None:
            self._known.update((name, folder / name) for name in names)
            self._asked.difference_update(wanted)  # they may be written anew

        return self._run(work).addCallbacks(done, _not_made)


def preferred(accepted: str) -> list[str]:
    """
    :param accepted: an ``Accept-Encoding``, such as ``gzip, br;q=0.5``.
    :returns: which of `SUFFIXES` it admits, the most wanted first; of equally wanted ones, the smallest first.

    Source: RFC 9110 section 12.5.3
    """
    weights: dict[str, float] = {}
    for part in accepted.lower().split(",")[:16]:
        if coding := _CODING.fullmatch(part):
            try:
                weights[coding[1]] = float(coding[2] or 1)
            except ValueError:
                weights[coding[1]] = 0.0
    known = {name: weights.get(name, weights.get("*", 0.0)) for name in SUFFIXES}
    return sorted((name for name in SUFFIXES if known[name]), key=lambda name: -known[name])


def _paths(folder: Path) -> dict[str, Path]:
    """:returns: the files of a folder by name; none where there is no such folder."""
    return {path.name: path for path in folder.iterdir()} if folder.is_dir() else {}


def _write(path: Path, content: bytes) -> None:
    write_whole(path, content)


def _not_made(failure: Failure) -> None:
    log.warn(
        "files of pages cannot be compressed, and are sent as they are: {reason}", reason=failure.getErrorMessage()
    )
