"""What an operator does at the machine, to a server that runs, or to its store while none runs."""
