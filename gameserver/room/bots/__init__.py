"""Bots: seats that the game plays itself, for want of people or for those who are away."""
