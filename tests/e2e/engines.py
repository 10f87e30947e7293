"""
A phone whose browser is not Chromium: WebKit, which is in Safari and in the browsers of iPhones, or Firefox.

Playwright drives only builds of these that it downloads. Debian's are driven by the commands of WebDriver instead:
WebKit's driver takes them by HTTP; Firefox has them by name in Marionette, which does without the driver that Debian
lacks. Each phone is a browser of its own, which remembers nothing of others.

Calls block, so a test makes them in a thread. Each wait is for a condition, and bounded.

Source: https://www.w3.org/TR/webdriver2/, https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final, TypeVar

from tests.needs import cannot_run, program
from tests.ports import free_port, listens

T = TypeVar("T")

WIDTH: Final = 390
HEIGHT: Final = 740
STEP_S: Final = 40.0
"""How long a page may take to show what a step leads to; the machine may be slow."""

START_S: Final = 120.0
"""How long a browser may take to start, or for one command: the first one is read from the disk."""

ASK_S: Final = 0.05
"""Between two looks at a page."""

ENTER: Final = "\ue007"
"""The key, as WebDriver names it in a text."""

ELEMENT: Final = "element-6066-11e4-a52e-4f735466cecf"
"""The key under which WebDriver names an element."""

COMMANDS: Final = {
    "Navigate": "/url",
    "Refresh": "/refresh",
    "ExecuteScript": "/execute/sync",
    "ElementClick": "/element/{id}/click",
    "ElementSendKeys": "/element/{id}/value",
    "PerformActions": "/actions",
}
"""The commands that are used, with their paths by HTTP."""

MINIBROWSERS: Final = ("lib/*/webkit2gtk-4.1/MiniBrowser", "lib*/webkit2gtk-4.1/MiniBrowser")
"""Where WebKitGTK's browser is below ``/usr``: Debian keeps it with the library."""

PREFERENCES: Final = 'user_pref("marionette.port", 0);\n'
"""Firefox finds a free port, and writes it to a file."""

FIND: Final = """
  const [selector, text] = arguments;
  const found = [];
  const walk = (node) => {
    found.push(...node.querySelectorAll(selector));
    for (const each of node.querySelectorAll("*")) if (each.shadowRoot) walk(each.shadowRoot);
  };
  walk(document);
  const isSeen = (node) => node.getClientRects().length > 0 && getComputedStyle(node).visibility === "visible";
  return found.find((node) => isSeen(node) && node.textContent.includes(text)) ?? null;
"""
"""The first element that matches and is seen, also in a chat, whose inside is its own."""


class CommandError(Exception):
    """A browser did not do what it was told; ``args`` say why."""


