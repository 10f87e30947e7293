"""A step that waits for something, in a coroutine of the game: however it ends, it ends exactly once."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

if TYPE_CHECKING:
    from twisted.internet.interfaces import IDelayedCall

    from gameserver.interfaces import IClock

STEP_LIMIT_S: Final = 10.0
"""How long a step may wait before it is undone."""


class LastingStep:
    """
    One such step; it begins at once, and may be over before the constructor returns.

    :param ended: called when it has ended, with the failure that ended it, or None.
    :param what: what it is, for the log.
    :ivar over: whether it has ended.
    :ivar hung: whether it was undone because it took too long and did not end when it was cancelled.
    """

    __slots__ = ("_coroutine", "_ended", "_limit", "_step", "_what", "hung", "over")

    def __init__(
        self,
        coroutine: Coroutine[Any, Any, None] | Generator[Any, Any, None],
        clock: IClock,
        ended: Callable[[LastingStep, Failure | None], None],
        what: str,
    ) -> None:
        self.over = False
        self.hung = False
        self._coroutine = coroutine
        self._ended = ended
        self._what = what
        self._limit: IDelayedCall | None = None
        self._step = Deferred.fromCoroutine(coroutine)
        self._step.addCallbacks(lambda _: self._end(None), self._end)
        if not self.over:
            self._limit = clock.later(STEP_LIMIT_S, self._too_long)

    def _end(self, failure: Failure | None) -> None:
        if self.over:
            return
        self.over = True
        if self._limit is not None and self._limit.active():
            self._limit.cancel()
        self._ended(self, failure)

    def _too_long(self) -> None:
        """Undo the step, even if the game's code ignores that it is cancelled."""
        self._step.cancel()
        if not self.over:
            with suppress(RuntimeError):
                self._coroutine.close()
            self.hung = True
            self._end(Failure(TimeoutError(f"{self._what} took more than {STEP_LIMIT_S} seconds")))
