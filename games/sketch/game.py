"""
Sketch, for a page that shows it: one draws a word, and the others guess it in the chat.

Phases: ``lobby``, then for each turn ``choosing`` (15 s; the drawer takes one of three words), ``drawing`` (the option
``seconds``) and ``reveal`` (6 s), and at the end ``podium``; ``waiting`` while fewer than two are online. In a round
everybody draws once. Deadlines are the timers ``choose_for_drawer``, ``end_turn`` and ``next_turn``; ``drawer_away`` is
when a turn ends whose drawer has lost the connection.

The document of the room::

    round, rounds   the first round is 1
    drawer          seat, or null
    mask            the word with ``_`` for each letter that is not known yet, or null
    family          what kind of thing it is, once that was a hint
    strokes         [[colour, width, joined, points]], see drawing.py
    guessed         {seat: points}: who knows the word by now
    word            after the turn
    gained          {seat: points}, after the turn, the drawer's too
    scores          {seat: points}
    own             how many words of the host's own there are; missing before any were given

A seat's own document: ``word`` (the drawer's, and of whoever has guessed it), ``choices`` (the drawer's).

Messages: ``choose {index}``, ``line {number, colour, width, points}`` (what is being drawn, many a second, without an
id), ``stroke {colour, width, joined, points}`` (a line that is done; this is kept), ``undo``, ``wipe`` and ``give_up``;
the host's ``skip`` and ``own_words {text, only}``. Event (volatile): ``line``, with the same data. Lines of the chat
are guesses; see ``on_chat``. The option ``language`` is that of the words; a page offers its own first.
"""

from collections.abc import Iterable
from typing import Annotated, Any, Final, Literal

from msgspec import Meta

from gameserver import Chat, Game, Player, Refused, message, timer

from . import drawing, guesses, scoring, words

CHOICES: Final = 3
CHOOSING_S: Final = 15
REVEAL_S: Final = 6
AWAY_S: Final = 20
"""So long a turn waits for a drawer who has lost the connection."""
WAIT_S: Final = 3
"""A game with fewer than two people online checks so often whether somebody is back."""
KEPT: Final = 100
"""Scores remembered of players who have left."""
KNOW: Final = "know"
"""The group of those who know the word, and the name of its channel."""


