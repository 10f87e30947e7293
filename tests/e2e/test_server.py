"""The real server as a process, on real sockets: whole games, a client that is not ours, starts, stops, and abuse."""

from __future__ import annotations

import ctypes
import errno
import os
import re
import shutil
import signal
import socket
import sqlite3
import tempfile
import time
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SkipTest

from gameserver.auth.invitations import Invitations
from gameserver.auth.secrets import read_secrets
from gameserver.client import Room
from gameserver.errors import ConnectionFailed, Refused
from gameserver.websocket.native import BUILT
from tests.e2e.kit import ASK_S, STOP_S, WAIT_S, Bare, Person, Server, ServerCase, bare, sleep, together, until, within

PIDFD_GETFD = 438
"""Linux's number of the call on every architecture, since 5.6."""

HELLO = {"op": "hello", "guest": {"name": "Eve"}}

UNWELL = re.compile(r"#(?:warn|error|critical)\] (.*)")
"""What a server's log says beside information."""

GOOD_GAME = '''
"""Counts."""
from gameserver import Game, Player, message

class Counting(Game):
    """Counts for everybody."""
    needs_start = False

    def on_create(self):
        self.state["count"] = 0

    @message
    def add(self, player: Player, by: int) -> int:
        self.state["count"] += by
        return self.state["count"]

    @message
    def stumble(self, player: Player) -> None:
        self.state["count"] = -1
        raise KeyError("a bug of the author's")
'''


def welcome(connection: Bare) -> dict[str, Any]:
    """Say hello on a bare socket."""
    connection.say(**HELLO)
    heard = connection.hear()
    assert isinstance(heard, dict) and heard["op"] == "welcome", heard
    return heard


