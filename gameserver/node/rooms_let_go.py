"""How the registry lets go of a room that has ended, that another node has, or that falls asleep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gameserver.errors import Refused
from gameserver.node.refusals import MOVED
from gameserver.node.rooms_asleep import RoomsAsleep
from gameserver.protocol import messages, msgpack
from gameserver.room.bots.moving import TakeBotMove

if TYPE_CHECKING:
    from gameserver.node.code_claims import CodeClaims
    from gameserver.node.rooms_of_addresses import Openers
    from gameserver.node.runner import RoomRunner
    from gameserver.room.bots.choice import BotChoice


class RoomsLetGo(RoomsAsleep):
    """What `RunningRooms` does with a room when it has changed, and when it lets go of it."""

    _openers: Openers
    _codes: CodeClaims
    _free_s: float | None

    def _changed(self, runner: RoomRunner) -> None:
        stale = runner.room.journal.stale
        if stale.users or stale.admits:
            self.count_users(runner)
        self.sleeper.note(runner)

    def _lose(self, runner: RoomRunner, url: str | None = None) -> None:
        """Let go of a room that another node has, and tell its clients that node's address, if it is known."""
        # Somebody who had just left may not have been told so, and then still has the seat.
        sessions = runner.commits.fenced()
        moved = messages.Left(runner.room.code, "moved", url=url)
        sessions.update(dict.fromkeys(runner.room.publisher.everybody()))
        for session in sessions:
            session.deliver(msgpack.encode_for(session.form, moved))
            session.unseated(runner.room.code)
        self._forget(runner)

    def _bot_chose(self, code: str, choice: BotChoice) -> None:
        """Give a room the move that a bot has chosen in another process."""
        runner = self._runners.get(code)
        if runner is not None:
            runner.post(TakeBotMove(choice)).addErrback(lambda failure: failure.trap(Refused))

    def _forget(self, runner: RoomRunner) -> None:
        if runner.forgotten:
            return  # it was let go while a step waited, and this node may have opened the room again since
        runner.forgotten = True
        self._clear(runner)
        if runner.room.moment.ended:
            room = runner.room
            room.context.log.info("room {room} of {game} is closed", room=room.code, game=room.spec.name)
        self._openers.gone(runner)
        self._open_rooms.gone(runner)
        self.sleeper.gone(runner)
        runner.stop(MOVED if runner.commits.lost else "not_found")
        self._ids.discard(runner.room.id)
        runner.room.share.give_back()
        if self._runners.get(runner.room.code) is runner:
            del self._runners[runner.room.code]
            if runner.commits.version == 0:
                # The store has only the claim of its code, which rests as long as any other.
                self._codes.rest(runner.room.code)
        runner.room.seats.clear()
        self.count_users(runner)
        if self._free_s is not None:
            self.clock.later(self._free_s, runner.take_apart)
        self._opener.left(runner.room.id)  # last, since those who wait for the room have it opened at once

    def count_users(self, runner: RoomRunner) -> None:
        """Update who has a seat in a room, for the limit of rooms per user, and which seats are free."""
        room = runner.room
        if not room.journal.undo:
            room.journal.stale.admits = False  # it stays stale during a step, which may yet be undone
        if self._runners.get(room.code) is runner:
            self._open_rooms.note(runner)
        self.rooms_of.count(runner)
        if any(user != room.state.creator for user in runner.users):
            self._openers.visited(runner)
