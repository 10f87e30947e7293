"""What a server hands to its authenticators."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from msgspec import Struct, field

from gameserver.auth.hashing import Hasher
from gameserver.auth.secrets import Secrets
from gameserver.interfaces import IClock, IUserStore
from gameserver.settings.settings import Settings


class AuthContext(Struct, frozen=True, kw_only=True):
    """
    What a server gives each authenticator's ``make``.

    :ivar secrets: to sign with; see `gameserver.auth.tokens.Signer`.
    :ivar entropy: returns as many random bytes as it is asked for.
    :ivar users: where users are kept; the store is open before anybody is let in.
    :ivar hasher: hashes passwords, outside the reactor's thread.
    :ivar reactor: for threads (``deferToThreadPool``) and timers.
    :ivar revoke: closes a user's open connections: called with the user's id, and the `User.login` that ended, or None
        for all of this user's.
    :ivar reloads: called when files are to be read again; an authenticator that reads files adds a call here.
    :ivar rereads: called when another node of the store has written whom it cut off; an authenticator that remembers
        that adds a call here.
    :ivar rechecks: what to call, in the reactor's thread and with a user's id, when something about this user has
        changed; filled before anybody is let in.
    """

    settings: Settings
    secrets: Secrets
    clock: IClock
    entropy: Callable[[int], bytes]
    users: IUserStore
    hasher: Hasher
    reactor: Any
    revoke: Callable[[str, str | None], None]
    reloads: list[Callable[[], object]] = field(default_factory=list)
    rereads: list[Callable[[], None]] = field(default_factory=list)
    rechecks: list[Callable[[str], Coroutine[Any, Any, None]]] = field(default_factory=list)
