"""``manage.py gameserver_rooms``: the public rooms of the game server, as it tells anybody."""

from __future__ import annotations

import json
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

ANSWER_S = 5.0


class Command(BaseCommand):  # type: ignore[misc]
    """One line for each room: code, game, players, status."""

    help = "Lists the public rooms of the game server at GAMESERVER_URL."

    def add_arguments(self, parser: Any) -> None:
        """Take the name of a game."""
        parser.add_argument("--game", help="Only rooms of this game.")

    def handle(self, *_: Any, game: str | None = None, **__: Any) -> None:
        """:raises CommandError: the server is not named, or does not answer."""
        url = str(getattr(settings, "GAMESERVER_URL", "") or "").rstrip("/")
        if not url:
            raise CommandError("GAMESERVER_URL is not set")
        rooms = _asked(f"{url}/api/rooms" + (f"?{urlencode({'game': game})}" if game else ""))
        for each in rooms:
            players = f"{each['players']} of {each['max_players']}"
            self.stdout.write(f"{each['room']:<10} {each['game']:<20} {players:<12} {each['status']}")
        if not rooms:
            self.stdout.write("No public rooms.")


def _asked(url: str) -> list[dict[str, Any]]:
    """:raises CommandError: it does not answer, or is no game server."""
    try:
        with urlopen(url, timeout=ANSWER_S) as answer:
            return list(json.load(answer)["rooms"])
    except (URLError, OSError, ValueError, KeyError, TypeError) as error:
        raise CommandError(f"{url} does not tell its rooms: {error}") from None
