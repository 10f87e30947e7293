"""
Teams: public groups of which every player is in at most one, each with a title, a colour and a score.

Everybody sees them: ``info.teams`` tells what a team is, SEAT's ``groups`` who is in it, so that a page can draw them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from gameserver.errors import Refused
from gameserver.protocol import messages, values
from gameserver.room.groups import Group
from gameserver.room.seats import Player
from gameserver.room.state import Late as Late
from gameserver.room.state import Mode as Mode
from gameserver.room.state import TeamPart, TeamsState

if TYPE_CHECKING:
    from gameserver.room.players_room import PlayersRoom

Wish = Sequence[str] | Mapping[str, Mapping[str, str]]
"""Names of teams; or by name their ``title`` and ``colour``."""

COLOURS: Final = ("#d7263d", "#1b6ca8", "#2e933c", "#e0a100", "#7b3fa0", "#e36414", "#0f8b8d", "#5c4033")
"""Colours that most people with a colour deficiency tell apart as well, dark enough for white text on them."""
NAMED: Final = {"red": COLOURS[0], "blue": COLOURS[1], "green": COLOURS[2], "yellow": COLOURS[3], "purple": COLOURS[4]}


class Team:
    """
    One team of a room: a public group with a title, a colour and a score.

    :ivar name: of its group, too: its stream is ``group:NAME``.
    """

    __slots__ = ("_room", "name")

    def __init__(self, room: PlayersRoom, name: str) -> None:
        self._room = room
        self.name = name

    @property
    def group(self) -> Group:
        """The group that the team is: members, document and stream."""
        return self._room.groups.make(self.name)

    @property
    def players(self) -> list[Player]:
        """The players in it, in the order in which they came."""
        return self.group.players

    @property
    def title(self) -> str:
        """The name that people read."""
        return self._part.title

    @title.setter
    def title(self, title: str) -> None:
        self._set(title=_text("title", title))

    @property
    def colour(self) -> str:
        """The colour as CSS has it: ``#d7263d``."""
        return self._part.colour

    @colour.setter
    def colour(self, colour: str) -> None:
        self._set(colour=_text("colour", colour))

    @property
    def score(self) -> int | float:
        """The team's points, which everybody sees: ``team.score += 1``."""
        return self._part.score

    @score.setter
    def score(self, score: int | float) -> None:
        if isinstance(score, bool) or not isinstance(score, int | float) or score != score or abs(score) > 2**53:
            raise TypeError(f"a score is a number, not {score!r}")
        self._set(score=score)

    @property
    def state(self) -> Any:
        """The document that its members see, and nobody else."""
        return self.group.state

    @state.setter
    def state(self, value: dict[str, Any]) -> None:
        self.group.state = value

    def add(self, player: Player) -> None:
        """Put a player in, and take that player out of any other team, in the same step."""
        self._room.teams.move(player, self.name)

    def send(self, type: str, data: Any = None, *, but: Player | None = None, volatile: bool = False) -> None:
        """
        Tell its members that something happened.

        :param type: the event's name.
        :param data: any JSON value.
        :param but: a seat that is left out.
        :param volatile: for what matters only now: it is neither numbered nor kept, and only the newest of its type
            reaches a slow reader.
        """
        self.group.send(type, data, but=but, volatile=volatile)

    @property
    def _part(self) -> TeamPart:
        return self._room.teams.parts[self.name]

    def _set(self, **fields: Any) -> None:
        self._room.journal.put_in(self._room.teams._kept, "teams", self.name, replace(self._part, **fields))

    def __contains__(self, player: object) -> bool:
        return player in self.group

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Team) and other.name == self.name and other._room.id == self._room.id

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"<Team {self.name} of {len(self.group.members)}>"


