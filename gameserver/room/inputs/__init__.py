"""What happens to a room: one class for each input, one file for each subject."""
