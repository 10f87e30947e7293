"""
What happens in each conversation. Those in `PLAYED` are played by the real node, which adds what the seat hears. Those
in `WRITTEN` are about what no correct server does on demand, and contain what is heard.
"""

from __future__ import annotations

from typing import Any

from tests.vectors.play import LIMITS, Step

NUMBERS = [0, -1, 2**31, -(2**31) - 1, 2**32, 2**53, -(2**53), 0.1, -1.5e-300, 1.7976931348623157e308]
BYTES = {"$bytes": "AP8Q"}


def says(op: str, call: list[Any] | None = None, **fields: Any) -> Step:
    """The client says it, of itself or since something was called."""
    return {**({"call": call} if call is not None else {}), "says": {"op": op, **fields}}


def other(name: str, op: str, **fields: Any) -> Step:
    """Somebody else says something; no matter to the client."""
    return {"other": name, "says": {"op": op, **fields}}


def hears(op: str, **fields: Any) -> Step:
    """The client hears it."""
    return {"hears": {"op": op, **fields}}


LOST: Step = {"lost": 1006}
CREATE = [
    says("hello", guest={"name": "Ann"}),
    says("create", ["create", "vectors"], id=1, game="vectors", name="Ann"),
]
BACK = says("hello", token="TOKEN", client="CLIENT")
JOIN = other("Bob", "join", room="K7QM")


class Sending:
    """Counts the requests of one conversation."""

    def __init__(self, id: int = 1) -> None:
        self.id = id

    def __call__(self, type: str, /, **data: Any) -> Step:
        self.id += 1
        return says("send", ["send", type, data], id=self.id, room="K7QM", type=type, data=data)

    def put(self, path: list[Any], value: Any, doc: str = "room") -> Step:
        return self("put", doc=doc, path=path, value=value)

    def splice(self, path: list[Any], index: int, count: int, items: list[Any], doc: str = "room") -> Step:
        return self("splice", doc=doc, path=path, index=index, count=count, items=items)

    def delete(self, path: list[Any], doc: str = "room") -> Step:
        return self("delete", doc=doc, path=path)


def documents() -> list[Step]:
    """Sets, deletes and splices, in trees within trees; keys that need an escape, bytes, and numbers at their edges."""
    send = Sending()
    return [
        *CREATE,
        send.put(["deep"], {"a": [[1, [2, 3]], {"b": [4]}], "n": None}),
        send.put(["deep", "a", 0, 1, 1], "three"),
        send.put(["deep", "a", 1, "b", 0], {"c": []}),
        send.splice(["deep", "a", 0], 1, 0, []),
        send.splice(["deep", "a", 1, "b"], 1, 0, ["one"]),
        send.splice(["deep", "a", 1, "b"], 0, 1, []),
        send.splice(["deep", "a"], 1, 1, ["x", ["y"], {"z": 1}]),
        send.splice(["deep", "a"], 0, 4, [0]),
        send.splice(["deep", "a"], 1, 0, list(range(1, 20))),
        send.splice(["deep", "a"], 5, 10, ["middle"]),
        send.delete(["deep", "n"]),
        send.delete(["deep"]),
        send.put(["$money"], {"$$bytes": "no bytes", "$$$": [{"$$x": 1}]}),
        send.put(["$money", "$y"], "\u00e9\U0001f600\u2028"),
        send.delete(["$money", "$$"]),
        send.put(["blob"], BYTES),
        send.put(["blobs"], [BYTES, {"$bytes": ""}]),
        send.put(["numbers"], NUMBERS),
        send.put(["numbers", 0], 1.5),
        send.put([""], {"": ""}),
        send.put(["__proto__"], {"constructor": 1}),
        send.put(["hand"], ["queen"], "seat"),
        send.splice(["hand"], 1, 0, [7], "seat"),
    ]  # fmt: skip


def events() -> list[Step]:
    """Events, one of which is not for this seat, volatile ones, replies, refusals, timers, and the end of a game."""
    send = Sending()
    return [
        *CREATE,
        JOIN,
        send("event", to="room", type="reveal", data={"$$card": BYTES, "n": [1, None]}),
        send("event", to="room", type="hidden", but=True),
        send("event", to="room", type="after"),
        send("event", to="room", type="cursor", data=[0.5, 1], loose=True),
        send("event", to="seat", type="secret", data="psst"),
        send("refuse"),
        send("put", nonsense=1),
        says("send", ["tell", "event", {"to": "room", "type": "told"}], room="K7QM", type="event",
             data={"to": "room", "type": "told"}),
        says("send", ["tell", "refuse"], room="K7QM", type="refuse"),
        send("arm", s=30),
        send("arm", s=10.5, own=True),
        send("disarm"),
        {"passes_s": 11},
        send("end"),
        says("start", ["start"], id=send.id + 1, room="K7QM"),
    ]  # fmt: skip


