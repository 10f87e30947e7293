"""The refusals of a room that takes no more inputs."""

from __future__ import annotations

from typing import Final

from gameserver.errors import Refused, RoomMoved

MOVED: Final = "busy"
"""The code of the refusal by a room that goes on at another node."""
MOVING_RETRY_MS: Final = 200
"""By then the room should be there."""


def refusal(code: str, *, seated: bool) -> Refused:
    """
    :param code: why the room takes no more inputs.
    :param seated: whether the one who asks has a seat: the room itself tells seats that it moved, and their clients
        send the message again there.
    :returns: the error to raise.
    """
    if code != MOVED:
        return Refused(code=code)
    return RoomMoved() if seated else Refused(code=MOVED, retry_ms=MOVING_RETRY_MS)
