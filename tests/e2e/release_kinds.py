"""Kinds of change of a release, each as three releases of one game: the first, the next, and one that mends."""

from __future__ import annotations

from dataclasses import dataclass


def game(name: str, body: str = "", *, settings: str = "", options: str = "", add: str = "add") -> str:
    """:returns: the source of a game that counts, with more in it."""
    return f'''
import time
from gameserver import Answer, Game, Player, message, question, timer

class Each(Game):
    """Counts, and holds something by name."""
    name = "{name}"
    needs_start = False
    min_players = 1
    {settings}

    def on_create(self{options}):
        self.state["n"] = 0

    def on_load(self):
        print("LOADING", flush=True)
        time.sleep(0.05)  # so that a kill finds some rooms open, and others not

    @message
    def {add}(self, player: Player) -> int:
        self.state["n"] += 1
        player.state["mine"] = self.state["n"]
        return self.state["n"]
{body}
'''


def migrates(change: str) -> str:
    """:returns: what brings rooms to version 2, and counts how often."""
    return f"""
    version = 2

    def migrate(self, row, from_version):
        row["state"]["migrated"] = row["state"].get("migrated", 0) + 1
        {change}
"""


FUNCTION = """
name = "style"
def payload_handler(group_add, socket_self_send, socket_group_send, payload):
    if payload["action"] == "CREATE_ROOM":
        payload["shared"]["n"] = 0
    elif payload["action"] == "add":
        payload["shared"]["n"] += 1
        payload["own"]["mine"] = payload["shared"]["n"]
        return payload["shared"]["n"]
    elif payload["action"] == "arm":
        payload["timers"].after(3600, "bang", data="BANG")
"""
TIMER = """
    @message
    def arm(self, player: Player) -> None:
        self.after(3600, self.ring, by=1)
        player.after(3600, self.nudge)

    @timer
    def ring(self, by: int) -> None:
        self.state["rung"] = by

    @timer
    def nudge(self, player: Player) -> None:
        self.state["rung"] = player.id
"""
EVERY = """
    @message
    def arm(self, player: Player) -> None:
        self.every(3600, self.ring)

    @timer
    def ring(self) -> None:
        self.state["rung"] = True
"""
QUESTION = """
    @message
    def arm(self, player: Player) -> None:
        self.card.ask(3600)

    @question
    def card(self, player: Player, card: int) -> int:
        return card

    @card.done
    def reveal(self, answers: dict[Player, Answer[int]]) -> None:
        self.state["rung"] = True
"""
PHASE = """
    @message
    def arm(self, player: Player) -> None:
        self.enter("bidding", 3600, then=self.shut)

    def shut(self) -> None:
        self.state["rung"] = True
"""
RENAMED = 'for each in row["timers"]: each["name"] = {"ring": "chime", "nudge": "remind"}[each["name"]]'
ASKED = 'row["questions"]["pick"] = row["questions"].pop("card")'
LATER = 'for each in row["timers"]: each["name"] = "later"'
TAKEN_APART = 'for each in row["timers"]: each.update(name="bang", data={"text": each["data"]["data"]})'
BANG = """
    @timer
    def bang(self, text: str) -> None:
        self.state["rung"] = text
"""


@dataclass(frozen=True)
class Kind:
    """
    One kind of change.

    :param aside: whether the next release has to keep the room aside.
    :param arms: the first release has a message ``arm``, after which the room holds something by name.
    :param judge: somebody sits there in that role.
    """

    name: str
    first: str
    next: str
    mended: str
    aside: bool = True
    arms: bool = False
    judge: bool = False


def same(name: str, change: str, *, settings: str = "") -> Kind:
    """:returns: a change of a setting, which no room is in the way of, and back."""
    first = game(name, settings=settings)
    return Kind(name, first, game(name, settings=change), first, aside=False)


KINDS = [
    Kind(
        "timer",
        game("timer", TIMER),
        game("timer"),
        game(
            "timer",
            TIMER.replace("ring", "chime").replace("nudge", "remind") + migrates(RENAMED),
        ),
        arms=True,
    ),
    Kind("every", game("every", EVERY), game("every"), game("every", EVERY), arms=True),
    Kind(
        "question",
        game("question", QUESTION),
        game("question"),
        game("question", QUESTION.replace("card", "pick") + migrates(ASKED)),
        arms=True,
    ),
    Kind(
        "phase",
        game("phase", PHASE),
        game("phase"),
        game("phase", PHASE.replace("shut", "later") + migrates(LATER)),
        arms=True,
    ),
    Kind(
        "role",
        game("role", settings='roles = {"judge": 1}'),
        game("role"),
        game("role", settings='roles = {"judge": 1}'),
        aside=False,
        judge=True,
    ),
    Kind(
        "option",
        game("option", options=", rounds: int = 3"),
        game("option", options=", rounds: str = 'three'"),
        game(
            "option",
            migrates('row["options"]["rounds"] = str(row["options"]["rounds"])'),
            options=", rounds: str = 'three'",
        ),
    ),
    Kind("message", game("message"), game("message", add="plus"), game("message"), aside=False),
    same("setting", "max_players = 1"),
    Kind("name", game("name"), game("other_name"), game("name")),
    Kind("style", FUNCTION, game("style"), game("style", BANG + migrates(TAKEN_APART)), arms=True),
    same("storage", 'storage = "fields"'),
    same("storage_back", 'storage = "row"', settings='storage = "fields"'),
    same("durability", 'durability = "relaxed"'),
    Kind("up", game("up"), game("up", "    version = 2"), game("up", migrates("pass"))),
    Kind("down", game("down", "    version = 2"), game("down"), game("down", "    version = 2")),
    Kind(
        "two",
        game("two"),
        game("two", migrates("pass").replace("2", "3")),
        game("two", migrates("pass").replace("2", "3")),
        aside=False,
    ),
]
"""Every kind; two of them at once are in the last."""
