"""A game as a function: ``payload_handler``, exactly as its page says."""

from __future__ import annotations

import copy
from collections.abc import Callable
from types import ModuleType
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Refused
from gameserver.errors import GameDefinitionError, NoSender, StaleCall
from gameserver.game.function import game_from_module
from gameserver.game.spec import spec_of
from gameserver.testing import Table, Visitor

Handler = Callable[..., Any]


def module(handler: Handler | None = None, name: str = "games.hot_potato", **attributes: Any) -> ModuleType:
    """:returns: a module as an author writes it."""
    made = ModuleType(name)
    if handler is not None:
        attributes["payload_handler"] = handler
    vars(made).update(attributes)
    return made


class Recorder:
    """
    A ``payload_handler`` that keeps a copy of each payload, and does what a test says.

    :ivar calls: the payloads, as they were when the call began.
    :ivar does: by action, what is called with the same four arguments.
    """

    def __init__(self, **does: Handler) -> None:
        self.calls: list[dict[str, Any]] = []
        self.does = does

    def module(self, **attributes: Any) -> ModuleType:
        def payload_handler(group_add, socket_self_send, socket_group_send, payload):  # type: ignore[no-untyped-def]
            kept = {k: copy.deepcopy(v) for k, v in payload.items() if k not in ("timers", "groups")}
            self.calls.append(kept)
            does = self.does.get(payload["action"])
            return does(group_add, socket_self_send, socket_group_send, payload) if does else None

        return module(payload_handler, **attributes)

    def actions(self) -> list[str]:
        return [call["action"] for call in self.calls]

    def last(self, action: str) -> dict[str, Any]:
        return next(call for call in reversed(self.calls) if call["action"] == action)


class FunctionCase(SynchronousTestCase):
    """Ann, the host, and Bob at a table of a game that does what a test says."""

    def sit(self, module_settings: dict[str, Any] | None = None, **does: Handler) -> None:
        self.game = Recorder(**does)
        self.table = Table(self.game.module(**(module_settings or {})), seed=3, raises=False)
        self.ann, self.bob = self.table.join("Ann"), self.table.join("Bob")

    def errors(self, kind: type[BaseException]) -> None:
        """The game failed once with this, and it was logged."""
        self.assertEqual(len(self.flushLoggedErrors(kind)), 1)

    def fails(self, kind: type[BaseException], visitor: Visitor, type: str, data: Any = None) -> None:
        refused = self.assertRaises(Refused, visitor.send, type, data)
        self.assertEqual(refused.code, "game_error")
        self.errors(kind)

    @staticmethod
    def told(visitor: Visitor) -> list[tuple[str, Any]]:
        return [(event.type, event.data) for event in visitor.inbox]


class ModuleTests(SynchronousTestCase):
    def test_module_is_game_named_after_it(self) -> None:
        """The last part of the module's name, and defaults: 1 to 100 players, no start, late join."""
        game = game_from_module(Recorder().module())
        self.assertEqual(spec_of(game).name, "hot_potato")
        self.assertEqual(spec_of(game).title, "Hot potato")
        self.assertEqual((game.min_players, game.max_players), (1, 100))
        self.assertEqual((game.needs_start, game.late_join, game.auto_start), (False, True, False))

    def test_settings_are_attributes(self) -> None:
        """Settings have the same names as in a class; a wrong one is an error."""
        game = game_from_module(
            Recorder().module(title="Hot!", min_players=2, max_players=3, needs_start=True, roles={"screen": 1})
        )
        self.assertEqual((game.title, game.min_players, game.max_players), ("Hot!", 2, 3))
        self.assertEqual((game.needs_start, game.roles), (True, {"screen": 1}))
        wrong = game_from_module(Recorder().module(max_players=0))
        self.assertRaises(GameDefinitionError, spec_of, wrong)

    def test_four_parameters_needed(self) -> None:
        """Their names are the way in which the function is found."""
        for handler in (lambda payload: None, lambda group_add, send, group_send, payload: None, None):
            error = self.assertRaises(GameDefinitionError, game_from_module, module(handler))
            self.assertIn("group_add, socket_self_send, socket_group_send, payload", str(error))

    def test_docstring_is_the_games(self) -> None:
        """The lobby shows what the module says of itself."""
        self.assertEqual(game_from_module(Recorder().module(__doc__="Do not hold it.")).__doc__, "Do not hold it.")


