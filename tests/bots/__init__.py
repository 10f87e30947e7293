"""Bots that search, and the processes in which they do."""
