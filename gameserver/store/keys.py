"""
The names of the parts that a stored room consists of.

A store does not know what is in a part: it keeps bytes under these names, and a commit writes only the parts that
changed. So what grows (lines of chat, answers, what steps sent) is kept in many small parts, which are added and
dropped, and never in one big part that is written again and again.

================== ========================================== ================= ========================================
part               shape                                      owner             lifetime
================== ========================================== ================= ========================================
room               status, options, groups, counters          room.room         the room's
timers             how many timers were ever armed            room.timers       the room's; none means none was
timer/SEAT/NAME    one timer, and what clients know of it     room.timers       while it is armed
chat               channels, silence, mutes, slow mode        room.chat         the room's; none means all is by itself
counts             the counter ``n`` of each stream, epochs   room.streams      the room's
doc/room           the document that all clients see          room.document     the room's
doc/secret         the document of the server alone           room.document     the room's
doc/seat:ID        the document of one seat                   room.document     until the seat is left
doc/group:NAME     the document of one group                  room.document     until the group is removed
doc/role:NAME      the document of one role                   room.document     the room's
field/DOC/KEY      of a game with storage = "fields": one      room.fields       with the document, until the key goes
                   top-level key of the document doc/DOC
seat/ID            user, number, role, streams                room.seats        until the seat is left
log/PART           what the steps of one commit said          room.streams      until the log forgets all of it
answer/SEAT/KEY/ID the answer to one request, if it says more room.answers      the newest of a seat; with the seat
done/SEAT/KEY      the requests that were answered ``ok``     room.answers      with the seat
line/N             one line of chat                           room.chat         until the history is trimmed
undo/N             how one message of a player is taken back  room.turns        while it may be
================== ========================================== ================= ========================================

DOC is what follows ``doc/`` in the name of the document's own part, with ``%`` written as ``%25`` and ``/`` as ``%2F``,
so that it holds no slash. KEY is all that follows the second slash: the key as it is, whatever it holds, and even if it
is empty. So no two keys of two documents can have the same name.

PART, N and the ID of a request are decimal numbers without padding: sort them as numbers, not as text. Seat ids hold
no slash; a client's KEY and the NAME of a timer may hold anything. SEAT is empty if a timer is the room's.

Besides its parts a room has tables, which are read entry by entry: TABLE/KEY, where TABLE is 1 to 32 of ``A-Z a-z 0-9 _
-`` and KEY any text.

A store on Redis has the keys below. Only `gameserver.store.redis` writes them, each in one script call together with
what belongs to it; and the process of `gameserver.guard`, which writes pages of one book. ID is a room's, in braces, so
that in a cluster all keys of a room are in the same place. NODE is a node's name in the store.

======================= ============================================ =================================================
key                     shape                                        lifetime
======================= ============================================ =================================================
gameserver:room:{ID}    hash: code, game, fence, version, at_ms,     the room's
                        node (whose it is; none while nobody's),
                        asleep (JSON, while it sleeps), and
                        each part's bytes under ``/`` and its name
gameserver:room:{ID}    hash: the entries of its tables, each value     the room's
:entries                under TABLE/KEY
gameserver:room:{ID}    sorted set: the same TABLE/KEY, all of score   the room's
:order                  0, so that they are read in their order
gameserver:room:{ID}    hash: of each table that has entries their     the room's
:tables                 count (n/TABLE) and bytes (b/TABLE)
gameserver:code:CODE    hash: room; once that ended, its last fence  from the claim until 24 hours after the room
                        and version, and free_at_ms as well          ended, by Redis's own clock (a TTL)
gameserver:rooms        sorted set: rooms' ids by number, which      while there is a room
                        grows in the order of creation
gameserver:claims:NODE  set: codes that the node claimed for rooms   while there is one; emptied when the node starts,
                        not stored yet (or never)                    or when another sees to what it left behind
gameserver:has:NODE     sorted set: ids of the rooms that the node    while it has one
                        has in memory (score 0), or has been given
                        and not opened yet (1)
gameserver:node:NODE    hash: what other nodes may know of it: games  from its start until another has its rooms
                        (JSON: each game's version), draining (1),
                        name, url, release, load (percent of a
                        processor), lease_ms (how long its lease is
                        when it is renewed)
gameserver:due          sorted set: ids of sleeping rooms by when     while they sleep
                        they are due, in ms by a clock that is never
                        set; and gameserver:dates: by the calendar
gameserver:listed       sorted set: ids of sleeping rooms that the    while they sleep
                        lobby shows by when they were made, in ms;
                        gameserver:listed:GAME those of a game, and
                        gameserver:open:GAME those with free seats
gameserver:asleep:GAME  sorted set: ids of a game's sleeping rooms    while they sleep
gameserver:space        hash: of each game the bytes that its         for good
                        sleeping rooms count
gameserver:sleeps:s/ID  sorted set: codes of the sleeping rooms in    while they sleep
                        which a user has a seat; gameserver:sleeps:
                        m/ID: that one made, and nobody sits in
gameserver:showing      hash: of each public room that a node runs   while a node runs it, or until somebody reads of
                        in JSON: node, game, when it was made,       it when it is over
                        whether it is open (1), code, listing
gameserver:shown        sorted set: their ids by when they were made the same
gameserver:shown:GAME   sorted set: those of one game                the same
gameserver:vacant:GAME  sorted set: those of one game in which       the same
                        somebody new finds a seat
gameserver:lease:NODE   string: the token of the node's process      the lease's (a TTL)
gameserver:nodes        set: nodes that may have rooms               a node is in it until another has its rooms
gameserver:once:NAME    string: who saw to that; random              a day (a TTL)
gameserver:book:NAME    hash: pages of a book, by name               each page's until it is deleted
gameserver:news         stream: node, words: what was written into    the newest 4000
                        books of which all nodes are to know
gameserver:meta         hash: schema, secret (whose fingerprint all  for good; a beat until another node has its node's
                        nodes must have), beat_ms:NODE (the newest   rooms, or while it is the newest of all
                        beat or commit of the node); outage_ms,
                        stepped_ms, since_ms (a `StoreTime`), and
                        step_at_ms, step_by_ms (the last step)
gameserver:user:ID      hash: name_key ('' for none), version,       until the user is deleted
                        value (see `gameserver.auth.accounts`)
gameserver:name:KEY     a user's id                                  as long as the user has that name
gameserver:spent:MARK   1: what was good once, such as a ticket      a day after its end (a TTL)
======================= ============================================ =================================================
"""