class PayloadTests(FunctionCase):
    def user(self, visitor: Visitor, *groups: str) -> dict[str, Any]:
        player = self.table.room.seats[visitor.id]
        return {"id": player.user_id, "name": visitor.name, "seat": visitor.id, "groups": list(groups)}

    def test_every_field_of_a_message(self) -> None:
        """What the page lists, and nothing else."""
        self.sit(JOIN_ROOM=lambda add, *_: add("red"))
        self.ann.send("pass", {"to": "Bob", "bytes": b"\x00\xff"})
        call = self.game.calls[-1]
        ann, bob = self.user(self.ann, "red"), self.user(self.bob, "red")
        self.assertEqual(
            call,
            {
                "action": "pass",
                "user": ann,
                "room": {
                    "id": self.table.room.id,
                    "code": self.table.code,
                    "game": "hot_potato",
                    "users": [ann, bob],
                    "host": ann["id"],
                },
                "data": {"to": "Bob", "bytes": b"\x00\xff"},
                "state": {},
                "shared": {},
            },
        )

    def test_payload_is_a_dict_with_timers_and_groups(self) -> None:
        """The two that are no JSON have the functions of the page."""
        seen: dict[str, Any] = {}
        self.sit(look=lambda add, me, group, payload: seen.update(payload))
        self.ann.send("look")
        self.assertIsInstance(seen, dict)
        self.assertEqual(set(seen), {"action", "user", "room", "data", "state", "shared", "timers", "groups"})
        for name in ("after", "every", "cancel"):
            self.assertTrue(callable(getattr(seen["timers"], name)))
        for name in ("remove", "members"):
            self.assertTrue(callable(getattr(seen["groups"], name)))

    def test_create_has_options(self) -> None:
        """Any options will do: the function reads them as it likes."""
        game = Recorder()
        table = Table(game.module(), options={"rounds": 3, "deep": [{"x": None}]})
        created = game.last("CREATE_ROOM")
        self.assertEqual(created["data"], {"rounds": 3, "deep": [{"x": None}]})
        self.assertEqual(created["room"]["code"], table.code)
        self.assertEqual(created["room"]["users"], [])
        self.assertIsNone(created["room"]["host"])

    def test_create_without_seat_has_no_sender(self) -> None:
        """A room made over HTTP has nobody in it."""
        self.sit()
        self.assertIsNone(self.game.last("CREATE_ROOM")["user"])

    def test_create_comes_before_join(self) -> None:
        """The order is that of the page, and nothing comes between."""
        self.sit()
        self.assertEqual(self.game.actions(), ["CREATE_ROOM", "JOIN_ROOM", "JOIN_ROOM"])

    def test_join_has_the_newcomer(self) -> None:
        """Who comes is in the list already."""
        self.sit()
        joined = self.game.last("JOIN_ROOM")
        self.assertEqual(joined["user"], self.user(self.bob))
        self.assertEqual([u["name"] for u in joined["room"]["users"]], ["Ann", "Bob"])
        self.assertIsNone(joined["data"])

    def test_drop_and_resume(self) -> None:
        """A lost connection, and its return; neither is a join."""
        self.sit()
        self.bob.drop()
        self.bob.resume()
        self.assertEqual(self.game.actions()[3:], ["DROP", "RESUME"])
        self.assertEqual(self.game.last("DROP")["user"], self.user(self.bob))
        self.assertEqual(self.game.last("RESUME")["user"], self.user(self.bob))

    def test_leave_has_who_left(self) -> None:
        """Gone for good: no longer among the users, out of all groups; the host is passed on."""
        self.sit(JOIN_ROOM=lambda add, *_: add("red"))
        ann, bob = self.user(self.ann), self.user(self.bob, "red")
        self.ann.leave()
        left = self.game.last("LEAVE_ROOM")
        self.assertEqual(left["user"], ann)
        self.assertEqual(left["room"]["users"], [bob])
        self.assertEqual(left["room"]["host"], bob["id"])

    def test_held_seat_is_left_after_hold(self) -> None:
        """Whoever does not come back in time has left."""
        self.sit({"hold_s": 5})
        self.bob.drop()
        self.table.advance(4.9)
        self.assertNotIn("LEAVE_ROOM", self.game.actions())
        self.table.advance(0.1)
        self.assertEqual(self.game.last("LEAVE_ROOM")["user"]["name"], "Bob")

    def test_no_start_unless_needed(self) -> None:
        """Where no start is needed none comes, and the room is played from the beginning."""
        self.sit()
        self.assertEqual(self.table.status, "playing")
        self.assertRaises(Refused, self.table.start)
        self.assertNotIn("START", self.game.actions())

    def test_start_where_needed(self) -> None:
        """``needs_start`` brings START, once, when the host says so."""
        self.sit({"needs_start": True, "min_players": 2})
        self.assertEqual(self.table.status, "lobby")
        refused = self.assertRaises(Refused, self.bob.start)
        self.assertEqual(refused.code, "forbidden")
        self.table.start()
        self.assertEqual(self.table.status, "playing")
        self.assertEqual(self.game.actions().count("START"), 1)
        self.assertIsNone(self.game.last("START")["data"])

    def test_messages_come_before_the_start_too(self) -> None:
        """A lobby may have messages of its own."""
        self.sit({"needs_start": True}, colour=lambda add, me, group, payload: payload["data"])
        self.assertEqual(self.bob.send("colour", "red"), "red")

    def test_data_as_sent(self) -> None:
        """Any JSON value; none is None."""
        self.sit()
        for data in (None, 0, 1.5, "x", [], {}, [1, {"a": [None]}], True, {"$x": 1}):
            self.ann._request("send", type="any", data=_wire(data))
            self.assertEqual(self.game.last("any")["data"], data)

    def test_spectators_may_send(self) -> None:
        """A role that the module adds sends like anybody: the function decides."""
        self.sit({"roles": {"screen": 1}}, hi=lambda add, me, group, payload: payload["user"]["name"])
        self.assertEqual(self.table.join("TV", "screen").send("hi"), "TV")


