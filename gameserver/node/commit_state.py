"""The states of a room's commits: what the store was asked for, and has not answered yet."""

from __future__ import annotations

from enum import Enum
from typing import Final


class CommitState(Enum):
    """The state of a room's commits; the value says what the store has been asked for."""

    IDLE = "nothing that it has not answered"
    UNDER_WAY = "to store a step"
    ENDING = "to store the room's end"
    ENDED = "nothing more: it has the room's end"
    LOST = "nothing more: another node has the room"


IDLE: Final = CommitState.IDLE
UNDER_WAY: Final = CommitState.UNDER_WAY
ENDING: Final = CommitState.ENDING
ENDED: Final = CommitState.ENDED
LOST: Final = CommitState.LOST
