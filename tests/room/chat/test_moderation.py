"""Mute, shadow, kick, ban, slow mode, links, repeats, floods, reports and blocks, by command and by the game."""

from __future__ import annotations

from typing import Any

import msgspec
from twisted.internet.defer import Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game, Player, Refused, message
from gameserver.interfaces import User
from gameserver.room import row
from gameserver.room.chat.commands import duration_s, say_s
from gameserver.room.chat.moderation import has_link
from gameserver.room.chat.records import Record, UserWatch
from gameserver.room.chat.state import Ban
from gameserver.store import keys
from gameserver.testing import Table, Visitor


class Bar(Game):
    """People talk; the game mutes whom it likes."""

    needs_start = False
    chat_to = ("room", "group", "seat")

    @message
    def hush(self, player: Player, whom: Player, s: float | None = None, shadow: bool = False) -> None:
        self.chat.mute(whom, s, shadow=shadow)

    @message
    def expel(self, player: Player, whom: Player) -> None:
        self.kick(whom, ban=True)

    @message
    def meet(self, player: Player) -> None:
        self.group("corner").add(player)

    @message
    def show(self, player: Player) -> None:
        self.chat.open("attic", group="attic", history=True)
        self.group("attic").add(player)

    @message
    def unhush(self, player: Player, whom: Player) -> None:
        self.chat.unmute(whom)


class Quiet(Bar):
    """With rules of its own."""

    name = "quiet"
    chat_slow_s = 10
    chat_links = False
    chat_repeats = 2
    chat_commands = False


