"""
When Python's garbage collector works, so that it never stops the server for long.

Left to itself it looks at everything that there is again and again, at 10,000 rooms for most of a second each time,
though nearly all of it stays. Here what has been there for a second is frozen, that is, not looked at any more; what is
let go without a cycle is free at once in any case, and an ended room is taken apart so that it has none
(`RoomRunner.take_apart`). Cycles among what is frozen, such as a game's own, wait: once there is a good deal more than
rooms and connections explain, everything is looked at, rather while nothing comes in.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from typing import Any, Final

from twisted.application.service import Service

LOOK_S: Final = 1.0
COUNT_LOOKS: Final = 30
"""Looks between two counts of what there is."""
YOUNG: Final = (20_000, 20, 1_000_000)
"""Thresholds: a pass makes many objects that end with it; the oldest generation is for `Collector` to look at."""
FEW: Final = 500_000
"""With fewer blocks of memory than this all is looked at quickly enough not to mind how many more they have become."""
BLOCKS_EACH: Final = 300
"""So many a room or a connection may have by right, with what a game of ordinary size keeps in it."""
MORE_QUIET: Final = 1.5
MORE_BUSY: Final = 2.0
"""
All is looked at if there is so many times as much as after the last time, without what has come since: while nothing
comes in, or in any case.
"""


class Collector(Service):
    """
    :param reactor: has ``callLater``.
    :param passes: how many passes of the reactor brought something so far.
    :param collector: the module `gc`.
    :param there: how many rooms and connections there are.
    :param blocks: how many blocks of memory are in use, which is known much sooner than how many objects there are.
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
