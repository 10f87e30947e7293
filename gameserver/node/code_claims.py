"""The codes of rooms: how one is claimed, and how long it rests before it may be used again."""

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

    :param entropy: returns as many random bytes as it is asked for.
    :param rooms: gives the number of rooms.
    """

    def __init__(self, store: IStore, clock: IClock, entropy: Callable[[int], bytes], rooms: Callable[[], int]) -> None:
        self._store = store
        self._clock = clock
        self._entropy = entropy
        self._rooms = rooms
        self._resting: deque[tuple[float, str]] = deque()

    async def claim(self, id: str, private: bool) -> str:
        """
        Claim a code that no other room has.

        :param id: that of the room.
        :param private: whether the code must be long, so that nobody guesses it.
        :raises Refused: ``busy``: the store does not answer, or all `codes.TRIES` codes that were drawn are taken.
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
        """Let another room have this code at once."""
        self._store.release_code(code).addErrback(lambda failure: failure.trap(StoreUnavailable))

    def rest(self, code: str) -> None:
        """Keep a code from other rooms for `CODE_REST_MS`, where the store has only the claim and no room."""
        self._resting.append((self._clock.monotonic() + CODE_REST_MS / 1000, code))

    def release_rested(self) -> None:
        """Release the codes that have rested long enough."""
        while self._resting and self._resting[0][0] <= self._clock.monotonic():
            self.release(self._resting.popleft()[1])
