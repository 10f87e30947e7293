"""
What bots can be made of: `search`, which looks for a move by playing on by chance, in a process of its own.

A search has a copy of the room, as the seat sees it. `snapshot` makes bytes of that, `workers` gives them to a process
that has nothing else to do, and there `worker` makes a room of them again, in which `tree` plays by the game's own
``moves`` to the end, again and again (`playing` is how), and undoes it.
"""

from gameserver.bots.searching import search

__all__ = ["search"]
