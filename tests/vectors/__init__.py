"""
Crafted conversations, for whoever writes a client: what a seat hears, with what it knows after each frame; and what it
calls, with the frames that it says. Server and clients are run against the same files: see "Trying a client" in
``docs/protocol.rst``. ``scripts.py`` has what happens, and ``python -m tests.vectors.record`` writes the files.
"""
