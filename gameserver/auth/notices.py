"""How notices reach a Django project: through its webhook, signed, or directly where this process has loaded it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from hashlib import sha256
from typing import Any, Final

from twisted.internet.defer import Deferred

from gameserver.auth.context import AuthContext
from gameserver.auth.django_app import changes
from gameserver.auth.django_app.tokens import KIND, NOTICES_KIND, NoticeClaims, shared_secrets
from gameserver.auth.fetch import Fetch
from gameserver.auth.threads import Threads
from gameserver.auth.tokens import Signer
from gameserver.interfaces import IClock

GOOD_S: Final = 60
"""How long a signature is good; each try makes a new one."""


class Webhook:
    """
    Posts notices, each with a signature of its own.

    :param url: that of the project's view.
    :param audience: the name under which the project knows this server.
    """

    def __init__(self, url: str, signer: Signer, audience: str, clock: IClock, fetch: Fetch) -> None:
        self._url = url
        self._signer = signer
        self._audience = audience
        self._clock = clock
        self._fetch = fetch

    def __call__(self, notice: bytes) -> Deferred[bytes]:
        """:raises FetchFailed: it was not taken."""
        end_s = int(self._clock.now()) + GOOD_S
        proof = NoticeClaims(sha256=sha256(notice).hexdigest(), exp=end_s, aud=self._audience)
        return self._fetch.post(self._url, notice, {"authorization": f"Bearer {self._signer.sign(proof)}"})


def sender(context: AuthContext) -> Callable[[bytes], Deferred[Any]] | None:
    """
    Make what sends notices to the project; a project that runs in this process must have been loaded before.

    :returns: takes a notice; its Deferred fires once the notice is taken. None where nobody wants notices.
    :raises SettingError: there is a webhook, but no secret to sign with.
    """
    settings = context.settings
    wish = settings.django
    if wish.webhook is not None:
        secrets = shared_secrets(settings)
        if KIND not in settings.auth or not secrets:
            raise settings.error("django.webhook", "needs auth django and django.secret, with which it is signed")
        audience = wish.audience or settings.public_url or ""
        return Webhook(wish.webhook, Signer(secrets, NOTICES_KIND), audience, context.clock, Fetch(context.reactor))
    if KIND in settings.auth and changes.take_here is not None:
        from gameserver.auth.django_app import project

        run = Threads(context.reactor, 1, nice=False)
        return lambda notice: run(partial(project.take, notice))
    return None
