"""
How everybody in a room gets to the next one.

1. The room is asked whether this seat may ask for that (`AskNext`); a code is claimed.
2. The plan of the next room is stored with this one (`PlanNext`). From here on it is carried out even if the process
   dies.
3. The next room is made, and stored. If its game refuses, this room forgets the plan (`GiveUpNext`).
4. All leave for the next room (`GoOn`), in one step of this room, whose code leads there afterwards.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from gameserver.errors import PASSING, Elsewhere, Refused
from gameserver.room.inputs.moving_on import AskNext, GiveUpNext, GoOn, PlanNext, answer_of
from gameserver.room.moving_on import Heritage, heritage_of
from gameserver.room.state import Successor

if TYPE_CHECKING:
    from gameserver.game.spec import Spec
    from gameserver.interfaces import IClock
    from gameserver.node.runner import RoomRunner
    from gameserver.protocol.messages import NextMessage
    from gameserver.room.effects import Requester
    from gameserver.room.room import Room

RETRY_S: Final = 1.0
"""How long to wait before a next room that could not be made for a passing reason is tried again."""

Claim = Callable[[bool], Awaitable[tuple[str, str]]]
"""Claims a code, a long one if it is called with True, for a private room; returns the new room's id and the code."""
Make = Callable[["Spec", Successor, Heritage], Awaitable["RoomRunner"]]
"""Makes the next room; raises `Refused` if its game does."""


class Successors:
    """
    The next rooms of a node's rooms.

    :param get: finds a room here by its code.
    :param reach: finds a room wherever it is; raises `Refused`, which is `Elsewhere` if another node has it.
    :param spec: finds a game by its name; raises `Refused`.
    :param check: raises `Refused` if the user may not make a room of that game with those options.
    :param claim: see `Claim`; ``release`` gives a code back.
    :param make: see `Make`.
    :param moved_on: called with a room that all have left for the next.
    """

    def __init__(
        self,
        clock: IClock,
        *,
        get: Callable[[str], RoomRunner | None],
        reach: Callable[[str], Awaitable[RoomRunner]],
        spec: Callable[[str], Spec],
        check: Callable[[Requester, Spec, dict[str, Any]], None],
        claim: Claim,
        release: Callable[[str], None],
        make: Make,
        moved_on: Callable[[RoomRunner], None],
    ) -> None:
        self._clock = clock
        self._get = get
        self._reach = reach
        self._spec = spec
        self._check = check
        self._claim = claim
        self._release = release
        self._make = make
        self._moved_on = moved_on
        self._under_way: dict[RoomRunner, list[Deferred[None]]] = {}

    async def go_on(self, runner: RoomRunner, requester: Requester, seat: str, message: NextMessage) -> Any:
        """
        Make the next room, and have all go there; the room itself sends the answer to the one who asked.

        :returns: the answer, if another connection of the same client had already asked the same; else None.
        :raises Refused: what came of it is not known, or it was refused without the room sending the answer.
        """
        successor = runner.room.state.next
        if successor is not None and is_same(successor, requester) and runner in self._under_way:
            await self._end_of(runner)
            return await self.answer_again(runner, requester)
        options: dict[str, Any] = message.options or {}
        agreed: list[bool] = []
        await runner.post(
            AskNext(
                requester,
                seat,
                message,
                check=lambda: self._check(requester, self._spec(message.game), options),
                agree=lambda: agreed.append(True),
            )
        )
        if agreed:
            await self._begin(runner, requester, seat, self._spec(message.game), options)
        return None

    async def answer_again(self, runner: RoomRunner, requester: Requester) -> dict[str, str] | None:
        """:returns: the answer to this request, if all have gone on because of it; None: they have not."""
        found = await runner.look(lambda room: room.state.next)
        return answer_of(found) if found is not None and found.is_made and is_same(found, requester) else None

    def resume(self, code: str) -> None:
        """Carry out the plan of a room that was just opened and is to go on in another."""
        runner = self._get(code)
        if runner is not None and runner not in self._under_way and not runner.over:
            done = Deferred.fromCoroutine(self._complete(runner, None))
            done.addErrback(lambda failure: failure.trap(Refused) and None)  # it is tried again
            done.addErrback(lambda failure: log.failure("room {code} does not go on", failure, code=code))

    async def _begin(
        self, runner: RoomRunner, requester: Requester, seat: str, spec: Spec, options: dict[str, Any]
    ) -> None:
        id, code = await self._claim(runner.room.state.private)
        key, user = requester.session.key, requester.user.id
        successor = Successor(id, code, spec.name, options, user, seat, key, requester.id)
        try:
            await runner.post(PlanNext(requester, successor))
        except Refused:
            self._release(code)
            raise
        await self._complete(runner, requester)

    async def _complete(self, runner: RoomRunner, requester: Requester | None) -> None:
        self._under_way[runner] = []
        try:
            await runner.told()  # what is planned is stored
            successor = runner.room.state.next
            if successor is None or successor.is_made:
                return
            refused = await self._see_to(runner.room, successor, may_be_there=requester is None)
            if refused is not None and refused.code in PASSING:
                raise refused
            await runner.post(GoOn(requester) if refused is None else GiveUpNext(requester, refused))
            await runner.told()
            if refused is None:
                self._moved_on(runner)
        except Refused:
            if not runner.over:  # else the node that opens it next carries it out
                self._clock.later(RETRY_S, self.resume, runner.room.code)
            raise
        finally:
            for waiting in self._under_way.pop(runner):
                waiting.callback(None)

    async def _see_to(self, room: Room, successor: Successor, *, may_be_there: bool) -> Refused | None:
        """
        :param may_be_there: whether it may have been made already, by a process that died since.
        :returns: why the next room cannot be made; None: it exists, and is stored.
        """
        try:
            made = await self._find(successor.code) if may_be_there else None
            if made is None:
                spec = self._spec(successor.game)
                made = await self._make(spec, successor, heritage_of(room, spec))
            await made.told()
        except Elsewhere:
            return None
        except Refused as refused:
            return refused
        return None

    async def _find(self, code: str) -> RoomRunner | None:
        try:
            return await self._reach(code)
        except Refused as refused:
            if isinstance(refused, Elsewhere) or refused.code != "not_found":
                raise
            return None

    def _end_of(self, runner: RoomRunner) -> Deferred[None]:
        waiting: Deferred[None] = Deferred()
        self._under_way[runner].append(waiting)
        return waiting


def is_same(successor: Successor, requester: Requester) -> bool:
    """Whether a request is the one for which a next room is made."""
    asked = requester.user.id, requester.session.key, requester.id
    return requester.id is not None and asked == (successor.user_id, successor.key, successor.request)


log = Logger(namespace="gameserver.rooms")
