"""A game with a piece of everything that a client has to follow."""

from typing import Any

from gameserver import Game, Player, Refused, message, timer


class Parlour(Game):
    """Counts, teams, secrets, bytes, clocks."""

    max_players = 8
    roles = {"screen": 1}
    needs_start = False
    late_join = True
    patch_hz = 0

    def on_create(self, topic: str = "none") -> None:
        self.state.update(topic=topic, count=0, log=[], names={}, corner={"still": [1, 2]}, blob=b"\x00\xff")
        self.role("screen").state["shown"] = 0

    def on_join(self, player: Player) -> None:
        self.state["names"][player.name] = player.id
        player.state["card"] = f"card of {player.name}"

    @message(by="any")
    def add(self, player: Player, by: int = 1) -> int:
        self.state["count"] += by
        self.state["log"].append(by)
        self.role("screen").state["shown"] = self.state["count"]
        self.send("added", {"by": by, "count": self.state["count"]})
        return int(self.state["count"])

    @message
    def refuse(self, player: Player) -> None:
        raise Refused("not now", code="not_now")

    @message
    def team(self, player: Player, name: str, enter: bool = True) -> None:
        group = self.group(name)
        if enter:
            group.add(player)
            group.state["members"] = len(group.players)
            group.send("entered", player.name)
        else:
            group.remove(player)

    @message
    def echo(self, player: Player, value: Any) -> Any:
        player.state["echo"] = value
        return value

    @message
    def shuffle(self, player: Player) -> None:
        log = self.state["log"]
        log[:] = [*log[1:-1], "new"]
        del self.state["names"]
        self.state["names"] = {"__proto__": {"x": 1}}
        self.state["names"]["__proto__"]["x"] = 2

    @message
    def clock(self, player: Player, seconds: float) -> None:
        self.after(seconds, self.rang, show=True)

    @message
    def freeze(self, player: Player, frozen: bool) -> None:
        if frozen:
            self.pause()
        else:
            self.unpause()

    @message
    def say(self, player: Player, text: str) -> None:
        self.send("said", text, but=player)
        self.send("blink", text, volatile=True)

    @message
    def kick_me(self, player: Player) -> None:
        self.kick(player)

    @message
    def end(self, player: Player) -> None:
        self.close("enough")

    @timer
    def rang(self) -> None:
        self.send("rang")
