"""The states of a runner."""

from __future__ import annotations

from enum import Enum
from typing import Final


class RunnerState(Enum):
    """The state of a runner; the value says what it does, and what may come next."""

    FREE = "nothing: a message may be applied as it comes"
    READY = "nothing: an input may be applied, by way of the queue"
    STEPPING = "it applies an input, further up the stack"
    WAITING = "it waits for an input that lasts"
    HELD = "it waits for the store, which is away, or too far behind"
    OVER = "nothing more: the room has ended, or is run by another node"


FREE: Final = RunnerState.FREE
READY: Final = RunnerState.READY
STEPPING: Final = RunnerState.STEPPING
WAITING: Final = RunnerState.WAITING
HELD: Final = RunnerState.HELD
OVER: Final = RunnerState.OVER
