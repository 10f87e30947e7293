"""A message that is applied as it comes, beside one that waited: whatever is sent, the same comes of both."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some
from msgspec import Raw, ValidationError
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, Refused, message
from gameserver.node.runner import RoomRunner
from gameserver.node.runner_state import RunnerState
from gameserver.protocol.messages import Send
from gameserver.room import row
from gameserver.room.effects import Requester
from gameserver.room.inputs.message import UNREAD
from tests.node.registries import FakeSession, Place


class Chatter(Game):
    """Speaks in every way that there is, and now and then does something else as well."""

    needs_start = False
    messages_per_s = 5

    def on_create(self) -> None:
        self.state["said"] = 0

    @message
    def say(self, player: Player, text: str) -> None:
        self.send("said", text)

    @message
    def twice(self, player: Player, text: str) -> None:
        self.send("said", {"text": text})
        player.send("heard")

    @message
    def others(self, player: Player, text: str) -> None:
        self.send("said", text, but=player, volatile=text == "b")

    @message
    def count(self, player: Player, text: str) -> int:
        self.state["said"] += 1
        self.send("counted", text)
        return len(text)

    @message(by="host")
    def rule(self, player: Player, text: str) -> None:
        self.send("rule", text)

    @message
    def refuse(self, player: Player, text: str) -> None:
        self.send("said", text)
        raise Refused("no")

    @message
    def nothing(self, player: Player, text: str) -> None: ...


class RelayedChatter(Chatter):
    durability = "none"


def say(runner: RoomRunner, session: FakeSession, send: Send) -> None:
    """As a session does: what its type can read is read before."""
    spec = runner.room.spec.messages.get(send.type)
    try:
        read = spec.decode(send.data) if spec is not None and spec.decode is not None else UNREAD
    except ValidationError:
        read = UNREAD
    runner.message(Requester(session, session.user, send.id), session.seat, send, read)


def run(game: type[Game], sent: list[tuple[int, str, Any, int | None, float]], *, at_once: bool) -> Any:
    """:returns: all that is seen of a room in which this is sent: what each is told, its log, its row."""
    place = Place(game)
    host, guest = FakeSession("host"), FakeSession("guest")
    host.key, guest.key = "h", "g"
    runner = place.create(host)
    place.join(runner, guest)
    for who, type, text, id, wait_s in sent:
        session = (host, guest)[who]
        data = Raw(b'{"text": %s}' % (b"1" if text is None else b'"%s"' % text.encode()))
        if at_once:
            say(runner, session, Send(type, id, data))
        else:
            runner.state = RunnerState.READY
            runner.message(Requester(session, session.user, id), session.seat, Send(type, id, data))
        if wait_s:
            place.advance(wait_s)
    place.settle()
    log = list(runner.room.publisher.streams.said())
    return host.frames, guest.frames, log, row.dump(runner.room), runner.commits.version


class SameTests(SynchronousTestCase):
    names = ("say", "twice", "others", "count", "rule", "refuse", "nothing", "none")
    inputs = some.lists(
        some.tuples(
            some.integers(0, 1),
            some.sampled_from(names),
            some.sampled_from(("a", "b", "\\u00e9", None)),
            some.one_of(some.none(), some.integers(2, 6)),
            some.sampled_from((0.0, 0.0, 0.1, 1.0)),
        ),
        max_size=20,
    )

    @settings(max_examples=40, deadline=None)
    @given(some.sampled_from((Chatter, RelayedChatter)), inputs)
    def test_same(self, game: type[Game], sent: Any) -> None:
        """Frames, log and row are the same, with ids and without, also where the rate is exceeded."""
        self.assertEqual(run(game, sent, at_once=True), run(game, sent, at_once=False))

    def test_at_once(self) -> None:
        """What comes while nothing stands in its way does not go by the queue, be it speech or a change."""
        place = Place(RelayedChatter)
        host = FakeSession("host")
        runner = place.create(host)
        self.patch(RoomRunner, "_take_in", None)
        for type in ("say", "count"):
            self.assertIs(runner.state, RunnerState.FREE)
            say(runner, host, Send(type, None, Raw(b'{"text": "a"}')))
        place.settle()
        self.assertEqual([event["type"] for event in host.of("event")], ["said", "counted"])

    def test_waits_while_away(self) -> None:
        """What comes while the store is away waits, and then takes place in order."""
        place = Place(Chatter)
        host = FakeSession("host")
        runner = place.create(host)
        runner.set_away(True)
        self.assertIs(runner.state, RunnerState.HELD)
        for text in (b'{"text": "a"}', b'{"text": "b"}'):
            say(runner, host, Send("say", None, Raw(text)))
        self.assertEqual((len(runner.queue), host.of("event")), (2, []))
        runner.set_away(False)
        place.settle()
        self.assertIs(runner.state, RunnerState.FREE)
        self.assertEqual([event["data"] for event in host.of("event")], ["a", "b"])

    def test_over(self) -> None:
        """A room that is over takes nothing more."""
        place = Place(Chatter)
        host = FakeSession("host")
        runner = place.create(host)
        runner.stop("busy")
        self.assertIs(runner.state, RunnerState.OVER)
        refused = self.assertRaises(Refused, say, runner, host, Send("say", None, Raw(b'{"text": "a"}')))
        self.assertEqual(refused.code, "busy")
