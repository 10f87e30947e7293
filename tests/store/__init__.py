"""
The stores, and what is special to each; what they have in common is tested in ``tests/contracts``.

Here is `SQLiteStore` without threads: its writer works at once, or when the test says so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from twisted.internet.interfaces import IReactorFromThreads
from zope.interface import implementer

from gameserver.interfaces import Commit
from gameserver.store.sqlite.store import SQLiteStore


def change(version: int = 1, *, room: str = "r1", fence: int = 1, value: bytes = b"", ends: bool = False) -> Commit:
    """Make a commit of one part."""
    return Commit(
        room=room, code=room.upper(), game="dice", fence=fence, version=version, puts={"room": value}, ends=ends
    )


def numbered(version: int) -> Commit:
    """Make a commit of one part, whose value is its version."""
    return change(version, value=b"%d" % version)


@implementer(IReactorFromThreads)
class ThreadlessReactor:
    """A reactor for those who are in its thread already."""

    def callFromThread(self, callable: Callable[..., Any], *args: object, **kwargs: object) -> None:
        """Call it now."""
        callable(*args, **kwargs)


class InlineWriter:
    """
    A `gameserver.store.sqlite.store.Writer` that works at once.

    :ivar busy: while True, work only gathers, as it does behind a transaction that is under way.
    """

    def __init__(self) -> None:
        self.busy = False
        self.ended = False
        self._given: list[Callable[[], object]] = []

    def do(self, work: Callable[[], object]) -> None:
        """Do it now, or once free."""
        self._given.append(work)
        if not self.busy:
            self.free()

    def free(self) -> None:
        """Be busy no longer: do what gathered."""
        self.busy = False
        given, self._given = self._given, []
        for work in given:
            work()

    def quit(self) -> None:
        """Note that nothing more comes."""
        self.ended = True


def inline_store(
    path: str, *, sync: Literal["normal", "power"] = "normal", writer: InlineWriter | None = None
) -> SQLiteStore:
    """Make a store that answers at once, unless its writer is busy."""
    return SQLiteStore(
        path, reactor=ThreadlessReactor(), sync=sync, make_writer=InlineWriter if writer is None else lambda: writer
    )
