"""The sessions that hear the same, by the form in which they hear it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec import Struct

from gameserver.protocol.messages import Form

if TYPE_CHECKING:
    from gameserver.interfaces import ISession


class Audience(Struct, frozen=True):
    """
    Sessions that hear the same, by the form of their frames.

    :ivar binary: `packed` and `columns` together, always the same tuple.
    """

    everybody: tuple[ISession, ...]
    json: tuple[ISession, ...]
    packed: tuple[ISession, ...]
    columns: tuple[ISession, ...]
    binary: tuple[ISession, ...]


def audience_of(sessions: Iterable[ISession]) -> Audience:
    """:returns: these sessions, by form."""
    everybody = tuple(sessions)
    if all(session.form is Form.JSON for session in everybody):
        return Audience(everybody, everybody, (), (), ())
    json, plain, columns = (tuple(s for s in everybody if s.form is form) for form in Form)
    return Audience(everybody, json, plain, columns, plain + columns)
