"""Who is here by more than a name, and which names are theirs alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final, Protocol

from gameserver.errors import Refused
from gameserver.interfaces import User, is_guest
from gameserver.protocol.messages import Close
from gameserver.protocol.names import check_name, fitting_name, name_key, with_ending
from gameserver.room.chat.records import UserWatch

GUEST: Final = " (guest)"
"""What a guest's name ends with on this server while an account is here that has the same."""


class Connected(Protocol):
    """A connection that has said hello."""

    user: User | None
    address: str

    def close(self, code: int, reason: str = "") -> None:
        """Close it."""


class People:
    """
    Who is connected to this node, and the names: what somebody wants to be called here passes `admit`.

    A name is an account's own while that is connected to this node, and always where settings give it rights: nobody
    else may have one that a person could take for it.

    :param reserved: the names that settings give rights.
    """

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        self._reserved = frozenset(map(name_key, reserved))
        self._connected: dict[Connected, None] = {}
        self._users: Counter[str] = Counter()
        self._present: Counter[str] = Counter()

    def enter(self, connected: Connected) -> None:
        """It is known whose this connection is."""
        self._connected[connected] = None
        self._count(connected.user, 1)

    def leave(self, connected: Connected) -> None:
        """It has ended."""
        del self._connected[connected]
        self._count(connected.user, -1)

    def _count(self, user: User | None, connections: int) -> None:
        if user is None:
            return
        self._users[user.id] += connections
        if not self._users[user.id]:
            del self._users[user.id]
        if not is_guest(user):
            key = name_key(user.name)
            self._present[key] += connections
            if not self._present[key]:
                del self._present[key]

    def is_connected(self, user_id: str) -> bool:
        """Whether this user is."""
        return user_id in self._users

    def close_banned(self, watch: UserWatch) -> None:
        """Close the connections of those whom the server does not want any more."""
        for each in list(self._connected):
            try:
                if each.user is not None:
                    watch.admit(each.user, each.address)
            except Refused:
                each.close(Close.FORBIDDEN, "banned")

    def admit(self, name: str, most: int, user: User | None = None) -> str:
        """
        :param most: code points of a name.
        :param user: who wants to be called so; None: a new guest.
        :returns: the name, as `check_name` returns it.
        :raises Refused: ``bad_data``: it is none; ``name_taken``: it looks like somebody else's.
        """
        clean = check_name(name, most)
        if self._is_anothers(clean, user):
            raise Refused(code="name_taken")
        return clean

    def called(self, user: User, most: int) -> str:
        """:returns: the own name of a user; a guest's as names are today, with `GUEST` where that is an account's."""
        if not is_guest(user):
            return user.name
        name = fitting_name(user.name, most)  # which stands in a token that may be as old as the guest
        return with_ending(name, GUEST, most) if self._is_anothers(name, user) else name

    def _is_anothers(self, name: str, user: User | None) -> bool:
        key = name_key(name)
        if key not in self._reserved and key not in self._present:
            return False
        return user is None or is_guest(user) or key != name_key(user.name)
