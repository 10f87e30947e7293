"""Coming back: all that was missed, in order, or a snapshot; never a part of it, and nothing for anybody else."""

from __future__ import annotations

from typing import Any

from gameserver import Game, Player, message
from tests.websocket.kit import Message, Peer, WireTestCase


class Busy(Game):
    """Something of everything."""

    name = "busy"
    needs_start = False
    max_players = 5
    roles = {"screen": 2}
    messages_per_s = 1000

    def on_create(self) -> None:
        self.state["log"] = []

    def on_join(self, player: Player) -> None:
        player.state["hand"] = []

    @message
    def note(self, player: Player, text: str) -> None:
        self.state["log"].append(text)
        player.state["hand"].append(text)
        self.send("noted", text)

    @message
    def others(self, player: Player, text: str) -> None:
        self.send("psst", text, but=player)

    @message
    def without(self, player: Player, who: Player, text: str) -> None:
        self.send("psst", text, but=who)

    @message
    def team(self, player: Player, who: Player, name: str, on: bool, public: bool = False) -> None:
        group = self.group(name)
        group.public = public
        (group.add if on else group.remove)(who)

    @message
    def paint(self, player: Player, name: str, colour: str) -> None:
        self.group(name).state["colour"] = colour
        self.group(name).send("painted", colour)

    @message
    def repaint(self, player: Player, name: str, colour: str) -> None:
        self.group(name).state["colour"] = colour

    @message
    def deal(self, player: Player, who: Player, card: str) -> None:
        who.state["hand"].append(card)

    @message
    def flood(self, player: Player, count: int, size: int) -> None:
        for number in range(count):
            self.send("flood", [number, "x" * size])

    @message(durable=False)
    def cursor(self, player: Player, x: int) -> None:
        self.send("cursor", x)

    @message
    def blink(self, player: Player) -> None:
        self.send("blink", None, volatile=True)


def heard(messages: list[Message]) -> list[Message]:
    """:returns: what counts, without answers and ``joined``."""
    return [m for m in messages if "n" in m or m["op"] == "doc"]


