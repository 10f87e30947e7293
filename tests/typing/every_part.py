"""A game that uses every part of the API, as an author may write it: it must type-check, load, and play."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Annotated, Any, ClassVar, Literal, TypedDict

from msgspec import Meta, Struct
from twisted.internet.defer import Deferred, succeed

from gameserver import (
    Answer,
    Chat,
    Dice,
    Game,
    Group,
    Player,
    Refused,
    RoomChat,
    RoomTable,
    cron,
    message,
    question,
    timer,
)

Cell = Annotated[int, Meta(ge=0, le=8)]
Name = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{1,32}$")]
Word = Annotated[str, Meta(min_length=1, max_length=20)]


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Point(Struct):
    x: float
    y: float


class Table(TypedDict):
    cells: list[int | None]
    turn: int
    scores: dict[str, int]


class EveryPart(Game):
    """Everything there is, once."""

    name = "every_part"
    title = "Every part"
    min_players = 2
    max_players = 6
    roles: ClassVar[dict[str, int]] = {"screen": 1, "spectator": 50, "host": 1}
    auto_start = False
    needs_start = True
    late_join = True
    hold_s = 60
    tick_hz = 2
    patch_hz = 10
    durability = "relaxed"
    storage = "row"
    max_row_bytes = 1 << 18
    max_entry_bytes = 1 << 10
    max_table_bytes = 1 << 20
    idle_close_s = None
    downtime = "count"
    messages_per_s = 30.5
    chat_to = ("room", "group", "seat")
    version = 2

    state: Table

    def on_create(
        self,
        questions: Annotated[int, Meta(ge=1, le=50)] = 10,
        deck: Literal["small", "large"] = "small",
        words: Sequence[str] = (),
        teams: bool = False,
    ) -> None:
        self.state = {"cells": [None] * 9, "turn": 0, "scores": {}}
        self.secret["deck"] = list(range(32 if deck == "small" else 52))
        self.random.shuffle(self.secret["deck"])
        self.log.info("{n} questions, {words}", n=questions, words=list(words) or self.options)

    async def on_join(self, player: Player) -> None:
        await succeed(None)
        player.state = {"hand": []}
        player.state["hand"].append(self.random.randrange(32))
        if player.profile.get("colour") == "green":
            raise Refused("Nobody is green.", code="no_green")
        self.group("red" if (player.number or 0) % 2 == 0 else "blue").add(player)

    async def on_start(self) -> None:
        number: int = await Deferred.fromCoroutine(self.look_up("x"))
        self.state["turn"] = number
        self.after(30, self.forfeit, show=True)
        self.after(5, "hint", text="soon", times=2)
        self.every(1, self.beat)
        self.at(datetime.fromtimestamp(self.now, UTC) + timedelta(days=1), self.midnight)
        self.enter("choosing", 60, self.next_phase)
        for player in self.players:
            player.after(10, self.nudge, show=True)
            player.after(20, "nudge_hard", reason="sleepy")
            player.hold(300)

    def on_drop(self, player: Player) -> None:
        player.cancel(self.nudge)
        player.cancel("nudge_hard")
        player.cancel()

    def on_resume(self, player: Player) -> None:
        player.send("welcome_back", {"left_s": self.left_s(self.forfeit)})
        player.send("cursor", [1, 2], volatile=True)

    async def remember(self, player: Player) -> int:
        seen: RoomTable = self.table("seen")
        await seen.put(player.user_id, {"name": player.name})
        seen.delete("nobody")
        known: dict[str, Any] = await seen.get_many([player.user_id])
        first: list[tuple[str, Any]] = await seen.scan("guest:", None, 10)
        return await seen.count() + len(known) + len(first)

    def migrate(self, row: dict[str, Any], from_version: int) -> None:
        row["state"].setdefault("from", from_version)

    async def on_leave(self, player: Player) -> None:
        scores: dict[str, int] = self.state["scores"]
        scores.pop(player.id, None)

    async def on_chat(self, player: Player, chat: Chat) -> None:
        if chat.to == "room" and chat.text == "guess":
            chat.hide()
        elif isinstance(chat.to, Group) and player in chat.to:
            chat.text = chat.text.upper()
        elif isinstance(chat.to, Player):
            chat.to = "room"
        chat.data = {"by": player.name}

    def on_tick(self, dt_s: float) -> None:
        self.secret["ticks"] = self.secret.get("ticks", 0.0) + dt_s

    def on_load(self) -> None:
        self.log.info("back at {code}", code=self.code)

    async def on_close(self) -> None:
        self.send("bye")

    # Messages

    @message
    def play(self, player: Player, cell: Cell) -> None:
        if self.status != "playing" or player.number != self.state["turn"]:
            raise Refused("It is not your turn.", code="not_your_turn")
        self.state["cells"][cell] = player.number

    @message(by="host", phase="choosing")
    def give(self, host: Player, to: Player, points: int = 1, why: Word | None = None) -> int:
        self.state["scores"][to.id] = self.state["scores"].get(to.id, 0) + points
        self.send("given", {"to": to.id, "why": why}, but=host)
        return self.state["scores"][to.id]

    @message(by="screen", name="next")
    def next_(self, screen: Player) -> None:
        self.role("screen").state["shown"] = screen.name
        self.role("screen").send("shown", volatile=True)

    @message(by="any", durable=False)
    def draw(self, player: Player, points: list[Point], colour: Colour, width: float = 1.0, raw: bytes = b"") -> None:
        self.group("red").send(
            "stroke", {"n": len(points), "colour": colour.value, "width": width, "raw": raw}, but=player
        )

    @message
    async def ask_dictionary(self, player: Player, word: Word) -> bool:
        return await self.look_up(word) > 0

    @message(by="any")
    def team(self, player: Player, name: Name) -> list[str]:
        group = self.group(name)
        group.public = True
        if player in group:
            group.remove(player)
        else:
            group.add(player)
        if len(group.players) > 3:
            group.clear()
        group.state["size"] = len(group.players)
        names: list[str] = player.groups
        return names

    @message(by="host")
    def manage(self, host: Player, what: str, whom: Player | None = None) -> Any:
        if whom is not None and whom != host:
            if what == "kick":
                self.kick(whom, ban=False)
            elif what == "host":
                self.make_host(whom)
        if what == "pause":
            self.pause()
        elif what == "unpause":
            self.unpause()
        elif what == "lock":
            self.lock()
        elif what == "unlock":
            self.unlock()
        elif what == "start":
            self.start()
        elif what == "over":
            self.over(winner=host.number, scores=self.state["scores"])
        elif what == "close":
            self.close("done")
        self.cancel("hint")
        self.cancel(self.beat)
        seat: Player | None = self.seat(host.id)
        spectators: list[Player] = self.seats("spectator")
        return {
            "host": self.host.name if self.host is not None else None,
            "online": seat.online if seat is not None else False,
            "roles": [s.role for s in self.seats()],
            "spectators": len(spectators),
            "phase": self.phase,
            "now": self.now,
            "played_s": self.played_s,
            "by_seat": len({player: player.user_id for player in self.players}),
        }

    async def look_up(self, word: str) -> int:
        found: int = await succeed(len(word))
        return found

    # Timers and the calendar

    @timer
    def forfeit(self) -> None:
        self.over(winner=1 - self.state["turn"])

    @timer
    def hint(self, text: str, times: int = 1) -> None:
        chat: RoomChat = self.chat
        chat.say(text * times)
        chat.say(text, to=self.group("red"))
        chat.say(text, self.players[0], data={"x": 1})

    @timer
    async def beat(self) -> None:
        await succeed(None)
        dice: Dice = self.random
        self.state["turn"] = dice.choice([0, 1])

    @timer
    def midnight(self) -> None:
        self.send("midnight")

    @timer
    def nudge(self, player: Player) -> None:
        player.send("nudge")

    @timer
    def nudge_hard(self, player: Player, reason: str) -> None:
        self.chat.say(reason, player)

    def next_phase(self) -> None:
        self.enter("choosing again", 30, then="reveal_all")
        self.choose.ask(45)

    def reveal_all(self) -> None:
        self.enter("shown")
        self.enter(None)

    @cron("0 20 * * sun")
    def sunday(self) -> None:
        self.send("sunday")

    @staticmethod
    @cron("0 4 * * *")
    def nightly() -> None: ...

    # Questions

    @question(revise=True)
    def choose(self, player: Player, card: int) -> int:
        if card not in player.state["hand"]:
            raise Refused("That is not in your hand.")
        return card

    @choose.done
    def reveal(self, answers: dict[Player, Answer[int]]) -> None:
        for player, answer in answers.items():
            total: int = self.state["scores"].get(player.id, 0) + answer.value
            late: float = answer.after_s
            self.state["scores"][player.id] = total if late < 30 else 0

    @question
    def guess(self, player: Player, word: Word) -> str:
        return word.lower()

    @guess.done
    async def guessed(self, answers: dict[Player, Answer[str]]) -> None:
        await succeed(None)
        self.send("guessed", sorted(answer.value.upper() for answer in answers.values()))

    @question
    async def vote(self, player: Player, whom: Player) -> str:
        await succeed(None)
        return whom.id

    @vote.done
    def voted(self, answers: dict[Player, Answer[str]]) -> None:
        if answers:
            self.state["turn"] = len({answer.value for answer in answers.values()})

    @question(revise=True)
    async def wish(self, player: Player, text: Word) -> list[str]:
        await succeed(None)
        return text.split()

    @wish.done
    async def wished(self, answers: dict[Player, Answer[list[str]]]) -> None:
        self.send("wished", [answer.value[0] for answer in answers.values()])

    @message(by="host")
    def ask(self, host: Player) -> bool:
        others = [player for player in self.players if player != host]
        if not others:
            raise Refused("Nobody is here to ask.")
        self.choose.ask(45, of=self.players)
        self.guess.ask(of=others)
        self.vote.ask(10)
        self.choose.take_back(host)
        self.wish.ask(5, of=[host])
        self.wish.close()
        return self.choose.open
