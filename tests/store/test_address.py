"""Addresses of Redis."""

from __future__ import annotations

from pathlib import Path

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from gameserver.store.redis.address import Address, endpoint, parse


class ParseTests(SynchronousTestCase):
    """Every form is read, and what is wrong is said."""

    def test_forms(self) -> None:
        """What is left out has its usual value."""
        for url, address in {
            "redis://a": Address(kind="redis", hosts=(("a", 6379),)),
            "redis://a.example:1/": Address(kind="redis", hosts=(("a.example", 1),)),
            "redis://[::1]:2/3": Address(kind="redis", hosts=(("::1", 2),), db=3),
            "redis://:pw@a": Address(kind="redis", hosts=(("a", 6379),), password="pw"),
            "rediss://u:p%40%3a%2F@a:1/2?ca=/x/ca.pem": Address(
                kind="rediss", hosts=(("a", 1),), user="u", password="p@:/", db=2, ca="/x/ca.pem"
            ),
            "redis+unix:///run/my%20redis": Address(kind="redis+unix", name="/run/my redis"),
            "redis+unix://u:p@/run/r?db=4": Address(kind="redis+unix", name="/run/r", user="u", password="p", db=4),
            "redis+sentinel://a,b:7/main?db=1": Address(
                kind="redis+sentinel", hosts=(("a", 26379), ("b", 7)), name="main", db=1
            ),
        }.items():
            self.assertEqual(parse(url), address, url)

    def test_faults(self) -> None:
        """The text says what is expected, and does not repeat a password."""
        for url, text in {
            "redis:a": "expected redis://HOST, ",
            "http://a": "expected redis://HOST, ",
            "redis://": "expected HOST or HOST:PORT, not ''",
            "redis://a:b": "expected HOST or HOST:PORT, not 'a:b'",
            "redis://a:0": "expected HOST or HOST:PORT, not 'a:0'",
            "redis://a:65536": "expected HOST or HOST:PORT, not 'a:65536'",
            "redis://u@a": "expected USER:PASSWORD@ or :PASSWORD@ before the host",
            "redis://a/x": "expected the number of a database, such as 0, not 'x'",
            "redis://a?ca=x": "'ca' is no option of this kind of address, or has no value; there is none",
            "rediss://a?ca=": "'ca' is no option of this kind of address, or has no value; there is ?ca=…",
            "redis+unix://run/r": "expected three slashes and the socket's path, as in redis+unix:///run/redis.sock",
            "redis+sentinel://a,b": "expected the master's name behind the hosts, as in ",
            "redis+sentinel://a,,b/main": "expected HOST or HOST:PORT, not ''",
        }.items():
            error = self.assertRaises(ValueError, parse, url)
            self.assertTrue(str(error).startswith(text), (url, str(error)))
        self.assertNotIn("secret", str(self.assertRaises(ValueError, parse, "redis://u:secret@a:b")))

    def test_shown_without_login(self) -> None:
        """What goes to the log holds neither user nor password."""
        for url, shown in {
            "redis://u:secret@a/1": "redis://a:6379",
            "rediss://:secret@[::1]": "rediss://[::1]:6379",
            "redis+unix://u:secret@/run/r": "redis+unix:///run/r",
            "redis+sentinel://u:secret@a,b/main": "redis+sentinel://a:26379,b:26379/main",
        }.items():
            self.assertEqual(str(parse(url)), shown)

    def test_ca_unusable(self) -> None:
        """A file of certificates that is none is found before anything is connected."""
        path = self.mktemp()
        for text in ("cannot be read: No such file", "holds none"):
            error = self.assertRaises(ValueError, endpoint, parse(f"rediss://a?ca={path}"), Clock())
            self.assertIn(text, str(error))
            Path(path).write_text("no certificate")
