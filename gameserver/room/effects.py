"""What a step wants done, as data: frames for sessions, and changed parts for the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from gameserver.interfaces import ISession, User


class Asker(Struct, frozen=True, gc=False):
    """
    Who asks for something.

    :ivar session: where answers go.
    :ivar user: who it is.
    :ivar id: the client's number for the request, or None where no answer is wanted but errors.
    """

    session: ISession
    user: User
    id: int | None


class Delivery(Struct, frozen=True, gc=False):
    """
    One encoded message for some sessions.

    :ivar slot: for a volatile message, what a newer one of the same slot replaces in a slow reader's queue.
    """

    to: tuple[ISession, ...]
    frame: bytes
    slot: str | None = None


class Changes(Struct, frozen=True):
    """What is to be stored: parts to write, and parts to delete."""

    puts: dict[str, bytes]
    drops: list[str]
