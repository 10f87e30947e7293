"""Ports that tests are given: each once, and none that another process of the same run is given."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.ports import FIRST, LAST, free_port, own_ports


class PortsTests(SynchronousTestCase):
    def test_processes_share_no_port(self) -> None:
        """Each of trial's processes has ports of its own, of those that are for tests."""
        ranges = [own_ports(str(number)) for number in range(12)]
        self.assertEqual(sorted(port for ports in ranges for port in ports), list(range(FIRST, LAST)))
        self.assertEqual(own_ports("12"), ranges[0])
        self.assertEqual(own_ports("a folder"), range(FIRST, LAST))

    def test_no_port_is_given_twice(self) -> None:
        """Nobody listens at any of them yet; still the next is another."""
        ports = [free_port() for _ in range(200)]
        self.assertEqual(len(set(ports)), len(ports))
        self.assertLessEqual(set(ports), set(own_ports()))
