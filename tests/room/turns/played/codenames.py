# ruff: noqa
from gameserver import Game, Move, Refused, message

WORDS = ["apple", "bridge", "cat"] * 10
TEAMS = ("red", "blue")


class Codenames(Game):
    min_players, max_players = 4, 10
    turn_s = 120

    def on_start(self):
        words = self.random.sample(WORDS, 25)
        key = ["red"] * 9 + ["blue"] * 8 + ["grey"] * 7 + ["black"]
        self.random.shuffle(key)
        self.state.update(cards=[[w, None] for w in words], left={"red": 9, "blue": 8}, clue=None)
        self.secret["key"] = key
        for i, p in enumerate(self.players):
            self.group(TEAMS[i % 2]).public = True
            self.group(TEAMS[i % 2]).add(p)
        for team in TEAMS:
            self.group(team).players[0].state["key"] = key
        self.turns.begin([self.group(team) for team in TEAMS])

    def on_turn(self, team):
        self.state["clue"] = None
        self.turns.only(team.players[0], stage="clue")
        self.turns.prompt("Give a clue", "The spymaster of {team} thinks", team=team.name)

    def moves(self, player):
        if self.turns.stage == "clue":
            return [Move("clue", label="{word} {count}", choices={"word": ..., "count": range(1, 10)})]
        words = [Move("guess", {"card": i}, word) for i, (word, seen) in enumerate(self.state["cards"]) if seen is None]
        return [*words, Move("stop", label="Stop guessing")]

    @message(turn=True, stage="clue")
    def clue(self, player, word: str, count: int):
        if any(word.lower() in w or w in word.lower() for w, _ in self.state["cards"]):
            raise Refused("That is on the table.")
        team = self.turns.current
        self.state["clue"] = [word, count, count + 1]
        self.turns.stop()
        self.turns.only(*team.players[1:], stage="guess")
        self.turns.prompt("Guess: {word} {n}", "{team} guess", word=word, n=count, team=team.name)

    @message(turn=True, stage="guess")
    def guess(self, player, card: int):
        team, what = self.turns.current.name, self.secret["key"][card]
        self.state["cards"][card][1] = what
        if what in TEAMS:
            self.state["left"][what] -= 1
            if not self.state["left"][what]:
                return self.win(what)
        if what == "black":
            return self.win(TEAMS[team == "red"])
        self.state["clue"][2] -= 1
        if what != team or not self.state["clue"][2]:
            self.turns.next()

    @message(turn=True, stage="guess")
    def stop(self, player):
        self.turns.next()

    def on_timeout(self, player):
        self.turns.next()

    def on_leave(self, player):
        if self.status != "playing":
            return
        for team in map(self.group, TEAMS):
            if len(team.players) < 2:
                return self.win(TEAMS[team.name == "red"])
            if "key" not in team.players[0].state:
                team.players[0].state["key"] = self.secret["key"]
                if self.turns.current == team:
                    self.turns.again()

    def win(self, team):
        self.over(ranking=[self.group(team).players, self.group(TEAMS[team == "red"]).players], team=team)
