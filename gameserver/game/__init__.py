"""What authors of games touch."""
