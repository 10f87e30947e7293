"""What a system outside is told of rooms: after the commit, again until it is taken, and by the next process too."""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, Refused, message
from gameserver.node import notifier
from gameserver.node.sanctions import Sanction
from gameserver.protocol.messages import Leave, Start
from gameserver.room.inputs.lifecycle import GiveUpSeat, StartRound
from gameserver.store.keys import NOTICES
from tests.node.registries import FakeSession, Place


class Race(Game):
    """Is over when somebody says so."""

    max_players = 4
    late_join = True

    @message
    def win(self, player: Player, close: bool = False, fail: bool = False) -> None:
        self.over(winner=player.number)
        if close:
            self.close("enough")
        if fail:
            raise Refused("not yet")

    def on_leave(self, player: Player) -> None:
        if self.status == "playing":
            self.over(gone=player.number)


class Forgets(Race):
    durability = "none"


class NotifierCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.away = False
        self.place = Place(Race, Forgets)
        self.listen()

    def listen(self) -> None:
        """This process tells somebody."""
        registry = self.place.registry
        registry.notify(self.take)
        assert registry.notifier is not None
        self.place.get(Deferred.fromCoroutine(registry.notifier.start()))

    def take(self, body: bytes) -> Deferred[Any]:
        async def answer() -> None:
            if self.away:
                raise OSError("nobody is there")
            self.taken.append(json.loads(body))

        return Deferred.fromCoroutine(answer())

    def kinds(self) -> list[str]:
        return [notice["kind"] for notice in self.taken]

    def pages(self) -> dict[str, bytes]:
        pages: dict[str, bytes] = self.place.get(self.place.store.read_book(NOTICES))
        return pages

    def playing(self) -> FakeSession:
        """:returns: Ann, host of a room whose game has begun."""
        ann = FakeSession("ann")
        self.runner = self.place.create(ann)
        self.play(ann)
        return ann

    def play(self, ann: FakeSession) -> None:
        request = ann.requester()
        self.place.get(self.runner.post(StartRound(request, ann.seat, Start(request.id))))


class RoomNoticeTests(NotifierCase):
    def test_round(self) -> None:
        """A round's begin and its end, with the result and who was there; each round has its number."""
        ann = self.playing()
        self.place.send(ann, "win")
        self.play(ann)
        self.assertEqual(self.kinds(), ["game_started", "game_over", "game_started"])
        self.assertEqual([notice["round"] for notice in self.taken], [1, 1, 2])
        over = self.taken[1]
        self.assertEqual((over["game"], over["result"], over["code"]), ("race", {"winner": 0}, self.runner.room.code))
        self.assertEqual(over["players"], [{"user": "ann", "name": "Ann", "role": "player", "number": 0}])
        self.assertEqual(len({notice["id"] for notice in self.taken}), 3)
        self.assertEqual(self.pages(), {})

    def test_who_leaves(self) -> None:
        """Whoever ends the game by leaving is in the result, and is told of."""
        ann = self.playing()
        bob = self.place.join(self.runner, FakeSession("bob"))
        request = bob.requester()
        self.place.get(self.runner.post(GiveUpSeat(request, bob.seat, Leave(request.id))))
        self.assertEqual(self.kinds()[1:], ["game_over", "player_left"])
        over, left = self.taken[1:]
        self.assertEqual([player["user"] for player in over["players"]], ["ann", "bob"])
        self.assertEqual(([player["user"] for player in left["players"]], left["reason"]), (["bob"], "left"))
        self.assertEqual(ann.seat, next(iter(self.runner.room.seats)))

    def test_refused_step(self) -> None:
        """A step that is undone tells nothing."""
        ann = self.playing()
        self.place.send(ann, "win", fail=True)
        self.assertEqual(self.kinds(), ["game_started"])

    def test_room_that_closes_with_it(self) -> None:
        """The result outlives a room that closes in the same step."""
        ann = self.playing()
        self.place.send(ann, "win", close=True)
        self.assertEqual(self.kinds(), ["game_started", "game_over"])

    def test_never_before_the_commit(self) -> None:
        """Nothing is told that the store does not have."""
        ann = self.playing()
        self.place.store.hold()
        self.place.send(ann, "win")
        self.assertEqual(self.kinds(), ["game_started"])
        self.place.store.release()
        self.place.settle()
        self.assertEqual(self.kinds(), ["game_started", "game_over"])

    def test_games_that_are_never_stored(self) -> None:
        """They tell nothing, since it could be lost."""
        self.place.game = "forgets"
        self.place.send(self.playing(), "win")
        self.assertEqual(self.kinds(), [])

    def test_process_that_dies(self) -> None:
        """What was stored and not taken is told by the next process."""
        ann = self.playing()
        self.away = True
        self.place.send(ann, "win")
        self.assertEqual(len(self.pages()), 1)
        self.place.away(1)
        self.away = False
        self.listen()
        self.assertEqual(self.kinds(), ["game_started", "game_over"])
        self.place.settle()
        self.assertEqual(self.pages(), {})


class SendingTests(NotifierCase):
    def test_again(self) -> None:
        """What is not taken is sent again, after pauses that grow, and is one notice for all that."""
        ann = self.playing()
        self.away = True
        self.place.send(ann, "win")
        self.place.advance(sum(notifier.RETRY_S))
        self.away = False
        self.place.advance(notifier.RETRY_S[-1])
        self.assertEqual(self.kinds(), ["game_started", "game_over"])
        notices = self.place.registry.notifier
        assert notices is not None
        self.assertGreater(notices.failed, 1)
        self.assertEqual((len(notices), notices.sent), (0, 2))

    def test_one_that_is_never_taken(self) -> None:
        """The others pass it."""
        stuck: list[bytes] = []

        def take(body: bytes) -> Deferred[Any]:
            if body == b"bad":
                stuck.append(body)
                return Deferred.fromCoroutine(self.raising())
            self.taken.append({"kind": body.decode()})
            return succeed(None)

        self.place.registry.notify(take)
        notices = self.place.registry.notifier
        assert notices is not None
        notices.add({"1": b"bad", "2": b"good", "3": b"fine"})
        self.place.advance(notifier.RETRY_S[0])
        self.assertEqual(self.kinds(), ["good", "fine"])
        self.assertTrue(stuck)

    async def raising(self) -> None:
        raise OSError("no")

    def test_bounded(self) -> None:
        """A system that is gone for good fills neither memory nor store: the oldest are given up."""
        self.patch(notifier, "MOST", 2)
        self.away = True
        notices = self.place.registry.notifier
        assert notices is not None
        pages = {str(n): b"{}" for n in range(4)}
        self.place.get(self.place.store.write_book(NOTICES, pages))
        notices.add(pages)
        self.assertEqual(list(self.pages()), ["2", "3"])

    def test_moderation(self) -> None:
        """A sanction, and that it was lifted."""
        watch = self.place.registry.watch
        made = watch.sanction(Sanction(id="", act="ban", user="django:7", reason="spam"))
        watch.lift(made.id)
        self.assertEqual(self.kinds(), ["sanction", "lifted"])
        self.assertEqual({notice["data"]["id"] for notice in self.taken}, {made.id})
        self.assertEqual(self.taken[0]["data"]["user"], "django:7")
