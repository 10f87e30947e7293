"""A store in memory, which is gone with its process."""
