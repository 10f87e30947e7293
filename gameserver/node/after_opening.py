"""What is done after a room has been opened that an older release of its game stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from gameserver.errors import Refused, StoreUnavailable
from gameserver.interfaces import Commit
from gameserver.room import release

if TYPE_CHECKING:
    from gameserver.interfaces import IClock, IStore
    from gameserver.node.runner import RoomRunner

RETRY_S: Final = 1.0
"""Until a store that did not answer is asked again."""
_log: Final = Logger(namespace="gameserver.rooms")


class OpenedRooms:
    """Warns of what such rooms keep against the new release, and takes rooms out of the store that need no row."""

    def __init__(self, store: IStore, clock: IClock) -> None:
        self._store = store
        self._clock = clock
        self._said: set[tuple[str, str]] = set()

    def look(self, runner: RoomRunner) -> None:
        """Look at a room that was just opened; it may still be loading."""
        room = runner.room
        for what in release.kept_over(room):
            self._say(room.spec.name, room.code, what)
        if not runner.is_stored:
            runner.told().addCallbacks(lambda _: self._leave_store(runner), _not_loaded)

    def _say(self, game: str, code: str, what: str) -> None:
        """Warn, once for each game: there may be thousands of such rooms."""
        kind = "".join(letter for letter in what if not letter.isdigit())
        if (game, kind) not in self._said:
            self._said.add((game, kind))
            _log.warn(
                "in room {room} {what}; all of it stays, and so it does in other rooms of {game}",
                room=code,
                what=what,
                game=game,
            )

    def _leave_store(self, runner: RoomRunner) -> None:
        """Delete the row of a room whose game is not stored any more: a later start would bring back a stale room."""
        if runner.over:
            return
        room, commits = runner.room, runner.commits
        self._say(room.spec.name, room.code, "nothing is stored any more, since its durability is none")
        version, commits.version = commits.version + 1, 0
        self._end(
            Commit(
                room=room.id,
                code=room.code,
                game=room.spec.name,
                fence=commits.fence,
                version=version,
                puts={},
                ends=True,
            )
        )

    def _end(self, commit: Commit) -> None:
        def again(failure: Failure) -> None:
            failure.trap(StoreUnavailable)
            self._clock.later(RETRY_S, self._end, commit)

        ended: Deferred[Any] = self._store.commit([commit], now_ms=round(self._clock.now() * 1000))
        ended.addErrback(again)


def _not_loaded(failure: Failure) -> None:
    failure.trap(Refused)