from __future__ import annotations

from typing import Final

ROOM: Final = "room"
TIMERS: Final = "timers"
COUNTS: Final = "counts"
CHAT: Final = "chat"

DOC: Final = "doc"
FIELD: Final = "field"
SEAT: Final = "seat"
TIMER: Final = "timer"
LOG: Final = "log"
ANSWER: Final = "answer"
DONE: Final = "done"
LINE: Final = "line"
UNDO: Final = "undo"

ENTRY: Final = "/"
"""Separates table and key in the name of an entry; no table's name holds it."""

NOTICES: Final = "notices"
"""The book of notices of rooms for a system outside; a commit writes its pages, see `Commit.notices`."""

NEWS: Final = frozenset({"sanctions", "blocks", "log", "hosts", "reports", "revoked", "unclean"})
"""Books that nodes keep in memory; a node hears of what others write into them."""
FEEDS: Final = "posts:"
"""How the names of books begin that keep lines of chat outside rooms."""

CODE_REST_MS: Final = 24 * 60 * 60 * 1000
"""For how many milliseconds the code of a room that ended is given to no other room: people try yesterday's code."""

ROOMS_KEY: Final = "gameserver:rooms"
NODES_KEY: Final = "gameserver:nodes"
DUE_KEY: Final = "gameserver:due"
DATES_KEY: Final = "gameserver:dates"
LISTED_KEY: Final = "gameserver:listed"
SPACE_KEY: Final = "gameserver:space"
OPEN_PREFIX: Final = "gameserver:open:"
ASLEEP_PREFIX: Final = "gameserver:asleep:"
SLEEPS_PREFIX: Final = "gameserver:sleeps:"
NEWS_KEY: Final = "gameserver:news"
META_KEY: Final = "gameserver:meta"
SHOWING_KEY: Final = "gameserver:showing"
SHOWN_KEY: Final = "gameserver:shown"
SHOWN_PREFIX: Final = "gameserver:shown:"
VACANT_PREFIX: Final = "gameserver:vacant:"
CODE_PREFIX: Final = "gameserver:code:"
LEASE_PREFIX: Final = "gameserver:lease:"
CLAIMS_PREFIX: Final = "gameserver:claims:"
HAS_PREFIX: Final = "gameserver:has:"
NODE_PREFIX: Final = "gameserver:node:"
ROOM_PREFIX: Final = "gameserver:room:"
BEAT_PREFIX: Final = "beat_ms:"

PART_FIELD: Final = "/"
"""How a part's field begins in the hash of its room, so that no part has the name of another field."""


def room_key(room_id: str) -> str:
    """Name the key of a room."""
    return f"{ROOM_PREFIX}{{{room_id}}}"


def code_key(code: str) -> str:
    """Name the key of a code."""
    return CODE_PREFIX + code


def lease_key(node: str) -> str:
    """Name the key of a node's lease."""
    return LEASE_PREFIX + node


def once_key(name: str) -> str:
    """Name the key of something that only one node does."""
    return f"gameserver:once:{name}"