class CapitalsTests(FunctionCase):
    def test_frameworks_actions_refused_from_clients(self) -> None:
        """Types in capitals are the framework's; the function is not even called."""
        self.sit()
        before = len(self.game.calls)
        names = ("CREATE_ROOM", "JOIN_ROOM", "DROP", "RESUME", "LEAVE_ROOM", "TIMER", "CHAT", "START", "X", "A_1")
        for type in names:
            refused = self.assertRaises(Refused, self.ann.send, type, {"text": "x", "to": "room"})
            self.assertEqual(refused.code, "forbidden", type)
        self.assertEqual(len(self.game.calls), before)

    def test_others_are_messages(self) -> None:
        """One small letter makes it the game's."""
        self.sit()
        for type in ("create_room", "Timer", "TIMERs", "mOVE"):
            self.ann.send(type)
            self.assertEqual(self.game.calls[-1]["action"], type)


class DocumentTests(FunctionCase):
    def test_shared_is_seen_by_all_state_by_nobody(self) -> None:
        """Changed in place; one is public, and not a byte of the other leaves the server."""

        def put(add: Any, me: Any, group: Any, payload: Any) -> None:
            payload["state"].setdefault("cards", []).append("queen-of-spades")
            payload["shared"].setdefault("count", {"n": 0})["n"] += 1

        self.sit(put=put)
        self.ann.send("put")
        self.bob.send("put")
        for visitor in (self.ann, self.bob):
            self.assertEqual(visitor.docs["room"], {"count": {"n": 2}})
            self.assertNotIn(b"queen-of-spades", visitor.seen())
        self.assertEqual(self.table.row["docs"]["secret"], {"cards": ["queen-of-spades"] * 2})

    def test_state_survives_restart(self) -> None:
        """It is saved with the step."""

        def add(group_add: Any, me: Any, group: Any, payload: Any) -> int:
            state = payload["state"]
            state["n"] = state.get("n", 0) + 1
            payload["shared"]["n"] = state["n"]
            return int(state["n"])

        self.sit(add=add)
        self.assertEqual(self.ann.send("add"), 1)
        self.table.restart()
        self.assertEqual(self.ann.send("add"), 2)
        self.assertEqual(self.bob.docs["room"], {"n": 2})

    def test_refused_leaves_no_trace(self) -> None:
        """Documents, groups, timers and what was sent: all as before."""

        def cheat(add: Any, me: Any, group: Any, payload: Any) -> None:
            payload["state"]["cheat"] = True
            payload["shared"]["cheat"] = True
            payload["timers"].after(5, "boom")
            add("cheats")
            me({"type": "ha", "data": 1})
            group("room", {"type": "ha", "data": 2})
            raise Refused("Caught.", code="cheater")

        self.sit(cheat=cheat)
        before = self.table.row
        refused = self.assertRaises(Refused, self.ann.send, "cheat")
        self.assertEqual((refused.text, refused.code), ("Caught.", "cheater"))
        self.assertEqual(self.table.row, before)
        self.assertEqual(self.told(self.ann) + self.told(self.bob), [])
        self.table.advance(10)
        self.assertNotIn("TIMER", self.game.actions())

    def test_exception_leaves_no_trace(self) -> None:
        """The same for a bug, which is logged and answered ``game_error``."""

        def bug(add: Any, me: Any, group: Any, payload: Any) -> None:
            payload["shared"]["half"] = "done"
            raise ZeroDivisionError

        self.sit(bug=bug)
        before = self.table.row
        self.fails(ZeroDivisionError, self.ann, "bug")
        self.assertEqual(self.table.row, before)

    def test_payload_state_replaced_is_taken(self) -> None:
        """``payload["state"] = {...}`` is not in place, and works all the same."""

        def reset(add: Any, me: Any, group: Any, payload: Any) -> None:
            payload["state"] = {"fresh": 1}
            payload["shared"] = {"fresh": 2}

        self.sit(reset=reset)
        self.ann.send("reset")
        self.assertEqual(self.table.row["docs"]["secret"], {"fresh": 1})
        self.assertEqual(self.bob.docs["room"], {"fresh": 2})

    def test_what_json_cannot_hold_is_an_error(self) -> None:
        """A set in the state is a bug of the game, which says where."""
        self.sit(bad=lambda add, me, group, payload: payload["state"].update(x=[{1, 2}]))
        self.fails(TypeError, self.ann, "bad")

    def test_refused_join_undoes_it(self) -> None:
        """Refusing a newcomer gives the seat back."""

        def join(add: Any, me: Any, group: Any, payload: Any) -> None:
            if payload["user"]["name"] == "Eve":
                raise Refused("Not you.", code="not_you")

        self.sit(JOIN_ROOM=join)
        refused = self.assertRaises(Refused, self.table.join, "Eve")
        self.assertEqual(refused.code, "not_you")
        self.assertEqual(list(self.ann.seats), [self.ann.id, self.bob.id])

    def test_refused_create_makes_no_room(self) -> None:
        """Refusing the options refuses the room."""

        def create(add: Any, me: Any, group: Any, payload: Any) -> None:
            raise Refused("No such map.", code="no_map")

        refused = self.assertRaises(Refused, Table, Recorder(CREATE_ROOM=create).module())
        self.assertEqual(refused.code, "no_map")

    def test_refused_start_undoes_it(self) -> None:
        """The room stays in the lobby."""

        def start(add: Any, me: Any, group: Any, payload: Any) -> None:
            payload["shared"]["begun"] = True
            raise Refused("Choose a map first.")

        self.sit({"needs_start": True}, START=start)
        self.assertRaises(Refused, self.table.start)
        self.assertEqual(self.table.status, "lobby")
        self.assertEqual(self.ann.docs["room"], {})


