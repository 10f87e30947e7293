"""``payload["teams"]``: the teams of a room for a game in the function style, where users are named by their ids."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gameserver.room.seats import Player
from gameserver.room.teams import Late, Mode, Teams, Wish

if TYPE_CHECKING:
    from gameserver.game.game import Game


class FunctionTeams:
    """
    What `Game.teams` is in a class. A team is a public group as well: its members are in ``payload["groups"]``.

    >>> def payload_handler(group_add, socket_self_send, socket_group_send, payload):
    ...     if payload["action"] == "CREATE_ROOM":
    ...         payload["teams"](["red", "blue"])
    """

    def __init__(self, game: Game, check: Callable[[], None], find: Callable[[str | None], Player]) -> None:
        self._game = game
        self._check = check
        self._find = find

    def __call__(
        self, teams: Wish, *, mode: Mode = "balanced", late: Late = "smallest", size: int | None = None
    ) -> None:
        """Make teams; the parameters are those of `Game.teams`."""
        self._check()
        self._game.teams(teams, mode=mode, late=late, size=size)

    def of(self, user_id: str | None = None) -> str | None:
        """Return the name of the team that the sender, or another user of this room, is in; None: in none."""
        team = self._teams.of(self._find(user_id))
        return team.name if team is not None else None

    def move(self, user_id: str, team: str) -> None:
        """Put a user into a team, and out of any other."""
        self._teams.move(self._find(user_id), team)

    def shuffle(self) -> None:
        """Deal all players out anew by chance."""
        self._teams.shuffle()

    @property
    def scores(self) -> dict[str, int | float]:
        """The score of each team by its name, in the order in which they were declared."""
        return self._teams.scores

    def score(self, team: str, points: float) -> None:
        """Give a team so many points more, or less where they are below 0; everybody sees its score."""
        self._teams[team].score += points

    @property
    def _teams(self) -> Teams:
        self._check()
        return self._game.teams()
