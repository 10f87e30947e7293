"""Games of others, written from the description of turns alone."""
