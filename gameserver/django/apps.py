"""The app, as Django sees it."""

from __future__ import annotations

from django.apps import AppConfig

from gameserver.django import checks


class GameserverConfig(AppConfig):  # type: ignore[misc]
    """Sells tickets for the game server, and tells it of users that change."""

    name = "gameserver.django"
    label = "gameserver"
    verbose_name = "Game server"

    def ready(self) -> None:
        """Say with ``manage.py check`` what is missing, and hear of users that change."""
        from gameserver.django import signals  # needs the models

        checks.register()
        signals.connect()
