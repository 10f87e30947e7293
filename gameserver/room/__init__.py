"""One room, without I/O, and the hall that keeps this node's rooms."""
