"""How the nodes of one store know each other: their names, their leases, and the rooms that another one left behind."""
