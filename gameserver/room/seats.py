"""
A user's place in a room, and all places of a room.

A seat outlives connections: many sessions may hold it at once, and it is held while its owner is away.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import UNSET, UnsetType

from gameserver.errors import Refused
from gameserver.rates import TokenBucket
from gameserver.room import hosts
from gameserver.room.schedule import Schedule
from gameserver.room.seat_index import SeatIndex
from gameserver.room.state import SeatState
from gameserver.room.timers import TimerName
from gameserver.room.turns import ring

if TYPE_CHECKING:
    from gameserver.room.room import Room
    from gameserver.room.teams import Team


class Player:
    """
    A seat of a room, and who sits in it: a player, or somebody in another role.

    :ivar id: the seat's id, unique in its room for all time.
    :ivar role: ``player``, or a role that the game adds.
    """

    __slots__ = ("_bucket", "_kept", "_moderates", "_room", "gone", "id", "role")

    def __init__(self, room: Room, kept: SeatState) -> None:
        self._room = room
        self._kept = kept
        self.id = kept.id  # these two never change, and each message asks for them
        self.role = kept.role
        self.gone = False
        self._moderates = False
        rate = room.game_class.messages_per_s
        self._bucket = TokenBucket(rate, 2 * rate)

    @property
    def user_id(self) -> str:
        """The id of the user whose seat it is."""
        return self._kept.user_id

    @property
    def name(self) -> str:
        """The name that the others see."""
        return self._kept.name

    @property
    def account(self) -> bool:
        """Whether its owner has an account, here or elsewhere; a guest is known by a name alone."""
        return bool(self._kept.account)

    @property
    def profile(self) -> dict[str, Any]:
        """A small JSON object that the client gave when it came: avatar, colour."""
        profile: dict[str, Any] = self._kept.profile
        return profile

    @property
    def number(self) -> int | None:
        """The player's number: the lowest that was free, from 0; None in another role than ``player``."""
        return self._kept.number

    @property
    def online(self) -> bool:
        """Whether at least one connection holds this seat now."""
        return self._kept.online

    @property
    def ready(self) -> bool:
        """Whether this player has said to be ready for a round to start; over once it starts."""
        return bool(self._kept.ready or self._kept.bot)

    @property
    def bot(self) -> str | None:
        """The level of the bot that sits here; None: a person does."""
        return self._kept.bot or None

    @property
    def stand_in(self) -> bool:
        """Whether a bot moves for this player, who is away."""
        return bool(self._kept.stand_in)

    @property
    def groups(self) -> list[str]:
        """The names of the groups that this player is in."""
        return [name for name, group in self._room.state.groups.items() if self.id in group.members]

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
        """
        Tell this player alone that something happened.

        :param type: the event's name.
        :param data: any JSON value.
        :param but: a seat that is left out.
        :param volatile: for what matters only now: it is neither numbered nor kept, and only the newest of its type
            reaches who reads slowly.
        """
        self._room.say_event(f"seat:{self.id}", type, data, but, volatile)

    def after(self, s: float, timer: TimerName, show: bool = False, **data: Any) -> None:
        """
        Call a timer of this player once, after a time; its method gets the player. Whoever leaves takes it along.

        :param s: seconds.
        :param timer: a method marked with ``@timer``, or its name. One that is armed already is armed anew.
        :param show: clients are told when it is due.
        :param data: what the method is called with besides.
        """
        self._room.timers.arm_named(timer, s, show=show, data=data, seat=self)

    def cancel(self, timer: TimerName | None = None) -> None:
        """Cancel one timer of this player, or all."""
        self._room.timers.cancel_named(timer, seat=self)

    def hold(self, s: float | None) -> None:
        """
        Hold this seat for so many seconds after a drop, instead of the game's ``hold_s``; None: until the room closes.

        Of a player who is away already they begin anew.
        """
        seconds = self._room.timers.seconds(s) if s is not None else None
        journal = self._room.journal
        journal.set(self._kept, "hold_s", seconds)
        if not self.online and not self._kept.absent:
            journal.set(self._kept, "hold_until", self._room.now + seconds if seconds is not None else None)

    def _take_over(self, old: Player) -> None:
        """The room was made anew from its row: what of a seat is not kept is as it was."""
        self._bucket, self._moderates = old._bucket, old._moderates

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Player) and other.id == self.id and other._room.id == self._room.id

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        return f"<Player {self.id} {self.name!r} {self.role}>"


