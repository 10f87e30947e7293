"""The former name of `gameserver.django.urls`, for projects that include it."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [path("", include("gameserver.django.urls"))]