class WholeGameTests(ServerCase):
    """Four players, over real sockets, from the first move to the last."""

    async def test_tictactoe_in_two_rooms(self) -> None:
        """Two rooms of two play at a time; each ends as it should, and hears nothing of the other."""
        await self.two_rooms("yes", "C" if BUILT else "Python")

    async def test_tictactoe_without_c(self) -> None:
        """The same where a setting says that nothing be done in C."""
        await self.two_rooms("no", "Python")

    async def two_rooms(self, native: str, way: str) -> None:
        """Play in both, on a server that says which way its frames go."""
        server = self.server(GAMESERVER_NATIVE=native)
        await server.start()
        self.assertIn(f"frames are read and written in {way}", server.output)
        ann, bob, cyd, dan = await self.people(server, "Ann", "Bob", "Cyd", "Dan")
        await together(self.match(ann, bob, "row"), self.match(cyd, dan, "draw"))
        for pair, others in (((ann, bob), (cyd, dan)), ((cyd, dan), (ann, bob))):
            for person in pair:
                self.assertEqual(person.room.info.status, "over")
                self.assertEqual(person.room.state, pair[0].room.state)
                self.assertNotIn(others[0].room.code, person.told.text)
                self.assertNotIn(f"hello, {others[0].room.code}", person.told.text)
                self.assertEqual(person.room.jumps, 0)
        (winner,) = {number for number in (0, 1) if ann.room.state["cells"][0] == number}
        self.assertEqual(ann.room.info.result, {"winner": winner})
        self.assertEqual(cyd.room.info.result, {"winner": None})

    async def match(self, ann: Person, bob: Person, plan: str) -> None:
        """Play one game, the first player to win, or nobody."""
        # Cells in turn: the first to move has 0, 1, 2 in the end, or nobody three in a row.
        cells = {"row": (0, 3, 1, 4, 2), "draw": (0, 1, 2, 4, 3, 5, 7, 6, 8)}[plan]
        room = await ann.create("tictactoe")
        self.assertEqual(room.info.status, "lobby")
        await bob.join(room.code)
        await together(
            *(each.sees(lambda room: room.info.status == "playing", "the game starts") for each in (ann, bob))
        )
        self.assertEqual([ann.room.seat.number, bob.room.seat.number], [0, 1])
        await within(ann.room.say(f"hello, {room.code}"), "chat")
        for index, cell in enumerate(cells):
            turn = ann.room.state["turn"]
            mover, waiter = (ann, bob) if turn == 0 else (bob, ann)
            await mover.sees(lambda room, turn=turn: room.state["turn"] == turn, "it is the mover's turn")
            early = await self.refusal(waiter.room.send("play", cell=cell))
            self.assertEqual(early.code, "not_your_turn")
            if index:
                taken = await self.refusal(mover.room.send("play", cell=cells[0]))
                self.assertEqual(taken.code, "refused")
            await mover.send("play", cell=cell)
            done = sum(owner is not None for owner in mover.room.state["cells"])
            self.assertEqual(done, index + 1, "the patch comes before the answer")
            await together(*(each.sees(lambda room, n=done: _moves(room) == n, "the move") for each in (ann, bob)))
        await together(*(each.sees(lambda room: room.info.status == "over", "the end") for each in (ann, bob)))
        self.assertEqual([line.text for line in bob.room.chat], [f"hello, {room.code}"])

    async def refusal(self, asked: Any) -> Refused:
        """Wait for a request that must be refused."""
        refused: Refused = await self.assertFailure(within(asked, "a refusal"), Refused)
        return refused

    async def test_rps_in_teams(self) -> None:
        """Two teams of two play to three points; what a team plans reaches no other socket before the reveal."""
        server = self.server()
        await server.start()
        people = await self.people(server, "Ann", "Bob", "Cyd", "Dan")
        ann, bob, cyd, dan = people
        room = await ann.create("rps")
        for person in (bob, cyd, dan):
            await person.join(room.code)
        for person in people:
            await person.sees(lambda room: sum(map(len, room.state["teams"].values())) == 4, "all are there")
        self.assertEqual(room.state["teams"], {"red": [ann.room.seat.id, cyd.room.seat.id], "blue": ["2", "4"]})
        for person, names in ((ann, ["Ann", "Cyd"]), (bob, ["Bob", "Dan"])):
            # What a step says comes behind what it changes.
            await until(lambda p=person, n=names: len(p.heard("teammate")) >= len(n), "the teammates are told")
            self.assertEqual(person.heard("teammate"), names)
        self.assertEqual((await self.refusal(bob.room.send("go"))).code, "forbidden")
        for action in ("JOIN_ROOM", "TIMER", "CREATE_ROOM", "LEAVE_ROOM"):
            await self.refusal(bob.room.send(action, {}))

        for round in (1, 2, 3):
            await ann.send("go")
            # Within the three seconds of the count; one after the other in each team, as what it hears is compared.
            await together(ann.send("throw", "rock"), bob.send("throw", "scissors"))
            await together(cyd.send("throw", "rock"), dan.send("throw", "paper"))
            await together(*(p.sees(lambda room: len(room.state["thrown"]) == 4, "all have thrown") for p in people))
            if round == 1:
                for person in (ann, cyd):
                    self.assertNotIn("scissors", person.told.text)
                    self.assertNotIn('"planned", "data": ["Bob', person.told.text)
                for person in (bob, dan):
                    self.assertNotIn('"rock"', person.told.text)
            for person in people:
                await until(lambda p=person, n=round: len(p.heard("reveal")) == n, "the throws are told")
                self.assertEqual(person.room.state["score"]["red"], round)
        for person in people:
            self.assertEqual(person.room.state["winner"], "red")
            self.assertEqual(person.room.state["score"], {"red": 3, "blue": 0})
            reveal = {"thrown": {"red": "rock", "blue": "scissors"}, "scored": "red"}
            self.assertEqual(person.heard("reveal"), [reveal] * 3)
            self.assertEqual(person.room.jumps, 0)
            self.assertEqual(person.room.timers, {})
        self.assertEqual(ann.heard("planned"), [["Ann", "rock"], ["Cyd", "rock"]] * 3)
        self.assertEqual(dan.heard("planned"), [["Bob", "scissors"], ["Dan", "paper"]] * 3)
        self.assertEqual({line["stream"] for line in ann.told.all("event")}, {"room", "group:red"})