class SendTests(FunctionCase):
    def test_self_send_reaches_sender_only(self) -> None:
        """Not a byte of it goes to anybody else."""
        self.sit(ask=lambda add, me, group, payload: me({"type": "secret-word", "data": payload["data"]}))
        self.ann.send("ask", "pumpernickel")
        self.assertEqual(self.told(self.ann), [("secret-word", "pumpernickel")])
        self.assertNotIn(b"pumpernickel", self.bob.seen())

    def test_group_send_reaches_members_only(self) -> None:
        """Whoever is in the group, the sender included; nobody else, the sender included."""

        def join(add: Any, me: Any, group: Any, payload: Any) -> None:
            add("red" if payload["user"]["name"] != "Bob" else "blue")

        self.sit(JOIN_ROOM=join, tell=lambda add, me, group, payload: group("red", {"type": "psst", "data": "red!"}))
        cleo = self.table.join("Cleo")
        self.bob.send("tell")
        self.assertEqual(self.told(self.ann), [("psst", "red!")])
        self.assertEqual(self.told(cleo), [("psst", "red!")])
        self.assertEqual(self.told(self.bob), [])

    def test_room_is_everybody(self) -> None:
        """Nobody needs to be added to it."""
        self.sit(shout=lambda add, me, group, payload: group("room", {"type": "hey", "data": None}))
        self.ann.send("shout")
        self.assertEqual(self.told(self.ann), [("hey", None)])
        self.assertEqual(self.told(self.bob), [("hey", None)])

    def test_group_of_nobody(self) -> None:
        """Telling an empty group tells nobody, and is no error."""
        self.sit(tell=lambda add, me, group, payload: group("ghosts", "boo"))
        self.ann.send("tell")
        self.assertEqual(self.told(self.ann), [])

    def test_any_value_is_an_event_of_type_message(self) -> None:
        """``{"type", "data"}`` names an event; any other JSON value is one of type ``message``."""
        self.sit(echo=lambda add, me, group, payload: me(payload["data"]))
        for data in (None, 1, "hi", [1, 2], {"x": 1}, {"type": 5, "data": 1}, {"type": "t", "data": 1, "more": 2}):
            self.ann.inbox.clear()
            self.ann._request("send", type="echo", data=data)
            self.assertEqual(self.told(self.ann), [("message", data)])

    def test_events_keep_their_order(self) -> None:
        """That of the calls."""

        def many(add: Any, me: Any, group: Any, payload: Any) -> None:
            me("1")
            group("room", "2")
            me("3")

        self.sit(many=many)
        self.ann.send("many")
        self.assertEqual([data for _, data in self.told(self.ann)], ["1", "2", "3"])

    def test_event_is_a_copy(self) -> None:
        """What the game changes after a call is not what was told."""

        def tell(add: Any, me: Any, group: Any, payload: Any) -> None:
            words = ["a"]
            me({"type": "words", "data": words})
            words.append("b")

        self.sit(tell=tell)
        self.ann.send("tell")
        self.assertEqual(self.told(self.ann), [("words", ["a"])])

    def test_return_value_is_the_reply(self) -> None:
        """Any JSON value, to the sender alone."""
        self.sit(ask=lambda add, me, group, payload: payload["data"])
        for data in (None, 0, False, "", [], {"a": [1]}, "reply-42"):
            self.assertEqual(self.ann._request("send", type="ask", data=data), data)
        self.assertNotIn(b"reply-42", self.bob.seen())


