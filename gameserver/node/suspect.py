"""
A room in which a process ended in the middle of a step: nothing in it happens by itself until somebody touches it. But
if that step had only just begun, it was probably hit by chance, and the room goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from gameserver.errors import Refused
from gameserver.node.waiters import Look
from gameserver.room.inputs.arrivals import ResumeSeat
from gameserver.room.inputs.connections import CaughtUp, Detach
from gameserver.room.inputs.lifecycle import LoadRoom
from gameserver.room.inputs.moderation import Moderate

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

    from gameserver.node.unclean_ends import UncleanEnd
    from gameserver.room.inputs.input import Input

COMES_BACK: Final = (ResumeSeat, Detach, CaughtUp, LoadRoom, Look)
"""Inputs that touch nothing: clients send them by themselves, as a page that is still open resumes its seat."""
ENDED_AT: Final = "The server ended in the middle of this very message; it is not tried again."


class Suspect:
    """
    Holds back inputs of such a room, and refuses the message at which a process ended.

    :param ends: the ends of processes in steps of the room.
    :param touched: called once somebody touches it.
    :ivar rests: whether one of the ends was no chance, and nobody has touched the room since: no timer fires, and
        inputs that nobody sent wait.
    """

    __slots__ = ("_frames", "_held", "_touched", "rests")

    def __init__(self, ends: Sequence[UncleanEnd], touched: Callable[[], None]) -> None:
        self.rests = any(end.is_sure for end in ends)
        # A message that had only just begun may have been hit by chance: it is somebody's move, and is not refused.
        self._frames = frozenset(end.input for end in ends if end.what == "send" and end.input and end.is_sure)
        self._held: list[tuple[Input, Deferred[None] | None]] = []
        self._touched = touched

    def check_frame(self, frame: bytes) -> None:
        """:raises Refused: this is the message at which a process ended: clients that come back send it again."""
        if frame in self._frames:
            raise Refused(ENDED_AT)

    def holds(self, input: Input, done: Deferred[None] | None) -> bool:
        """Hold an input back, which is next, if nobody sent it. :returns: whether it is held back."""
        if isinstance(input, COMES_BACK):
            return False
        if input.asked_by is not None or isinstance(input, Moderate):
            return False
        self._held.append((input, done))
        return True

    def is_touched_by(self, input: Input) -> bool:
        """:returns: whether this input, which is next, is more than clients do by themselves."""
        return self.rests and not isinstance(input, COMES_BACK)

    def touch(self) -> list[tuple[Input, Deferred[None] | None]]:
        """Let the room go on. :returns: the inputs that were held back."""
        self.rests = False
        held, self._held = self._held, []
        self._touched()
        return held
