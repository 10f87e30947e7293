"""Who may create rooms, and of which games."""

from __future__ import annotations

from collections.abc import Sequence

from gameserver.interfaces import User, is_guest

EVERYONE = ("everyone",)


class Creators:
    """
    Who may create rooms, as the setting ``create`` says.

    :param rules: each ``everyone``, ``users`` (no guests), ``moderator`` or ``admin``, for all games; or such a word
        after a game's name and ``=``: for that game alone, instead of the general rule. Of several the last counts.
    """

    def __init__(self, rules: Sequence[str] = EVERYONE) -> None:
        self._rules = {game: who for game, _, who in (rule.rpartition("=") for rule in rules)}

    def admits(self, user: User, game: str) -> bool:
        """Whether this user may create a room of this game; an administrator always may."""
        who = self._rules.get(game, self._rules.get("", "everyone"))
        if who == "everyone" or "admin" in user.rights:
            return True
        return not is_guest(user) if who == "users" else who in user.rights
