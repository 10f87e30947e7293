"""Sanctions are found by whom they are about, however many there are."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gameserver.node import sanctions
from gameserver.node.sanctions import Sanction, SanctionIndex

ADDRESSES = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6, network="2001:db8::/44")).map(str)
PREFIXES = st.integers(8, 32)


class SanctionsTests(SynchronousTestCase):
    @given(st.lists(st.tuples(ADDRESSES, PREFIXES), max_size=20), st.lists(ADDRESSES, max_size=20), st.data())
    def test_as_if_all_were_asked(self, ranges: list[tuple[str, int]], asked: list[str], data: st.DataObject) -> None:
        """What is about an address is what `ipaddress` says of each range, after some were lifted too."""
        kept = SanctionIndex()
        for n, (first, prefix) in enumerate(ranges):
            kept.put(Sanction(id=str(n), act="ban", address=f"{first}/{prefix}"))
        lifted = data.draw(st.sets(st.sampled_from([str(n) for n in range(len(ranges))]))) if ranges else set()
        for id in lifted:
            kept.pop(id)
        for address in [*asked, *(first for first, _ in ranges)]:
            about = {s.id for s in kept if ip_address(address) in ip_network(s.address, strict=False)}
            self.assertEqual({s.id for s in kept.of_address(address)}, about)
        for id in [s.id for s in kept]:
            kept.pop(id)
        self.assertEqual((kept._of_ranges, kept._of_users), ({}, {}))

    def test_ranges_are_parsed_once(self) -> None:
        """A thousand ranges are parsed when they are put; whoever comes has only the own address parsed."""
        kept = SanctionIndex()
        for n in range(1000):
            kept.put(Sanction(id=str(n), act="ban", address=f"10.{n // 256}.{n % 256}.0/24"))
        with (
            mock.patch.object(sanctions, "ip_network", side_effect=AssertionError),
            mock.patch.object(sanctions, "ip_address", wraps=ip_address) as parsed,
        ):
            self.assertEqual([s.id for s in kept.of_address("10.1.2.3")], ["258"])
            self.assertEqual(list(kept.of_address("192.0.2.1")), [])
            self.assertEqual(list(kept.of_address("local")), [])
        self.assertEqual(parsed.call_count, 3)

    def test_ipv4_in_ipv6(self) -> None:
        """An address of IPv4 is the same where a socket for both versions shows it as one of IPv6."""
        kept = SanctionIndex()
        kept.put(Sanction(id="1", act="ban", address="192.0.2.0/24"))
        kept.put(Sanction(id="2", act="ban", address="::ffff:198.51.100.0/120"))
        self.assertEqual([s.id for s in kept.of_address("::ffff:192.0.2.7")], ["1"])
        self.assertEqual([s.id for s in kept.of_address("198.51.100.7")], ["2"])
