"""
Teams: public groups of which every player is in at most one, each with a title, a colour and a score.

Everybody sees them: ``info.teams`` tells what a team is, SEAT's ``groups`` who is in it, so that a page can draw them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from gameserver.errors import Refused
from gameserver.protocol import messages
from gameserver.room.groups import Group
from gameserver.room.seats import Player

if TYPE_CHECKING:
    from gameserver.room.room import Room

Mode = Literal["balanced", "chosen", "shuffled"]
Late = Literal["smallest", "weakest", "none"]
Wish = Sequence[str] | Mapping[str, Mapping[str, str]]
"""Names of teams; or by name their ``title`` and ``colour``."""

COLOURS: Final = ("#d7263d", "#1b6ca8", "#2e933c", "#e0a100", "#7b3fa0", "#e36414", "#0f8b8d", "#5c4033")
"""Told apart by most people with a colour deficiency as well, and dark enough for white text on them."""
NAMED: Final = {"red": COLOURS[0], "blue": COLOURS[1], "green": COLOURS[2], "yellow": COLOURS[3], "purple": COLOURS[4]}


class TeamPart(Struct, frozen=True):
    """What is stored of a team besides its group."""

    name: str
    title: str
    colour: str
    score: int | float = 0


class TeamsPart(Struct, frozen=True):
    """The teams of a room, and how players come into them."""

    teams: list[TeamPart]
    mode: Mode
    late: Late
    size: int | None


class Team:
    """
    One team.

    :ivar name: of its group, too: its stream is ``group:NAME``.
    """

    __slots__ = ("_room", "name")

    def __init__(self, room: Room, name: str) -> None:
        self._room = room
        self.name = name

    @property
    def group(self) -> Group:
        """Its members, document and stream."""
        return self._room.group(self.name)

    @property
    def players(self) -> list[Player]:
        """Who is in it, in the order they came."""
        return self.group.players

    @property
    def title(self) -> str:
        """What people call it."""
        return self._part.title

    @title.setter
    def title(self, title: str) -> None:
        self._set(title=_text("title", title))

    @property
    def colour(self) -> str:
        """As CSS has it: ``#d7263d``."""
        return self._part.colour

    @colour.setter
    def colour(self, colour: str) -> None:
        self._set(colour=_text("colour", colour))

    @property
    def score(self) -> int | float:
        """Its points: ``team.score += 1``."""
        return self._part.score

    @score.setter
    def score(self, score: int | float) -> None:
        if isinstance(score, bool) or not isinstance(score, int | float) or score != score or abs(score) > 2**53:
            raise TypeError(f"a score is a number, not {score!r}")
        self._set(score=score)

    @property
    def state(self) -> Any:
        """The document that its members see."""
        return self.group.state

    @state.setter
    def state(self, value: dict[str, Any]) -> None:
        self.group.state = value

    def add(self, player: Player) -> None:
        """Put a player in, and take that player out of any other team, in the same step."""
        self._room.teams.move(player, self.name)

    def send(self, type: str, data: Any = None, *, but: Player | None = None, volatile: bool = False) -> None:
        """Tell its members that something happened; see `Game.send`."""
        self.group.send(type, data, but=but, volatile=volatile)

    @property
    def _part(self) -> TeamPart:
        return self._room.teams.parts[self.name]

    def _set(self, **fields: Any) -> None:
        self._room.journal.put(self._room.teams.parts, self.name, replace(self._part, **fields))
        self._room.changed()

    def __contains__(self, player: object) -> bool:
        return player in self.group

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Team) and other.name == self.name and other._room.id == self._room.id

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"<Team {self.name} of {len(self.group.members)}>"


