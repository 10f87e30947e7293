"""Which input each message becomes that a client sends from its seat."""

from __future__ import annotations

from typing import Any, Final

from gameserver.protocol import messages
from gameserver.room.inputs.bots import SetBot
from gameserver.room.inputs.chat import EditLine, MarkRead, SayLine, TellTyping, UnsayLine
from gameserver.room.inputs.host import ActAsHost
from gameserver.room.inputs.input import SeatRequest
from gameserver.room.inputs.lifecycle import GiveUpSeat, StartRound
from gameserver.room.inputs.message import Message
from gameserver.room.inputs.moderation import BlockSeat, ReportSeat
from gameserver.room.inputs.options import SetOptions
from gameserver.room.inputs.ready import MarkReady
from gameserver.room.inputs.teams import ChooseTeam
from gameserver.room.inputs.undo import UndoMove

SEAT_REQUESTS: Final[dict[type, type[SeatRequest[Any]]]] = {
    messages.Send: Message,
    messages.ChatMessage: SayLine,
    messages.Edit: EditLine,
    messages.Unsay: UnsayLine,
    messages.Typing: TellTyping,
    messages.Read: MarkRead,
    messages.Start: StartRound,
    messages.Leave: GiveUpSeat,
    messages.TeamMessage: ChooseTeam,
    messages.HostMessage: ActAsHost,
    messages.Undo: UndoMove,
    messages.ReadyMessage: MarkReady,
    messages.BotMessage: SetBot,
    messages.OptionsMessage: SetOptions,
    messages.Report: ReportSeat,
    messages.Block: BlockSeat,
}
"""A session passes these on to its room as they are; it answers all other messages of a client itself."""
