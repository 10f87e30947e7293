"""The signals of a project by which somebody may no longer play, or has other rights."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db.models.signals import m2m_changed, post_save, pre_delete

from gameserver.django.revocations import changed


def connect() -> None:
    """Connect to the signals of the project's users and groups; call this once its models are loaded."""
    user = get_user_model()
    post_save.connect(user_saved, sender=user, dispatch_uid="gameserver.user_saved")
    pre_delete.connect(user_deleted, sender=user, dispatch_uid="gameserver.user_deleted")
    pre_delete.connect(group_deleted, sender=Group, dispatch_uid="gameserver.group_deleted")
    if hasattr(user, "groups"):
        m2m_changed.connect(groups_changed, sender=user.groups.through, dispatch_uid="gameserver.groups_changed")


def user_saved(instance: Any, created: bool = False, update_fields: Any = None, **_: Any) -> None:
    """A user was saved: flags or the password may have changed, which is found out by looking the user up."""
    if not created and set(update_fields or ("all",)) != {"last_login"}:  # every login of Django's writes that
        changed([str(instance.pk)])


def user_deleted(instance: Any, **_: Any) -> None:
    """A user is deleted; the server is told after the transaction."""
    changed([str(instance.pk)])


def group_deleted(instance: Any, **_: Any) -> None:
    """A group is deleted: its members lose the rights that it gave."""
    keys = get_user_model()._default_manager.filter(groups=instance).values_list("pk", flat=True)
    if members := list(map(str, keys)):
        changed(members)


def groups_changed(instance: Any, action: str = "", pk_set: Any = None, reverse: bool = False, **_: Any) -> None:
    """The groups of a user have changed, or the users of a group."""
    if reverse and action == "pre_clear":
        group_deleted(instance)
    elif action in ("post_add", "post_remove", "post_clear"):
        changed([str(key) for key in pk_set or ()] if reverse else [str(instance.pk)])
