"""What strangers may use up: connections, and refused attempts, counted by address and by user."""

from __future__ import annotations

import resource
import sys
from collections import Counter
from collections.abc import Iterable
from typing import Final, Protocol

from gameserver.rates import TokenBucket, network_of
from gameserver.settings import Limits
from gameserver.wire.messages import Close

MINUTE_S: Final = 60.0
HOUR_S: Final = 3600.0
VOUCHED: Final = 10_000
"""Of so many rooms it is known at which address they are known; what was longest without a look is forgotten."""
FORGET_AT: Final = 10_000
"""So many buckets at least are looked through for full ones, which tell nothing any more."""
MOST_BUCKETS: Final = 100_000
"""So many are kept of those that are not full."""

MALFORMED: Final = 20
MALFORMED_S: Final = 10.0
"""Frames that are no messages: so many in so many seconds end a session."""
AT_ONCE: Final = 4.0
"""So many seconds' worth of messages may come at once."""
WAITING_MESSAGES: Final = 16
WAITING_BYTES: Final = 64 * 1024
"""What a session may send ahead of an answer that it has to wait for."""

REQUEST_BYTES: Final = 8192
"""Of a message that is no game's, besides what it may hold by its settings: a token, above all."""
SPARE: Final = 128
"""Descriptors that connections leave to files, to the store, and to as many more as are accepted in one pass."""


class Closable(Protocol):
    """A connection."""

    def close(self, code: int, reason: str = "") -> None:
        """Close it, with a close code where it is a WebSocket."""


class Idle(Closable, Protocol):
    """
    A connection on which nothing is under way.

    :ivar address: whose it is, or None where that does not count.
    """

    address: str | None

    def has_unread(self) -> bool:
        """Whether something has come that nobody has read yet: closed now, it would be lost."""


class Sizes:
    """
    How large the messages were that a node has sent.

    :ivar largest: the largest; 0 while none was of 1 KiB or more.
    :ivar refused: how often one was too large, and its connection closed instead.
    """

    __slots__ = ("largest", "refused")

    def __init__(self) -> None:
        self.largest = 0
        self.refused = 0


class Budgets:
    """
    Attempts that may fail: only failures use a budget up, but where it is used up nothing is tried.

    Each kind has a budget for all who share an address, joins one for each user as well. A phone has one user, whose
    budget is a tenth of the address's: it does not lock out its Wi-Fi. One that makes itself guest after guest does use
    the address's up; then those still come in who did before, and whoever guesses nothing: see `may_join`. What is
    guessed of one kind holds back no other: wrong tokens hold back no right password.

    Two kinds count what is done and not what fails: ``http`` and ``qr``.

    :param limits: how large they are.
    :ivar throttled: what was held back how often, by what for; see `gameserver.web.metrics`.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        limits = limits or Limits()
        self.throttled: Counter[str] = Counter()
        self._sizes = {
            "http": (limits.http_per_address, MINUTE_S),
            "join": (limits.refused_joins_per_address, MINUTE_S),
            "password": (limits.refused_joins_per_address, MINUTE_S),
            "user": (limits.refused_joins_per_user, MINUTE_S),
            "lookup": (limits.lookups_per_address, MINUTE_S),
            "block": (limits.blocks_per_user, MINUTE_S),
            "login": (limits.refused_logins_per_address, MINUTE_S),
            "token": (limits.refused_logins_per_address, MINUTE_S),
            "registration": (limits.registrations_per_address, HOUR_S),
            "qr": (limits.qr_per_address, MINUTE_S),
        }
        self._buckets: dict[tuple[str, str], TokenBucket] = {}
        self._forget_at = FORGET_AT
        self._vouched: dict[tuple[str, str], None] = {}

    def left(self, now_s: float, kind: str, who: str) -> bool:
        """
        Whether another attempt may be made; that it may not is counted.

        :param kind: ``join`` (codes of rooms), ``password`` (of rooms), ``lookup``, ``login``, ``token``,
            ``registration``, ``http`` or ``qr``, of an address; or ``user`` or ``block``, of a user.
        """
        if self._bucket(now_s, kind, who).level(now_s) >= 1.0:
            return True
        self.held_back(kind)
        return False

    def held_back(self, kind: str) -> None:
        """Something was."""
        self.throttled[kind] += 1

    def charge(self, now_s: float, kind: str, who: str, size: float = 1.0) -> None:
        """An attempt was refused, or one that counts was made, which counts as so many."""
        self._bucket(now_s, kind, who).charge(now_s, size)

    def refund(self, now_s: float, kind: str, who: str) -> None:
        """What was charged before it was known, was no failure."""
        self._bucket(now_s, kind, who).charge(now_s, -1.0)

    def take(self, now_s: float, kind: str, who: str) -> bool:
        """:returns: whether something may be done that counts in any case; if so, it is charged."""
        if not self.left(now_s, kind, who):
            return False
        self.charge(now_s, kind, who)
        return True

    def may_join(self, now_s: float, address: str, user: str, guessed: Iterable[str]) -> bool:
        """
        Whether this user may try a room, a seat or a password.

        :param guessed: what could be found out by it: ``join`` and ``password``; nothing where a room is listed and
            open to all, or where the user has a seat.
        """
        return self.left(now_s, "user", user) and all(self.left(now_s, kind, address) for kind in guessed)

    def charge_join(self, now_s: float, address: str, user: str, code: str) -> None:
        """
        What a user tried was refused.

        :param code: of the error.
        """
        self.charge(now_s, "user", user)
        self.charge(now_s, "password" if code == "wrong_password" else "join", address)

    def vouch(self, address: str, room: str) -> None:
        """Somebody at this address knows of this room."""
        key = (network_of(address), room)
        self._vouched.pop(key, None)
        self._vouched[key] = None
        if len(self._vouched) > VOUCHED:
            del self._vouched[next(iter(self._vouched))]

    def vouched(self, address: str, room: str) -> bool:
        """Whether somebody does, who was not forgotten since."""
        return (network_of(address), room) in self._vouched

    def _bucket(self, now_s: float, kind: str, who: str) -> TokenBucket:
        key = (kind, who if kind == "user" else network_of(who))
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) >= self._forget_at:
                self._forget(now_s)
            size, period_s = self._sizes[kind]
            bucket = self._buckets[key] = TokenBucket(size / period_s, float(size))
        return bucket

    def _forget(self, now_s: float) -> None:
        """Forget buckets that are full, and of very many the oldest; not again before as many have come."""
        used = [(key, bucket) for key, bucket in self._buckets.items() if bucket.level(now_s) < bucket.burst]
        self._buckets = dict(used[-MOST_BUCKETS:])
        self._forget_at = max(FORGET_AT, 2 * len(self._buckets))


class Connections:
    """
    How many connections each address has; see `network_of`.

    :param most: at a time.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._open: Counter[str] = Counter()

    def enter(self, address: str) -> bool:
        """:returns: whether there is room for one more, which is then counted."""
        address = network_of(address)
        if self._open[address] >= self.most:
            return False
        self._open[address] += 1
        return True

    def leave(self, address: str) -> None:
        """One is gone."""
        address = network_of(address)
        self._open[address] -= 1
        if self._open[address] <= 0:
            del self._open[address]


