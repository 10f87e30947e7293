"""A room to play in, from a test."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from datetime import datetime
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock as FakeTime

from gameserver.auth.chain import Chain
from gameserver.auth.guests import Guests
from gameserver.auth.tokens import SECRET_BYTES
from gameserver.clock import Clock
from gameserver.errors import Refused
from gameserver.game.function import game_from_module
from gameserver.game.game import Game
from gameserver.game.spec import spec_of
from gameserver.interfaces import User
from gameserver.node.rooms import RoomRegistry
from gameserver.protocol import values
from gameserver.settings.settings import Limits
from gameserver.store.memory.store import MemoryStore
from gameserver.testing.failures import Failures, raising, result_of
from gameserver.testing.mirrors import MirrorCheck
from gameserver.testing.play_out import PlayOut
from gameserver.testing.random_play import Move, play_random
from gameserver.testing.table_asleep import TableAsleep
from gameserver.testing.visitor import Visitor
from gameserver.testing.wires import ClientTime, Wires
from gameserver.websocket.limits import Budgets
from gameserver.websocket.services import NodeServices

if TYPE_CHECKING:
    from gameserver.client import Client
    from gameserver.client.dial import Dial
    from gameserver.room.seats import Player

START_S: Final = 1_767_225_600.0
"""When a table is set up: 2026-01-01T00:00Z."""
SETTLES: Final = 10_000
"""Passes of the reactor after which a table that is never still is given up."""


class Table(TableAsleep):
    """
    A room of one game, with a clock that a test turns.

    :param game: a `Game` subclass, or a module with a ``payload_handler``.
    :param seed: the same seed, the same chance.
    :param options: the room's options.
    :param amnesia: make the game anew from its row before every step, and so find what it keeps elsewhere.
    :param raises: an exception of a hook, timer, tick, question or ``on_load`` is raised by the call during which it
        happened; False logs it, as a server does.
    :param password: without which nobody comes in.
    :raises Refused: the game refuses these options.
    """

    def __init__(
        self,
        game: type[Game] | ModuleType,
        *,
        seed: int = 0,
        options: dict[str, Any] | None = None,
        amnesia: bool = False,
        password: str | None = None,
        raises: bool = True,
    ) -> None:
        self.failures = Failures(raises=raises)
        self.game_class = _class_of(game)
        self.visitors: list[Visitor] = []
        self._spec = spec_of(self.game_class)
        self._specs = {self._spec.name: self._spec}
        self._amnesia = amnesia
        self._time = FakeTime()
        self._clock = Clock(self._time, lambda: START_S + self._time.seconds())
        self._reactor = ClientTime(self._time)
        self._wires = Wires(lambda: self.services, self.failures)
        self._store = MemoryStore()
        self._entropy = random.Random(seed)
        names = random.Random(f"names {seed}")
        self._guests = Chain([Guests([bytes(SECRET_BYTES)], names.randbytes, self._clock.now)])
        self._mirror_check = MirrorCheck()
        self._waiting: list[Callable[[], bool]] = []
        self._code = ""
        self._wish = {"game": self._spec.name, "options": values.to_wire(options or {}), "password": password}
        with self.failures:
            self._open()
            if self._spec.function_style:
                self._try_to_make()
            else:
                self._make()

    @property
    def code(self) -> str:
        """The code that people type to come in; the room is made if it was not yet."""
        if not self._code:
            with self.failures:
                self._make()
        return self._code

    # Playing

    @raising
    def join(
        self, name: str, role: str = "player", *, password: str | None = None, profile: dict[str, Any] | None = None
    ) -> Visitor:
        """
        Let somebody come in, and take a seat.

        :param name: what the others see.
        :param role: ``player``, or another role of the game.
        :param password: the room's, where `Table` was given one.
        :param profile: a small JSON object that the others see.
        :returns: the client.

        :raises Refused: the room or the game refuses.
        """
        visitor = Visitor(self, name, role)
        if self._code:
            visitor.come(password, profile or {})
        else:
            self._code = visitor._create({**self._wish, **({"password": password} if password else {})}, profile or {})
        self.visitors.append(visitor)
        return visitor

    def client(self, name: str | None = None, **arguments: Any) -> Client:
        """
        Connect a `gameserver.client.Client`, such as a bot's: it can `Client.join` the room of `code`.

        Its time is the table's. What it asks is answered during the next call of the table; `settle` is one that lets
        no time pass. After a `restart` it is connected again, and back in its rooms.

        :param name: what others see.
        :param arguments: what else `Client` takes, such as ``binary=True`` or ``token=...``.
        :returns: a client to which the server has said welcome.
        """
        from gameserver.client import Client  # only here: it loads Autobahn, which other tests do without

        # Without a wait a lost connection is mended by whatever call lost it.
        arguments = {"dial": self.dial, "random": lambda: 0.0, **arguments}
        client = Client(self._reactor, "ws://table/ws", name=name, **arguments)
        connecting = client.connect()
        self.settle()
        result_of(connecting)
        return client

    @property
    def reactor(self) -> ClientTime:
        """The table's time for bots, which need a reactor only to wait: ``callLater`` and ``seconds``."""
        return self._reactor

    @property
    def dial(self) -> Dial:
        """A way to this table for a `gameserver.client.Client` that a bot makes itself: ``dial=table.dial``."""
        return self._wires.dial

    @raising
    def start(self) -> None:
        """
        Have the host start the game.

        :raises Refused: the game cannot start.
        """
        self._host("start the game").start()

    @raising
    def advance(self, s: float) -> None:
        """Let so many seconds pass; every timer that is due meanwhile fires, at its time and in order."""
        end = self._time.seconds() + s
        while (due := self._next_call()) is not None and due <= end:
            self._set_time(due)
        self._set_time(end)

    @raising
    def at(self, when: str | datetime) -> None:
        """
        Set the wall clock to a later moment; what is due by then fires.

        :param when: a date with a time zone: ``2026-12-24T20:00Z``.
        """
        moment = when if isinstance(when, datetime) else datetime.fromisoformat(when)
        if moment.tzinfo is None:
            raise ValueError("at: the date needs a time zone: 2026-12-24T20:00Z")
        ahead = moment.timestamp() - self._clock.now()
        if ahead < 0:
            raise ValueError(f"at: it is later than {when} already")
        self._set_time(self._time.seconds() + ahead)

    @raising
    def restart(self) -> None:
        """
        Let the server's process die and start again: the room is read from its row, and who was here comes back.

        :raises LookupError: the room is gone, since the game is never stored; or kept aside, and why.
        """
        online = [visitor for visitor in self.visitors if visitor.online]
        for visitor in online:
            visitor.cut()
        self._stop_time()
        self._store.beat(now_ms=round(self._clock.now() * 1000))
        self._store.kill()
        self._open()
        self._wires.cut()
        self.settle()
        if self._registry.get(self.code) is None:
            for room in self._registry.aside:
                raise LookupError(f"the room is kept aside: {room.why}")
            raise LookupError('the room is gone: it has closed, or has durability = "none" and ended with its process')
        for visitor in online:
            visitor.find_again()

    @raising
    def next(self, game: type[Game] | ModuleType | None = None, *, options: dict[str, Any] | None = None) -> None:
        """
        Have the host go on with everybody in a new room: from now on this table is about that one.

        Visitors who are connected follow; others do so with `Visitor.resume`.

        :param game: None: the same again.
        :param options: of the new room.
        :raises Refused: the game refuses them, or the host may not.
        """
        cls = self.game_class if game is None else _class_of(game)
        spec = spec_of(cls)
        self._specs[spec.name] = spec
        self._registry.serve(spec)
        made = self._host("go on").ask("next", game=spec.name, options=values.to_wire(options or {}))
        self._code, self._spec, self.game_class = made["room"], spec, cls
        for visitor in self.visitors:
            if visitor.left == "next":
                visitor.follow()

    @raising
    def bot(self, level: str | None = None, name: str | None = None) -> Player:
        """
        Have the host seat a bot, as in the lobby.

        :param level: one of the game's; by default the first.
        :param name: by default one is made up.
        :returns: the bot, as the game sees it; another object after a restart.
        :raises Refused: the game has no bots, no such level, or no seat for it; or it is played.
        """
        seat = self._host("seat a bot").ask("bot", level=level, name=name)
        return self.room.seats[seat]

    def play_out(self, seed: int, most: int = 10_000, *, restarts: bool = False) -> int:
        """
        Play to the end by the moves that players are told; in the lobby missing players come in, and the host starts.

        Whoever is waited for makes a random move, never one with ``turn="any"`` unless there is no other. Where bots
        move, or only a timer goes on, time passes until then.

        :param seed: the same seed plays the same.
        :param most: after so many moves it stops, and the game goes on: some never end by chance.
        :param restarts: restart the server now and then; what is played is the same.
        :returns: how many moves were made by others than bots.
        :raises AssertionError: the game failed, or somebody is waited for who has no moves; the text has the seed, and
            the last ten moves.
        """
        return PlayOut(self, seed, restarts=restarts).play(most)

    def play_random(
        self, steps: int, seed: int, *, moves: Iterable[tuple[str, Any]] = (), restarts: bool = False
    ) -> list[Move]:
        """
        Send random inputs, legal and illegal, and let random times pass.

        Data is made from the game's signatures and from what its players know; what is accepted is tried more often.

        :param steps: so many inputs.
        :param seed: the same seed does the same.
        :param moves: messages to try besides: type and data.
        :param restarts: restart the server between any two inputs.
        :returns: what was done; the same seed does the same.
        :raises AssertionError: the game failed, whatever ``raises`` says; the text has the seed, the step, and the last
            ten moves to paste into a test.
        """
        return play_random(self, steps, seed, list(moves), restarts=restarts)

    # What visitors need

    def _host(self, what: str) -> Visitor:
        host = self.room.seats.host
        visitor = next((v for v in self.visitors if v.id == host and v.online), None)
        if visitor is None:
            raise AssertionError(f"nobody is here who could {what}: join first")
        return visitor

    def _welcome(self, user_id: str) -> None:
        """Whoever comes first counts as the creator, who alone may have the role ``host``."""
        if not self.visitors and not self.room.state.creator_came:
            self.room.state.creator = user_id

    @raising
    def settle(self) -> None:
        """Let all happen that needs no time: what was asked is answered, what is due fires."""
        for _ in range(SETTLES):
            due = self._next_call()
            if due is None or due > self._time.seconds():
                break
            self._time.advance(0)
        else:
            raise AssertionError("the game is never still: does a timer of 0 seconds arm itself again?")
        self._waiting = [waiting for waiting in self._waiting if not waiting()]
        self._check_mirrors()

    def wait_for(self, find: Callable[[], Any], read: Callable[[Any], Any]) -> Deferred[Any]:
        """
        Wait until something is found; ``find`` is called after each step.

        :param find: returns it, or None as long as it is not there.
        :param read: is called with it.
        :returns: fires with what ``read`` returns.
        """
        done: Deferred[Any] = Deferred()

        def try_again() -> bool:
            found = find()
            if found is None:
                return False
            try:
                done.callback(read(found))
            except Refused:
                done.errback()
            return True

        self._waiting.append(try_again)
        return done

    def take_failure(self) -> BaseException | None:
        """Return the exception that the game failed with last since this was last asked, or None."""
        last, self.failures.last = self.failures.last, None
        return last

    def _try_to_make(self) -> None:
        """Make the room without a creator; a function that fails without one has it made by the first who comes."""
        tried = Failures()
        self._registry.log = tried.log
        try:
            with tried:
                self._make()
        except Refused as refused:
            if refused.code != "game_error":
                raise
        finally:
            self._registry.log = self.failures.log

    def _make(self) -> None:
        """Make the room, as an operator would: nobody takes a seat with it."""
        wish = dict(self._wish)
        game, options, password = wish["game"], wish["options"], wish["password"]
        maker = User("table", "Table")
        made = Deferred.fromCoroutine(self._registry.create(maker, game, options, password=password))
        self.settle()
        self._code = result_of(made).room.code

    def _open(self) -> None:
        self._registry = RoomRegistry(
            {**self._specs, self._spec.name: self._spec},
            self._store,
            self._clock,
            self._entropy.randbytes,
            rooms_per_user=1000,
            amnesia=self._amnesia,
            beats=False,
        )
        self._registry.log = self.failures.log
        limits = Limits()
        self.services = NodeServices(
            self._registry, self._guests, self._clock, limits, Budgets(), self._entropy.randbytes
        )
        opening = Deferred.fromCoroutine(self._registry.start())
        self.settle()
        result_of(opening)

    def _next_call(self) -> float | None:
        return min((call.getTime() for call in self._time.getDelayedCalls()), default=None)

    def _set_time(self, seconds: float) -> None:
        """Set the clock exactly: adding what is missing may fall short by a rounding error, again and again."""
        self._time.rightNow = max(seconds, self._time.seconds())
        self.settle()

    def _stop_time(self) -> None:
        for call in list(self._time.getDelayedCalls()):  # a copy: a cancelled call leaves it
            if not self._reactor.has(call):
                call.cancel()

    def _check_mirrors(self) -> None:
        runner = self._registry.get(self._code) if self._code else None
        if runner is not None:
            self._mirror_check.check(runner, self.visitors)


def _class_of(game: type[Game] | ModuleType) -> type[Game]:
    return game_from_module(game) if isinstance(game, ModuleType) else game
