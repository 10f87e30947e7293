"""The name that `gameserver.django.urls` had first, for projects that include it."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [path("", include("gameserver.django.urls"))]
