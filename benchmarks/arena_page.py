"""
What the arena's page costs a player's machine: processor time for each frame, and memory over minutes.

    python -m benchmarks.arena_page --bots 15 --seconds 60 --screen laptop
    python -m benchmarks.arena_page --seconds 600 --check    # ten minutes; the status is 1 where a bound is broken

Starts a server and a Chromium of its own; the page is driven by keys, and bots play with it. Chromium counts the time
of the page's main thread (script, style, layout, and all tasks together) by the Performance domain of its DevTools
protocol. The heap is read every ten seconds, after a garbage collection that is not counted. Without a GPU the
processor paints the pixels too, in other threads and processes; on a laptop or a phone it does not, so that is left
out. A round that ends is followed by another, and the time between them is not counted.

It checks that the page takes at most `MOST_PERCENT` of a core at 60 frames a second, and that the heap does not grow:
the median of the last third of the samples is at most `GROWTH_MB` above that of the first third.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import socket
import sys
import tempfile
from statistics import median
from typing import Any, Final

from twisted.internet import reactor as the_reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import LoopingCall, deferLater, react
from twisted.internet.threads import blockingCallFromThread, deferToThread

from benchmarks.arena import Bot, serve
from games.arena.motion import HZ

SCREENS: Final = {
    "laptop": {"viewport": {"width": 1366, "height": 768}},
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "is_mobile": True,
        "has_touch": True,
        "device_scale_factor": 2,
    },
}
MOST_PERCENT: Final = 25
GROWTH_MB: Final = 0.3
ROUND_S: Final = 600
SETTLE_S: Final = 5
SAMPLE_S: Final = 10
COUNT_FRAMES: Final = """() => {
  globalThis.frames_ = 0;
  const on = () => { frames_ += 1; requestAnimationFrame(on); };
  on();
}"""
TIMES: Final = ("ScriptDuration", "RecalcStyleDuration", "LayoutDuration", "TaskDuration")
COUNTS: Final = ("LayoutCount", "RecalcStyleCount")


def metrics(devtools: Any) -> dict[str, float]:
    """:returns: what Chromium has counted so far; times in seconds."""
    return {each["name"]: each["value"] for each in devtools.send("Performance.getMetrics")["metrics"]}


def grown_mb(heaps: list[float]) -> float:
    """:returns: how much larger the heap is in the last third of the samples than in the first, by their medians."""
    third = max(1, len(heaps) // 3)
    return median(heaps[-third:]) - median(heaps[:third])


def go_on(page: Any) -> None:
    """Begin another round where this one would end within the next sample."""
    left_ms = page.evaluate(
        "(() => { const { room } = arena; return room.timers.get('finish')?.ends - room.now(); })()"
    )
    if left_ms is not None and left_ms > (SAMPLE_S + 2) * 1000:
        return
    again = page.get_by_role("button", name="Play again", exact=True)
    again.wait_for(timeout=4 * SAMPLE_S * 1000)
    again.click()
    page.locator(".arena .field").wait_for()
    page.wait_for_timeout(SETTLE_S * 1000)


def play(wish: argparse.Namespace, port: int, bring_bots: Any) -> bool:
    """
    Sit down at a page, let it play, and print what it took; in a thread.

    :returns: whether all bounds were kept.
    """
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox", "--no-first-run", "--disable-background-networking", "--enable-precise-memory-info"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        page = browser.new_context(**SCREENS[wish.screen]).new_page()
        page.goto(f"http://127.0.0.1:{port}/play/arena/")
        page.get_by_label("Your name").fill("Ann")
        page.get_by_text("Options", exact=True).click()
        page.get_by_label("Seconds a round").fill(str(ROUND_S))
        page.get_by_role("button", name="New room", exact=True).click()
        page.wait_for_url("**room=*")
        bring_bots(page.evaluate("new URLSearchParams(location.search).get('room')"))
        page.get_by_role("button", name="Start", exact=True).click()
        page.locator(".arena .field").wait_for()
        page.evaluate(COUNT_FRAMES)
        devtools = page.context.new_cdp_session(page)
        devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
        page.wait_for_timeout(SETTLE_S * 1000)
        heaps = []
        drawn, passed_s, taken = 0, 0.0, dict.fromkeys((*TIMES, *COUNTS), 0.0)
        before = metrics(devtools)
        keys = ("ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp")
        for at in range(max(1, round(wish.seconds / SAMPLE_S))):
            go_on(page)
            frames, start = page.evaluate("frames_"), metrics(devtools)
            page.keyboard.down(keys[at % 4])
            page.wait_for_timeout(SAMPLE_S * 1000)
            page.keyboard.up(keys[at % 4])
            end = metrics(devtools)
            drawn += page.evaluate("frames_") - frames
            passed_s += end["Timestamp"] - start["Timestamp"]
            taken = {name: so_far + end[name] - start[name] for name, so_far in taken.items()}
            devtools.send("HeapProfiler.collectGarbage")
            now = metrics(devtools)
            heaps.append(now["JSHeapUsedSize"] / 1e6)
        each = {name: 1000 * taken[name] / drawn for name in TIMES}
        percent, grown = 6 * each["TaskDuration"], grown_mb(heaps)
        load = " ".join(f"{each:.1f}" for each in os.getloadavg())
        sys.stdout.write(
            f"{wish.screen}, {wish.bots + 1} players, {passed_s:.0f} s, load {load}: "
            f"{drawn / passed_s:.1f} frames a second; "
            f"of each the main thread takes {each['TaskDuration']:.2f} ms "
            f"(script {each['ScriptDuration']:.2f}, style {each['RecalcStyleDuration']:.2f}, "
            f"layout {each['LayoutDuration']:.2f}): at 60 a second {percent:.1f} % of a core. "
            f"Laid out {taken['LayoutCount'] / passed_s:.1f} times a second, "
            f"styles reckoned {taken['RecalcStyleCount'] / passed_s:.1f} times.\n"
            f"Heap after a collection, MB: {' '.join(f'{heap:.2f}' for heap in heaps)}, grown by {grown:.2f}; "
            f"nodes {before['Nodes']:.0f} to {now['Nodes']:.0f}, "
            f"listeners {before['JSEventListeners']:.0f} to {now['JSEventListeners']:.0f}\n"
        )
        browser.close()
        return percent <= MOST_PERCENT and grown <= GROWTH_MB


async def bots_of(reactor: Any, wish: argparse.Namespace, port: int, code: str, loops: list[LoopingCall]) -> None:
    """Seat bots in the room, and let each steer."""
    bots = [Bot(reactor, f"ws://127.0.0.1:{port}/ws", number, binary=True) for number in range(wish.bots)]
    await gatherResults([bot.client.connect() for bot in bots])
    for bot in bots:
        bot.room = await bot.client.join(code)
        await deferLater(reactor, 1 / HZ / len(bots), lambda: None)  # spread over a step, as people are
        loops.append(LoopingCall(bot.steer))
        loops[-1].start(1 / HZ)


def main(reactor: Any) -> Deferred[None]:
    """Read what is wanted, and do it."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--bots", type=int, default=15, help="players beside the page's, 1 to 15")
    options.add_argument("--seconds", type=float, default=60.0)
    options.add_argument("--screen", choices=SCREENS, default="laptop")
    options.add_argument("--check", action="store_true", help="exit with 1 where a bound is broken")
    wish = options.parse_args()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tempfile.mkdtemp(prefix="arena-page-")
    server = serve(folder, port)
    loops: list[LoopingCall] = []

    def bring(code: str) -> None:
        blockingCallFromThread(the_reactor, lambda: Deferred.fromCoroutine(bots_of(reactor, wish, port, code, loops)))

    def wait() -> None:
        while True:  # until the server listens
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            os.sched_yield()

    def end(result: Any) -> Any:
        for loop in loops:
            loop.stop()
        server.send_signal(signal.SIGTERM)
        server.wait(10)
        shutil.rmtree(folder, ignore_errors=True)
        return result

    def judge(is_kept: bool) -> None:
        if wish.check and not is_kept:
            raise SystemExit(1)

    return deferToThread(lambda: (wait(), play(wish, port, bring))[1]).addBoth(end).addCallback(judge)


if __name__ == "__main__":
    react(main)
