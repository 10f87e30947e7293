"""The short way of messages beside the general one: whatever is sent, the same comes of both."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some
from msgspec import Raw
from msgspec.json import encode
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, Refused, message
from gameserver.node.fast_path import FastPath
from gameserver.node.runner import RoomRunner
from gameserver.protocol.json_codec import JSONCodec
from gameserver.protocol.messages import Send
from gameserver.room import row
from gameserver.room.effects import Requester
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


def speaker(runner: RoomRunner, session: FakeSession) -> FastPath:
    codec = JSONCodec(32)
    return FastPath(runner, session.seat, Requester(session, session.user, None), codec.glance, codec.is_flat)


def run(game: type[Game], sent: list[tuple[int, str, Any, int | None, float]], *, short: bool) -> Any:
    """:returns: all that is seen of a room in which this is sent: what each is told, its log, its row."""
    place = Place(game)
    host, guest = FakeSession("host"), FakeSession("guest")
    host.key, guest.key = "h", "g"
    runner = place.create(host)
    place.join(runner, guest)
    speakers = [speaker(runner, session) for session in (host, guest)]
    for who, type, text, id, wait_s in sent:
        session = (host, guest)[who]
        data = Raw(b'{"text": %s}' % (b"1" if text is None else b'"%s"' % text.encode()))
        if not (short and speakers[who].says(encode(Send(type, id, data)))):
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
        self.assertEqual(run(game, sent, short=True), run(game, sent, short=False))

    def test_short_is_taken(self) -> None:
        """What only speaks does not go the general way."""
        place = Place(RelayedChatter)
        host = FakeSession("host")
        runner = place.create(host)
        self.patch(RoomRunner, "end_message", None)
        self.assertTrue(speaker(runner, host).says(encode(Send("say", None, Raw(b'{"text": "a"}')))))
        place.settle()
        self.assertEqual([event["data"] for event in host.of("event")], ["a"])
