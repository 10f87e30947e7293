"""
Who a user of Django is to the game server: id, name, rights.

``GAMESERVER_NAME`` in the project's settings names a function that takes a user and returns the name that others see.
``GAMESERVER_RIGHTS`` says what gives which rights; see `RIGHTS`. ``GAMESERVER_ADMITS`` names a function that takes a
user and a request, and returns True, or (where this user may not play) False or the reason.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from django import db
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Q
from django.utils.module_loading import import_string
from msgspec import Struct

from gameserver.auth.django_app.faults import NotAdmitted, ProjectFault
from gameserver.auth.django_app.requests import request_of

RIGHTS: Final[Mapping[str, Any]] = {
    "is_superuser": ["admin", "moderator"],
    "is_staff": ["moderator"],
    "groups": {},
}
"""The rights that each flag of a user, and each group by its name, gives; a project's own setting replaces it whole."""

NAME_CHARS: Final = 20
MARK_CHARS: Final = 8
"""
How much is used of a name that somebody else has already (`NAME_CHARS`), and of the primary key that is put behind it.
"""


class Person(Struct, frozen=True):
    """
    A user who may come in.

    :ivar key: the primary key, as text.
    :ivar stamp: a hash that changes with the password, and does not reveal it.
    :ivar older: the same, made with the project's old keys (``SECRET_KEY_FALLBACKS``), which are still valid.
    """

    key: str
    name: str
    rights: tuple[str, ...]
    stamp: str
    older: tuple[str, ...] = ()

    def has(self, stamp: str) -> bool:
        """Whether this is the stamp of the password that is good now."""
        return stamp in (self.stamp, *self.older)


def person_of(user: Any, request: Any = None) -> Person | None:
    """
    Tell who this is; it reads the database.

    :param request: the one with which the user comes in; None: a user who is connected is looked up again.
    :returns: None for a user who is not logged in, or was deactivated.
    :raises NotAdmitted: the project's ``GAMESERVER_ADMITS`` says no.
    """
    if user is None or not user.is_authenticated or not user.is_active:
        return None
    if getattr(settings, "GAMESERVER_ADMITS", None) is not None:
        said = asked("GAMESERVER_ADMITS", user, request_of(None, "again") if request is None else request)
        if said is not True:
            raise NotAdmitted(said if isinstance(said, str) and said else "You may not play.")
    stamp, *older = stamps_of(user)
    return Person(str(user.pk), name_of(user), rights_of(user), stamp, tuple(older))


def name_of(user: Any) -> str:
    """:returns: the name that others see; of a username that is an e-mail address, only the part before the ``@``."""
    shown = asked("GAMESERVER_NAME", user)
    if shown is not None:
        return str(shown)
    name, at, _ = str(user.get_username()).partition("@")
    return f"{name[:NAME_CHARS]} ({str(user.pk)[:MARK_CHARS]})" if at and name and _is_anothers(name, user) else name


def _is_anothers(name: str, user: Any) -> bool:
    """Whether somebody else has this name, or an older account has an e-mail address that begins with it."""
    people = get_user_model()
    field = people.USERNAME_FIELD
    same, before = Q(**{f"{field}__iexact": name}), Q(**{f"{field}__istartswith": f"{name}@", "pk__lt": user.pk})
    return bool(people._default_manager.exclude(pk=user.pk).filter(same | before).exists())


def rights_of(user: Any) -> tuple[str, ...]:
    """:returns: the user's rights, in order."""
    with blaming("GAMESERVER_RIGHTS"):
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


def asked(setting: str, *args: Any) -> Any:
    """
    Call the function that a setting of the project is, or names by its dotted path.

    :returns: what it returns; None where there is no such setting.
    :raises ProjectFault: the function cannot be found, or raised something.
    """
    function: Any = getattr(settings, setting, None)
    if function is None:
        return None
    with blaming(setting):
        if isinstance(function, str):
            function = import_string(function)
        return function(*args)


@contextmanager
def blaming(setting: str) -> Iterator[None]:
    """
    Blame a setting of the project for what the code inside the ``with`` raises.

    :raises ProjectFault: that code raised something other than an error of the database, which is passed on.
    """
    try:
        yield
    except db.Error:
        raise
    except Exception as error:
        raise ProjectFault(setting, error) from error


def stamps_of(user: Any) -> list[str]:
    """
    :returns: the stamp made with the project's secret key, then those made with each old key. All change with the
        password; Django ends its sessions by the same hashes.
    """
    hashes = [getattr(user, "get_session_auth_hash", lambda: user.password)()]
    hashes += getattr(user, "get_session_auth_fallback_hash", list)()
    return [hashlib.sha256(f"gameserver {each}".encode()).hexdigest()[:32] for each in hashes]
