"""
How long a node has really been at one step, and when that is too long.

Time that passes is not a room's fault while the node is stopped or debugged, waits for a disk or for a processor, or
imports modules. So while the node computes, the processor's time counts; while it sleeps in a step, the time that
passes; otherwise nothing. This module needs nothing but Python.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

TICK_S: Final = 0.2
"""Seconds between two looks at a node."""
LONGEST_S: Final = 2 * TICK_S
"""The most that one look counts: this process, or the whole machine, may have stood still itself."""
HUNG_S: Final = 3.0
"""A node that was told to end and whose reactor does not turn for this long is hung."""

Verdict = Literal["", "warn", "tell", "end", "over", "hung"]


class NodeState(NamedTuple):
    """
    What one look sees of a node.

    :ivar step: number of the step that is under way; 0: none is.
    :ivar beats: grows each second while the reactor turns.
    :ivar excused: grows while it imports modules.
    :ivar at_s: when the look was, monotonic seconds.
    :ivar state: of the reactor's thread, one letter as in ``proc(5)``; empty: not known.
    :ivar computed_s: processor time that this thread has used so far.
    """

    step: int
    beats: int
    excused: int
    at_s: float
    state: str = ""
    computed_s: float = 0.0


class Judge:
    """
    :param warn_s: a step that took this long is warned of.
    :param limit_s: a step that took this long ends the node; None: none does.
    :param tell_s: the store is told of a step for which this much time has passed, counted or not; None: of none.
    :param at_terminal: whether the node's input is a terminal: a step that sleeps may wait for input to a debugger.
    :ivar lasted_s: how much time has passed since the step under way was first seen.
    :ivar worked_s: how much of that counts.
    :ivar ending: whether the node was told to end.
    """

    def __init__(
        self, *, warn_s: float, limit_s: float | None, tell_s: float | None = None, at_terminal: bool = False
    ) -> None:
        self._warn_s = warn_s
        self._limit_s = limit_s
        self._tell_s = tell_s
        self._at_terminal = at_terminal
        self._last: NodeState | None = None
        self.lasted_s = self.worked_s = 0.0
        self._warned = self._told = False
        self.ending = False
        self._still_s = 0.0

    def look(self, now: NodeState) -> Verdict:
        """
        :returns: what to do about the step under way: ``warn`` of it, ``tell`` the store, or ``end`` the node.
            ``over``: the step of which the store was told is over. ``hung``: the node was told to end, and will not by
            itself. Empty: nothing.
        """
        last, self._last = self._last, now
        if last is None:
            return ""
        counted_s = self._counted(last, now)
        if self.ending:
            self._still_s = self._still_s + counted_s if now.beats == last.beats else 0.0
            if self._still_s >= HUNG_S:
                return "hung"
        if now.step != last.step or not now.step:
            told = self._told
            self.lasted_s = self.worked_s = 0.0
            self._warned = self._told = False
            return "over" if told else ""
        self.lasted_s += min(now.at_s - last.at_s, LONGEST_S)
        self.worked_s += counted_s
        if not self._told and self._is_to_be_told():
            self._told = True
            return "tell"
        if self._limit_s is not None and self.worked_s >= self._limit_s:
            return "end"
        if not self._warned and self.worked_s >= self._warn_s:
            self._warned = True
            return "warn"
        return ""

    def _is_to_be_told(self) -> bool:
        limit_s = self._limit_s
        if limit_s is not None and self.worked_s >= limit_s:
            return True
        return self._tell_s is not None and self.lasted_s >= self._tell_s

    def _counted(self, last: NodeState, now: NodeState) -> float:
        if now.excused != last.excused:
            return 0.0
        passed_s = min(now.at_s - last.at_s, LONGEST_S)
        computed_s = min(now.computed_s - last.computed_s, passed_s)
        if not now.state:
            return passed_s
        if now.state == "S":
            return computed_s if self._at_terminal else passed_s
        return computed_s if now.state == "R" else 0.0
