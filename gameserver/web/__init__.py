"""What the node says over HTTP: its API, its pages, and the site that holds them beside the WebSocket."""
