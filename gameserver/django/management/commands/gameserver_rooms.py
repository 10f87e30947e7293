"""``manage.py gameserver_rooms``: the public rooms of the game server, as it lists them for anybody."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from gameserver.django.rooms import NoRooms, public_rooms


class Command(BaseCommand):  # type: ignore[misc]
    """One line for each room: code, game, players, status."""

    help = "Lists the public rooms of the game server at GAMESERVER_URL."

    def add_arguments(self, parser: Any) -> None:
        """Take the name of a game."""
        parser.add_argument("--game", help="Only rooms of this game.")

    def handle(self, *_: Any, game: str | None = None, **__: Any) -> None:
        """:raises CommandError: the server is not named, or does not answer."""
        try:
            rooms = public_rooms(game)
        except NoRooms as error:
            raise CommandError(str(error)) from None
        for each in rooms:
            players = f"{each['players']} of {each['max_players']}"
            self.stdout.write(f"{each['room']:<10} {each['game']:<20} {players:<12} {each['status']}")
        if not rooms:
            self.stdout.write("No public rooms.")
