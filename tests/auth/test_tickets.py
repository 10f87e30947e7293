"""Tickets: good once, for half a minute, on every node of the store."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock as Seconds
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from gameserver.auth.tickets import LIFETIME_S, Tickets
from gameserver.errors import Refused, StoreUnavailable
from gameserver.interfaces import ITickets
from tests.auth.kit import auth_context

TOKEN = "guests.a-body.a-signature"


class RealSeconds:
    """Remembers what was spent as Redis does: for so many seconds that pass, whatever the wall clock says."""

    def __init__(self, clock: Seconds) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}

    def spend(self, mark: str, *, now_ms: int, until_ms: int) -> Deferred[bool]:
        """See `IUserStore.spend`."""
        now_s = self._clock.seconds()
        is_new = self._until.get(mark, now_s) <= now_s
        self._until[mark] = now_s + (until_ms - now_ms) / 1000
        return succeed(is_new)


class TicketsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.context = auth_context()
        self.tickets = self.node()

    def node(self, *secrets: bytes) -> Tickets:
        """:returns: the tickets of a node of the same store."""
        return Tickets(secrets or self.context.secrets, self.context.users, self.context.entropy)

    def sell(self, token: str = TOKEN) -> str:
        return self.tickets.sell(token, now_s=self.context.clock.now())

    def redeem(self, ticket: str, node: Tickets | None = None) -> Deferred[str]:
        return (node or self.tickets).redeem(ticket, now_s=self.context.clock.now())

    def refused(self, ticket: str, node: Tickets | None = None) -> None:
        error: Any = self.failureResultOf(self.redeem(ticket, node), Refused).value
        self.assertEqual(error.code, "unauthenticated")
        self.assertNotIn(TOKEN, error.text)

    def test_interface(self) -> None:
        """It has what sessions ask for."""
        verifyObject(ITickets, self.tickets)

    def test_good_once(self) -> None:
        """The first gets the token, the second is refused: on whichever node, and after a restart."""
        ticket = self.sell()
        self.assertEqual(self.successResultOf(self.redeem(ticket, self.node())), TOKEN)
        for node in (self.tickets, self.node()):
            self.refused(ticket, node)

    def test_two_at_once(self) -> None:
        """Of two who show a ticket at the same moment one gets in."""
        store: Any = self.context.users
        ticket = self.sell()
        store.hold()
        both = [self.redeem(ticket, self.node()) for _ in range(2)]
        store.release()
        self.assertEqual(sorted(each.result == TOKEN for each in both), [False, True])
        for each in both:
            each.addErrback(lambda failure: failure.trap(Refused))

    def test_expired(self) -> None:
        """Half a minute, and no longer."""
        ticket, late = self.sell(), self.sell()
        self.context.reactor.advance(LIFETIME_S - 1)
        self.successResultOf(self.redeem(ticket))
        self.context.reactor.advance(1)
        self.refused(late)

    def test_good_once_whatever_the_clock_says(self) -> None:
        """A ticket that was used stays used where the wall clock is set back afterwards, by any part of a day."""
        seconds = self.context.reactor
        tickets = Tickets(self.context.secrets, RealSeconds(seconds), self.context.entropy)
        for back_s in (20, 70, 3600, 80_000):
            now_s = self.context.clock.now()
            ticket = tickets.sell(TOKEN, now_s=now_s)
            self.assertEqual(self.successResultOf(tickets.redeem(ticket, now_s=now_s)), TOKEN)
            for _ in range(back_s // 10 + 2 * LIFETIME_S):
                self.failureResultOf(tickets.redeem(ticket, now_s=self.context.clock.now() - back_s), Refused)
                seconds.advance(10)

    def test_not_yet_valid(self) -> None:
        """A ticket from further in the future than clocks differ is refused."""
        self.refused(self.tickets.sell(TOKEN, now_s=self.context.clock.now() + 3600))

    def test_forged(self) -> None:
        """Whatever is not exactly a ticket of this store is refused; also another spelling of the same bytes."""
        ticket = self.sell()
        for forged in ("", "x", TOKEN, ticket[:-1], ticket + "A", ticket + "=", ticket + "\n", ticket.swapcase(),
                       ticket[:20] + ("A" if ticket[20] != "A" else "B") + ticket[21:], "\u00e4" * 40, "A" * 100_000,
                       "\ud800"):  # fmt: skip
            self.refused(forged)
        last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        for letter in last:
            if letter != ticket[-1]:
                self.refused(ticket[:-1] + letter)
        self.refused(ticket, self.node(b"x" * 32))
        self.successResultOf(self.redeem(ticket))

    def test_shows_no_token(self) -> None:
        """A ticket may stand in a log: it tells nothing of the token, and two of one token are different."""
        one, two = self.sell(), self.sell()
        self.assertNotEqual(one, two)
        self.assertNotIn("guests", one)
        self.assertNotIn(TOKEN, repr(self.tickets) + repr(vars(self.tickets)))

    def test_rotation(self) -> None:
        """While secrets are changed, a ticket of either is good."""
        old, new = self.context.secrets[0], b"n" * 32
        self.successResultOf(self.redeem(self.sell(), self.node(new, old)))
        bought = self.node(new, old).sell(TOKEN, now_s=self.context.clock.now())
        self.successResultOf(self.redeem(bought, self.node(old, new)))
        self.refused(bought)

    def test_store_away(self) -> None:
        """While nobody knows whether it was shown, it is neither good nor bad."""
        store: Any = self.context.users
        ticket = self.sell()
        store.fail = StoreUnavailable("away")
        self.failureResultOf(self.redeem(ticket), StoreUnavailable)
        store.fail = None
        self.successResultOf(self.redeem(ticket))
