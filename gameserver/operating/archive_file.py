"""
The file of ``gameserver export``: lines of JSON, of which the first says what it is, and the last what there was.

Bytes are in base64. A file that was cut off has no last line, and nothing is taken from it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

import msgspec
from msgspec import Struct

from gameserver import __version__
from gameserver.files import keep_private
from gameserver.node.archive import Archived, CannotArchive

FORMAT: Final = 1
"""Of the file; one of a newer format is refused."""


class Head(Struct, tag="gameserver", frozen=True):
    """
    The first line.

    :ivar whole: it has all of a store, not one room.
    """

    format: int
    version: str
    whole: bool


class ArchivedSecret(Struct, tag="secret", frozen=True):
    """What signs tokens."""

    value: bytes


class Tail(Struct, tag="end", frozen=True):
    """The last line: how many records there are of each kind."""

    counts: dict[str, int]


Line = Head | Archived | ArchivedSecret | Tail
_decode: Final = msgspec.json.Decoder(Line).decode
_encode: Final = msgspec.json.Encoder().encode


class ArchiveWriter:
    """
    :param path: a file that is made, readable by its owner alone; one that is there is replaced once this is whole.
    :ivar counts: records by kind, so far.
    """

    def __init__(self, path: Path, *, whole: bool) -> None:
        self.counts: Counter[str] = Counter()
        self._path = path
        self._aside = path.with_name(f".{path.name}.part")
        self._aside.unlink(missing_ok=True)
        keep_private(self._aside)
        self._file: IO[bytes] = self._aside.open("wb")
        self._write(Head(FORMAT, __version__, whole))

    def put(self, record: Archived | ArchivedSecret) -> None:
        """One more."""
        self.counts[str(record.__struct_config__.tag)] += 1
        self._write(record)

    def finish(self) -> None:
        """That was all."""
        self._write(Tail(dict(self.counts)))
        self._file.close()
        self._aside.replace(self._path)

    def give_up(self) -> None:
        """Leave no file."""
        self._file.close()
        self._aside.unlink(missing_ok=True)

    def _write(self, line: Line) -> None:
        self._file.write(_encode(line) + b"\n")


class ArchiveReader:
    """
    A file that is whole, as was found out by reading all of it.

    :ivar whole: it has all of a store, not one room.
    :ivar counts: records by kind.
    :ivar secret: what signs tokens, if it is there.
    :raises CannotArchive: it is no such file, or was cut off.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.whole = False
        self.counts: Counter[str] = Counter()
        self.secret: bytes | None = None
        tail: Line | None = None
        for number, line in enumerate(self._lines()):
            if isinstance(line, Head) != (number == 0):
                raise CannotArchive(f"{path} is no file of gameserver export")
            tail = line
            if isinstance(line, Head):
                self._check(line)
            elif isinstance(line, ArchivedSecret):
                self.secret = line.value
            if not isinstance(line, Head | Tail):
                self.counts[str(line.__struct_config__.tag)] += 1
        if not isinstance(tail, Tail) or Counter(tail.counts) != self.counts:
            raise CannotArchive(f"{path} was cut off: its end is missing")

    def _check(self, head: Head) -> None:
        if head.format > FORMAT:
            raise CannotArchive(f"{self._path} was written by gameserver {head.version}, which is newer: take that one")
        self.whole = head.whole

    def records(self) -> Iterator[Archived]:
        """:returns: what goes into a store."""
        for line in self._lines():
            if not isinstance(line, Head | Tail | ArchivedSecret):
                yield line

    def _lines(self) -> Iterator[Line]:
        with self._path.open("rb") as file:
            for text in file:
                try:
                    yield _decode(text)
                except msgspec.MsgspecError as error:
                    raise CannotArchive(f"{self._path} cannot be read: {error}") from None
