"""
Werewolf, for a page that shows it.

Phases (``info.phase``), with the timer that ends each: ``lobby`` (the host starts) → ``cards`` (``nightfall``, the
option ``cards_s``) → ``night`` (``dawn``, ``night_s``) → ``morning`` (``daybreak``, ``morning_s``) → ``day``
(``verdict``, ``day_s``) → ``evening`` (``nightfall``, ``evening_s``) → ``night`` … → ``over``, where the host may start
again with the same seats. Once everybody who lives and is online has chosen by night, or voted by day, at most 5 s of
it are left, in which choices and votes may still be changed. Nothing waits for those who are away. Whoever leaves for
good dies at once.

The night. *Everybody* who lives chooses somebody, so that nobody can tell who has which role; the role decides what the
choice does. The werewolves kill whom most of them chose, of equals one by lot. The doctor saves one, but not the same
one in two nights running. The seer learns at dawn whether one is a werewolf, also if that one dies the same night. A
villager's choice is a hunch, and does nothing.

The day. Everybody who lives votes, in the open. Whoever has the most votes is hanged; "nobody" may have the most. Of
equals none is hanged, or by the option ``ties`` one by lot, "nobody" among them. The village wins when no werewolf
lives, the werewolves when they are as many as the others.

Who speaks to whom. By night nobody speaks in the room. The werewolves who live have ``group:wolves``, open by night.
The dead have ``group:dead``, with all that was said there; whatever they say to the room goes there, and they can no
longer change or take back what they said when they lived. Whoever is hanged may speak until the evening is over (option
``last_words``). The screen says nothing.

The document of the room, every key always there::

    village  the players of this game by seat, also those who have left:
             [{seat, name, alive: bool, died: null | "night" | "vote" | "left"}]; empty before the first game
    night    int: from 1; 0 before the first
    ready    [seat]: who has chosen this night
    votes    {seat: seat | null}: of this day, kept for the evening
    news     null, or what the last night or vote came to:
             {of: "night" | "vote", dead: seat | null, tied: [seat | null]}
    roles    {seat: role}: all at the end; before it nobody's, or with the option ``reveal: "death"`` those of the dead
    winner   null | "village" | "wolves"; the result of the room is the same: ``info.result.winner``

Roles are ``werewolf``, ``seer``, ``doctor`` and ``villager``. The document of a player, the same for each role::

    {role: role | null, choice: seat | null, findings: [{night: int, seat, wolf: bool}], guarded: seat | null}

The document of ``group:wolves``: ``{wolves: [seat], choices: {seat: seat | null}}``. There are no events.

Messages: (from whom) name {data}, all without a reply::

    (who lives)  choose {whom: seat | null}: by night; null is a choice too
                 vote {whom: seat | null}: by day
"""

from typing import Annotated, Any, Literal

from msgspec import Meta

from gameserver import Chat, Game, Player, Refused, message

from . import cast

LAST_CALL_S = 5
"""Seconds left at most once all have chosen: time to change one's mind, and for wolves to agree."""

Seconds = Annotated[int, Meta(ge=1, le=900)]


