"""
A small process beside a node that ends it when a step of a game never returns, and says which room that was.

Whatever the node's own process could do about that, it could not while a step holds the interpreter, in no thread
either. See `gameserver.guard.service` for the node's side, and `gameserver.guard.process` for the other.
"""
