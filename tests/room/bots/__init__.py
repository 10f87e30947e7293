"""Bots: their seats, what they are shown, and what becomes of their moves."""
