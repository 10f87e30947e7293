"""Pages of the admin: results, sanctions, reports and rooms, read-only; whoever wants to act does so on the server."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.template.response import TemplateResponse

from gameserver.django.models import PlayerReport, Result, Room, ServerSanction
from gameserver.django.rooms import NoRooms, public_rooms


class ReadOnly(admin.ModelAdmin):  # type: ignore[misc]
    """A page of what the server has told; nobody changes that here, since the server would not know."""

    def has_add_permission(self, *_: Any) -> bool:
        """Nobody may add a row."""
        return False

    def has_change_permission(self, *_: Any) -> bool:
        """Nobody may change a row."""
        return False

    def has_delete_permission(self, *_: Any) -> bool:
        """Nobody may delete a row; a project that does not keep rows for ever deletes them by a task of its own."""
        return False


@admin.register(Result)
class ResultAdmin(ReadOnly):
    """Results of rounds."""

    list_display = ("game", "code", "round", "ended")
    list_filter = ("game",)
    search_fields = ("code", "room")


@admin.register(ServerSanction)
class SanctionAdmin(ReadOnly):
    """Sanctions."""

    list_display = ("act", "user", "address", "game", "made", "until", "lifted")
    list_filter = ("act", "game")
    search_fields = ("user", "address", "reason")


@admin.register(PlayerReport)
class ReportAdmin(ReadOnly):
    """Reports."""

    list_display = ("made", "game", "code", "reason")
    list_filter = ("game",)
    search_fields = ("code", "reason")


@admin.register(Room)
class RoomAdmin(ReadOnly):
    """The server's public rooms, as it lists them at the moment."""

    def changelist_view(self, request: Any, extra_context: dict[str, Any] | None = None) -> Any:
        """Show the list that the server answers."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            rooms, fault = public_rooms(), ""
        except NoRooms as error:
            rooms, fault = [], str(error)
        about = {"title": "Rooms", "rooms": rooms, "fault": fault, "opts": self.opts}
        context = {**self.admin_site.each_context(request), **about, **(extra_context or {})}
        return TemplateResponse(request, "gameserver/admin/rooms.html", context)
