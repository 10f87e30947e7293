"""How users of the project get into the games: with a ticket, on pages here and on the server's."""

from __future__ import annotations

import logging
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth import decorators
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_POST
from msgspec import MsgspecError

from gameserver.auth.django_app import changes
from gameserver.auth.django_app.faults import NotAdmitted, ProjectFault
from gameserver.auth.django_app.people import person_of
from gameserver.auth.django_app.selling import NoSecret, sell
from gameserver.errors import Refused

log = logging.getLogger("gameserver")

STATE_CHARS: Final = 64

# From Django 5.1 on, a project may demand a login everywhere; these views answer in their own way.
login_not_required = getattr(decorators, "login_not_required", lambda view: view)


@login_not_required  # type: ignore[untyped-decorator]
@never_cache  # type: ignore[untyped-decorator]
@require_POST  # type: ignore[untyped-decorator]
@csrf_protect  # type: ignore[untyped-decorator]
def ticket(request: HttpRequest) -> Any:
    """Sell a ticket for ``hello``; protected against forms of other sites, with or without the project's middleware."""
    request.gameserver_door = "ticket"
    try:
        person = person_of(request.user, request)
        if person is None:
            return _error(401, "unauthenticated", "Log in first.")
        sold = sell(person)
    except NotAdmitted as no:
        return _error(403, "forbidden", no.reason)
    except (ProjectFault, NoSecret) as error:
        log.error("no ticket can be sold: %s", error, exc_info=isinstance(error, ProjectFault))
        return _error(503, "busy", "No tickets can be sold now.")
    user = {"id": f"django:{person.key}", "name": person.name, "rights": person.rights}
    return JsonResponse({"ticket": sold, "user": user})


@login_not_required  # type: ignore[untyped-decorator]
@never_cache  # type: ignore[untyped-decorator]
@require_GET  # type: ignore[untyped-decorator]
def enter(request: HttpRequest) -> Any:
    """
    Send whoever is logged in back to the game server's page that asked, with a ticket; all others log in first.

    The ticket stands after the ``#``, which browsers send to nobody. ``state`` goes back unchanged, so that the page
    knows that it has asked.
    """
    back, state = request.GET.get("next") or _games(), request.GET.get("state", "")[:STATE_CHARS]
    if not _is_of_the_games(back):
        return _say(400, "That is no page of the game server (GAMESERVER_URL).")
    request.gameserver_door = "ticket"
    try:
        person = person_of(request.user, request)
        if person is None and not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if person is None:
            return _say(403, "You may not play.")
        sold = sell(person)
    except NotAdmitted as no:
        return _say(403, no.reason)
    except (ProjectFault, NoSecret) as error:
        log.error("no ticket can be sold: %s", error, exc_info=isinstance(error, ProjectFault))
        return _say(503, "Nobody can be let in now.")
    return HttpResponseRedirect(f"{back.partition('#')[0]}#{urlencode({'ticket': sold, 'state': state})}")


@login_not_required  # type: ignore[untyped-decorator]
@csrf_exempt  # type: ignore[untyped-decorator]
@never_cache  # type: ignore[untyped-decorator]
@require_POST  # type: ignore[untyped-decorator]
def notices(request: HttpRequest) -> Any:
    """Take a notice of the game server (its ``django.webhook``); it sends one again unless the answer is 200."""
    if changes.take_here is None:
        return _error(404, "not_found", 'Name the app "gameserver.django" in INSTALLED_APPS.')
    from gameserver.django import receiving  # needs the models

    try:
        receiving.check(request.body, request.headers.get("Authorization", ""))
        receiving.receive(request.body)
    except Refused as refused:
        return _error(401, refused.code, refused.text)
    except NoSecret as error:
        log.error("the game server cannot be believed: %s", error)
        return _error(503, "busy", "Nothing can be taken now.")
    except MsgspecError:
        return _error(400, "bad_data", "That is no notice.")
    return JsonResponse({})


def _games() -> str:
    """:returns: the address of the game server's pages; empty, if the project's settings lack it."""
    return str(getattr(settings, "GAMESERVER_URL", "") or "").rstrip("/")


def _is_of_the_games(address: str) -> bool:
    games = urlsplit(_games())
    if not games.hostname or not url_has_allowed_host_and_scheme(address, {games.netloc}, games.scheme == "https"):
        return False
    parts = urlsplit(address)
    inside = parts.path == games.path or parts.path.startswith(f"{games.path}/")
    return bool(parts.scheme) and parts.netloc == games.netloc and inside and "/../" not in f"{parts.path}/"


def _say(status: int, text: str) -> Any:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")


def _error(status: int, code: str, message: str) -> Any:
    return JsonResponse({"code": code, "message": message}, status=status)
