"""
Every exception of the framework, and the table of error codes that a client may see.

A code is stable: clients compare it, people read the text beside it. Games add codes of their own with
``Refused("That costs 5.", code="too_expensive")``.
"""

from __future__ import annotations

from typing import Final

CODES: Final[dict[str, str]] = {
    "bad_message": "That is not a message of this protocol.",
    "bad_data": "The data does not fit.",
    "unknown_op": "There is no such operation.",
    "unknown_type": "The game has no such message.",
    "unauthenticated": "Say hello first, with a valid token, ticket or guest name.",
    "forbidden": "You may not do that.",
    "refused": "The game refused that.",
    "not_your_turn": "It is not your turn for that.",
    "not_legal": "That is no legal move now.",
    "cannot_undo": "That cannot be taken back.",
    "paused": "The game is paused.",
    "not_found": "There is no such room or game.",
    "room_full": "The room is full.",
    "room_locked": "The room takes nobody new.",
    "room_over": "The game in this room is over.",
    "wrong_password": "The password is wrong.",
    "name_taken": "Somebody has that name, or one that looks like it.",
    "rate_limited": "Too fast; wait a moment.",
    "too_large": "That is too large.",
    "unknown_host": "This server has another name; its operator can add this one with the setting host.",
    "busy": "The server is busy; try again.",
    "stale_id": "That request was answered long ago; its answer is no longer kept.",
    "game_error": "The game failed at that; nothing was changed.",
    "muted": "You may not write here.",
    "slow_down": "Wait a little before you write again.",
    "draining": "This server is about to stop; try again.",
    "quarantined": "This room is being mended. Your seat is kept.",
}
"""The default text of each code. A client may see these codes, and those that games name themselves."""

PASSING: Final = frozenset({"rate_limited", "busy", "draining", "quarantined"})
"""
Codes of conditions that pass by themselves, or once somebody has mended something. Nothing was done; the same id may be
sent again.
"""


class GameServerError(Exception):
    """The base class of all exceptions of this package."""


class Refused(GameServerError):
    """
    A request is refused: the step leaves no trace, and the sender gets the text.

    :param text: one sentence for the person who asked.
    :param code: a stable word for the client, snake case; one of `CODES`, or the game's own.
    :param path: where in the data the fault lies, such as ``$.cell``, or None.
    :param retry_ms: milliseconds after which it is worth while to ask again; None: nobody knows.
    :ivar room: the code of the room that refused, where a client was told.
    :raises TypeError: text, code or path is no str.
    """

    room: str | None = None

    def __init__(
        self, text: str = "", code: str = "refused", path: str | None = None, *, retry_ms: int | None = None
    ) -> None:
        for name, value in (("text", text), ("code", code), ("path", path)):
            if not isinstance(value, str) and (value is not None or name != "path"):
                raise TypeError(f"Refused: its {name} is a str, not {value!r}")
        self.text = text or CODES.get(code, code)
        self.code = code
        self.path = path
        self.retry_ms = retry_ms
        super().__init__(self.text)

    def __repr__(self) -> str:
        return f"Refused({self.text!r}, code={self.code!r})"


class Elsewhere(Refused):
    """
    The room that was asked for is found under another code, or at another node: the client is sent ``redirect``.

    :param code_there: the code of the room.
    :param url: of the node's WebSocket; None: this node.
    """

    def __init__(self, code_there: str, url: str | None = None) -> None:
        self.code_there = code_there
        self.url = url
        if url is None:
            super().__init__(f"The room goes on as {code_there}.", code="not_found")
        else:
            super().__init__(f"The room is at {url}.", code="busy")


class RoomMoved(Refused):
    """A room goes on at another node: clients with a seat there are told so, and repeat their message."""

    def __init__(self) -> None:
        super().__init__(code="busy")


class NotJSON(GameServerError, TypeError):
    """
    A game put something into a document, an event or a reply that JSON cannot hold.

    :param reason: what is wrong with the value.
    :param path: the keys and indexes that lead to it.
    """

    def __init__(self, reason: str, path: tuple[str | int, ...] = ()) -> None:
        self.path = path
        where = "$" + "".join(f"[{p!r}]" if isinstance(p, int) else f".{p}" for p in path)
        super().__init__(f"{reason} - at `{where}`")


class GameDefinitionError(GameServerError, TypeError):
    """A game's class or module is not written as it must be; the text says how to mend it."""


class GameLoadError(GameServerError):
    """A games folder, file, dotted path or entry point cannot be used; the text names the place."""


class SettingError(GameServerError):
    """
    A setting is wrong.

    :param key: its name.
    :param source: where it was given, such as ``option --store`` or ``GAMESERVER_STORE``.
    :param expected: what would be right.
    """

    def __init__(self, key: str, source: str, expected: str) -> None:
        self.key = key
        self.source = source
        self.expected = expected
        super().__init__(f"{key} (from {source}): {expected}")


class StaleCall(GameServerError, RuntimeError):
    """A function that served one step was kept and called after it."""


class NoRoom(GameServerError, RuntimeError):
    """``self`` was used in ``migrate``, where the room is not there yet; the text shows the right way."""


class NoSender(GameServerError, RuntimeError):
    """A function that serves the sender was called where nobody sent the input."""


class CannotOpen(GameServerError):
    """A stored room cannot be run by this release of its game; the text says why, in one line."""


class CannotMigrate(CannotOpen):
    """A stored room is of another version of its game, and cannot be brought to this one."""


class StoreUnavailable(GameServerError):
    """The store did not answer: nothing is known of what was asked; ask again, it is applied once."""


class StoreLocked(GameServerError):
    """Another process, or a node with another secret, uses this store."""


class ConnectionFailed(GameServerError):
    """A client could not reach, or may no longer use, the server."""
