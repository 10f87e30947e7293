"""How JSON is tracked: documents that notice their own changes, and can undo them."""