class ResumeTests(WireTestCase):
    games = (Busy,)

    def setUp(self) -> None:
        super().setUp()
        self.ann = self.rig.guest().create("busy")
        self.bob = self.rig.guest("Bob").join(self.ann.room)
        self.witness = self.bob.again(client=None).join(self.ann.room)
        self.last_id = 10

    def ann_sends(self, type: str, **data: Any) -> None:
        """Ann sends, and it succeeds."""
        self.last_id += 1
        self.assertEqual(self.ann.ask("send", id=self.last_id, type=type, data=data)["op"], "ok")

    def leave_bob(self) -> Message:
        """:returns: what Bob's connection had seen when it was lost."""
        self.bob.take()
        self.witness.take()
        seen = self.bob.seen()
        self.bob.drop()
        return seen

    def bob_back(self, seen: Message | None, **fields: Any) -> tuple[Peer, list[Message]]:
        back = self.bob.again(**fields)
        answer = back.resume(self.bob.room, self.bob.secret, seen)
        return back, answer

    def assert_snapshot(self, seen: Message | None) -> None:
        """See that Bob gets whole documents, and nothing of what was said."""
        back, answer = self.bob_back(seen)
        self.assertIs(back.joined["recovered"], False)
        self.assertEqual([m for m in heard(answer) if m["op"] != "seats"], [])
        room = self.rig.runner(self.bob.room).room
        self.assertEqual(back.joined["docs"]["room"], room.docs["room"].root)
        self.assertEqual(back.joined["docs"]["seat"], room.docs[f"seat:{self.bob.seat}"].root)
        back.drop()

    def test_all_that_was_missed_follows_in_order(self) -> None:
        """What a tab that stayed was sent is what the one that was away gets, byte for byte and in that order."""
        seen = self.leave_bob()
        self.ann_sends("note", text="one")
        self.ann_sends("deal", who=self.bob.seat, card="queen")
        self.ann.say("chat", text="hello")
        self.ann_sends("note", text="two")
        _, answer = self.bob_back(seen)
        self.assertEqual(answer[0]["op"], "joined")
        self.assertIs(answer[0]["recovered"], True)
        self.assertEqual((answer[0]["docs"], answer[0]["chat"]), ({}, []))
        self.assertEqual(heard(answer), heard(self.witness.take()))
        self.assertIn("queen", str(answer))

    def test_joined_seen_is_before_what_follows(self) -> None:
        """``joined.seen`` is where the client stands after ``joined``: each counter goes on from there by ones."""
        seen = self.leave_bob()
        self.ann_sends("note", text="one")
        back, answer = self.bob_back(seen)
        self.assertEqual(answer[0]["seen"], seen)
        self.assertEqual(back.seen(), self.witness_seen())

    def witness_seen(self) -> Message:
        self.witness.take()
        return self.witness.seen()

    def test_nothing_missed(self) -> None:
        """A short break is recovered with nothing to tell."""
        seen = self.leave_bob()
        _, answer = self.bob_back(seen)
        self.assertEqual(self.ops(answer), ["joined"])
        self.assertIs(answer[0]["recovered"], True)

    def test_without_seen(self) -> None:
        """Who has seen nothing gets everything: it is not ``null``, which is for a new seat."""
        self.leave_bob()
        self.ann_sends("note", text="one")
        self.assert_snapshot(None)

    def test_joining_again_is_a_snapshot(self) -> None:
        """A join to a seat that one has: recovered is null, documents whole, the other tab undisturbed."""
        self.assertIsNone(self.witness.joined["recovered"])
        self.assertEqual(self.witness.joined["seat"], self.bob.joined["seat"])
        self.assertIn("room", self.witness.joined["docs"])
        self.ann_sends("note", text="for both")
        for peer in (self.bob, self.witness):
            self.assertIn("for both", str(peer.take()))

    def test_anything_else_is_a_snapshot(self) -> None:
        """An unknown epoch, a counter too high, a stream too few or too many, or no counters at all."""
        seen = self.leave_bob()
        self.ann_sends("note", text="one")
        for wrong in (
            {**seen, "epoch": "0123456789ab"},
            {**seen, "epoch": 5},
            {k: v for k, v in seen.items() if k != "epoch"},
            {**seen, "room": seen["room"] + 1000},
            {**seen, "room": -1},
            {**seen, "room": "1"},
            {k: v for k, v in seen.items() if k != "seat"},
            {k: v for k, v in seen.items() if k != "room"},
            {**seen, "group:red": 0},
            {**seen, "role:screen": 0},
            {**seen, f"seat:{self.bob.seat}": 0},
            {},
        ):
            self.assert_snapshot(wrong)

    def test_left_out_message_is_a_skip(self) -> None:
        """A message for all but this seat is told as ``skip``, at once and in a replay, and never itself."""
        self.bob.take()
        self.ann_sends("without", who=self.bob.seat, text="secret plan")
        (skip,) = heard(self.bob.take())
        self.assertEqual((skip["op"], skip["stream"], set(skip)), ("skip", "room", {"op", "room", "stream", "n"}))
        seen = self.leave_bob()
        self.ann_sends("without", who=self.bob.seat, text="secret plan")
        self.ann_sends("note", text="after")
        back, answer = self.bob_back(seen)
        self.assertEqual(self.ops(heard(answer)), self.ops(heard(self.witness.take())))
        self.assertIn("skip", self.ops(answer))
        self.assertNotIn(b"secret plan", b"".join(back.frames + self.bob.frames + self.witness.frames))
        self.assertEqual(back.seen()["room"], self.witness_seen()["room"])

    def test_sender_is_left_out(self) -> None:
        """``but=player`` is for the sender too."""
        self.ann.take()
        self.bob.take()
        answer = self.ann.say("send", id=5, type="others", data={"text": "behind your back"})
        self.assertEqual(self.ops(answer), ["skip", "ok"])
        self.assertEqual(self.ops(self.bob.take()), ["event"])

    def test_volatile_events_are_not_replayed(self) -> None:
        """They have no counter, and are gone."""
        seen = self.leave_bob()
        self.ann_sends("blink")
        (event,) = self.witness.take()
        self.assertNotIn("n", event)
        _, answer = self.bob_back(seen)
        self.assertEqual(self.ops(answer), ["joined"])
        self.assertIs(answer[0]["recovered"], True)

    def test_tail_too_short(self) -> None:
        """When more was missed than is kept, a snapshot; what is kept of it is not told."""
        seen = self.leave_bob()
        self.ann_sends("flood", count=600, size=1)
        self.ann_sends("note", text="last")
        self.assert_snapshot(seen)

    def test_tail_of_bytes(self) -> None:
        """The same by bytes."""
        seen = self.leave_bob()
        for _ in range(10):
            self.ann_sends("flood", count=1, size=40_000)
        self.assert_snapshot(seen)

    def test_entered_a_group_while_away(self) -> None:
        """A stream that the client does not know is a snapshot, which has it."""
        seen = self.leave_bob()
        self.ann_sends("team", who=self.bob.seat, name="red", on=True)
        self.ann_sends("paint", name="red", colour="crimson")
        back, _ = self.bob_back(seen)
        self.assertIs(back.joined["recovered"], False)
        self.assertEqual(back.joined["docs"]["group:red"], {"colour": "crimson"})
        self.assertIn("group:red", back.joined["seen"])

    def test_left_a_group_while_away(self) -> None:
        """A stream that is no longer the seat's is a snapshot without it, and nothing of it is told."""
        self.ann_sends("team", who=self.bob.seat, name="red", on=True)
        self.ann_sends("team", who=self.ann.seat, name="red", on=True)
        seen = self.leave_bob()
        self.ann_sends("team", who=self.bob.seat, name="red", on=False)
        self.ann_sends("paint", name="red", colour="crimson")
        back, _ = self.bob_back(seen)
        self.assertIs(back.joined["recovered"], False)
        self.assertEqual(set(back.joined["docs"]), {"room", "seat"})
        self.assertNotIn(b"crimson", b"".join(back.frames))

    def assert_back_in_a_group(self, **how: Any) -> None:
        self.ann_sends("team", who=self.bob.seat, name="red", on=True, **how)
        self.ann_sends("paint", name="red", colour="crimson")
        seen = self.leave_bob()
        self.ann_sends("team", who=self.bob.seat, name="red", on=False, **how)
        self.ann_sends("repaint", name="red", colour="scarlet")
        self.ann_sends("team", who=self.bob.seat, name="red", on=True, **how)
        back, answer = self.bob_back(seen)
        told = back.joined["docs"].get("group:red") or answer
        self.assertIn("scarlet", str(told), f"recovered: {back.joined['recovered']}")

    def test_left_and_entered_a_private_group_while_away(self) -> None:
        """What changed in it meanwhile, when nobody heard it, is known afterwards."""
        self.assert_back_in_a_group()

    def test_left_and_entered_a_public_group_while_away(self) -> None:
        """The same for a group that everybody knows of."""
        self.assert_back_in_a_group(public=True)

    def test_group_messages_are_replayed(self) -> None:
        """A stream that was the seat's all along is recovered with the others."""
        self.ann_sends("team", who=self.bob.seat, name="red", on=True)
        seen = self.leave_bob()
        self.assertIn("group:red", seen)
        self.ann_sends("paint", name="red", colour="crimson")
        self.ann_sends("note", text="one")
        back, answer = self.bob_back(seen)
        self.assertIs(back.joined["recovered"], True)
        self.assertEqual(heard(answer), heard(self.witness.take()))

    def test_nothing_from_before_a_group_was_entered(self) -> None:
        """A seat hears a stream from where it entered it, whatever its client says it has seen."""
        self.ann_sends("team", who=self.ann.seat, name="red", on=True)
        self.ann_sends("paint", name="red", colour="before")
        self.ann_sends("paint", name="red", colour="crimson")
        self.ann_sends("team", who=self.bob.seat, name="red", on=True)
        seen = self.leave_bob()
        back, _ = self.bob_back({**seen, "group:red": 0})
        self.assertIs(back.joined["recovered"], False)
        self.assertNotIn(b"before", b"".join(back.frames))

    def test_after_a_crash(self) -> None:
        """What was told before a restart is not told again, what was not is, across the change of epoch."""
        seen = self.leave_bob()
        self.ann_sends("note", text="one")
        expected = heard(self.witness.take())
        self.rig.crash()
        back, answer = self.bob_back(seen)
        self.assertIs(back.joined["recovered"], True)
        self.assertNotEqual(back.joined["seen"]["epoch"], seen["epoch"])
        self.assertEqual(heard(answer)[: len(expected)], expected)

    def test_after_eight_crashes(self) -> None:
        """Eight earlier openings are remembered, the ninth is not."""
        seen = self.leave_bob()
        for _ in range(8):
            self.rig.crash()
        back, _ = self.bob_back(seen)
        self.assertIs(back.joined["recovered"], True)
        self.rig.crash()
        back, _ = self.bob_back(seen)
        self.assertIs(back.joined["recovered"], False)

    def test_told_but_never_stored(self) -> None:
        """What a client saw of a step that was not yet stored, and that a crash took, must not pass for seen."""
        secret = self.ann.secret
        self.ann.say("send", type="cursor", data={"x": 1})
        seen = self.leave_bob()
        self.rig.store.hold()
        self.rig.crash()
        self.ann = self.ann.again()
        self.ann.resume(self.bob.room, secret)
        for text in ("a", "b", "c"):
            self.ann_sends("note", text=text)
        back, answer = self.bob_back(seen)
        if back.joined["recovered"]:
            self.assertEqual([m["data"] for m in answer if m["op"] == "event"], ["a", "b", "c"])
        else:
            self.assertEqual(back.joined["docs"]["room"]["log"], ["a", "b", "c"])

    def test_whatever_is_wrong_is_not_found(self) -> None:
        """A wrong secret, another user, an unknown room: one and the same answer."""
        eve = self.rig.guest("Eve")
        room, secret = self.bob.room, self.bob.secret
        answers = [
            self.bob.again().ask("resume", id=1, room=room, resume="0" * len(secret)),
            self.bob.again().ask("resume", id=1, room=room, resume=""),
            self.bob.again().ask("resume", id=1, room=room, resume="é"),
            self.bob.again().ask("resume", id=1, room=room, resume=self.ann.secret),
            eve.ask("resume", id=1, room=room, resume=secret),
            eve.ask("resume", id=1, room="XXXX", resume=secret),
        ]
        for answer in answers:
            self.assert_error(answer, "not_found", 1)
        self.assertEqual({a["message"] for a in answers}, {answers[0]["message"]})

    def test_after_leaving(self) -> None:
        """A seat that was given up cannot be resumed."""
        self.bob.say("leave", id=50)
        self.assert_error(
            self.bob.again().ask("resume", id=1, room=self.bob.room, resume=self.bob.secret), "not_found", 1
        )

    def test_code_as_people_type_it(self) -> None:
        """In small letters, with spaces or dashes."""
        assert self.bob.room is not None
        typed = f" {self.bob.room[:2].lower()}-{self.bob.room[2:].lower()} "
        back = self.bob.again()
        back.resume(typed, self.bob.secret)
        self.assertEqual(back.room, self.bob.room)
