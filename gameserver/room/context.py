"""What a room is given by the node that runs it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from gameserver.room.bots.choice import BotChoice
from gameserver.room.chat.records import UserWatch

if TYPE_CHECKING:
    from twisted.logger import Logger


class RoomContext(Struct):
    """
    The same for all rooms of a node.

    :ivar log: gets what fails in a room.
    :ivar watch: who is muted, banned or blocked on the whole server; its log gets what is moderated in a room.
    :ivar chat_chars: characters of a line.
    :ivar chat_data_bytes: of what a client adds to a line.
    :ivar name_chars: characters of a player's name.
    :ivar options_bytes: of a room's options, as JSON.
    :ivar warned: games for which it was logged that they store large documents whole.
    :ivar bot_chose: called with the code of a room, and what a bot there chose after it had waited; None: nobody runs
        the room.
    :ivar go_on: called with the code of a room that is to go on in another, where nobody sees to that yet.
    :ivar notified: called with notices, once they are stored; None: nobody outside wants to know.
    :ivar search: gives a job to a process that looks for a move; None: there is none.
    :ivar lacks: of a copy for one seat: the name of a document that it lacks, since that seat does not see it; empty:
        it lacks none. None: this is no copy.
    """

    log: Logger
    watch: UserWatch
    chat_chars: int = 500
    chat_data_bytes: int = 1024
    name_chars: int = 32
    options_bytes: int = 4096
    notified: Callable[[Mapping[str, bytes]], None] | None = None
    bot_chose: Callable[[str, BotChoice], None] | None = None
    go_on: Callable[[str], None] | None = None
    warned: set[str] = set()
    search: Callable[[Any], Awaitable[Any]] | None = None
    lacks: str | None = None
