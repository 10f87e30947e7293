"""
How a node that is about to stop hands its rooms over to others, some at a time.

A room takes no more inputs; its last step is stored and told; the store notes which node has it from then on; its seats
are told where it moved; and that node opens it when the first asks for it. So a player waits for one commit and one
connection, and nothing is lost: the client sends again there what was not applied here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import accumulate, islice
from typing import TYPE_CHECKING, Final

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from gameserver.errors import StoreUnavailable
from gameserver.node.refusals import MOVED

if TYPE_CHECKING:
    from gameserver.interfaces import Heir, IClock, ILeases
    from gameserver.node.runner import RoomRunner

BATCH: Final = 20
"""How many rooms stand still at a time, at most."""
CONNECTED: Final = 24
"""How many connected seats these have together; more only where the first room alone has more."""
PAUSE_S: Final = 0.1
"""
Between two batches, so that not everybody connects to the other nodes at once. Each connection with the resumption of
its seat takes a node a few milliseconds, for which all others who come at the same time wait.
"""
ASK_S: Final = 0.01
"""Between two looks at what is stored."""
RETRY_S: Final = 0.5
"""Until the store is asked again, when it did not answer, or knew no node that can have the rooms."""
log = Logger(namespace="gameserver.rooms")


class HandingOver:
    """
    Hands the rooms of this node over to others.

    :param leases: the store that nodes share.
    :param runners: gives the rooms that are here.
    :param lose: called with a room that this node has given away, and the address of its new node, or None.
    """

    def __init__(
        self,
        leases: ILeases,
        clock: IClock,
        runners: Callable[[], Iterable[RoomRunner]],
        lose: Callable[[RoomRunner, str | None], None],
    ) -> None:
        self._leases = leases
        self._clock = clock
        self._runners = runners
        self._lose = lose

    async def run(self) -> None:
        """
        Hand over every room that another node can run, and wait for the others: stored ones until a node can run them,
        those that are never stored while they are played.

        It ends when no such room is left; the caller limits how long that may take.
        """
        while True:
            stored = [runner for runner in self._runners() if runner.is_stored and not runner.commits.lost]
            if stored:
                await self._sleep(PAUSE_S if await self._hand_on(stored) else RETRY_S)
            elif not any(_is_played(runner) for runner in self._runners()):
                return
            else:
                await self._sleep(RETRY_S)

    async def _hand_on(self, stored: list[RoomRunner]) -> bool:
        """:returns: whether some room left this node; False also where the store did not answer."""
        try:
            heirs = {heir.node: heir for heir in await self._leases.heirs()}
            counts = {node: heir.rooms for node, heir in heirs.items()}
            some: dict[str, list[RoomRunner]] = {}
            stranded: list[RoomRunner] = []  # they were brought to rest, but the node that was to have them is gone
            for runner in _batch(runner for runner in stored if _may_leave(runner, heirs.values())):
                able = [node for node, heir in heirs.items() if _can_run(heir, runner)]
                if able:
                    node = min(able, key=lambda node: (heirs[node].is_busy, counts[node]))
                    counts[node] += 1
                    some.setdefault(node, []).append(runner)
                else:
                    stranded.append(runner)
            if stranded:
                await self._let_go(stranded)
            if not some:
                return bool(stranded)
            await self._bring_to_rest([runner for runners in some.values() for runner in runners])
            for node, runners in some.items():
                await self._give(heirs[node], runners)
        except StoreUnavailable:
            return False
        return True

    async def _bring_to_rest(self, runners: list[RoomRunner]) -> None:
        """Have these rooms take no more inputs, and wait until all that they did is stored and told."""
        for runner in runners:
            if not runner.over:
                runner.stop(MOVED, moved=True)
            if not _is_at_rest(runner):
                runner.join_batch()
        while not all(runner.commits.lost or runner.forgotten or _is_at_rest(runner) for runner in runners):
            await self._sleep(ASK_S)

    async def _let_go(self, runners: list[RoomRunner]) -> None:
        """Release rooms: any node that is asked for one opens it, and their connected clients will ask at once."""
        await self._leases.release_rooms([runner.room.id for runner in runners])
        for runner in runners:
            self._lose(runner, None)

    async def _give(self, heir: Heir, runners: list[RoomRunner]) -> None:
        runners = [runner for runner in runners if not (runner.commits.lost or runner.forgotten)]
        given = set(await self._leases.hand_over([runner.room.id for runner in runners], to=heir.node))
        for runner in runners:
            is_given = runner.room.id in given
            if is_given:
                log.info("room {room} is handed over to {node}", room=runner.room.code, node=heir.node)
            self._lose(runner, heir.url if is_given else None)

    def _sleep(self, delay_s: float) -> Deferred[None]:
        done: Deferred[None] = Deferred(lambda _: call.cancel())
        call = self._clock.later(delay_s, done.callback, None)
        return done


def _batch(runners: Iterable[RoomRunner]) -> list[RoomRunner]:
    """:returns: the first of these rooms, as many as may stand still at a time."""
    some = list(islice(runners, BATCH))
    connected = accumulate(len(runner.room.publisher.heard) for runner in some)
    return [runner for runner, sum in zip(some, connected, strict=True) if runner is some[0] or sum <= CONNECTED]


def _may_leave(runner: RoomRunner, heirs: Iterable[Heir]) -> bool:
    """Whether another node can run a room, or it was brought to rest for one that is gone; not while a step waits."""
    if runner.lasting is not None:
        return False
    return any(_can_run(heir, runner) for heir in heirs) or bool(
        runner.over and _is_at_rest(runner) and runner.room.publisher.heard
    )


def _can_run(heir: Heir, runner: RoomRunner) -> bool:
    game = runner.room.game_class
    return heir.games.get(runner.room.spec.name, -1) >= game.version


def _is_at_rest(runner: RoomRunner) -> bool:
    return not runner.in_batch and runner.commits.settled and runner.commits.told


def _is_played(runner: RoomRunner) -> bool:
    """Whether somebody is connected to a room; asked of rooms that are never stored and end with this process."""
    return any(seat.online and seat.bot is None for seat in runner.room.seats.values())
