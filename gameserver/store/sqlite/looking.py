"""A SQLite file that is only looked at, as a store: what its rooms are, and nothing that would change them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, execute, succeed
from zope.interface import implementer

from gameserver.interfaces import IRoomReader, Located, Stored
from gameserver.store.sqlite.asleep import SleepTable
from gameserver.store.sqlite.file import CannotLook, Database, copied, looked_at
from gameserver.store.sqlite.rooms import RoomTables
from gameserver.store.sqlite.schema import SCHEMA_VERSION
from gameserver.store.sqlite.tables import Entries

T = TypeVar("T")


@implementer(IRoomReader)
class FileLook:
    """
    What is asked of a store by somebody who looks at its rooms; each call is answered at once.

    :param database: as `looked_at` opens it.
    """

    def __init__(self, database: Any) -> None:
        self._db = database
        self._rooms = RoomTables(database, Entries(database), SleepTable(database))

    def room_ids(self) -> Deferred[list[str]]:
        """Return the ids of all rooms, oldest first; see `IStore.room_ids`."""
        return _done(self._rooms.ids)

    def read_rooms(self, ids: Sequence[str]) -> Deferred[list[Stored]]:
        """Read rooms; see `IRoomReader.read_rooms`."""
        return _done(lambda: self._rooms.read(ids))

    def locate(self, code: str) -> Deferred[Located | None]:
        """Say which room has a code; see `IStore.locate`."""
        return _done(lambda: self._rooms.locate(code))

    def read_book(self, book: str) -> Deferred[dict[str, bytes]]:
        """Read all pages of a book; see `IBooks.read_book`."""
        return _done(lambda: dict(self._db.execute("SELECT page, value FROM books WHERE book = ?", (book,))))

    def write_book(self, book: str, puts: Mapping[str, bytes], drops: Sequence[str] = ()) -> Deferred[None]:
        """Write nothing: who looks leaves it to the server to tear out what is past."""
        return succeed(None)


@contextmanager
def rooms_looked_at(path: str) -> Iterator[FileLook]:
    """
    Look at the rooms in a file, which may be one of an earlier version.

    :raises Damaged: what was looked at is damaged.
    :raises CannotLook: it cannot be read, or is of a newer version.
    """
    with looked_at(path) as database:
        (schema,) = database.execute("PRAGMA user_version").fetchone()
        if schema > SCHEMA_VERSION:
            raise CannotLook(
                f"cannot look at {path}, which was written by a newer gameserver: its schema is {schema},"
                f" this one knows {SCHEMA_VERSION}"
            )
        if schema == SCHEMA_VERSION:
            yield FileLook(database)
            return
        with TemporaryDirectory(prefix="gameserver-") as folder:
            copy = copied(path, folder)
            Database(copy, "OFF").close()  # which converts it
            with looked_at(copy) as converted:
                yield FileLook(converted)


def _done(call: Callable[[], T]) -> Deferred[T]:
    return execute(call)
