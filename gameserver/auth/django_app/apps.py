"""The app, as Django sees it."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.core import checks

from gameserver.auth.django_app.selling import SECRET_FILE, NoSecret, secrets


class GameserverConfig(AppConfig):  # type: ignore[misc]
    """Sells tickets for the game server."""

    name = "gameserver.auth.django_app"
    label = "gameserver"
    verbose_name = "Game server"

    def ready(self) -> None:
        """Say with ``manage.py check`` what is missing, not at the first ticket."""
        checks.register(check_secret, checks.Tags.security)


def check_secret(**_: Any) -> list[Any]:
    """:returns: what is wrong with the shared secret."""
    try:
        secrets()
    except NoSecret as error:
        hint = f"Set {SECRET_FILE} to a file that the game server names as django.secret."
        return [checks.Error(str(error), hint=hint, id="gameserver.E001")]
    return []
