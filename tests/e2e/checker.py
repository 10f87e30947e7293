"""
Compares what the clients of a room were told with what the room has.

It reads what went over the wire, message by message, and does not rely on any client: it puts documents together and
counts streams itself. The game of `tests.e2e.crash_games` tells an auditor what the room has. It finds:

- what was told (a reply, an event, a patch, a document, a line of chat, a timer) and is not in the room: a lost step;
- what is there twice, out of order, or was never asked for; what was refused and is there all the same;
- a request with two answers, or sent again with other content; one that has no answer by the end;
- a stream with a gap or a repeat; a number of a stream under which two clients were told different things;
- a timer that fires twice, that was never armed, or by the end has not fired.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final

from gameserver.protocol.patches import apply_ops
from gameserver.room.publish.streams import LOG_MESSAGES

Message = dict[str, Any]

SHORT_ABSENCE: Final = LOG_MESSAGES // 4
"""
Messages of its own streams that a client may miss and still has a right to be told, one by one, when it comes back: in
these rooms at least a quarter of what the room's tail holds is for any one seat. It has no such right where it changed
sides meanwhile: then it knows nothing yet of a stream that it hears now.
"""

REFUSALS: Final = frozenset({"refused", "busy", "forbidden"})
"""With which a request may be answered (``forbidden``: a line to a team just left); it has left no trace then."""


@dataclass
class Witness:
    """
    One client, and all that went over its connections.

    :ivar seat: its seat's id.
    :ivar told: by connection, what it was told.
    :ivar said: by connection, what it said.
    """

    name: str
    seat: str
    told: list[list[Message]]
    said: list[list[Message]]

    def until_now(self) -> Witness:
        """Keep what was heard so far, while more is heard."""
        return Witness(self.name, self.seat, [list(one) for one in self.told], [list(one) for one in self.said])

    def all(self, op: str | None = None) -> Iterator[Message]:
        """All that it was told, or what has this op."""
        return (message for one in self.told for message in one if op in (None, message["op"]))

    def heard(self, type: str) -> list[Any]:
        """The data of all events of this type."""
        return [message["data"] for message in self.all("event") if message["type"] == type]

    def requests(self) -> dict[int, Message]:
        """What it asked the room's game for, by id, as it was said first."""
        asked: dict[int, Message] = {}
        for message in (message for one in self.said for message in one):
            if message["op"] in ("send", "chat") and message.get("type") != "audit":
                asked.setdefault(message["id"], message)
        return asked

    def answers(self) -> Iterator[Message]:
        """What answers these requests."""
        asked = self.requests()
        return (m for m in self.all() if m["op"] in ("ok", "error") and m["id"] in asked)


