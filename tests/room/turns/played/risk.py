# ruff: noqa
from gameserver import Game, Move, message

NEXT = {t: [(t + d) % 42 for d in (1, 2, 41, 40)] for t in range(42)}


class Conquest(Game):
    min_players, max_players = 3, 6
    turn_s = 180

    def on_start(self):
        places = list(range(42))
        self.random.shuffle(places)
        owners = [self.players[i % len(self.players)].id for i in range(42)]
        self.state.update(
            owner=dict(zip(map(str, places), owners)), armies={str(t): 3 for t in range(42)}, new=0, took=None
        )
        self.turns.begin()

    def mine(self, player):
        return [int(t) for t, i in self.state["owner"].items() if i == player.id]

    def on_turn(self, player):
        self.enter("reinforce")
        self.state["new"] = max(3, len(self.mine(player)) // 3)

    def armies(self, t):
        return self.state["armies"][str(t)]

    def moves(self, player):
        own = set(self.mine(player))
        if self.phase == "reinforce":
            yield Move(
                "place", label="{count} to {at}", choices={"at": sorted(own), "count": range(1, self.state["new"] + 1)}
            )
        elif self.phase == "attack" and self.state["took"]:
            a, b, least = self.state["took"]
            yield Move("advance", label="Advance {count}", choices={"count": range(least, self.armies(a))})
        elif self.phase == "attack":
            for a in sorted(own):
                if (aims := [b for b in NEXT[a] if b not in own]) and self.armies(a) > 1:
                    yield Move(
                        "attack",
                        {"a": a},
                        "{a} to {b} with {dice}",
                        choices={"b": aims, "dice": range(1, min(4, self.armies(a)))},
                    )
            yield Move("stop", label="Fortify")
        else:
            for a in sorted(own):
                if (aims := [b for b in NEXT[a] if b in own]) and self.armies(a) > 1:
                    yield Move(
                        "fortify",
                        {"a": a},
                        "{count} from {a} to {b}",
                        choices={"b": aims, "count": range(1, self.armies(a))},
                    )
            yield Move("end_turn", label="End turn")

    @message(turn=True, phase="reinforce", undo=True)
    def place(self, player, at: int, count: int):
        self.state["armies"][str(at)] += count
        self.state["new"] -= count
        if not self.state["new"]:
            self.enter("attack")

    @message(turn=True, phase="attack")
    def attack(self, player, a: int, b: int, dice: int):
        mine = sorted((self.random.randint(1, 6) for _ in range(dice)), reverse=True)
        theirs = sorted((self.random.randint(1, 6) for _ in range(min(2, self.armies(b)))), reverse=True)
        for x, y in zip(mine, theirs):
            self.state["armies"][str(b if x > y else a)] -= 1
        if self.armies(b) == 0:
            loser = self.seat(self.state["owner"][str(b)])
            self.state["owner"][str(b)] = player.id
            self.state["took"] = [a, b, min(dice, self.armies(a) - 1)]
            if loser and not self.mine(loser):
                self.turns.out(loser)
                self.state.setdefault("lost", []).append(loser.id)
                if len(self.turns.order) == 1:
                    self.over(
                        ranking=[[player], *([self.seat(i)] for i in reversed(self.state["lost"]) if self.seat(i))]
                    )

    @message(turn=True, phase="attack")
    def advance(self, player, count: int):
        a, b, _ = self.state["took"]
        self.state["armies"][str(a)] -= count
        self.state["armies"][str(b)] += count
        self.state["took"] = None

    @message(turn=True, phase="attack")
    def stop(self, player):
        self.enter("fortify")

    @message(turn=True, phase="fortify")
    def fortify(self, player, a: int, b: int, count: int):
        self.state["armies"][str(a)] -= count
        self.state["armies"][str(b)] += count
        self.turns.next()

    @message(turn=True, phase="fortify")
    def end_turn(self, player):
        self.turns.next()
