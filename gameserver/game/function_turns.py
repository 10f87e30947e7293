"""
``payload["turns"]`` and ``payload["bots"]`` for a game in the function style: players are named by the ids of their
users, groups as ``group:NAME``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from gameserver.room.groups import Group
from gameserver.room.seats import Player

if TYPE_CHECKING:
    from gameserver.game.game import Game
    from gameserver.room.turns.move import Move
    from gameserver.room.turns.turns import Turns

_GROUP: Final = "group:"


class UserId(str):
    """
    The id of a user that a function is asked about; it can also be read like ``payload["user"]``.

    >>> user = UserId("u1", {"id": "u1", "name": "Ann"})
    >>> user, user["name"]
    ('u1', 'Ann')
    """

    _facts: dict[str, Any]

    def __new__(cls, id: str, facts: dict[str, Any]) -> UserId:
        """:param facts: as ``payload["user"]`` has them."""
        made = super().__new__(cls, id)
        made._facts = facts
        return made

    def __getitem__(self, key: Any) -> Any:
        return self._facts[key] if isinstance(key, str) else super().__getitem__(key)


def name_of(who: Player | Group | None) -> Any:
    """:returns: the id of a player's user, or ``group:NAME``: how functions name them."""
    if isinstance(who, Group):
        return _GROUP + who.name
    return who.user_id if who is not None else None


def find_player(game: Game, user_id: str) -> Player:
    """:raises ValueError: this user is no player here."""
    found = next((seat for seat in game.players if seat.user_id == user_id), None)
    if found is None:
        raise ValueError(f"no player {user_id!r} in this room")
    return found


class FunctionTurns:
    """
    What `Game.turns` is in a class; see `gameserver.Turns` for what each of these does.

    Where a user may be left out, it is the sender.
    """

    def __init__(self, game: Game, check: Callable[[], None], sender: Callable[[], Player]) -> None:
        self._game = game
        self._check = check
        self._sender = sender

    @property
    def order(self) -> list[str]:
        """Who takes turns, in that order."""
        return [name_of(who) for who in self._turns.order]

    def order_from(self, who: str) -> list[str]:
        """Return the same, beginning with somebody."""
        return [name_of(one) for one in self._turns.order_from(self._find(who))]

    @property
    def current(self) -> str | None:
        """Whose turn it is; None: nobody's."""
        found: str | None = name_of(self._turns.current)
        return found

    @property
    def active(self) -> list[str]:
        """Who is waited for now."""
        return [player.user_id for player in self._turns.active]

    @property
    def stage(self) -> str | None:
        """The name of the call on top."""
        return self._turns.stage

    @property
    def number(self) -> int:
        """The number of this turn."""
        return self._turns.number

    @property
    def round(self) -> int:
        """The round, from 1."""
        return self._turns.round

    def legal(self, user_id: str | None = None) -> list[Move]:
        """Return what a user may send now, of what ``moves`` says."""
        return self._turns.legal(self._player(user_id))

    def begin(self, order: Iterable[str] | None = None, first: str | None = None) -> None:
        """Begin to take turns, or begin anew."""
        found = None if order is None else [self._find(who) for who in order]
        self._turns.begin(found, None if first is None else self._find(first))

    def next(self, steps: int = 1) -> None:
        """Pass the turn on."""
        self._turns.next(steps)

    def to(self, who: str) -> None:
        """Give somebody the turn."""
        self._turns.to(self._find(who))

    def again(self) -> None:
        """Give another turn to the one whose turn it is."""
        self._turns.again()

    def reverse(self) -> None:
        """Go the other way round from now on."""
        self._turns.reverse()

    def end(self) -> None:
        """Make it nobody's turn."""
        self._turns.end()

    def out(self, who: str) -> None:
        """Take somebody out of turns and calls; the seat stays in the room."""
        self._turns.out(self._find(who))

    def back(self, who: str, after: str | None = None) -> None:
        """Let somebody take turns again."""
        self._turns.back(self._find(who), None if after is None else self._find(after))

    def only(self, *who: str, **call: Any) -> None:
        """
        Wait for these, and then go on with the turn.

        :param call: ``s``, ``then``, ``stage``, ``in_order``; ``then`` is the name with which ``TIMER`` comes.
        """
        self._turns.only(*map(self._find, who), **call)

    def everyone(self, **call: Any) -> None:
        """Wait for all who take turns."""
        self._turns.everyone(**call)

    def done(self, user_id: str | None = None) -> None:
        """Stop waiting for a user."""
        self._turns.done(self._player(user_id))

    def also(self, *who: str) -> None:
        """Wait for these too."""
        self._turns.also(*map(self._find, who))

    def stop(self) -> None:
        """End the call on top, without ``then``."""
        self._turns.stop()

    def prompt(self, text: str, others: str | None = None, to: str | None = None, **args: Any) -> None:
        """Say what is waited for; ``to`` shows it to this user alone."""
        self._turns.prompt(text, others, to=None if to is None else self._player(to), **args)

    def no_undo(self) -> None:
        """Let nothing that was sent so far be taken back."""
        self._turns.no_undo()

    @property
    def _turns(self) -> Turns:
        self._check()
        return self._game.turns

    def _player(self, user_id: str | None) -> Player:
        return self._sender() if user_id is None else find_player(self._game, user_id)

    def _find(self, who: str) -> Player | Group:
        if isinstance(who, str) and who.startswith(_GROUP):
            return self._game.group(who[len(_GROUP) :])
        return find_player(self._game, who)


class FunctionBots:
    """What `Game.bots` is in a class; iterating gives the ids of their users."""

    def __init__(self, game: Game, check: Callable[[], None]) -> None:
        self._game = game
        self._check = check

    def __iter__(self) -> Iterator[str]:
        self._check()
        return iter([seat.user_id for seat in self._game.bots])

    def __len__(self) -> int:
        self._check()
        return len(self._game.bots)

    @property
    def levels(self) -> list[str]:
        """The levels that this game has."""
        return self._game.bots.levels

    def add(self, level: str | None = None, name: str | None = None) -> str:
        """Give a bot a seat. :returns: the id of its user."""
        self._check()
        return self._game.bots.add(level, name).user_id

    def remove(self, user_id: str) -> None:
        """Take the seat away from a bot."""
        self._check()
        self._game.bots.remove(find_player(self._game, user_id))
