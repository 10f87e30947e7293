"""
What fails in a game while a test plays it: an exception of a hook, timer, tick, question, calendar or ``on_load``.

The rooms of a table log through `Failures.log`, so that what fails there comes here and nowhere else. Each method by
which a test lets something happen is `raising`: at its end it raises the first exception, as it was, with the others
named in its notes. A player's own request that failed is told to the visitor who made it; see `Visitor.send`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from traceback import extract_tb
from types import TracebackType
from typing import Any, Concatenate, Final, NamedTuple, ParamSpec, Protocol, TypeVar

from twisted.internet.defer import Deferred
from twisted.logger import ILogObserver, LogEvent, Logger, formatEvent, globalLogPublisher
from twisted.python.failure import Failure
from zope.interface import implementer

from gameserver.errors import Refused

NAMED: Final = 10
"""How many of the other exceptions are named beside the one that is raised."""

P = ParamSpec("P")
T = TypeVar("T")


class Failed(NamedTuple):
    """
    An exception of a game's code.

    :param text: the line of the server's log: which game, room, method and seat.
    :param what: the method, or the type of a message.
    :param seat: the id of the player who sent it, or whom it was about.
    """

    error: BaseException
    text: str
    what: str | None
    seat: str | None

    def __str__(self) -> str:
        frames = extract_tb(self.error.__traceback__)
        where = f" ({frames[-1].filename}, line {frames[-1].lineno})" if frames else ""
        return f"{self.text}: {self.error!r}{where}"


@implementer(ILogObserver)
class Failures:
    """
    The exceptions of one table's game.

    :param raises: False logs them instead, as a server does.
    :ivar log: what the table's rooms log through.
    """

    def __init__(self, *, raises: bool = True) -> None:
        self.raises = raises
        self.log = Logger(namespace="gameserver.rooms", observer=self)
        self.last: BaseException | None = None
        self._found: list[Failed] = []
        self._depth = 0

    def __call__(self, event: LogEvent) -> None:
        failure = event.get("log_failure")
        if failure is not None:
            self.last = failure.value
            self._found.append(Failed(failure.value, formatEvent(event), event.get("what"), event.get("seat")))
        # What fails between two calls may be the last that happens in a test: it is logged, and raised by the next.
        if failure is None or not self.raises or not self._depth:
            globalLogPublisher(event)

    def note(self, failure: Failure) -> None:
        """Note something else that is wrong, for the call under way to raise."""
        self.log.failure("The table found", failure)

    def take(self, what: str, seat: str) -> BaseException | None:
        """:returns: the exception of a player's own request, for its caller to raise; None: there is none."""
        likely = sorted(self._found, key=lambda f: (f.what != what) + (f.seat != seat))
        if not likely:
            return None
        self._found.remove(likely[0])
        return likely[0].error

    def adopt(self, others: Failures) -> None:
        """What was found there counts as found here."""
        self._found += others._found

    @contextmanager
    def raised(self) -> Iterator[None]:
        """Meanwhile calls raise, whatever the test said."""
        raises, self.raises = self.raises, True
        try:
            yield
        finally:
            self.raises = raises

    def __enter__(self) -> None:
        self._depth += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._depth -= 1
        if self._depth:
            return
        found, self._found = self._found, []
        if not found or not self.raises or not (error is None or isinstance(error, Exception)):
            return
        if isinstance(error, Refused) and error.code == "game_error":
            _name(error, found)
            return
        first = found.pop(0)
        first.error.add_note(f"{first.text}.")
        _name(first.error, found)
        raise first.error


def _name(error: BaseException, others: list[Failed]) -> None:
    """Name what else failed during a call. A group of exceptions would not be what a test asks for."""
    for other in others[:NAMED]:
        error.add_note(f"Also: {other}")
    if len(others) > NAMED:
        error.add_note(f"And {len(others) - NAMED} more.")


class _Called(Protocol):
    @property
    def failures(self) -> Failures: ...


C = TypeVar("C", bound=_Called)


def raising(method: Callable[Concatenate[C, P], T]) -> Callable[Concatenate[C, P], T]:
    """Let a method of the test kit raise what fails in the game while it is under way."""

    @wraps(method)
    def called(self: C, /, *args: P.args, **kwargs: P.kwargs) -> T:
        with self.failures:
            return method(self, *args, **kwargs)

    return called


def result_of(done: Deferred[Any]) -> Any:
    """:returns: what a Deferred that has fired holds. :raises Exception: what it failed with."""
    results: list[Any] = []
    failures: list[Any] = []
    done.addCallbacks(results.append, failures.append)
    if failures:
        failures[0].raiseException()
    if not results:
        raise AssertionError("the game's code waits for something that a table does not have")
    return results[0]