class GroupTests(FunctionCase):
    def test_group_add_sender(self) -> None:
        """The sender is in it, and has its groups in ``user``."""
        self.sit(red=lambda add, *_: add("red"))
        self.ann.send("red")
        self.ann.send("x")
        self.assertEqual(self.game.calls[-1]["user"]["groups"], ["red"])
        self.assertEqual(self.table.row["groups"]["red"]["members"], [self.ann.id])

    def test_group_add_twice_is_once(self) -> None:
        """It is a set."""
        self.sit(red=lambda add, *_: [add("red"), add("red")])
        self.ann.send("red")
        self.assertEqual(self.table.row["groups"]["red"]["members"], [self.ann.id])

    def test_group_add_other_user(self) -> None:
        """Somebody else of this room, by user id."""
        self.sit(draft=lambda add, me, group, payload: add("red", payload["data"]))
        bob = self.table.room.seats[self.bob.id].user_id
        self.ann.send("draft", bob)
        self.assertEqual(self.table.row["groups"]["red"]["members"], [self.bob.id])

    def test_group_add_stranger_fails(self) -> None:
        """Nobody who is not in this room gets into a group of it."""
        self.sit(draft=lambda add, me, group, payload: add("red", "nobody"))
        self.fails(ValueError, self.ann, "draft")
        self.assertNotIn("red", self.table.row["groups"])

    def test_bad_group_names_fail(self) -> None:
        """1 to 32 of letters, digits, _ and -."""
        self.sit(red=lambda add, me, group, payload: add(payload["data"]))
        for name in ("", "a b", "x" * 33, "réd", "a:b"):
            self.fails(ValueError, self.ann, "red", name)
            self.table.advance(1)
        self.ann.send("red", "A-z_0")

    def test_remove_and_members(self) -> None:
        """``payload["groups"]``: out again, oneself or another; who is in, in the order they came."""

        def members(add: Any, me: Any, group: Any, payload: Any) -> list[str]:
            return [user["name"] for user in payload["groups"].members("red")]

        self.sit(
            JOIN_ROOM=lambda add, *_: add("red"),
            members=members,
            out=lambda add, me, group, payload: payload["groups"].remove("red"),
            kick=lambda add, me, group, payload: payload["groups"].remove("red", payload["data"]),
        )
        self.assertEqual(self.ann.send("members"), ["Ann", "Bob"])
        self.ann.send("out")
        self.assertEqual(self.ann.send("members"), ["Bob"])
        self.ann.send("kick", self.table.room.seats[self.bob.id].user_id)
        self.assertEqual(self.ann.send("members"), [])
        self.ann.send("out")

    def test_members_are_users(self) -> None:
        """With the fields of ``user``."""
        got: list[Any] = []
        self.sit(
            JOIN_ROOM=lambda add, *_: add("red"),
            members=lambda add, me, group, payload: got.extend(payload["groups"].members("red")),
        )
        self.ann.send("members")
        self.assertEqual(got, self.game.calls[-1]["room"]["users"])


