"""What the game server tells a project, kept as rows: results of rounds, sanctions, and reports."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Result(models.Model):  # type: ignore[misc]
    """
    How a round ended.

    :ivar room: the room's id, which no other room ever has.
    :ivar code: what people typed to enter the room.
    :ivar round: which round of that room; 1 is the first.
    :ivar result: what the game called `over` with.
    :ivar players: the seats, as JSON: user, name, role, number of each.
    :ivar users: the players who are users of this project.
    """

    room = models.CharField(max_length=64)
    round = models.PositiveIntegerField()
    code = models.CharField(max_length=32)
    game = models.CharField(max_length=100, db_index=True)
    ended = models.DateTimeField(db_index=True)
    result = models.JSONField(null=True)
    players = models.JSONField(default=list)
    users = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="game_results", blank=True)

    class Meta:
        """A round of a room has one row."""

        app_label = "gameserver"
        ordering = ("-ended",)
        constraints = (models.UniqueConstraint(fields=("room", "round"), name="gameserver_round_once"),)

    def __str__(self) -> str:
        return f"{self.game} {self.code}, round {self.round}"


class ServerSanction(models.Model):  # type: ignore[misc]
    """
    A mute or ban of a user, or of whoever comes from some addresses.

    :ivar sanction: its id on the server.
    :ivar act: ``mute`` or ``ban``.
    :ivar until: when it ends; None: never.
    :ivar lifted: when it was ended early; None: it was not.
    """

    sanction = models.CharField(max_length=64, unique=True)
    act = models.CharField(max_length=16)
    user = models.CharField(max_length=300, blank=True, db_index=True)
    address = models.CharField(max_length=64, blank=True)
    game = models.CharField(max_length=100, blank=True)
    reason = models.TextField(blank=True)
    shadow = models.BooleanField(default=False)
    made = models.DateTimeField()
    until = models.DateTimeField(null=True)
    lifted = models.DateTimeField(null=True)

    class Meta:
        """The newest first."""

        app_label = "gameserver"
        ordering = ("-made",)

    def __str__(self) -> str:
        return f"{self.act} of {self.user or self.address}"


class PlayerReport(models.Model):  # type: ignore[misc]
    """
    A report by a player.

    :ivar notice: the id of the notice in which the server told of it.
    :ivar lines: the chat around it, as JSON.
    """

    notice = models.CharField(max_length=100, unique=True)
    made = models.DateTimeField()
    game = models.CharField(max_length=100, blank=True)
    code = models.CharField(max_length=32, blank=True)
    by = models.JSONField(null=True)
    whom = models.JSONField(null=True)
    reason = models.TextField(blank=True)
    lines = models.JSONField(default=list)

    class Meta:
        """The newest first."""

        app_label = "gameserver"
        ordering = ("-made",)

    def __str__(self) -> str:
        return f"report of {(self.whom or {}).get('name', 'somebody')}"


class Room(models.Model):  # type: ignore[misc]
    """A room of the server. This project keeps none of them: the admin asks the server each time."""

    class Meta:
        """No table."""

        app_label = "gameserver"
        managed = False
        default_permissions = ("view",)
