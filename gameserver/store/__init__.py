"""The stores, in which rooms outlive their process: SQLite, Redis, and memory for tests."""
