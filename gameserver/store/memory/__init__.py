"""A store that forgets with its process."""
