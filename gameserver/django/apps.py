"""The app, as Django sees it."""

from __future__ import annotations

from django.apps import AppConfig

from gameserver.auth.django_app import changes
from gameserver.django import checks


class GameserverConfig(AppConfig):  # type: ignore[misc]
    """Sells tickets for the game server, tells it of users that change, and keeps what it tells."""

    name = "gameserver.django"
    label = "gameserver"
    verbose_name = "Game server"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Say with ``manage.py check`` what is missing, and hear of users that change."""
        from gameserver.django import listening  # needs the models

        checks.register()
        listening.connect()
        if self.name == GameserverConfig.name:  # under the former name there are no tables
            from gameserver.django.receiving import receive

            changes.take_here = receive
