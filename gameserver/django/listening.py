"""What of a project's signals says that somebody may play no more, or has other rights."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db.models.signals import m2m_changed, post_save, pre_delete

from gameserver.django.revocations import changed


def connect() -> None:
    """Hear of the project's users and groups, once its models are there."""
    user = get_user_model()
    post_save.connect(user_saved, sender=user, dispatch_uid="gameserver.user_saved")
    pre_delete.connect(user_deleted, sender=user, dispatch_uid="gameserver.user_deleted")
    pre_delete.connect(group_deleted, sender=Group, dispatch_uid="gameserver.group_deleted")
    if hasattr(user, "groups"):
        m2m_changed.connect(groups_changed, sender=user.groups.through, dispatch_uid="gameserver.groups_changed")


def user_saved(instance: Any, created: bool = False, update_fields: Any = None, **_: Any) -> None:
    """Flags, or the password: which, is told by how the user is found afterwards."""
    if not created and set(update_fields or ("all",)) != {"last_login"}:  # which every login of Django's writes
        changed([str(instance.pk)])


def user_deleted(instance: Any, **_: Any) -> None:
    """The user is gone once the transaction is."""
    changed([str(instance.pk)])


def group_deleted(instance: Any, **_: Any) -> None:
    """Its members lose what it gave."""
    keys = get_user_model()._default_manager.filter(groups=instance).values_list("pk", flat=True)
    if members := list(map(str, keys)):
        changed(members)


def groups_changed(instance: Any, action: str = "", pk_set: Any = None, reverse: bool = False, **_: Any) -> None:
    """A user's groups, or a group's users."""
    if reverse and action == "pre_clear":
        group_deleted(instance)
    elif action in ("post_add", "post_remove", "post_clear"):
        changed([str(key) for key in pk_set or ()] if reverse else [str(instance.pk)])