def groups() -> list[Step]:
    """Into a group, what is said there, out of it again; nothing of it is known then."""
    send = Sending()
    return [
        *CREATE,
        JOIN,
        send("move", group="red", on=True, whom="2"),
        send("move", group="red", on=True),
        send.put(["plan"], ["left"], "red"),
        send("event", to="red", type="whisper", data=1),
        other("Bob", "send", room="K7QM", type="move", data={"group": "red", "on": False, "whom": "1"}),
        other("Bob", "send", room="K7QM", type="put", data={"doc": "red", "path": ["plan"], "value": 1}),
        other("Bob", "send", room="K7QM", type="move", data={"group": "red", "on": True, "whom": "1"}),
        says("chat", ["say", "ours", "group:red"], id=send.id + 1, room="K7QM", text="ours", to="group:red"),
        other("Bob", "chat", room="K7QM", text="yours", to="group:red"),
        other("Bob", "send", room="K7QM", type="move", data={"group": "red", "on": False, "whom": "1"}),
        other("Bob", "leave", room="K7QM"),
    ]


def chat() -> list[Step]:
    """Lines, their changes, and that they are taken back."""
    return [
        *CREATE,
        JOIN,
        says("chat", ["say", "hello @Bob", "room", {"$$face": 1}], id=2, room="K7QM", text="hello @Bob", to="room",
             data={"$$face": 1}),
        other("Bob", "typing", room="K7QM", to="room", on=True),
        other("Bob", "chat", room="K7QM", text="hi"),
        other("Bob", "chat", room="K7QM", text="/me waves"),
        says("chat", ["say", "for you", "seat:2"], id=3, room="K7QM", text="for you", to="seat:2"),
        other("Bob", "edit", room="K7QM", stream="room", line=5, text="hi there", data={"new": True}),
        other("Bob", "unsay", room="K7QM", stream="room", line=6),
        other("Bob", "edit", room="K7QM", stream="room", line=5, text="hi again"),
    ]  # fmt: skip


def resumed() -> list[Step]:
    """The connection is lost, and comes back in time: what was missed follows ``joined``, and nothing else."""
    send = Sending()
    return [
        *CREATE,
        JOIN,
        send.put(["n"], [1]),
        LOST,
        other("Bob", "send", room="K7QM", type="splice",
              data={"doc": "room", "path": ["n"], "index": 1, "count": 0, "items": [2, 3]}),
        other("Bob", "send", room="K7QM", type="event", data={"to": "room", "type": "missed"}),
        other("Bob", "send", room="K7QM", type="event", data={"to": "room", "type": "gone", "loose": True}),
        other("Bob", "send", room="K7QM", type="event", data={"to": "room", "type": "hidden", "but": True}),
        other("Bob", "chat", room="K7QM", text="where are you?"),
        BACK,
        says("resume", id=3, room="K7QM", resume="SECRET", seen={"epoch": "EPOCH", "room": 4, "seat": 0}),
        Sending(3).put(["n", 0], "back"),
    ]  # fmt: skip


def left() -> list[Step]:
    """Somebody else goes, and then this seat is taken away."""
    return [
        *CREATE,
        JOIN,
        other("Cy", "join", room="K7QM"),
        other("Bob", "leave", room="K7QM"),
        other("Cy", "send", room="K7QM", type="eject", data={"whom": "1"}),
    ]


def leaves() -> list[Step]:
    """This seat is given up."""
    return [*CREATE, JOIN, says("leave", ["leave"], id=2, room="K7QM")]


