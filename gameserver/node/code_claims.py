"""The codes of rooms: how one is claimed, and how long it rests."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from gameserver.errors import Refused, StoreUnavailable
from gameserver.node import codes
from gameserver.store.keys import CODE_REST_MS

if TYPE_CHECKING:
    from gameserver.interfaces import IClock, IStore


class CodeClaims:
    """
    The codes that this node claims of its store, so that none is used twice.

    :param rooms: how many rooms there are.
    """

    def __init__(self, store: IStore, clock: IClock, entropy: Callable[[int], bytes], rooms: Callable[[], int]) -> None:
        self._store = store
        self._clock = clock
        self._entropy = entropy
        self._rooms = rooms
        self._resting: deque[tuple[float, str]] = deque()

    async def claim(self, id: str, private: bool) -> str:
        """
        :param id: of the room that is to have it.
        :raises Refused: ``busy``: the store does not answer, or has all codes that were drawn.
        """
        for misses in range(codes.TRIES):
            code = codes.new_code(self._entropy, rooms=self._rooms(), private=private, misses=misses)
            try:
                if await self._store.claim_code(code, id, now_ms=round(self._clock.now() * 1000)):
                    return code
            except StoreUnavailable:
                raise Refused(code="busy") from None
        raise Refused("No code was found for the room; try again.", code="busy")

    def release(self, code: str) -> None:
        """Anybody may have it again."""
        self._store.release_code(code).addErrback(lambda failure: failure.trap(StoreUnavailable))

    def rest(self, code: str) -> None:
        """Nobody may have it for a while, though the store has but the claim."""
        self._resting.append((self._clock.monotonic() + CODE_REST_MS / 1000, code))

    def release_rested(self) -> None:
        """Release those that have rested long enough."""
        while self._resting and self._resting[0][0] <= self._clock.monotonic():
            self.release(self._resting.popleft()[1])