def with_ids(value: Any) -> Any:
    """:returns: a value with the ids of seats in place of players, in dicts, also as keys, and in lists."""
    if isinstance(value, Player):
        return value.id
    if isinstance(value, dict):
        return {with_ids(key): with_ids(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [with_ids(item) for item in value]
    return value


class Seats(dict[str, Player]):
    """
    The seats of one room by id, in order of seniority.

    :ivar index: the same by what they are.
    """

    def __init__(self, room: Room, kept: Sequence[SeatState]) -> None:
        super().__init__((one.id, Player(room, one)) for one in kept)
        self._room = room
        self.index = SeatIndex(self.values())
        room.journal.stale.held.update((one.id, None) for one in kept if one.hold_until is not None)
        room.journal.stale.users.update((one.user_id, None) for one in kept)
        self._holds: Schedule[str] | None = None  # until an owner is away

    def __setitem__(self, id: str, seat: Player) -> None:
        super().__setitem__(id, seat)
        self.index.add(seat)

    def __delitem__(self, id: str) -> None:
        self.index.remove(self[id])
        super().__delitem__(id)

    def clear(self) -> None:
        """No seat is there any more."""
        super().clear()
        self.index = SeatIndex()

    def first_held(self) -> Player | None:
        """Return the seat, of those whose owner is away, that is given up first."""
        journal = self._room.journal
        if self._holds is None:
            if not journal.stale.held:
                return None
            self._holds = Schedule(journal.stale.held)
        id = self._holds.first(self, self._held_until, settled=not journal.undo)
        return self[id] if id is not None else None

    def _held_until(self, id: str) -> tuple[float, int] | None:
        seat = self.get(id)
        until = seat._kept.hold_until if seat is not None else None
        return (until, int(id)) if until is not None else None

    @property
    def host(self) -> str | None:
        """The id of the host's seat."""
        return self._room.state.host

    def of_role(self, role: str | None) -> Collection[Player]:
        """:returns: the seats of a role, or all, in order of seniority."""
        return self.values() if role is None else self.index.of_role(role)

    def of_user(self, user_id: str, role: str | None = None) -> Player | None:
        """:returns: this user's seat of that role, or any."""
        own = (s for s in self.index.of_user(user_id) if (role is None or s.role == role) and s.bot is None)
        return next(own, None)

    def rename(self, seat: Player, name: str) -> None:
        """From now on a player is called so."""
        old = seat.name
        self._room.journal.set(seat._kept, "name", name)
        self.index.renamed(seat, old, name)
        self._room.journal.record(self.index.renamed, seat, name, old)

    def take(
        self, user_id: str, name: str, profile: dict[str, Any], role: str, *, bot: str | UnsetType = UNSET
    ) -> Player:
        """
        Give a user a new seat.

        :param bot: the level of the bot that sits there, if it is one.

        :raises Refused: ``room_full``.
        """
        room = self._room
        if len(self.of_role(role)) >= (room.spec.player_seats(role) or 0):
            raise Refused(f"There is no free seat for a {role}." if role != "player" else "", code="room_full")
        number = self.index.free_number() if role == "player" else None
        state, journal = room.state, room.journal
        kept = SeatState(
            id=str(state.next_seat),
            user_id=user_id,
            name=name,
            profile=profile,
            role=role,
            number=number,
            hold_s=room.game_class.hold_s,
            online=bot is not UNSET,
            bot=bot,
        )
        seat = Player(room, kept)
        journal.set(state, "next_seat", state.next_seat + 1)
        journal.put(self, seat.id, seat)
        journal.touch(kept)
        hosts.pass_on(room)
        return seat

    def give_up(self, seat: Player) -> None:
        """A seat is gone for good: out of the lists, out of its groups, its timers cancelled; state still readable."""
        room = self._room
        for group in room.groups.values():
            group.drop(seat)
        room.talking.forget_seat(seat)
        room.timers.cancel_all(seat=seat.id, deadlines=True)
        room.journal.remove(self, seat.id)
        room.journal.assign(seat, "gone", True)
        if room.state.turns is not None:
            ring.forget_seat(room, room.state.turns, seat.id)
        room.journal.touch(seat._kept)
        hosts.pass_on(room)
