"""`Turns`: what a game does with whose turn it is, and whom it waits for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from msgspec import structs

from gameserver.protocol import values
from gameserver.room.groups import Group
from gameserver.room.seats import Player
from gameserver.room.turns import calls, clocks, ring
from gameserver.room.turns.ring import key_of
from gameserver.room.turns.state import Call, Level, Prompt, TurnsState
from gameserver.room.turns.waiting import waited_for
from gameserver.room.turns.whose import WhoseTurn

if TYPE_CHECKING:
    from gameserver.room.turns.ring import Who


class Turns(WhoseTurn):
    """
    Whose turn it is: ``self.turns`` of a game.

    Changes take effect at once. What is called for them, ``on_turn`` and what ``then`` names, waits until the method
    that made them returns.

    >>> class Nim(Game):
    ...     def on_start(self):
    ...         self.state["heap"] = 21
    ...         self.turns.begin()
    ...     @message(turn=True)
    ...     def take(self, player: Player, n: Annotated[int, Meta(ge=1, le=3)]) -> None:
    ...         self.state["heap"] -= n
    ...         self.turns.next()
    """

    __slots__ = ()

    # Whose turn it is

    def begin(self, order: Iterable[Who] | None = None, first: Who | None = None) -> None:
        """
        Begin to take turns, or begin anew.

        :param order: players, or public groups, whose players have their turn together; by default all players, by
            number.
        :param first: whose turn it is first; by default the first of them.
        :raises ValueError: a group is not public, somebody has left or is named twice, or ``first`` is not among them.
        :raises TypeError: somebody is neither a player nor a group.
        :raises RuntimeError: the game is not played.
        """
        room = self._room
        self._check_playing("turns begin")
        entries = list(room.players if order is None else order)
        for who in entries:
            if not isinstance(who, Player | Group):
                raise TypeError(f"begin: {who!r} is neither a player nor a group")
            if isinstance(who, Group) and not who.public:
                raise ValueError(f"begin: the group {who.name!r} is not public, and whose turn it is all may know")
            if isinstance(who, Player) and who.gone:
                raise ValueError(f"begin: {who!r} has left the room")
        keys = tuple(map(key_of, entries))
        if len(set(keys)) < len(keys):
            raise ValueError("begin: somebody is named twice in the order")
        if first is not None and key_of(first) not in keys:
            raise ValueError(f"begin: {first!r} is not in the order")
        state = self._state()
        start = keys.index(key_of(first)) if first is not None else 0
        clocks.stop(room, state)
        room.journal.update(state, ring=keys, out=(), start=start, round=1)
        ring.turn_to(room, state, start if keys else None)
        clocks.fill_banks(room, state)
        clocks.run(room, state)

    def next(self, steps: int = 1) -> None:
        """
        Pass the turn on.

        :param steps: to the one after the next with 2; backwards where negative.
        :raises ValueError: it is 0, or no int.
        """
        state = self._begun("next")
        if type(steps) is not int or steps == 0:
            raise ValueError(f"next: steps is an int other than 0, not {steps!r}")
        at, rounds = ring.step(self._room, state, steps)
        self.pass_to(state, at, rounds)

    def to(self, who: Who) -> None:
        """
        Give somebody the turn.

        :raises ValueError: that one takes no turns, or is out.
        """
        state = self._begun("to")
        place = self._place(who)
        if not ring.seats_of(self._room, state.ring[place]):
            raise ValueError(f"to: {who!r} is out")
        self.pass_to(state, place, 0)

    def again(self) -> None:
        """
        Give another turn to the one whose turn it is.

        :raises RuntimeError: it is nobody's.
        """
        state = self._begun("again")
        if self.current is None:
            raise RuntimeError("again: it is nobody's turn")
        self.pass_to(state, state.at, 0)

    def reverse(self) -> None:
        """Go the other way round from now on; it stays whose turn it is."""
        state = self._begun("reverse")
        last = len(state.ring) - 1
        at = last - state.at if state.at is not None else None
        self._room.journal.update(state, ring=state.ring[::-1], at=at, start=last - state.start)

    def end(self) -> None:
        """Make it nobody's turn; open calls are dropped. Who takes turns stays known, until they `begin` again."""
        state = self._room.state.turns
        if state is not None:
            clocks.stop(self._room, state)
            ring.turn_to(self._room, state, None)

    def forget(self) -> None:
        """The game is over: nobody takes turns, nobody is waited for, and nothing of that is still to be called."""
        room, state = self._room, self._room.state.turns
        if state is not None:
            self.end()
            room.journal.update(state, ring=(), out=(), start=0, round=0, banks={})
            room.journal.assign(room.changes, "thens", ())

    def out(self, who: Who) -> None:
        """
        Take somebody out of turns and calls; the seat stays in the room.

        :raises ValueError: that one takes no turns.
        """
        room, state = self._room, self._begun("out")
        self._place(who)
        seats = ring.seats_of(room, key_of(who))
        if key_of(who) not in state.out:
            room.journal.set(state, "out", (*state.out, key_of(who)))
        calls.take_out(room, state, seats, everywhere=True)

    def back(self, who: Who, after: Who | None = None) -> None:
        """
        Let somebody take turns again who was out, or who came late.

        :param who: a player, or a group that takes turns together.
        :param after: behind whom; by default at the place of before, or last.
        """
        room, state = self._room, self._begun("back")
        key = key_of(who)
        if isinstance(who, Player) and who.gone:
            raise ValueError(f"back: {who!r} has left the room")
        if isinstance(who, Group) and not who.public:
            raise ValueError(f"back: the group {who.name!r} is not public, and whose turn it is all may know")
        room.journal.set(state, "out", tuple(one for one in state.out if one != key))
        if after is None and ring.owner_of(state, room, key) in state.ring:
            return
        behind = state.ring[self._place(after)] if after is not None else None
        had, first = self._key_at(state.at), self._key_at(state.start)
        entries = [one for one in state.ring if one != key]
        entries.insert(entries.index(behind) + 1 if behind is not None and behind in entries else len(entries), key)
        at = entries.index(had) if had is not None else None
        start = entries.index(first) if first is not None and first in entries else 0
        room.journal.update(state, ring=tuple(entries), at=at, start=start)
        clocks.fill_banks(room, state)

    # Calls

    def only(
        self,
        *players: Who,
        s: float | None = None,
        then: Callable[..., Any] | str | None = None,
        stage: str | None = None,
        in_order: bool = False,
    ) -> None:
        """
        Wait for these, and then go on with the turn where it stands: a call. It is over when all are `done`.

        :param players: who is waited for; groups as well.
        :param s: it is over after so many seconds; by default it has the clock of a turn.
        :param then: a method of the game that is called when it is over, without arguments.
        :param stage: a name, by which messages are open in this call alone: ``@message(turn=True, stage="discard")``.
        :param in_order: one after the other, instead of all at once.
        :raises RuntimeError: the game is not played, or 16 calls are open.
        :raises ValueError: no message is open in this stage.
        """
        room = self._room
        self._check_playing("calls are made")
        if stage is not None and not isinstance(stage, str):
            raise TypeError(f"a stage is a str or None, not {type(stage).__name__}")
        if stage is not None and stage not in room.spec.stages:
            names = ", ".join(sorted(room.spec.stages)) or "none"
            raise ValueError(f"no message is open in the stage {stage!r}: @message(turn=True, stage=...) names {names}")
        method = room.timers.method_called(then) if then is not None else None
        seconds = room.timers.seconds(s) if s is not None else None
        state = self._state()
        seats = dict.fromkeys(seat for who in players for seat in self._called(who))
        stage, serial = values.plain(stage), state.called + 1
        room.journal.set(state, "called", serial)
        waits = tuple(seats)
        calls.add(room, state, Call(serial=serial, waits=waits, s=seconds, then=method, stage=stage, in_order=in_order))
        calls.end_complete(room, state)

    def everyone(
        self,
        *,
        s: float | None = None,
        then: Callable[..., Any] | str | None = None,
        stage: str | None = None,
        in_order: bool = False,
    ) -> None:
        """
        Wait for all who take turns or, before turns have begun, for all players: a call, as `only` makes it.

        :param s: it is over after so many seconds.
        :param then: is called when it is over.
        :param stage: its name.
        :param in_order: one after the other, instead of all at once.
        """
        state = self._room.state.turns
        everybody = self.order if state is not None and state.ring else self._room.players
        self.only(*everybody, s=s, then=then, stage=stage, in_order=in_order)

    def done(self, player: Player) -> None:
        """
        Stop waiting for a player; nothing happens where that player is not waited for.

        After the last one a call is over; where none is open, the turn passes on.

        :raises TypeError: it is no player.
        """
        if not isinstance(player, Player):
            raise TypeError(f"done: {player!r} is no player")
        room, state = self._room, self._room.state.turns
        if state is None or player.id not in waited_for(room, state):
            return
        if state.calls:
            calls.take_out(room, state, (player.id,))
            return
        room.journal.set(state, "done", (*state.done, player.id))
        if not waited_for(room, state):
            self.next()

    def also(self, *players: Who) -> None:
        """
        Wait for these too, or again, in the call on top, or else in the turn.

        :raises RuntimeError: nobody is waited for.
        """
        room, state = self._room, self._begun("also")
        seats = [seat for who in players for seat in self._called(who)]
        if state.calls:
            top = state.calls[-1]
            waits = (*top.waits, *(seat for seat in seats if seat not in top.waits))
            room.journal.set(state, "calls", (*state.calls[:-1], structs.replace(top, waits=waits)))
        elif state.at is not None:
            room.journal.set(state, "done", tuple(seat for seat in state.done if seat not in seats))
            added = (seat for seat in seats if seat not in state.added)
            room.journal.set(state, "added", (*state.added, *added))
        else:
            raise RuntimeError("also: nobody is waited for; make a call with only(...)")
        clocks.run(room, state)

    def stop(self) -> None:
        """End the call on top, without what ``then`` names; nothing happens where none is open."""
        state = self._room.state.turns
        if state is not None and state.calls:
            calls.end(self._room, state, then=False)

    def no_undo(self) -> None:
        """
        Forbid to take back what led here: somebody has seen what was hidden.

        In a player's message: what that player has sent, with this message. Elsewhere: what anybody has sent.
        """
        self._room.journal.assign(self._room.changes, "no_undo", True)

    # What people read

    def prompt(self, text: str, others: str | None = None, to: Player | None = None, **args: Any) -> None:
        """
        Say what is waited for, until this turn or call ends.

        :param text: for those who are active; ``{name}`` in it is filled in from the arguments by pages, so that texts
            can be translated.
        :param others: for everybody else.
        :param to: show it to this player alone.
        :param args: JSON values; a player or a group is shown by name.
        :raises RuntimeError: nobody is waited for.
        """
        room, state = self._room, self._begun("prompt")
        shown = {name: arg.name if isinstance(arg, Player | Group) else arg for name, arg in args.items()}
        prompt = Prompt(values.plain(text), values.plain(others), values.plain(shown))
        if not isinstance(prompt.text, str) or not isinstance(prompt.others, str | None):
            raise TypeError("prompt: both texts are strings")
        level: Level = state.calls[-1] if state.calls else state.turn
        if not state.calls and state.at is None:
            raise RuntimeError("prompt: nobody is waited for")
        if to is None:
            level = structs.replace(level, prompt=prompt)
        else:
            level = structs.replace(level, whispers={**level.whispers, to.id: prompt})
        clocks.set_top(room, state, level)

    # Within

    def _state(self) -> TurnsState:
        room = self._room
        if room.state.turns is None:
            room.journal.set(room.state, "turns", TurnsState())
        state = room.state.turns
        assert state is not None
        return state

    def _check_playing(self, what: str) -> None:
        if self._room.state.status != "playing":
            raise RuntimeError(f"{what} once the game is played: in on_start, or later")

    def pass_to(self, state: TurnsState, at: int | None, rounds: int) -> None:
        """
        End the turn, and begin that of a place of the ring.

        :param state: the room's turns.
        :param at: the place; None: nobody's.
        :param rounds: how many rounds begin with it.
        """
        room = self._room
        clocks.end_turn(room, state)
        if rounds:
            room.journal.set(state, "round", state.round + rounds)
        ring.turn_to(room, state, at)
        clocks.run(room, state)

    def _key_at(self, place: int | None) -> str | None:
        state = self._state()
        return state.ring[place] if place is not None and place < len(state.ring) else None

    def _called(self, who: Who) -> list[str]:
        """:returns: the seats of somebody who is called."""
        room, state = self._room, self._room.state.turns
        if isinstance(who, Group):
            return ring.seats_of(room, who.key) if state is not None else [player.id for player in who.players]
        if not isinstance(who, Player):
            raise TypeError(f"{who!r} is neither a player nor a group")
        return [who.id] if not who.gone else []
