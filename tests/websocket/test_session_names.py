"""Names of users and of seats: nobody looks like an account that is here, or like one that has rights."""

from __future__ import annotations

import random
from unittest import mock

from msgspec.structs import replace

from gameserver import Game, Player, Refused
from gameserver.auth.accounts import Accounts
from gameserver.auth.chain import Chain
from gameserver.auth.guests import Guests
from gameserver.auth.tokens import SECRET_BYTES
from gameserver.node.people import GUEST, People
from gameserver.protocol import names
from gameserver.room import row
from tests.auth.kit import fast_hasher
from tests.protocol.test_names import MARKS, Measured
from tests.websocket.kit import Message, Peer, WireTestCase

LOOK_LIKE_ANN = ("Ann", "ann", "A n n", "\u0410nn", "ANN")


class Open(Game):
    """Any game."""

    name = "open"
    needs_start = False
    roles = {"screen": 1}


class Shy(Open):
    """Nobody comes in but who made it."""

    name = "shy"

    def on_join(self, player: Player) -> None:
        if player.id != "1":
            raise Refused("not you")


class NamesCase(WireTestCase):
    games = (Open, Shy)

    def setUp(self) -> None:
        super().setUp()
        rig = self.rig
        self.accounts = Accounts(
            [b"s" * 32], rig.store, fast_hasher(), random.Random(2).randbytes, lambda user, login: None
        )
        guests = Guests([bytes(SECRET_BYTES)], rig.entropy, rig.clock.now, rig.store)
        rig.services = replace(rig.services, authenticators=Chain([guests, self.accounts]))
        rig.registry.people = People(["Root"])
        registered = self.accounts.register("Ann", "correct horse", now_s=rig.clock.now())
        self.token = self.successResultOf(registered).token

    def ann(self) -> Peer:
        return self.rig.connect().hello(token=self.token)

    def guest_with_account(self, token: str) -> str:
        """:returns: the token of the account that a guest makes of herself."""
        guest = self.successResultOf(self.rig.services.authenticators.authenticate(token, now_s=self.rig.clock.now()))
        made = self.accounts.register("Eve", "correct horse", guest=guest, now_s=self.rig.clock.now())
        return self.successResultOf(made).token

    def hello(self, name: str) -> Message:
        """:returns: what a guest of that name is answered."""
        answer: Message = self.rig.connect().say("hello", guest={"name": name})[0]
        return answer


class GuestNamesTests(NamesCase):
    def test_account_that_is_here(self) -> None:
        """No guest gets a name that could be taken for that of an account, from its first connection to its last."""
        self.assertEqual(self.hello("Ann")["op"], "welcome")
        first, second = self.ann(), self.ann()
        for name in LOOK_LIKE_ANN:
            self.assert_error(self.hello(name), "unauthenticated")
        self.assertEqual(self.hello("Anna")["op"], "welcome")
        first.drop()
        self.assert_error(self.hello("Ann"), "unauthenticated")
        second.drop()
        self.assertEqual(self.hello("Ann")["op"], "welcome")

    def test_name_of_a_moderator(self) -> None:
        """What settings give rights is nobody's else, whether it is registered or not."""
        for name in ("Root", "root", "Roo\u0442", "R\u043e\u043et"):
            self.assert_error(self.hello(name), "unauthenticated")

    def test_guest_who_was_here_before(self) -> None:
        """A guest who comes back to an account's name is let in, and told from it."""
        token = self.rig.connect().hello("Ann").welcome["token"]
        self.ann()
        again = self.rig.connect().hello(token=token)
        self.assertEqual(again.welcome["user"]["name"], "Ann" + GUEST)
        again.create("open", name=None)
        self.assertEqual([seat["name"] for seat in again.joined["seats"]], ["Ann" + GUEST])

    def test_seat_of_another_name(self) -> None:
        """Nobody takes a seat under such a name, an account neither, but whose name it is."""
        ann = self.ann()
        code = ann.create("open", name="ANN").room
        guest, bob = self.rig.connect().hello("Eve"), self.rig.connect()
        registered = self.accounts.register("Bob", "correct horse", now_s=self.rig.clock.now())
        bob.hello(token=self.successResultOf(registered).token)
        for peer in (guest, bob):
            for id, name in enumerate((*LOOK_LIKE_ANN, "Root"), start=1):
                self.assert_error(peer.ask("join", id=id, room=code, name=name), "name_taken", id)
            self.assert_error(peer.ask("create", id=20, game="open", name="Root"), "name_taken", 20)
        self.assertEqual(guest.ask("join", id=21, room=code, name="Eva")["op"], "joined")

    def test_length_before_work(self) -> None:
        """A name of 1,000 marks is refused before any of them is brought into its order, wherever it comes in."""
        peer = self.rig.connect().hello("Eve")
        code = peer.create("open").room
        with mock.patch.object(names, "unicodedata", Measured()) as measured:
            self.assert_error(self.hello(MARKS * 500), "unauthenticated")
            self.assert_error(peer.ask("create", id=2, game="open", name=MARKS * 500), "bad_data", 2)
            self.assert_error(peer.ask("join", id=3, room=code, name=MARKS * 500), "bad_data", 3)
            self.assertEqual(measured.code_points, 0)

    def test_command_of_many_words(self) -> None:
        """A command is as long as a line at most: whom it names is looked for in no more than that."""
        peer = self.rig.connect().hello("Eve").create("open")
        for id, command in enumerate(("report", "block"), start=2):
            answer = peer.ask("chat", id=id, text=f"/{command} " + "a " * 20_000)
            self.assert_error(answer, "too_large", id)


