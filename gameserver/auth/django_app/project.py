"""
A Django project's users, read from its own tables.

All of it blocks, and belongs in threads, except `set_up`, which is called once before the reactor runs. Connections to
the database are closed after each call: Django does that at the end of a request, and these threads serve none.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from importlib import import_module
from inspect import signature
from typing import Any, Final, TypeVar

import django
from django import db
from django.conf import settings
from django.contrib import auth
from django.core.exceptions import ValidationError

from gameserver.auth.django_app import changes
from gameserver.auth.django_app.faults import ProjectAway, ProjectFault
from gameserver.auth.django_app.people import Person, person_of
from gameserver.auth.django_app.requests import request_of
from gameserver.interfaces import Caller

NAME_CHARS: Final = 254
"""The longest name that is tried: as long as an e-mail address can be."""
PASSWORD_CHARS: Final = 1024
"""A longer one is refused: hashing it would take too long."""
SESSION_CHARS: Final = 8192
"""The longest cookie; it is long where Django keeps the whole session in the cookie (``signed_cookies``)."""

T = TypeVar("T")


class CookieSession(dict[str, Any]):
    """
    What a session holds, to be read and never changed.

    Django's `get_user` gives a session a new key if it was signed with an old ``SECRET_KEY``; the browser would not
    learn the new one, and would be logged out.
    """

    def cycle_key(self) -> None:
        """Keep the key that the browser has."""

    def flush(self) -> None:
        """Forget what the session holds, in this copy only."""
        self.clear()


def set_up() -> None:
    """
    Load the project that ``DJANGO_SETTINGS_MODULE`` names.

    Django sets the time zone of the whole process to the project's ``TIME_ZONE``, which would shift the times of the
    server's log. Only projects with ``USE_TZ = False`` need it, for times without a zone; for others it is set back.

    :raises Exception: whatever the project's own code raises.
    """
    zone = os.environ.get("TZ")
    django.setup()
    if settings.USE_TZ:
        _set_time_zone(zone)


def _set_time_zone(zone: str | None) -> None:
    if zone is None:
        os.environ.pop("TZ", None)
    else:
        os.environ["TZ"] = zone
    if hasattr(time, "tzset"):
        time.tzset()


def unfit_backends() -> list[str]:
    """
    :returns: the backends that take no name and password, which Django skips silently.
    :raises Exception: whatever a backend's own code raises.
    """
    return [path for path in settings.AUTHENTICATION_BACKENDS if not _takes_passwords(auth.load_backend(path))]


def _takes_passwords(backend: Any) -> bool:
    try:
        signature(backend.authenticate).bind(None, username="", password="")
    except TypeError:
        return False
    return True


def cookie_name() -> str:
    """:returns: the name of the cookie that holds the session."""
    return str(settings.SESSION_COOKIE_NAME)


def by_password(name: str, password: str, caller: Caller | None = None) -> Person | None:
    """:returns: who has this name and password, if they may come in; Django takes as long to say that nobody has."""
    return _asking(lambda: _by_password(name, password, caller))


def by_session(key: str, caller: Caller | None = None) -> Person | None:
    """:returns: who is logged in with this session."""
    return _asking(lambda: _by_session(key, caller))


def takes_passwords() -> bool:
    """Whether this server takes names and passwords: the project's setting ``GAMESERVER_PASSWORDS``."""
    return bool(getattr(settings, "GAMESERVER_PASSWORDS", True))


def by_key(key: str, caller: Caller | None = None) -> Person | None:
    """:returns: the user with this primary key, if they may still come in."""
    return _asking(lambda: _by_key(key, caller))


def take(notice: bytes) -> None:
    """
    Have the project's app keep a notice of the server about a room.

    :param notice: see `gameserver.room.notices`.
    :raises Exception: it is not kept: a signal's receiver in the project raised, or the database does not answer.
    """
    if changes.take_here is not None:
        _asking(lambda: changes.take_here and changes.take_here(notice))


def _by_password(name: str, password: str, caller: Caller | None) -> Person | None:
    if len(name) > NAME_CHARS or len(password) > PASSWORD_CHARS or not _is_text(name + password):
        return None
    request = request_of(caller, "password")
    try:
        user = auth.authenticate(request, username=name, password=password)
    except db.Error:
        raise
    except Exception as error:
        raise ProjectFault(_backend_of(error), error) from error
    return person_of(user, request)


def _by_session(key: str, caller: Caller | None) -> Person | None:
    if not 0 < len(key) <= SESSION_CHARS or not key.isascii() or not key.isprintable():
        return None
    store = import_module(settings.SESSION_ENGINE).SessionStore(session_key=key)
    request = request_of(caller, "session", CookieSession(store.load()))
    request.user = auth.get_user(request)
    return person_of(request.user, request)


def _by_key(key: str, caller: Caller | None) -> Person | None:
    model = auth.get_user_model()
    try:
        user = model._default_manager.filter(pk=key).first()
    except (ValueError, OverflowError, ValidationError):
        return None  # no key of this kind
    return person_of(user, None if caller is None else request_of(caller, "token"))


def _backend_of(error: BaseException) -> str:
    """:returns: the setting, with the path of the backend that raised this if the traceback shows it."""
    found = ""
    frame = error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_globals.get("__name__") == auth.__name__:
            found = frame.tb_frame.f_locals.get("backend_path", found)
        frame = frame.tb_next
    return f"AUTHENTICATION_BACKENDS: {found}" if found else "AUTHENTICATION_BACKENDS"


def _is_text(text: str) -> bool:
    """Whether a database can take it: JSON may hold lone surrogates, and PostgreSQL takes no zero byte."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


def _asking(ask: Callable[[], T]) -> T:
    """:raises ProjectAway: the project's database does not answer."""
    db.close_old_connections()
    try:
        return ask()
    except db.Error as error:
        raise ProjectAway(str(error)) from None
    finally:
        db.connections.close_all()
