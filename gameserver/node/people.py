"""Who is connected to this node, and which names only they may have."""

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
"""How a guest's name ends on this node while an account with the same name is connected."""


class Connected(Protocol):
    """A connection that has said hello."""

    user: User | None
    address: str

    def close(self, code: int, reason: str = "") -> None:
        """Close it."""


class People:
    """
    Who is connected to this node, and the names: `admit` checks each name that somebody wants to have here.

    A name belongs to an account while that is connected to this node, and always if settings give it rights: nobody
    else may have a name that a person could take for it.

    :param reserved: the names to which settings give rights.
    """

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        self._reserved = frozenset(map(name_key, reserved))
        self._connected: dict[Connected, None] = {}
        self._users: Counter[str] = Counter()
        self._present: Counter[str] = Counter()

    def enter(self, connected: Connected) -> None:
        """Count a connection, once its user is known."""
        self._connected[connected] = None
        self._count(connected.user, 1)

    def leave(self, connected: Connected) -> None:
        """Count a connection no longer: it has ended."""
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
        """Whether this user has a connection to this node."""
        return user_id in self._users

    def close_banned(self, watch: UserWatch) -> None:
        """Close the connections of those whom ``watch`` does not admit any more."""
        for each in list(self._connected):
            try:
                if each.user is not None:
                    watch.admit(each.user, each.address)
            except Refused:
                each.close(Close.FORBIDDEN, "banned")

    def admit(self, name: str, most: int, user: User | None = None) -> str:
        """
        :param most: the longest name, in code points.
        :param user: who wants this name; None: a new guest.
        :returns: the name, as `check_name` returns it.
        :raises Refused: ``bad_data``: it cannot be a name; ``name_taken``: it looks like somebody else's.
        """
        clean = check_name(name, most)
        if self._is_anothers(clean, user):
            raise Refused(code="name_taken")
        return clean

    def called(self, user: User, most: int) -> str:
        """:returns: a user's name here; a guest's is made to fit the rules, with `GUEST` if it is somebody else's."""
        if not is_guest(user):
            return user.name
        name = fitting_name(user.name, most)  # it comes from the guest's token, which may be older than these rules
        return with_ending(name, GUEST, most) if self._is_anothers(name, user) else name

    def _is_anothers(self, name: str, user: User | None) -> bool:
        key = name_key(name)
        if key not in self._reserved and key not in self._present:
            return False
        return user is None or is_guest(user) or key != name_key(user.name)
