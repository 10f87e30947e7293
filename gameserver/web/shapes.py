"""What the HTTP calls take and give, as structs: each call names those that are its own."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from gameserver.interfaces import LoginFacts
from gameserver.node.listings import Listing as Listing
from gameserver.node.listings import Sitter as Sitter
from gameserver.node.rooms_aside import RoomAside
from gameserver.node.sanctions import Sanction
from gameserver.protocol.messages import UserInfo
from gameserver.room.chat.records import Record


class GuestWish(Struct):
    """The body of ``POST /api/guest``."""

    name: str


class RoomWish(Struct):
    """The body of ``POST /api/rooms``."""

    game: str
    options: dict[str, Any] | None = None
    private: bool = False
    password: str | None = None


class Message(Struct, frozen=True):
    """
    What clients may send in a game.

    ``schema`` is the JSON schema of its data, ``reply`` that of its reply, or None where the game says nothing of it.
    ``turn`` says that only who is waited for may send it, or with ``"any"`` that it is one of the moves of all.
    """

    by: str
    phase: str | None
    question: bool
    schema: dict[str, Any]
    reply: dict[str, Any] | None
    turn: bool | str


class About(Struct, frozen=True):
    """
    A game that is served.

    ``options`` is a JSON schema, or None where any options will do; ``messages`` is name to what clients may send,
    empty where the game takes any; ``page`` says whether the game brings a page of its own, and ``host_may`` which acts
    of the message ``host`` it allows. ``events`` are JSON schemas of events' data, by their types, and ``docs`` of
    documents, by their streams: of those that the game declares. ``levels`` has the levels of its bots, by name their
    titles, and ``max_bots`` how many may play; ``ready`` says that it begins when all are ready, and ``clocks`` has
    some of the clocks that a room may choose, the game's own first, empty where it has no choice.
    """

    name: str
    title: str
    doc: str
    min_players: int
    max_players: int
    roles: dict[str, int]
    host_may: list[str]
    options: dict[str, Any] | None
    messages: dict[str, Message]
    events: dict[str, dict[str, Any]]
    docs: dict[str, dict[str, Any]]
    levels: dict[str, str]
    max_bots: int
    ready: bool
    clocks: list[str]
    page: bool


class Registration(Struct):
    """The body of ``POST /api/register``; a guest who brings a token becomes this account."""

    name: str
    password: str
    invitation: str | None = None
    cookie: bool = False


class Credentials(Struct):
    """The body of ``POST /api/login``."""

    name: str
    password: str
    cookie: bool = False


class RefreshWish(Struct):
    """The body of ``POST /api/refresh``."""

    refresh: str


class LogoutWish(Struct):
    """The body of ``POST /api/logout``, which may be left out where a token or a cookie says who it is."""

    refresh: str | None = None


class PasswordWish(Struct):
    """The body of ``POST /api/password``."""

    old: str
    new: str
    cookie: bool = False


class NameWish(Struct):
    """The body of ``POST /api/name``."""

    name: str
    password: str


class Named(Struct, frozen=True):
    """Whoever is called otherwise now."""

    user: UserInfo


class EndLogins(Struct):
    """The body of ``POST /api/logins``: the id of one login, or None for all others."""

    end: str | None


class Logins(Struct, frozen=True):
    """Where an account is logged in."""

    logins: list[LoginFacts]


class DeleteWish(Struct):
    """The body of ``POST /api/delete``."""

    password: str


class Granted(Struct, frozen=True):
    """What somebody gets who logged in; ``refresh`` is left out where a cookie is in its place."""

    token: str
    user: UserInfo
    expires_s: int | None
    refresh: str | UnsetType = UNSET


class Entry(Struct):
    """The body of ``POST /api/enter``."""

    ticket: str
    cookie: bool = False


class RevokeWish(Struct):
    """
    The body of ``POST /api/revoke``.

    Either ``token``, which a system signed whose users play here, or, of an administrator, ``user`` and, where the user
    is to stay with other rights, ``rights``.
    """

    token: str | None = None
    user: Annotated[str, Meta(max_length=512)] | None = None
    rights: Annotated[list[Literal["admin", "moderator"]], Meta(max_length=2)] | None = None


class Ticket(Struct, frozen=True, omit_defaults=True):
    """
    What a token or a cookie buys: good once, for ``expires_s`` seconds.

    ``elsewhere`` is true where the session of another system proved it, which alone can end it.
    """

    ticket: str
    user: UserInfo
    expires_s: int
    elsewhere: bool = False


class WaysIn(Struct, frozen=True, omit_defaults=True):
    """
    What a page may ask of whoever comes: only a name, a password, or to register.

    ``sessions`` is true where the browser brought a session of another system, which may prove who it is, and
    ``login_url`` an address where people log in, and come back from.
    """

    guests: bool
    passwords: bool
    registration: Literal["open", "invited", "closed"]
    sessions: bool = False
    login_url: str | None = None


class Guest(Struct, frozen=True):
    """A new guest."""

    token: str
    user: UserInfo


class Created(Struct, frozen=True):
    """A new room, by its code."""

    room: str


class Rooms(Struct, frozen=True):
    """Public rooms, the newest first."""

    rooms: list[Listing]


class Broken(Struct, frozen=True):
    """A game that could not be loaded."""

    name: str
    error: str


class Games(Struct, frozen=True):
    """The games; those that are broken are told to administrators."""

    games: list[About]
    broken: list[Broken] | UnsetType = UNSET


class Server(Struct, frozen=True):
    """What runs here, and where people reach it."""

    name: str
    version: str
    public_url: str | None
    urls: list[str]


class Status(Struct, frozen=True):
    """All is well."""

    status: Literal["ok"]


class Ready(Struct, frozen=True, omit_defaults=True):
    """
    New players may be sent here.

    :ivar aside: what is to be mended all the same, in words: rooms that no release could run yet.
    """

    status: Literal["ok"]
    aside: str | None = None


class Empty(Struct, frozen=True):
    """An empty object: it is done."""


class Sanctions(Struct, frozen=True):
    """Mutes and bans of the whole server, and of single games."""

    sanctions: list[Sanction]


class LogEntry(Record, frozen=True, omit_defaults=True, kw_only=True):
    """One entry, and the name that it has in the log."""

    id: str


class ModerationLog(Struct, frozen=True):
    """The newest entries first."""

    log: list[LogEntry]


class Problem(Struct, frozen=True):
    """Why a call came to nothing: a stable word, and a sentence for people."""

    code: str
    message: str


class Quarantine(Struct, frozen=True):
    """The rooms of this node that nobody runs."""

    rooms: list[RoomAside]


class UncleanEndShown(Struct, frozen=True, omit_defaults=True):
    """The server ended in the middle of a step of the room; `what` it was, and the beginning of its input."""

    what: str
    input: str
    at_ms: int
    lasted_ms: int
    fatal: bool
    why: str = ""


class QuarantinedRoom(Struct, frozen=True):
    """What the store has of such a room; the fields of `parts` are the game's."""

    code: str
    game: str
    why: str | None
    stored_ms: int
    parts: dict[str, Any]
    ends: list[UncleanEndShown]


class QuarantineEnd(Struct, frozen=True):
    """Why the room is kept aside still; null: it is run again, or deleted."""

    why: str | None
