"""Arena: discs that push each other about for coins, in real time."""

from .game import Arena

__all__ = ["Arena"]
