"""The app, as Django sees it."""

from __future__ import annotations

from django.apps import AppConfig

from gameserver.auth.django_app import changes
from gameserver.django import checks


class GameserverConfig(AppConfig):  # type: ignore[misc]
    """Issues tickets for the game server, tells it when users change, and keeps what it tells."""

    name = "gameserver.django"
    label = "gameserver"
    verbose_name = "Game server"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the checks of ``manage.py check``, and connect the signals of users that change."""
        from gameserver.django import listening  # needs the models

        checks.register()
        listening.connect()
        if self.name == GameserverConfig.name:  # a subclass under another name has no tables
            from gameserver.django.receiving import receive

            changes.take_here = receive
