"""Which messages a seat may send now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gameserver.errors import Refused
from gameserver.room.hosts import is_host
from gameserver.room.questions import OpenQuestions
from gameserver.room.turns.turn_type import TurnType
from gameserver.room.turns.waiting import waits_for

if TYPE_CHECKING:
    from gameserver.room.contract import MessageContract
    from gameserver.room.core import RoomCore
    from gameserver.room.seats import Player
    from gameserver.room.turns.state import TurnsState


def admit_message(room: RoomCore, spec: MessageContract, player: Player, type: str) -> None:
    """:raises Refused: this player may not send that now."""
    if room.state.paused_at is not None:
        admit_while_paused(room, player)
    refused = why_not(room, spec, player, type)
    if refused is not None:
        raise refused


def why_not(room: RoomCore, spec: MessageContract | None, player: Player, type: str) -> Refused | None:
    """
    :param spec: None: a message of the function style, which has no schema; `Contract.turn_types` may know it.
    :returns: why this player may not send that now, paused or not; None: it is open.
    """
    if spec is None:
        return _why_not_type(room, player, type)
    by = spec.by
    if not (is_host(room, player) if by == "host" else by in ("any", player.role)):
        return Refused(f"Only a {by} may do that.", code="forbidden")
    if spec.turn and not _is_turn_of(room, spec, player):
        return _not_your_turn(room)
    if spec.phase is not None and spec.phase != room.state.phase:
        return Refused("Not now.")
    if spec.question:
        return OpenQuestions(room).why_not(spec.method, player, revise=room.spec.questions[spec.method].revise)
    return None


def _why_not_type(room: RoomCore, player: Player, type: str) -> Refused | None:
    found = room.spec.turn_types.get(type)
    if found is None:
        return None
    if player.role != "player":
        return Refused("Only a player may do that.", code="forbidden")
    return None if _is_turn_of(room, found, player) else _not_your_turn(room)


def _not_your_turn(room: RoomCore) -> Refused:
    return Refused("Nobody has a turn now." if room.state.turns is None else "", code="not_your_turn")


def _is_turn_of(room: RoomCore, spec: MessageContract | TurnType, player: Player) -> bool:
    if spec.turn != "any":
        return has_turn(room, player, spec.stage)
    return room.state.status == "playing" and (not spec.stage or _stage(room.state.turns) in spec.stage)


def has_turn(room: RoomCore, player: Player, stages: tuple[str, ...]) -> bool:
    """Whether a player is waited for, in one of these stages; where none is given, in none that has a name."""
    state = room.state.turns
    if state is None or room.state.status != "playing":
        return False
    stage = _stage(state)
    return (stage in stages if stages else stage is None) and waits_for(room, state, player.id)


def admit_while_paused(room: RoomCore, player: Player) -> None:
    """:raises Refused: ``paused``: only the host may go on."""
    if room.state.paused_at is not None and not is_host(room, player):
        raise Refused(code="paused")


def _stage(state: TurnsState | None) -> str | None:
    """:returns: the stage of the call on top; None: it has none, or none is open."""
    return state.calls[-1].stage if state is not None and state.calls else None