def moves() -> list[Step]:
    """A game is played by its moves: ready, bots, turns, choices, what is refused, and what is taken back."""

    def bob(type: str, **data: Any) -> Step:
        return other("Bob", "send", room="K7QM", type=type, data=data)

    def play(id: int, call: list[Any], turn: int, type: str, **data: Any) -> Step:
        return says("send", ["play", *call], id=id, room="K7QM", type=type, data=data, turn=turn)

    return [
        says("hello", guest={"name": "Ann"}),
        says("create", ["create", "heap"], id=1, game="heap", name="Ann"),
        JOIN,
        says("bot", ["bot", {"level": "random", "name": "Robo"}], id=2, room="K7QM", level="random", name="Robo"),
        says("bot", ["bot", {"level": "clever"}], id=3, room="K7QM", level="clever"),
        says("bot", ["bot", {"seat": "3"}], id=4, room="K7QM", seat="3"),
        says("ready", ["ready"], id=5, on=True, room="K7QM"),
        says("ready", ["ready", False], id=6, on=False, room="K7QM"),
        other("Bob", "ready", room="K7QM", on=True),
        says("ready", ["ready"], id=7, on=True, room="K7QM"),
        play(8, [1], 1, "take", n=2),
        says("undo", ["undo"], id=9, room="K7QM"),
        play(10, [0], 1, "take", n=1),
        bob("take", n=3),
        says("undo", ["undo"], id=11, room="K7QM"),
        play(12, [3, {"to": "2", "cards": ["b", "a"]}], 3, "give", to="2", cards=["b", "a"], **{"$$n": 1}),
        says("send", ["send", "take", {"n": 4}], id=13, room="K7QM", type="take", data={"n": 4}),
        says("send", ["send", "take", {"n": True}], id=14, room="K7QM", type="take", data={"n": True}),
        play(15, [4], 3, "roll", dice=1),
        says("undo", ["undo"], id=16, room="K7QM"),
        LOST,
        bob("take", n=3),
        BACK,
        says("resume", id=17, room="K7QM", resume="SECRET", seen={"epoch": "EPOCH", "room": 22, "seat": 0}),
        {"passes_s": 31},
    ]


PLAYED = {
    "documents": documents, "events": events, "groups": groups, "chat": chat, "resumed": resumed, "left": left,
    "leaves": leaves, "moves": moves,
}  # fmt: skip

SEAT = {"number": 0, "role": "player", "online": True, "profile": {}, "groups": [], "gone": False,
        "bot": None, "stand_in": False, "ready": False}  # fmt: skip
ANN = {"id": "1", "name": "Ann", "host": True, **SEAT}
BOB = {"id": "2", "name": "Bob", "host": False, **SEAT, "number": 1}
INFO = {"status": "playing", "phase": None, "locked": False, "paused": False, "options": {}, "result": None,
        "answered": {}, "asked": {}, "turn": None}  # fmt: skip
USER = {"id": "guest:1", "name": "Ann", "rights": []}
WELCOME = hears("welcome", user=USER, token="TOKEN", client="CLIENT", now=1_767_225_600_000, limits=LIMITS)


def joined(id: int, recovered: bool | None, **fields: Any) -> Step:
    """The answer that gives the seat, or gives it back."""
    seat = {"id": "1", "number": 0, "role": "player", "resume": "SECRET"}
    known = {"docs": {"room": {"a": {"b": [1, 2]}}, "seat": {}}, "timers": [], "chat": [], "channels": [], "read": {},
             "moves": None, "seats": [ANN, BOB], "info": INFO,
             "seen": {"epoch": "EPOCH", "room": 4, "seat": 0}}  # fmt: skip
    return hears(
        "joined", id=id, room="K7QM", game="vectors", seat=seat, recovered=recovered, last_id=0, **known | fields
    )


def said(n: int, stream: str = "room", op: str = "event", **fields: Any) -> Step:
    """Something is said on a stream."""
    if op == "event":
        fields = {"type": "e", "data": n, **fields}
    return hears(op, room="K7QM", stream=stream, n=n, **fields)


def begun(**fields: Any) -> list[Step]:
    """A seat is held."""
    return [
        says("hello", guest={"name": "Ann"}),
        WELCOME,
        says("join", ["join", "K7QM"], id=1, room="K7QM", name="Ann"),
        joined(1, None, **fields),
    ]


def resume(id: int, **seen: int) -> Step:
    return says("resume", id=id, room="K7QM", resume="SECRET", seen={"epoch": "EPOCH", **seen})


