"""Who may create rooms, and of which games."""

from __future__ import annotations

from collections.abc import Sequence

from gameserver.interfaces import User, is_guest

EVERYONE = ("everyone",)


class Creators:
    """
    :param rules: ``everyone``, ``users`` (no guests), ``moderator`` or ``admin``; with a game's name and ``=`` before
        it, of that game alone, whatever holds for others. The last rule that fits counts.
    """

    def __init__(self, rules: Sequence[str] = EVERYONE) -> None:
        self._rules = {game: who for game, _, who in (rule.rpartition("=") for rule in rules)}

    def admits(self, user: User, game: str) -> bool:
        """Whether this user may create a room of this game; an administrator always may."""
        who = self._rules.get(game, self._rules.get("", "everyone"))
        if who == "everyone" or "admin" in user.rights:
            return True
        return not is_guest(user) if who == "users" else who in user.rights