class Driver:
    """
    A browser that takes commands, and all of its processes.

    :param folder: of its own, for its profile and what it says.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        self._output = (folder / "browser.txt").open("wb")

    def start(self) -> None:
        """Start it with one window, as large as a phone; returns when commands can be given."""
        raise NotImplementedError

    def tell(self, command: str, fields: Mapping[str, Any]) -> Any:
        """
        Give a command of `COMMANDS`, and wait until it is done.

        :returns: its value.
        :raises CommandError: it was not done.
        """
        raise NotImplementedError

    def end(self) -> None:
        """Leave none of its processes behind."""
        for process in reversed(self._processes):
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait(STEP_S)
        self._output.close()

    @property
    def output(self) -> str:
        """What its processes said."""
        return (self._folder / "browser.txt").read_text("utf-8", "replace")

    def _spawn(self, *command: str | Path, environ: Mapping[str, str], pass_fds: Sequence[int] = ()) -> None:
        process = subprocess.Popen(
            command,
            env={**os.environ, "HOME": str(self._folder), "XDG_RUNTIME_DIR": str(self._folder), **environ},
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            pass_fds=pass_fds,
            start_new_session=True,
        )
        self._processes.append(process)

    def _until(self, look: Callable[[], T | None], what: str) -> T:
        """Look until there is something to see, as long as all processes run."""
        end_s = time.monotonic() + START_S
        while (found := look()) is None or found is False:
            if time.monotonic() > end_s or any(process.poll() is not None for process in self._processes):
                raise CommandError(f"{what}: not within {START_S} s, or it ended:\n{self.output[-2000:]}")
            time.sleep(ASK_S)
        return found


class WebKit(Driver):
    """WebKitGTK, in the small browser that comes with it, on a screen of nobody's that has the size of a phone."""

    tests = "tests.e2e.test_engines, the pages in WebKit"

    def __init__(self, folder: Path) -> None:
        self._driver = program("WebKitWebDriver", self.tests, package="webkit2gtk-driver")
        self._screen = program("Xvfb", self.tests, package="xvfb")
        browsers = [path for pattern in MINIBROWSERS for path in Path("/usr").glob(pattern)]
        if not browsers:
            cannot_run(self.tests, "WebKitGTK's MiniBrowser is missing (apt-get install webkit2gtk-driver)")
        self._browser = browsers[0]
        self._port = 0
        self._session = ""
        super().__init__(folder)

    def start(self) -> None:
        """Start screen, driver and browser."""
        told, tells = os.pipe()
        size = f"{WIDTH}x{HEIGHT}x24"
        screen = (self._screen, "-displayfd", str(tells), "-screen", "0", size, "-nolisten", "tcp")
        self._spawn(*screen, environ={}, pass_fds=(tells,))
        os.close(tells)
        with open(told) as reader:
            display = reader.readline().strip()  # it says so when it is ready, and closes this when it ends
        # Its sandbox needs rights that a container may not have; these pages are our own.
        environ = {"WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1", "NO_AT_BRIDGE": "1", "GDK_BACKEND": "x11"}
        self._port = free_port()
        self._spawn(self._driver, f"--port={self._port}", environ={**environ, "DISPLAY": f":{display}"})
        self._until(lambda: listens(self._port), "WebKit's driver listens")
        options = {"binary": str(self._browser), "args": ["--automation", "--full-screen"]}
        wanted = {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}}
        self._session = "/session/" + self._ask("/session", wanted)["sessionId"]

    def tell(self, command: str, fields: Mapping[str, Any]) -> Any:
        """See `Driver`."""
        return self._ask(self._session + COMMANDS[command].format(**fields), fields)

    def _ask(self, path: str, fields: Mapping[str, Any]) -> Any:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=START_S)
        try:
            connection.request("POST", path, json.dumps(fields), {"content-type": "application/json"})
            answer = connection.getresponse()
            value = json.loads(answer.read())["value"]
        finally:
            connection.close()
        if answer.status != 200:
            raise CommandError(f"{path}: {value}")
        return value


class Firefox(Driver):
    """Firefox, without a screen."""

    tests = "tests.e2e.test_engines, the pages in Firefox"

    def __init__(self, folder: Path) -> None:
        self._program = program("firefox-esr", self.tests, instead="firefox")
        self._socket: socket.socket | None = None
        self._number = 0
        super().__init__(folder)

    def start(self) -> None:
        """Start it, and connect."""
        profile = self._folder / "profile"
        profile.mkdir()
        (profile / "user.js").write_text(PREFERENCES, "utf-8")
        size = {"MOZ_HEADLESS_WIDTH": str(WIDTH), "MOZ_HEADLESS_HEIGHT": str(HEIGHT)}
        self._spawn(self._program, "--headless", "--kiosk", "--marionette", "--profile", profile, environ=size)
        port = self._until(lambda: _number_in(profile / "MarionetteActivePort"), "Firefox listens")
        self._socket = socket.create_connection(("127.0.0.1", port), START_S)
        self._read()  # it says which protocol it speaks
        self.tell("NewSession", {})

    def tell(self, command: str, fields: Mapping[str, Any]) -> Any:
        """See `Driver`."""
        assert self._socket is not None
        self._number += 1
        said = json.dumps([0, self._number, f"WebDriver:{command}", fields])
        self._socket.sendall(f"{len(said)}:{said}".encode())
        _, _, error, result = self._read()
        if error is not None:
            raise CommandError(f"{command}: {error}")
        return result.get("value") if isinstance(result, dict) else result

    def end(self) -> None:
        """See `Driver`."""
        if self._socket is not None:
            self._socket.close()
        super().end()

    def _read(self) -> Any:
        """Read a message: its length, a colon, and JSON."""
        assert self._socket is not None
        head = b""
        while not head.endswith(b":"):
            head += self._some(1)
        body = b""
        while len(body) < int(head[:-1]):
            body += self._some(int(head[:-1]) - len(body))
        return json.loads(body)

    def _some(self, most: int) -> bytes:
        assert self._socket is not None
        data = self._socket.recv(most)
        if not data:
            raise CommandError("Firefox has ended")
        return data


