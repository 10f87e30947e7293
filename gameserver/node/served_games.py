"""The games that a node serves, by name; one may get a new release while others are played."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gameserver.errors import Refused
from gameserver.room.bounds import message_bytes

if TYPE_CHECKING:
    from gameserver.game.spec import Spec
    from gameserver.node.calendar import Calendar
    from gameserver.node.rooms_aside import RoomsAside


class ServedGames:
    """
    The games of a node.

    :param specs: the games, by name.
    :param aside: the rooms in the store that these games cannot run.
    :ivar calendar: calls their methods that are marked with `gameserver.cron`.
    """

    calendar: Calendar

    def __init__(self, specs: Mapping[str, Spec], aside: RoomsAside) -> None:
        self.specs = dict(specs)
        self._aside = aside

    @property
    def message_bytes(self) -> int:
        """The size of the largest message that any game allows, as JSON."""
        return max((spec.message_bytes for spec in self.specs.values()), default=message_bytes(0, 0))

    def versions(self) -> dict[str, int]:
        """:returns: the version of each game, by name."""
        return {name: spec.cls.version for name, spec in self.specs.items()}

    def spec(self, game: str) -> Spec:
        """:raises Refused: no such game is served; ``quarantined`` if rooms of it are kept aside, or ``not_found``."""
        spec = self.specs.get(game)
        if spec is None:
            self._aside.check_game(game)
            raise Refused("There is no such game.", code="not_found")
        return spec

    def serve(self, spec: Spec) -> None:
        """Serve a game, or another release of one; of that no room may be running here."""
        self.specs[spec.name] = spec
        self._aside.released(spec.name)
        self.calendar.serve(spec)
