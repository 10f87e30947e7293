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
"""What addresses of lines outside rooms begin with."""
NOBODY: Final[dict[str | None, SessionSeat]] = {}
"""May speak at once; always empty."""
SAID_BY_SEATS: Final = frozenset((*SEAT_REQUESTS, messages.NextMessage))
"""What somebody with a seat says of its room."""


@implementer(ISession)
class SeatHolder(GreetedPeer):
    """
    A peer and its seats.

    :ivar busy: something is under way for which all that follows has to wait.
    :ivar speaker: a seat that may speak at once, and has spoken; None while frames are not handled as they come.
    :ivar speakers: all of these, by the rooms that messages name.
    """

    __slots__ = ("_leaving", "_moved", "_seats", "busy", "speaker", "speakers")

    def __init__(self, services: NodeServices, transport: Transport, address: str, *, binary: bool) -> None:
        super().__init__(services, transport, address, binary=binary)
        self._seats: dict[str, str] = {}
        # Rooms in which it has no seat any more, until they have told it so.
        self._leaving: tuple[RoomRunner, ...] = ()
        # Rooms that went to another node. What was said to one before it was told so has no answer: it is said there.
        self._moved: tuple[str, ...] = ()
        self.busy = False
        self.speaker: SessionSeat | None = None
        self.speakers = NOBODY

    def hush(self) -> None:
        """No seat may speak before it is looked at again."""
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
        """That room has told all that this session had asked of it."""
        self._leaving = tuple(left for left in self._leaving if left is not runner)

    def has_rights(self, rights: tuple[str, ...]) -> None:
        """The user has these from now on, and is told so."""
        if self.user is not None:
            self.user = replace(self.user, rights=rights)
            self.hush()
            self.say(messages.UserMessage(told_user(self.user)))

    def fell_behind(self) -> None:
        """Much waits for the client to read it: its rooms withhold what they can replace."""
        for runner in self.runners():
            runner.fell_behind(self)

    def caught_up(self) -> None:
        """The client has read all there was."""
        for runner in self.runners():
            runner.caught_up(self)

    def admits(self) -> bool:
        """
        Ask before a frame is decoded for which none is spare.

        :returns: whether it may be; if not, the connection is closed.
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
        :param room: its code, or None where the session holds one seat.
        :returns: the seat, which from now on may speak.
        :raises Refused: there is no such seat; `RoomMoved`: the room has just gone to another node.
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
        """:returns: the code of the room that a message is about, where it is said by a seat in it."""
        if type(message) not in SAID_BY_SEATS or is_outside(message):
            return None
        if message.room is None:
            return next(iter(self._seats)) if len(self._seats) == 1 else None
        return next((code for code in (message.room, as_typed(message.room)) if code in self._seats), None)

    def runners(self) -> list[RoomRunner]:
        """:returns: those of the rooms in which it has a seat."""
        found = (self.services.registry.get(code) for code in self._seats)
        return [runner for runner in found if runner is not None]

    def unquiet(self) -> list[RoomRunner]:
        """:returns: the rooms that may owe it an answer."""
        return [runner for runner in (*self.runners(), *self._leaving) if not runner.quiet]

    def _detach(self, code: str, seat: str) -> None:
        runner = self.services.registry.get(code)
        if runner is not None:
            runner.gone(self, seat)

    def leave_seats(self) -> None:
        """The connection is gone; that is never leaving."""
        for code, seat in list(self._seats.items()):
            self._detach(code, seat)
        self._seats.clear()


def is_outside(message: Any) -> bool:
    """Whether a line, or a block, has nothing to do with rooms."""
    if isinstance(message, messages.Block):
        return message.user is not None
    return isinstance(message, messages.ChatMessage) and message.to.startswith(OUTSIDE)
