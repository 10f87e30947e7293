"""The inputs that wait for a room, and how many of whom."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

    from gameserver.room.effects import Requester
    from gameserver.room.inputs.input import Input

QUEUE: Final = 1000
"""Inputs that may wait for a room; more are told ``busy``."""
QUEUE_PER_USER: Final = 100
"""The same of one user."""


class InputQueue(deque["tuple[Input, Deferred[None] | None]"]):
    """Inputs, and who waits for each; first come, first served."""

    def is_full_of(self, asker: Requester) -> bool:
        """Whether too much waits already: in all, or of this user, who must not crowd the others out."""
        waiting = len(self)
        if waiting < QUEUE_PER_USER:
            return False
        askers = (input.asker for input, _ in self)
        own = sum(1 for other in askers if other is not None and other.user == asker.user)
        return waiting >= QUEUE or own >= QUEUE_PER_USER
