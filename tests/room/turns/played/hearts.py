from gameserver import Game, Move, Some, bot, message

RANKS = "23456789TJQKA"
DECK = [s + r for s in "CDSH" for r in RANKS]
POINTS = {c: 1 for c in DECK if c[0] == "H"} | {"SQ": 13}


class Hearts(Game):
    min_players = max_players = 4
    turn_s = 60
    absent = "stand_in"

    def on_start(self):
        self.state.update(scores={p.id: 0 for p in self.players}, deal=0)
        self.deal()

    def deal(self):
        self.turns.end()
        deck = self.random.sample(DECK, 52)
        for i, p in enumerate(self.players):
            p.state.update(hand=sorted(deck[13 * i : 13 * i + 13], key=DECK.index), give=[])
        self.state.update(trick=[], taken={p.id: [] for p in self.players}, broken=False, first=True)
        self.state["way"] = (1, 3, 2, 0)[self.state["deal"] % 4]
        if self.state["way"]:
            self.turns.everyone(stage="passing", then=self.swap)
        else:
            self.lead()

    def moves(self, player):
        hand = player.state["hand"]
        if self.turns.stage == "passing":
            return [Move("give", label="Pass {cards}", choices={"cards": Some(hand, 3)})]
        if self.state["first"] and "C2" in hand:
            return [Move("play", {"card": "C2"}, "{card}")]
        suit = self.state["trick"][0][1][0] if self.state["trick"] else None
        fit = [c for c in hand if c[0] == suit]
        if not fit and suit and len(hand) == 13:
            fit = [c for c in hand if c not in POINTS]
        if suit is None and not self.state["broken"]:
            fit = [c for c in hand if c[0] != "H"]
        return [Move("play", {"card": c}, "{card}") for c in fit or hand]

    @message(turn=True, stage="passing", undo=True)
    def give(self, player, cards: list[str]):
        player.state["give"] = cards
        player.state["hand"] = [c for c in player.state["hand"] if c not in cards]
        self.turns.done(player)

    def swap(self):
        for i, p in enumerate(self.players):
            to = self.players[(i + self.state["way"]) % 4]
            to.state["hand"].extend(p.state["give"])
            to.state["hand"].sort(key=DECK.index)
        self.lead()

    def lead(self):
        self.turns.begin(first=next(p for p in self.players if "C2" in p.state["hand"]))

    @message(turn=True)
    def play(self, player, card: str):
        player.state["hand"].remove(card)
        trick = self.state["trick"]
        trick.append([player.id, card])
        self.state["broken"] |= card[0] == "H"
        self.state["first"] = False
        if len(trick) < 4:
            return self.turns.next()
        suit = trick[0][1][0]
        winner = max((t for t in trick if t[1][0] == suit), key=lambda t: RANKS.index(t[1][1]))[0]
        self.state["taken"][winner].extend(c for _, c in trick)
        self.send("trick", {"by": winner, "cards": list(trick)})
        self.state["trick"] = []
        if player.state["hand"]:
            return self.turns.to(self.seat(winner))
        self.score()

    def score(self):
        points = {i: sum(POINTS.get(c, 0) for c in cards) for i, cards in self.state["taken"].items()}
        if 26 in points.values():
            points = {i: 26 - n for i, n in points.items()}
        for i, n in points.items():
            self.state["scores"][i] += n
        self.state["deal"] += 1
        if max(self.state["scores"].values()) < 100:
            return self.deal()
        rank = sorted(set(self.state["scores"].values()))
        self.over(
            ranking=[[p for p in self.players if self.state["scores"][p.id] == n] for n in rank],
            scores=self.state["scores"],
        )

    @bot("low", title="Plays low", stand_in=True)
    def low(self, player, moves):
        if self.turns.stage == "passing":
            return moves[0].fill(cards=sorted(player.state["hand"], key=lambda c: RANKS.index(c[1]))[-3:])
        return min(moves, key=lambda m: (m.data["card"] in POINTS, RANKS.index(m.data["card"][1])))
