"""
Program a small multiplayer game without managing sockets, rooms, authentication, chat, timers or storage.

Write a `Game`, or a module with a function ``payload_handler``, and run ``twistd gameserver``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gameserver.errors import Refused
    from gameserver.game.chat import RoomChat
    from gameserver.game.dice import Dice
    from gameserver.game.game import Game
    from gameserver.game.marks import bot, cron, message, timer
    from gameserver.game.question import Answer, Asking, Question, question
    from gameserver.room.bots.seats import Bots
    from gameserver.room.chat.channels import Channel
    from gameserver.room.chat.draft import Chat
    from gameserver.room.chat.words import WordFilter
    from gameserver.room.groups import Group, Role
    from gameserver.room.seats import Player
    from gameserver.room.tables import RoomTable
    from gameserver.room.teams import Team, Teams
    from gameserver.room.turns.move import Move, Some
    from gameserver.room.turns.turns import Turns

__version__ = "0.1.0"

__all__ = [
    "Answer",
    "Bots",
    "Asking",
    "Channel",
    "Chat",
    "Dice",
    "Game",
    "Group",
    "Move",
    "Player",
    "Question",
    "Refused",
    "Role",
    "RoomChat",
    "RoomTable",
    "Some",
    "Team",
    "Teams",
    "Turns",
    "WordFilter",
    "bot",
    "cron",
    "message",
    "question",
    "timer",
]

_NAMES: Final = {
    "gameserver.errors": ("Refused",),
    "gameserver.game.chat": ("RoomChat",),
    "gameserver.game.dice": ("Dice",),
    "gameserver.game.game": ("Game",),
    "gameserver.game.marks": ("bot", "cron", "message", "timer"),
    "gameserver.game.question": ("Answer", "Asking", "Question", "question"),
    "gameserver.room.bots.seats": ("Bots",),
    "gameserver.room.chat.channels": ("Channel",),
    "gameserver.room.chat.draft": ("Chat",),
    "gameserver.room.chat.words": ("WordFilter",),
    "gameserver.room.groups": ("Group", "Role"),
    "gameserver.room.seats": ("Player",),
    "gameserver.room.tables": ("RoomTable",),
    "gameserver.room.teams": ("Team", "Teams"),
    "gameserver.room.turns.move": ("Move", "Some"),
    "gameserver.room.turns.turns": ("Turns",),
}
"""
Names of `__all__` by their module, which is imported when one of them is first used: commands such as ``gameserver
new`` need none.
"""
_MODULES: Final = {name: module for module, names in _NAMES.items() for name in names}


if not TYPE_CHECKING:  # else a type checker would take any name to be there

    def __getattr__(name: str) -> object:
        """Return a name of `__all__`, and import its module first. Source: PEP 562"""
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = globals()[name] = getattr(import_module(_MODULES[name]), name)
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
