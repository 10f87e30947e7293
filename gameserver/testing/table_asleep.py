"""How a test lets the room of its table sleep: that part of `gameserver.testing.table.Table`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred

from gameserver.testing.failures import raising, result_of
from gameserver.testing.table_facts import TableFacts

if TYPE_CHECKING:
    from gameserver.testing.failures import Failures


class TableAsleep(TableFacts):
    """A table whose room may leave memory."""

    failures: Failures

    def settle(self) -> None:
        """Let all happen that needs no time."""
        raise NotImplementedError

    @raising
    def sleep(self) -> bool:
        """
        Let everybody lose the connection, and the room leave memory, as where nobody is connected to it for long. Those
        who were online then come back, which wakes the room. No time passes.

        :returns: whether it slept. It stays awake where something is due now, a bot is at work, or nothing is stored.
        """
        online = [visitor for visitor in self.visitors if visitor.online]
        for visitor in online:
            visitor.drop()
        runner = self._registry.get(self.code)
        slept = runner is not None and self._registry.sleeper.put_to_sleep(runner)
        self.settle()
        if slept:
            waking: Deferred[Any] = Deferred.fromCoroutine(self._registry.reach(self.code))
            self.settle()
            result_of(waking)
        for visitor in online:
            here = self._registry.get(self.code)
            if here is not None and visitor.id in here.room.seats:
                visitor.resume()
        return slept
