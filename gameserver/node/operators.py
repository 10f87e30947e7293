"""What operators do from outside: act on a room, sanction users and addresses, read the log, announce something."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from gameserver.errors import Refused
from gameserver.interfaces import User
from gameserver.node.sanctions import Sanction
from gameserver.node.showing_out import expel
from gameserver.protocol.texts import cleaned, said
from gameserver.room.chat import moderation
from gameserver.room.chat.moderation import SLOWEST_S, has_right
from gameserver.room.chat.records import Record, Who
from gameserver.room.inputs.moderation import Moderate

if TYPE_CHECKING:
    from gameserver.node.rooms import RoomRegistry
    from gameserver.node.rooms_aside import RoomAside

LISTED: Final = 100
"""How many entries of the log one answer has at most."""
Act = Literal["mute", "unmute", "shadow", "kick", "ban", "unban", "slow", "links"]


class RoomAct(Struct, forbid_unknown_fields=True):
    """
    What is done in one room.

    :ivar seat: id of the seat to which it is done, if it is about somebody.
    :ivar name: for ``unban``: the user's name at the time, or id.
    :ivar s: for how many seconds; None: for good. For ``slow``: the seconds between two lines.
    :ivar on: for ``links``: whether they are allowed.
    """

    act: Act
    seat: str | None = None
    name: str = ""
    s: float | None = None
    on: bool = True
    reason: str = ""


class SanctionWish(Struct, forbid_unknown_fields=True):
    """
    A mute or ban on the whole server, or in one game: of a user, or of addresses.

    :ivar user: the user's id.
    :ivar game: empty: the whole server.
    :ivar s: for how many seconds; None: for good.
    :ivar shadow: whether a muted user's lines are still shown to their writer.
    """

    act: Literal["mute", "ban"]
    user: str = ""
    address: str = ""
    game: str = ""
    s: float | None = None
    shadow: bool = False
    reason: str = ""


class Announcement(Struct, forbid_unknown_fields=True):
    """What is announced to everybody who listens."""

    text: str
    data: Any = None


class QuarantineAct(Struct, forbid_unknown_fields=True):
    """What is done with a room in quarantine: ``free``: it is run again; ``close``: it is deleted for good."""

    act: Literal["free", "close"]


class Operators:
    """
    Every method takes the user who asks, and refuses with ``forbidden`` anybody without the right to it.

    :param registry: this node's rooms.
    """

    def __init__(self, registry: RoomRegistry) -> None:
        self._registry = registry

    async def act(self, user: User, code: str, wish: RoomAct) -> None:
        """
        Act on one room; the act is stored when this returns.

        :raises Refused: there is no such room or seat, or the act makes no sense there.
        """
        check_right(user)
        _check_seconds(wish.s)
        wish = replace(wish, reason=cleaned(wish.reason))
        runner = await self._registry.reach(code)
        act, how = _called_with(wish)
        await runner.post(Moderate(act, user, wish.seat, how))
        # After the commit: a process that dies before it must not have said that it is done.
        await runner.told()

    async def sanction(self, user: User, wish: SanctionWish) -> Sanction:
        """
        Impose a sanction, from now on, on all nodes; a banned user loses all seats and connections on this one.

        :returns: the sanction, with its id, once it is stored.
        :raises Refused: ``bad_data``: it is about nobody; ``not_found``: there is no such user.
        :raises StoreUnavailable: the store may not have it.
        """
        check_right(user)
        _check_seconds(wish.s)
        wish = replace(wish, reason=cleaned(wish.reason))
        if wish.game:
            self._registry.spec(wish.game)
        now = self._registry.clock.now()
        until = None if wish.s is None else now + wish.s
        rest = {"user": wish.user, "address": wish.address, "game": wish.game}
        wanted = Sanction(id="", act=wish.act, until=until, shadow=wish.shadow, reason=wish.reason, **rest)
        wanted.check()
        if wish.user and not await self._registry.knows(wish.user):
            raise Refused("There is no such user; it is the id that is asked for.", code="not_found", path="$.user")
        made = self._registry.watch.sanction(wanted)
        if wish.act == "ban" and not wish.game:
            self._registry.people.close_banned(self._registry.watch)
        await self._registry.watch.stored()
        whom = Who(wish.user, "") if wish.user else None
        self._note(user, wish.act, whom=whom, s=wish.s, reason=wish.reason, about=wish.address, game=wish.game)
        if wish.act == "ban":
            await expel(self._registry, user, made)
        return made

    def sanctions(self, user: User) -> list[Sanction]:
        """:returns: the sanctions that stand at the moment."""
        check_right(user)
        now = self._registry.clock.now()
        return [sanction for sanction in self._registry.watch.sanctions if not sanction.is_past(now)]

    async def lift(self, user: User, id: str) -> None:
        """
        Lift a sanction, by its id.

        :raises Refused: ``not_found``: there is no such sanction.
        """
        check_right(user)
        lifted = self._registry.watch.lift(id)
        await self._registry.watch.stored()
        whom = Who(lifted.user, "") if lifted.user else None
        self._note(user, f"un{lifted.act}", whom=whom, about=lifted.address, game=lifted.game)

    def log(self, user: User, *, kind: str | None, before: str | None) -> list[dict[str, Any]]:
        """
        :param kind: only entries of this act; None: of all.
        :param before: the ``id`` of an entry: only older ones.
        :returns: the newest entries of the log, `LISTED` at most, each with an ``id``.
        """
        check_right(user)
        found = self._registry.watch.newest(most=LISTED, kind=kind, before=before)
        return [{"id": page, **msgspec.to_builtins(record)} for page, record in found]

    async def announce(self, user: User, wish: Announcement) -> None:
        """
        Announce something to everybody who listens.

        :raises Refused: the text is empty or too long.
        """
        check_right(user)
        text = said(wish.text, self._registry.chat_chars)
        await self._registry.lobby_chat.announce(text, wish.data)
        self._note(user, "announce", about=text)

    async def quarantined(self, user: User) -> list[RoomAside]:
        """:returns: the rooms that are kept aside here, sorted by code."""
        check_admin(user)
        await self._registry.know_quarantined()
        return sorted(self._registry.aside, key=lambda room: room.code)

    async def show(self, user: User, code: str) -> dict[str, Any]:
        """
        :returns: what the store has of a room that is kept aside, and the steps in which the server ended (``ends``).
        :raises Refused: ``not_found``: it is not kept aside.
        """
        room = await self._aside(user, code)
        return {**await self._registry.mending.show(room.code), "ends": self._registry.unclean.shown(room.id)}

    async def export(self, user: User, code: str) -> dict[str, Any]:
        """
        :returns: a room that is kept aside, as another store can take it.
        :raises Refused: ``not_found``: it is not kept aside.
        """
        room = await self._aside(user, code)
        found: dict[str, Any] = msgspec.to_builtins(await self._registry.mending.export(room.code))
        return found

    async def end_quarantine(self, user: User, code: str, wish: QuarantineAct) -> str | None:
        """
        :returns: why the room is still kept aside; None: it is run, or deleted, as was asked.
        :raises Refused: ``not_found``: it is not kept aside.
        """
        room = await self._aside(user, code)
        why = None
        if wish.act == "free":
            why = await self._registry.free(room.code)
        else:
            await self._registry.close(room.code)
        self._note(user, wish.act, about=room.code, game=room.game)
        return why

    async def _aside(self, user: User, code: str) -> RoomAside:
        check_admin(user)
        return await self._registry.find_aside(code)

    def _note(self, user: User, act: str, **about: Any) -> None:
        at_ms = round(self._registry.clock.now() * 1000)
        self._registry.watch.note(Record(at_ms=at_ms, act=act, by=Who(user.id, user.name), **about))


def _called_with(wish: RoomAct) -> tuple[Callable[..., Any], dict[str, Any]]:
    """:returns: the function that is called in the room, and its arguments besides who acts, and on whom."""
    acts: dict[Act, tuple[Callable[..., Any], dict[str, Any]]] = {
        "mute": (moderation.mute, {"s": wish.s, "shadow": False, "reason": wish.reason}),
        "shadow": (moderation.mute, {"s": wish.s, "shadow": True, "reason": wish.reason}),
        "unmute": (moderation.unmute, {}),
        "kick": (moderation.kick, {"reason": wish.reason}),
        "ban": (moderation.ban, {"s": wish.s, "reason": wish.reason}),
        "unban": (moderation.unban, {"name": wish.name}),
        "slow": (moderation.slow, {"s": min(wish.s or 0.0, SLOWEST_S)}),
        "links": (moderation.links, {"on": wish.on}),
    }
    return acts[wish.act]


def check_right(user: User) -> None:
    """:raises Refused: ``forbidden``: this user moderates nothing."""
    if not has_right(user):
        raise Refused("That takes the right moderator or admin.", code="forbidden")


def check_admin(user: User) -> None:
    """:raises Refused: ``forbidden``: this user is no administrator."""
    if "admin" not in user.rights:
        raise Refused("That takes the right admin.", code="forbidden")


def _check_seconds(s: float | None) -> None:
    if s is not None and not 0 <= s < 1e10:
        raise Refused("Seconds are 0 or more.", code="bad_data", path="$.s")