@dataclass
class View:
    """
    What a client has put together from its messages.

    :ivar counts: how far it has heard each stream.
    :ivar docs: by stream.
    :ivar timers: those that run, by stream and name.
    :ivar faults: of its streams.
    """

    name: str
    counts: dict[str, int] = field(default_factory=dict)
    docs: dict[str, Any] = field(default_factory=dict)
    timers: dict[tuple[str, str], Message] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    joined: bool = False

    def hear(self, message: Message) -> None:
        """Take in the next message, in the order of the wire."""
        if message["op"] == "joined":
            self._join(message)
        elif message["op"] == "doc":
            self._enter(message)
        elif message.get("n") is not None and self._counted(message):
            if message["op"] == "patch":
                self._patch(message)
            elif message["op"] == "timer":
                self._time(message)

    def _join(self, message: Message) -> None:
        seen = {stream: n for stream, n in message["seen"].items() if stream != "epoch"}
        if message["recovered"]:
            if seen != self.counts:
                self._blame(f"it had heard {self.counts}, and is brought back to {seen}")
            return
        if self.joined:
            missed = sum(n - self.counts.get(stream, n) for stream, n in seen.items())
            is_short = set(seen) == set(self.counts) and 0 <= missed < SHORT_ABSENCE
            if message["recovered"] is None or is_short:
                self._blame(f"was given whole documents (recovered: {message['recovered']}), having missed {missed}")
            if missed < 0:
                self._blame(f"it had heard {self.counts}, and the room is only at {seen}")
        self.joined = True
        self.counts = seen
        self.docs = deepcopy(message["docs"])
        self.timers = {(timer["stream"], timer["name"]): timer for timer in message["timers"]}

    def _enter(self, message: Message) -> None:
        stream = message["stream"]
        if message["doc"] is None:
            self.counts.pop(stream, None)
            self.docs.pop(stream, None)
            self.timers = {key: timer for key, timer in self.timers.items() if key[0] != stream}
        else:
            self.counts[stream] = message["n"]
            self.docs[stream] = deepcopy(message["doc"])

    def _counted(self, message: Message) -> bool:
        stream, n = message["stream"], message["n"]
        known = self.counts.get(stream)
        if known is None:
            if message["op"] not in ("seats", "room"):  # a step tells these before the stream's first document
                self._blame(f"{message['op']} {n} of {stream}, which it does not hear")
            return False
        if n != known + 1:
            self._blame(f"{stream} goes on with {n} after {known}")
        self.counts[stream] = n
        return True

    def _patch(self, message: Message) -> None:
        try:
            apply_ops(self.docs.setdefault(message["stream"], {}), deepcopy(message["ops"]))
        except (LookupError, TypeError, ValueError) as error:
            self._blame(f"patch {message['n']} of {message['stream']} does not fit: {error!r}")

    def _time(self, message: Message) -> None:
        key = (message["stream"], message["name"])
        if message.get("ends") is None and message.get("paused_ms") is None:
            self.timers.pop(key, None)
        else:
            self.timers[key] = message

    def _blame(self, what: str) -> None:
        self.faults.append(f"{self.name}: {what}")


@dataclass
class Truth:
    """
    What the room has.

    :ivar applied: each request that was applied, as ``[seat, what, kind]``, in order.
    :ivar entries: each ``add`` of them, as ``[seat, what, salt]``.
    :ivar own: the same by seat, as ``what``; ``teams``: by team, as ``[seat, what]``.
    :ivar chat: the lines, as ``[seat, what, team or "room"]``.
    :ivar rung: the timers that fired, as ``[seat, what]``.
    :ivar hooks: of who was taken for gone or for back, and what only half a step leaves: nothing ever.
    """

    applied: list[list[Any]]
    entries: list[list[Any]]
    own: dict[str, list[int]]
    teams: dict[str, list[list[Any]]]
    chat: list[list[Any]]
    rung: list[list[Any]]
    hooks: list[str]

    def armed(self) -> list[list[Any]]:
        """Each timer that was ever armed, as ``[seat, what]``."""
        return [[seat, what] for seat, what, kind in self.applied if kind == "arm"]


def find_faults(truth: Truth, witnesses: Sequence[Witness], *, ended: bool) -> list[str]:
    """
    Compare.

    :param witnesses: everybody who asked the room for anything.
    :param ended: nobody plays any more and all timers have fired: everything is answered, and everybody has heard all.
        Otherwise what the room has may be more than what was told, and never less.
    :returns: what is wrong, in words; nothing, if all is well.
    """
    faults = [*_of_truth(truth, ended=ended), *_of_numbers(witnesses)]
    for witness in witnesses:
        view = View(witness.name)
        for message in witness.all():
            view.hear(message)
        found = [
            *_of_requests(witness, ended=ended),
            *_of_answers(witness, truth),
            *_of_applied(witness, truth),
            *_of_documents(witness, view, truth, ended=ended),
            *_of_events(witness, truth, ended=ended),
            *_of_chat(witness, truth),
        ]
        if ended and view.timers:
            found.append(f"is shown timers that have fired: {list(view.timers)}")
        faults += view.faults + [f"{witness.name}: {fault}" for fault in found]
    return faults