class Teams:
    """
    The teams of one room.

    :ivar parts: what is stored of them, by name, in the order they were declared.
    """

    __slots__ = ("_room", "late", "mode", "parts", "size")

    def __init__(self, room: Room) -> None:
        self._room = room
        self.parts: dict[str, TeamPart] = {}
        self.mode: Mode = "balanced"
        self.late: Late = "smallest"
        self.size: int | None = None

    def of(self, player: Player) -> Team | None:
        """The team that this player is in."""
        return next((team for team in self if player in team), None)

    def move(self, player: Player, name: str | Team) -> None:
        """Put a player into a team and out of any other: chat and documents move with the player, in this step."""
        team = self[name.name if isinstance(name, Team) else name]
        for other in self:
            if other != team:
                other.group.remove(player)
        team.group.add(player)

    def shuffle(self) -> None:
        """Deal all players out anew by chance, as evenly as can be."""
        players = self._room.players
        self._room.game.random.shuffle(players)
        names = list(self.parts)
        for index, player in enumerate(players):
            self.move(player, names[index % len(names)])

    @property
    def scores(self) -> dict[str, int | float]:
        """By name."""
        return {name: part.score for name, part in self.parts.items()}

    def __getitem__(self, name: str) -> Team:
        """:raises KeyError: there is no such team."""
        if name not in self.parts:
            raise KeyError(f"no team {name!r}; there are {', '.join(self.parts) or 'none'}")
        return Team(self._room, name)

    def __iter__(self) -> Iterator[Team]:
        return iter([Team(self._room, name) for name in self.parts])

    def __len__(self) -> int:
        return len(self.parts)

    # How the room uses them

    def declare(self, wish: Wish, mode: Mode, late: Late, size: int | None) -> None:
        """
        These are the teams from now on; scores begin at 0, and who is in one of that name already stays.

        :raises ValueError: no teams, or an unknown mode.
        """
        if mode not in ("balanced", "chosen", "shuffled") or late not in ("smallest", "weakest", "none"):
            raise ValueError(f"teams are balanced, chosen or shuffled, and late is smallest, weakest or none: {mode}")
        about = wish if isinstance(wish, Mapping) else {name: {} for name in wish}
        if isinstance(wish, str) or not about:
            raise ValueError('name the teams: self.teams(["red", "blue"])')
        journal = self._room.journal
        parts = {name: _part(name, index, about[name]) for index, name in enumerate(about)}
        for team in self:
            if team.name not in parts:
                team.group.clear()
        for field, value in (("parts", parts), ("mode", mode), ("late", late), ("size", size)):
            journal.set(self, field, value)
        for team in self:
            team.group.public = True
        self._room.changed()
        self._place_all()

    def welcome(self, player: Player) -> None:
        """Somebody took a seat."""
        if self.parts and player.role == "player" and (self.mode != "chosen" or self._is_late):
            self._place(player)

    def begin(self) -> None:
        """A round begins: whoever has no team by now is given one."""
        if self.parts and self.mode == "shuffled":
            self.shuffle()
        for player in self._room.players if self.parts else ():
            if self.of(player) is None:
                self.move(player, self._smallest())

    def choose(self, player: Player, name: str) -> None:
        """:raises Refused: this player cannot be in that team now."""
        if name not in self.parts:
            raise Refused("There is no such team.", code="bad_data", path="$.team")
        if self.mode != "chosen":
            raise Refused("Teams are not chosen in this game.", code="forbidden")
        if player.role != "player":
            raise Refused("Only players are in teams.", code="forbidden")
        if self._is_late and self._room.game_class.needs_start and self.of(player) is not None:
            raise Refused("Not while the game is played.")
        if player not in self[name] and self.size is not None and len(self[name].players) >= self.size:
            raise Refused("That team is full.")
        self.move(player, name)

    def told(self) -> list[messages.TeamInfo]:
        """:returns: what everybody is told."""
        is_open = self.mode == "chosen"
        return [messages.TeamInfo(p.name, p.title, p.colour, p.score, is_open) for p in self.parts.values()]

    def part(self) -> TeamsPart | None:
        """:returns: what is stored, besides groups."""
        return TeamsPart(list(self.parts.values()), self.mode, self.late, self.size) if self.parts else None

    def restore(self, part: TeamsPart | None) -> None:
        """Take over what the store has."""
        if part is not None:
            self.parts = {team.name: team for team in part.teams}
            self.mode, self.late, self.size = part.mode, part.late, part.size

    @property
    def _is_late(self) -> bool:
        return self._room.status == "playing"

    def _place_all(self) -> None:
        if self.mode == "shuffled":
            self.shuffle()
        elif self.mode == "balanced":
            for player in self._room.players:
                if self.of(player) is None:
                    self._place(player)

    def _place(self, player: Player) -> None:
        """By the rule for late joiners, once the game is played."""
        if not self._is_late or not self._room.game_class.needs_start:
            self.move(player, self._smallest())
        elif self.late != "none":
            self.move(player, self._smallest() if self.late == "smallest" else self._weakest())

    def _smallest(self) -> Team:
        return min(self, key=lambda team: len(team.players))

    def _weakest(self) -> Team:
        return min(self, key=lambda team: (team.score, len(team.players)))


def _part(name: str, index: int, about: Mapping[str, str]) -> TeamPart:
    unknown = set(about) - {"title", "colour"}
    if unknown:
        raise ValueError(f"a team has a title and a colour, not {', '.join(sorted(unknown))}")
    colour = about.get("colour") or NAMED.get(name) or COLOURS[index % len(COLOURS)]
    return TeamPart(name, _text("title", about.get("title") or name.replace("_", " ").capitalize()), colour)


def _text(what: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError(f"a team's {what} is a str that is not empty, not {value!r}")
    return value
