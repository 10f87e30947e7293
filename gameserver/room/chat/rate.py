"""
How fast somebody talks: slow mode, the same line again and again, floods, and who is writing at present.

All of it is about the last seconds, so that it is kept in memory alone: a restart forgives it. Times are the room's
monotonic seconds.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from gameserver.errors import Refused
from gameserver.room.hosts import is_host

if TYPE_CHECKING:
    from gameserver.room.core import RoomCore
    from gameserver.room.seats import Player

REPEATS_S: Final = 60.0
"""Seconds within which the same line counts as said again."""
REMEMBERED: Final = 1000
"""Lines of one user that are compared at most; the game's own rate bounds what comes in a minute."""
SLOWEST_S: Final = 3600.0
"""The slowest slow mode: an hour between two lines."""
FLOOD: Final = 40
FLOOD_S: Final = 10.0
"""So many lines that were too fast, in so many seconds, are a flood."""
FLOOD_MUTE_S: Final = 60.0
"""For so long its author is muted."""
FORGET_AT: Final = 500
"""With more users than this, those who have said nothing lately are forgotten."""
TYPING_S: Final = 2.0
"""Seconds between two notices that a seat is writing, at least."""


class ChatPace:
    """How fast the users of one room talk, by user; who is writing, by seat."""

    __slots__ = ("_last", "_lines", "_room", "_too_fast", "_writing")

    def __init__(self, room: RoomCore) -> None:
        self._room = room
        self._last: dict[tuple[str, str], float] = {}
        self._lines: dict[str, deque[tuple[float, int]]] = {}
        self._too_fast: dict[str, deque[float]] = {}
        self._writing: dict[str, tuple[float, bool]] = {}

    def check(self, player: Player, to: str, text: str, slow_s: float) -> None:
        """
        Check that this may be said now.

        :param slow_s: seconds between two lines of one player in that channel.
        :raises Refused: ``slow_down``: too soon after the last line, or the same line too often.
        """
        now, user = self._room.monotonic, player.user_id
        left_s = self._last.get((user, to), now - slow_s) + slow_s - now
        if left_s > 0 and not is_host(self._room, player):
            raise Refused(f"Slow mode: wait {left_s:.0f} seconds.", code="slow_down")
        most = self._room.game_class.chat_repeats
        same = _same(text)
        lines = self._lines.get(user, ())
        if most and sum(1 for at, line in lines if line == same and now - at < REPEATS_S) >= most:
            raise Refused("You have said that often enough.", code="slow_down")

    def note(self, player: Player, to: str, text: str) -> None:
        """Note that this was said."""
        now, user = self._room.monotonic, player.user_id
        if len(self._last) > FORGET_AT:
            self._forget_old(now)
        self._last[user, to] = now
        if self._room.game_class.chat_repeats:
            self._lines.setdefault(user, deque(maxlen=REMEMBERED)).append((now, _same(text)))

    def is_flood(self, player: Player) -> bool:
        """A line was too fast. :returns: whether it is a flood by now."""
        too_fast = self._too_fast.setdefault(player.user_id, deque(maxlen=FLOOD))
        too_fast.append(self._room.monotonic)
        if len(too_fast) < FLOOD or too_fast[-1] - too_fast[0] > FLOOD_S:
            return False
        too_fast.clear()
        return True

    def may_tell_typing(self, player: Player, on: bool) -> bool:
        """Whether the others should hear that this seat begins, or has ceased, to write."""
        now = self._room.monotonic
        at, was_on = self._writing.get(player.id, (now - TYPING_S, False))
        told = now - at >= TYPING_S if on else was_on
        if told:
            self._writing[player.id] = (now if on else at, on)
        return told

    def _forget_old(self, now: float) -> None:
        """What is past can refuse nothing any more; slow mode is an hour at most."""
        self._last = {key: at for key, at in self._last.items() if now - at < SLOWEST_S}
        self._lines = {user: lines for user, lines in self._lines.items() if now - lines[-1][0] < REPEATS_S}
        self._too_fast = {user: times for user, times in self._too_fast.items() if times and now - times[-1] < FLOOD_S}

    def forget(self, player: Player) -> None:
        """A seat is gone; its user's pace is kept, since people may leave only to come back at once."""
        self._writing.pop(player.id, None)


def _same(text: str) -> int:
    """:returns: a number that is the same for lines that differ in case and spaces alone."""
    return hash("".join(text.casefold().split()))