def _of_truth(truth: Truth, *, ended: bool) -> Iterator[str]:
    """The room agrees with itself, and has nothing twice."""
    applied = [(seat, what) for seat, what, _ in truth.applied]
    yield from (f"applied {n} times: {one}" for one, n in Counter(applied).items() if n > 1)
    added = [[seat, what] for seat, what, kind in truth.applied if kind == "add"]
    if [entry[:2] for entry in truth.entries] != added:
        yield "the entries are not what was applied"
    own = {seat: [what for owner, what in added if owner == seat] for seat in truth.own}
    if own != truth.own or {seat for seat, _ in added} - set(own):
        yield "the seats' documents are not what was applied"
    if sorted(map(str, added)) != sorted(str(one) for log in truth.teams.values() for one in log):
        yield "the teams' documents are not what was applied"
    if [line[:2] for line in truth.chat] != [[seat, what] for seat, what, kind in truth.applied if kind == "chat"]:
        yield "the chat is not what was applied"
    armed, rung = Counter(map(str, truth.armed())), Counter(map(str, truth.rung))
    yield from (f"a timer fired that was not armed, or fired twice: {one}" for one in rung - armed)
    if ended:
        yield from (f"a timer never fired: {one}" for one in armed - rung)
    yield from (f"a hook ran, or a step was half applied: {hook}" for hook in truth.hooks)


def _of_numbers(witnesses: Iterable[Witness]) -> Iterator[str]:
    """Under one number of a stream all were told the same."""
    told: dict[tuple[str, int], str] = {}
    for witness in witnesses:
        for message in witness.all():
            if message.get("n") is None or message["op"] in ("joined", "doc", "skip"):
                continue
            stream = f"seat {witness.seat}" if message["stream"] == "seat" else message["stream"]
            content = json.dumps(message, sort_keys=True)
            if (before := told.setdefault((stream, message["n"]), content)) != content:
                yield f"{message['n']} of {stream} is to one {before}, to another {content}"


def _of_requests(witness: Witness, *, ended: bool) -> Iterator[str]:
    """What was said again was the same, and each request has one answer."""
    asked = witness.requests()
    for message in (message for one in witness.said for message in one):
        if message.get("id") in asked and message != asked[message["id"]]:
            yield f"said {message['id']} again as another"
    answered = Counter(answer["id"] for answer in witness.answers())
    yield from (f"{n} answers to {id}" for id, n in answered.items() if n > 1)
    if ended:
        yield from (f"no answer to {id}: {request}" for id, request in asked.items() if id not in answered)


def what_of(request: Message) -> int:
    """Read the number that its sender gave a request."""
    return int(request["text"]) if request["op"] == "chat" else int(request["data"]["what"])


def _of_answers(witness: Witness, truth: Truth) -> Iterator[str]:
    """What was answered is there, just so; what was refused is not."""
    asked = witness.requests()
    applied = {what for seat, what, _ in truth.applied if seat == witness.seat}
    for answer in witness.answers():
        request = asked[answer["id"]]
        what = what_of(request)
        if answer["op"] == "error":
            if answer["code"] not in REFUSALS:
                yield f"{what} was answered {answer}"
            if what in applied:
                yield f"{what} was refused ({answer['code']}), and is there"
        elif what not in applied:
            yield f"{what} was acknowledged, and is lost: {request}"
        elif request.get("type") in ("add", "add_later"):
            place, count, salt = answer["data"]
            if place != count or truth.entries[place - 1 : place] != [[witness.seat, what, salt]]:
                yield f"{what} was answered {answer['data']}, which is not so"


def _of_applied(witness: Witness, truth: Truth) -> Iterator[str]:
    """What is there was asked for, and in that order."""
    asked = [what_of(request) for request in witness.requests().values()]
    applied = [what for seat, what, _ in truth.applied if seat == witness.seat]
    if strange := set(applied) - set(asked):
        yield f"never asked for {sorted(strange)}"
    if applied != sorted(applied):
        yield f"what was asked for in order was applied in another: {applied}"


