"""How an outbox is handed over: in order, and to each session at once."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gameserver.node.delivery import deliver
from gameserver.room.effects import OneByOne


class Listener:
    """Keeps the calls, and the frames of each listener."""

    def __init__(self, calls: list[Any], name: str) -> None:
        self.calls = calls
        self.name = name
        self.frames: list[bytes] = []

    def __repr__(self) -> str:
        return self.name

    def deliver_to_all(self, to: tuple[Listener, ...], frames: list[bytes], *, last: bool) -> None:
        self.calls.append(("".join(map(repr, to)), list(frames), last))
        for each in to:
            each.frames += frames

    def deliver_answered(self, to: tuple[Listener, ...], frames: list[bytes], answers: Any) -> None:
        for each in to:
            own = [frame for n in range(len(frames) + 1) for frame in _behind(n, frames, answers[each])]
            self.calls.append((repr(each), own, True))
            each.frames += own

    def deliver_volatile(self, frame: bytes, slot: str) -> None:
        self.calls.append((self.name, [frame], slot))
        self.frames.append(frame)


def _behind(n: int, frames: list[bytes], answers: list[tuple[int, bytes]]) -> list[bytes]:
    """:returns: the nth of what all hear, and the answers behind it."""
    return [*frames[n - 1 : n], *(answer for before, answer in answers if before == n)]


class Told(OneByOne):
    """Hears of a room, and is no connection."""

    def __init__(self, calls: list[Any]) -> None:
        self.calls = calls

    def deliver(self, frame: bytes) -> None:
        self.calls.append(("told", [frame], True))


class DeliverTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.calls: list[Any] = []
        self.a, self.b, self.c = (Listener(self.calls, name) for name in "abc")
        self.all: Any = (self.a, self.b, self.c)

    def deliver(self, *deliveries: Any) -> list[Any]:
        deliver([(to, frame, None) for to, frame in deliveries])
        return self.calls

    def test_event_and_answer(self) -> None:
        """The others share one call; who asked gets event and answer in one."""
        calls = self.deliver((self.all, b"event"), ((self.b,), b"ok"))
        self.assertEqual(calls, [("ac", [b"event"], True), ("b", [b"event", b"ok"], True)])

    def test_many_ask(self) -> None:
        """Each gets what is said in its order, its own answer where it belongs."""
        self.deliver((self.all, b"1"), ((self.b,), b"ok-1"), (self.all, b"2"), ((self.a,), b"ok-2"), (self.all, b"3"))
        self.assertEqual(self.a.frames, [b"1", b"2", b"ok-2", b"3"])
        self.assertEqual(self.b.frames, [b"1", b"ok-1", b"2", b"3"])
        self.assertEqual(self.c.frames, [b"1", b"2", b"3"])
        self.assertEqual(len(self.calls), 3)

    def test_all_ask(self) -> None:
        """However many ask, once or twice: each has all that is said, and its own answers in their place."""
        listeners = [Listener(self.calls, str(n)) for n in range(20)]
        everybody: Any = tuple(listeners)
        deliveries: list[Any] = [(everybody, b"0")]
        meant: dict[Listener, list[bytes]] = {each: [b"0"] for each in listeners}
        for n, asker in enumerate([*listeners, *listeners[::3]], 1):
            deliveries += [(everybody, b"%d" % n), ((asker,), b"ok-%d" % n)]
            for each in listeners:
                meant[each] += [b"%d" % n, *([b"ok-%d" % n] if each is asker else [])]
        self.deliver(*deliveries)
        self.assertEqual({each: each.frames for each in listeners}, meant)
        self.assertEqual(len(self.calls), 20)

    @given(deliveries=st.lists(st.tuples(st.integers(0, 7), st.booleans()), max_size=12))
    @example(deliveries=[(0, False), (1, False), (0, False), (2, False)])
    @example(deliveries=[(0, False), (1, False), (0, False), (7, False)])
    @example(deliveries=[(0, False), (1, False), (0, False), (4, False)])
    @example(deliveries=[(0, False), (1, False), (0, True), (2, False)])
    def test_any(self, deliveries: list[tuple[int, bool]]) -> None:
        """Whatever comes one behind the other, each hears all that is for it, in this order."""
        calls: list[Any] = []
        a, b, c, d = (Listener(calls, name) for name in "abcd")
        audiences: Any = [(a, b, c), (a,), (b,), (c,), (d,), (a, b), (b, c, d), (Told(calls),)]
        meant: dict[Listener, list[bytes]] = {a: [], b: [], c: [], d: []}
        outbox = []
        for n, (at, volatile) in enumerate(deliveries):
            to = audiences[at]
            outbox.append((to, b"%d" % n, "slot" if volatile and at != 7 else None))
            for each in to if at != 7 else ():
                meant[each].append(b"%d" % n)
        deliver(outbox)
        self.assertEqual({each: each.frames for each in meant}, meant)

    def test_alone(self) -> None:
        """Who is alone in a room gets both in one call."""
        self.assertEqual(self.deliver(((self.a,), b"e"), ((self.a,), b"ok")), [("a", [b"e", b"ok"], True)])

    def test_answer_first(self) -> None:
        """What one is told before the others hear something stays before it."""
        self.deliver(((self.a,), b"ok"), (self.all, b"event"))
        self.assertEqual((self.a.frames, self.b.frames), ([b"ok", b"event"], [b"event"]))

    def test_outsider(self) -> None:
        """Who is not of the audience is told its own alone."""
        self.deliver(((self.a, self.b), b"event"), ((self.c,), b"error"), ((self.a, self.b), b"more"))
        self.assertEqual((self.c.frames, self.a.frames), ([b"error"], [b"event", b"more"]))

    def test_outsider_twice(self) -> None:
        """And in the order in which it is told it."""
        others = (self.a, self.b)
        self.deliver((others, b"1"), ((self.c,), b"no"), (others, b"2"), ((self.c,), b"no more"), ((self.a,), b"ok"))
        self.assertEqual((self.c.frames, self.a.frames), ([b"no", b"no more"], [b"1", b"2", b"ok"]))

    def test_many_outsiders(self) -> None:
        """None of them is looked for among all who hear it: that would grow with the square of the room."""
        compared = []

        class Compared(Listener):
            __hash__ = object.__hash__

            def __eq__(self, other: object) -> bool:
                compared.append(other)
                return self is other

        heard: Any = tuple(Compared(self.calls, f"h{n}") for n in range(20))
        others = [Compared(self.calls, f"o{n}") for n in range(20)]
        self.deliver((heard, b"event"), *(((other,), b"no") for other in (*others, *heard[:3])))
        self.assertEqual([other.frames for other in others], [[b"no"]] * 20)
        self.assertEqual([each.frames for each in heard], [[b"event", b"no"]] * 3 + [[b"event"]] * 17)
        self.assertEqual(compared, [])

    def test_two_audiences(self) -> None:
        """JSON and MessagePack, or two groups: one behind the other."""
        self.deliver(((self.a, self.b), b"json"), ((self.b, self.c), b"packed"), ((self.a,), b"ok"))
        self.assertEqual(
            [self.a.frames, self.b.frames, self.c.frames], [[b"json", b"ok"], [b"json", b"packed"], [b"packed"]]
        )

    def test_who_waits(self) -> None:
        """Who waits behind what was said is called behind it."""
        self.deliver((self.all, b"event"), ((Told(self.calls),), b""), ((self.a,), b"ok"))
        self.assertEqual([call[0] for call in self.calls], ["abc", "told", "a"])

    def test_volatile(self) -> None:
        """What may be dropped goes its own way, in its place."""
        deliver([(self.all, b"e", None), (self.all, b"v", "slot"), ((self.a,), b"ok", None)])
        self.assertEqual(self.a.frames, [b"e", b"v", b"ok"])
