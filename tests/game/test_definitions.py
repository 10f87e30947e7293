"""What a game's class must be like; faults are reported when the class is made or read."""

from __future__ import annotations

from enum import Enum, StrEnum
from functools import lru_cache, partial, update_wrapper
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gameserver import Answer, Game, Player, Refused, cron, message, question, timer
from gameserver.errors import GameDefinitionError
from gameserver.game.spec import spec_of
from gameserver.testing import Table

NAMES = [
    "state",
    "secret",
    "send",
    "players",
    "seats",
    "seat",
    "host",
    "make_host",
    "kick",
    "group",
    "role",
    "after",
    "every",
    "at",
    "cancel",
    "left_s",
    "pause",
    "unpause",
    "played_s",
    "enter",
    "phase",
    "start",
    "over",
    "status",
    "lock",
    "unlock",
    "close",
    "options",
    "code",
    "now",
    "random",
    "chat",
    "table",
    "log",
]
"""What API.md names on a game."""
SETTINGS = [
    "name",
    "title",
    "min_players",
    "max_players",
    "roles",
    "auto_start",
    "needs_start",
    "late_join",
    "hold_s",
    "tick_hz",
    "patch_hz",
    "durability",
    "storage",
    "max_row_bytes",
    "max_entry_bytes",
    "max_table_bytes",
    "idle_close_s",
    "downtime",
    "messages_per_s",
    "chat_to",
    "version",
]


def method(self: Game, player: Player) -> None:
    """A message of any name."""


def asked() -> Any:
    """A question, each time another one."""

    def choose(self: Game, player: Player) -> None:
        """It asks for nothing."""

    return question(choose)


class HidingTests(SynchronousTestCase):
    """A method that would hide a name of `Game` is an error when the class is made."""

    def test_messages(self) -> None:
        """Each name of the API is refused for a message, with the way out in the text."""
        for name in NAMES:
            with self.assertRaises(GameDefinitionError, msg=name) as caught:
                type("Bad", (Game,), {name: message(method)})
            self.assertIn(f'@message(name="{name}")', str(caught.exception))
            self.assertIn(name, str(caught.exception))

    def test_timers_and_plain_methods(self) -> None:
        """The same for a timer and for a helper."""
        for name in NAMES:
            for made in (timer(lambda self: None), lambda self: None):
                with self.assertRaises(GameDefinitionError, msg=name):
                    type("Bad", (Game,), {name: made})

    def test_question(self) -> None:
        """And for a question."""
        with self.assertRaises(GameDefinitionError):
            type("Bad", (Game,), {"kick": question(method)})

    def test_settings(self) -> None:
        """A message named as a setting hides it, and is refused at once as well."""
        for name in SETTINGS:
            with self.assertRaises(GameDefinitionError, msg=name):
                type("Bad", (Game,), {name: message(method)})

    def test_way_out(self) -> None:
        """The name that clients use may be any."""

        class Fine(Game):
            @message(name="kick")
            def kick_(self, player: Player) -> str:
                return "kicked"

        self.assertEqual(Table(Fine).join("Ann").send("kick"), "kicked")

    def test_annotated_state(self) -> None:
        """An author may annotate the documents."""

        class Typed(Game):
            state: dict[str, int]
            secret: dict[str, int]

        self.assertEqual(Table(Typed).state, {})

    def test_private_helpers(self) -> None:
        """Helpers that begin with an underscore are the author's own: refused at once, or they work."""
        for name in ("_fire", "_later", "_receive", "_restored", "_timer_name", "_arm_timer", "_check_data", "_of"):
            try:
                made = type("Private", (Armed,), {name: lambda self, *args, **kwargs: "mine"})
            except GameDefinitionError:
                continue
            table = Table(made)
            ann = table.join("Ann")
            table.start()
            table.advance(1)
            self.assertEqual(table.state, {"rang": 1}, name)
            ann.leave()


class Armed(Game):
    """A timer of a second."""

    def on_start(self) -> None:
        self.after(1, self.ring)

    @timer
    def ring(self) -> None:
        self.state["rang"] = 1


