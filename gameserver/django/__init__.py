"""
What lives in a Django project: ``"gameserver.django"`` in its ``INSTALLED_APPS``.

The game server itself imports nothing from here: it reaches a project by `gameserver.auth.django_app`, which both use.
"""

from __future__ import annotations

from typing import Any


def revoke(*users: Any) -> None:
    """
    Cut off these users of the project: their connections are closed, and tokens made before this call are refused.

    Call this for what Django has no signal for, such as "log out everywhere". When users are deactivated or deleted, or
    get other groups, flags or passwords, the server is told without it.
    """
    from gameserver.django import revocations  # needs settings, which a package of INSTALLED_APPS must not

    revocations.revoke(*users)
