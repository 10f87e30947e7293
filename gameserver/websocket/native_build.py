"""
How cffi builds ``native.c`` together with the package, if there is a C compiler. Nothing imports this at run time.

``read_ready`` asks an epoll set once, and reads once from each of up to ``MOST`` sockets that are merely readable, one
after the other into one buffer. For each socket that is ready it tells what epoll says of it, where in the buffer its
bytes stand (``start == stop``: nothing was read, Python sees to it), and how long the head of the frame is whose
payload was unmasked (0: nothing was unmasked).

``write_to_all`` sends the same bytes to each descriptor that is not negative, tells how many bytes went to each (-1:
not tried), and returns how many took them all. ``write_to_each`` does the same with bytes for each of them, which stand
one after the other in ``data``, as many as ``sizes`` says.
"""

from __future__ import annotations

from pathlib import Path

from cffi import FFI

MOST = 1000
"""Sockets that are served in one pass, before the reactor looks at anything else; the same as without C."""

DECLARED = "struct arrival { int descriptor, events, head, start, stop; };"

ffibuilder = FFI()
ffibuilder.cdef(
    DECLARED
    + """
    int read_ready(int epoll, struct arrival *arrivals, char *buffer, int space, int each);
    int write_to_all(const int *descriptors, int count, const char *data, int size, int *sent);
    int write_to_each(const int *descriptors, int count, const char *data, const int *sizes, int *sent);
    """
)
ffibuilder.set_source(
    "gameserver.websocket._native",
    f"{DECLARED}\n#define MOST {MOST}\n" + (Path(__file__).parent / "native.c").read_text(),
    optional=True,  # where it cannot be built, all is done in Python
)