class AccountSeatTests(NamesCase):
    """SEAT says of whom the server knows more than a name."""

    def accounts_of(self, message: Message) -> dict[str, bool | None]:
        """:returns: what the seats of a message say of accounts, by name; None: nothing."""
        return {seat["name"]: seat.get("account") for seat in message["seats"]}

    def test_account_and_guest(self) -> None:
        """An account's seat says so, to those who are there and to those who come; a guest's has no such key."""
        guest = self.rig.connect().hello("Eve").create("open", name=None)
        told = self.ann()
        told.join(guest.room, name=None)
        self.assertEqual(self.accounts_of(told.joined), {"Eve": None, "Ann": True})
        seats = next(m for m in guest.take() if m["op"] == "seats")
        self.assertEqual(self.accounts_of(seats), {"Ann": True})

    def test_restart(self) -> None:
        """The row keeps it: whoever comes after a restart is told the same."""
        ann = self.ann()
        code = ann.create("open", name=None).room
        self.rig.crash()
        eve = self.rig.connect().hello("Eve")
        eve.join(code, name=None)
        self.assertEqual(self.accounts_of(eve.joined), {"Ann": True, "Eve": None})

    def test_guest_who_made_an_account(self) -> None:
        """Her seat says so from when she comes back, and after a restart, too, though her id is a guest's."""
        eve = self.rig.connect().hello("Eve")
        code = eve.create("open", name=None).room
        bob = self.rig.connect().hello("Bob")
        bob.join(code, name=None)
        again = self.rig.connect().hello(token=self.guest_with_account(eve.welcome["token"]))
        again.join(code, name=None)
        self.assertEqual(again.joined["seat"]["id"], eve.joined["seat"]["id"])
        seats = [m for m in bob.take() if m["op"] == "seats"]
        self.assertEqual(self.accounts_of(seats[-1]), {"Eve": True})
        self.rig.crash()
        late = self.rig.connect().hello("Late")
        late.join(code, name=None)
        self.assertEqual(self.accounts_of(late.joined), {"Eve": True, "Bob": None, "Late": None})

    def test_row_without_it(self) -> None:
        """Of a seat that an older release stored, its user's id tells, which a guest keeps who registers."""
        ann = self.ann()
        code = ann.create("open", name=None).room
        eve = self.rig.connect().hello("Eve")
        eve.join(code, name=None)
        room = self.rig.runner(code).room
        parts = {name: content.replace(b',"account":true', b"") for name, content in row.dump(room).items()}
        made = row.restore(room.spec, id=room.id, code=code, parts=parts, epoch="e", now=room.now, context=room.context)
        self.assertEqual({seat.name: seat.account for seat in made.seats.values()}, {"Ann": True, "Eve": False})

    def test_lobby(self) -> None:
        """A line outside rooms says it of its author, now and when it is read again."""
        eve, ann = self.rig.connect().hello("Eve"), self.ann()
        eve.ask("listen", id=1, to="lobby:open")
        for id, peer in enumerate((ann, eve), start=2):
            peer.ask("chat", id=id, to="lobby:open", text="hi")
        heard = [m["from"] for m in eve.everything() if m["op"] == "post"]
        lines = [line["from"] for line in self.ann().ask("listen", id=1, to="lobby:open")["data"]["lines"]]
        self.assertEqual([author.get("account") for author in heard], [True, None])
        self.assertEqual(lines, heard)


