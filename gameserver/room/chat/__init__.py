"""Chat: channels of a room, what is kept of each, who may write where, and how it is kept bearable."""