class Werewolf(Game):
    """By night the werewolves choose; by day the village hangs whom it suspects."""

    title = "Werewolf"
    min_players = 5
    max_players = 16
    roles = {"screen": 2}
    hold_s = 300
    chat_to = ("room",)
    silent_phases = ("night",)

    def on_create(
        self,
        wolves: Annotated[int, Meta(ge=0, le=7, title="Werewolves, or 0: by the number of players")] = 0,
        seer: Annotated[bool, Meta(title="A seer, who learns about one each night")] = True,
        doctor: Annotated[bool, Meta(title="From seven players on a doctor, who saves one each night")] = True,
        reveal: Annotated[Literal["end", "death"], Meta(title="Roles are shown at the end, or at each death")] = "end",
        ties: Annotated[Literal["nobody", "lot"], Meta(title="Equal votes hang nobody, or one by lot")] = "nobody",
        last_words: Annotated[bool, Meta(title="Who is hanged may speak in the evening")] = True,
        cards_s: Annotated[Seconds, Meta(title="Seconds to look at the cards")] = 10,
        night_s: Annotated[Seconds, Meta(title="Seconds of a night")] = 45,
        morning_s: Annotated[Seconds, Meta(title="Seconds of a morning")] = 8,
        day_s: Annotated[Seconds, Meta(title="Seconds of a day")] = 180,
        evening_s: Annotated[Seconds, Meta(title="Seconds of an evening")] = 15,
    ) -> None:
        self.state.update(village=[], night=0, ready=[], votes={}, news=None, roles={}, winner=None)
        self.secret.update(roles={}, choices={})
        self.enter("lobby")

    # Who is here

    def on_join(self, player: Player) -> None:
        if player.role == "player":
            player.state.update(role=None, choice=None, findings=[], guarded=None)

    def on_drop(self, player: Player) -> None:
        self.hasten()

    def on_leave(self, player: Player) -> None:
        if self.status != "playing" or not self.is_alive(player.id):
            return
        self.die(player.id, "left")
        self.forget(player.id)
        self.chat.say(f"{player.name} has left the village.")
        if not self.check_end():
            self.hasten()

    def on_chat(self, player: Player, chat: Chat) -> None:
        if player.role != "player":
            raise Refused("The screen only listens.", code="forbidden")

    # A game

    def on_start(self) -> None:
        players, options = self.players, self.options
        roles = cast.cast(len(players), wolves=options["wolves"], seer=options["seer"], doctor=options["doctor"])
        village = [{"seat": p.id, "name": p.name, "alive": True, "died": None} for p in players]
        self.state.update(village=village, night=0, ready=[], votes={}, news=None, roles={}, winner=None)
        self.open_channels()
        self.secret.update(roles={}, choices={})
        for player, role in zip(players, self.random.sample(roles, len(roles)), strict=True):
            self.secret["roles"][player.id] = role
            player.state.update(role=role, choice=None, findings=[], guarded=None)
            if role == cast.WOLF:
                self.group("wolves").add(player)
        self.group("wolves").state = {"wolves": self.who(cast.WOLF), "choices": {}}
        self.enter("cards", options["cards_s"], self.nightfall)

    def open_channels(self) -> None:
        """Nobody is dead or a werewolf yet, and all may speak."""
        self.group("wolves").clear()
        self.group("dead").clear()
        for player in self.players:
            self.chat.divert(player, None)
        self.chat.open("wolves", group="wolves", title="Werewolves")
        self.chat.close("wolves")
        self.chat.open("dead", group="dead", title="The dead", history=True)

    def nightfall(self) -> None:
        """Begin a night; whoever was hanged is buried first."""
        for player in self.players:
            if not self.is_alive(player.id):
                self.bury(player)
        self.state.update(night=self.state["night"] + 1, ready=[], votes={}, news=None)
        self.secret["choices"] = {}
        self.group("wolves").state["choices"] = {}
        for player in self.players:
            player.state["choice"] = None
        self.chat.open("wolves", group="wolves", title="Werewolves")
        self.enter("night", self.options["night_s"], self.dawn)

    @message(phase="night")
    def choose(self, player: Player, whom: Player | None) -> None:
        """By night: whom to kill, to look at, to save, or to suspect."""
        self.check_may_choose(player, whom)
        self.keep_choice(player.id, whom.id if whom else None)
        if player.id not in self.state["ready"]:
            self.state["ready"].append(player.id)
        self.hasten()

    def dawn(self) -> None:
        """Carry out what was chosen in the night."""
        self.chat.close("wolves")
        choices = dict(self.secret["choices"])
        for seer in self.who(cast.SEER):
            self.find(seer, choices.get(seer))
        saved = [self.guard(doctor, choices.get(doctor)) for doctor in self.who(cast.DOCTOR)]
        hunted = cast.most(choices[wolf] for wolf in self.who(cast.WOLF) if choices.get(wolf))
        victim = self.random.choice(hunted) if hunted else None
        if victim in saved:
            victim = None
        if victim is not None:
            self.die(victim, "night")
        self.state["news"] = {"of": "night", "dead": victim, "tied": []}
        self.chat.say(f"{self.name_of(victim)} was killed in the night." if victim else "Nobody died in the night.")
        if not self.check_end():
            for player in self.players:
                if player.id == victim:
                    self.bury(player)
            self.enter("morning", self.options["morning_s"], self.daybreak)

    def find(self, seer: str, seat: str | None) -> None:
        """The seer learns what somebody is, and nobody else learns that."""
        player = self.seat(seer)
        if player is not None and seat is not None:
            is_wolf = self.secret["roles"][seat] == cast.WOLF
            player.state["findings"].append({"night": self.state["night"], "seat": seat, "wolf": is_wolf})

    def guard(self, doctor: str, seat: str | None) -> str | None:
        """The doctor saves somebody. :returns: whom."""
        player = self.seat(doctor)
        if player is not None:
            player.state["guarded"] = seat
        return seat

    def daybreak(self) -> None:
        """Begin a day: the village talks, and votes."""
        self.state["votes"] = {}
        self.enter("day", self.options["day_s"], self.verdict)

    @message(phase="day")
    def vote(self, player: Player, whom: Player | None) -> None:
        """By day: whom to hang; None is a vote for nobody."""
        self.check_living(player, whom)
        self.state["votes"][player.id] = whom.id if whom else None
        self.hasten()

    def verdict(self) -> None:
        """Whoever has the most votes is hanged."""
        first = cast.most(self.state["votes"].values())
        by_lot = len(first) > 1 and self.options["ties"] == "lot"
        hanged = self.random.choice(first) if by_lot else first[0] if len(first) == 1 else None
        if hanged is not None:
            self.die(hanged, "vote")
        self.state["news"] = {"of": "vote", "dead": hanged, "tied": first if len(first) > 1 else []}
        self.chat.say(f"The village hangs {self.name_of(hanged)}." if hanged else "The village hangs nobody.")
        if self.check_end():
            return
        player = self.seat(hanged) if hanged else None
        if player is not None and not self.options["last_words"]:
            self.bury(player)
        self.enter("evening", self.options["evening_s"], self.nightfall)

    def hasten(self) -> None:
        """Shorten the phase once all who live and are online are done."""
        ends = {"night": (self.state["ready"], self.dawn), "day": (self.state["votes"], self.verdict)}
        if self.status != "playing" or self.phase not in ends:
            return
        done, then = ends[self.phase]
        asked = [player.id for player in self.players if player.online and self.is_alive(player.id)]
        if asked and all(seat in done for seat in asked) and (self.left_s(then) or 0) > LAST_CALL_S:
            self.enter(self.phase, LAST_CALL_S, then)

    # Life and death

    def die(self, seat: str, how: str) -> None:
        """Somebody is dead, and does not hear the werewolves any more."""
        next(each for each in self.state["village"] if each["seat"] == seat).update(alive=False, died=how)
        if self.options["reveal"] == "death":
            self.state["roles"][seat] = self.secret["roles"][seat]
        player = self.seat(seat)
        if player is not None:
            self.group("wolves").remove(player)

    def bury(self, player: Player) -> None:
        """Make somebody one of the dead, who speak to the dead alone."""
        self.group("dead").add(player)
        self.chat.divert(player, "dead")

    def forget(self, seat: str) -> None:
        """
        Somebody is gone: votes by and for that one are dropped, and who chose that one has chosen nobody.

        Those who chose stay ``ready``, or all would learn whom they had chosen.
        """
        self.state["votes"] = {a: b for a, b in self.state["votes"].items() if seat not in (a, b)}
        if seat in self.state["ready"]:
            self.state["ready"].remove(seat)
        choices = self.secret["choices"]
        choices.pop(seat, None)
        self.group("wolves").state["choices"].pop(seat, None)
        for chooser in [a for a, b in choices.items() if b == seat]:
            self.keep_choice(chooser, None)

    def keep_choice(self, chooser: str, seat: str | None) -> None:
        """Keep a choice: the server and the chooser know it, and of a werewolf's the other werewolves."""
        self.secret["choices"][chooser] = seat
        player = self.seat(chooser)
        if player is not None:
            player.state["choice"] = seat
            if player in self.group("wolves"):
                self.group("wolves").state["choices"][chooser] = seat

    def check_end(self) -> bool:
        """End the game if somebody has won. :returns: whether it ended."""
        roles = self.secret["roles"]
        winner = cast.winner(roles[each["seat"]] for each in self.state["village"] if each["alive"])
        if winner is None:
            return False
        self.state.update(roles=roles, winner=winner)
        for player in self.players:
            self.chat.divert(player, None)
        self.chat.close("wolves")
        self.chat.close("dead")
        self.chat.say("No werewolf lives: the village has won." if winner == "village" else "The werewolves have won.")
        self.enter("over")
        self.over(winner=winner)
        return True

    # Looking things up

    def who(self, role: str) -> list[str]:
        """:returns: the seats of a role, of those who live."""
        return [seat for seat, own in self.secret["roles"].items() if own == role and self.is_alive(seat)]

    def is_alive(self, seat: str) -> bool:
        """Whether this seat plays, and lives."""
        return any(each["seat"] == seat and each["alive"] for each in self.state["village"])

    def name_of(self, seat: str | None) -> str:
        """:returns: the name of a player, also of one who has left."""
        return next((each["name"] for each in self.state["village"] if each["seat"] == seat), "")

    def check_living(self, player: Player, whom: Player | None) -> None:
        """:raises Refused: the player is dead, or the one who was chosen."""
        if not self.is_alive(player.id):
            raise Refused("You are dead.", code="dead")
        if whom is not None and not self.is_alive(whom.id):
            raise Refused("Choose somebody who lives.", code="bad_data", path="$.whom")

    def check_may_choose(self, player: Player, whom: Player | None) -> None:
        """:raises Refused: this player's role may not choose that one."""
        self.check_living(player, whom)
        role: Any = self.secret["roles"][player.id]
        if whom is None:
            return
        if role == cast.WOLF and whom in self.group("wolves"):
            raise Refused("Werewolves do not eat their own.", code="bad_data", path="$.whom")
        if role == cast.DOCTOR and whom.id == player.state["guarded"]:
            raise Refused("You saved that one last night.", code="bad_data", path="$.whom")
        if role != cast.DOCTOR and whom == player:
            raise Refused("Choose somebody else.", code="bad_data", path="$.whom")
