"""Werewolf: a village, and those in it who hunt by night."""

from .game import Werewolf

__all__ = ["Werewolf"]