def _moves(room: Room) -> int:
    return sum(owner is not None for owner in room.state["cells"])


class ForeignClientTests(ServerCase):
    async def test_websockets_from_pypi(self) -> None:
        """A client that knows nothing but the page plays, drops, resumes, and leaves."""
        server = self.server()
        await server.start()
        output = await self.script(Path(__file__).with_name("foreign.py"), server.url)
        self.assertIn("all as it should be", output)
        self.assertNotIn("Traceback", server.output)


class StopTests(ServerCase):
    def assert_clean_exit(self, server: Server) -> None:
        """Twisted raises the signal again, once its shutdown is done."""
        self.assertIn(server.exit_status, (0, -signal.SIGTERM))
        self.assertNotIn("Traceback", server.output)
        self.assertEqual(UNWELL.findall(server.output), [])

    async def test_clean_stop(self) -> None:
        """SIGTERM closes with 4010 and ends in time; afterwards the rooms are there, and clients come back."""
        server = self.server()
        await server.start()
        ann, bob = await self.people(server, "Ann", "Bob")
        room = await ann.create("tictactoe")
        await bob.join(room.code)
        await within(ann.room.say("before"), "chat")
        mover = (ann, bob)[ann.room.state["turn"]]
        # This is under way when the signal comes: it is applied once, or refused as a whole.
        moving = mover.room.send("play", cell=4)
        took_s = await server.stop()
        self.assertLess(took_s, STOP_S)
        self.assert_clean_exit(server)
        await until(lambda: ann.told.closes and bob.told.closes, "the sockets are closed")
        self.assertEqual((ann.told.closes, bob.told.closes), ([4010], [4010]))
        await server.start()
        try:
            await within(moving, "the move is answered")
        except Refused as refused:
            self.assertEqual(refused.code, "draining")
            await mover.send("play", cell=4)
        await within(bob.room.say("after"), "chat after the restart")
        await ann.sees(lambda room: [line.text for line in room.chat] == ["before", "after"], "chat")
        await bob.sees(lambda room: room.state["cells"][4] is not None, "the move")
        self.assertEqual(ann.room.state, bob.room.state)
        for person in (ann, bob):
            self.assertEqual([joined["recovered"] for joined in person.told.all("joined")], [None, True])
        self.assertLess(await server.stop(), STOP_S)
        self.assert_clean_exit(server)

    async def test_stop_beside_a_reader_that_never_answers(self) -> None:
        """A socket that neither reads nor answers the close frame does not hold the server up."""
        server = self.server()
        await server.start()
        dead = socket.create_connection(("127.0.0.1", server.port))
        self.addCleanup(dead.close)
        handshake = await bare(server.port, lambda connection: connection.status)
        self.assertEqual(handshake, 101)
        stuck = Bare(server.port)
        self.addCleanup(stuck.close)
        stuck.say(**HELLO)
        await until(lambda: _has_bytes(stuck.socket), "the server says welcome")
        self.assertLess(await server.stop(), STOP_S)
        self.assertIn(server.exit_status, (0, -signal.SIGTERM))
        self.assertEqual(stuck.hear_close(), 4010)

    async def test_stop_while_the_disk_hangs(self) -> None:
        """A store that does not answer costs the commit, but neither the five seconds nor the 4010."""
        server = self.server()
        await server.start()
        ann, bob = await self.people(server, "Ann", "Bob")
        await ann.create("tictactoe")
        await bob.join(ann.room.code)
        (path,) = server.data.glob("*.sqlite3")
        other = sqlite3.connect(path, WAIT_S, isolation_level=None)
        self.addCleanup(other.close)
        other.execute("BEGIN IMMEDIATE")
        mover = (ann, bob)[ann.room.state["turn"]]
        moving = mover.room.send("play", cell=4)
        await within(ann.client.ping(), "the server has the move")
        await within(bob.client.ping(), "the server has the move")
        took_s = await server.stop()
        other.execute("ROLLBACK")
        self.assertLess(took_s, STOP_S + 0.5)
        await until(lambda: ann.told.closes and bob.told.closes, "the sockets are closed")
        self.assertEqual((ann.told.closes, bob.told.closes), ([4010], [4010]))
        self.assertRegex(server.output, rf"did not take the last steps of 1 room \({ann.room.code}\)\. The next start")
        self.assertFalse(moving.called)
        await server.start()
        self.assertIsNone(await within(moving, "the move is answered"))
        self.assertEqual(_moves(mover.room), 1)


