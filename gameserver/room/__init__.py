"""What happens in one room, without I/O and without a clock."""
