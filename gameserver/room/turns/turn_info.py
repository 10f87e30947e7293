"""What all are told of turns, with the room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gameserver.protocol import messages
from gameserver.room.turns import clocks
from gameserver.room.turns.ring import key_of
from gameserver.room.turns.state import Prompt
from gameserver.room.turns.waiting import waited_for
from gameserver.room.turns.whose import WhoseTurn

if TYPE_CHECKING:
    from gameserver.room.core import RoomCore


def turn_info(room: RoomCore) -> messages.TurnInfo | None:
    """:returns: what all are told; None where it is nobody's turn, and no call is open."""
    state = room.state.turns
    if state is None or (state.at is None and not state.calls):
        return None
    turns = WhoseTurn(room)
    current = turns.current
    top = clocks.top_of(state)
    ends = [clocks.ends_of(room, clocks.OF_LEVEL), *(clocks.ends_of(room, clocks.BANK + key) for key in state.banks)]
    return messages.TurnInfo(
        order=[key_of(who) for who in turns.order],
        current=key_of(current) if current is not None else None,
        active=waited_for(room, state),
        stage=turns.stage,
        number=state.number,
        round=state.round,
        prompt=prompt_info(top.prompt),
        ends=min((at for at in ends if at is not None), default=None),
        clocks={key: _clock_info(room, key, left_s) for key, left_s in state.banks.items()},
    )


def _clock_info(room: RoomCore, key: str, left_s: float) -> messages.ClockInfo:
    return messages.ClockInfo(round(left_s * 1000), clocks.ends_of(room, clocks.BANK + key))


def prompt_info(prompt: Prompt | None) -> messages.PromptInfo | None:
    """:returns: a prompt as the wire has it."""
    return (
        messages.PromptInfo(prompt.text, prompt.others, messages.payload(prompt.args)) if prompt is not None else None
    )