def _of_documents(witness: Witness, view: View, truth: Truth, *, ended: bool) -> Iterator[str]:
    """The lists of every document only grow: what a client has of one is how it begins; in the end it is all of it."""
    room, seat = view.docs.get("room", {}), view.docs.get("seat", {})
    pairs = [
        ("entries", room.get("entries", []), truth.entries),
        ("rung", room.get("rung", []), truth.rung),
        ("own", seat.get("own", []), truth.own.get(witness.seat, []) if "own" in seat else []),
    ]
    for stream, document in view.docs.items():
        if stream.startswith("group:") and "log" in document:
            pairs.append((stream, document["log"], truth.teams[stream.removeprefix("group:")]))
    for name, ours, theirs in pairs:
        if ours != theirs[: len(ours)] or (ended and len(ours) != len(theirs)):
            yield f"the document's {name} are {_tail(ours)}, the room's {_tail(theirs)}"


def _of_events(witness: Witness, truth: Truth, *, ended: bool) -> Iterator[str]:
    """Events come once each and in order, from when the seat was taken on, or from the last whole documents."""
    stretches = list(_stretches(witness))
    for index, (docs, events) in enumerate(stretches):
        room, seat = docs.get("room", {}), docs.get("seat", {})
        own = truth.own.get(witness.seat, [])
        is_last = ended and index == len(stretches) - 1
        for type, before, all_of_it in (
            ("added", len(room.get("entries", [])), truth.entries),
            ("rung", len(room.get("rung", [])), truth.rung),
            ("yours", len(seat["own"]) if "own" in seat else 0 if index == 0 else None, own),
        ):
            heard = [event["data"] for event in events if event["type"] == type]
            there = all_of_it[before:] if before is not None else [one for one in all_of_it if one in heard]
            if heard != there[: len(heard)] or (is_last and len(heard) != len(there)):
                yield f"the events {type} are {_tail(heard)}, in the room {_tail(there)}"
    teams = [one for log in truth.teams.values() for one in log]
    yield from (f"heard of {one} in a team, which is lost" for one in witness.heard("team") if one not in teams)


def _stretches(witness: Witness) -> Iterator[tuple[dict[str, Any], list[Message]]]:
    """The events that follow each giving of whole documents, with these."""
    docs, events = None, []
    for message in witness.all():
        if message["op"] == "joined" and not message["recovered"]:
            if docs is not None:
                yield docs, events
            docs, events = message["docs"], []
        elif message["op"] == "event":
            events.append(message)
    if docs is not None:
        yield docs, events


def _of_chat(witness: Witness, truth: Truth) -> Iterator[str]:
    """Lines come once each, in order, and were said."""
    # Lines that a document brings were said before; they may have been heard.
    heard = [[m["from"]["seat"], int(m["text"]), m["to"].removeprefix("group:")] for m in witness.all("chat")]
    yield from (f"heard a line that is lost: {line}" for line in heard if line not in truth.chat)
    if (order := [truth.chat.index(line) for line in heard if line in truth.chat]) != sorted(set(order)):
        yield f"heard lines twice or out of order: {order}"


def _tail(items: Sequence[Any]) -> str:
    return f"{len(items)} that end with {list(items[-3:])}"


class Counts(Counter[str]):
    """What was checked, for people to read."""

    def add(self, truth: Truth, witnesses: Iterable[Witness]) -> None:
        """Count a room in that has been checked."""
        self["rooms"] += 1
        self["timers"] += len(truth.rung)
        self["applied"] += len(truth.applied)
        for witness in witnesses:
            self["clients"] += 1
            asked = witness.requests()
            self["requests"] += len(asked)
            self["said again"] += sum(1 for one in witness.said for m in one if m.get("id") in asked) - len(asked)
            self["replies"] += sum(1 for answer in witness.answers() if answer["op"] == "ok")
            self["refusals"] += sum(1 for answer in witness.answers() if answer["op"] == "error")
            joins = list(witness.all("joined"))
            self["recovered"] += sum(1 for joined in joins if joined["recovered"])
            self["not recovered"] += sum(1 for joined in joins if joined["recovered"] is False)
            for op, many in (("event", "events"), ("patch", "patches"), ("doc", "documents"), ("chat", "lines")):
                self[many] += sum(1 for _ in witness.all(op))

    def __str__(self) -> str:
        return ", ".join(f"{name} {n:,}" for name, n in self.items())