class DifferentNamesTests(NamesCase):
    """Two users in a room are never called the same."""

    def names_in(self, code: str | None) -> list[str]:
        """:returns: what the seats are called, in the order in which they were taken."""
        seats = self.rig.connect().hello("Zed").join(code, name="Zed").joined["seats"]
        return [seat["name"] for seat in seats][:-1]

    def test_numbers(self) -> None:
        """Whoever comes with a name that is taken, or looks like it, gets a number with it; in every role."""
        code = self.rig.connect().hello("Anna").create("open", name=None).room
        for name in ("Anna", "ANNA", "\u0410nna 2", "Anna 2", "Eve"):
            told = self.rig.connect().hello("Guest").join(code, name=name).joined["seats"][-1]["name"]
            self.assertEqual(told.startswith(name), True)
        self.rig.connect().hello("Guest").join(code, name="eve", role="screen")
        names = ["Anna", "Anna 2", "ANNA 3", "\u0410nna 2 2", "Anna 2 3", "Eve", "eve 2"]
        self.assertEqual(self.names_in(code), names)

    def test_own_seat(self) -> None:
        """Whoever comes back is called as before; so is another seat of the same user."""
        peer = self.rig.connect().hello("Anna").create("open", name=None)
        screen = peer.again().join(peer.room, name=None, role="screen")
        self.assertEqual([seat["name"] for seat in screen.joined["seats"]], ["Anna", "Anna"])
        self.assertEqual(peer.again().join(peer.room, name=None).joined["seats"][0]["name"], "Anna")

    def test_guest_gives_way(self) -> None:
        """An account gets its own name, though a guest had it before; those who are there are told of both."""
        code = self.rig.connect().hello("Ann").create("open", name=None).room
        bob = self.rig.connect().hello("Bob").join(code, name=None)
        ann = self.ann().join(code, name=None)
        self.assertEqual([seat["name"] for seat in ann.joined["seats"]], ["Ann 2", "Bob", "Ann"])
        told = next(m for m in bob.take() if m["op"] == "seats")
        self.assertEqual([(seat["id"], seat["name"]) for seat in told["seats"]], [("1", "Ann 2"), ("3", "Ann")])

    def test_account_that_is_away(self) -> None:
        """A guest does not get the name of an account that has a seat, connected or not."""
        ann = self.ann()
        code = ann.create("open", name=None).room
        ann.drop()
        guest = self.rig.connect().hello("Ann").join(code, name=None)
        self.assertEqual([seat["name"] for seat in guest.joined["seats"]], ["Ann", "Ann 2"])

    def test_refused_newcomer(self) -> None:
        """Who is turned away by the game leaves no trace: the guest has the old name."""
        guest = self.rig.connect().hello("Ann").create("shy", name=None)
        self.assert_error(self.ann().ask("join", id=1, room=guest.room), "refused", 1)
        self.assertEqual(self.rig.runner(guest.room).room.seats["1"].name, "Ann")
        self.assertEqual(guest.take(), [])

    def test_old_names_of_guests(self) -> None:
        """A token of before names were looked at brings a name that is one."""
        _, token = self.rig.services.authenticators.guest("A\u3164nn\u200d")
        self.assertEqual(self.rig.connect().hello(token=token).welcome["user"]["name"], "Ann")
