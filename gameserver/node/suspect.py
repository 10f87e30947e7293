"""
A room in the middle of whose step a process ended: nothing in it happens by itself until somebody touches it, unless
that step had only just begun, and so was hit by chance.
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
"""Clients do these by themselves: a page that is open comes back to its seat, and so touches nothing."""
ENDED_AT: Final = "The server ended in the middle of this very message; it is not tried again."


class Suspect:
    """
    What a room's runner asks for as long as that end stands.

    :param ends: of processes, in steps of that room.
    :param touched: called once somebody touches it.
    :ivar rests: it may be why, and nobody has touched it so far: no timer fires, and what nobody sent waits.
    """

    __slots__ = ("_frames", "_held", "_touched", "rests")

    def __init__(self, ends: Sequence[UncleanEnd], touched: Callable[[], None]) -> None:
        self.rests = any(end.is_sure for end in ends)
        # One that was at work for no time may have been hit by chance: that is somebody's move, and not to be lost.
        self._frames = frozenset(end.input for end in ends if end.what == "send" and end.input and end.is_sure)
        self._held: list[tuple[Input, Deferred[None] | None]] = []
        self._touched = touched

    def check_frame(self, frame: bytes) -> None:
        """:raises Refused: that is the message at which a process ended: a client that comes back says it again."""
        if frame in self._frames:
            raise Refused(ENDED_AT)

    def holds(self, input: Input, done: Deferred[None] | None) -> bool:
        """:returns: whether this input, which is next, has to wait."""
        if isinstance(input, COMES_BACK):
            return False
        if input.asker is not None or isinstance(input, Moderate):
            return False
        self._held.append((input, done))
        return True

    def is_touched_by(self, input: Input) -> bool:
        """:returns: whether this input, which is next, is somebody's who means it."""
        return self.rests and not isinstance(input, COMES_BACK)

    def touch(self) -> list[tuple[Input, Deferred[None] | None]]:
        """:returns: what waited for that."""
        self.rests = False
        held, self._held = self._held, []
        self._touched()
        return held
