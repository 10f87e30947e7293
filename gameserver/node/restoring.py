"""Makes rooms again from what the store has of them, or says why this release cannot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import MsgspecError
from twisted.python.failure import Failure

from gameserver.errors import CannotOpen, NotJSON
from gameserver.room import row

if TYPE_CHECKING:
    from gameserver.game.spec import Spec
    from gameserver.interfaces import Stored
    from gameserver.room.room import Room


def restored(stored: Stored, specs: Mapping[str, Spec], **now: Any) -> Room:
    """
    Make a room of what is stored.

    :param specs: the games that are served, by name.
    :param now: the other arguments of `row.restore`.
    :raises CannotOpen: this release cannot run the room; the text says why.
    """
    spec = specs.get(stored.game)
    if spec is None:
        raise CannotOpen(f"no game {stored.game} is served")
    try:
        return row.restore(spec, id=stored.room, code=stored.code, parts=stored.parts, **now)
    except (MsgspecError, NotJSON, LookupError) as error:
        raise CannotOpen(f"it cannot be read: {type(error).__name__}: {error}") from error


def reason_of(failure: Failure, what: str) -> tuple[str, Failure]:
    """
    Say why a room cannot go on.

    :param what: the step at which it failed.
    :returns: one line, and the failure to show to the game's author: the game's own exception, if there is one.
    """
    error = failure.value
    if not isinstance(error, CannotOpen):
        return f"it failed at {what}: {type(error).__name__}: {error}", failure
    return str(error), Failure(error.__cause__) if error.__cause__ is not None else failure
