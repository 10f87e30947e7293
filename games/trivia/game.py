"""
Trivia night, for a page that shows it.

Phases (``info.phase``), with the timer that ends each: ``lobby`` (the host starts) → ``countdown`` (``ask``, 3 s) →
``question`` (``answer``, the option ``seconds``; sooner when everybody asked and online has answered) → ``reveal``
(``rank``, 7 s) → ``scores`` (``ask``, 5 s) → ``question`` … → the last ``reveal`` → ``podium``, where the room's status
is ``over`` and the host may start again. With nobody online ``countdown`` and ``scores`` last until somebody is.

Roles: ``player``, ``screen`` (shared), ``spectator``. The host is a player. Whoever comes while a game is played waits
for the next question; whoever left and comes back during a game gets the score back. The option ``language`` is that of
the questions; a page offers its own first.

The document of the room, every key always there::

    paused    bool: the host has paused; also told in ``info.paused``
    question  null before the first, else, until the next one is asked:
              {number: from 1, of: how many there are, kind: "choice" | "boolean" | "number" | "text", text, category,
               difficulty: "easy" | "medium" | "hard", choices: [text] (empty but for kind choice),
               unit: text (of kind number: "km²"; or empty), picture: an emoji that is asked about, or empty,
               seconds, asked: [seat], by: seat | null (whose own question it is; that seat is asked only where it plays
               alone)}; who of them has answered is in ``info.answered.answer``
    reveal    null but in the phases ``reveal``, ``scores`` and ``podium``, else
              {answer: text for people, value: index of the choice | bool | number | text,
               void: bool (the host made it count for nothing),
               answers: {seat: {value, right: bool, points: int (bonus included), bonus: int, after_s: number}}}
    scores    of all players, the best first: [{seat, team: name | null, score: int, streak: int,
              gained: int (by the last question), rank: from 1, shared by equals}]
    teams     the best first, empty without teams: [{team: name, score, gained, rank}]; names are of ``TEAMS``
    own       how many questions of the host's own there are; missing before any were given
    podium    null but at the end, else ranks 1 to 3 of the teams, or without teams of the players; empty where nobody
              has points: [{rank, team: name | null, seat: seat | null, name: of the player | null, score}]; the result
              of the room is the same: ``info.result.podium``

The document of a player: ``{number: of the question | null, asked: bool, answer: own | null, after_s: number | null,
right: bool | null, gained: int | null}``; ``right`` and ``gained`` come with the reveal.

Each team is a public group of its name. There are no events; all of the above is state.

Messages: (from whom) name {data}, without a reply where none is told::

    (who is asked)  answer {value: index | bool | number | text, number?: of the question that it answers}; once
    (player)        team {team: name}; in the lobby and at the end
    (host)          pause {} · unpause {}
                    skip {phase?: that it was sent in, void?: false}: on to the next phase; a question ends with the
                    answers as they are, or with void counts for nothing
                    kick {player: seat, ban?: true}
                    correct {player: seat, points: int}: adds to the score, or takes from it
                    own_questions {text, only?: false}: questions of the host's own, as `games.trivia.own` says, which
                    come first; with only there are no others. Not while a game is played. Gives back how many

With `number` and `phase` a page prevents a message that comes late from counting for the next question or phase. Chat
is refused while a question is open, since a line might hold the answer.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from gameserver import Answer, Chat, Game, Player, Refused, message, question

from . import options as choices
from . import own, scoring
from . import questions as cards
from .answers import Value, checked, right_value
from .options import Category, Language
from .scoring import Given

TEAMS = ("red", "blue", "green", "yellow")
COUNTDOWN_S = 3
REVEAL_S = 7
SCORES_S = 5
WAIT_S = 5
"""A game without anybody online checks so often whether somebody is back."""
PODIUM = 3
KEPT = 100
"""Scores remembered of players who have left."""

NOTHING = {"number": None, "asked": False, "answer": None, "after_s": None, "right": None, "gained": None}


class Trivia(Game):
    """Questions on a shared screen; phones answer, and the quick and the right climb."""

    title = "Trivia night"
    max_players = 100
    roles = {"screen": 2, "spectator": 20}
    late_join = True
    hold_s = 300

    def on_create(
        self,
        questions: Annotated[int, Meta(ge=1, le=50, title="Questions")] = 10,
        seconds: Annotated[int, Meta(ge=5, le=120, title="Seconds for each")] = 20,
        categories: Annotated[tuple[Category, ...], Meta(max_length=50, title="Categories, or all")] = (),
        difficulty: Annotated[Literal["any", "easy", "medium", "hard"], Meta(title="Difficulty")] = "any",
        teams: Annotated[Literal[0, 2, 3, 4], Meta(title="Teams")] = 0,
        speed: Annotated[bool, Meta(title="Quick answers give more points")] = True,
        language: Language = "en",
    ) -> None:
        choices.check(self.options)
        self.state.update(paused=False, question=None, reveal=None, scores=[], teams=[], podium=None)
        self.secret.update(deck=[], used=[])
        self.form_teams(teams)
        self.enter("lobby")

    def on_options(self, old: dict[str, Any]) -> None:
        choices.check(self.options)
        if self.options["teams"] != old["teams"]:
            self.form_teams(self.options["teams"])

    def form_teams(self, count: int) -> None:
        """Replace the teams by so many, and deal the players out to them in turn."""
        groups = [self.group(team) for team in TEAMS[: max(count, len(self.state["teams"]))]]
        for n, group in enumerate(groups):
            group.public = n < count
            for player in group.players:
                group.remove(player)
        for n, player in enumerate(self.players):
            self.entry(player)["team"] = groups[n % count].name if count else None
            if count:
                groups[n % count].add(player)
        self.state["teams"] = [{"team": team, "score": 0, "gained": 0, "rank": 1} for team in TEAMS[:count]]
        self.secret["left"] = {}

    # Who is here

    def on_join(self, player: Player) -> None:
        if player.role != "player":
            return
        player.state.update(NOTHING)
        entry: dict[str, Any] = {"seat": player.id, "team": None, "score": 0, "streak": 0, "gained": 0}
        left = self.secret["left"].pop(player.user_id, None)
        if left is not None:
            entry.update(left)
        elif self.state["teams"]:
            entry["team"] = min(TEAMS[: len(self.state["teams"])], key=lambda name: len(self.group(name).players))
        if entry["team"]:
            self.group(entry["team"]).add(player)
        self.rank_players([*self.state["scores"], entry])

    def on_leave(self, player: Player) -> None:
        if player.role != "player":
            return
        entry = self.entry(player)
        self.rank_players([e for e in self.state["scores"] if e["seat"] != player.id])
        if self.status != "playing":
            return
        left = self.secret["left"]
        left[player.user_id] = {key: entry[key] for key in ("team", "score", "streak")}
        if len(left) > KEPT:
            del left[next(iter(left))]
        if not self.players:
            self.finish()

    def on_chat(self, player: Player, chat: Chat) -> None:
        if self.answer.open:
            raise Refused("Quiet, please, while a question is open.")

    @message
    def team(self, player: Player, team: str) -> None:
        """Change to another team."""
        if self.status == "playing":
            raise Refused("Teams stay as they are until the end.")
        if team not in TEAMS[: len(self.state["teams"])]:
            raise Refused("There is no such team.", code="bad_data", path="$.team")
        entry = self.entry(player)
        self.group(entry["team"]).remove(player)
        self.group(team).add(player)
        entry["team"] = team

    # A game

    def on_start(self) -> None:
        options = self.options
        mine = msgspec.convert(self.secret.get("own", []), list[cards.Card])
        wish = (options["categories"], options["difficulty"], options["language"])
        pool = [] if self.secret.get("only") else cards.matching(*wish)
        there = {card.id for card in (*cards.CARDS, *mine)}
        used = [each for each in self.secret["used"] if each in there]
        deck = cards.choose(self.random, min(options["questions"], len(mine)), mine, used)
        deck += cards.choose(self.random, min(options["questions"] - len(deck), len(pool)), pool, used)
        if mine:
            deck = self.random.sample(deck, len(deck))
        ids = [card.id for card in deck]
        # Once all questions were asked, they begin again.
        self.secret["used"] = ids if set(ids) & set(used) else used + ids
        self.secret["deck"] = msgspec.to_builtins(deck)
        self.secret["left"] = {}
        self.state.update(paused=False, question=None, reveal=None, podium=None)
        self.rank_players([{**e, "score": 0, "streak": 0, "gained": 0} for e in self.state["scores"]])
        self.rank_teams([{**t, "score": 0, "gained": 0} for t in self.state["teams"]])
        for player in self.players:
            player.state.update(NOTHING)
        self.enter("countdown", COUNTDOWN_S, self.ask)

    def ask(self) -> None:
        """Ask the next question; with nobody there to read it, wait."""
        if not any(player.online for player in self.players):
            self.enter(self.phase, WAIT_S, self.ask)
            return
        last = self.state["question"]
        number = last["number"] + 1 if last else 1
        card = self.card(number)
        author = self.author_of(card)
        asked = [player for player in self.players if player != author] or self.players
        self.state["reveal"] = None
        self.state["question"] = {
            "number": number,
            "of": len(self.secret["deck"]),
            "kind": card.kind,
            "text": card.text,
            "category": card.category,
            "difficulty": card.difficulty,
            "choices": self.random.sample(card.choices, len(card.choices)),
            "unit": card.unit,
            "picture": card.picture,
            "seconds": self.options["seconds"],
            "asked": [player.id for player in asked],
            "by": author.id if author else None,
        }
        for player in self.players:
            player.state.update({**NOTHING, "number": number, "asked": player in asked})
        self.enter("question")
        self.answer.ask(self.options["seconds"], of=asked)

    @question
    def answer(self, player: Player, value: Value, number: int | None = None) -> bool | int | float | str:
        """An answer to the question that is open."""
        asked = self.state["question"]
        if self.state["paused"]:
            raise Refused(code="paused")
        if number is not None and number != asked["number"]:
            raise Refused("That question is over.")
        value = checked(asked, value)
        after_s = asked["seconds"] - (self.left_s("answer") or 0)
        player.state.update(answer=value, after_s=round(after_s, 2))
        return value

    @answer.done
    def reveal(self, answers: dict[Player, Answer[Any]]) -> None:
        """All answers are in."""
        self.show({player.id: Given(answer.value, answer.after_s) for player, answer in answers.items()})

    def show(self, given: dict[str, Given], *, void: bool = False) -> None:
        """Show the right answer, and give points, unless the question is ``void``."""
        asked = self.state["question"]
        card = self.card(asked["number"])
        right = right_value(card, asked)
        streaks = {e["seat"]: e["streak"] for e in self.state["scores"] if e["seat"] in asked["asked"] and not void}
        seconds, speed = asked["seconds"], self.options["speed"]
        marks = scoring.mark(card, given, streaks, right=right, seconds=seconds, speed=speed)
        self.state["reveal"] = {
            "answer": card.shown,
            "value": right,
            "void": void,
            "answers": {
                seat: {
                    "value": given[seat].value,
                    "right": mark.right,
                    "points": mark.points,
                    "bonus": mark.bonus,
                    "after_s": round(given[seat].after_s, 2),
                }
                for seat, mark in marks.items()
                if seat in given
            },
        }
        self.give(marks)
        for player in self.players:
            if mark := marks.get(player.id):
                player.state.update(right=mark.right, gained=mark.points)
        self.enter("reveal", REVEAL_S, self.rank)

    def give(self, marks: dict[str, scoring.Mark]) -> None:
        """Add the points to the scores of players and teams."""
        none = scoring.Mark(right=False, points=0, bonus=0, streak=0)
        scores = []
        for entry in self.state["scores"]:
            gained = marks.get(entry["seat"], none).points
            streak = marks[entry["seat"]].streak if entry["seat"] in marks else entry["streak"]
            scores.append({**entry, "score": entry["score"] + gained, "gained": gained, "streak": streak})
        self.rank_players(scores)
        teams = []
        for team in self.state["teams"]:
            members = [e["gained"] for e in scores if e["team"] == team["team"] and e["seat"] in marks]
            gained = round(sum(members) / len(members)) if members else 0
            teams.append({**team, "score": team["score"] + gained, "gained": gained})
        self.rank_teams(teams)

    def rank(self) -> None:
        """Show the scores, or end the game after the last question."""
        if self.state["question"]["number"] == len(self.secret["deck"]):
            self.finish()
        else:
            self.enter("scores", SCORES_S, self.ask)

    def finish(self) -> None:
        """The podium; the host may start again."""
        best = self.state["teams"] or self.state["scores"]
        self.state["podium"] = [
            {key: e.get(key) for key in ("rank", "team", "seat", "score")} | {"name": self.name_of(e)}
            for e in best
            if e["rank"] <= PODIUM and best[0]["score"] > 0
        ]
        self.state["paused"] = False
        self.enter("podium")
        self.over(podium=self.state["podium"])

    # What the host may do

    @message(by="host", name="pause")
    def pause_(self, host: Player) -> None:
        """Stop the clock."""
        self.check_playing()
        self.state["paused"] = True
        self.pause()

    @message(by="host", name="unpause")
    def unpause_(self, host: Player) -> None:
        """Go on."""
        self.check_playing()
        self.state["paused"] = False
        self.unpause()

    @message(by="host")
    def skip(self, host: Player, phase: str | None = None, void: bool = False) -> None:
        """Go on to the next phase now."""
        self.check_playing()
        if phase is not None and phase != self.phase:
            raise Refused("That is over already.")
        if self.phase == "question":
            self.answer.close()
            self.show({} if void else self.given(), void=void)
        elif self.phase == "reveal":
            self.rank()
        else:
            self.ask()

    @message(by="host", name="kick")
    def kick_(self, host: Player, player: Player, ban: bool = True) -> None:
        """Put somebody out."""
        if player == host:
            raise Refused("You cannot put yourself out; leave instead.")
        self.kick(player, ban)

    @message(by="host")
    def correct(self, host: Player, player: Player, points: Annotated[int, Meta(ge=-100_000, le=100_000)]) -> None:
        """Add to a player's score, or take from it; the team's score changes by that, divided by its members."""
        if self.status == "lobby":
            raise Refused("There are no scores yet.")
        if player.role != "player":
            raise Refused("Only players have scores.", code="bad_data", path="$.player")
        team = self.entry(player)["team"]
        scores = self.state["scores"]
        self.rank_players([{**e, "score": e["score"] + points * (e["seat"] == player.id)} for e in scores])
        part = round(points / len(self.group(team).players)) if team else 0
        self.rank_teams([{**t, "score": t["score"] + part * (t["team"] == team)} for t in self.state["teams"]])
        if self.status == "over":
            self.finish()

    @message(by="host")
    def own_questions(
        self, host: Player, text: Annotated[str, Meta(max_length=own.MOST_CHARS)], only: bool = False
    ) -> int:
        """Take questions of the host's own; ``only``: no others. Returns how many."""
        if self.status == "playing":
            raise Refused("That has to be done before a game.")
        found = own.read(text)
        self.secret.update(own=msgspec.to_builtins(found), only=only and bool(found), author=host.user_id)
        self.state["own"] = len(found)
        return len(found)

    # Looking things up

    def card(self, number: int) -> cards.Card:
        """:returns: a question of this game, with its answer."""
        return msgspec.convert(self.secret["deck"][number - 1], cards.Card)

    def author_of(self, card: cards.Card) -> Player | None:
        """:returns: the player who has written a question, and knows its answer."""
        author = self.secret.get("author") if card.category == own.CATEGORY else None
        return next((player for player in self.players if player.user_id == author), None)

    def entry(self, player: Player) -> Any:
        """:returns: a player's entry in the scores."""
        return next(entry for entry in self.state["scores"] if entry["seat"] == player.id)

    def name_of(self, entry: Any) -> str | None:
        """:returns: the name of an entry's player, which the podium keeps when that player leaves; None for a team."""
        player = self.seat(entry["seat"]) if "seat" in entry else None
        return player.name if player else None

    def given(self) -> dict[str, Given]:
        """:returns: the answers so far to the question that is open."""
        asked = [p for p in self.players if p.state["asked"] and p.state["answer"] is not None]
        return {p.id: Given(p.state["answer"], p.state["after_s"]) for p in asked}

    def rank_players(self, scores: list[dict[str, Any]]) -> None:
        self.state["scores"] = scoring.ranked(scores)

    def rank_teams(self, teams: list[dict[str, Any]]) -> None:
        self.state["teams"] = scoring.ranked(teams)

    def check_playing(self) -> None:
        """:raises Refused: no game is played."""
        if self.status != "playing":
            raise Refused("No game is under way.")
