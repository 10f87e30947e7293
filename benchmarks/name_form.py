"""
How soon a phone shows the form in which somebody gives a name, and what is loaded for it.

    python benchmarks/name_form.py --game trivia --kbit 400 --latency 400

Starts a server and a Chromium of its own, and opens the link of a room as a phone would, first with an empty cache and
then again. Chromium loads as over a line of so many kbit/s on which each answer takes so many ms more (the Network
domain of its DevTools protocol). Bytes are those on the wire, compressed, with headers; a file from the cache is no
request. What is loaded after the form is shown is counted separately.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import socket
import statistics
import sys
import tempfile
import time
from typing import Any, Final
from urllib.request import Request, urlopen

from benchmarks.arena import serve
from benchmarks.arena_page import SCREENS

SEEN: Final = """() => {
  const look = () => {
    if (document.querySelector("#enter-name")?.checkVisibility()) globalThis.seenAt = performance.now();
    else requestAnimationFrame(look);
  };
  look();
}"""
LATER_MS: Final = 4000
"""So long what comes after the form is counted."""


Loaded = list[tuple[str, int]]
"""Address and bytes of each request."""


def ask(port: int, path: str, body: dict[str, Any], token: str | None = None) -> Any:
    """:returns: what the server answers to a POST."""
    headers = {"content-type": "application/json", **({"authorization": f"Bearer {token}"} if token else {})}
    with urlopen(Request(f"http://127.0.0.1:{port}{path}", json.dumps(body).encode(), headers), timeout=10) as answer:
        return json.load(answer)


def is_compressed(port: int, path: str = "/static/bundle/pages.js") -> bool:
    """:returns: whether a server is done with what it does once after an installation that is no wheel's."""
    address = f"http://127.0.0.1:{port}{path}"
    with urlopen(Request(address, headers={"accept-encoding": "gzip"}), timeout=10) as answer:
        return answer.headers["content-encoding"] is not None


def make_room(port: int, game: str) -> str:
    """:returns: the code of a room that somebody else has made."""
    token = ask(port, "/api/guest", {"name": "Ann"})["token"]
    code: str = ask(port, "/api/rooms", {"game": game}, token)["room"]
    return code


class Visit:
    """
    What one window loads.

    :ivar loaded: of each request that was answered from the network address, bytes, and when, in s since 1970.
    """

    def __init__(self, page: Any, wish: argparse.Namespace) -> None:
        self.loaded: list[tuple[str, int, float]] = []
        self._asked: dict[str, tuple[str, float]] = {}
        self._page = page
        self._devtools = page.context.new_cdp_session(page)
        self._devtools.on("Network.requestWillBeSent", self._begin)
        self._devtools.on("Network.loadingFinished", self._finish)
        self._devtools.send("Network.enable")
        bytes_a_s = wish.kbit * 1000 / 8
        line = {
            "offline": False,
            "latency": wish.latency,
            "downloadThroughput": bytes_a_s,
            "uploadThroughput": bytes_a_s,
        }
        self._devtools.send("Network.emulateNetworkConditions", line)
        page.add_init_script(f"({SEEN})()")

    def _begin(self, told: dict[str, Any]) -> None:
        # Each event has a time since some start; this one has that of the day besides.
        self._asked[told["requestId"]] = told["request"]["url"], told["wallTime"] - told["timestamp"]

    def _finish(self, told: dict[str, Any]) -> None:
        size = int(told["encodedDataLength"])
        if size and told["requestId"] in self._asked:  # nothing comes from the cache
            address, since_s = self._asked[told["requestId"]]
            self.loaded.append((address, size, told["timestamp"] + since_s))

    def open(self, url: str) -> tuple[float, Loaded, Loaded]:
        """:returns: after how many ms the form was seen, what was loaded by then, and what came after it."""
        self.loaded.clear()
        self._page.goto(url, wait_until="commit")
        self._page.locator("#enter-name").wait_for()
        seen_ms, at_s = self._page.evaluate("[seenAt, (performance.timeOrigin + seenAt) / 1000]")
        self._page.wait_for_timeout(LATER_MS)
        first = [(address, size) for address, size, done_s in self.loaded if done_s <= at_s]
        return seen_ms, first, [(address, size) for address, size, done_s in self.loaded if done_s > at_s]


def measure(wish: argparse.Namespace, port: int) -> None:
    """Open the form again and again, and print what it took."""
    from playwright.sync_api import sync_playwright

    url = f"http://127.0.0.1:{port}/play/{wish.game}/?room={make_room(port, wish.game)}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        times: dict[str, list[float]] = {"cold": [], "warm": []}
        for number in range(wish.rounds):
            context = browser.new_context(**SCREENS["phone"], locale=wish.language)
            visit = Visit(context.new_page(), wish)
            for kind, taken in times.items():
                seen_ms, first, later = visit.open(url)
                taken.append(seen_ms)
                if number:
                    continue
                for title, loaded in ((f"{kind}, before the form", first), (f"{kind}, after it", later)):
                    sys.stdout.write(f"{title}: {len(loaded)} requests, {sum(size for _, size in loaded)} bytes\n")
                    sys.stdout.writelines(f"  {size:>7} {address.partition('?')[0]}\n" for address, size in loaded)
            context.close()
        browser.close()
    for kind, taken in times.items():
        sys.stdout.write(
            f"{kind}: {statistics.median(taken):.0f} ms (of {len(taken)}: {min(taken):.0f} to {max(taken):.0f})\n"
        )


def main() -> None:
    """Read what is wanted, and do it."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--game", default="trivia")
    options.add_argument("--kbit", type=float, default=400, help="kbit a second, either way")
    options.add_argument("--latency", type=float, default=400, help="ms that each answer takes more")
    options.add_argument("--language", default="en")
    options.add_argument("--rounds", type=int, default=5)
    wish = options.parse_args()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tempfile.mkdtemp(prefix="name-form-")
    server = serve(folder, port)
    try:
        while True:  # until the server listens
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        while not is_compressed(port):
            time.sleep(0.5)
        measure(wish, port)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
