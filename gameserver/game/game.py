"""`Game`: what an author subclasses. Everything here is a thin front for the room that the game runs in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

from twisted.logger import Logger

from gameserver.errors import GameDefinitionError
from gameserver.game.chat import RoomChat
from gameserver.game.dice import Dice, dice_of
from gameserver.game.marks import mark_of
from gameserver.game.settings import LATER, SETTINGS, GameSettings
from gameserver.game.slips import HOOKS, hidden
from gameserver.game.slips import LATER as LATER_HOOKS
from gameserver.protocol import values
from gameserver.room import hosts, putting_out, results, rounds
from gameserver.room.bots.seats import Bots
from gameserver.room.chat.draft import Chat
from gameserver.room.groups import Group, Role
from gameserver.room.seats import Player
from gameserver.room.tables import RoomTable
from gameserver.room.teams import Late, Mode, Teams, Wish
from gameserver.room.timers import TimerName
from gameserver.room.turns.timeouts import stand_in_for
from gameserver.room.turns.turns import Turns

if TYPE_CHECKING:
    from gameserver.game.spec import Spec
    from gameserver.room.room import Room


class Game(GameSettings):
    """
    A game: subclass it, and say what happens when players join, start, move and leave.

    What a game knows between two steps stands in its documents, nowhere else: everybody sees ``state``, nobody sees
    ``secret``, one player sees ``player.state``, and the members of a group ``group(name).state``. Changes are sent to
    those who may see them, without a call. Whatever a hook, a message or a timer does happens as a whole or, if it
    raises, not at all.

    >>> class Count(Game):
    ...     needs_start = False
    ...     @message
    ...     def more(self, player: Player, by: int = 1) -> int:
    ...         self.state["count"] = self.state.get("count", 0) + by
    ...         return self.state["count"]
    """

    state: Any
    """The document that everybody in the room sees."""
    secret: Any
    """The document that stays on the server."""
    log: Logger

    _gs_room: Room
    _gs_spec: ClassVar[Spec]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name, member in vars(cls).items():
            marked = mark_of(member) is not None or callable(getattr(member, "function", None))
            if name in _RESERVED or (marked and (name in SETTINGS - LATER or name in HOOKS - LATER_HOOKS)):
                raise GameDefinitionError(hidden(cls, name, member))

    @classmethod
    def _gs_of(cls, room: Room) -> Game:
        """:returns: the game of a room that is being made."""
        game = cls()
        game.__dict__.update(
            _gs_room=room,
            state=room.doc("room").root,
            secret=room.doc("secret").root,
            random=dice_of(room),
            chat=RoomChat(room),
            log=Logger(namespace=f"gameserver.games.{room.spec.name}"),
        )
        return game

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _RESERVED - {"state", "secret"}:
            raise AttributeError(f"{type(self).__name__}.{name} is the framework's; give the attribute another name")
        if name in ("state", "secret"):
            self._gs_room.doc("room" if name == "state" else name).replace(value)
        else:
            super().__setattr__(name, value)

    # Hooks. They return Any so that an author may make them coroutines.

    def on_create(self) -> Any:
        """
        Set up the room, which has just been made and in which nobody sits yet.

        Keyword parameters with defaults are the room's options: their annotations are the schema that options are
        checked by, and the form that the lobby shows. Raising `Refused` makes no room.
        """

    def on_join(self, player: Player) -> Any:
        """Welcome somebody who has just taken a seat, in any role. Raising `Refused` gives no seat."""

    def on_options(self, old: dict[str, Any]) -> Any:
        """Deal with options that the host set between rounds, in place of ``old``. Raising `Refused` keeps ``old``."""

    def on_start(self) -> Any:
        """Set up a round: the game starts, or starts again. Raising `Refused` starts nothing."""

    def on_drop(self, player: Player) -> Any:
        """Deal with a player whose last connection was lost; the seat is held for ``hold_s`` seconds."""

    def on_resume(self, player: Player) -> Any:
        """Deal with a player who is connected again, after `on_drop`."""

    def on_leave(self, player: Player) -> Any:
        """Deal with a player who is gone for good, and in no list any more; ``player.state`` can still be read."""

    def on_chat(self, player: Player, chat: Chat) -> Any:
        """
        Look at a line of chat before anybody sees it: change it, ``chat.hide()`` it, or raise `Refused`.

        :param player: who writes it.
        :param chat: the line.
        """

    def on_tick(self, dt_s: float) -> Any:
        """Advance by ``dt_s`` seconds: called ``tick_hz`` times a second, while played and somebody is online."""

    def on_load(self) -> Any:
        """Rebuild what is derived from documents: the room was read from the store, after a restart or after sleep."""

    def on_close(self) -> Any:
        """Do what is left to do before the room closes for good."""

    def on_turn(self, who: Any) -> Any:
        """Begin a turn: ``who`` is the player whose turn it is or, where groups take turns, the group."""

    def on_timeout(self, who: Any) -> Any:
        """Deal with a player, or a group, still waited for when time is up; by default a bot makes the moves."""
        self._gs_room.finish_later(stand_in_for(self._gs_room, who))

    # The room

    @property
    def status(self) -> Literal["lobby", "playing", "over"]:
        """``lobby`` before the first start, ``playing``, or ``over`` once a round has ended."""
        return self._gs_room.state.status  # type: ignore[return-value]

    @property
    def phase(self) -> str | None:
        """The phase that was entered last, which everybody sees; None before the first."""
        return self._gs_room.state.phase

    @property
    def code(self) -> str:
        """The code that people type to come in, such as ``K7QM``."""
        return self._gs_room.code

    @property
    def options(self) -> dict[str, Any]:
        """A copy of the room's options by the names of `on_create`'s parameters, as its creator or host set them."""
        return dict(values.plain(self._gs_room.state.options))

    @property
    def now(self) -> float:
        """The time in seconds since 1970; it stands still during a step."""
        return self._gs_room.now

    @property
    def played_s(self) -> float:
        """How many seconds were played since the start, pauses not counted."""
        return self._gs_room.played_s

    @property
    def turns(self) -> Turns:
        """Whose turn it is, and who is waited for: ``self.turns.begin()``, ``self.turns.next()``."""
        return self._gs_room.turns

    @property
    def bots(self) -> Bots:
        """The seats that bots have: ``self.bots.add("clever")``, ``self.bots.remove(player)``."""
        return Bots(self._gs_room)

    random: Dice
    """The methods of `random.Random`; unpredictable to players, the same on replay."""

    chat: RoomChat
    """Channels, and who may write where: ``self.chat.say(text, to="room")``, ``self.chat.open("wolves", "wolves")``."""

    def start(self) -> None:
        """Start the game, as the host can: ``status`` becomes ``playing``, and `on_start` runs."""
        self._gs_room.finish_later(rounds.begin(self._gs_room))

    def over(self, **result: Any) -> None:
        """
        End the game: ``status`` becomes ``over``, and all timers of the room are cancelled.

        Starting again plays again with the same seats.

        :param result: JSON values by name, which everybody sees as ``info.result``; players become ids of seats.
            ``ranking=[[ann], [bob, cleo]]`` lists the places, the best first: if all share one place, all have won;
            with no place at all, all have lost. ``scores={ann: 10}`` are points.
        :raises TypeError: ``ranking`` or ``scores`` name players, and are not of that shape.
        :raises ValueError: somebody has two places, or is no player.
        """
        results.check(result)
        rounds.end(self._gs_room, result)

    def enter(self, phase: str | None, s: float | None = None, then: Callable[..., Any] | str | None = None) -> None:
        """
        Set the phase, which everybody sees; the last one's deadline is cancelled.

        :param phase: its name; None: in no phase.
        :param s: seconds until ``then`` is called, shown to everybody.
        :param then: a method of this game, called without arguments.
        :raises ValueError: ``then`` is given without ``s``, or is no method of this game.
        :raises TypeError: ``then`` takes arguments, or the phase is no str.
        """
        rounds.enter(self._gs_room, phase, s, then)

    def lock(self) -> None:
        """Let nobody new come in, until `unlock`."""
        rounds.set_locked(self._gs_room, True)

    def unlock(self) -> None:
        """Let newcomers in again, after `lock`."""
        rounds.set_locked(self._gs_room, False)

    def close(self, reason: str = "closed") -> None:
        """
        Close the room for good at the end of this step; its code is no other room's for a day.

        :param reason: a word or sentence that clients are told.
        :raises TypeError: it is no str.
        """
        if not isinstance(reason, str):
            raise TypeError(f"close: the reason is a str, not {reason!r}")
        self._gs_room.close(reason)

    def pause(self) -> None:
        """Stop timers and ticks until `unpause`; messages of all but the host are refused with ``paused``."""
        rounds.pause(self._gs_room)

    def unpause(self) -> None:
        """Go on after `pause`: timers have as many seconds left as they had."""
        rounds.unpause(self._gs_room)

    # Who is here

    @property
    def players(self) -> list[Player]:
        """The seats of the role ``player``, in the order of their numbers."""
        return self._gs_room.players

    @property
    def host(self) -> Player | None:
        """The seat that may start the game, or None where no seat may."""
        seats = self._gs_room.seats
        return seats.get(seats.host) if seats.host is not None else None

    def seats(self, role: str | None = None) -> list[Player]:
        """Return the seats of one role, None for all roles, in the order in which they were taken."""
        return list(self._gs_room.seats.of_role(role))

    def seat(self, id: str) -> Player | None:
        """Return the seat of this id, or None where it is gone or never was."""
        return self._gs_room.seats.get(id)

    def make_host(self, player: Player) -> None:
        """Make this player the host, instead of whoever it was."""
        hosts.make_host(self._gs_room, player)

    def kick(self, player: Player, ban: bool = True) -> None:
        """
        End a player's seat; `on_leave` runs in this step.

        :param player: whose.
        :param ban: all seats of that user end, and the user cannot come back to this room.
        """
        putting_out.kick(self._gs_room, player, ban)

    def group(self, name: str) -> Group:
        """
        Return the group of this name; there is no need to make it first.

        :param name: 1 to 32 of ``A-Z a-z 0-9 _ -``.
        :raises ValueError: that is no such name, or there would be more than 64 groups.
        """
        return self._gs_room.groups.make(name)

    def role(self, name: str) -> Role:
        """
        Return a role: its seats, its document, and a way to tell all of them something.

        :param name: ``player``, or one of ``roles``.
        :raises ValueError: the game has no such role.
        """
        if self._gs_room.spec.player_seats(name) is None:
            raise ValueError(f"{type(self).__name__} has no role {name!r}; add it to `roles`")
        return Role(self._gs_room, values.plain(name))

    def table(self, name: str) -> RoomTable:
        """Return the table of this name: a large collection in the store, not in memory, that ends with the room."""
        return RoomTable(self._gs_room.tables, name)

    def teams(
        self, teams: Wish | None = None, *, mode: Mode = "balanced", late: Late = "smallest", size: int | None = None
    ) -> Teams:
        """
        Make teams: public groups of which each player is in at most one. Without arguments: those there are.

        :param teams: names, or by name their title and colour: ``{"red": {"title": "Reds", "colour": "#d7263d"}}``.
        :param mode: ``balanced``: each newcomer goes to the smallest; ``chosen``: players choose, and whoever has not
            is placed at the start; ``shuffled``: dealt out by chance, again at each start.
        :param late: where newcomers go once the game is played: ``smallest``, ``weakest`` (the lowest score) or
            ``none``.
        :param size: most players of a team that is chosen, or None.
        """
        if teams is not None:
            self._gs_room.teams.declare(teams, mode, late, size)
        return self._gs_room.teams

    def send(self, type: str, data: Any = None, *, but: Player | None = None, volatile: bool = False) -> None:
        """
        Tell everybody in the room that something happened: an event, which is no state.

        :param type: the event's name.
        :param data: a JSON value.
        :param but: somebody who is left out.
        :param volatile: not kept for those who are away; a slow reader gets the newest of its type only.
        """
        self._gs_room.say_event("room", type, data, but, volatile)

    # Timers

    def after(self, s: float, timer: TimerName, show: bool = False, **data: Any) -> None:
        """
        Call a timer once, also if the server restarts meanwhile; a second ``after`` of it replaces the first.

        :param s: seconds from now.
        :param timer: a method marked ``@timer``, or its name.
        :param show: clients are told the deadline.
        :param data: keyword arguments for the method.
        :raises ValueError: there is no such timer, or no such time.
        :raises TypeError: the method does not take these arguments.
        """
        self._gs_room.timers.arm_named(timer, s, show=show, data=data)

    def every(self, s: float, timer: TimerName, show: bool = False, **data: Any) -> None:
        """
        Call a timer every so many seconds, on a grid that does not drift; many missed calls are made up for by one.

        :param s: seconds between two calls, and before the first.
        :param timer: as of `after`; so are ``show`` and ``data``.
        """
        self._gs_room.timers.arm_named(timer, s, show=show, data=data, every=s)

    def at(self, when: datetime, timer: TimerName, show: bool = False, **data: Any) -> None:
        """
        Call a timer at a date of the calendar.

        :param when: with a time zone, else ValueError; one that has passed is due at once.
        :param timer: as of `after`; so are ``show`` and ``data``.
        """
        if getattr(when, "tzinfo", None) is None:
            raise ValueError(f"at: the date needs a time zone: datetime(..., tzinfo=UTC), not {when!r}")
        self._gs_room.timers.arm_named(timer, 0, show=show, data=data, at=when.timestamp())

    def cancel(self, timer: TimerName | None = None) -> None:
        """Cancel one timer of the room, None for all; one that is not armed is no error."""
        self._gs_room.timers.cancel_named(timer)

    def left_s(self, timer: TimerName) -> float | None:
        """Return how many seconds are left until a timer of the room is due, or None if it is not armed."""
        return self._gs_room.timers.left_s(self._gs_room.timers.method_name(timer))

    # How the room calls the game

    def _gs_restored(self) -> None:
        """Use the documents that the room has now, after it was read from the store."""
        room = self._gs_room
        self.__dict__.update(state=room.doc("room").root, secret=room.doc("secret").root)
        self.random.counter = room.state.spent

    def _gs_fire(self, name: str, seat: Player | None, data: dict[str, Any]) -> Any:
        """A timer is due."""
        method = getattr(self, name)
        return method(**data) if seat is None else method(seat, **data)

    def _gs_receive(self, player: Player, type: str, data: Any) -> Any:
        """A message of a game in the function style."""
        raise NotImplementedError


_RESERVED: Final = frozenset(
    name
    for name in {*vars(Game), *Game.__annotations__}
    if name == "_gs_room" or (not name.startswith(("_", "on_")) and name not in SETTINGS)
)
"""What a subclass may not hide: all of `Game` but its settings and hooks."""