def _has_bytes(watched: socket.socket) -> bool:
    watched.setblocking(False)
    try:
        return bool(watched.recv(1, socket.MSG_PEEK))
    except BlockingIOError:
        return False
    finally:
        watched.settimeout(30)


class RefusedStartTests(ServerCase):
    async def refused(self, server: Server) -> str:
        """Start what must not start, and give the one line in which it says why."""
        server.spawn()
        self.assertEqual(await server.ended(), 1)
        self.assertNotIn("Traceback", server.output)
        said = UNWELL.findall(server.output) or [line for line in server.output.splitlines() if "#info" not in line]
        self.assertEqual(len(said), 1, server.output)
        line: str = said[0]
        return line

    async def test_second_process_on_the_same_data(self) -> None:
        """It says in one line that the data is in use, ends with 1, and the first goes on."""
        first, second = self.server(), self.server()
        await first.start()
        ann = await self.person(first, "Ann")
        await ann.create("tictactoe")
        second.data = first.data
        self.assertRegex(
            await self.refused(second),
            rf"data \(from .*\): {re.escape(str(first.data))}: in use by another process; stop that",
        )
        await within(ann.room.say("still here"), "the first goes on")
        await first.restart()
        await within(ann.room.say("and after a restart"), "its data is whole")

    async def test_second_process_on_the_same_port(self) -> None:
        """It says in one line which port it cannot have, ends with 1, and leaves its data in peace."""
        first, second = self.server(), self.server()
        await first.start()
        free, second.port = second.port, first.port
        self.assertIn(str(first.port), await self.refused(second))
        second.port = free
        await second.start()

    async def test_wrong_setting(self) -> None:
        """A setting that is wrong is named, with its source."""
        server = self.server(GAMESERVER_LIMITS_HELLO_S="soon")
        server.spawn()
        self.assertEqual(await server.ended(), 1)
        self.assertIn("limits.hello_s (from environment GAMESERVER_LIMITS_HELLO_S)", server.output)
        self.assertNotIn("Traceback", server.output)


