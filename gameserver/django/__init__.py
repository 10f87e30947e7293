"""
What lives in a Django project: ``"gameserver.django"`` in its ``INSTALLED_APPS``.

The game server itself imports nothing from here: it asks a project by `gameserver.auth.django_app`, which both share.
"""

from __future__ import annotations

from typing import Any


def revoke(*users: Any) -> None:
    """
    Cut these users of the project off: connections are closed, and no token from before now is good.

    For what Django has no signal for, such as "log out everywhere"; that users are switched off, deleted, or have other
    groups, flags or passwords, is told by itself.
    """
    from gameserver.django import revocations  # needs settings, which a package of INSTALLED_APPS must not

    revocations.revoke(*users)
