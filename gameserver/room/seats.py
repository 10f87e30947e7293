"""
A user's place in a room, and all places of a room.

A seat outlives connections: many sessions may hold it at once, and it is held while its owner is away.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from gameserver.errors import Refused
from gameserver.rates import TokenBucket
from gameserver.room.timers import TimerName

if TYPE_CHECKING:
    from gameserver.interfaces import ISession
    from gameserver.room.room import Room
    from gameserver.room.teams import Team


HOST_ROLES: Final = ("player", "host")
"""Who may be host; a screen or a spectator never is."""


class Player:
    """
    A seat of a room, and who sits in it: a player, or somebody in another role.

    :ivar id: the seat's id, unique in its room for all time.
    :ivar user_id: whose seat it is.
    :ivar name: what the others see.
    :ivar account: whether its owner has an account, here or elsewhere; a guest is known by a name alone.
    :ivar profile: a small JSON object that the client gave: avatar, colour.
    :ivar role: ``player``, or a role that the game adds.
    :ivar number: the lowest that was free, from 0; None for roles other than ``player``.
    :ivar online: whether somebody is connected to it.
    """

    __slots__ = (
        "_bucket",
        "_entered",
        "_hold_s",
        "_hold_until",
        "_moderates",
        "_read",
        "_room",
        "_sessions",
        "account",
        "gone",
        "id",
        "name",
        "number",
        "online",
        "profile",
        "role",
        "user_id",
    )

    def __init__(
        self, room: Room, id: str, user_id: str, name: str, profile: dict[str, Any], role: str, number: int | None
    ) -> None:
        self._room = room
        self.id = id
        self.user_id = user_id
        self.name = name
        self.profile = profile
        self.role = role
        self.number = number
        self.account = False
        self.online = False
        self.gone = False
        self._hold_s: float = room.game_class.hold_s
        self._hold_until: float | None = None
        self._sessions: list[ISession] = []
        self._entered: dict[str, int] = {}
        self._read: dict[str, int] = {}
        self._moderates = False
        rate = room.game_class.messages_per_s
        self._bucket = TokenBucket(rate, 2 * rate)

    @property
    def groups(self) -> list[str]:
        """The names of the groups that this player is in."""
        return [name for name, group in self._room.groups.items() if self.id in group.members]

    @property
    def team(self) -> Team | None:
        """The team that this player is in, where the game has teams."""
        return self._room.teams.of(self)

    @property
    def state(self) -> Any:
        """This player's own document: nobody else sees it."""
        return self._room.doc(f"seat:{self.id}").root

    @state.setter
    def state(self, value: dict[str, Any]) -> None:
        self._room.doc(f"seat:{self.id}").replace(value)

    def send(self, type: str, data: Any = None, *, but: Player | None = None, volatile: bool = False) -> None:
        """Tell this player alone that something happened; see `Game.send`."""
        self._room.say_event(f"seat:{self.id}", type, data, but, volatile)

    def after(self, s: float, timer: TimerName, show: bool = False, **data: Any) -> None:
        """Call a timer of this player after so many seconds; its method gets the player. See `Game.after`."""
        self._room.timers.arm_named(timer, s, show=show, data=data, seat=self)

    def cancel(self, timer: TimerName | None = None) -> None:
        """Cancel one timer of this player, or all."""
        self._room.timers.cancel_named(timer, seat=self)

    def hold(self, s: float) -> None:
        """Hold this seat for so many seconds after a drop, instead of the game's ``hold_s``."""
        seconds = self._room.timers.seconds(s)
        journal = self._room.journal
        journal.set(self, "_hold_s", seconds)
        if self._hold_until is not None:
            journal.set(self, "_hold_until", self._room.now + seconds)
        self._room.dirty.add(self._room.seat_part(self.id))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Player) and other.id == self.id and other._room.id == self._room.id

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        return f"<Player {self.id} {self.name!r} {self.role}>"


class Seats(dict[str, Player]):
    """The seats of one room by id, in order of seniority."""

    def __init__(self, room: Room) -> None:
        super().__init__()
        self._room = room
        self.next_id = 1
        self.host: str | None = None

    def of_role(self, role: str | None) -> Iterator[Player]:
        """:returns: the seats of a role, or all."""
        return (seat for seat in self.values() if role is None or seat.role == role)

    def of_user(self, user_id: str, role: str | None = None) -> Player | None:
        """:returns: this user's seat of that role."""
        return next((s for s in self.of_role(role) if s.user_id == user_id), None)

    def take(self, user_id: str, name: str, profile: dict[str, Any], role: str) -> Player:
        """
        Give a user a new seat.

        :raises Refused: ``room_full``.
        """
        room = self._room
        taken = list(self.of_role(role))
        if len(taken) >= (room.spec.player_seats(role) or 0):
            raise Refused(f"There is no free seat for a {role}." if role != "player" else "", code="room_full")
        number = None
        if role == "player":
            numbers = {s.number for s in taken}
            number = next(n for n in range(len(taken) + 1) if n not in numbers)
        seat = Player(room, str(self.next_id), user_id, name, profile, role, number)
        room.journal.set(self, "next_id", self.next_id + 1)
        room.journal.put(self, seat.id, seat)
        room.seat_changed(seat)
        room.rearrange(seat)
        room.changed()
        self.pass_host()
        return seat

    def give_up(self, seat: Player) -> None:
        """A seat is gone for good: out of the lists, out of its groups, its timers cancelled; state still readable."""
        room = self._room
        for group in room.groups.values():
            group.drop(seat)
        room.talking.forget_seat(seat)
        room.timers.cancel_all(seat=seat.id, questions=True)
        room.journal.remove(self, seat.id)
        room.journal.set(seat, "gone", True)
        room.seat_changed(seat)
        room.rearrange(seat)
        room.changed()
        room.unsettled = True
        self.pass_host()

    def pass_host(self) -> None:
        """Whoever has sat here longest is host, if nobody is: a ``host`` that does not play, or a player."""
        if self.host in self:
            return
        heir = next((s for s in self.values() if s.role in HOST_ROLES), None)
        self.set_host(heir)

    def set_host(self, seat: Player | None) -> None:
        """Make this seat the host."""
        room = self._room
        before = self.get(self.host) if self.host is not None else None
        room.journal.set(self, "host", seat.id if seat is not None else None)
        for changed in (before, seat):
            if changed is not None:
                room.seat_changed(changed)
        room.changed()