class TimerTests(FunctionCase):
    def test_after_calls_with_name_and_data(self) -> None:
        """``action`` TIMER, ``timer`` the name, ``data`` what was given, nobody as the sender."""
        self.sit(go=lambda add, me, group, payload: payload["timers"].after(3, "boom", {"n": [1]}))
        self.ann.send("go")
        self.table.advance(2.9)
        self.assertNotIn("TIMER", self.game.actions())
        self.table.advance(0.1)
        call = self.game.last("TIMER")
        self.assertEqual((call["timer"], call["data"], call["user"]), ("boom", {"n": [1]}, None))
        self.table.advance(100)
        self.assertEqual(self.game.actions().count("TIMER"), 1)

    def test_after_without_data(self) -> None:
        """None, then."""
        self.sit(go=lambda add, me, group, payload: payload["timers"].after(1, "boom"))
        self.ann.send("go")
        self.table.advance(1)
        self.assertIsNone(self.game.last("TIMER")["data"])

    def test_second_after_replaces_first(self) -> None:
        """One timer of a name."""
        self.sit(go=lambda add, me, group, payload: payload["timers"].after(payload["data"], "boom"))
        self.ann._request("send", type="go", data=3)
        self.ann._request("send", type="go", data=5)
        self.table.advance(4)
        self.assertNotIn("TIMER", self.game.actions())
        self.table.advance(1)
        self.assertEqual(self.game.actions().count("TIMER"), 1)

    def test_every_and_cancel(self) -> None:
        """Again and again on its grid, until cancelled."""

        def fire(add: Any, me: Any, group: Any, payload: Any) -> None:
            state = payload["state"]
            state["n"] = state.get("n", 0) + 1
            if state["n"] == 3:
                payload["timers"].cancel("beat")

        self.sit(go=lambda add, me, group, payload: payload["timers"].every(2, "beat"), TIMER=fire)
        self.ann.send("go")
        self.table.advance(5)
        self.assertEqual(self.game.actions().count("TIMER"), 2)
        self.table.advance(100)
        self.assertEqual(self.game.actions().count("TIMER"), 3)
        self.assertEqual(self.table.row["timers"], [])

    def test_timer_survives_restart(self) -> None:
        """It fires when it is due, with its data."""
        self.sit(go=lambda add, me, group, payload: payload["timers"].after(3, "boom", "x"))
        self.ann.send("go")
        self.table.restart()
        self.table.advance(3)
        self.assertEqual(self.game.last("TIMER")["data"], "x")

    def test_timer_may_send_to_groups(self) -> None:
        """Nobody sent it, but the room hears."""
        self.sit(
            go=lambda add, me, group, payload: payload["timers"].after(1, "boom"),
            TIMER=lambda add, me, group, payload: group("room", {"type": "boom", "data": payload["timer"]}),
        )
        self.ann.send("go")
        self.table.advance(1)
        self.assertEqual(self.told(self.bob), [("boom", "boom")])