class Strangers:
    """
    Connections of which nobody knows yet whose they are.

    Whoever opens many and says nothing would use up what others need. One too many closes the one that is idle longest,
    which a browser opens again without a word; where none is, the one that was longest on its way: who means well says
    hello within moments, and is no stranger by the time that thousands have come after.

    :param most: at a time.
    :param connections: that there may be at a time, with those that are known.
    :ivar closed: how many had to go.
    """

    def __init__(self, most: int = 10_000, connections: int = sys.maxsize) -> None:
        self.most = most
        self.connections = connections
        self.closed = 0
        self._idle: dict[Closable, Idle] = {}
        self._coming: dict[Closable, None] = {}
        self._known: dict[Closable, None] = {}

    def __len__(self) -> int:
        return len(self._idle) + len(self._coming)

    def enter(self, stranger: Closable) -> None:
        """One that says who it is before long, or what it wants; it may have been idle."""
        self.leave(stranger)
        self._coming[stranger] = None
        self._make_room(stranger)

    def rest(self, stranger: Idle) -> None:
        """One that is idle from now on."""
        self.leave(stranger)
        self._idle[stranger] = stranger
        self._make_room(stranger)

    def know(self, stranger: Closable) -> None:
        """It is known now."""
        self.leave(stranger)
        self._known[stranger] = None

    def leave(self, stranger: Closable) -> None:
        """It is gone."""
        self._idle.pop(stranger, None)
        self._coming.pop(stranger, None)
        self._known.pop(stranger, None)

    def close_idle(self, address: str | None = None, *, but: Closable | None = None) -> bool:
        """
        Close the one that is idle longest.

        :param address: whose; None is anybody's.
        :param but: not this one.
        :returns: whether there was one.
        """
        for each in self._idle.values():
            if each is not but and address in (None, each.address) and not each.has_unread():
                self.leave(each)
                each.close(Close.UNAUTHENTICATED, "others need the place")
                return True
        return False

    def _make_room(self, newest: Closable) -> None:
        if len(self) <= self.most and len(self) + len(self._known) <= self.connections:
            return
        self.closed += 1
        if not self.close_idle(but=newest):
            oldest = next(iter(self._coming), newest)
            self.leave(oldest)
            oldest.close(Close.UNAUTHENTICATED, "too many wait to be known")


def most_connections() -> int:
    """:returns: how many connections this process has descriptors for."""
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if most == resource.RLIM_INFINITY else most - min(SPARE, most // 4)


def most_of_one(limits: Limits) -> int:
    """:returns: how many WebSockets an address may have: never the last descriptors, which others come in by."""
    return max(1, min(limits.connections_per_address, most_connections() * 3 // 4))


def descriptors_for(limits: Limits) -> int:
    """:returns: how many descriptors it takes to keep what the limits promise to one address, and to newcomers."""
    return max(limits.connections_per_address, limits.unauthenticated) + SPARE


def raise_descriptors(wanted: int) -> int:
    """
    Let this process open more files, as far as it may.

    :returns: how many it may open then.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return sys.maxsize
    if soft < wanted and (hard == resource.RLIM_INFINITY or soft < hard):
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return soft


def request_bytes(limits: Limits) -> int:
    """:returns: how large a message is at most that is no ``send``: what lines of chat and options of rooms may be."""
    texts = 4 * (limits.chat_chars + limits.name_chars)  # code points take four bytes at most
    return min(limits.frame_bytes, REQUEST_BYTES + texts + limits.chat_data_bytes + limits.options_bytes)
