"""Hearts without the framework's turns, moves, clocks, stand-ins and undo: what its author would write then."""

from gameserver import Game, Player, Refused, message, timer

RANKS = "23456789TJQKA"
DECK = [suit + rank for suit in "CDSH" for rank in RANKS]
POINTS = {card: 1 for card in DECK if card[0] == "H"} | {"SQ": 13}
ALL_POINTS = 26
END = 100
TURN_S = 60
THINK_S = 1.2


class HeartsAlone(Game):
    """Four places, thirteen cards each: take no heart, and never the queen. A bot plays where nobody sits."""

    name = "hearts_alone"
    min_players, max_players = 1, 4
    late_join = True
    roles = {"screen": 1}

    def on_create(self) -> None:
        self.state.update(scores=[0] * 4, deal=0, trick=[], last=None, taken=[[], [], [], []], broken=False, first=True)
        self.state.update(way=0, stage=None, waiting=[], seats=[None] * 4)
        self.secret.update(hands=[[], [], [], []], gifts=[[], [], [], []])

    # Who sits where: hands are of places, so that they outlive who leaves

    def on_start(self) -> None:
        seats = [player.id for player in self.players]
        self.state.update(scores=[0] * 4, deal=0, last=None, seats=seats + [None] * (4 - len(seats)))
        self.deal()

    def on_join(self, player: Player) -> None:
        if self.status == "playing" and player.role == "player":
            place = self.state["seats"].index(None)
            self.state["seats"][place] = player.id
            self.show(place)

    def on_leave(self, player: Player) -> None:
        if self.status == "playing" and player.id in self.state["seats"]:
            place = self.state["seats"].index(player.id)
            self.state["seats"][place] = None
            if place in self.state["waiting"]:
                self.after(THINK_S, self.bots_move)

    def place_of(self, player: Player) -> int:
        if player.id not in self.state["seats"]:
            raise Refused("You have no place at the table.", code="forbidden")
        return self.state["seats"].index(player.id)

    # Whom the game waits for, until when, and what they may do

    def wait_for(self, *places: int) -> None:
        self.state["waiting"] = list(places)
        for place in range(4):
            self.show(place)
        self.after(TURN_S, self.time_up, show=True)
        if any(self.state["seats"][place] is None for place in places):
            self.after(THINK_S, self.bots_move)

    def show(self, place: int) -> None:
        """Tell whoever sits there what is in hand, and what may be played now."""
        player = self.seat(self.state["seats"][place]) if self.state["seats"][place] is not None else None
        if player is not None:
            may = self.fitting(place) if self.state["stage"] == "play" and place in self.state["waiting"] else []
            player.state.update(hand=list(self.secret["hands"][place]), gift=self.secret["gifts"][place], may=may)

    @timer
    def time_up(self) -> None:
        for place in list(self.state["waiting"]):
            self.move_for(place)

    @timer
    def bots_move(self) -> None:
        for place in list(self.state["waiting"]):
            if self.state["seats"][place] is None:
                self.move_for(place)

    def check_turn(self, player: Player, stage: str) -> int:
        place = self.place_of(player)
        if self.status != "playing" or self.state["stage"] != stage or place not in self.state["waiting"]:
            raise Refused("It is not your turn.", code="not_your_turn")
        return place

    # The deal

    def deal(self) -> None:
        deck = self.random.sample(DECK, 52)
        hands = [sorted(deck[13 * place : 13 * place + 13], key=DECK.index) for place in range(4)]
        self.secret.update(hands=hands, gifts=[[], [], [], []])
        self.state.update(trick=[], taken=[[], [], [], []], broken=False, first=True)
        self.state["way"] = (1, 3, 2, 0)[self.state["deal"] % 4]
        if self.state["way"]:
            self.state["stage"] = "give"
            self.wait_for(0, 1, 2, 3)
        else:
            self.lead()

    @message
    def give(self, player: Player, cards: list[str]) -> None:
        place = self.check_turn(player, "give")
        if len(cards) != 3 or len(set(cards)) != 3 or not set(cards) <= set(self.secret["hands"][place]):
            raise Refused("Pass three of your cards.", code="not_legal")
        self.do_give(place, cards)

    def do_give(self, place: int, cards: list[str]) -> None:
        self.secret["gifts"][place] = cards
        self.secret["hands"][place] = [card for card in self.secret["hands"][place] if card not in cards]
        self.state["waiting"].remove(place)
        self.show(place)
        if not self.state["waiting"]:
            self.swap()

    @message
    def take_back(self, player: Player) -> None:
        place = self.place_of(player)
        gift = self.secret["gifts"][place]
        if self.status != "playing" or self.state["stage"] != "give" or not gift:
            raise Refused("There is nothing of yours that can be taken back.", code="cannot_undo")
        self.secret["hands"][place] = sorted([*self.secret["hands"][place], *gift], key=DECK.index)
        self.secret["gifts"][place] = []
        self.state["waiting"].append(place)
        self.show(place)

    def swap(self) -> None:
        hands = self.secret["hands"]
        for place, gift in enumerate(self.secret["gifts"]):
            to = (place + self.state["way"]) % 4
            hands[to] = sorted([*hands[to], *gift], key=DECK.index)
        self.lead()

    def lead(self) -> None:
        self.state["stage"] = "play"
        self.wait_for(next(place for place, hand in enumerate(self.secret["hands"]) if "C2" in hand))

    # Tricks

    def fitting(self, place: int) -> list[str]:
        hand, trick = list(self.secret["hands"][place]), self.state["trick"]
        if self.state["first"] and "C2" in hand:
            return ["C2"]
        if not trick:
            return [card for card in hand if self.state["broken"] or card[0] != "H"] or hand
        fit = [card for card in hand if card[0] == trick[0][1][0]]
        if not fit and len(hand) == 13:
            fit = [card for card in hand if card not in POINTS]
        return fit or hand

    @message
    def play(self, player: Player, card: str) -> None:
        place = self.check_turn(player, "play")
        if card not in self.fitting(place):
            raise Refused("You may not play that now.", code="not_legal")
        self.do_play(place, card)

    def do_play(self, place: int, card: str) -> None:
        self.secret["hands"][place].remove(card)
        trick = self.state["trick"]
        trick.append([place, card])
        self.state["broken"] |= card[0] == "H"
        self.state["first"] = False
        if len(trick) < 4:
            self.wait_for((place + 1) % 4)
            return
        led = [each for each in trick if each[1][0] == trick[0][1][0]]
        winner = max(led, key=lambda each: RANKS.index(each[1][1]))[0]
        self.state["taken"][winner].extend(card for _, card in trick)
        self.state.update(last={"by": winner, "cards": list(trick)}, trick=[])
        if self.secret["hands"][place]:
            self.wait_for(winner)
        else:
            self.score()

    def score(self) -> None:
        points = [sum(POINTS.get(card, 0) for card in cards) for cards in self.state["taken"]]
        if ALL_POINTS in points:
            points = [ALL_POINTS - n for n in points]
        scores = [had + n for had, n in zip(self.state["scores"], points, strict=True)]
        self.state.update(scores=scores, deal=self.state["deal"] + 1)
        if max(scores) < END:
            self.deal()
            return
        self.state.update(waiting=[], stage=None)
        self.cancel(self.time_up)
        self.cancel(self.bots_move)
        self.over(
            order=[[place for place in range(4) if scores[place] == n] for n in sorted(set(scores))], points=scores
        )

    # For those who are away, and where nobody sits

    def move_for(self, place: int) -> None:
        hand, trick = self.secret["hands"][place], self.state["trick"]
        if self.state["stage"] == "give":
            self.do_give(place, sorted(hand, key=lambda card: (card == "SQ", RANKS.index(card[1])))[-3:])
            return
        fit = self.fitting(place)
        best = max if trick and fit[0][0] != trick[0][1][0] else min
        self.do_play(place, best(fit, key=lambda card: (POINTS.get(card, 0), RANKS.index(card[1]))))