class SettingTests(SynchronousTestCase):
    """Settings are checked when the game is read."""

    def test_defaults(self) -> None:
        """As the page says."""
        expected: dict[str, Any] = {
            "min_players": 1,
            "max_players": 8,
            "auto_start": False,
            "needs_start": True,
            "late_join": False,
            "hold_s": 120,
            "tick_hz": 0,
            "patch_hz": 0,
            "durability": "commit",
            "storage": "row",
            "max_row_bytes": 1 << 20,
            "max_entry_bytes": 1 << 16,
            "max_table_bytes": 1 << 26,
            "idle_close_s": 3600,
            "downtime": "pause",
            "messages_per_s": 20,
            "chat_to": ("room", "group"),
            "version": 1,
        }
        self.assertEqual({name: getattr(Game, name) for name in expected}, expected)

    def test_names(self) -> None:
        """A class is named in snake case, where it does not name itself."""
        self.assertEqual(spec_of(type("TriviaNight", (Game,), {})).name, "trivia_night")
        self.assertEqual(spec_of(type("RPS2", (Game,), {})).name, "rps2")
        self.assertEqual(spec_of(type("Other", (Game,), {"name": "mine"})).name, "mine")

    def test_bad_values(self) -> None:
        """A wrong value is an error that names the setting."""
        bad: dict[str, tuple[Any, ...]] = {
            "min_players": (-1, "2", 1.5, None, True),
            "max_players": (0, -1, "2"),
            "roles": ([], {"screen": 0}, {"screen": "1"}, {1: 1}, {"": 1}, {"\ud800": 1}),
            "auto_start": (1, "yes"),
            "needs_start": (None, 0),
            "late_join": ("no",),
            "hold_s": (-1, "1", float("nan"), True),
            "tick_hz": (-1, "1", 1000, True),
            "patch_hz": (-1, "1"),
            "durability": ("always", None),
            "storage": ("file",),
            "max_row_bytes": (0, -1, "1"),
            "max_entry_bytes": (0, -1, "1"),
            "max_table_bytes": (0, True, "1"),
            "idle_close_s": (-1, "x"),
            "downtime": ("stop", None),
            "messages_per_s": (0, -1, "x", float("inf")),
            "chat_to": ("room", ("everybody",), None, 5),
            "version": (0, "1"),
            "name": ("With Space", 5),
            "title": (5, "\ud800"),
        }
        for name, values in bad.items():
            for value in values:
                with self.assertRaises(GameDefinitionError, msg=f"{name} = {value!r}") as caught:
                    spec_of(type("Bad", (Game,), {name: value}))
                self.assertIn(name, str(caught.exception))

    def test_role_player(self) -> None:
        """The role of players is not an extra one."""
        with self.assertRaises(GameDefinitionError):
            spec_of(type("Bad", (Game,), {"roles": {"player": 3}}))

    def test_min_over_max(self) -> None:
        """More players at least than at most is an error."""
        with self.assertRaises(GameDefinitionError):
            spec_of(type("Bad", (Game,), {"min_players": 3, "max_players": 2}))