class BrokenGameTests(ServerCase):
    async def test_broken_games_beside_good_ones(self) -> None:
        """Broken games are listed with file and line, to administrators; others are served, and the server starts."""
        games = self.games(
            counting=GOOD_GAME,
            crooked="def payload_handler(group_add, socket_self_send, socket_group_send, payload:\n    pass\n",
            missing="\nimport no_such_module_at_all\n",
            falling="from gameserver import Game\n\n\nclass Falling(Game):\n    x = 1 / 0\n",
        )
        server = self.server(games=games, samples=True, GAMESERVER_AUTH="guests accounts", GAMESERVER_ADMINS="Root")
        await server.start()
        self.assertNotIn("broken", (await server.http("GET", "/api/games")).json)
        invitation = Invitations(read_secrets(server.data / "secret")).make("Root")
        root = {"name": "Root", "password": "correct horse", "invitation": invitation}
        token = (await server.http("POST", "/api/register", root)).json["token"]
        listed = (await server.http("GET", "/api/games", token=token)).json
        names = {game["name"] for game in listed["games"]}
        self.assertEqual(names & {"counting", "rps", "tictactoe"}, {"counting", "rps", "tictactoe"})
        self.assertEqual(names & {"crooked", "missing", "falling"}, set())
        broken = {each["name"]: each["error"] for each in listed["broken"]}
        self.assertEqual(set(broken), {"crooked", "missing", "falling"})
        for name, line in (("crooked", 1), ("missing", 2), ("falling", 5)):
            self.assertRegex(broken[name], rf"{name}\.py.*\b{line}\b")
            self.assertIn(f"{name}.py", server.output)
        ann = await self.person(server, "Ann")
        await ann.create("counting")
        self.assertEqual(await ann.send("add", by=2), 2)
        refused = await self.assertFailure(ann.client.create("falling"), Refused)
        self.assertEqual(refused.code, "not_found")

    async def test_times_that_the_calendar_does_not_have(self) -> None:
        """Where the time zone is none, or an expression, those games are broken that the calendar is to call."""
        timed = "from gameserver import Game, cron\n\n\nclass {}(Game):\n    @cron({!r})\n    def nightly(self): 0\n"
        games = self.games(
            counting=GOOD_GAME, night=timed.format("Night", "0 4 * * *"), foo=timed.format("Foo", "0 4 * foo *")
        )
        for zone, broken in (("CET-1CEST", ("Night", "Foo")), ("Mars/Phobos", ("Night", "Foo")), ("UTC", ("Foo",))):
            server = self.server(games=games, TZ=zone)
            await server.start()
            listed = (await server.http("GET", "/api/games")).json["games"]
            served = {game["name"] for game in listed} & {"counting", "night", "foo"}
            self.assertEqual(served, {"counting", "night"} - {each.lower() for each in broken}, zone)
            for name in broken:
                self.assertRegex(server.output, rf"the game {name} .* cannot be served: .*{name}\.nightly: cron\('0 4 ")
            self.assertNotIn("Traceback", server.output)
            await server.stop()

    async def test_two_games_of_one_name(self) -> None:
        """Neither is served where two claim a name, and both places are told."""
        first, second = self.games(counting=GOOD_GAME), self.folder / "more"
        second.mkdir()
        (second / "tally.py").write_text(GOOD_GAME)
        server = self.server(GAMESERVER_GAMES=f'"{first}" "{second}"')
        server.spawn()
        await until(lambda: server.exit_status is not None or server.listens(), "it listens, or refuses to")
        self.assertIn("counting.py", server.output)
        self.assertIn("tally.py", server.output)
        self.assertNotIn("Traceback", server.output)

    async def test_exception_harms_its_own_step_alone(self) -> None:
        """An author's bug answers ``game_error``, leaves the room as it was, and is logged; all others play on."""
        server = self.server(games=self.games(counting=GOOD_GAME))
        await server.start()
        ann, bob = await self.people(server, "Ann", "Bob")
        await ann.create("counting")
        await bob.create("counting")
        await ann.send("add", by=1)
        refused = await self.assertFailure(ann.room.send("stumble"), Refused)
        self.assertEqual(refused.code, "game_error")
        self.assertNotIn("author's", refused.text)
        self.assertEqual(await ann.send("add", by=1), 2)
        self.assertEqual(await bob.send("add", by=1), 1)
        self.assertIn("a bug of the author's", server.output)