def twice() -> list[Step]:
    """What was counted before is old, whatever it is; a stream's number says so, and nothing else."""
    line = {"from": {"seat": "2", "name": "Bob"}, "to": "room", "text": "hi", "data": None, "at": 1}
    splice = [[2, ["a", "b"], 2, 0, [3]]]
    return [
        *begun(),
        said(5, op="patch", ops=splice),
        said(5, op="patch", ops=splice),
        said(4),
        said(6),
        said(6),
        said(7, op="chat", **line),
        said(7, op="chat", **line),
        said(8, op="skip"),
        said(8),
        said(9, op="seats", seats=[{**BOB, "online": False}]),
        said(9, op="seats", seats=[{**BOB, "gone": True}]),
        said(1, "seat"),
        said(1, "seat"),
    ]


def jumped() -> list[Step]:
    """Something is missing: the client resumes, and takes nothing until it has what is missing."""
    return [
        *begun(),
        said(5),
        said(7),
        resume(2, room=5, seat=0),
        said(8),
        joined(2, True, docs={}, seen={"epoch": "EPOCH", "room": 5, "seat": 0}),
        said(6, op="patch", ops=[[0, ["a", "b", 0], "six"]]),
        said(7),
        said(8),
        said(9),
    ]


def not_recovered() -> list[Step]:
    """What was missed cannot be told: all is anew, and what is not there any more is gone."""
    line = {"stream": "room", "n": 2, "from": None, "to": "room", "text": "new", "data": None, "at": 2}
    old = {**line, "n": 1, "text": "old"}
    timer = {"stream": "room", "n": 4, "name": "bell", "ends": 1_767_225_630_000, "paused_ms": None}
    docs = {"room": {"gone": 1, "kept": [1]}, "seat": {"hand": []}, "group:red": {"plan": 1}}
    seen = {"epoch": "EPOCH", "room": 4, "seat": 0, "group:red": 1}
    before = {"docs": docs, "seen": seen, "chat": [old], "timers": [timer], "seats": [{**ANN, "groups": ["red"]}, BOB]}
    after = {
        "docs": {"room": {"kept": [2], "come": {}}, "seat": {}},
        "chat": [line],
        "seats": [ANN],
        "info": {**INFO, "status": "over", "result": {"winner": 0}},
        "seen": {"epoch": "OTHER", "room": 2, "seat": 0},
    }
    return [
        *begun(**before),
        LOST,
        BACK,
        WELCOME,
        resume(2, room=4, seat=0, **{"group:red": 1}),
        joined(2, False, **after),
        said(3),
        LOST,
        BACK,
        WELCOME,
        says("resume", id=3, room="K7QM", resume="SECRET", seen={"epoch": "OTHER", "room": 3, "seat": 0}),
    ]  # fmt: skip


def slow_reader() -> list[Step]:
    """A patch was withheld: ``doc`` has what it made of the document, and sets the counter, whatever that was."""
    return [
        *begun(),
        said(9, op="doc", doc={"a": {"b": [9]}, "more": [1]}, chat=[]),
        said(10),
        said(10, op="patch", ops=[[1, ["more"]]]),
        said(11, op="patch", ops=[[1, ["more"]]]),
        said(3, "seat", op="doc", doc={"hand": [1]}, chat=[]),
        said(4, "seat", op="patch", ops=[[0, ["hand", 0], 2]]),
    ]


def misfit() -> list[Step]:
    """A patch does not fit what is known: only a whole document helps, so nothing is said to be seen."""
    return [
        *begun(),
        said(5, op="patch", ops=[[0, ["no", "such"], 1]]),
        says("resume", id=2, room="K7QM", resume="SECRET"),
        joined(2, False, docs={"room": {"whole": True}, "seat": {}}, seen={"epoch": "EPOCH", "room": 5, "seat": 0}),
        said(6, op="patch", ops=[[1, ["whole"]]]),
    ]


def unknown() -> list[Step]:
    """What a later server adds is passed over: keys, ops, and what another room's would be."""
    return [
        *begun(later={"any": 1}),
        hears("error", id=None, code="later", message="?", path=None, room="K7QM"),
        said(5, later=[1]),
        hears("event", room="ELSE", stream="room", n=1, type="e", data=1),
        said(6, op="room", info={**INFO, "phase": "night"}),
        said(7, op="timer", name="bell", ends=None, paused_ms=5000),
        said(8, op="timer", name="bell", ends=1_767_225_630_000, paused_ms=None),
        said(9, op="timer", name="bell", ends=None, paused_ms=None),
        hears("left", room="K7QM", reason="closed", message="The end."),
    ]


