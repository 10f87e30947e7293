"""
Decides when Python's garbage collector works, so that it never stops the server for long.

Left to itself, it looks at all objects again and again; with 10,000 rooms that takes most of a second each time, though
nearly all of them stay. So objects that are a second old are frozen: the collector looks at them no more. What is let
go without a cycle is freed at once in any case, and an ended room is taken apart so that it has no cycle
(`RoomRunner.take_apart`). Cycles among frozen objects, such as a game's own, wait: once there are a good deal more
objects than rooms and connections explain, all of them are looked at, preferably while nothing comes in.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from typing import Any, Final

from twisted.application.service import Service

LOOK_S: Final = 1.0
COUNT_LOOKS: Final = 30
"""Every so many looks, memory is counted, to see whether everything should be looked at."""
YOUNG: Final = (20_000, 20, 1_000_000)
"""Thresholds of `gc`: a pass makes many objects that end with it; the oldest generation is left to `Collector`."""
FEW: Final = 500_000
"""Growth below so many blocks of memory is not minded: all of them are looked at quickly."""
BLOCKS_EACH: Final = 300
"""Blocks of memory that a room or a connection may have, with what a game of ordinary size keeps in it."""
MORE_QUIET: Final = 1.5
MORE_BUSY: Final = 2.0
"""
Everything is looked at once there are so many times as many blocks as after the last time, new rooms and connections
not counted: the first factor while nothing comes in, the second in any case.
"""


class Collector(Service):
    """
    :param reactor: has ``callLater``.
    :param passes: tells how many passes of the reactor have brought something so far.
    :param collector: the module `gc`.
    :param there: tells how many rooms and connections there are.
    :param blocks: tells how many blocks of memory are in use, which is quicker to ask than how many objects there are.
    """

    def __init__(
        self,
        reactor: Any,
        passes: Callable[[], int],
        collector: Any = gc,
        *,
        there: Callable[[], int] = int,
        blocks: Callable[[], int] = sys.getallocatedblocks,
    ) -> None:
        self._reactor = reactor
        self._passes = passes
        self._gc = collector
        self._there, self._blocks = there, blocks
        self._settled_there = 0
        self._call: Any = None
        self._thresholds: tuple[int, int, int] = collector.get_threshold()
        self._settled = 0
        self._passed = -1
        self._looks = 0

    def startService(self) -> None:
        """Freeze what there is before anybody comes, and look again each second."""
        super().startService()  # type: ignore[no-untyped-call]
        self._thresholds = self._gc.get_threshold()
        self._gc.set_threshold(*YOUNG)
        self._collect_all()
        self._call = self._reactor.callLater(LOOK_S, self.look)

    def stopService(self) -> None:
        """Leave the collector as it was."""
        super().stopService()  # type: ignore[no-untyped-call]
        if self._call is not None:
            self._call.cancel()
            self._call = None
            self._gc.unfreeze()
            self._gc.set_threshold(*self._thresholds)

    def look(self) -> None:
        """Collect what is young, freeze what stays; now and then see whether it is time to look at everything."""
        self._call = self._reactor.callLater(LOOK_S, self.look)
        self._gc.collect(1)
        self._gc.freeze()
        passed, self._passed = self._passed, self._passes()
        self._looks += 1
        if self._looks % COUNT_LOOKS == 0:
            more = MORE_QUIET if passed == self._passed else MORE_BUSY
            come = max(0, self._there() - self._settled_there)
            if self._blocks() > max(self._settled, FEW) * more + come * BLOCKS_EACH:
                self._collect_all()

    def _collect_all(self) -> None:
        self._gc.unfreeze()
        self._gc.collect()
        self._gc.freeze()
        self._settled = self._blocks()
        self._settled_there = self._there()
