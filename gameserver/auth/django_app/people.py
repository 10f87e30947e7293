"""
Who a user of Django is to the game server: id, name, rights.

``GAMESERVER_NAME`` in the project's settings names a function that takes a user and returns what others see.
``GAMESERVER_RIGHTS`` says what gives which rights; see `RIGHTS`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings
from django.utils.module_loading import import_string
from msgspec import Struct

RIGHTS: Final[Mapping[str, Any]] = {
    "is_superuser": ["admin", "moderator"],
    "is_staff": ["moderator"],
    "groups": {},
}
"""Flags of a user, and names of groups, to rights; a project's own setting replaces it whole."""


class Person(Struct, frozen=True):
    """
    A user who may come in.

    :ivar key: the primary key, as text.
    :ivar stamp: changes with the password, and tells nothing about it.
    """

    key: str
    name: str
    rights: tuple[str, ...]
    stamp: str


def person_of(user: Any) -> Person | None:
    """
    Tell who this is; it reads the database.

    :returns: None for who may not come in: nobody who logged in, or who was switched off.
    """
    if user is None or not user.is_authenticated or not user.is_active:
        return None
    return Person(str(user.pk), name_of(user), rights_of(user), stamp_of(user))


def name_of(user: Any) -> str:
    """:returns: what others see; not an address of mail, which some projects have for a name."""
    name: Any = getattr(settings, "GAMESERVER_NAME", None)
    if isinstance(name, str):
        name = import_string(name)
    return str(name(user)) if name is not None else str(user.get_username()).partition("@")[0]


def rights_of(user: Any) -> tuple[str, ...]:
    """:returns: the user's rights, in order."""
    rules: Mapping[str, Any] = getattr(settings, "GAMESERVER_RIGHTS", RIGHTS)
    found: set[str] = set()
    for flag in ("is_superuser", "is_staff"):
        if getattr(user, flag, False):
            found.update(rules.get(flag, ()))
    groups = rules.get("groups") or {}
    if groups and hasattr(user, "groups"):
        for name in user.groups.filter(name__in=list(groups)).values_list("name", flat=True):
            found.update(groups[name])
    return tuple(sorted(found))


def stamp_of(user: Any) -> str:
    """:returns: another one after the password was changed; Django ends its sessions by the same."""
    hashed: Any = getattr(user, "get_session_auth_hash", lambda: user.password)()
    return hashlib.sha256(f"gameserver {hashed}".encode()).hexdigest()[:32]
