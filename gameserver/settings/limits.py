"""What one client, address or user may do at most: the settings under ``[limits]``."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final

from gameserver.settings.values import Number, byte_count, count, seconds, setting

HASH_THREADS: Final = max(1, min(4, (os.cpu_count() or 2) - 1))
"""One processor is left to the rooms: with as many threads as processors the reactor's pauses were twice as long."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """
    What one client, address or user may do at most; clients are told some of this in ``welcome.limits``.

    "A minute brings back as many" means: so many at once, and again so many in the course of each minute.

    :param frame_bytes: the largest frame, and so the largest message.
    :param depth: how deeply a message's data may be nested.
    :param hello_s: how soon a new connection must have said hello.
    :param ping_s: between two pings.
    :param pong_s: how soon a ping must be answered.
    :param queue_bytes: how much may wait to be sent to one socket.
    :param chat_chars: code points of a line of chat.
    :param chat_data_bytes: size of the data that a client may add to a line of chat, as JSON.
    :param name_chars: code points of a name.
    :param rooms: rooms in which one user has a seat.
    :param rooms_per_address: rooms that are open at a time, of all who share an address; one more closes the oldest
        that was never started and that nobody else entered.
    :param rooms_made_per_user: rooms that one user makes, however soon they end, since the code of each is kept for a
        day; an hour brings back as many.
    :param rooms_made_per_address: the same for all who share an address.
    :param options_bytes: size of a room's options, as JSON.
    :param connections_per_address: connections at a time.
    :param unauthenticated: connections that have not said hello, of all addresses; one more closes the one that is idle
        longest or, if none is idle, the one that has taken longest so far.
    :param request_s: how soon an HTTP request, such as a handshake, must have come whole.
    :param http_per_address: HTTP requests except handshakes of WebSockets; a minute brings back as many.
    :param http_bytes: memory for all HTTP connections together: what they sent and was not answered, and answers that
        were not read. Beyond it the address for which most is kept loses connections.
    :param qr_per_address: QR codes that are drawn; a minute brings back as many.
    :param requests_per_s: messages of one connection that are not for a game; four times as many at once.
    :param frames_per_s: frames of one connection besides those that its requests and its rooms allow, such as pings and
        the parts of messages; four times as many at once.
    :param refused_per_s: messages of one connection that were refused unread, such as those that come too fast; four
        times as many at once.
    :param chat_per_s: lines of one connection; four times as many at once.
    :param refused_joins_per_user: joins, resumes and passwords of rooms that fail; a minute brings back as many.
    :param refused_joins_per_address: the same for all who share an address, codes and passwords apart; users who have a
        seat in the room, or try one that is listed and open to all, are not held back.
    :param lookups_per_address: codes looked up over HTTP that belong to no room; a minute brings back as many. Rooms
        that are listed, or were found from that address before, are still shown.
    :param blocks_per_user: users, or seats, that one user blocks or hears again; a minute brings back as many.
    :param refused_logins_per_address: wrong names and passwords, and as many wrong tokens; a minute brings back as
        many. Users who have logged in from there before are not held back.
    :param login_delay_s: the longest wait after one wrong password for an account; the first waits are short.
    :param reports_per_user: reports to moderators; a minute brings back as many.
    :param reports_per_address: the same for all who share an address.
    :param registrations_per_address: new accounts; an hour brings back as many.
    :param password_chars: the fewest characters of a new password.
    :param token_s: how long an account's token is good before it must be refreshed.
    :param login_days: after how many days without use a login ends.
    :param hash_threads: passwords that are hashed at a time, each with `hash_kib` of memory.
    :param hashes_waiting: passwords that are being hashed or wait for it; one more is refused.
    :param hash_kib: Argon2's memory.
    :param hash_passes: Argon2's passes over it.
    """

    frame_bytes: int = byte_count(65_536, 1024, 64 * 2**20)
    depth: int = setting(32, Number(4, 128))
    hello_s: float = seconds(10)
    ping_s: float = seconds(25)
    pong_s: float = seconds(8)
    queue_bytes: int = byte_count(2**20, 65_536, 2**30)
    chat_chars: int = count(500, 10_000)
    chat_data_bytes: int = byte_count(1024, 0, 32_768)
    name_chars: int = count(32, 256)
    rooms: int = count(10, 10_000)
    rooms_per_address: int = count(100, 1_000_000)
    rooms_made_per_user: int = count(200, 1_000_000)
    rooms_made_per_address: int = count(600, 1_000_000)
    options_bytes: int = byte_count(4096, 256, 2**20)
    connections_per_address: int = count(10_000, 1_000_000)
    unauthenticated: int = count(10_000, 1_000_000)
    request_s: float = seconds(20)
    http_per_address: int = count(6000, 10_000_000)
    qr_per_address: int = count(60, 1_000_000)
    http_bytes: int = byte_count(32 * 2**20, 2**20, 2**36)
    requests_per_s: int = count(100, 100_000)
    frames_per_s: int = count(100, 100_000)
    refused_per_s: int = count(50, 100_000)
    chat_per_s: int = count(20, 10_000)
    refused_joins_per_user: int = count(10, 100_000)
    refused_joins_per_address: int = count(100, 1_000_000)
    lookups_per_address: int = count(100, 1_000_000)
    refused_logins_per_address: int = count(100, 1_000_000)
    login_delay_s: float = seconds(60)
    blocks_per_user: int = count(60, 100_000)
    reports_per_user: int = count(5, 10_000)
    reports_per_address: int = count(30, 100_000)
    registrations_per_address: int = count(20, 1_000_000)
    password_chars: int = setting(8, Number(1, 64))
    token_s: int = setting(900, Number(60, 86_400))
    login_days: int = setting(30, Number(1, 3650))
    hash_threads: int = count(HASH_THREADS, 64)
    hashes_waiting: int = count(200, 100_000)
    hash_kib: int = setting(19_456, Number(64, 2**22))
    hash_passes: int = setting(2, Number(1, 100))
