"""
``{% load gameserver %}`` and ``{% gameserver_room "trivia" %}``: a game, in a page of the project.

It is the game server's own page in a frame, which asks the page around it for tickets (``static/gameserver/room.js``).
So whoever is logged in to the project is that user in the game, even in browsers that do not send cookies in frames.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote, urlencode

from django import template
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ImproperlyConfigured
from django.middleware.csrf import get_token
from django.urls import reverse

from gameserver.auth.django_app.selling import NoSecret, secrets

register = template.Library()

FRAME: Final = "gameserver"
"""The name by which the server's page knows that the page around it sells tickets."""


@register.inclusion_tag("gameserver/room.html", takes_context=True)  # type: ignore[untyped-decorator]
def gameserver_room(context: Any, game: str, room: str | None = None, *, role: str | None = None) -> dict[str, Any]:
    """
    Show a game to whoever is logged in, and to others a link to the project's login, which leads back here.

    :param game: its name on the server.
    :param room: the code of a room; by default the one in the page's address, as ``?room=K7QM``. Without one the player
        makes a room, or types a code.
    :param role: such as ``screen``; by default a player.
    :raises ImproperlyConfigured: the settings or the template's context lack something.
    """
    request = context.get("request")
    if request is None:
        raise ImproperlyConfigured("{% gameserver_room %} needs django.template.context_processors.request.")
    server = str(getattr(settings, "GAMESERVER_URL", "") or "").rstrip("/")
    if not server:
        raise ImproperlyConfigured("{% gameserver_room %} needs GAMESERVER_URL.")
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"login": redirect_to_login(request.get_full_path()).url}
    query = {"room": room or request.GET.get("room"), "role": role}
    asked = urlencode({key: value for key, value in query.items() if value})
    return {
        "game": game,
        "address": f"{server}/play/{quote(game, safe='')}/" + (f"?{asked}" if asked else ""),
        "frame": FRAME if _sells() else "",
        "ticket": reverse("gameserver:ticket"),
        "csrf": get_token(request),
    }


def _sells() -> bool:
    """Whether tickets can be sold; if not, the server has to know the project's sessions by itself."""
    try:
        return bool(secrets())
    except NoSecret:
        return False
