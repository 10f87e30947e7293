"""
Fuzzers of the wire and of HTTP, on the real protocol classes in memory.

Among the other tests they take a minute together, and try the same each time. ``make fuzz SECONDS=3600`` goes on for as
long as one likes, with another seed, which it prints; ``SEED=…`` tries what that run tried. Hypothesis makes what is
sent, and makes what failed as small as it can.
"""
