"""Tells the store once a second that this node is alive."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from gameserver.errors import StoreUnavailable

if TYPE_CHECKING:
    from twisted.internet.interfaces import IDelayedCall
    from twisted.python.failure import Failure

    from gameserver.interfaces import IClock, IStore

BEAT_S: Final = 1.0
"""How often the store is told that this node is alive."""


class Heartbeat:
    """
    :param before: called before each beat.
    :ivar lost: whether the store did not take the last beat.
    """

    def __init__(self, store: IStore, clock: IClock, before: Callable[[], None]) -> None:
        self.lost = False
        self._store = store
        self._clock = clock
        self._before = before
        self._call: IDelayedCall | None = None

    def beat(self) -> None:
        """Beat at once, and then every `BEAT_S`."""
        self._before()
        beat = self._store.beat(now_ms=round(self._clock.now() * 1000))
        beat.addCallbacks(self._stored, self._not_stored)
        self._call = self._clock.later(BEAT_S, self.beat)

    def stop(self) -> None:
        """Stop beating."""
        if self._call is not None and self._call.active():
            self._call.cancel()

    def _stored(self, _: None) -> None:
        self.lost = False

    def _not_stored(self, failure: Failure) -> None:
        failure.trap(StoreUnavailable)
        self.lost = True