def audiences() -> list[Step]:
    """Each stream tells of a seat's groups what its audience may know; all else stays. What is left is seen no more."""
    red, tall = {**ANN, "groups": ["red"]}, {**BOB, "groups": ["tall"]}
    return [
        *begun(),
        said(5, op="seats", seats=[tall]),
        said(7, "group:red", op="seats", seats=[red, {**tall, "groups": ["red", "tall"]}]),
        said(7, "group:red", op="doc", doc={"plan": 1}, chat=[]),
        said(1, "seat", op="seats", seats=[red, {**tall, "groups": ["red", "tall"]}]),
        said(6, op="seats", seats=[{**tall, "online": False}]),
        said(8, "group:red", op="seats", seats=[{**BOB, "groups": []}]),
        said(9, "group:red"),
        said(10, "group:red", op="chat", **{"from": None}, to="red", text="red alone", data=None, at=3),
        said(11, "group:red", op="doc", doc=None, chat=[]),
        LOST,
        BACK,
        WELCOME,
        resume(2, room=6, seat=1),
    ]


def memberships() -> list[Step]:
    """Who leaves a public group is in it no more, for all; who leaves a private one forgets who is in it."""
    info = {**INFO, "groups": ["red", "blue"]}
    ann, bob = {**ANN, "groups": ["red", "tall"]}, {**BOB, "groups": ["red", "tall"]}
    return [
        *begun(info=info, seats=[ann, bob]),
        said(5, op="seats", seats=[{**BOB, "groups": ["blue"]}]),
        said(6, op="seats", seats=[ANN]),
        said(1, "seat", op="seats", seats=[{**ANN, "groups": ["tall"]}]),
        said(7, op="seats", seats=[{**BOB, "groups": []}]),
        said(8, op="room", info=INFO),
        said(2, "seat", op="seats", seats=[ANN]),
    ]


def turns() -> list[Step]:
    """Whose turn it is stands in ``info``; what this seat may do comes uncounted, and the newest alone is so."""
    take = {"type": "take", "data": {"n": 2}, "label": "Take {n}", "group": None, "choices": None, "seats": []}
    attack = {"type": "attack", "data": {"on": "2", "$$x": BYTES}, "label": "{on} with {dice}", "group": "War",
              "choices": {"dice": {"range": [1, 4]}, "with": {"some": [0, 2], "of": ["a", "b"]}, "text": None,
                          "cell": {"of": [4, 9]}}, "seats": ["on"]}  # fmt: skip
    turn = {"order": ["1", "group:red"], "current": "1", "active": ["1"], "stage": None, "number": 1, "round": 1,
            "prompt": {"text": "Take {most} at most", "others": None, "args": {"most": 3}}, "ends": 1_767_225_630_000,
            "clocks": {"1": {"left_ms": 30_000, "ends": 1_767_225_630_000},
                       "group:red": {"left_ms": 60_000, "ends": None}}}  # fmt: skip
    wait = {"text": "Wait for {who}", "others": None, "args": {"who": "Bob"}}
    none: dict[str, Any] = {"moves": [], "more": False, "prompt": None, "undo": False}
    return [
        *begun(moves=none),
        said(5, op="room", info={**INFO, "turn": turn}),
        said(6, op="seats", seats=[{**BOB, "ready": True, "bot": "random", "stand_in": True}]),
        hears("moves", room="K7QM", **none | {"moves": [take, attack], "more": True, "undo": True}),
        hears("moves", room="ELSE", **none),
        hears("moves", room="K7QM", **none | {"prompt": wait}),
        said(7, op="room", info=INFO),
    ]


def asked_again() -> list[Step]:
    """What had no answer is asked again once the seat is back: a move with its turn, and what is done with bots."""
    take = {"type": "take", "data": {"n": 2}, "label": "Take 2", "group": None, "choices": None, "seats": []}
    turn = {"order": ["1", "2"], "current": "1", "active": ["1"], "stage": None, "number": 7, "round": 2,
            "prompt": None, "ends": None, "clocks": {}}  # fmt: skip
    told: dict[str, Any] = {"moves": [take], "more": False, "prompt": None, "undo": True}
    send = says("send", id=3, room="K7QM", type="take", data={"n": 2}, turn=7)
    back = {"docs": {}, "seen": {"epoch": "EPOCH", "room": 4, "seat": 0}, "moves": told, "info": {**INFO, "turn": turn}}
    return [
        *begun(moves=told, info={**INFO, "turn": turn}),
        says("bot", ["bot", {"seat": "3"}], id=2, room="K7QM", seat="3"),
        hears("ok", id=2, data=None, room="K7QM"),
        {"call": ["play", 0], **send},
        LOST,
        BACK,
        WELCOME,
        resume(4, room=4, seat=0),
        joined(4, True, **back),
        send,
        hears("error", id=3, code="not_your_turn", message="It is not your turn.", path=None, room="K7QM"),
        says("bot", ["bot", {"seat": "3", "level": "random"}], id=5, room="K7QM", level="random", seat="3"),
        LOST,
        BACK,
        WELCOME,
        resume(6, room=4, seat=0),
        joined(6, True, **back),
        says("bot", id=5, room="K7QM", level="random", seat="3"),
        hears("ok", id=5, data=None, room="K7QM"),
    ]  # fmt: skip


