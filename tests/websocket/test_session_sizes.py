"""No message is larger than the client was told that any would be."""

from __future__ import annotations

import json
from typing import Any

from gameserver import Chat, Game, Player, message, timer
from gameserver.node.lobby_chat import FEED_BYTES
from gameserver.protocol.messages import Form
from gameserver.room.bounds import LINES_BYTES, PACKED, REST_BYTES, SEAT_BYTES
from gameserver.room.publish.streams import LOG_BYTES
from gameserver.settings.settings import Limits
from tests.websocket.kit import Message, Peer, Rig, WireTestCase

ROW_BYTES = 60_000


class Loud(Game):
    """Says as much as it is told to."""

    name = "loud"
    needs_start = False
    late_join = True
    max_players = 6
    roles = {"screen": 2}
    max_row_bytes = ROW_BYTES
    messages_per_s = 10_000
    chat_history = 1000
    chat_to = ("room", "group", "seat")

    def on_create(self) -> None:
        self.state["count"] = 0

    @message
    def shout(self, player: Player, size: int, times: int = 1) -> None:
        for _ in range(times):
            self.send("x", "x" * size)

    @message
    def list_(self, player: Player, size: int) -> None:
        self.send("x", [0.1] * size)

    @message
    def aside(self, player: Player, size: int) -> None:
        self.send("x", {"a": "x" * size}, but=player)

    @message
    def volatile(self, player: Player, size: int) -> None:
        self.send("x", {"a": "x" * size}, volatile=True)

    @message
    def count_and_shout(self, player: Player, size: int) -> None:
        self.state["count"] += 1
        self.send("x", "x" * size)

    @message
    def reply(self, player: Player, size: int) -> Any:
        self.state["count"] += 1
        return [0.1] * size

    @message
    def reply_alone(self, player: Player, size: int) -> Any:
        return "x" * size

    @message
    async def wait_and_reply(self, player: Player, size: int) -> Any:
        return "x" * size

    @message
    def announce(self, player: Player, size: int) -> None:
        self.chat.say("x" * size)

    @message
    def later(self, player: Player, size: int) -> None:
        self.after(1, self.due, size=size)

    @timer
    def due(self, size: int) -> None:
        self.state["count"] += 1
        self.send("x", "x" * size)

    @message
    def set_(self, player: Player, tree: Any) -> None:
        self.state["tree"] = tree

    @message
    def touch(self, player: Player, key: str, number: int) -> None:
        for name in self.state["tree"][key]:
            self.state["tree"][key][name] = number

    @message
    def group_(self, player: Player, names: list[str], whom: list[Player]) -> None:
        for name in names:
            for one in whom:
                self.group(name).add(one)

    def on_chat(self, player: Player, chat: Chat) -> None:
        if chat.text == "grow":
            chat.text = "x" * 1_000_000


MOST = ROW_BYTES + 9 * SEAT_BYTES + LINES_BYTES + REST_BYTES


