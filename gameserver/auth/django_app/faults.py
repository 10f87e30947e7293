"""How asking a project's own code and its database can fail; this module needs no Django."""

from __future__ import annotations

from gameserver.errors import GameServerError


class ProjectFault(GameServerError):
    """
    Code of the project raised something.

    :param setting: the setting of the project that names this code, or another hint where an operator should look.
    :param error: what was raised.
    """

    def __init__(self, setting: str, error: BaseException) -> None:
        self.setting = setting
        super().__init__(f"{setting}: {type(error).__name__}: {error}")


class NotAdmitted(GameServerError):
    """
    The project does not let this user play.

    :param reason: for the user to read.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class ProjectAway(GameServerError):
    """The project's database does not answer, so nothing is known about the user in question."""