class SignatureTests(SynchronousTestCase):
    """Signatures that cannot be a schema are errors when the game is read."""

    def assert_bad(self, **members: Any) -> str:
        """Such a class is refused."""
        with self.assertRaises(GameDefinitionError) as caught:
            spec_of(type("Bad", (Game,), members))
        return str(caught.exception)

    def test_no_sender(self) -> None:
        """A message's first parameter is the sender."""
        self.assert_bad(play=message(lambda self: None))

    def test_sender_without_place(self) -> None:
        """The sender is given by its place, to a method."""
        for play in (
            lambda self, *, player: None,
            lambda self, **players: None,
            staticmethod(method),
            partial(method),
        ):
            self.assertIn("sender", self.assert_bad(play=message(play)))

    def test_decorated(self) -> None:
        """What a decorator makes of a method is called like it, be it a function of its own or another object."""

        def noting(function: Any) -> Any:
            def noted(self: Game, *args: Any, **more: Any) -> Any:
                return function(self, *args, **more)

            return noted

        class Noting:
            """Stands for a method."""

            def __init__(self, function: Any) -> None:
                self.function = function
                update_wrapper(self, function)

            def __call__(self, *args: Any, **more: Any) -> Any:
                return self.function(*args, **more)

        def play(self: Game, player: Player, args: int = 1) -> int:
            """One field, named as the parameter of a decorator."""
            return args

        for decorate in (noting, Noting, lru_cache, lambda function: lambda *args, **more: function(*args, **more)):
            game = type("Decorated", (Game,), {"play": message(decorate(play)), "needs_start": False})
            self.assertEqual(Table(game).join("Ann").send("play", args=5), 5)

    def test_more_of_no_name(self) -> None:
        """The text names what cannot travel."""
        self.assertIn("*cells has no name", self.assert_bad(play=message(lambda self, player, *cells, **more: None)))

    def test_forgotten_self(self) -> None:
        """A sender in the place of ``self`` is an error at once, not one of each request that names a field."""

        def play(player: Player, card: int) -> None:
            """It lacks ``self``."""

        self.assertIn("after self is the sender", self.assert_bad(play=message(play)))

    def test_mark_that_is_wrong(self) -> None:
        """What is said of a message is what it can be."""
        wrong: Any = ({"by": ["host"]}, {"by": None}, {"name": ""}, {"name": 5}, {"name": "\ud800"}, {"durable": "no"})
        for wish in wrong:
            error = self.assertRaises(GameDefinitionError, lambda wish: message(**wish), wish)
            self.assertIn(next(iter(wish)), str(error))
        for kind in (StrEnum("Kind", {"PLAY": "put"}), Enum("Kind", {"PLAY": "put"}, type=str)):
            game = type(
                "Named", (Game,), {"title": kind.PLAY, "roles": {kind.PLAY: 1}, "play": message(name=kind.PLAY)(method)}
            )
            self.assertEqual(list(spec_of(game).messages), ["put"])
        for marked in ("host", property(method), classmethod(method)):
            error = self.assertRaises(GameDefinitionError, message, marked)
            self.assertIn('by="host"', str(error))

    def test_positional_only(self) -> None:
        """What travels by its name is no positional-only parameter; the sender may be one."""

        def play(self: Game, player: Player, cell: int, /) -> None:
            """A cell is needed."""

        self.assertIn("cell", self.assert_bad(play=message(play)))
        spec_of(type("Good", (Game,), {"play": message(lambda self, player, /, cell: None)}))

    def test_yields(self) -> None:
        """A generator would do nothing: no hook, message, timer or question is one."""

        def made(*, later: bool) -> Any:
            def yields(self: Game, player: Player) -> Any:
                yield

            async def yields_later(self: Game, player: Player) -> Any:
                yield

            return yields_later if later else yields

        for later in (False, True):
            self.assertIn("must not yield", self.assert_bad(on_join=made(later=later)))
            self.assertIn("must not yield", self.assert_bad(play=message(made(later=later))))
            self.assertIn("must not yield", self.assert_bad(ring=timer(made(later=later))))

    def test_yields_something_else(self) -> None:
        """A name of a later hook may be another method's, and that may be a generator."""

        def on_options(self: Game) -> Any:
            yield 1

        spec_of(type("Good", (Game,), {"on_options": on_options}))

    def test_unknown_by(self) -> None:
        """``by`` names a role of the game."""
        self.assertIn("screen", self.assert_bad(play=message(by="screen")(lambda self, player: None)))

    def test_phase_that_is_no_name(self) -> None:
        """A message has one phase, though it may have several stages."""
        for phase in (("day", "night"), 3, ["day"]):
            error = self.assertRaises(GameDefinitionError, message, phase=phase)
            self.assertIn("one phase", str(error))

    def test_same_name_twice(self) -> None:
        """Two messages of one name are refused."""
        self.assert_bad(one=message(name="x")(lambda self, player: None), two=message(name="x")(lambda self, p: None))

    def test_option_without_default(self) -> None:
        """Each option has a default."""

        def on_create(self: Game, size: int) -> None:
            """A size is needed."""

        self.assertIn("size", self.assert_bad(on_create=on_create))

    def test_question_without_done(self) -> None:
        """A question needs a method for its answers."""
        self.assertIn("done", self.assert_bad(choose=asked()))

    def test_question_of_nobody(self) -> None:
        """A question's method gets who answers."""
        for choose in (lambda self: None, lambda self, *, player: None, staticmethod(method)):
            self.assertIn("who answers", self.assert_bad(choose=question(choose)))

    def test_done_without_answers(self) -> None:
        """The method for the answers takes them: else the question could never end."""
        choose = asked()

        def counted(self: Game) -> None:
            """The answers are missing."""

        choose.done(counted)
        self.assertIn("Bad.counted is called as counted(answers)", self.assert_bad(choose=choose, counted=counted))

    def test_done_without_its_name(self) -> None:
        """The method for the answers is found by its name, which a decorator may have lost."""
        choose = asked()

        def reveal(self: Game, answers: Any) -> None:
            """Kept under another name than its own."""

        choose.done(reveal)
        self.assertIn("has no method 'reveal'", self.assert_bad(choose=choose, shown=reveal))

    def test_done_of_the_same_name(self) -> None:
        """It needs a name of its own, unlike the setter of a property: else the question would be hidden by it."""
        choose = asked()
        with self.assertRaisesRegex(GameDefinitionError, "a name of its own"):
            choose.done(choose.function)

    def test_done_twice(self) -> None:
        """One method gets the answers; a class below may replace it under its name."""
        choose = asked()
        choose.done(lambda self, answers: None)
        choose.done(lambda self, answers: None)
        with self.assertRaisesRegex(GameDefinitionError, "one method gets the answers"):
            choose.done(method)

    def test_marks_that_exclude_each_other(self) -> None:
        """A mark that another would replace unnoticed is an error."""
        for one, other in ((message, timer), (timer, cron("0 20 * * *")), (cron("0 8 * * *"), cron("0 20 * * *"))):
            with self.assertRaisesRegex(GameDefinitionError, "second method"):
                one(other(lambda self: None))

    def test_marked_again(self) -> None:
        """A message may be marked anew, as in a class below."""
        spec = spec_of(type("Good", (Game,), {"play": message(by="any")(message(lambda self, player: None))}))
        self.assertEqual(spec.messages["play"].by, "any")

    def test_marked_question(self) -> None:
        """A question is no other kind of message besides: what that says would not hold."""
        self.assertIn("no other mark", self.assert_bad(choose=question(message(lambda self, player: None))))
        with self.assertRaisesRegex(GameDefinitionError, "message marks a method, not <"):
            message(asked())

    def test_cron_with_arguments(self) -> None:
        """The calendar gives no arguments."""
        for called in (lambda self, player: None, staticmethod(lambda room: None)):
            self.assertIn("nightly is called as nightly()", self.assert_bad(nightly=cron("0 20 * * *")(called)))

    def test_type_that_is_no_json(self) -> None:
        """A parameter of a type that does not travel is refused when the game is read."""

        def play(self: Game, player: Player, what: complex) -> None:
            """Complex."""

        self.assert_bad(play=message(play))

    def test_bad_cron(self) -> None:
        """An expression that is none is the game's error, not the server's."""
        for expression in ("0 20 * *", "61 * * * *", "x * * * *", "0 0 * * 8", "", "0 0 * foo *", "0 0 30 2 *"):
            for method in (lambda self: None, staticmethod(lambda: None)):
                with self.assertRaises(GameDefinitionError, msg=expression) as caught:
                    spec_of(type("Bad", (Game,), {"nightly": cron(expression)(method)}))
                self.assertTrue(str(caught.exception).startswith(f"Bad.nightly: cron({expression!r}): "))

    def test_good_cron(self) -> None:
        """Whatever the check lets through is told with its method."""
        for expression in ("0 0 * * sun-tue", "0 0 * * 6-0", "30 2 * NOV-feb Fri-Mon/2,7"):
            spec = spec_of(type("Good", (Game,), {"nightly": cron(expression)(lambda self: None)}))
            self.assertEqual(spec.crons, [(expression, "nightly", False)])

    def test_cron_without_time(self) -> None:
        """Without parentheses the decorator says so: the method would never be called."""
        with self.assertRaisesRegex(GameDefinitionError, "cron: say when"):
            cron(lambda self: None)  # type: ignore[arg-type]

    def test_keyword_only_and_positional(self) -> None:
        """Parameters may be keyword-only."""

        class Fine(Game):
            @message
            def play(self, player: Player, a: int, *, b: int = 2) -> list[int]:
                return [a, b]

        self.assertEqual(Table(Fine).join("Ann").send("play", a=1), [1, 2])

    def test_inherited(self) -> None:
        """A subclass has its parents' messages, timers and questions."""

        class Base(Game):
            @message
            def play(self, player: Player) -> int:
                self.ask_them.ask()
                return 1

            @question
            def ask_them(self, player: Player) -> int:
                return 1

            @ask_them.done
            def done(self, answers: dict[Player, Answer[int]]) -> None:
                self.state["n"] = len(answers)

        class Child(Base):
            pass

        table = Table(Child)
        ann = table.join("Ann")
        self.assertEqual(ann.send("play"), 1)
        ann.send("ask_them")
        self.assertEqual(table.state, {"n": 1})


class PublicNameTests(SynchronousTestCase):
    """What the examples of the page import."""

    def test_names(self) -> None:
        """Everything but the test kit comes from ``gameserver``."""
        import gameserver

        for name in ["Game", "Player", "Refused", "message", "timer", "cron", "question", "Answer", "Group", "Chat"]:
            self.assertIn(name, gameserver.__all__)
            self.assertTrue(hasattr(gameserver, name))
        self.assertTrue(issubclass(Refused, Exception))