class HTTPTests(ServerCase):
    async def test_guest_games_rooms(self) -> None:
        """Guests, games and rooms over the port of the WebSockets; who they make plays over those."""
        server = self.server()
        await server.start()
        guest = (await server.http("POST", "/api/guest", {"name": "Ann"})).json
        self.assertEqual(guest["user"]["name"], "Ann")
        games = {game["name"] for game in (await server.http("GET", "/api/games")).json["games"]}
        self.assertEqual(games & {"rps", "tictactoe"}, {"rps", "tictactoe"})
        made = await server.http("POST", "/api/rooms", {"game": "tictactoe"}, token=guest["token"])
        self.assertEqual(made.status, 201)
        code = made.json["room"]
        hidden = await server.http("POST", "/api/rooms", {"game": "rps", "private": True}, token=guest["token"])
        self.assertEqual(len(hidden.json["room"]), 8)

        ann = await self.person(server, "Ann", token=guest["token"])
        assert ann.client.user is not None
        self.assertEqual(ann.client.user.id, guest["user"]["id"])
        room = await ann.join(code)
        self.assertTrue(room.seats[room.seat.id].host)
        bob = await self.person(server, "Bob")
        await bob.join(code.lower())

        await server.restart()
        about = (await server.http("GET", f"/api/rooms/{code}")).json
        self.assertEqual((about["room"], about["game"], about["status"]), (code, "tictactoe", "playing"))
        self.assertEqual((about["players"], about["max_players"]), (2, 2))
        # It is listed as soon as somebody is back in it.
        end_s = time.monotonic() + WAIT_S
        while not (listed := (await server.http("GET", "/api/rooms")).json["rooms"]) and time.monotonic() < end_s:
            await sleep(ASK_S)
        self.assertEqual([each["room"] for each in listed], [code])
        self.assertEqual((await server.http("GET", f"/api/rooms/{hidden.json['room']}")).status, 200)

    async def test_refusals(self) -> None:
        """What is wrong is said as ``{"code", "message"}``, and nothing leaves a traceback."""
        server = self.server()
        await server.start()
        token = (await server.http("POST", "/api/guest", {"name": "Ann"})).json["token"]
        for status, code, call in (
            (401, "unauthenticated", ("POST", "/api/rooms", {"game": "rps"}, None)),
            (401, "unauthenticated", ("POST", "/api/rooms", {"game": "rps"}, token[:-2] + "xx")),
            (404, "not_found", ("POST", "/api/rooms", {"game": "chess"}, token)),
            (404, "not_found", ("GET", "/api/rooms/NOPE", None, None)),
            (404, "not_found", ("GET", "/api/nothing", None, None)),
            (400, "bad_message", ("POST", "/api/guest", b"{nope", None)),
            (400, "bad_message", ("POST", "/api/guest", b'{"name": "\xff"}', None)),
            (400, "bad_message", ("POST", "/api/guest", b'{"name": ' + b"[" * 10_000, None)),
            (400, "bad_data", ("POST", "/api/guest", {"name": 7}, None)),
            (413, "too_large", ("POST", "/api/guest", {"name": "x" * 100_000}, None)),
            (405, "unknown_op", ("PUT", "/api/guest", {"name": "Ann"}, None)),
        ):
            with self.subTest(code=code, path=call[1]):
                method, path, body, bearer = call
                answer = await server.http(method, path, body, token=bearer)
                self.assertEqual((answer.status, answer.json["code"]), (status, code), answer.body[:200])
                self.assertEqual(set(answer.json), {"code", "message"})
        self.assertNotIn("Traceback", server.output)


