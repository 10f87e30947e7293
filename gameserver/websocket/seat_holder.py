"""The seats that a session has, and what rooms tell it of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace
from zope.interface import implementer

from gameserver.errors import Refused, RoomMoved
from gameserver.interfaces import ISession, User
from gameserver.node.codes import as_typed
from gameserver.protocol import messages
from gameserver.protocol.messages import Close, Form
from gameserver.room.inputs.table import SEAT_REQUESTS
from gameserver.websocket.hello import GreetedPeer, told_user
from gameserver.websocket.services import NodeServices, Transport
from gameserver.websocket.session_seat import SessionSeat

if TYPE_CHECKING:
    from gameserver.node.runner import RoomRunner

OUTSIDE: Final = ("lobby:", "user:")
"""How the addresses of lines of chat outside rooms begin."""
NOBODY: Final[dict[str | None, SessionSeat]] = {}
"""No seat may speak at once; always empty."""
SAID_BY_SEATS: Final = frozenset((*SEAT_REQUESTS, messages.NextMessage))
"""What somebody with a seat says of its room."""


@implementer(ISession)
class SeatHolder(GreetedPeer):
    """
    A peer and its seats.

    :ivar busy: a request is under way, and all that follows has to wait for it.
    :ivar speaker: a seat whose messages are handled as they come, without more checks; None while there is none.
    :ivar speakers: all such seats, by the room that a message names; None: it names none, since there is but one seat.
    """

    __slots__ = ("_leaving", "_moved", "_seats", "busy", "speaker", "speakers")

    def __init__(self, services: NodeServices, transport: Transport, address: str, *, binary: bool) -> None:
        super().__init__(services, transport, address, binary=binary)
        self._seats: dict[str, str] = {}
        # Rooms that it has left, until they have sent all that they owe it.
        self._leaving: tuple[RoomRunner, ...] = ()
        # Rooms that moved to another node. What was sent to one before its client knew gets no answer here: the client
        # sends it again there.
        self._moved: tuple[str, ...] = ()
        self.busy = False
        self.speaker: SessionSeat | None = None
        self.speakers = NOBODY

    def hush(self) -> None:
        """Have every seat looked up again before its next message is handled."""
        self.speaker, self.speakers = None, NOBODY

    def seated(self, code: str, seat: str) -> None:
        """Note a seat that this session has now; see `ISession.seated`."""
        if self.closed:
            # It ended while the room was at work; the room may not be in the registry yet.
            self.services.clock.later(0, self._detach, code, seat)
        else:
            self._seats[code] = seat
            if code in self._moved:
                self._moved = tuple(moved for moved in self._moved if moved != code)
            self.hush()

    def unseated(self, code: str) -> None:
        """Note a seat that this session has no more; see `ISession.unseated`."""
        if self._seats.pop(code, None) is not None:
            runner = self.services.registry.get(code)
            if runner is not None:
                self._leaving = (*self._leaving, runner)
                runner.told().addBoth(self._has_left, runner)
                if runner.commits.lost:
                    self._moved = (*self._moved, code)
        self.hush()
        self.transport.forget(code)

    def _has_left(self, _: object, runner: RoomRunner) -> None:
        """The room has answered all that this session asked of it."""
        self._leaving = tuple(left for left in self._leaving if left is not runner)

    def has_rights(self, rights: tuple[str, ...]) -> None:
        """Give the user these rights from now on, and say so to the client."""
        if self.user is not None:
            self.user = replace(self.user, rights=rights)
            self.hush()
            self.say(messages.UserMessage(told_user(self.user)))

    def fell_behind(self) -> None:
        """Much waits for the client to read it: have its rooms withhold what they can send anew later."""
        for runner in self.runners():
            runner.fell_behind(self)

    def caught_up(self) -> None:
        """The client has read all there was."""
        for runner in self.runners():
            runner.caught_up(self)

    def admits(self) -> bool:
        """
        Ask whether a frame may be decoded for which the budget has none to spare.

        :returns: whether it may; if not, the connection is closed.
        """
        if self.pace.admits(sum(runner.room.game_class.messages_per_s for runner in self.runners())):
            return True
        over = self.pace.over
        if not self.closing:
            self.services.budgets.throttled[over] += 1
        self.close(Close.FLOODING, "too many frames" if over == "frames" else "too much was refused")
        return False

    def seat_in(self, room: str | None, user: User) -> SessionSeat:
        """
        Find the seat that a message is for, and let it speak from now on.

        :param room: the room's code; None: the only room in which the session has a seat.
        :raises Refused: ``bad_data``: None was given, and it has seats in several; ``not_found``: it has no seat there;
            and as `RunningRooms.find` does.
        :raises RoomMoved: the room has just moved to another node.
        """
        speaker = self.speakers.get(room)
        if speaker is not None and not speaker.runner.forgotten:
            return speaker
        seats = self._seats
        if room is None:
            if len(seats) > 1:
                raise Refused("Say which room: you have seats in several.", code="bad_data", path="$.room")
            room = next(iter(seats), "")
        if self._moved and not seats.keys() & {room, as_typed(room)}:
            self._check_moved(room)
        runner = self.services.registry.find(room)
        seat = seats.get(runner.room.code)
        if seat is None:
            raise Refused(code="not_found")
        speaker = self.speakers.get(runner.room.code)
        if speaker is None or speaker.runner is not runner:
            speaker = SessionSeat(runner, seat, self, user, typed=self.form is Form.JSON)
            if not self.busy:
                self.speakers = {**self.speakers, speaker.code: speaker}
                if len(seats) == 1:
                    self.speakers[None] = speaker
                self.speaker = speaker
        return speaker

    def _check_moved(self, room: str) -> None:
        """:raises RoomMoved: the session had a seat there until the room went to another node."""
        if not room or room in self._moved or as_typed(room) in self._moved:
            raise RoomMoved

    def room_of(self, message: Any) -> str | None:
        """:returns: the code of the room that a message is about, if a seat in it sends it; else None."""
        if type(message) not in SAID_BY_SEATS or is_outside(message):
            return None
        if message.room is None:
            return next(iter(self._seats)) if len(self._seats) == 1 else None
        return next((code for code in (message.room, as_typed(message.room)) if code in self._seats), None)

    def runners(self) -> list[RoomRunner]:
        """:returns: the runners of the rooms in which this session has a seat."""
        found = (self.services.registry.get(code) for code in self._seats)
        return [runner for runner in found if runner is not None]

    def unquiet(self) -> list[RoomRunner]:
        """:returns: the runners of the rooms that may owe it an answer."""
        return [runner for runner in (*self.runners(), *self._leaving) if not runner.quiet]

    def _detach(self, code: str, seat: str) -> None:
        runner = self.services.registry.get(code)
        if runner is not None:
            runner.gone(self, seat)

    def leave_seats(self) -> None:
        """Tell rooms that the connection is gone; the seats stay the user's."""
        for code, seat in list(self._seats.items()):
            self._detach(code, seat)
        self._seats.clear()


def is_outside(message: Any) -> bool:
    """Whether a message is a line of chat, or a block, that has nothing to do with rooms."""
    if isinstance(message, messages.Block):
        return message.user is not None
    return isinstance(message, messages.ChatMessage) and message.to.startswith(OUTSIDE)
