"""What a game tells whoever writes a client: the schemas of replies, events and documents."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Annotated, Any, NotRequired, TypedDict

import msgspec
from msgspec import Meta
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Answer, Game, Player, message, question
from gameserver.errors import GameDefinitionError
from gameserver.game.described import inlined
from gameserver.game.spec import spec_of

if TYPE_CHECKING:
    from nowhere import Unknown

NULL = {"type": "null"}
WHOLE = {"type": "integer"}


class Card(TypedDict):
    suit: str
    rank: Annotated[int, Meta(ge=1, le=13)]


class Reveal(msgspec.Struct):
    """What lies open."""

    cards: list[Card]
    by: str | None = None


class Board(TypedDict):
    cards: dict[str, Card]
    turn: NotRequired[int]


class Tree(msgspec.Struct):
    children: list[Tree]
    card: Card | None = None


class Cards(Game):
    name = "cards"
    roles = {"screen": 1}
    events = {"reveal": Reveal, "count": int, "gone": None}
    docs = {"seat": Card, "role:screen": Board, "group:*": list[Card], "group:red": Card}

    state: Board

    @message
    def draw(self, player: Player) -> Card:
        return {"suit": "hearts", "rank": 1}

    @message
    def show(self, player: Player) -> None:
        """Nothing comes of it."""

    @message
    def unsaid(self, player: Player):  # type: ignore[no-untyped-def]
        """Nobody can tell."""

    @message
    def anything(self, player: Player) -> Any:
        """It may be anything."""

    @message
    def foreign(self, player: Player) -> Player:
        return player

    @message
    async def later(self, player: Player) -> int:
        return 1

    @message
    def sooner(self, player: Player) -> Deferred[int]:
        return Deferred()

    @message
    def somehow(self, player: Player) -> Awaitable[int]:
        return Deferred()

    @question
    def choose(self, player: Player, card: int) -> int:
        return card

    @choose.done
    def chosen(self, answers: dict[Player, Answer[int]]) -> None:
        """All chose."""


class Quiet(Game):
    name = "quiet"
    state: Unknown


class ReplyTests(SynchronousTestCase):
    def reply(self, name: str) -> Any:
        return spec_of(Cards).messages[name].reply

    def test_return_annotation(self) -> None:
        """The reply is what the method says that it returns, whoever awaits it."""
        self.assertEqual(inlined(self.reply("draw"))["properties"]["suit"], {"type": "string"})
        self.assertEqual(self.reply("show"), NULL)
        self.assertEqual(self.reply("anything"), {})
        for name in ("later", "sooner", "somehow"):
            self.assertEqual(self.reply(name), WHOLE, name)

    def test_unknown(self) -> None:
        """Nothing is told where the method says nothing, or what is no JSON."""
        self.assertEqual([self.reply(name) for name in ("unsaid", "foreign")], [None, None])

    def test_question(self) -> None:
        """What an answer is stays secret: who gives it is told nothing."""
        self.assertEqual(self.reply("choose"), NULL)


class EventTests(SynchronousTestCase):
    def test_declared(self) -> None:
        """By their types, with all that the types hold."""
        events = spec_of(Cards).events
        self.assertEqual(list(events), ["reveal", "count", "gone"])
        self.assertEqual((events["count"], events["gone"]), (WHOLE, NULL))
        self.assertEqual(set(events["reveal"]["$defs"]), {"Reveal", "Card"})
        self.assertEqual(inlined(events["reveal"])["description"], "What lies open.")

    def test_none(self) -> None:
        """A game that declares none has none."""
        self.assertEqual((spec_of(Quiet).events, spec_of(Quiet).docs), ({}, {}))

    def test_wrong(self) -> None:
        """What is no type, or cannot travel, is an error when the class is read, and so is what is no dict."""
        for events in ({"reveal": Player}, {"reveal": 3}, {"reveal": "Reveal"}, {1: int}, ["reveal"]):
            with self.assertRaises(GameDefinitionError, msg=repr(events)) as caught:
                spec_of(type("Bad", (Game,), {"events": events}))
            self.assertIn("Bad.events", str(caught.exception))


class DocumentTests(SynchronousTestCase):
    def test_state_and_others(self) -> None:
        """The room's is what ``state`` is annotated with, the others stand by their streams."""
        docs = spec_of(Cards).docs
        self.assertEqual(list(docs), ["room", "seat", "role:screen", "group:*", "group:red"])
        self.assertEqual(inlined(docs["room"])["required"], ["cards"])
        self.assertEqual(inlined(docs["group:*"])["items"], inlined(docs["seat"]))

    def test_inherited(self) -> None:
        """The annotation of the nearest class counts, and one that is only for checkers of types is no error."""

        class Child(Cards):
            name = "child"

        class Grandchild(Child):
            name = "grandchild"
            state: Card  # type: ignore[assignment]

        self.assertEqual(spec_of(Child).docs["room"], spec_of(Cards).docs["room"])
        self.assertEqual(inlined(spec_of(Grandchild).docs["room"]), inlined(spec_of(Cards).docs["seat"]))

    def test_wrong(self) -> None:
        """A stream that there is not is an error that names those that there are."""
        for stream in ("red", "group:", "role:tv", "seat:1", "secret"):
            with self.assertRaises(GameDefinitionError) as caught:
                spec_of(type("Bad", (Game,), {"roles": {"screen": 1}, "docs": {stream: Card}}))
            self.assertIn("role:screen", str(caught.exception))


class InlinedTests(SynchronousTestCase):
    def test_no_refs(self) -> None:
        """Each reference is what it refers to, with what stands beside it."""
        schema = {
            "$ref": "#/$defs/A",
            "$defs": {
                "A": {"properties": {"b": {"$ref": "#/$defs/B", "default": 1}}},
                "B": {"anyOf": [{"$ref": "#/$defs/C"}]},
                "C": {"type": "integer"},
            },
        }
        self.assertEqual(inlined(schema), {"properties": {"b": {"anyOf": [{"type": "integer"}], "default": 1}}})

    def test_holds_itself(self) -> None:
        """What has no end keeps a reference to what it is, and that alone is kept beside."""
        found = inlined(msgspec.json.schema(Tree))
        self.assertEqual(list(found["$defs"]), ["Tree"])
        for tree in (found, found["$defs"]["Tree"]):
            self.assertEqual(tree["properties"]["children"]["items"], {"$ref": "#/$defs/Tree"})
            card = next(kind for kind in tree["properties"]["card"]["anyOf"] if kind != NULL)
            self.assertEqual(card["properties"]["rank"]["maximum"], 13)