class HostileTests(ServerCase):
    """A hostile client harms itself alone."""

    async def test_close_codes(self) -> None:
        """An oversize frame ends its session with 1009, bad UTF-8 with 1007, a malformed flood with 4400."""
        server = self.server()
        await server.start()
        ann = await self.person(server, "Ann")
        await ann.create("tictactoe")

        def oversize(connection: Bare) -> int:
            connection.say(**HELLO)
            connection.frame(b"x" * 65_537)
            return connection.hear_close()

        def huge(connection: Bare) -> int:
            connection.frame(b"x" * 2**20)
            return connection.hear_close()

        def bad_text(connection: Bare) -> int:
            connection.say(**HELLO)
            connection.frame(b'{"op":"ping","at":"\xff\xfe"}')
            return connection.hear_close()

        def flood(connection: Bare) -> tuple[int, list[str]]:
            for _ in range(30):
                connection.frame(b"[not a message")
            codes = []
            while isinstance(heard := connection.hear(), dict):
                codes.append(heard["code"])
            return heard, codes

        self.assertEqual(await bare(server.port, oversize), 1009)
        self.assertEqual(await bare(server.port, huge), 1009)
        self.assertEqual(await bare(server.port, bad_text), 1007)
        self.assertEqual(await bare(server.port, flood), (4400, ["bad_message"] * 20))
        await within(ann.room.say("still here"), "the others play on")
        self.assertEqual(ann.told.closes, [])
        self.assertNotIn("Traceback", server.output)

    async def test_malformed_frames_cost_nothing(self) -> None:
        """Each malformed frame is answered with an error, the session stays, and the log has no traceback."""
        server = self.server()
        await server.start()
        play = b'{"op":"send","id":2,"type":"play","data":%s}'
        frames = [
            b"",
            b"\0",
            b"null",
            b"[]",
            b'"op"',
            b"{",
            b'{"op":7}',
            b'{"op":"create","id":"one","game":"rps"}',
            b'{"op":"create","id":1,"game":["rps"]}',
            b'{"op":"nothing","id":1}',
            b"[" * 10_000,
            b'{"a":' * 10_000,
            play % (b"[" * 10_000 + b"]" * 10_000),
            play % b'{"cell":NaN}',
            play % b'{"cell":1e999}',
            play % (b'{"cell":' + b"9" * 5_000 + b"}"),
            play % b'{"cell":9007199254740993}',
            play % b'{"cell":"\\ud800"}',
            play % b'{"cell":0,"more":1}',
            play % b'{"__proto__":{},"$bytes":"!"}',
        ]

        def run(connection: Bare) -> list[object]:
            codes: list[object] = []
            connection.say(**HELLO)
            connection.hear()
            connection.say(op="create", id=1, game="tictactoe")
            connection.answer_to(1)
            for index, frame in enumerate(frames[:18]):  # below the 20 in 10 s that end a session
                connection.frame(frame)
                heard = connection.hear()
                if not isinstance(heard, dict):
                    return [*codes, (index, heard)]
                codes.append(heard["op"])
            connection.say(op="ping", at=1)
            heard = connection.hear()
            return [*codes, heard["op"] if isinstance(heard, dict) else heard]

        said = await bare(server.port, run)
        self.assertEqual(said, ["error"] * 18 + ["pong"])
        frames = frames[18:]
        self.assertEqual(await bare(server.port, run), ["error"] * len(frames) + ["pong"])
        self.assertNotIn("Traceback", server.output)

    async def test_foreign_origin(self) -> None:
        """A page from elsewhere is refused in the handshake; the server's own, a named one, and none are admitted."""
        server = self.server(GAMESERVER_ORIGIN="https://games.example")
        await server.start()

        async def status(**headers: str) -> int:
            return await bare(server.port, lambda connection: connection.status, **headers)

        self.assertEqual(await status(), 101)
        self.assertEqual(await status(Origin=f"http://127.0.0.1:{server.port}"), 101)
        self.assertEqual(await status(Origin="https://games.example"), 101)
        for origin in (
            "http://evil.example",
            f"http://127.0.0.1:{server.port + 1}",
            "https://games.example.evil.example",
            "http://games.example:81",
        ):
            self.assertEqual(await status(Origin=origin), 403, origin)
        for origin in ("null", "file://", "http://[", "nonsense", f"http://127.0.0.1:{server.port}.evil.example"):
            self.assertIn(await status(Origin=origin), (400, 403), origin)
        self.assertNotIn("Traceback", server.output)

    async def test_no_hello(self) -> None:
        """Who does not say hello in time is closed with 4001; a refused hello gains no time; a good one stays."""
        server = self.server(GAMESERVER_LIMITS_HELLO_S="0.5")
        await server.start()
        self.assertEqual(await bare(server.port, Bare.hear_close), 4001)

        def refused(connection: Bare) -> tuple[str, int]:
            connection.say(op="hello", token="forged")
            heard = connection.hear()
            assert isinstance(heard, dict)
            return heard["code"], connection.hear_close()

        self.assertEqual(await bare(server.port, refused), ("unauthenticated", 4001))
        ann = await self.person(server, "Ann")
        await sleep(1.0)  # twice the limit: what is shown is that nothing happens
        await within(ann.client.ping(), "a pong")
        self.assertEqual(ann.told.closes, [])

    async def test_wrong_password(self) -> None:
        """Who has it wrong is told so, and hears nothing of the room; who has it right is let in."""
        server = self.server()
        await server.start()
        ann, bob = await self.people(server, "Ann", "Bob")
        room = await ann.create("tictactoe", password="sesame")
        refused = await self.assertFailure(bob.client.join(room.code, password="open"), Refused)
        self.assertEqual(refused.code, "wrong_password")
        await within(ann.room.say("among us"), "chat")
        await within(bob.client.ping(), "a pong")
        self.assertNotIn("among us", bob.told.text)
        self.assertEqual(len(room.seats), 1)
        self.assertNotIn("sesame", ann.told.text)
        await bob.join(room.code, password="sesame")

    async def test_forged_token(self) -> None:
        """A token that another server gave is worth nothing, and our client says so and ends."""
        here, elsewhere = self.server(), self.server()
        await together(here.start(), elsewhere.start())
        token = (await elsewhere.http("POST", "/api/guest", {"name": "Eve"})).json["token"]
        with self.assertRaises(ConnectionFailed):
            await self.person(here, "Eve", token=token)


