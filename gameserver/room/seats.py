"""
A user's place in a room.

A seat outlives connections: many sessions may hold it at once, and it is held while its owner is away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gameserver.protocol import values
from gameserver.rates import TokenBucket
from gameserver.room.state import SeatState
from gameserver.room.timers import TimerName

if TYPE_CHECKING:
    from gameserver.room.players_room import PlayersRoom
    from gameserver.room.teams import Team


class Player:
    """
    A seat of a room, and who sits in it: a player, or somebody in another role.

    :ivar id: the seat's id, unique in its room for all time.
    :ivar role: ``player``, or a role that the game adds.
    """

    __slots__ = ("_bucket", "_kept", "_moderates", "_room", "gone", "id", "role")

    def __init__(self, room: PlayersRoom, kept: SeatState) -> None:
        self._room = room
        self._kept = kept
        self.id = kept.id  # these two never change, and each message asks for them
        self.role = kept.role
        self.gone = False
        self._moderates = False
        rate = room.game_class.messages_per_s
        self._bucket = TokenBucket(rate, max(2 * rate, 1))  # with less no message would ever be let through

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
        """A copy of the small JSON object that the client gave when it came: avatar, colour."""
        profile: dict[str, Any] = values.plain(self._kept.profile)
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
        """Whether this player has said to be ready for a round to start; False again once it starts."""
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
            reaches a slow reader.
        """
        self._room.say_event(f"seat:{self.id}", type, data, but, volatile)

    def after(self, s: float, timer: TimerName, show: bool = False, **data: Any) -> None:
        """
        Call a timer of this player once, after a time; its method gets the player. It is cancelled when the player
        leaves.

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

        Where the player is away already, they begin anew.
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


def check_player(what: str, player: object) -> None:
    """:raises TypeError: it is no player, such as a name, or the None that `Game.seat` gives for one who is gone."""
    if not isinstance(player, Player):
        raise TypeError(f"{what} takes a player, such as self.host or self.seat(id), not {player!r}")