class ChatTests(FunctionCase):
    def lines(self, visitor: Visitor) -> list[tuple[str, str]]:
        return [(line["text"], line["to"]) for line in visitor.chat]

    def test_data_is_text_and_to(self) -> None:
        """``to`` as on the wire."""
        self.sit({"chat_to": ("room", "group", "seat")}, JOIN_ROOM=lambda add, *_: add("red"))
        for to in ("room", "group:red", f"seat:{self.bob.id}"):
            self.ann.say("hi", to)
            self.assertEqual(self.game.last("CHAT")["data"], {"text": "hi", "to": to})
        self.assertEqual(self.game.last("CHAT")["user"]["name"], "Ann")

    def test_none_lets_the_line_through(self) -> None:
        """As it was written."""
        self.sit()
        self.ann.say("hi")
        self.assertEqual(self.lines(self.bob), [("hi", "room")])
        self.assertEqual(self.lines(self.ann), [("hi", "room")])

    def test_str_replaces_the_text(self) -> None:
        """Not a byte of the first reaches anybody."""
        self.sit(CHAT=lambda add, me, group, payload: payload["data"]["text"].replace("darn", "****"))
        self.ann.say("oh darn it")
        self.assertEqual(self.lines(self.bob), [("oh **** it", "room")])
        self.assertNotIn(b"darn", self.bob.seen())

    def test_false_hides_the_line(self) -> None:
        """It was a move: nobody sees it, what the function did stands."""

        def chat(add: Any, me: Any, group: Any, payload: Any) -> bool:
            payload["shared"]["guesses"] = 1
            return False

        self.sit(CHAT=chat)
        self.ann.say("xylophone")
        self.assertEqual(self.lines(self.bob) + self.lines(self.ann), [])
        self.assertNotIn(b"xylophone", self.bob.seen())
        self.assertEqual(self.bob.docs["room"], {"guesses": 1})

    def test_true_is_no_text(self) -> None:
        """Other values change nothing."""
        self.sit(CHAT=lambda add, me, group, payload: True)
        self.ann.say("hi")
        self.assertEqual(self.lines(self.bob), [("hi", "room")])

    def test_refused_tells_the_sender(self) -> None:
        """And nobody else sees the line."""

        def chat(add: Any, me: Any, group: Any, payload: Any) -> None:
            raise Refused("Shush.", code="quiet")

        self.sit(CHAT=chat)
        refused = self.assertRaises(Refused, self.ann.say, "hi")
        self.assertEqual(refused.code, "quiet")
        self.assertEqual(self.lines(self.bob), [])


class CallsTests(FunctionCase):
    def test_kept_functions_raise(self) -> None:
        """They serve the step that they were given to; later each says so."""
        kept: dict[str, Any] = {}

        def keep(add: Any, me: Any, group: Any, payload: Any) -> None:
            kept.update(add=add, me=me, group=group, timers=payload["timers"], groups=payload["groups"])

        self.sit(keep=keep)
        self.ann.send("keep")
        before = self.table.row
        for call in (
            lambda: kept["add"]("red"),
            lambda: kept["me"]("x"),
            lambda: kept["group"]("room", "x"),
            lambda: kept["timers"].after(1, "boom"),
            lambda: kept["timers"].every(1, "boom"),
            lambda: kept["timers"].cancel("boom"),
            lambda: kept["groups"].remove("red"),
            lambda: kept["groups"].members("red"),
        ):
            error = self.assertRaises(StaleCall, call)
            self.assertIn("ended", str(error))
        self.assertEqual(self.table.row, before)

    def test_kept_functions_raise_in_a_later_step(self) -> None:
        """Also while another step runs, whose sender is somebody else."""
        kept: list[Any] = []
        self.sit(keep=lambda add, me, *_: kept.append(me), use=lambda *_: kept[0]("to whom?"))
        self.ann.send("keep")
        self.fails(StaleCall, self.bob, "use")

    def test_kept_functions_of_a_failed_step_raise(self) -> None:
        """A step that was undone is over as well."""
        kept: list[Any] = []

        def fail(add: Any, me: Any, group: Any, payload: Any) -> None:
            kept.append(me)
            raise Refused("no")

        self.sit(fail=fail)
        self.assertRaises(Refused, self.ann.send, "fail")
        self.assertRaises(StaleCall, kept[0], "x")

    def test_no_sender(self) -> None:
        """Where nobody sent the input, ``socket_self_send`` and a bare ``group_add`` raise."""
        caught: list[type[BaseException]] = []

        def fire(add: Any, me: Any, group: Any, payload: Any) -> None:
            for call in (lambda: me("x"), lambda: add("red"), lambda: payload["groups"].remove("red")):
                try:
                    call()
                except NoSender as error:
                    caught.append(type(error))
            add("red", payload["room"]["users"][0]["id"])

        self.sit(go=lambda add, me, group, payload: payload["timers"].after(1, "boom"), TIMER=fire)
        self.ann.send("go")
        self.table.advance(1)
        self.assertEqual(caught, [NoSender] * 3)
        self.assertEqual(self.table.row["groups"]["red"]["members"], [self.ann.id])


