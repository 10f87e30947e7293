# ruff: noqa
from gameserver import Game, Move, Player, Refused, message


class Firefighters(Game):
    """Four points each a round, spent in any order by all at once; then the fire spreads."""

    min_players, max_players = 2, 5
    turn_s = 90
    absent = "stand_in"

    def on_start(self):
        self.state.update(
            fire={str(n): 1 for n in self.random.sample(range(36), 6)},
            at={p.id: 0 for p in self.players},
            points={},
            lost=0,
        )
        self.round()

    def round(self):
        self.state["points"] = {p.id: 4 for p in self.players}
        self.turns.everyone(then=self.spread)

    def near(self, cell):
        x, y = cell % 6, cell // 6
        return [
            6 * (y + dy) + x + dx
            for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1))
            if 0 <= x + dx < 6 and 0 <= y + dy < 6
        ]

    def moves(self, player):
        here = self.state["at"][player.id]
        for cell in self.near(here):
            yield Move("walk", {"to": cell}, f"Go to {cell}", "walk")
        for cell in (here, *self.near(here)):
            if str(cell) in self.state["fire"]:
                yield Move("douse", {"cell": cell}, f"Douse {cell}", "douse")
        for p in self.players:
            if p != player:
                yield Move("lend", {"to": p}, "Give a point to {to}", "lend")
        yield Move("rest", None, "Done")

    def spend(self, player):
        self.state["points"][player.id] -= 1
        if not self.state["points"][player.id]:
            self.turns.done(player)

    @message(turn=True, undo=True)
    def walk(self, player, to: int):
        self.state["at"][player.id] = to
        self.spend(player)

    @message(turn=True, undo=True)
    def douse(self, player, cell: int):
        del self.state["fire"][str(cell)]
        if not self.state["fire"]:
            return self.over(ranking=[self.players], won=True)
        self.spend(player)

    @message(turn=True)
    def lend(self, player, to: Player):
        self.turns.also(to)
        self.state["points"][to.id] += 1
        self.spend(player)

    @message(turn=True)
    def rest(self, player):
        self.state["points"][player.id] = 0
        self.turns.done(player)

    def spread(self):
        for cell in [int(c) for c in self.state["fire"]]:
            self.state["fire"][str(self.random.choice(self.near(cell)))] = 1
        if len(self.state["fire"]) > 20:
            return self.over(ranking=[], won=False)
        self.round()
