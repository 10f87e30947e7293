"""Games in the function style, for tests."""
