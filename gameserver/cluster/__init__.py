"""What nodes have to do with one another."""
