"""Tickets that a Django project sells by itself, with the secret that it shares with the server."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, cast

from django.conf import settings

from gameserver.auth.django_app.people import Person
from gameserver.auth.django_app.tokens import KIND, TicketClaims, read_shared
from gameserver.auth.tickets import Tickets
from gameserver.auth.tokens import Signer

SECRET_FILE: Final = "GAMESERVER_SECRET_FILE"
TOKEN_S: Final = 3600
"""How long a ticket's user may come back without a new one, unless ``GAMESERVER_TOKEN_S`` says otherwise."""


class NoSecret(Exception):
    """The project cannot sell tickets; the text says why."""


def secrets() -> Sequence[bytes]:
    """
    :returns: the shared secrets; the file is read each time, so that a new secret needs no restart.
    :raises NoSecret: the file cannot be used.
    """
    path = getattr(settings, SECRET_FILE, None)
    if not path:
        raise NoSecret(f"{SECRET_FILE} is not set")
    try:
        return read_shared(Path(path))
    except (ValueError, OSError) as error:
        raise NoSecret(str(error)) from None


def audience() -> str:
    """:returns: the server that tickets are for; empty where the project does not say."""
    named = getattr(settings, "GAMESERVER_AUDIENCE", None) or getattr(settings, "GAMESERVER_URL", None) or ""
    return str(named).rstrip("/")


def sell(person: Person) -> str:
    """
    :returns: a ticket, good once and for half a minute.
    :raises NoSecret: see `secrets`.
    """
    shared, now_s = secrets(), time.time()
    lasts_s = int(getattr(settings, "GAMESERVER_TOKEN_S", TOKEN_S))
    claims = TicketClaims(
        sub=person.key,
        name=person.name,
        rights=person.rights,
        iat=int(now_s),
        exp=int(now_s) + lasts_s,
        stamp=person.stamp,
        aud=audience(),
    )
    # No store is needed: only redeeming a ticket notes it there, and none is redeemed in this process.
    return Tickets(shared, cast(Any, None), os.urandom).sell(Signer(shared, KIND).sign(claims), now_s=now_s)
