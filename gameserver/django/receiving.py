"""Keeps the notices that the game server sends, each once, and sends the project's signals."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

import msgspec
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import router, transaction
from django.utils.timezone import make_naive

from gameserver.auth.django_app.selling import audience, secrets
from gameserver.auth.django_app.tokens import NOTICES_KIND, NoticeClaims
from gameserver.auth.tokens import Signer
from gameserver.django import signals
from gameserver.django.models import PlayerReport, Result, ServerSanction
from gameserver.errors import Refused
from gameserver.room.notices import Notice

USER: Final = "django:"


def check(body: bytes, authorization: str) -> None:
    """
    Check that a notice is from the server, by its signature.

    :param authorization: the header of that name.
    :raises Refused: ``unauthenticated``: it is not from the server, or not for this project.
    :raises NoSecret: there is no secret to check it with.
    """
    claims = Signer(secrets(), NOTICES_KIND).read(authorization.removeprefix("Bearer "), NoticeClaims)
    ours = audience()
    if not hmac.compare_digest(claims.sha256, sha256(body).hexdigest()) or claims.exp <= time.time():
        raise Refused("That was signed for something else, or long ago.", code="unauthenticated")
    if claims.aud and ours and claims.aud != ours:
        raise Refused("That is of another server; GAMESERVER_URL says which is ours.", code="unauthenticated")


def receive(body: bytes) -> None:
    """
    Keep a notice; one that is kept already changes nothing.

    :raises msgspec.MsgspecError: the body is no notice.
    :raises Exception: whatever a receiver of the project raises: then nothing is kept.
    """
    notice = msgspec.json.decode(body, type=Notice)
    keep = KINDS.get(notice.kind)
    if keep is not None:  # a newer server may send kinds that are not known here
        with transaction.atomic(using=router.db_for_write(Result)):
            keep(notice)


def _started(notice: Notice) -> None:
    signals.game_started.send(sender=Result, notice=notice)


def _left(notice: Notice) -> None:
    signals.player_left.send(sender=Result, notice=notice)


def _over(notice: Notice) -> None:
    about = {
        "code": notice.code,
        "game": notice.game,
        "ended": _time(notice.at),
        "result": notice.result,
        "players": msgspec.to_builtins(notice.players),
    }
    result, made = Result.objects.get_or_create(room=notice.room, round=notice.round, defaults=about)
    if made:
        result.users.set(_users(notice))
        signals.game_over.send(sender=Result, notice=notice, result=result)


def _users(notice: Notice) -> list[Any]:
    """:returns: the users of this project among the players, as far as they still exist."""
    users = get_user_model()._default_manager
    found = []
    for key in {player.user.removeprefix(USER) for player in notice.players if player.user.startswith(USER)}:
        try:
            found += users.filter(pk=key)
        except (ValueError, OverflowError, ValidationError):
            continue  # not a key of this project's users: it may have changed the model
    return found


def _sanctioned(notice: Notice) -> None:
    ServerSanction.objects.get_or_create(sanction=notice.data["id"], defaults=_about(notice))


def _lifted(notice: Notice) -> None:
    # It may come before the notice of the sanction itself, if that was refused at first and is sent again later.
    about = {**_about(notice), "lifted": _time(notice.at)}
    ServerSanction.objects.update_or_create(sanction=notice.data["id"], defaults=about)


def _about(notice: Notice) -> dict[str, Any]:
    data = notice.data
    about = {name: data[name] for name in ("act", "user", "address", "game", "reason", "shadow") if name in data}
    until = data.get("until")
    return {**about, "made": _time(notice.at), "until": None if until is None else _time(until)}


def _reported(notice: Notice) -> None:
    data = notice.data
    about = {
        "made": _time(notice.at),
        "game": data.get("game", ""),
        "code": data.get("room", ""),
        "by": data.get("by"),
        "whom": data.get("whom"),
        "reason": data.get("reason", ""),
        "lines": data.get("lines", []),
    }
    PlayerReport.objects.get_or_create(notice=notice.id, defaults=about)


def _time(at_s: float) -> datetime:
    at = datetime.fromtimestamp(at_s, tz=UTC)
    return at if settings.USE_TZ else make_naive(at)


KINDS: Final[dict[str, Callable[[Notice], None]]] = {
    "game_started": _started,
    "game_over": _over,
    "player_left": _left,
    "sanction": _sanctioned,
    "lifted": _lifted,
    "report": _reported,
}
