"""
Program a small multiplayer game without managing sockets, rooms, authentication, chat, timers or storage.

Write a `Game`, or a module with a function ``payload_handler``, and run ``twistd gameserver``.
"""

from gameserver.errors import Refused
from gameserver.game.game import Game
from gameserver.game.marks import cron, message, timer
from gameserver.game.question import Answer, Asking, Question, question
from gameserver.room.chat import Chat
from gameserver.room.groups import Group, Role
from gameserver.room.seats import Player

__version__ = "0.1.0"

__all__ = [
    "Answer",
    "Asking",
    "Chat",
    "Game",
    "Group",
    "Player",
    "Question",
    "Refused",
    "Role",
    "cron",
    "message",
    "question",
    "timer",
]
