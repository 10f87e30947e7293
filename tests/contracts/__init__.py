"""One suite for each contract in `gameserver.interfaces`, run on every implementation of it."""
