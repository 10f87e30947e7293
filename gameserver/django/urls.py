"""``path("gameserver/", include("gameserver.django.urls"))`` puts the views at ``gameserver/ticket/`` and so on."""

from __future__ import annotations

from django.urls import path

from gameserver.django import views

app_name = "gameserver"
urlpatterns = [
    path("ticket/", views.ticket, name="ticket"),
    path("enter/", views.enter, name="enter"),
    path("notices/", views.notices, name="notices"),
]
