"""Hearts: four people, thirteen cards each, and nobody wants a heart or the queen of spades."""

from collections.abc import Iterator
from random import Random
from typing import Annotated

from msgspec import Meta

from gameserver import Game, Move, Player, Some, bot, message

RANKS = "23456789TJQKA"
DECK = [suit + rank for suit in "CDSH" for rank in RANKS]
POINTS = {card: 1 for card in DECK if card[0] == "H"} | {"SQ": 13}
ALL_POINTS = 26
END = 100
"""Points that end the game, unless the host chooses others; whoever has fewest then has won."""


class Hearts(Game):
    """Four people, thirteen cards each: take no heart, and never the queen of spades. A bot plays for who is away."""

    name = "hearts"
    min_players = max_players = 4
    roles = {"screen": 2, "spectator": 50}
    turn_s = 60
    absent = "stand_in"

    def on_create(self, points: Annotated[int, Meta(ge=1, le=500, title="Points that end the game")] = END) -> None:
        self.state.update(scores={}, deal=0, trick=[], last=None, taken={}, broken=False, first=True, way=0)

    def on_start(self) -> None:
        self.state.update(scores={player.id: 0 for player in self.players}, deal=0, last=None)
        self.deal()

    def deal(self) -> None:
        self.turns.end()
        deck = self.random.sample(DECK, 52)
        for i, player in enumerate(self.players):
            player.state.update(hand=sorted(deck[13 * i : 13 * i + 13], key=DECK.index), give=[])
        self.state.update(trick=[], taken={player.id: [] for player in self.players}, broken=False, first=True)
        self.state["way"] = (1, 3, 2, 0)[self.state["deal"] % 4]  # to the left, the right, across, not at all
        if self.state["way"]:
            self.turns.everyone(stage="passing", then=self.swap)
            self.turns.prompt("Pass three cards {way}", "The others choose what to pass", way=self.way_name())
        else:
            self.lead()

    def way_name(self) -> str:
        return {1: "to the left", 2: "across", 3: "to the right"}[self.state["way"]]

    def moves(self, player: Player) -> Iterator[Move]:
        hand = player.state["hand"]
        if self.turns.stage == "passing":
            yield Move("give", label="Pass {cards}", choices={"cards": Some(hand, 3)})
        else:
            for card in self.fitting(hand):
                yield Move("play", {"card": card}, "{card}")

    def fitting(self, hand: list[str]) -> list[str]:
        """The cards that may be played now."""
        trick = self.state["trick"]
        if self.state["first"] and "C2" in hand:
            return ["C2"]
        if not trick:
            return [card for card in hand if self.state["broken"] or card[0] != "H"] or hand
        fit = [card for card in hand if card[0] == trick[0][1][0]]
        if not fit and len(hand) == 13:  # no points in the first trick
            fit = [card for card in hand if card not in POINTS]
        return fit or hand

    @message(turn=True, stage="passing", undo=True)
    def give(self, player: Player, cards: list[str]) -> None:
        player.state["give"] = cards
        player.state["hand"] = [card for card in player.state["hand"] if card not in cards]
        self.turns.done(player)

    def swap(self) -> None:
        players = self.players
        for i, player in enumerate(players):
            to = players[(i + self.state["way"]) % 4]
            to.state["hand"] = sorted([*to.state["hand"], *player.state["give"]], key=DECK.index)
        self.lead()

    def lead(self) -> None:
        self.turns.begin(first=next(player for player in self.players if "C2" in player.state["hand"]))

    @message(turn=True)
    def play(self, player: Player, card: str) -> None:
        player.state["hand"].remove(card)
        trick = self.state["trick"]
        trick.append([player.id, card])
        self.state["broken"] |= card[0] == "H"
        self.state["first"] = False
        if len(trick) < 4:
            self.turns.next()
            return
        led = [each for each in trick if each[1][0] == trick[0][1][0]]
        winner = max(led, key=lambda each: RANKS.index(each[1][1]))[0]
        self.state["taken"][winner].extend(card for _, card in trick)
        self.state.update(last={"by": winner, "cards": list(trick)}, trick=[])
        if player.state["hand"]:
            self.turns.to(self.seat(winner))
        else:
            self.score()

    def score(self) -> None:
        points = {id: sum(POINTS.get(card, 0) for card in cards) for id, cards in self.state["taken"].items()}
        if ALL_POINTS in points.values():  # whoever has all of them gives them to the others
            points = {id: ALL_POINTS - n for id, n in points.items()}
        for id, n in points.items():
            self.state["scores"][id] += n
        self.state["deal"] += 1
        scores = self.state["scores"]
        if max(scores.values()) < self.options.get("points", END):  # a room of an older release has no such option
            self.deal()
            return
        places = sorted(set(scores.values()))
        self.over(ranking=[[p for p in self.players if scores[p.id] == n] for n in places], scores=dict(scores))

    def imagine(self, player: Player, random: Random) -> None:
        """Deal the others random hands of the cards that this player has not seen."""
        shown = {card for cards in self.state["taken"].values() for card in cards}
        shown |= {card for _, card in self.state["trick"]} | {*player.state["hand"], *player.state["give"]}
        rest = [card for card in DECK if card not in shown]
        random.shuffle(rest)
        played = {id for id, _ in self.state["trick"]}
        for other in self.players:
            if other != player:
                count = 13 - sum(map(len, self.state["taken"].values())) // 4 - (other.id in played)
                other.state.update(hand=sorted(rest[:count], key=DECK.index), give=[])
                del rest[:count]

    @bot("low", title="Plays low", stand_in=True)
    def low(self, player: Player, moves: list[Move]) -> Move:
        """Pass high cards and play low ones; who cannot follow suit throws off the worst card."""
        if self.turns.stage == "passing":
            worst = sorted(player.state["hand"], key=lambda card: (card == "SQ", RANKS.index(card[1])))
            return moves[0].fill(cards=worst[-3:])
        trick = self.state["trick"]
        if trick and moves[0].data["card"][0] != trick[0][1][0]:
            return max(moves, key=lambda m: (POINTS.get(m.data["card"], 0), RANKS.index(m.data["card"][1])))
        return min(moves, key=lambda m: (POINTS.get(m.data["card"], 0), RANKS.index(m.data["card"][1])))
