"""What hosts and moderators do in a room, each with an entry of the log; and what everybody may: report, block."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from gameserver.errors import Refused
from gameserver.interfaces import User
from gameserver.protocol.texts import cleaned
from gameserver.room.chat.history import lines_heard
from gameserver.room.chat.line import KeptLine
from gameserver.room.chat.rate import SLOWEST_S as SLOWEST_S
from gameserver.room.chat.records import HOSTS, OPERATORS, REPORTS, Quoted, Record, Who
from gameserver.room.hosts import is_host
from gameserver.room.putting_out import put_out
from gameserver.room.state import Ban, Mute

if TYPE_CHECKING:
    from gameserver.room.room import Room
    from gameserver.room.seats import Player

RIGHTS: Final = ("moderator", "admin")
CONTEXT: Final = 20
"""Lines that are kept with a report."""
REASON_CHARS: Final = 500
_LINK: Final = re.compile(
    r"(?i)\b(?:[a-z][a-z0-9+.-]*://|www\.)\S|\b[a-z0-9-]+\.(?:com|net|org|info|io|gg|ru|xyz|link|shop|top)\b"
)


def has_right(user: User | None) -> bool:
    """Whether a user moderates the whole server."""
    return user is not None and any(right in RIGHTS for right in user.rights)


def may_moderate(room: Room, user: User, player: Player) -> bool:
    """Whether a player may moderate this room: its host, or whoever has the right everywhere."""
    return is_host(room, player) or has_right(user)


def has_link(text: str) -> bool:
    """Whether a text holds what a page might make a link of."""
    return _LINK.search(text) is not None


def mute(room: Room, by: User, whom: Player, s: float | None, *, shadow: bool, reason: str) -> None:
    """:raises Refused: it is oneself, a moderator or, unless a moderator asks, the host."""
    _check_target(room, by, whom)
    until = None if s is None else room.now + s
    room.talking.mute(whom.user_id, Mute(until, shadow, reason))
    note(room, "shadow" if shadow else "mute", by, whom, s=s, reason=reason)


def unmute(room: Room, by: User, whom: Player) -> None:
    """
    A player may write again.

    :raises Refused: it is oneself, whom only a moderator can have muted, or the server, for a flood.
    """
    if whom.user_id == by.id and not has_right(by):
        raise Refused("That is you.", code="bad_data", path="$.seat")
    room.talking.mute(whom.user_id, None)
    note(room, "unmute", by, whom)


def kick(room: Room, by: User, whom: Player, reason: str) -> None:
    """:raises Refused: it is oneself, a moderator or, unless a moderator asks, the host."""
    _check_target(room, by, whom)
    note(room, "kick", by, whom, reason=reason)
    put_out(room, [whom], "kicked", reason or None)


def ban(room: Room, by: User, whom: Player, s: float | None, reason: str) -> None:
    """:raises Refused: it is oneself, a moderator or, unless a moderator asks, the host."""
    _check_target(room, by, whom)
    note(room, "ban", by, whom, s=s, reason=reason)
    room.talking.ban(whom.user_id, Ban(whom.name, None if s is None else room.now + s, reason))
    put_out(room, list(room.seats.index.of_user(whom.user_id)), "banned", reason or None)


def unban(room: Room, by: User, name: str) -> str:
    """
    :param name: of whoever is banned, or the user's id.
    :returns: the name.
    :raises Refused: nobody of that name is banned.
    """
    folded = name.casefold()
    bans = room.talking.bans
    user_id = next((id for id, ban in bans.items() if id == name or ban.name.casefold() == folded), None)
    if user_id is None:
        raise Refused("Nobody of that name is banned.", code="bad_data")
    known = bans[user_id].name
    room.talking.ban(user_id, None)
    note(room, "unban", by, Who(user_id, known))
    return known


def slow(room: Room, by: User, s: float) -> None:
    """Each player waits so long between two lines."""
    room.talking.set_slow(s)
    note(room, "slow", by, None, about=f"{s:g}")


def links(room: Room, by: User, on: bool) -> None:
    """Whether lines may hold links."""
    room.talking.set_links(on)
    note(room, "links", by, None, about="on" if on else "off")


def report(
    room: Room, by: Player, *, whom: Player | None, line: KeptLine | None, reason: str, address: str = ""
) -> None:
    """
    Report something to those who moderate, with the last lines that the reporting player could read.

    :param address: from which it comes.
    :raises Refused: ``slow_down``.
    """
    room.context.watch.admit_report(by.user_id, address)
    about = Who(whom.user_id, whom.name) if whom is not None else None
    if line is not None and whom is None and line.seat is not None:
        about = Who(_user_of(room, line), line.name or "")
    heard = sorted(lines_heard(room, by, by._kept.entered), key=lambda x: x.number)
    if line is not None:
        heard = [x for x in heard if x.number <= line.number][-CONTEXT // 2 :] + [
            x for x in heard if x.number > line.number
        ][: CONTEXT // 2]
    quoted = tuple(_quoted(room, x) for x in heard[-CONTEXT:])
    note(room, "report", Who(by.user_id, by.name), about, reason=cleaned(reason[:REASON_CHARS]), lines=quoted)


def block(room: Room, by: Player, whom: Player, on: bool) -> None:
    """:raises Refused: it is oneself. The step ends once it is stored, and is refused if that is not known."""
    if whom.user_id == by.user_id:
        raise Refused("That is you.", code="bad_data", path="$.seat")
    room.finish_later(room.context.watch.block(by.user_id, whom.user_id, on))


def note(room: Room, act: str, by: Any, whom: Any, **more: Any) -> None:
    """Leave an entry in the log, with this step."""
    record = Record(
        at_ms=round(room.now * 1000),
        act=act,
        book=REPORTS if act == "report" else OPERATORS if has_right(by if isinstance(by, User) else None) else HOSTS,
        game=room.spec.name,
        room=room.code,
        by=_who(by),
        whom=_who(whom),
        **more,
    )
    room.journal.append(room.changes.records, record)


def note_unsaid(room: Room, by: User, line: KeptLine) -> None:
    """Somebody who moderates takes another's line back: the log has it as it was."""
    whom = Who(_user_of(room, line), line.name or "") if line.seat is not None else None
    note(room, "unsay", by, whom, lines=(_quoted(room, line),))


def _who(somebody: Any) -> Who | None:
    if somebody is None or isinstance(somebody, Who):
        return somebody
    return Who(getattr(somebody, "user_id", None) or somebody.id, somebody.name)


def _check_target(room: Room, by: User, whom: Player) -> None:
    if whom.user_id == by.id:
        raise Refused("That is you.", code="bad_data", path="$.seat")
    if whom._moderates:
        raise Refused(f"{whom.name} is a moderator.", code="forbidden")
    if whom.id == room.seats.host and not has_right(by):
        raise Refused(f"{whom.name} is the host.", code="forbidden")


def _quoted(room: Room, line: KeptLine) -> Quoted:
    by = Who(_user_of(room, line), line.name or "") if line.seat is not None else None
    return Quoted(by, line.to, line.text, line.at_ms)


def _user_of(room: Room, line: KeptLine) -> str:
    """:returns: who said a line; of one whose seat is gone only the seat is known."""
    seat = room.seats.get(line.seat or "")
    return seat.user_id if seat is not None else f"seat {line.seat}"
