"""``POST`` for a ticket: who is logged in to the project gets in to the game."""

from __future__ import annotations

import logging
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_POST

from gameserver.auth.django_app.faults import ProjectFault
from gameserver.auth.django_app.people import person_of
from gameserver.auth.django_app.selling import NoSecret, sell

log = logging.getLogger("gameserver")


@never_cache  # type: ignore[untyped-decorator]
@require_POST  # type: ignore[untyped-decorator]
@csrf_protect  # type: ignore[untyped-decorator]
def ticket(request: HttpRequest) -> Any:
    """Sell a ticket for ``hello``; protected against other sites' forms also where the project's middleware is not."""
    try:
        person = person_of(request.user)
        if person is None:
            return _error(401, "unauthenticated", "Log in first.")
        sold = sell(person)
    except ProjectFault as fault:
        log.error("no ticket can be sold: %s", fault, exc_info=fault)
        return _error(503, "busy", "No tickets can be sold now.")
    except NoSecret as error:
        log.error("no tickets can be sold: %s", error)
        return _error(503, "busy", "No tickets can be sold now.")
    user = {"id": f"django:{person.key}", "name": person.name, "rights": person.rights}
    return JsonResponse({"ticket": sold, "user": user})


def _error(status: int, code: str, message: str) -> Any:
    return JsonResponse({"code": code, "message": message}, status=status)