class Sketch(Game):
    """One draws, the others guess; the quick get more."""

    title = "Sketch"
    min_players = 2
    max_players = 12
    roles = {"screen": 2, "spectator": 20}
    late_join = True
    hold_s = 180
    chat_to = ("room",)
    messages_per_s = 30

    def on_create(
        self,
        rounds: Annotated[int, Meta(ge=1, le=10, title="Rounds")] = 3,
        seconds: Annotated[int, Meta(ge=20, le=240, title="Seconds to draw")] = 80,
        difficulty: Annotated[Literal["any", "easy", "medium", "hard"], Meta(title="Words")] = "any",
        hints: Annotated[int, Meta(ge=0, le=5, title="Hints: first the kind of thing, then letters")] = 3,
        language: words.Language = "en",
    ) -> None:
        words.check_language(language)
        self.chat.open(KNOW, group=KNOW, title="Those who know")
        self.state.update(round=0, rounds=rounds, drawer=None, mask=None, family=None, word=None)
        self.state.update(strokes=[], guessed={}, gained={}, scores={})
        self.secret.update(word=None, family=None, choices=[], order=[], used=[], left={}, began_s=0)
        self.enter("lobby")

    def on_options(self, old: dict[str, Any]) -> None:
        words.check_language(self.options["language"])

    # Who is here

    def on_join(self, player: Player) -> None:
        if player.role != "player":
            return
        player.state.update(word=None, choices=None)
        left = self.secret["left"].pop(player.user_id, {"score": 0, "guessed": None})
        self.state["scores"][player.id] = left["score"]
        if self.status == "playing":
            self.secret["order"].append(player.id)
        if left["guessed"] is not None and self.phase == "drawing":
            self.let_know(player, left["guessed"])

    def on_leave(self, player: Player) -> None:
        if player.role != "player":
            return
        score = self.state["scores"].pop(player.id)
        if self.status != "playing":
            return
        guessed = self.state["guessed"].pop(player.id, None)
        self.secret["left"][player.user_id] = {"score": score, "guessed": guessed}
        if len(self.secret["left"]) > KEPT:
            del self.secret["left"][next(iter(self.secret["left"]))]
        if len(self.players) < self.min_players:
            self.finish()
        elif player.id == self.state["drawer"]:
            self.drawer_gone()
        else:
            self.end_if_all_know()

    def on_drop(self, player: Player) -> None:
        if player.id == self.state["drawer"] and self.phase in ("choosing", "drawing"):
            self.after(AWAY_S, self.drawer_away, show=True)

    def on_resume(self, player: Player) -> None:
        if player.id == self.state["drawer"]:
            self.cancel(self.drawer_away)

    @timer
    def drawer_away(self) -> None:
        """The drawer has not come back."""
        self.drawer_gone()

    def drawer_gone(self) -> None:
        """Go on without whoever draws."""
        if self.phase == "drawing":
            self.end_turn()
        elif self.phase == "choosing":
            self.next_turn()

    # Turns

    def on_start(self) -> None:
        self.state.update(round=0, rounds=self.options["rounds"], drawer=None)
        self.state["scores"] = {player.id: 0 for player in self.players}
        self.secret.update(order=[], left={})
        self.next_turn()

    def next_turn(self) -> None:
        """Let the next player choose a word; with nobody there to guess it, the game waits."""
        self.clear()
        if sum(player.online for player in self.players) < self.min_players:
            self.enter("waiting", WAIT_S, then=self.next_turn)
            return
        drawer = self.next_drawer()
        if drawer is None:
            self.finish()
            return
        mine, only = self.secret.get("own", []), self.secret.get("only", False)
        pool = words.pool(self.options["difficulty"], mine, only=only, language=self.options["language"])
        chosen, self.secret["used"] = words.choose(self.random, CHOICES, pool, self.secret["used"])
        self.secret["choices"] = [list(word) for word in chosen]
        self.state["drawer"] = drawer.id
        drawer.state["choices"] = [word.text for word in chosen]
        self.enter("choosing", CHOOSING_S, then=self.choose_for_drawer)

    def next_drawer(self) -> Player | None:
        """:returns: who draws next, of those who are online; None after the last round."""
        while True:
            order = self.secret["order"]
            while order:
                player = self.seat(order.pop(0))
                if player is not None and player.online:
                    return player
            if self.state["round"] >= self.state["rounds"]:
                return None
            self.state["round"] += 1
            self.secret["order"] = [player.id for player in self.players]

    def clear(self) -> None:
        """Nobody draws, and nobody knows anything."""
        self.cancel(self.drawer_away)
        self.cancel(self.hint)
        self.group(KNOW).clear()
        for player in self.players:
            player.state.update(word=None, choices=None)
        self.secret.update(word=None, family=None, choices=[])
        self.state.update(drawer=None, mask=None, family=None, word=None)
        self.state.update(strokes=[], guessed={}, gained={})

    @message(phase="choosing")
    def choose(self, player: Player, index: Annotated[int, Meta(ge=0, lt=CHOICES)]) -> None:
        """Take one of the words."""
        self.check_drawer(player)
        if index >= len(self.secret["choices"]):
            raise Refused("There are not so many words.", code="bad_data", path="$.index")
        self.begin(index)

    def choose_for_drawer(self) -> None:
        """The drawer has taken too long."""
        self.begin(self.random.randrange(len(self.secret["choices"])))

    def begin(self, index: int) -> None:
        """The drawer draws this word."""
        word, family, *_ = self.secret["choices"][index]
        self.secret.update(word=word, family=family, choices=[], began_s=self.played_s)
        self.state["mask"] = "".join("_" if c.isalnum() else c for c in word)
        drawer = self.seat(self.state["drawer"])
        drawer.state.update(word=word, choices=None)
        self.group(KNOW).add(drawer)
        self.enter("drawing", self.options["seconds"], then=self.end_turn)
        if self.options["hints"]:
            self.after(self.between_hints_s(), self.hint)

    @timer
    def hint(self) -> None:
        """Tell everybody a little of the word: first what kind of thing it is, then letters, at most half of them."""
        word, mask = self.secret["word"], self.state["mask"]
        hidden = [at for at, letter in enumerate(mask) if letter == "_"]
        if self.state["family"] is None:
            self.state["family"] = self.secret["family"]
        elif 2 * (len(hidden) - 1) >= sum(letter.isalnum() for letter in word):
            at = self.random.choice(hidden)
            self.state["mask"] = mask[:at] + word[at] + mask[at + 1 :]
        if self.left_of_turn_s() > 1.5 * self.between_hints_s():
            self.after(self.between_hints_s(), self.hint)

    def between_hints_s(self) -> float:
        return float(self.options["seconds"] / (self.options["hints"] + 1))

    def left_of_turn_s(self) -> float:
        return float(self.options["seconds"] - (self.played_s - self.secret["began_s"]))

    def end_turn(self, *, void: bool = False) -> None:
        """Show the word, and give points."""
        guessed = {} if void else dict(self.state["guessed"])
        drawer = self.state["drawer"]
        gained = dict(guessed)
        if guessed:
            could = sum(player.id != drawer and player.online for player in self.players)
            gained[drawer] = scoring.for_drawing(guessed, could)
        scores = self.state["scores"]
        for seat in gained:
            if seat in scores:
                scores[seat] += gained[seat]
        self.cancel(self.drawer_away)
        self.cancel(self.hint)
        self.state.update(gained=gained, word=self.secret["word"])
        self.enter("reveal", REVEAL_S, then=self.next_turn)

    def end_if_all_know(self) -> None:
        """End the turn if all who are online know the word; a drop alone does not end it, since most come back."""
        guessing = [p for p in self.players if p.online and p.id != self.state["drawer"]]
        if self.phase == "drawing" and self.state["guessed"] and all(p.id in self.state["guessed"] for p in guessing):
            self.end_turn()

    def finish(self) -> None:
        """The podium; the host may start again."""
        ranked = scoring.ranked(self.state["scores"])
        self.clear()
        self.enter("podium")
        self.over(ranked=[[rank, seat, self.seat(seat).name, score] for rank, seat, score in ranked])

    @message
    def give_up(self, player: Player) -> None:
        """The drawer has no idea how to draw that, or is done."""
        self.check_drawer(player)
        self.drawer_gone()

    @message(by="host")
    def skip(self, host: Player) -> None:
        """End a turn without points for anybody: letters were drawn, or the drawer sleeps."""
        if self.status != "playing":
            raise Refused("No game is under way.")
        if self.phase == "drawing":
            self.end_turn(void=True)
        else:
            self.next_turn()

    @message(by="host")
    def own_words(self, host: Player, text: Annotated[str, Meta(max_length=4000)], only: bool = False) -> int:
        """Take words of the host's own, one a line or separated by commas; ``only``: no others. Returns how many."""
        if self.status == "playing":
            raise Refused("That has to be done before a game.")
        own = words.own(text)
        if only and own and len(own) < CHOICES:
            raise Refused(
                f"There must be {CHOICES} words at least, if there are no others.", code="bad_data", path="$.text"
            )
        self.secret.update(own=own, only=only and bool(own))
        self.state["own"] = len(own)
        return len(own)

    # Drawing

    @message(phase="drawing", durable=False)
    def line(
        self,
        player: Player,
        number: Annotated[int, Meta(ge=0, lt=2**31)],
        colour: drawing.Colour,
        width: drawing.Width,
        points: drawing.Points,
    ) -> None:
        """Show the others more of the line that is being drawn; it is kept nowhere."""
        self.check_drawer(player)
        drawing.check([], points, width=width)
        data = {"number": number, "colour": colour, "width": width, "points": points}
        self.send("line", data, but=player, volatile=True)

    @message(phase="drawing")
    def stroke(
        self,
        player: Player,
        colour: drawing.Colour,
        width: drawing.Width,
        points: drawing.Points,
        joined: bool = False,
    ) -> None:
        """Keep a line that is done, whole; ``joined``: it goes on where the last one ended."""
        self.check_drawer(player)
        drawing.check(self.state["strokes"], points, width=width)
        self.state["strokes"].append([colour, width, joined and bool(self.state["strokes"]), points])

    @message(phase="drawing")
    def undo(self, player: Player) -> None:
        """Take the last line back."""
        self.check_drawer(player)
        drawing.undo(self.state["strokes"])

    @message(phase="drawing")
    def wipe(self, player: Player) -> None:
        """Empty the sheet."""
        self.check_drawer(player)
        self.state["strokes"].clear()

    def check_drawer(self, player: Player) -> None:
        """:raises Refused: it is somebody else's turn."""
        if player.id != self.state["drawer"]:
            raise Refused("It is not your turn to draw.", code="not_your_turn")

    # Guessing

    def on_chat(self, player: Player, chat: Chat) -> None:
        if self.phase not in ("choosing", "drawing"):
            return
        if chat.edits is not None:
            raise Refused("Lines stay as they are until the turn is over.")
        chat.data = None  # it might hold what the text may not
        if player.id == self.state["drawer"] or player in self.group(KNOW):
            self.keep_secret(chat)
        elif self.phase == "drawing":
            self.take_guess(player, chat)

    def keep_secret(self, chat: Chat) -> None:
        """Send a line with the word only to those who know it."""
        if chat.to == "room" and any(guesses.gives_away(chat.text, word) for word in self.secret_words()):
            if self.phase == "choosing":
                raise Refused("Not the word itself.")
            chat.to = self.group(KNOW)

    def secret_words(self) -> Iterable[str]:
        """:returns: the word that is drawn, or those of which one will be."""
        return [self.secret["word"]] if self.secret["word"] else [word[0] for word in self.secret["choices"]]

    def take_guess(self, player: Player, chat: Chat) -> None:
        """Check the line of somebody who does not know the word; nobody else sees one that is right, or nearly."""
        word: str = self.secret["word"]
        if len(chat.text) > guesses.MOST_CHARS:
            raise Refused(f"While somebody draws, a line has at most {guesses.MOST_CHARS} characters.")
        is_right = guesses.is_right(chat.text, word)
        if not is_right and not guesses.is_near(chat.text, word):
            return
        chat.hide()
        if player.role != "player":
            self.chat.say("You only look on: let the players find it.", player)
        elif not is_right:
            self.chat.say(f"“{chat.text}” is near.", player)
        else:
            self.let_know(player, scoring.for_guess(self.left_of_turn_s(), self.options["seconds"]))
            self.chat.say(f"{player.name} has guessed it.", data={"guessed": player.id})
            self.end_if_all_know()

    def let_know(self, player: Player, points: int) -> None:
        """This player knows the word, and is one of those who do."""
        self.state["guessed"][player.id] = points
        player.state["word"] = self.secret["word"]
        self.group(KNOW).add(player)
