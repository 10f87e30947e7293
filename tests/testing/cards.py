"""A card game, with its cards in each of the ways in which authors write them down: draw, play what fits, pass."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from gameserver import Game, Player, Refused, message

COLOURS = "rgby"


class Cards(Game):
    """
    A card fits on one of its colour or number. One card may be drawn a turn, and only then one may pass.

    :cvar played: how many cards were played at all tables.
    """

    min_players = 2
    max_players = 4
    counts: dict[str, int] = {}

    def deck(self) -> list[Any]:
        """All cards."""
        return [f"{colour}{number}" for colour in COLOURS for number in range(10)]

    def fits(self, card: Any, top: Any) -> bool:
        """Whether a card may be put on another."""
        return bool(card[0] == top[0] or card[1] == top[1])

    def on_start(self) -> None:
        pile = self.deck()
        self.random.shuffle(pile)
        for player in self.players:
            player.state["hand"] = [pile.pop() for _ in range(5)]
        self.state.update(top=pile.pop(), turn=0, drew=False, round={"left": len(pile)})
        self.secret.update(pile=pile, under=[])

    @message
    def draw(self, player: Player) -> Any:
        self.check_turn(player)
        if self.state["drew"] or not (self.secret["pile"] or self.secret["under"]):
            raise Refused("One card a turn.", code="drew")
        if not self.secret["pile"]:
            self.secret.update(pile=self.secret["under"], under=[])
        player.state["hand"].append(self.secret["pile"].pop())
        self.state["drew"] = True
        self.count("draw")
        return player.state["hand"][-1]

    @message(name="pass")
    def pass_on(self, player: Player) -> None:
        self.check_turn(player)
        if not self.state["drew"]:
            raise Refused("Draw first.", code="draw_first")
        self.count("pass")
        self.go_on()

    def put(self, player: Player, card: Any) -> None:
        """Play a card."""
        self.check_turn(player)
        hand = player.state["hand"]
        if card not in hand:
            raise Refused("Not in your hand.", code="not_yours")
        if not self.fits(card, self.state["top"]):
            raise Refused("It does not fit.", code="no_fit")
        hand.remove(card)
        self.secret["under"].append(self.state["top"])
        self.state["top"] = card
        self.count("play")
        if hand:
            self.go_on()
        else:
            self.over(winner=player.id)

    def check_turn(self, player: Player) -> None:
        """:raises Refused: it is not this player's turn."""
        if self.status != "playing":
            raise Refused("The game is not on.", code="not_playing")
        if self.players[self.state["turn"] % len(self.players)] != player:
            raise Refused("Not your turn.", code="not_your_turn")

    def go_on(self) -> None:
        """The next player's turn."""
        self.state.update(turn=self.state["turn"] + 1, drew=False)
        self.state["turn"] %= len(self.players)

    def count(self, what: str) -> None:
        """So many of that were done, at whatever table."""
        self.counts[what] = self.counts.get(what, 0) + 1


class ByName(Cards):
    """A card is a string."""

    @message
    def play(self, player: Player, card: str) -> None:
        self.put(player, card)


class ByNumber(Cards):
    """A card is a number, without bounds that a schema would tell."""

    def deck(self) -> list[Any]:
        return list(range(100, 140))

    def fits(self, card: Any, top: Any) -> bool:
        return bool(card % 4 == top % 4 or card // 4 == top // 4)

    @message
    def play(self, player: Player, card: int) -> None:
        self.put(player, card)


class ByPlace(Cards):
    """A card is told by its place in the hand."""

    @message
    def play(self, player: Player, index: int) -> None:
        self.check_turn(player)
        if not 0 <= index < len(player.state["hand"]):
            raise Refused("You have not so many.", code="not_yours")
        self.put(player, player.state["hand"][index])


class Card(Struct):
    """A card as an object."""

    suit: str
    rank: int


class AsObject(Cards):
    """A card is an object."""

    def deck(self) -> list[Any]:
        return [{"suit": colour, "rank": number} for colour in COLOURS for number in range(10)]

    def fits(self, card: Any, top: Any) -> bool:
        return bool(card["suit"] == top["suit"] or card["rank"] == top["rank"])

    @message
    def play(self, player: Player, card: Card) -> None:
        self.put(player, {"suit": card.suit, "rank": card.rank})


class ByFields(AsObject):
    """A card is two fields of the message."""

    @message
    def play(self, player: Player, suit: str, rank: int) -> None:  # type: ignore[override]
        self.put(player, {"suit": suit, "rank": rank})


class AtAnyTime(ByName):
    """Nobody has a turn, and everybody draws as they like: whoever draws only never plays."""

    def check_turn(self, player: Player) -> None:
        if self.status != "playing":
            raise Refused("The game is not on.", code="not_playing")
        self.state["drew"] = False


GAMES: list[type[Cards]] = [ByName, ByNumber, ByPlace, AsObject, ByFields, AtAnyTime]
