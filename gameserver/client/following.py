"""
Where requests and rooms go when the server that was asked cannot serve them.

They go to the node that has the room; back to the first address, if that node cannot be reached; or to the same server
again after a while. The caller notices only that it takes longer. What fails for long is reported once, by the client's
``on_error``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gameserver.client.link import DETOURS
from gameserver.client.nodes import Nodes
from gameserver.client.requests import Request, Requests
from gameserver.errors import ConnectionFailed, Refused
from gameserver.protocol import messages

if TYPE_CHECKING:
    from gameserver.client.client import Client
    from gameserver.client.link import Link
    from gameserver.client.room import Room

HOPS: Final = 3
"""How many redirects are followed in a row; then the first address is asked again, after a while."""

MISSES: Final = 8
"""How many nodes in a row may be out of reach before that is reported: a node that died has lost its lease by then."""

MATCHES: Final = 10
"""How many rooms `Client.match` may be offered in vain before it fails."""

ANYWHERE: Final = frozenset({"create", "match", "join", "resume"})
"""Requests that may be sent again, to any node, until one answers."""

SEAT: Final[tuple[str, ...]] = ("name", "role", "password", "profile")
"""The fields of a request that are about the seat, whatever the room."""

NO_ROOM: Final = frozenset({"room_full", "room_locked", "room_over", "not_found"})
"""Refusals by a room that a match has offered, after which it looks for another."""


class Following:
    """Takes the requests and rooms of one client to the nodes that can serve them."""

    def __init__(self, client: Client, nodes: Nodes, requests: Requests) -> None:
        self._client = client
        self._nodes = nodes
        self._requests = requests

    def on_redirect(self, redirect: messages.Redirect, link: Link) -> None:
        """Send a request on to the node that has its room, or go on to the room that came after it."""
        request = self._requests.find(redirect.id)
        if request is None:
            return
        if request.room is not None and request.room.code != redirect.room:
            self._requests.take(request.id)
            self._client._leave(request.room, messages.Left(request.room.code, "next", next=redirect.room))
            self.go_on(request.room, redirect.room)
            return
        if request.room is not None:
            self._requests.take(request.id)  # it is asked anew where the room is
            self._redirect_room(request.room, redirect.url, link)
            return
        if not _is_code(request.code, redirect.room):
            fields = {key: request.fields[key] for key in SEAT if key in request.fields}
            self._requests.become(request, "join", redirect.room, fields)
        request.detour.hops += 1
        if request.detour.hops > HOPS:
            self._go_home(request)
        else:
            there = self._at(redirect.url, link)
            self._requests.send_to(request, there)
            there.open()

    def go_on(self, room: Room, code: str) -> None:
        """All who were in a room go on in another: take a seat there with the same role."""
        asked = self._client._ask("join", room_code=code, role=room.seat.role)
        asked.addCallbacks(room._next.here, room._next.fail)

    def _redirect_room(self, room: Room, url: str | None, link: Link) -> None:
        room._detour.hops += 1
        if room._detour.hops > HOPS:
            self._bring_home(room)
        else:
            self._move_room(room, self._at(url, link))

    def _at(self, url: str | None, link: Link) -> Link:
        """:param url: None: that of the server that sent the message. :returns: the link to it."""
        return link if url is None else self._nodes.at(url)

    def on_moved(self, room: Room, url: str | None, link: Link) -> None:
        """
        Look for a room that its node has let go; the seat in it is held.

        :param url: where the room is; None: ask the same server again.
        """
        self._move_room(room, self._at(url, link))
        self.sweep()

    def _move_room(self, room: Room, link: Link) -> None:
        self.carry(room, link)
        link.open()
        if link.welcomed:
            room._resume()

    def carry(self, room: Room, link: Link) -> None:
        """Move a seat to another connection, on which nothing was sent for it yet."""
        room._detach()
        if room._link is not link:
            self._requests.stop_resuming(room)
            room._link = link
        self._requests.say_again(room)

    def says_again(self, request: Request, refused: Refused) -> bool:
        """:returns: whether a refused request is sent again, at once or later, instead of failing."""
        if request.room is not None or request.op not in ANYWHERE:
            return False
        detour = request.detour
        if refused.code == "busy" and refused.retry_ms is not None:
            if not detour.waits:
                refused.room = refused.room or request.code
                self._client._tell_error(refused)
            delay_s = refused.retry_ms / 1000 + request.link.delay_s(min(detour.waits, DETOURS))
            detour.waits += 1
            self._requests.say_later(request, request.link, delay_s)
            return True
        if refused.code == "draining":
            self._requests.say_later(request, request.link, request.link.delay_s(detour.waits))
            detour.waits += 1
            if not any(room._link is request.link for room in self._client.rooms.values()):
                request.link.hang_up()  # the next connection may reach another server
            return True
        if request.sought is not None and refused.code in NO_ROOM and detour.matches < MATCHES:
            detour.matches += 1
            detour.hops = 0
            self._requests.become(request, "match", None, request.sought)
            self._requests.say_later(request, self._nodes.home, self._nodes.home.delay_s(detour.matches - 1))
            return True
        return False

    def on_unreachable(self, link: Link) -> None:
        """A node does not answer: send its requests and rooms to the first address, which may know a better one."""
        why = f"The node at {link.url} cannot be reached from here."
        for room in list(self._client.rooms.values()):
            if room._link is link:
                room._detour.misses += 1
                if room._detour.misses == MISSES:
                    refused = Refused(why, code="unreachable")
                    refused.room = room.code
                    self._client._tell_error(refused)
                self._bring_home(room)
        for request in self._requests.on(link):
            request.detour.misses += 1
            if request.detour.misses >= MISSES:
                self._requests.fail(request, ConnectionFailed(why))
            else:
                self._go_home(request)
        self._nodes.drop(link)

    def sweep(self) -> None:
        """Close the links to nodes that no room and no request needs."""
        for link in self._nodes.others:
            used = any(room._link is link for room in self._client.rooms.values())
            if not used and not any(True for _ in self._requests.on(link)):
                self._nodes.drop(link)

    def _go_home(self, request: Request) -> None:
        home, detour = self._nodes.home, request.detour
        detour.hops = 0
        detour.waits += 1
        # Another node has the room within the time of a lease; asking often costs little.
        self._requests.say_later(request, home, home.delay_s(min(max(detour.misses, detour.waits), DETOURS)))

    def _bring_home(self, room: Room) -> None:
        room._detour.hops = 0
        self.carry(room, self._nodes.home)
        room._retry_later(most=DETOURS)


def _is_code(typed: str | None, room: str) -> bool:
    """Whether this, as somebody has typed it, perhaps in small letters, with spaces or dashes, is a room's code."""
    return typed is not None and typed.upper().replace(" ", "").replace("-", "") == room
