"""What a step wants done, as data: frames for sessions, and changed parts for the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from gameserver.interfaces import ISession, User


class Requester(Struct, frozen=True, gc=False):
    """
    Who asks for something.

    :ivar session: where answers go.
    :ivar user: who it is.
    :ivar id: the client's number for the request, or None where no answer is wanted but errors.
    :ivar room: the code of the room in which the session has the seat that asks; None for who has none there yet, and
        is not told what there is.
    """

    session: ISession
    user: User
    id: int | None
    room: str | None = None

    @property
    def address(self) -> str:
        """From which it comes; nothing, where nobody is connected."""
        return getattr(self.session, "address", "")


class LastingRequester(Requester, frozen=True, gc=True):
    """
    One that the session itself holds.

    The garbage collector has to see it: where a connection is never told that it is lost, as at the end of a test, the
    session, its room and its whole node would stay.
    """


Delivery = tuple[tuple["ISession", ...], bytes, str | None]
"""
One encoded message, and the sessions that it is for, all of one form.

Last the slot of a volatile message: a newer one of the same slot replaces it in a slow reader's queue.
"""

Answered = dict["ISession", list[tuple[int, bytes]]]
"""What sessions are answered in between what an audience hears: each time behind how much of that, and the frame."""


def in_between(frames: list[bytes], answers: list[tuple[int, bytes]]) -> list[bytes]:
    """:returns: what all hear, with one session's answers in their places."""
    all = list(frames)
    for before, answer in reversed(answers):  # which moves no place of those before it
        all[before:before] = (answer,)
    return all


class OneByOne:
    """What hears of a room and is no connection: it has no way to tell many at once."""

    def deliver(self, frame: bytes) -> None:
        """Send one frame; see `ISession.deliver`."""

    def deliver_to_all(self, to: tuple[ISession, ...], frames: list[bytes], *, last: bool) -> None:
        """Send frames to several sessions at once; see `ISession.deliver_to_all`."""
        for session in to:
            for frame in frames:
                session.deliver(frame)

    def refused(self) -> None:
        """Note that something came too fast to be looked at; see `ISession.refused`."""


class RowChanges(Struct, frozen=True):
    """What is to be stored: parts to write, and parts to delete."""

    puts: dict[str, bytes]
    drops: list[str]
