"""The log of a room's streams: what is kept, what is stored of it, and what somebody missed."""

from __future__ import annotations

from msgspec import Raw
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, message
from gameserver.protocol import messages
from gameserver.room.effects import Requester
from gameserver.room.inputs.chat import SayLine, UnsayLine
from gameserver.room.publish import streams
from gameserver.room.publish.streams import LOG_BYTES, LOG_MESSAGES, Said, Streams
from tests.node.registries import FakeSession, Place


def frame(n: int, text: str = "") -> bytes:
    return b'{"op":"event","n":%d,"data":"%s"}' % (n, text.encode())


class StreamsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.streams = Streams("now", "K7QM", 1 << 20)
        self.stored: dict[int, bytes] = {}

    def say(self, key: str = "room", times: int = 1, text: str = "", but: tuple[str, ...] = ()) -> None:
        for _ in range(times):
            n = self.streams.number(key)
            self.streams.keep([Said(key, n, frame(n, text), but)])

    def commit(self) -> None:
        """Store what is to be stored."""
        sealed = self.streams.seal()
        if sealed is not None:
            self.stored.update([sealed])
        for number in self.streams.forgotten_parts():
            del self.stored[number]

    def restored(self) -> Streams:
        """:returns: what a node makes of what is stored."""
        streams = Streams("now", "K7QM", 1 << 20)
        streams.restore({}, sorted(self.stored.items()))
        return streams

    def numbers(self, streams: Streams) -> list[tuple[str, int]]:
        return [(said.key, said.n) for said in streams.said()]

    def test_stored_and_restored(self) -> None:
        """What each commit adds is one part, and all of them are the log, with who was left out."""
        self.say("room", 2)
        self.commit()
        self.say("seat:1")
        self.say("room", but=("2",))
        self.commit()
        self.commit()
        self.assertEqual(len(self.stored), 2)
        restored = self.restored()
        self.assertEqual(list(restored.said()), list(self.streams.said()))
        self.assertEqual(restored.counts, {"room": 3, "seat:1": 1})

    def test_stored_by_an_earlier_version(self) -> None:
        """A part was a step then, and each message stood beside its number."""
        streams = Streams("now", "K7QM", 1 << 20)
        streams.restore({}, [(7, b'[["room",1,%s,[]],["seat:1",1,%s,["2"]]]' % (frame(1), frame(1)))])
        self.assertEqual(list(streams.said()), [Said("room", 1, frame(1)), Said("seat:1", 1, frame(1), ("2",))])
        self.assertEqual(streams.counts, {"room": 1, "seat:1": 1})
        streams = Streams("now", "K7QM", 1 << 20)
        streams.restore({}, [(7, b'[["room",1,%s,[]]]' % frame(1)), (8, b'[["room",%s,["2"]]]' % frame(2))])
        self.assertEqual(list(streams.said()), [Said("room", 1, frame(1)), Said("room", 2, frame(2), ("2",))])

    def test_read_in_one_go(self) -> None:
        """A room has hundreds of parts: none is read by itself."""
        for _ in range(50):
            self.say("room")
            self.commit()
        read: list[bytes] = []
        self.patch(streams, "_read_part", read.append)
        self.assertEqual(self.numbers(self.restored()), [("room", n) for n in range(1, 51)])
        self.assertEqual((len(self.stored), read), (50, []))

    def test_goes_on_after_restoring(self) -> None:
        self.say("room", 2)
        self.commit()
        self.streams = self.restored()
        self.say()
        self.commit()
        self.assertEqual(len(self.stored), 2)
        self.assertEqual(self.numbers(self.restored()), [("room", 1), ("room", 2), ("room", 3)])

    def test_bounded_by_messages(self) -> None:
        """Parts go as a whole once all in them is forgotten; what the room has is never more than its bound."""
        for _ in range(LOG_MESSAGES):
            self.say("room", 3)
            self.commit()
        kept = self.numbers(self.streams)
        self.assertEqual(kept, [("room", n) for n in range(2 * LOG_MESSAGES + 1, 3 * LOG_MESSAGES + 1)])
        self.assertEqual(len(self.stored), LOG_MESSAGES // 3 + 1)
        self.assertEqual(self.numbers(self.restored()), kept)

    def test_bounded_by_bytes(self) -> None:
        self.say(times=100, text="x" * (LOG_BYTES // 10))
        kept = self.numbers(self.streams)
        self.assertIn(len(kept), (7, 8, 9))
        self.assertEqual(kept, [("room", n) for n in range(101 - len(kept), 101)])

    def test_last_one_is_kept(self) -> None:
        """However large it is."""
        self.say()
        self.say(text="x" * LOG_BYTES)
        self.assertEqual(self.numbers(self.streams), [("room", 2)])

    def test_more_in_one_commit_than_is_kept(self) -> None:
        self.say(times=2)
        self.commit()
        self.say(times=LOG_MESSAGES + 10)
        self.commit()
        self.assertEqual(len(self.stored), 1)
        self.assertEqual(self.numbers(self.restored()), self.numbers(self.streams))

    def test_counters_stored_again_when_log_does_not_tell(self) -> None:
        """Only once a message is forgotten that was said after the counters were stored."""
        self.say("seat:1")
        self.streams.counts_stored()
        self.say(times=LOG_MESSAGES)
        self.assertFalse(self.streams.counts_stale)
        self.say()
        self.assertTrue(self.streams.counts_stale)

    def test_counters_of_what_is_stored_and_forgotten(self) -> None:
        """Read again, the log may forget what it had before, since parts are whole: counters are known all the same."""
        percent = LOG_BYTES // 100
        self.say(text="x" * 30 * percent)
        self.commit()
        self.say(text="x" * 30 * percent)
        self.say(text="x" * 9 * percent)
        self.commit()
        counts = dict(self.streams.counts)
        self.streams.counts_stored()
        for key, size in (("seat:1", 0), ("room", 40), ("room", 39)):
            self.say(key, text="x" * size * percent)
            self.commit()
        self.assertFalse(self.streams.counts_stale)
        restored = Streams("now", "K7QM", 1 << 20)
        restored.restore(counts, sorted(self.stored.items()))
        self.assertEqual(restored.counts, self.streams.counts)

    def test_redacted_in_store(self) -> None:
        """The part that holds it is to be stored again; what no part holds yet needs nothing."""
        self.say("room", 2)
        self.commit()
        self.say("room")
        self.commit()
        number = self.streams.redact("room", 2, frame(2, "gone"))
        assert number is not None
        self.stored[number] = self.streams.part(number)
        self.say("room")
        self.assertIsNone(self.streams.redact("room", 4, frame(4, "gone")))
        self.assertIsNone(self.streams.redact("room", 5, frame(5)))
        self.commit()
        restored = [(said.n, b"gone" in said.frame) for said in self.restored().said()]
        self.assertEqual(restored, [(1, False), (2, True), (3, False), (4, True)])

    def test_redacted_part_after_forgetting(self) -> None:
        """A part of which the log forgot a piece is stored again without that."""
        self.say(times=LOG_MESSAGES)
        self.commit()
        self.say(times=2)
        number = self.streams.redact("room", 3, frame(3, "gone"))
        assert number is not None
        self.stored[number] = self.streams.part(number)
        self.commit()
        self.assertEqual(self.numbers(self.restored()), [("room", n) for n in range(3, LOG_MESSAGES + 3)])

    def test_missed(self) -> None:
        """In the order in which it was said, of one's own streams alone."""
        self.say("room", 2)
        self.say("seat:1")
        self.say("seat:2")
        self.say("room", but=("1",))
        missed = self.streams.missed({"room": 0, "seat:1": 0}, {"epoch": "now", "room": 1, "seat": 0})
        assert missed is not None
        self.assertEqual(
            [(s.key, s.n, s.but) for s in missed], [("room", 2, ()), ("seat:1", 1, ()), ("room", 3, ("1",))]
        )

    def test_missed_too_much(self) -> None:
        self.say(times=LOG_MESSAGES + 2)
        self.assertIsNone(self.streams.missed({"room": 0}, {"epoch": "now", "room": 1}))
        self.assertEqual(len(self.streams.missed({"room": 0}, {"epoch": "now", "room": 2}) or ()), LOG_MESSAGES)

    def test_reads_what_was_missed_alone(self) -> None:
        """Who comes back has no more numbers read than of what it missed, however much is kept."""
        self.say("room", 400)
        self.say("seat:2", 50)
        self.say("room", 2)
        read: list[bytes] = []

        def number_of(frame: bytes) -> int:
            read.append(frame)
            return number(frame)

        number = streams._number_of
        self.patch(streams, "_number_of", number_of)
        missed = self.streams.missed({"room": 0, "seat:1": 0}, {"epoch": "now", "room": 399, "seat": 0})
        self.assertEqual([said.n for said in missed or ()], [400, 401, 402])
        self.assertEqual(len(read), 3)

    def test_number_that_nobody_was_told(self) -> None:
        """Such as of a patch that waited while the server died: nobody may resume over it."""
        self.say()
        self.streams.number("room")
        self.say()
        self.assertIsNone(self.streams.missed({"room": 0}, {"epoch": "now", "room": 1}))
        self.assertEqual(len(self.streams.missed({"room": 0}, {"epoch": "now", "room": 2}) or ()), 1)


class Loud(Game):
    """Says more in one step than the log keeps."""

    needs_start = False

    @message
    def shout(self, player: Player) -> None:
        for n in range(LOG_MESSAGES + 1):
            self.send("heard", n)


class StoredLogTests(SynchronousTestCase):
    def test_part_redacted_and_forgotten_in_one_commit(self) -> None:
        """Nothing of it stays in the store."""
        place = Place(Loud)
        ann = FakeSession("ann")
        runner = place.create(ann)
        place.get(runner.post(SayLine(ann.requester(), ann.seat, messages.ChatMessage("oh"))))
        line = ann.of("chat")[0]["n"]
        runner.post(UnsayLine(ann.requester(), ann.seat, messages.Unsay("room", line)))
        runner.message(Requester(ann, ann.user, None), ann.seat, messages.Send("shout", data=Raw(b"{}")))
        place.settle()
        (stored,) = place.get(place.store.open_rooms([runner.room.id]))
        logged = {part for part in stored.parts if part.startswith("log/")}
        self.assertEqual(logged, {f"log/{number}" for number in runner.room.publisher.streams.dump()})
