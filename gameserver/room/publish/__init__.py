"""What a room tells: audiences, patches, slow readers, streams."""
