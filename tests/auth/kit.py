"""What tests of authenticators share: cheap password hashing, and an `AuthContext`."""

from __future__ import annotations

import random
from typing import Any

from twisted.internet.defer import execute
from twisted.internet.task import Clock as Seconds

from gameserver.auth.context import AuthContext
from gameserver.auth.hashing import Cost, Hasher
from gameserver.auth.secrets import Secrets
from gameserver.clock import Clock
from gameserver.settings.settings import load
from gameserver.store.memory.store import MemoryStore

START_S = 1_767_225_600.0
"""When all tests begin: 2026-01-01T00:00Z."""


def fast_hasher(waiting: int = 100) -> Hasher:
    """:returns: Argon2id in this thread, as cheap as it gets."""
    return Hasher(execute, cost=Cost(memory_kib=8, passes=1), waiting=waiting)


def auth_context(**settings: Any) -> AuthContext:
    """:returns: a context for authenticators, on a clock that stands still; `AuthContext.reactor` moves it."""
    seconds = Seconds()
    store = MemoryStore()
    store.start()
    revoked: list[tuple[str, str | None]] = []
    made = AuthContext(
        settings=load(settings),
        secrets=Secrets([b"s" * 32]),
        clock=Clock(seconds, lambda: START_S + seconds.seconds()),
        entropy=random.Random(1).randbytes,
        users=store,
        hasher=fast_hasher(),
        reactor=seconds,
        revoke=lambda user, login: revoked.append((user, login)),
    )
    seconds.revoked = revoked
    return made
