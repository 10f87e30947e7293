"""
The calls that wait for Redis: one is under way, and the next is made when that is answered.

So they are made in their order whatever happens to the connection, even if a script has to be sent to Redis again.
Commits that wait next to each other go in one script call: the busier the store, the more rooms share a round trip.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from msgspec import Struct
from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from gameserver.errors import StoreUnavailable
from gameserver.interfaces import Outcome
from gameserver.store.redis import scripts

MERGED_ROOMS: Final = 500
"""How many rooms one script call commits at most; Redis takes some milliseconds for that."""

_OUTCOMES: Final = {"s": Outcome.STORED, "f": Outcome.FENCED, "b": Outcome.BEHIND}
_NO_LEASE: Final = b"l"

log = Logger(namespace="gameserver")


class ScriptCall(Struct):
    """
    One call of a script.

    :ivar done: fires with what the script returned, or with a list of `Outcome` if it is `scripts.COMMIT`.
    :ivar rooms: for `scripts.COMMIT`: the ids of the rooms whose commits these are; None: it is another script.
    """

    script: scripts.Script
    keys: list[bytes]
    args: list[bytes]
    done: Deferred[Any]
    rooms: set[str] | None = None


class ScriptCalls:
    """
    Makes calls in order.

    :param run: makes one call, given script, keys and arguments.
    :ivar made: how many script calls were made.
    """

    def __init__(self, run: Callable[[scripts.Script, Sequence[bytes], Sequence[bytes]], Awaitable[Any]]) -> None:
        self.made = 0
        self._run = run
        self._waiting: deque[ScriptCall] = deque()
        self._working: Deferred[None] | None = None

    def add(self, call: ScriptCall) -> Deferred[Any]:
        """Make a call when its turn comes: at once if none is under way. :returns: its ``done``."""
        self._waiting.append(call)
        if self._working is None:
            # Set first: a call that is answered at once may lead to another `add`.
            self._working = Deferred()
            Deferred.fromCoroutine(self._work_off()).addBoth(self._end)
        return call.done

    def when_done(self) -> Deferred[None]:
        """:returns: fires once no call waits or is under way."""
        done: Deferred[None] = Deferred()
        if self._working is None:
            return succeed(None)
        self._working.addCallback(done.callback)
        return done

    async def _work_off(self) -> None:
        while self._waiting:
            calls = self._next()
            keys, args = _merged(calls)
            self.made += 1
            try:
                reply = await self._run(calls[0].script, keys, args)
            except StoreUnavailable:
                _fail(calls, Failure())
            else:
                if calls[0].rooms is not None and reply == _NO_LEASE:
                    _fail(calls, Failure(StoreUnavailable("this node's lease has ended")))
                else:
                    _answer(calls, reply)

    def _next(self) -> list[ScriptCall]:
        """Take the next call, and the commits after it that can go in the same script call."""
        calls = [self._waiting.popleft()]
        rooms = calls[0].rooms
        while rooms is not None and self._waiting:
            more = self._waiting[0].rooms
            # Two commits of the same room cannot go together: both would be judged before the first is written.
            if more is None or not rooms.isdisjoint(more) or len(rooms) + len(more) > MERGED_ROOMS:
                break
            rooms = rooms | more
            calls.append(self._waiting.popleft())
        return calls

    def _end(self, result: Any) -> None:
        if isinstance(result, Failure):
            log.failure("calls to the store fail", result)
            waiting, self._waiting = list(self._waiting), deque()
            for call in waiting:
                call.done.errback(result)
        working, self._working = self._working, None
        if working is not None:
            working.callback(None)


def _merged(calls: Sequence[ScriptCall]) -> tuple[list[bytes], list[bytes]]:
    if len(calls) == 1:
        return calls[0].keys, calls[0].args
    keys = calls[0].keys[: scripts.COMMIT_KEYS] + [key for call in calls for key in call.keys[scripts.COMMIT_KEYS :]]
    args = calls[-1].args[: scripts.COMMIT_ARGS] + [arg for call in calls for arg in call.args[scripts.COMMIT_ARGS :]]
    return keys, args


def _answer(calls: Sequence[ScriptCall], reply: Any) -> None:
    """Give each call its part of the reply."""
    if calls[0].rooms is None:
        calls[0].done.callback(reply)
        return
    outcomes = [_OUTCOMES[letter] for letter in reply.decode()]
    at = 0
    for call in calls:
        count = (len(call.keys) - scripts.COMMIT_KEYS) // 2
        call.done.callback(outcomes[at : at + count])
        at += count


def _fail(calls: Sequence[ScriptCall], failure: Failure) -> None:
    for call in calls:
        call.done.errback(failure)
