"""
Tells the game server at once what has changed about users, so that whoever may not play any more is out.

Where the project is loaded by the server itself, that is a call; elsewhere it is ``POST /api/revoke``, signed with the
shared secret, from a thread, after the transaction. What does not arrive is logged, and found out by the server itself
where it reads the project's tables (``recheck_s``), or else when the token ends (``GAMESERVER_TOKEN_S``).
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Sequence
from typing import Any, Final
from urllib.error import URLError
from urllib.request import Request, urlopen

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import router, transaction

from gameserver.auth.django_app import changes
from gameserver.auth.django_app.faults import NotAdmitted
from gameserver.auth.django_app.people import person_of
from gameserver.auth.django_app.selling import NoSecret, audience, secrets
from gameserver.auth.django_app.tokens import ORDERS_KIND, OrderClaims
from gameserver.auth.tokens import Signer

ORDER_S: Final = 60
"""An order that arrives later is refused: it may be out of date."""
ANSWER_S: Final = 5.0
TRIES: Final = 3

log = logging.getLogger("gameserver")


def revoke(*users: Any) -> None:
    """
    Cut these users off: connections are closed, and no token from before now is good.

    For what Django has no signal for, such as "log out everywhere". What users and groups themselves say is told by
    itself.

    :param users: of the project.
    """
    _after_commit([str(user.pk) for user in users], out=True)


def changed(keys: Sequence[str]) -> None:
    """These users, by primary key, may have other rights now, or be no more: tell it after the transaction."""
    _after_commit(keys, out=False)


def _after_commit(keys: Sequence[str], *, out: bool) -> None:
    if not keys:
        return
    database = router.db_for_write(get_user_model())
    transaction.on_commit(lambda: _tell(keys, out=out), using=database)


def _tell(keys: Sequence[str], *, out: bool) -> None:
    if changes.heard_here is not None:
        changes.heard_here(keys)
        return
    urls = _urls()
    if not urls:
        return
    try:
        body = _signed([(key, None if out else _rights_of(key)) for key in keys])
    except Exception as error:  # noqa: BLE001 - the project's own code: its change is made, and must not fail for this
        log.error("the game server is not told of users %s: %s", ", ".join(keys), error)
        return
    # Not a daemon: a command that ends at once waits until it is told.
    threading.Thread(target=_post_all, args=(urls, body), name="gameserver-revocations").start()


def _rights_of(key: str) -> tuple[str, ...] | None:
    """:returns: None for who may not play: gone, or switched off."""
    try:
        person = person_of(get_user_model()._default_manager.filter(pk=key).first())
    except NotAdmitted:
        return None
    return None if person is None else person.rights


def _signed(users: list[tuple[str, tuple[str, ...] | None]]) -> bytes:
    """:raises NoSecret: there is none to sign with."""
    now_s = time.time()
    claims = OrderClaims(users=users, exp=int(now_s) + ORDER_S, aud=audience(), given_s=now_s)
    return json.dumps({"token": Signer(secrets(), ORDERS_KIND).sign(claims)}).encode()


def _urls() -> list[str]:
    """:returns: where the server's nodes are called; none where the project does not say, or has no secret."""
    named = getattr(settings, "GAMESERVER_NODES", None) or [getattr(settings, "GAMESERVER_URL", None)]
    try:
        secrets()
    except NoSecret:
        return []
    return [str(url).rstrip("/") for url in named if url]


def _post_all(urls: Sequence[str], body: bytes) -> None:
    for url in urls:
        for left in reversed(range(TRIES)):
            try:
                request = Request(f"{url}/api/revoke", body, {"Content-Type": "application/json"})
                with urlopen(request, timeout=ANSWER_S):
                    break
            except (URLError, OSError, ValueError) as error:
                if not left:
                    log.error("the game server at %s was not told that users changed: %s", url, error)