def claims_key(node: str) -> str:
    """Name the key of the codes that a node claimed."""
    return CLAIMS_PREFIX + node


def has_key(node: str) -> str:
    """Name the key of the rooms that a node has."""
    return HAS_PREFIX + node


def node_key(node: str) -> str:
    """Name the key of what other nodes may know of a node."""
    return NODE_PREFIX + node


def book_key(book: str) -> str:
    """Name the key of a book."""
    return f"gameserver:book:{book}"


def is_news(book: str) -> bool:
    """Whether all nodes must soon know what is written into a book."""
    return book in NEWS or book.startswith(FEEDS)


def user_key(user_id: str) -> str:
    """Name the key of a user."""
    return f"gameserver:user:{user_id}"


def name_key(key: str) -> str:
    """Name the key of a user's name, in the form in which names are compared."""
    return f"gameserver:name:{key}"


def spent_key(mark: str) -> str:
    """Name the key that notes that something which is good once, such as a ticket, was used."""
    return f"gameserver:spent:{mark}"


def doc(name: str) -> str:
    """
    Name the part of a document.

    :param name: its audience: ``room``, ``secret``, ``seat:ID``, ``group:NAME`` or ``role:NAME``.
    """
    return f"{DOC}/{name}"


def field(document: str, key: str) -> str:
    """
    Name the part of one top-level key of a document.

    :param document: as for `doc`.
    :param key: any text.
    """
    return f"{FIELD}/{document.replace('%', '%25').replace('/', '%2F')}/{key}"


def split_field(rest: str) -> tuple[str, str]:
    """
    Take apart the rest that `split` returned for the name of a field.

    :returns: the name of the document, and the key.
    """
    document, _, key = rest.partition("/")
    return document.replace("%2F", "/").replace("%25", "%"), key


def seat(seat_id: str) -> str:
    """Name the part of a seat."""
    return f"{SEAT}/{seat_id}"


def timer(seat_id: str | None, name: str) -> str:
    """
    Name the part of one timer.

    :param seat_id: whose it is, without a slash; None for the room's.
    """
    return f"{TIMER}/{seat_id or ''}/{name}"


def split_timer(rest: str) -> tuple[str | None, str]:
    """
    Take apart the rest that `split` returned for the name of a timer.

    :returns: the seat's id, or None if the timer is the room's, and the timer's name.
    """
    seat_id, _, name = rest.partition("/")
    return seat_id or None, name


LOG_PART: Final = f"{LOG}/%d"
"""The name, by its number, of a part that keeps what steps sent."""


def log(number: int) -> str:
    """Name a part that keeps what steps sent."""
    return LOG_PART % number


def answer(seat_id: str, key: str, request_id: int) -> str:
    """
    Name the part that keeps the answer to one request.

    :param seat_id: the seat that asked; without a slash.
    :param key: the client's key.
    :param request_id: the client's number for the request.
    """
    return f"{ANSWER}/{seat_id}/{key}/{request_id}"


def done(seat_id: str, key: str) -> str:
    """
    Name the part that keeps which requests were answered with ``ok`` and nothing else.

    :param seat_id: the seat that asked; without a slash.
    :param key: the client's key.
    """
    return f"{DONE}/{seat_id}/{key}"


def line(number: int) -> str:
    """Name the part of one line of chat."""
    return f"{LINE}/{number}"


def undo(number: int) -> str:
    """Name the part that keeps how one message is taken back."""
    return f"{UNDO}/{number}"


def entry(table: str, key: str) -> str:
    """
    Name an entry of a room's table.

    :param table: 1 to 32 of ``A-Z a-z 0-9 _ -``.
    :param key: any text.
    """
    return f"{table}{ENTRY}{key}"


def entry_range(table: str, prefix: str) -> tuple[bytes, bytes]:
    """:returns: in UTF-8, the first possible name of a table's entries with a prefix, and the first name after them."""
    first = entry(table, prefix).encode()
    # UTF-8 has no byte 255, so the last one can be raised: the result comes after all names with that prefix.
    return first, first[:-1] + bytes([first[-1] + 1])


def split_entry(name: str) -> tuple[str, str]:
    """:returns: the table and the key of an entry."""
    table, _, key = name.partition(ENTRY)
    return table, key


def split(part: str) -> tuple[str, str]:
    """
    Take a name apart.

    :returns: its kind, and the rest: ``("doc", "group:red")``, or ``("room", "")``.
    """
    kind, _, rest = part.partition("/")
    return kind, rest


def split_answer(rest: str) -> tuple[str, str, int]:
    """
    Take apart the rest that `split` returned for the name of an answer.

    :returns: the seat's id, the client's key, and the number of the request.
    """
    seat_id, _, rest = rest.partition("/")
    key, _, request_id = rest.rpartition("/")
    return seat_id, key, int(request_id)
