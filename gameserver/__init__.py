"""
Program a small multiplayer game without managing sockets, rooms, authentication, chat, timers or storage.

Write a `Game`, or a module with a function ``payload_handler``, and run ``twistd gameserver``.
"""

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
