"""What whoever asks a room that takes nothing any more is told."""

from __future__ import annotations

from typing import Final

from gameserver.errors import Refused, RoomMoved

MOVED: Final = "busy"
"""The code for a room that goes on elsewhere."""
MOVING_RETRY_MS: Final = 200
"""By then it should be there."""


def refusal(code: str, *, seated: bool) -> Refused:
    """
    :param code: why the room takes nothing.
    :param seated: somebody asks who is told by the room itself that it moved, and says there again what was said here.
    """
    if code != MOVED:
        return Refused(code=code)
    return RoomMoved() if seated else Refused(code=MOVED, retry_ms=MOVING_RETRY_MS)