class SizesTests(WireTestCase):
    games = (Loud,)
    limits = Limits(chat_data_bytes=32_768)

    def setUp(self) -> None:
        super().setUp()
        self.ann = self.rig.guest().create("loud")
        self.bob = self.rig.guest("Bob").join(self.ann.room)
        self.ann.take()
        self.bob.take()

    def tearDown(self) -> None:
        """See that nobody was sent more, whatever the test was about."""
        for peer in self.rig.peers:
            if peer.welcome:
                largest = max(map(len, peer.frames))
                self.assertLessEqual(largest, peer.welcome["limits"]["message_bytes"])

    def count(self) -> int:
        """:returns: what the room's document says."""
        count: int = self.rig.runner(self.ann.room).room.docs["room"].plain()["count"]
        return count

    def test_told(self) -> None:
        """In the form that this connection speaks."""
        expected = int(MOST * PACKED) if self.ann.binary else MOST
        self.assertEqual(self.ann.welcome["limits"]["message_bytes"], expected)

    def test_events(self) -> None:
        """What would be more is refused to the game, in all ways of saying it, and leaves no trace."""
        for type, fields in (
            ("shout", {}),
            ("shout", {"times": 2}),
            ("aside", {}),
            ("volatile", {}),
            ("count_and_shout", {}),
            ("announce", {}),
        ):
            for id in (None, self.fresh_id()):
                request = {} if id is None else {"id": id}
                heard = self.ann.say("send", type=type, data={"size": MOST, **fields}, **request)
                self.assertEqual([(m["op"], m["code"], m["id"]) for m in heard], [("error", "too_large", id)], type)
        self.assertEqual((self.bob.take(), self.count()), ([], 0))
        self.ann.say("send", type="shout", data={"size": 10})
        self.assertEqual(self.ops(self.bob.take()), ["event"])
        self.bob.seen()  # which counts: nothing is missing

    _id = 100

    def fresh_id(self) -> int:
        """:returns: an id that was not used."""
        self._id += 1
        return self._id

    def test_just_not_too_large(self) -> None:
        """Nearly as much goes out, to both forms."""
        self.ann.say("send", id=2, type="shout", data={"size": MOST - 2000})
        self.assertEqual([len(m["data"]) for m in self.bob.take()], [MOST - 2000])
        self.ann.say("send", id=3, type="list_", data={"size": (MOST - 2000) // 4})
        self.assertEqual([len(m["data"]) for m in self.bob.take()], [(MOST - 2000) // 4])

    def test_replies(self) -> None:
        """A reply that is too large is refused in its place, remembered, and what was done is undone."""
        for type in ("reply", "reply_alone", "wait_and_reply"):
            id = self.fresh_id()
            refused = self.ann.ask("send", id=id, type=type, data={"size": MOST})
            self.assert_error(refused, "too_large", id)
            self.assertEqual(self.ann.ask("send", id=id, type="shout", data={"size": 1}), refused)
        self.assertEqual(self.count(), 0)
        reply = self.ann.ask("send", id=self.fresh_id(), type="reply", data={"size": (MOST - 2000) // 4})
        self.assertEqual(len(reply["data"]), (MOST - 2000) // 4)

    def test_timers(self) -> None:
        """What nobody asked for is undone; the timer has fired."""
        self.ann.say("send", type="later", data={"size": MOST})
        self.rig.advance(2)
        self.assertEqual((self.bob.take(), self.count()), ([], 0))
        self.assertEqual(self.ann.ask("send", id=2, type="reply", data={"size": 0})["op"], "ok")

    def test_lines(self) -> None:
        """A line that the game makes too large is not said, nor changed to that."""
        self.assert_error(self.ann.ask("chat", id=2, text="grow"), "too_large", 2)
        said = self.ann.say("chat", id=3, text="hi")
        n = next(m["n"] for m in said if m["op"] == "chat")
        self.assert_error(self.ann.ask("edit", id=4, stream="room", line=n, text="grow"), "too_large", 4)
        self.assertEqual(self.ops(self.bob.take()), ["chat"])

    def test_lines_of_before(self) -> None:
        """A newcomer is told the newest, as many as may be told at once."""
        for n in range(LINES_BYTES // 10_000 + 10):
            self.ann.say("chat", text=str(n), data="x" * 10_000)
        lines = self.rig.guest("Cyd").join(self.ann.room).joined["chat"]
        self.assertGreater(len(json.dumps(lines)), LINES_BYTES - 11_000)
        self.assertLess(len(json.dumps(lines, separators=(",", ":"))), LINES_BYTES)
        last = LINES_BYTES // 10_000 + 9
        self.assertEqual([int(line["text"]) for line in lines], list(range(last - len(lines) + 1, last + 1)))

    def test_patch_that_is_larger_than_its_document(self) -> None:
        """The document comes instead, and what follows it fits; whoever missed it gets all anew."""
        key = "k" * 500
        tree = {key: {str(n): 0 for n in range(1500)}}
        self.ann.say("send", type="set_", data={"tree": tree})
        self.bob.take()
        gone = self.bob.again(client=None)
        gone.join(self.ann.room)
        seen = gone.seen()
        gone.drop()
        self.bob.take()
        self.ann.say("send", type="touch", data={"key": key, "number": 1})
        heard = self.bob.take()
        tree[key] = dict.fromkeys(tree[key], 1)
        if self.bob.form is Form.COLUMNS:
            self.assertEqual(self.ops(heard), ["patch"])  # in which the key stands once
        else:
            self.assertEqual([(m["op"], m["doc"]) for m in heard], [("doc", {"count": 0, "tree": tree})])
        self.ann.say("send", type="reply", data={"size": 0})
        self.assertEqual([(m["op"], m["ops"]) for m in self.bob.take()], [("patch", [[0, ["count"], 1]])])
        back = gone.again()
        joined = back.resume(self.ann.room, gone.secret, seen)[0]
        self.assertEqual((joined["recovered"], joined["docs"]["room"]), (False, {"count": 1, "tree": tree}))

    def test_much_was_missed(self) -> None:
        """One large message may be more than is told again."""
        seen = self.bob.seen()
        self.bob.drop()
        self.ann.say("send", type="shout", data={"size": LOG_BYTES + 1})
        joined = self.bob.again().resume(self.ann.room, self.bob.secret, seen)[0]
        self.assertFalse(joined["recovered"])

    def test_largest_room(self) -> None:
        """All that a room may keep, at its worst: floats, full profiles, 64 groups, and as much chat as there is."""
        profile = {"p": [0.1] * 500}
        peers = [self.ann, self.bob]
        for n in range(4):
            peers.append(self.rig.guest("\U0001f600" * 30 + str(n)).join(self.ann.room, profile=profile))
        for n in range(2):
            peers.append(self.rig.guest(f"S{n}").join(self.ann.room, role="screen", profile=profile))
        seats = [peer.seat for peer in peers]
        names = [f"group-{n:026d}" for n in range(64)]
        self.ann.say("send", type="group_", data={"names": names, "whom": seats})
        self.ann.say("send", type="set_", data={"tree": [0.1] * (ROW_BYTES // 4 - 300)})
        for n in range(40):
            self.ann.say("chat", text=str(n), data=[0.1] * 2000)
        joined = self.ann.ask("join", id=5, room=self.ann.room)
        self.assertGreater(len(json.dumps(joined)), ROW_BYTES + LINES_BYTES)
        self.assertEqual((len(joined["seats"]), len(joined["docs"])), (8, 66))

    def posts(self, peer: Peer, id: int, **fields: Any) -> Message:
        """:returns: what is told of the lobby."""
        answer: Message = peer.ask("listen", id=id, to="lobby:loud", **fields)["data"]
        return answer

    def test_lines_outside_rooms(self) -> None:
        """They are kept as long as they fit an answer, so that none that is kept is left out."""
        for n in range(40):
            self.rig.advance(5)
            self.assertEqual(
                self.ann.ask("chat", id=self.fresh_id(), to="lobby:loud", text=str(n), data="x" * 10_000)["op"], "ok"
            )
            kept = self.rig.registry.lobby_chat._feeds["lobby:loud"].lines
            self.assertLess(sum(len(line.data) for line in kept), FEED_BYTES)
        heard = self.posts(self.bob, 2)
        texts = [int(line["text"]) for line in heard["lines"]]
        self.assertEqual((heard["line"], texts), (heard["lines"][-1]["line"], list(range(40 - len(texts), 40))))
        self.assertTrue(FEED_BYTES - 11_000 < len(json.dumps(heard)) < FEED_BYTES + 1000)
        later = self.posts(self.bob, 3, seen=heard["lines"][0]["line"] - 1)
        self.assertEqual(later, heard)


class NoGameTests(WireTestCase):
    def test_told_without_games(self) -> None:
        """A server without games has a bound as well."""
        ann = Rig().guest()
        self.assertEqual(ann.welcome["limits"]["message_bytes"], SEAT_BYTES + LINES_BYTES + REST_BYTES)
