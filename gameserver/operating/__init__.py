"""What an operator does at the machine: beside a server that runs, or with its store while none does."""