def _number_in(path: Path) -> int | None:
    text = path.read_text("utf-8") if path.exists() else ""
    return int(text) if text else None


class Phone:
    """
    Somebody at a phone.

    :param driver: a browser that was started.
    :param base: the address of the server.
    """

    def __init__(self, driver: Driver, base: str) -> None:
        self._driver = driver
        self._base = base

    def go(self, path: str) -> None:
        """Open a page of the server's."""
        self._driver.tell("Navigate", {"url": self._base + path})

    def reload(self) -> None:
        """Load the page again."""
        self._driver.tell("Refresh", {})

    def run(self, script: str, *values: Any) -> Any:
        """Run the body of a function in the page. :returns: what it returns."""
        return self._driver.tell("ExecuteScript", {"script": script, "args": values})

    def sees(self, selector: str, text: str = "") -> Any:
        """Wait until an element is seen that has this text in it. :returns: it."""
        return self.until(FIND, selector, text)

    def until(self, script: str, *values: Any) -> Any:
        """Run this in the page until it returns something that is not nothing. :returns: that."""
        return self._again(lambda: self.run(script, *values), f"{values or script}")

    def press(self, selector: str) -> None:
        """Press an element, once it is seen and nothing covers it."""
        self._again(lambda: self._do("ElementClick", selector), f"{selector} is pressed")

    def presses_until(self, selector: str, goal: str, text: str) -> None:
        """Press whatever matches, as often as it is there, until something else is seen, as in `sees`."""
        self._again(
            lambda: self.run(FIND, goal, text) or (self._do("ElementClick", selector) and None),
            f"{selector} leads to {goal} {text}",
        )

    def types(self, selector: str, text: str) -> None:
        """Type a text into an empty field, once it is seen."""
        self._again(lambda: self._do("ElementSendKeys", selector, text=text), f"{text} is typed")

    def draws(self, selector: str, *points: tuple[float, float]) -> None:
        """Move a finger over an element; points are parts of its width and height."""
        box = "const { x, y, width, height } = arguments[0].getBoundingClientRect(); return [x, y, width, height];"
        x, y, width, height = self.run(box, self.sees(selector))
        moves = [
            {"type": "pointerMove", "duration": 0, "x": round(x + at * width), "y": round(y + down * height)}
            for at, down in points
        ]
        actions = [moves[0], {"type": "pointerDown", "button": 0}, *moves[1:], {"type": "pointerUp", "button": 0}]
        finger = {"type": "pointer", "id": "finger", "parameters": {"pointerType": "touch"}, "actions": actions}
        self._driver.tell("PerformActions", {"actions": [finger]})

    def _do(self, command: str, selector: str, **fields: Any) -> bool:
        element = self.run(FIND, selector, "")
        if element is None:
            return False
        self._driver.tell(command, {"id": element[ELEMENT], **fields})
        return True

    def _again(self, look: Callable[[], Any], what: str) -> Any:
        """Try until it comes to something: pages are drawn anew, and go, between a look and a press."""
        end_s = time.monotonic() + STEP_S
        while True:
            try:
                found, why = look(), "nothing came of it"
            except CommandError as error:
                found, why = None, str(error)
            if found:
                return found
            if time.monotonic() > end_s:
                raise AssertionError(f"not within {STEP_S} s: {what}: {why}\n{self}")
            time.sleep(ASK_S)

    def __str__(self) -> str:
        try:
            where, what = self.run("return [location.href, document.body.innerText];")
        except (CommandError, OSError) as error:
            return f"the phone's page cannot be read: {error}"
        return f"the phone at {where} sees:\n{what}"
