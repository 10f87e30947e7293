"""What an operator can set: which settings there are, how they are read, and from where."""
