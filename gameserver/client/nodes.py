"""The connections of one client: to the address it was given, and to each node that has a room for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urljoin, urlsplit, urlunsplit

from twisted.internet.defer import Deferred, gatherResults

from gameserver.client.link import Link


def node_url(url: str, home: str) -> str:
    """
    Find a node's WebSocket.

    :param url: as the server wrote it: the node's (``https://games.example/n/a``), its WebSocket's, or one relative to
        ``home``.
    :param home: the WebSocket that the client was given.
    :returns: the URL of the node's WebSocket.
    """
    scheme, host, path, query, _ = urlsplit(urljoin(home, url))
    if scheme in ("http", "https"):
        scheme = scheme.replace("http", "ws")
        if not path.endswith("/ws"):
            path = f"{path.removesuffix('/')}/ws"
    return urlunsplit((scheme, host, path, query, ""))


class Nodes:
    """
    The links of one client: one to its own URL, and one to each other node that it needs.

    :param make: makes a link to a URL, with ``on_doubt`` as `Link` takes it.
    :param url: the client's own.
    :ivar home: the link to that, which stays as long as the client; what belongs to no room is sent on it.
    """

    def __init__(self, make: Callable[..., Link], url: str) -> None:
        self._make = make
        self.home = self._new(url)
        self._others: dict[str, Link] = {}
        self._leaving: set[Deferred[None]] = set()

    def _new(self, url: str) -> Link:
        # If a node is silent and gone, its rooms are found by way of home: check that home still answers.
        return self._make(url, on_doubt=lambda: self.home.doubt())

    def __iter__(self) -> Iterator[Link]:
        return iter([self.home, *self._others.values()])

    def at(self, url: str) -> Link:
        """
        Find the link to a node. A new one is not open yet: its caller opens it once a request or a room is on it.

        :param url: as the server wrote it.
        """
        whole = node_url(url, self.home.url)
        if whole == self.home.url:
            return self.home
        if whole not in self._others:
            self._others[whole] = self._new(whole)
        return self._others[whole]

    @property
    def others(self) -> list[Link]:
        """The links to other nodes than home."""
        return list(self._others.values())

    def drop(self, link: Link) -> None:
        """End the link to a node that is not needed any more; home is never dropped."""
        if self._others.get(link.url) is link:
            del self._others[link.url]
            link.end()
            gone = link.close()
            if not gone.called:
                self._leaving.add(gone)
                gone.addBoth(lambda _: self._leaving.discard(gone))

    def close(self) -> Deferred[None]:
        """
        Close all connections, after each link was ended.

        :returns: fires when they are gone, and those of nodes that were dropped before.
        """
        waiting = [*(link.close() for link in self), *(_after(gone) for gone in self._leaving)]
        return gatherResults(waiting).addCallback(lambda _: None)


def _after(gone: Deferred[None]) -> Deferred[None]:
    done: Deferred[None] = Deferred()
    gone.addBoth(lambda _: done.callback(None))
    return done
