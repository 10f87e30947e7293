# ruff: noqa
from typing import Annotated

from gameserver import Game, Move, Player, Refused, Some, message
from msgspec import Meta

GOODS = ("wood", "brick", "wool", "grain", "ore")
COST = {
    "road": {"wood": 1, "brick": 1},
    "town": {"wood": 1, "brick": 1, "wool": 1, "grain": 1},
    "city": {"grain": 2, "ore": 3},
}
Bundle = dict[str, Annotated[int, Meta(ge=1, le=20)]]


class Traders(Game):
    """Hexes 0..18 with a good and a number; sites 0..53; roads are left to the reader (costs only)."""

    min_players, max_players = 3, 4
    turn_s = 120
    absent = "stand_in"

    def on_start(self):
        hexes = [[self.random.choice(GOODS), self.random.randint(2, 12)] for _ in range(19)]
        self.state.update(hexes=hexes, robber=0, sites={}, points={p.id: 0 for p in self.players}, count={}, offer=None)
        for p in self.players:
            p.state["has"] = dict.fromkeys(GOODS, 2)
        self.turns.begin()

    def on_turn(self, player):
        self.state["offer"] = None
        self.turns.only(player, stage="roll")

    def pay(self, player, cost, sign=-1):
        has = player.state["has"]
        if sign < 0 and any(has[g] < n for g, n in cost.items()):
            raise Refused("You cannot pay that.")
        for g, n in cost.items():
            has[g] += sign * n
        self.state["count"][player.id] = sum(has.values())

    def can(self, player, cost):
        return all(player.state["has"][g] >= n for g, n in cost.items())

    def moves(self, player):
        offer, stage, has = self.state["offer"], self.turns.stage, player.state["has"]
        if offer and player != self.turns.current and self.can(player, offer["want"]):
            yield Move("accept", {"on": player.id not in offer["by"]}, "Accept: {on}")
        if stage == "roll":
            yield Move("roll", label="Roll")
        elif stage == "discard":
            cards = [g for g, n in has.items() for _ in range(n)]
            yield Move("discard", label="Discard {cards}", choices={"cards": Some(cards, len(cards) // 2)})
        elif stage == "robber":
            yield Move(
                "rob", label="Robber to {hex}", choices={"hex": [h for h in range(19) if h != self.state["robber"]]}
            )
        elif stage is None:
            sites = self.state["sites"]
            if self.can(player, COST["town"]):
                yield Move(
                    "build",
                    {"what": "town"},
                    "Town at {site}",
                    choices={"site": [n for n in range(54) if str(n) not in sites]},
                )
            if self.can(player, COST["city"]) and (
                own := [int(n) for n, (i, k) in sites.items() if i == player.id and k == 1]
            ):
                yield Move("build", {"what": "city"}, "City at {site}", choices={"site": own})
            yield Move("offer", label="Offer {give} for {want}", choices={"give": ..., "want": ...})
            if offer:
                yield from (Move("deal", {"with_": self.seat(i)}, "Deal with {with_}") for i in offer["by"])
                yield Move("withdraw", label="Withdraw")
            yield Move("end_turn", label="End turn")

    @message(turn=True, stage="roll")
    def roll(self, player):
        n = self.random.randint(1, 6) + self.random.randint(1, 6)
        self.send("rolled", n)
        self.turns.done(player)
        if n == 7:
            rich = [p for p in self.players if sum(p.state["has"].values()) > 7]
            return self.turns.only(*rich, stage="discard", then=self.robber)
        for site, (i, k) in self.state["sites"].items():
            good, number = self.state["hexes"][int(site) % 19]
            if number == n and self.state["robber"] != int(site) % 19 and (owner := self.seat(i)):
                self.pay(owner, {good: k}, 1)

    @message(turn=True, stage="discard")
    def discard(self, player, cards: list[str]):
        for good in cards:
            self.pay(player, {good: 1})
        self.turns.done(player)

    def robber(self):
        if self.turns.current:
            self.turns.only(self.turns.current, stage="robber")

    @message(turn=True, stage="robber")
    def rob(self, player, hex: int):
        self.state["robber"] = hex
        victims = sorted({i for s, (i, _) in self.state["sites"].items() if int(s) % 19 == hex and i != player.id})
        if victims and (victim := self.seat(self.random.choice(victims))):
            cards = [g for g, n in victim.state["has"].items() for _ in range(n)]
            if cards:
                good = self.random.choice(cards)
                self.pay(victim, {good: 1})
                self.pay(player, {good: 1}, 1)
        self.turns.done(player)

    @message(turn=True)
    def build(self, player, what: str, site: int):
        self.pay(player, COST[what])
        self.state["sites"][str(site)] = [player.id, 2 if what == "city" else 1]
        self.state["points"][player.id] += 1
        if self.state["points"][player.id] >= 10:
            order = sorted(self.players, key=lambda p: -self.state["points"][p.id])
            self.over(ranking=[[p] for p in order], scores=self.state["points"])

    @message(turn=True)
    def offer(self, player, give: Bundle, want: Bundle):
        if not self.can(player, give) or not set(give) | set(want) <= set(GOODS):
            raise Refused("You do not have that.")
        self.state["offer"] = {"give": give, "want": want, "by": []}

    @message(turn="any")
    def accept(self, player, on: bool = True):
        by = [i for i in self.state["offer"]["by"] if i != player.id]
        self.state["offer"]["by"] = by + [player.id] * on

    @message(turn=True)
    def deal(self, player, with_: Player):
        offer, self.state["offer"] = self.state["offer"], None
        self.pay(with_, offer["want"])
        self.pay(player, offer["give"])
        self.pay(with_, offer["give"], 1)
        self.pay(player, offer["want"], 1)

    @message(turn=True)
    def withdraw(self, player):
        self.state["offer"] = None

    @message(turn=True)
    def end_turn(self, player):
        self.turns.next()
