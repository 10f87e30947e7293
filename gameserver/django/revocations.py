"""
Tells the game server at once what has changed about users, so that whoever may not play any more is cut off.

If the server itself has loaded the project, that is a call. Elsewhere it is ``POST /api/revoke``, signed with the
shared secret, from a thread, after the transaction. A request that does not arrive is logged; then the server finds the
change by itself if it reads the project's tables (``recheck_s``), or else when the token ends (``GAMESERVER_TOKEN_S``).
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
"""Seconds after which an order is refused: it may be out of date."""
ANSWER_S: Final = 5.0
TRIES: Final = 3

log = logging.getLogger("gameserver")


def revoke(*users: Any) -> None:
    """
    Cut off these users: their connections are closed, and tokens made before this call are refused.

    Call this for what Django has no signal for, such as "log out everywhere"; changes of users and groups themselves
    are sent without it.

    :param users: users of the project.
    """
    _after_commit([str(user.pk) for user in users], out=True)


def changed(keys: Sequence[str]) -> None:
    """Tell the server, after the transaction, that users may have other rights or be gone; by primary keys."""
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
    # Not a daemon thread, so that a command that ends at once still waits until the server is told.
    threading.Thread(target=_post_all, args=(urls, body), name="gameserver-revocations").start()


def _rights_of(key: str) -> tuple[str, ...] | None:
    """:returns: a user's rights; None: the user may not play, being gone or deactivated."""
    try:
        person = person_of(get_user_model()._default_manager.filter(pk=key).first())
    except NotAdmitted:
        return None
    return None if person is None else person.rights


def _signed(users: list[tuple[str, tuple[str, ...] | None]]) -> bytes:
    """:returns: the body of a request. :raises NoSecret: there is no secret to sign it with."""
    now_s = time.time()
    claims = OrderClaims(users=users, exp=int(now_s) + ORDER_S, aud=audience(), given_s=now_s)
    return json.dumps({"token": Signer(secrets(), ORDERS_KIND).sign(claims)}).encode()


def _urls() -> list[str]:
    """:returns: the URLs of the server's nodes; none, if the project's settings lack them or the secret."""
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
