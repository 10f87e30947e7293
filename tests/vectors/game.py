"""The game of the conversations: whatever its one player wants is done to documents, groups, timers and events."""

from __future__ import annotations

from typing import Any

from gameserver import Game, Player, Refused, message, timer


class Vectors(Game):
    """Does as it is told."""

    name = "vectors"
    needs_start = False
    chat_to = ("room", "group", "seat")
    chat_filter = None

    @message
    def put(self, player: Player, doc: str, path: list[str | int], value: Any) -> None:
        at, key = self._at(player, doc, path)
        at[key] = value

    @message
    def delete(self, player: Player, doc: str, path: list[str | int]) -> None:
        at, key = self._at(player, doc, path)
        del at[key]

    @message
    def splice(self, player: Player, doc: str, path: list[str | int], index: int, count: int, items: list[Any]) -> None:
        at, key = self._at(player, doc, path)
        at[key][index : index + count] = items

    @message
    def move(self, player: Player, group: str, on: bool, whom: Player | None = None) -> None:
        members = self.group(group)
        members.add(whom or player) if on else members.remove(whom or player)

    @message
    def event(
        self, player: Player, to: str, type: str, data: Any = None, but: bool = False, loose: bool = False
    ) -> int:
        audience = self.group(to) if to == "red" else player if to == "seat" else self
        audience.send(type, data, but=self.host if but else None, volatile=loose)
        return 42

    @message
    def arm(self, player: Player, s: float, own: bool = False) -> None:
        if own:
            player.after(s, self.due, show=True)
        else:
            self.after(s, self.bell, show=True)

    @message
    def disarm(self, player: Player) -> None:
        self.cancel(self.bell)

    @message
    def refuse(self, player: Player) -> None:
        raise Refused("not now", code="too_early")

    @message
    def end(self, player: Player) -> None:
        self.over(winner=player.number)

    @message
    def eject(self, player: Player, whom: Player) -> None:
        self.kick(whom, ban=False)

    @timer
    def bell(self) -> None:
        """It was shown."""

    @timer
    def due(self, player: Player) -> None:
        """It was shown to one."""

    def _at(self, player: Player, doc: str, path: list[str | int]) -> tuple[Any, Any]:
        at: Any = {"room": self.state, "seat": player.state, "red": self.group("red").state}[doc]
        for key in path[:-1]:
            at = at[key]
        return at, path[-1]
