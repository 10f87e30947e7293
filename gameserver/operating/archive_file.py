"""
The file of ``gameserver export``: lines of JSON; the first says what the file is, and the last what was in it.

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
"""Format of the file; a file of a newer format is refused."""


class Head(Struct, tag="gameserver", frozen=True):
    """
    The first line.

    :ivar format: see `FORMAT`.
    :ivar version: that of the gameserver that wrote the file.
    :ivar whole: whether the file has all of a store, not only one room.
    """

    format: int
    version: str
    whole: bool


class ArchivedSecret(Struct, tag="secret", frozen=True):
    """The secret that signs tokens."""

    value: bytes


class Tail(Struct, tag="end", frozen=True):
    """The last line: how many records there are of each kind."""

    counts: dict[str, int]


Line = Head | Archived | ArchivedSecret | Tail
_decode: Final = msgspec.json.Decoder(Line).decode
_encode: Final = msgspec.json.Encoder().encode


class ArchiveWriter:
    """
    Writes such a file.

    :param path: the file, readable by its owner alone; one that exists is replaced once the new one is finished.
    :param whole: whether it will have all of a store, not only one room.
    :ivar counts: how many records of each kind were written so far.
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
        """Write a record."""
        self.counts[str(record.__struct_config__.tag)] += 1
        self._write(record)

    def finish(self) -> None:
        """Write the last line, and put the file in its place."""
        self._write(Tail(dict(self.counts)))
        self._file.close()
        self._aside.replace(self._path)

    def give_up(self) -> None:
        """Delete what was written so far; a file that was there before stays."""
        self._file.close()
        self._aside.unlink(missing_ok=True)

    def _write(self, line: Line) -> None:
        self._file.write(_encode(line) + b"\n")


class ArchiveReader:
    """
    Reads such a file; it is read once as a whole to see whether anything is missing.

    :ivar whole: whether it has all of a store, not only one room.
    :ivar counts: how many records of each kind it has.
    :ivar secret: the secret that signs tokens, if it is in the file.
    :raises CannotArchive: it is no such file, is of a newer format, or was cut off.
    :raises OSError: it cannot be read.
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
        """:returns: the records that go into a store."""
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
