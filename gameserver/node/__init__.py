"""How a process runs rooms: one at a time each, with timers, commits and codes."""
