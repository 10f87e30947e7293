"""What ``manage.py check`` says is missing, so that nobody has to find out at the first ticket."""

from __future__ import annotations

from typing import Any, Final

from django.core import checks

from gameserver.auth.django_app.selling import SECRET_FILE, NoSecret, secrets

HINT: Final = f"Set {SECRET_FILE} to a file that the game server names as django.secret."


def register() -> None:
    """Register these checks with Django."""
    checks.register(check_secret, checks.Tags.security)
    checks.register(check_deployed_secret, checks.Tags.security, deploy=True)


def check_secret(**_: Any) -> list[Any]:
    """:returns: a warning if no tickets can be sold; a machine that only migrates or tests needs no secret."""
    return [checks.Warning(text, hint=HINT, id="gameserver.W001") for text in _faults()]


def check_deployed_secret(**_: Any) -> list[Any]:
    """:returns: the same as an error, for ``manage.py check --deploy``."""
    return [checks.Error(text, hint=HINT, id="gameserver.E001") for text in _faults()]


def _faults() -> list[str]:
    try:
        secrets()
    except NoSecret as error:
        return [str(error)]
    return []