def keys() -> list[Step]:
    """In MessagePack a key that was told once is a number, and many sets are one op; in JSON it is as ever."""
    people = {"a": {"x": 1.5, "y": 2}, "b": {"x": 0, "y": 0}}
    known = ["people", "a", "b", "x", "y"]
    columns = [
        [0, ["people", "a", "x"], 1.25],
        [0, ["people", "a", "y"], 7],
        [0, ["people", "b", "x"], -0.5],
        [0, ["people", "b", "y"], 8],
    ]
    return [
        *begun(docs={"room": {"people": people}, "seat": {}})[:-1],
        {**begun(docs={"room": {"people": people}, "seat": {}})[-1], "as_array": {"keys": {"room": known, "seat": []}}},
        {**said(5, op="patch", ops=[[0, ["people", "a", "x"], 9]]), "as_array": {"ops": [[0, [-1, -2, -4], 9]]}},
        {
            **said(6, op="patch", ops=[[0, ["people", "c"], {"x": 0}], [0, ["people", "c", "x"], 3]]),
            "as_array": {"ops": [[3, "c"], [0, [-1, -6], {"x": 0}], [0, [-1, -6, -4], 3]]},
        },
        {
            **said(7, op="patch", ops=columns),
            "as_array": {"ops": [[4, [-1], [-4, -5], [100, None], [-2, 125, 7, -3, -50, 8]]]},
        },
        {**said(8, op="doc", doc={"fresh": {"$$x": 1}}, chat=[]), "as_array": {"keys": ["fresh", "$x"]}},
        {**said(9, op="patch", ops=[[1, ["fresh", "$x"]]]), "as_array": {"ops": [[1, [-1, -2]]]}},
    ]


def moved() -> list[Step]:
    """The room is to be found again, at the same address: what was told so of this connection is heard no more."""
    return [
        *begun(),
        said(5),
        hears("left", room="K7QM", reason="moved", message=None),
        resume(2, room=5, seat=0),
        joined(2, True, docs={}, seen={"epoch": "EPOCH", "room": 5, "seat": 0}),
        said(6),
    ]


def next_room() -> list[Step]:
    """All go on in another room: this client goes there by itself, and hears what happens there."""
    there = joined(2, None)
    there["hears"] |= {"room": "XYZW", "game": "duel"}
    return [
        *begun(),
        said(5),
        hears("left", room="K7QM", reason="next", message=None, next="XYZW", url=None),
        says("join", id=2, room="XYZW", role="player"),
        there,
    ]


def unanswered() -> list[Step]:
    """What had no answer when the connection broke is said again under its id, once the seat is back; no tell is."""
    send = says("send", id=2, room="K7QM", type="play", data=1)
    back = joined(3, True, docs={}, seen={"epoch": "EPOCH", "room": 4, "seat": 0})
    return [
        *begun(),
        {"call": ["send", "play", 1], **send},
        says("send", ["tell", "look", 1], room="K7QM", type="look", data=1),
        LOST,
        BACK,
        WELCOME,
        resume(3, room=4, seat=0),
        back,
        send,
        hears("ok", id=2, data={"done": True}, room="K7QM"),
        says("chat", ["say", "hi"], id=4, room="K7QM", text="hi", to="room"),
        hears("error", id=4, code="refused", message="not now", path=None, room="K7QM"),
    ]


WRITTEN = {
    "twice": twice, "jumped": jumped, "not_recovered": not_recovered, "slow_reader": slow_reader, "misfit": misfit,
    "unknown": unknown, "audiences": audiences, "memberships": memberships, "keys": keys, "moved": moved,
    "unanswered": unanswered, "turns": turns, "asked_again": asked_again, "next_room": next_room,
}  # fmt: skip