class Teams:
    """The teams of one room, in the order in which they were declared."""

    __slots__ = ("_room",)

    def __init__(self, room: PlayersRoom) -> None:
        self._room = room

    @property
    def parts(self) -> dict[str, TeamPart]:
        """What the room's row keeps of each team, by its name."""
        kept = self._room.state.teams
        return kept.teams if kept is not None else {}

    @property
    def mode(self) -> Mode:
        """How players come into teams: ``balanced``, ``chosen`` or ``shuffled``, see `Game.teams`."""
        kept = self._room.state.teams
        return kept.mode if kept is not None else "balanced"

    def of(self, player: Player) -> Team | None:
        """Return the team that this player is in, or None."""
        return next((team for team in self if player in team), None)

    def move(self, player: Player, name: str | Team) -> None:
        """
        Put a player into a team and out of any other: chat and documents move with the player, in this step.

        :param player: who is put there.
        :param name: the team, or its name.
        """
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
        """Return the score of each team, by its name."""
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
        Make these the teams from now on; scores begin at 0, and whoever is in one of that name already stays.

        :param wish: the teams' names, or by name what they are called and look like: ``{"red": {"title": "Foxes"}}``.
        :param mode: ``balanced``, ``chosen`` or ``shuffled``.
        :param late: where those who come while the game is played go: ``smallest``, ``weakest`` or ``none``.
        :param size: so many may choose one team; None: any number.
        :raises ValueError: no teams, or an unknown mode.
        """
        if mode not in ("balanced", "chosen", "shuffled") or late not in ("smallest", "weakest", "none"):
            raise ValueError(f"teams are balanced, chosen or shuffled, and late is smallest, weakest or none: {mode}")
        if size is not None and (type(size) is not int or size < 1):
            raise ValueError(f"a team has a size of 1 or more, or None for any, not {size!r}")
        if isinstance(wish, str) or not isinstance(wish, Iterable):
            raise ValueError(f'name the teams: self.teams(["red", "blue"]), not {wish!r}')
        about = {values.plain(name): wish[name] if isinstance(wish, Mapping) else {} for name in wish}
        if not about:
            raise ValueError('name the teams: self.teams(["red", "blue"])')
        parts = {name: _part(name, index, about[name]) for index, name in enumerate(about)}
        for team in self:
            if team.name not in parts:
                team.group.clear()
        self._room.journal.set(self._room.state, "teams", TeamsState(parts, mode, late, size))
        for team in self:
            team.group.public = True
        self._place_all()

    def welcome(self, player: Player) -> None:
        """Give somebody who has taken a seat a team, if the mode says so; the framework calls this."""
        if self.parts and player.role == "player" and (self.mode != "chosen" or self._is_late):
            self._place(player)

    def begin(self) -> None:
        """Give a team to all who have none at the start of a round; the framework calls this."""
        if self.parts and self.mode == "shuffled":
            self.shuffle()
        for player in self._room.players if self.parts else ():
            if self.of(player) is None:
                self.move(player, self._smallest())

    def choose(self, player: Player, name: str) -> None:
        """
        Put a player who has chosen into a team.

        :param player: who has chosen.
        :param name: the team's.
        :raises Refused: this player cannot be in that team now.
        """
        if name not in self.parts:
            raise Refused("There is no such team.", code="bad_data", path="$.team")
        if self.mode != "chosen":
            raise Refused("Teams are not chosen in this game.", code="forbidden")
        if player.role != "player":
            raise Refused("Only players are in teams.", code="forbidden")
        if self._is_late and self._room.game_class.needs_start and self.of(player) is not None:
            raise Refused("Not while the game is played.")
        size = self._kept.size
        if player not in self[name] and size is not None and len(self[name].players) >= size:
            raise Refused("That team is full.")
        self.move(player, name)

    def told(self) -> list[messages.TeamInfo]:
        """Return the teams as everybody is told of them."""
        is_open = self.mode == "chosen"
        return [messages.TeamInfo(p.name, p.title, p.colour, p.score, is_open) for p in self.parts.values()]

    @property
    def _kept(self) -> TeamsState:
        """:raises LookupError: there are no teams."""
        kept = self._room.state.teams
        if kept is None:
            raise LookupError("no teams")
        return kept

    @property
    def _is_late(self) -> bool:
        return self._room.state.status == "playing"

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
        elif self._kept.late != "none":
            self.move(player, self._smallest() if self._kept.late == "smallest" else self._weakest())

    def _smallest(self) -> Team:
        return min(self, key=lambda team: len(team.players))

    def _weakest(self) -> Team:
        return min(self, key=lambda team: (team.score, len(team.players)))


def _part(name: str, index: int, about: Mapping[str, str]) -> TeamPart:
    unknown = set(about) - {"title", "colour"}
    if unknown:
        raise ValueError(f"a team has a title and a colour, not {', '.join(sorted(unknown))}")
    colour = about.get("colour") or NAMED.get(name) or COLOURS[index % len(COLOURS)]
    title = about.get("title") or name.replace("_", " ").capitalize()
    return TeamPart(name, _text("title", title), _text("colour", colour))


def _text(what: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError(f"a team's {what} is a str that is not empty, not {value!r}")
    return str(values.plain(value))