class SocketTests(ServerCase):
    async def test_no_delay(self) -> None:
        """The server's side of a socket has TCP_NODELAY on, since Nagle's algorithm costs 40 ms an answer."""
        server = self.server()
        await server.start()
        connection = Bare(server.port)
        self.addCleanup(connection.close)
        welcome(connection)
        self.assertTrue(_option_of_peer(server.pid, connection.socket, socket.IPPROTO_TCP, socket.TCP_NODELAY))

    async def test_unix(self) -> None:
        """A WebSocket goes through a Unix socket as well."""
        folder = Path(tempfile.mkdtemp(prefix="gameserver-"))  # the path of such a socket must be short
        self.addCleanup(shutil.rmtree, folder)
        server = self.server(listen=[f"unix:{folder / 'socket'}"])
        await server.start()
        connection = Bare(folder / "socket")
        self.addCleanup(connection.close)
        welcome(connection)

    async def test_loopback_only(self) -> None:
        """Given a loopback interface, the server listens at no other."""
        server = self.server()
        await server.start()
        self.assertIn("127.0.0.1", server.output)
        self.assertNotIn("0.0.0.0", server.output)


def _option_of_peer(pid: int, ours: socket.socket, level: int, option: int) -> int:
    """Read an option of a socket's other end, which the process ``pid`` holds."""
    call = ctypes.CDLL(None, use_errno=True).syscall
    try:
        process = os.pidfd_open(pid)
    except (AttributeError, OSError) as error:
        raise SkipTest(f"pidfd_open is not to be had: {error}") from None
    try:
        for name in os.listdir(f"/proc/{pid}/fd"):
            try:
                if not os.readlink(f"/proc/{pid}/fd/{name}").startswith("socket:"):
                    continue
            except FileNotFoundError:  # closed since they were listed
                continue
            copy = call(PIDFD_GETFD, process, int(name), 0)
            if copy < 0 and ctypes.get_errno() == errno.EBADF:  # likewise
                continue
            if copy < 0:
                raise SkipTest(f"pidfd_getfd is not to be had: {os.strerror(ctypes.get_errno())}")
            with socket.socket(fileno=copy) as theirs:
                try:
                    peer = theirs.getpeername()
                except OSError:
                    continue
                if peer == ours.getsockname():
                    return theirs.getsockopt(level, option)
    finally:
        os.close(process)
    raise AssertionError(f"process {pid} holds no socket to {ours.getsockname()}")
