"""The former name of the app `gameserver.django`, for projects that have it in their ``INSTALLED_APPS``."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class FormerConfig(AppConfig):  # type: ignore[misc]
    """The same app."""

    name = "gameserver.django"
    label = "gameserver"
    verbose_name = "Game server"

    def ready(self) -> None:
        """Do what the app does under its own name."""
        import_module("gameserver.django.apps").GameserverConfig.ready(self)
