"""The store for production: a Redis, which nodes can share."""
