"""
Asking everybody: a message that is open only while asked, whose answers stay secret until all are in.

The decorated method checks one answer and returns what is kept; the method decorated with its ``done`` gets them all.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, overload

from gameserver.errors import GameDefinitionError
from gameserver.game.marks import mark_of
from gameserver.game.schema import within_class
from gameserver.room.questions import Answer
from gameserver.room.seats import Player

if TYPE_CHECKING:
    from gameserver.game.game import Game

__all__ = ["Answer", "Asking", "Question", "question"]

T = TypeVar("T")
G = TypeVar("G")
R = TypeVar("R")
Done = Callable[[G, dict[Player, Answer[T]]], R]


class Asking(Generic[T]):
    """A question of one room: what ``self.choose`` is in a game that has a question ``choose``."""

    __slots__ = ("_game", "_name")

    def __init__(self, game: Game, name: str) -> None:
        self._game = game
        self._name = name

    @property
    def open(self) -> bool:
        """Whether it is being asked, so that answers are taken."""
        return self._name in self._game._gs_room.state.questions

    def ask(self, s: float | None = None, *, of: Iterable[Player] | None = None) -> None:
        """
        Ask the question; answers given before are forgotten.

        :param s: seconds until the answers are taken as they are, or None to wait for all.
        :param of: who is asked, fixed now; by default all players. Where that is nobody, ``done`` is called without
            answers as soon as the method that asked returns.
        :raises TypeError: somebody in ``of`` is no `Player`, such as a seat's id.
        """
        room = self._game._gs_room
        players = list(room.players if of is None else of)
        for player in players:
            if not isinstance(player, Player):
                raise TypeError(f"{self._name}.ask(of=...) takes players, such as self.players, not {player!r}")
        room.asking.ask(self._name, players, s)

    def take_back(self, player: Player) -> None:
        """Forget this player's answer; another may be given."""
        self._game._gs_room.asking.take_back(self._name, player)

    def close(self) -> None:
        """Stop asking; ``done`` is not called, and the answers are forgotten."""
        self._game._gs_room.asking.close(self._name)

    def __repr__(self) -> str:
        return f"<question {self._name}>"


class Question(Generic[T]):
    """
    A question as its class declares it; on an instance of the game the same name is an `Asking`.

    :ivar function: the method that checks an answer.
    :ivar revise: whether an answer may be changed while the question is open.
    :ivar done_method: the name of the method that gets the answers.
    """

    def __init__(self, function: Callable[..., Any], revise: bool) -> None:
        self.function = function
        self.revise = revise
        self.done_method: str | None = None
        self.name = function.__name__
        self.__doc__ = function.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, game: None, owner: type) -> Question[T]: ...

    @overload
    def __get__(self, game: Game, owner: type) -> Asking[T]: ...

    def __get__(self, game: Game | None, owner: type) -> Question[T] | Asking[T]:
        return self if game is None else Asking(game, self.name)

    def done(self, method: Done[G, T, R]) -> Done[G, T, R]:
        """
        Mark the method that gets the answers: a dict from `Player` to `Answer`, without those who gave none.

        It is called once all who were asked and are still here and online have answered, at least one; or at the
        deadline.

        :raises GameDefinitionError: it has the name of the question, or the question has another such method.
        """
        where, name = within_class(self.function), method.__name__
        if name == self.name:
            raise GameDefinitionError(f"{where}: the method for the answers needs a name of its own: it hides {name}")
        if self.done_method not in (None, name):
            raise GameDefinitionError(f"{where}: one method gets the answers, {self.done_method} or {name}")
        self.done_method = name
        return method

    def check(self, owner: type) -> str:
        """
        Check that the game does something with the answers.

        :param owner: the game's class.
        :returns: the name of the method that gets them.
        :raises GameDefinitionError: its method has another mark; or there is no method marked ``@NAME.done``.
        """
        where = within_class(self.function)
        if mark_of(self) is not None or mark_of(self.function) is not None:
            raise GameDefinitionError(f"{where}: a question is a message of its own, with no other mark than @question")
        if self.done_method is None:
            raise GameDefinitionError(
                f"{where}: the question has no method for its answers: write\n"
                f"    @{self.name}.done\n    def ...(self, answers: dict[Player, Answer[...]]) -> None: ..."
            )
        if not callable(getattr(owner, self.done_method, None)):
            raise GameDefinitionError(
                f"{where}: {owner.__name__} has no method {self.done_method!r} for its answers; a decorator below"
                f" @{self.name}.done must keep the name, as functools.wraps does"
            )
        return self.done_method


class _Asks(Protocol):
    """What ``@question(...)`` is, before it is given its method."""

    @overload
    def __call__(self, method: Callable[..., Coroutine[Any, Any, T]], /) -> Question[T]: ...

    @overload
    def __call__(self, method: Callable[..., T], /) -> Question[T]: ...


@overload
def question(method: Callable[..., Coroutine[Any, Any, T]], /) -> Question[T]: ...


@overload
def question(method: Callable[..., T], /) -> Question[T]: ...


@overload
def question(*, revise: bool = False) -> _Asks: ...


def question(method: Callable[..., Any] | None = None, /, *, revise: bool = False) -> Any:
    """
    Make a method a question: a message that is open only while asked.

    :param revise: an answer may be changed while the question is open.
    """
    if method is not None:
        return Question(method, revise)
    return lambda wrapped: Question(wrapped, revise)
