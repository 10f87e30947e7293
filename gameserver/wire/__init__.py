"""The protocol: messages, their forms, and the connections that carry them."""