class AsyncTests(FunctionCase):
    def sit_async(self, handler: Handler, **settings: Any) -> None:
        self.table = Table(module(handler, **settings), seed=3, raises=False)
        self.ann, self.bob = self.table.join("Ann"), self.table.join("Bob")

    def test_async_def(self) -> None:
        """The same, as a coroutine: documents, events and the reply."""

        async def payload_handler(  # type: ignore[no-untyped-def]
            group_add, socket_self_send, socket_group_send, payload
        ):
            if payload["action"] == "roll":
                payload["shared"]["rolled"] = payload["user"]["name"]
                socket_group_send("room", {"type": "rolled", "data": 6})
                return 6
            return None

        self.sit_async(payload_handler)
        self.assertEqual(self.ann.send("roll"), 6)
        self.assertEqual(self.bob.docs["room"], {"rolled": "Ann"})
        self.assertEqual(self.told(self.bob), [("rolled", 6)])

    def test_awaits_a_deferred(self) -> None:
        """The room takes its next input when this one is done."""
        waiting: Deferred[str] = Deferred()
        order: list[str] = []

        async def payload_handler(  # type: ignore[no-untyped-def]
            group_add, socket_self_send, socket_group_send, payload
        ):
            if payload["action"] == "look_up":
                order.append("begun")
                payload["shared"]["word"] = await waiting
                socket_self_send("found")
                order.append("done")
                return "found"
            if payload["action"] == "next":
                order.append("next")
            return None

        self.sit_async(payload_handler)
        reply = self.ann.send("look_up")
        self.assertNoResult(reply)
        after = self.bob.send("next")
        self.assertEqual(order, ["begun"])
        waiting.callback("aardvark")
        self.table.settle()
        self.assertEqual(self.successResultOf(reply), "found")
        self.successResultOf(after)
        self.assertEqual(order, ["begun", "done", "next"])
        self.assertEqual(self.bob.docs["room"], {"word": "aardvark"})

    def test_refused_after_await_leaves_no_trace(self) -> None:
        """A coroutine's step is one step."""
        waiting: Deferred[None] = Deferred()

        async def payload_handler(  # type: ignore[no-untyped-def]
            group_add, socket_self_send, socket_group_send, payload
        ):
            if payload["action"] == "look_up":
                payload["shared"]["half"] = True
                await waiting
                raise Refused("No such word.", code="no_word")

        self.sit_async(payload_handler)
        before = self.table.row
        reply = self.ann.send("look_up")
        waiting.callback(None)
        self.table.settle()
        self.assertEqual(self.failureResultOf(reply, Refused).value.code, "no_word")
        self.assertEqual(self.table.row, before)

    def test_ten_seconds_are_too_long(self) -> None:
        """It is undone, answered ``game_error``, and the room goes on."""

        async def payload_handler(  # type: ignore[no-untyped-def]
            group_add, socket_self_send, socket_group_send, payload
        ):
            if payload["action"] == "hang":
                payload["shared"]["half"] = True
                await Deferred()
            return "here"

        self.sit_async(payload_handler)
        reply = self.ann.send("hang")
        self.table.advance(10)
        self.assertEqual(self.failureResultOf(reply, Refused).value.code, "game_error")
        self.flushLoggedErrors()
        self.assertEqual(self.table.state, {})
        self.assertEqual(self.bob.send("x"), "here")

    def test_async_chat_and_join(self) -> None:
        """What a coroutine returns for CHAT counts as well; it may refuse a newcomer."""

        async def payload_handler(  # type: ignore[no-untyped-def]
            group_add, socket_self_send, socket_group_send, payload
        ):
            if payload["action"] == "CHAT":
                return payload["data"]["text"].upper()
            if payload["action"] == "JOIN_ROOM" and payload["user"]["name"] == "Eve":
                raise Refused("Not you.", code="not_you")
            return None

        self.sit_async(payload_handler)
        self.ann.say("hi")
        self.assertEqual([line["text"] for line in self.bob.chat], ["HI"])
        self.assertEqual(self.assertRaises(Refused, self.table.join, "Eve").code, "not_you")


class PageTests(FunctionCase):
    def test_the_oldest_form(self) -> None:
        """The function of the page, which does nothing, is a game."""

        def payload_handler(group_add, socket_self_send, socket_group_send, payload):  # type: ignore[no-untyped-def]
            pass

        table = Table(module(payload_handler))
        ann, bob = table.join("Ann"), table.join("Bob")
        self.assertIsNone(ann.send("anything", {"x": 1}))
        ann.say("hi")
        self.assertEqual(len(bob.chat), 1)
        bob.leave()
        table.advance(200)
        self.assertEqual(table.status, "playing")


def _wire(data: Any) -> Any:
    """The one key of these tests that JSON escapes."""
    return {"$$x": 1} if data == {"$x": 1} else data
