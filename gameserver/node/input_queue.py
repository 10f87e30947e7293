"""The inputs that wait for a room, and how many of them each user has."""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

    from gameserver.room.effects import Requester
    from gameserver.room.inputs.input import Input

QUEUE: Final = 1000
"""How many inputs may wait for a room; further ones are refused as ``busy``."""
QUEUE_PER_USER: Final = 100
"""The same of one user."""


class InputQueue(deque["tuple[Input, Deferred[None] | None]"]):
    """Inputs, and who waits for each; first come, first served, by `put` and `take`."""

    __slots__ = ("_of_user",)

    def __init__(self) -> None:
        super().__init__()
        self._of_user: Counter[str] = Counter()

    @property
    def first(self) -> Input | None:
        """The next input; None: none waits."""
        return self[0][0] if self else None

    def put(self, input: Input, done: Deferred[None] | None) -> None:
        """Add an input behind all others."""
        self.append((input, done))
        requester = input.asked_by
        if requester is not None:
            self._of_user[requester.user.id] += 1

    def take(self) -> tuple[Input, Deferred[None] | None]:
        """:returns: the first input, removed from the queue."""
        waiting = self.popleft()
        requester = waiting[0].asked_by
        if requester is not None:
            self._of_user[requester.user.id] -= 1
        if not self:
            self._of_user.clear()
        return waiting

    def is_full_of(self, requester: Requester) -> bool:
        """Whether too many inputs wait already: in all, or of this user, who must not crowd the others out."""
        return len(self) >= QUEUE or self._of_user[requester.user.id] >= QUEUE_PER_USER
