"""``path("gameserver/", include("gameserver.auth.django_app.urls"))`` puts the view at ``gameserver/ticket/``."""

from __future__ import annotations

from django.urls import path

from gameserver.auth.django_app.views import ticket

app_name = "gameserver"
urlpatterns = [path("ticket/", ticket, name="ticket")]
