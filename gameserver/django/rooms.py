"""The public rooms of the game server, as it lists them for anybody."""

from __future__ import annotations

import json
from typing import Any, Final
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

from django.conf import settings

ANSWER_S: Final = 5.0


class NoRooms(Exception):
    """The rooms cannot be listed; the text says why."""


def public_rooms(game: str | None = None) -> list[dict[str, Any]]:
    """
    Ask the server for its public rooms.

    :param game: list only rooms of this game.
    :raises NoRooms: the server is not named, or does not answer.
    """
    server = str(getattr(settings, "GAMESERVER_URL", "") or "").rstrip("/")
    if not server:
        raise NoRooms("GAMESERVER_URL is not set")
    url = f"{server}/api/rooms" + (f"?{urlencode({'game': game})}" if game else "")
    try:
        with urlopen(url, timeout=ANSWER_S) as answer:
            return list(json.load(answer)["rooms"])
    except (URLError, OSError, ValueError, KeyError, TypeError) as error:
        raise NoRooms(f"{url} does not tell its rooms: {error}") from None
