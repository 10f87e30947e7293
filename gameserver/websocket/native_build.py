"""
How ``native.c`` is built, by cffi: while the package is, if there is a C compiler. Nothing imports this at run time.

``read_ready`` asks an epoll set once, and reads once from each of up to ``MOST`` sockets that are merely readable, one
behind the other into a buffer. It tells of each socket that is ready: what epoll says of it, where what was read stands
(nowhere: see to it in Python), and how long the head of the frame is whose payload was unmasked (0: all is as it came).

``write_to_all`` sends the same bytes to each descriptor that is not negative, tells how many bytes went to each (-1:
not tried), and returns how many took them all. ``write_to_each`` does so with bytes of each one's own, which stand one
behind the other, and so many of them.
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
