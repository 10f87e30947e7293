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
    :ivar room: the code of the room in which the session has the seat that asks; None for those who have none there
        yet, and are not told what there is.
    """

    session: ISession
    user: User
    id: int | None
    room: str | None = None

    @property
    def address(self) -> str:
        """The address from which it comes; empty where nobody is connected."""
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

The last item is the slot of a volatile message, or None: in a slow reader's queue a newer message of the same slot
replaces it.
"""

Answered = dict["ISession", list[tuple[int, bytes]]]
"""Answers that sessions get in between the frames of an audience: how many of those come before, and the answer."""


def in_between(frames: list[bytes], answers: list[tuple[int, bytes]]) -> list[bytes]:
    """:returns: what all hear, with one session's answers in their places."""
    all = list(frames)
    for before, answer in reversed(answers):  # from the back: no other place is moved
        all[before:before] = (answer,)
    return all


class OneByOne:
    """A listener to a room that is no connection, and cannot tell many at once."""

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