class Book(UserWatch):
    """Keeps the log."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[Record] = []

    def deliver(self, frame: bytes) -> None:
        self.records.append(Record.decode(frame))

    def block(self, user_id: str, other: str, on: bool) -> Deferred[None]:
        known = self.blocked.get(user_id, frozenset())
        self.blocked = {**self.blocked, user_id: known | {other} if on else known - {other}}
        return succeed(None)


class BarCase(SynchronousTestCase):
    game: type[Game] = Bar

    def setUp(self) -> None:
        self.table = Table(self.game)
        self.book = self.table.room.context.watch = Book()
        self.ann, self.bob, self.cleo = (self.table.join(name) for name in ("Ann", "Bob", "Cleo"))

    def code(self, visitor: Visitor, text: str, to: str = "room") -> str:
        refused: Refused = self.assertRaises(Refused, visitor.say, text, to=to)
        return refused.code

    def texts(self, visitor: Visitor) -> list[str]:
        return [line["text"] for line in visitor.chat]

    def log(self) -> list[tuple[str, str | None, str | None]]:
        return [(r.act, r.by.name if r.by else None, r.whom.name if r.whom else None) for r in self.book.records]


class MuteTests(BarCase):
    def test_for_a_time(self) -> None:
        """Everywhere in the room, for so long, over a restart; the answer says what was done."""
        self.assertEqual(self.ann.say("/mute bob 10m rude words"), {"text": "Bob is muted for 10 m."})
        for to in ("room", f"seat:{self.ann.id}"):
            refused = self.assertRaises(Refused, self.bob.say, "but", to=to)
            self.assertEqual((refused.code, refused.text), ("muted", "You may write again in 600 seconds: rude words."))
        self.table.advance(300)
        self.table.restart()
        self.assertEqual(self.code(self.bob, "still?"), "muted")
        self.table.advance(301)
        self.bob.say("at last")
        self.assertEqual(self.texts(self.cleo), ["at last"])
        (record,) = self.book.records
        self.assertEqual(
            (record.act, record.s, record.reason, record.room), ("mute", 600, "rude words", self.table.code)
        )

    def test_for_good_and_back(self) -> None:
        """Without a time it lasts until it is ended; leaving and coming back helps nobody."""
        self.ann.say("/mute Bob")
        self.bob.leave()
        self.bob.come(None, {})
        self.assertEqual(self.code(self.bob, "x"), "muted")
        self.ann.say("/unmute Bob")
        self.bob.say("thanks")
        self.assertEqual(self.log(), [("mute", "Ann", "Bob"), ("unmute", "Ann", "Bob")])

    def test_shadow(self) -> None:
        """Its writer sees the line as all others do theirs; nobody else ever does, newcomers and returners neither."""
        self.ann.say("/shadow Bob 1h")
        self.bob.say("buy gold")
        self.assertEqual((self.texts(self.bob), self.texts(self.ann)), (["buy gold"], []))
        self.assertEqual((self.bob.chat[0]["stream"], self.bob.chat[0]["to"]), ("room", "room"))
        self.cleo.drop()
        self.bob.say("cheap")
        self.cleo.resume()
        self.table.restart()
        dan = self.table.join("Dan")
        for visitor in (self.ann, self.cleo, dan):
            self.assertNotIn(b"buy gold", visitor.seen())
            self.assertNotIn(b"cheap", visitor.seen())
            self.assertNotIn(b"muted", visitor.seen().replace(b"Bob is muted for 1 h.", b""))
        self.bob.drop()
        self.bob.come(None, {})
        self.assertEqual(self.texts(self.bob), ["buy gold", "cheap"])
        self.table.advance(3601)
        self.bob.say("hello?")
        self.assertEqual(self.texts(self.cleo), ["hello?"])

    def test_shadow_is_changed(self) -> None:
        """Its writer alone sees what becomes of the line, then and later; those who came since do not, either."""
        self.ann.say("/shadow Bob")
        self.bob.say("buy gold")
        n = self.bob.chat[0]["n"]
        dan = self.table.join("Dan")
        self.bob.ask("edit", stream="room", line=n, text="buy silver")
        self.assertEqual(self.texts(self.bob), ["buy silver"])
        self.ann.say("/unmute Bob")
        self.bob.ask("edit", stream="room", line=n, text="buy tin")
        self.assertEqual(self.texts(self.bob), ["buy tin"])
        self.bob.ask("unsay", stream="room", line=n)
        self.assertEqual(self.texts(self.bob), [])
        for visitor in (self.ann, self.cleo, dan):
            self.assertNotIn(b'"edited"', visitor.seen())

    def test_by_the_game(self) -> None:
        """The game mutes whom it likes, undone with its step like all else."""
        self.ann.send("hush", whom=self.bob.id, s=5)
        self.assertEqual(self.code(self.bob, "x"), "muted")
        self.ann.send("unhush", whom=self.bob.id)
        self.bob.say("free")
        self.ann.send("hush", whom=self.bob.id, shadow=True)
        self.bob.say("alone")
        self.assertEqual(self.texts(self.cleo), ["free"])


class WhoTests(BarCase):
    def test_players_may_not(self) -> None:
        """Only the host, or somebody with the right; a command is never shown as a line."""
        for command in ("/mute Ann", "/kick Ann", "/slow 5s", "/links off", "/ban Ann", "/unban x", "/shadow Ann"):
            self.assertEqual(self.code(self.bob, command), "forbidden")
            self.table.advance(1)
        self.assertEqual((self.texts(self.ann), self.log()), ([], []))

    def test_moderator_over_host(self) -> None:
        """A moderator may act on the host, not the other way round, and is bound by no rule."""
        session = self.cleo._session
        assert session is not None and session.user is not None
        session.user = User(session.user.id, "Cleo", ("moderator",))
        self.table.room.seats[self.cleo.id]._moderates = True
        self.assertEqual(self.code(self.ann, "/mute Cleo"), "forbidden")
        self.cleo.say("/mute Ann 1m")
        self.assertEqual(self.code(self.ann, "x"), "muted")
        self.assertEqual(self.code(self.ann, "/unmute Ann"), "bad_data")
        self.cleo.say("/slow 1h")
        self.cleo.say("one")
        self.cleo.say("two")
        self.assertEqual(self.texts(self.bob), ["one", "two"])

    def test_whom(self) -> None:
        """By name in any case, with spaces, in quotes, or by seat; who is called like another is named by seat."""
        self.table.join("Dr No")
        self.ann.say("/mute dr no 5s")
        self.ann.say('/mute "Dr No" 5s spam')
        self.ann.say("/mute @cleo")
        other = self.table.join("Bob")
        self.ann.say("/mute bob 2 5s")
        self.table.room.seats[other.id]._kept.name = "BOB"  # as in a room that an older release stored
        self.assertEqual(self.code(self.ann, "/mute Bob"), "bad_data")
        self.ann.say(f"/mute {other.id}")
        for text in ("/mute", "/mute Nobody", "/mute Ann", "/slow soon", "/links maybe", "/unban Nobody"):
            self.assertEqual(self.code(self.ann, text), "bad_data", text)
        self.assertEqual([r.whom.name for r in self.book.records if r.whom], ["Dr No", "Dr No", "Cleo", "Bob 2", "BOB"])

    def test_other_slashes_are_the_games(self) -> None:
        """What is no command of ours is a line."""
        for text in ("/guess owl", "/", "/ mute Bob", "//mute Bob", "mute Bob"):
            self.ann.say(text)
        self.assertEqual(len(self.texts(self.bob)), 5)

    def test_duration(self) -> None:
        """Seconds, minutes, hours and days; all else is none."""
        self.assertEqual([duration_s(w) for w in ("5s", "10m", "2H", "1d")], [5, 600, 7200, 86400])
        self.assertEqual([duration_s(w) for w in ("", "5", "m", "-5s", "5w", "1.5h", "9999999s")], [None] * 7)
        self.assertEqual([say_s(s) for s in (None, 90, 120, 86400)], ["for good", "for 90 s", "for 2 m", "for 1 d"])


class OutTests(BarCase):
    def test_kick(self) -> None:
        """The seat ends; the user may come back."""
        self.ann.say("/kick Bob calm down")
        self.assertEqual(self.bob.left, "kicked")
        self.bob.come(None, {})
        self.assertTrue(self.bob.online)

    def test_ban(self) -> None:
        """Out for so long, over a restart, by whatever name; then welcome again."""
        self.ann.say("/ban Bob 1d spam")
        self.assertEqual(self.bob.left, "banned")
        self.table.restart()
        self.bob.name = "Bobby"
        refused = self.assertRaises(Refused, self.bob.come, None, {})
        self.assertEqual((refused.code, refused.text), ("forbidden", "You may not come back to this room: spam."))
        self.table.advance(86401)
        self.bob.come(None, {})

    def test_unban(self) -> None:
        """By the name that the user had here."""
        self.ann.say("/ban Bob")
        self.assertRaises(Refused, self.bob.come, None, {})
        self.assertEqual(self.ann.say("/unban bob"), {"text": "Bob may come back."})
        self.bob.come(None, {})
        self.assertEqual(self.log(), [("ban", "Ann", "Bob"), ("unban", "Ann", "Bob")])

    def test_unban_whom_the_game_banned(self) -> None:
        """The host may lift it, by the same name; also over a restart."""
        self.ann.send("expel", whom=self.bob.id)
        self.assertEqual(self.bob.left, "banned")
        self.assertRaises(Refused, self.bob.come, None, {})
        self.table.restart()
        self.assertEqual(self.ann.say("/unban Bob"), {"text": "Bob may come back."})
        self.bob.come(None, {})

    def test_row_of_an_older_release(self) -> None:
        """Whom a game had banned stood in a list apart, without a name: the ban stands, and the id lifts it."""
        room = self.table.room
        parts = row.dump(room)
        part = msgspec.json.decode(parts[keys.ROOM])
        part["banned"] = ["guest:bob"]
        parts[keys.ROOM] = msgspec.json.encode(part)
        old = row.restore(
            room.spec, id=room.id, code=room.code, parts=parts, epoch="e", now=room.now, context=room.context
        )
        self.assertEqual(old.talking.ban_of("guest:bob"), Ban("guest:bob"))
        self.assertEqual(msgspec.json.decode(row.dump(old)[keys.ROOM])["banned"], [])


class RuleTests(BarCase):
    game = Quiet

    def test_slow(self) -> None:
        """Ten seconds between two lines of one player in one channel; a refused one costs nothing."""
        self.bob.say("one")
        self.assertEqual(self.code(self.bob, "two"), "slow_down")
        self.bob.say("psst", to=f"seat:{self.cleo.id}")
        self.cleo.say("mine")
        self.table.advance(9)
        self.assertEqual(self.code(self.bob, "two"), "slow_down")
        self.table.advance(1)
        self.bob.say("two")
        self.assertEqual(self.texts(self.ann), ["one", "mine", "two"])

    def test_links(self) -> None:
        """Refused in every form that a page would make a link of."""
        self.assertEqual(self.code(self.bob, "see https://example.com"), "refused")
        for text in ("http://x", "HTTPS://X.org/y", "www.spam.example", "go to evil.com now", "ftp://a"):
            self.assertTrue(has_link(text), text)
        for text in ("e.g. this", "3.14", "well...done", "Mr.Com", "a:b", "what?!", "hi.there"):
            self.assertEqual(has_link(text), text == "Mr.Com", text)

    def test_repeats(self) -> None:
        """The same but for case and spaces, twice a minute."""
        for text in ("Buy Gold", "buy  gold"):
            self.bob.say(text)
            self.table.advance(10)
        self.assertEqual(self.code(self.bob, "BUYGOLD"), "slow_down")
        self.bob.say("buy silver")
        self.table.advance(60)
        self.bob.say("buy gold")
        self.assertEqual(len(self.texts(self.ann)), 4)

    def test_commands_off(self) -> None:
        """Then they are lines like any other."""
        self.ann.say("/mute Bob")
        self.assertEqual(self.texts(self.bob), ["/mute Bob"])

    def test_set_by_command(self) -> None:
        """``/slow`` and ``/links`` are told, stored, and undone."""
        table = Table(Bar)
        ann, bob = table.join("Ann"), table.join("Bob")
        ann.say("/slow 5s")
        ann.say("/links off")
        self.assertEqual(bob.channels["room"]["slow_s"], 5)
        table.restart()
        bob.say("one")
        self.assertRaises(Refused, bob.say, "two")
        self.assertRaises(Refused, bob.say, "http://x", to=f"seat:{ann.id}")
        ann.say("/slow off")
        ann.say("/links on")
        bob.say("http://x")
        self.assertEqual(bob.channels["room"]["slow_s"], 0)


class FloodTests(BarCase):
    def test_flood_is_muted(self) -> None:
        """Forty lines too fast within ten seconds are a minute of silence, also once the pace would do."""
        codes = []
        for n in range(90):
            try:
                self.bob.say(f"spam {n}")
                codes.append("ok")
            except Refused as refused:
                codes.append(refused.code)
        self.assertEqual(set(codes[40:]), {"rate_limited"})
        self.table.advance(30)
        self.assertEqual(self.code(self.bob, "calm"), "muted")
        self.assertEqual(self.log(), [("flood", None, "Bob")])
        self.table.advance(31)
        self.bob.say("calm now")
        self.assertEqual(self.texts(self.cleo)[-1], "calm now")


class ReportTests(BarCase):
    def test_context(self) -> None:
        """The log has who, whom, why, and the last lines that the reporter could read, and no other."""
        self.bob.say("you are stupid")
        self.bob.say("hush", to=f"seat:{self.ann.id}")
        n = self.cleo.chat[0]["n"]
        self.cleo.ask("report", stream="room", line=n, reason="insult")
        (record,) = self.book.records
        self.assertEqual((record.act, record.reason, record.by, record.whom and record.whom.name),
                         ("report", "insult", record.by, "Bob"))  # fmt: skip
        self.assertEqual([line.text for line in record.lines], ["you are stupid"])
        self.assertEqual(record.whom and record.whom.user, self.bob.player.user_id)

    def test_what_was_said_before_one_came(self) -> None:
        """Whoever enters a group is told nothing said there before, and so reports none of it."""
        self.bob.send("meet")
        self.bob.say("you are stupid", to="group:corner")
        n = self.bob.chat[0]["n"]
        self.cleo.send("meet")
        self.cleo.say("hello", to="group:corner")
        refused = self.assertRaises(Refused, self.cleo.ask, "report", stream="group:corner", line=n)
        self.assertEqual(refused.code, "bad_data")
        self.cleo.say("/report Bob")
        (record,) = self.book.records
        self.assertEqual([line.text for line in record.lines], ["hello"])

    def test_by_command_or_seat(self) -> None:
        """Whoever has no page for it writes ``/report NAME REASON``."""
        self.cleo.say("/report Bob he cheats")
        self.cleo.ask("report", seat=self.bob.id)
        self.assertEqual(self.log(), [("report", "Cleo", "Bob")] * 2)
        self.assertEqual(self.assertRaises(Refused, self.cleo.ask, "report").code, "bad_data")
        self.assertIn("no such seat", self.assertRaises(Refused, self.cleo.ask, "report", seat="99").text)

    def test_nothing_without_its_step(self) -> None:
        """A step that is undone leaves nothing in the log."""
        self.assertEqual(self.code(self.ann, "/mute Nobody"), "bad_data")
        self.assertEqual(self.book.records, [])


class SlowTests(BarCase):
    def slow(self, command: str) -> dict[str, float]:
        """:returns: what Bob knows of slow mode after a command, by channel."""
        self.ann.say(command)
        return {to: channel["slow_s"] for to, channel in self.bob.channels.items()}

    def test_told_of_all_channels(self) -> None:
        """Also of those to groups and to seats, when it begins and, after a restart, when it ends."""
        self.bob.send("meet")
        self.assertEqual(self.slow("/slow 10s"), {"room": 10, "group:corner": 10, "seat": 10})
        self.table.restart()
        self.assertEqual(self.slow("/slow off"), {"room": 0, "group:corner": 0, "seat": 0})

    def test_group_that_was_made_meanwhile(self) -> None:
        self.ann.say("/slow 10s")
        self.bob.send("meet")
        self.assertEqual(self.slow("/slow off"), {"room": 0, "group:corner": 0, "seat": 0})


class BlockTests(BarCase):
    def test_block(self) -> None:
        """Who blocks a user hears that user no more: lines, direct lines, typing, history; and then again."""
        self.bob.say("before")
        self.cleo.say("/block Bob")
        self.bob.say("to all")
        self.bob.say("to you", to=f"seat:{self.cleo.id}")
        self.bob._speak({"op": "typing"})
        self.table.restart()
        self.table.room.context.watch = self.book
        self.cleo.drop()
        self.cleo.come(None, {})
        for word in (b"to all", b"to you", b"typing"):
            self.assertNotIn(word, self.cleo.seen())
        self.assertEqual(self.texts(self.ann), ["before", "to all"])
        self.cleo.ask("block", seat=self.bob.id, on=False)
        self.bob.say("again")
        self.assertEqual(self.texts(self.cleo), ["before", "again"])

    def test_what_was_said_before_one_came(self) -> None:
        """Lines of somebody who is blocked are not shown to a newcomer, in the room or in a group."""
        self.cleo.say("/block Bob")
        self.cleo.leave()
        self.bob.send("show")
        for visitor in (self.ann, self.bob):
            visitor.say(f"{visitor.name} speaks")
        self.bob.say("up here", to="group:attic")
        self.cleo.come(None, {})
        self.cleo.send("show")
        self.assertEqual(self.texts(self.cleo), ["Ann speaks"])

    def test_oneself(self) -> None:
        """Nobody blocks oneself, or nobody."""
        self.assertEqual(self.code(self.bob, "/block Bob"), "bad_data")
        asked: Any = self.assertRaises(Refused, self.bob.ask, "block", seat="99")
        self.assertEqual(asked.code, "bad_data")
