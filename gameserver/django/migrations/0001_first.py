"""The tables of results, sanctions and reports."""

from __future__ import annotations

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):  # type: ignore[misc]
    """Makes these tables."""

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Room",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ],
            options={
                "managed": False,
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="PlayerReport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("notice", models.CharField(max_length=100, unique=True)),
                ("made", models.DateTimeField()),
                ("game", models.CharField(blank=True, max_length=100)),
                ("code", models.CharField(blank=True, max_length=32)),
                ("by", models.JSONField(null=True)),
                ("whom", models.JSONField(null=True)),
                ("reason", models.TextField(blank=True)),
                ("lines", models.JSONField(default=list)),
            ],
            options={
                "ordering": ("-made",),
            },
        ),
        migrations.CreateModel(
            name="ServerSanction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sanction", models.CharField(max_length=64, unique=True)),
                ("act", models.CharField(max_length=16)),
                ("user", models.CharField(blank=True, db_index=True, max_length=300)),
                ("address", models.CharField(blank=True, max_length=64)),
                ("game", models.CharField(blank=True, max_length=100)),
                ("reason", models.TextField(blank=True)),
                ("shadow", models.BooleanField(default=False)),
                ("made", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                ("lifted", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ("-made",),
            },
        ),
        migrations.CreateModel(
            name="Result",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("room", models.CharField(max_length=64)),
                ("round", models.PositiveIntegerField()),
                ("code", models.CharField(max_length=32)),
                ("game", models.CharField(db_index=True, max_length=100)),
                ("ended", models.DateTimeField(db_index=True)),
                ("result", models.JSONField(null=True)),
                ("players", models.JSONField(default=list)),
                ("users", models.ManyToManyField(blank=True, related_name="game_results", to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "ordering": ("-ended",),
            },
        ),
        migrations.AddConstraint(
            model_name="result",
            constraint=models.UniqueConstraint(fields=("room", "round"), name="gameserver_round_once"),
        ),
    ]
