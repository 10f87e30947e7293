"""
The names of the parts that a stored room consists of.

A store knows nothing of what is in a part: it keeps bytes under these names, and a commit writes only the parts that
changed. So what grows (chat, answers, what steps said) is one small part each, added and dropped, and never one big
part written again and again.

================== ========================================== ================= ========================================
part               shape                                      owner             lifetime
================== ========================================== ================= ========================================
room               status, options, groups, counters          room.room         the room's
timers             what is due when, by name                  room.timers       the room's; none means no timer is armed
counts             the counter ``n`` of each stream, epochs   room.streams      the room's
doc/room           the document that all clients see          room.document     the room's
doc/secret         the document of the server alone           room.document     the room's
doc/seat:ID        the document of one seat                   room.document     until the seat is left
doc/group:NAME     the document of one group                  room.document     until the group is removed
doc/role:NAME      the document of one role                   room.document     the room's
seat/ID            user, number, role, streams                room.seats        until the seat is left
log/STEP           what one step said, by stream              room.streams      until the tail is trimmed
answer/SEAT/KEY/ID the answer to one request                  room.seats        the newest of a seat; with the seat
line/N             one line of chat                           room.chat         until the history is trimmed
================== ========================================== ================= ========================================

STEP, N and the ID of a request are decimal numbers without padding: sort them as numbers, not as text. Seat ids hold
no slash; a client's KEY may hold anything.

A store of Redis has these keys, all written by `gameserver.store.redis` alone, each in one script call with what it
belongs to. ID is a room's, in braces, so that in a cluster whatever else a room will have lies beside it.

======================= ============================================ =================================================
key                     shape                                        lifetime
======================= ============================================ =================================================
gameserver:room:{ID}    hash: code, game, fence, version, at_ms, and the room's
                        each part's bytes under ``/`` and its name
gameserver:code:CODE    hash: room; once that ended, its last fence  from the claim until 24 hours after the room
                        and version, and free_at_ms as well          ended, by Redis's own clock (a TTL)
gameserver:rooms        sorted set: rooms' ids by number, which      while there is a room
                        grows in the order of creation
gameserver:claims       set: codes claimed whose rooms are not       while there is one; emptied at each start
                        stored (not yet, or never will be)
gameserver:meta         hash: schema, beat_ms (the newest beat or    for good
                        commit)
gameserver:user:ID      hash: name_key ('' for none), version,       until the user is deleted
                        value (see `gameserver.auth.accounts`)
gameserver:name:KEY     a user's id                                  as long as the user has that name
gameserver:spent:MARK   1: what was good once, such as a ticket      as long as it would have been good (a TTL)
======================= ============================================ =================================================
"""

from __future__ import annotations

from typing import Final

ROOM: Final = "room"
TIMERS: Final = "timers"
COUNTS: Final = "counts"

DOC: Final = "doc"
SEAT: Final = "seat"
LOG: Final = "log"
ANSWER: Final = "answer"
LINE: Final = "line"

CODE_REST_MS: Final = 24 * 60 * 60 * 1000
"""Milliseconds for which the code of a room that ended is given to no other: people try yesterday's code."""

ROOMS_KEY: Final = "gameserver:rooms"
CLAIMS_KEY: Final = "gameserver:claims"
META_KEY: Final = "gameserver:meta"

PART_FIELD: Final = "/"
"""What a part's field begins with in the hash of its room, so that no name of a part is that of another field."""


def room_key(room_id: str) -> str:
    """Name the key of a room."""
    return f"gameserver:room:{{{room_id}}}"


def code_key(code: str) -> str:
    """Name the key of a code."""
    return f"gameserver:code:{code}"


def user_key(user_id: str) -> str:
    """Name the key of a user."""
    return f"gameserver:user:{user_id}"


def name_key(key: str) -> str:
    """Name the key of a user's name, in the form in which names are compared."""
    return f"gameserver:name:{key}"


def spent_key(mark: str) -> str:
    """Name the key of what was good once."""
    return f"gameserver:spent:{mark}"


def doc(name: str) -> str:
    """
    Name the part of a document.

    :param name: its audience: ``room``, ``secret``, ``seat:ID``, ``group:NAME`` or ``role:NAME``.
    """
    return f"{DOC}/{name}"


def seat(seat_id: str) -> str:
    """Name the part of a seat."""
    return f"{SEAT}/{seat_id}"


def log(step: int) -> str:
    """Name the part that keeps what one step said."""
    return f"{LOG}/{step}"


def answer(seat_id: str, key: str, request_id: int) -> str:
    """
    Name the part that keeps the answer to one request.

    :param seat_id: the seat that asked; without a slash.
    :param key: the client's key.
    :param request_id: the client's number for the request.
    """
    return f"{ANSWER}/{seat_id}/{key}/{request_id}"


def line(number: int) -> str:
    """Name the part of one line of chat."""
    return f"{LINE}/{number}"


def split(part: str) -> tuple[str, str]:
    """
    Take a name apart.

    :returns: its kind, and the rest: ``("doc", "group:red")``, or ``("room", "")``.
    """
    kind, _, rest = part.partition("/")
    return kind, rest


def split_answer(rest: str) -> tuple[str, str, int]:
    """
    Take apart what `split` left of the name of an answer.

    :returns: the seat's id, the client's key, and the number of the request.
    """
    seat_id, _, rest = rest.partition("/")
    key, _, request_id = rest.rpartition("/")
    return seat_id, key, int(request_id)
