"""What strangers may use up: connections, and refused attempts, counted by address and by user."""

from __future__ import annotations

import resource
import sys
from collections import Counter
from collections.abc import Iterable
from typing import Final, Protocol

from gameserver.protocol.messages import Close
from gameserver.rates import TokenBucket, network_of
from gameserver.settings.settings import Limits

MINUTE_S: Final = 60.0
HOUR_S: Final = 3600.0
VOUCHED: Final = 10_000
"""How many pairs of an address and a room that is known there are kept; the one vouched for longest ago goes first."""
FORGET_AT: Final = 10_000
"""Full buckets, which say nothing about anybody, are thrown away when there are this many buckets or more."""
MOST_BUCKETS: Final = 100_000
"""How many of those that are not full are kept."""

MALFORMED: Final = 20
MALFORMED_S: Final = 10.0
"""A session is closed when so many of its frames, within so many seconds, were no messages."""
AT_ONCE: Final = 4.0
"""How many seconds' worth of messages may come at once."""
WAITING_MESSAGES: Final = 16
WAITING_BYTES: Final = 64 * 1024
"""What a session may send ahead of an answer that it has to wait for."""

REQUEST_BYTES: Final = 8192
"""
The size of a message that is not for a game, apart from texts, chat data and options, which have limits of their own.
The largest thing in it is a token.
"""
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
    How many attempts may fail: only failures are charged, but nothing is tried any more once the budget is used up.

    For each kind of attempt, all who share an address share a budget; for joins, each user has one as well. A phone
    has one user, whose budget is a tenth of the address's, so that one phone does not lock out its whole Wi-Fi. One
    that makes itself guest after guest does use up the address's budget; even then those come in who were in before,
    and those who guess nothing: see `may_join`. The kinds are apart: wrong tokens do not hold back a right password.

    Two kinds count everything that is done, not only what fails: ``http`` and ``qr``.

    :param limits: how large they are.
    :ivar throttled: how often something was held back, by kind; see `gameserver.web.metrics`.
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
        Whether another attempt may be made; if not, that is counted in `throttled`.

        :param kind: ``join`` (codes of rooms), ``password`` (of rooms), ``lookup``, ``login``, ``token``,
            ``registration``, ``http`` or ``qr``, of an address; or ``user`` or ``block``, of a user.
        """
        if self._bucket(now_s, kind, who).level(now_s) >= 1.0:
            return True
        self.held_back(kind)
        return False

    def held_back(self, kind: str) -> None:
        """Count in `throttled` that something of this kind was held back."""
        self.throttled[kind] += 1

    def charge(self, now_s: float, kind: str, who: str, size: float = 1.0) -> None:
        """Charge an attempt that was refused, or one of a kind that counts always; it counts as ``size`` of them."""
        self._bucket(now_s, kind, who).charge(now_s, size)

    def refund(self, now_s: float, kind: str, who: str) -> None:
        """Give back what was charged beforehand: the attempt did not fail."""
        self._bucket(now_s, kind, who).charge(now_s, -1.0)

    def take(self, now_s: float, kind: str, who: str) -> bool:
        """:returns: whether something of a kind that always counts may be done; if so, it is charged."""
        if not self.left(now_s, kind, who):
            return False
        self.charge(now_s, kind, who)
        return True

    def may_join(self, now_s: float, address: str, user: str, guessed: Iterable[str]) -> bool:
        """
        Whether this user may try a room, a seat or a password.

        :param guessed: what could be found out by trying: ``join``, ``password``, both, or nothing, where a room is
            listed and open to all, or where the user has a seat.
        """
        return self.left(now_s, "user", user) and all(self.left(now_s, kind, address) for kind in guessed)

    def charge_join(self, now_s: float, address: str, user: str, code: str) -> None:
        """
        Charge an attempt of a user that was refused.

        :param code: the error's.
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
        """Whether somebody at this address knows of this room, as far as that is still kept."""
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
        """Forget full buckets, and the oldest of very many; not again before there are twice as many as were left."""
        used = [(key, bucket) for key, bucket in self._buckets.items() if bucket.level(now_s) < bucket.burst]
        self._buckets = dict(used[-MOST_BUCKETS:])
        self._forget_at = max(FORGET_AT, 2 * len(self._buckets))


class Connections:
    """
    How many connections each address has; an IPv6 network counts as one address, see `network_of`.

    :param most: how many one address may have at a time.
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
    Connections of which it is not known yet whose they are.

    Whoever opens many and says nothing would use up what others need. When there is one too many, the one that has been
    idle longest is closed; a browser opens it again without telling its user. Where none is idle, the oldest of the
    others is closed: whoever means well says hello within moments, before thousands have come after.

    :param most: how many strangers there may be at a time.
    :param connections: how many connections there may be at a time, strangers or known.
    :ivar closed: how many were closed to make room.
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
        """Add one that is expected to say soon who it is or what it wants; it may have been idle before."""
        self.leave(stranger)
        self._coming[stranger] = None
        self._make_room(stranger)

    def rest(self, stranger: Idle) -> None:
        """Note that one is idle from now on."""
        self.leave(stranger)
        self._idle[stranger] = stranger
        self._make_room(stranger)

    def know(self, stranger: Closable) -> None:
        """Note that it is known whose this one is."""
        self.leave(stranger)
        self._known[stranger] = None

    def leave(self, stranger: Closable) -> None:
        """Note that this one is gone."""
        self._idle.pop(stranger, None)
        self._coming.pop(stranger, None)
        self._known.pop(stranger, None)

    def close_idle(self, address: str | None = None, *, but: Closable | None = None) -> bool:
        """
        Close the one that is idle longest.

        :param address: only one of this address; None: of any.
        :param but: never this one.
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
    """:returns: how many WebSockets an address may have; the last descriptors are always left for others."""
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
    """:returns: the most bytes of a message other than ``send``; lines of chat and options of rooms have to fit."""
    texts = 4 * (limits.chat_chars + limits.name_chars)  # code points take four bytes at most
    return min(limits.frame_bytes, REQUEST_BYTES + texts + limits.chat_data_bytes + limits.options_bytes)
