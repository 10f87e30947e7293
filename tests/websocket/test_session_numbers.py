"""Clients whose language has only floats: a whole one is taken wherever an integer is meant."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from gameserver import Game, Player, message
from gameserver.protocol.messages import Form
from tests.websocket.kit import Message, Peer, WireTestCase


class Body(Struct):
    """A place and a speed."""

    cell: int
    speed: float = 0.0


class Numbers(Game):
    """Tells what came."""

    name = "numbers"
    needs_start = False
    messages_per_s = 1000

    def on_create(self, rounds: Annotated[int, Meta(ge=1, le=9)] = 3, part: float = 0.5) -> None:
        self.state["rounds"] = repr(rounds)

    @message
    def play(self, player: Player, cell: Annotated[int, Meta(ge=0, le=8)]) -> str:
        return repr(cell)

    @message
    def either(self, player: Player, n: int | float) -> str:
        return repr(n)

    @message
    def part(self, player: Player, n: float) -> str:
        return repr(n)

    @message
    def all_sorts(
        self,
        player: Player,
        cells: list[int] = [],  # noqa: B006 - copied
        by_name: dict[str, Body] = {},  # noqa: B006 - copied
        maybe: int | str | None = None,
        size: Literal[1, 2] = 1,
        **rest: Any,
    ) -> str:
        return repr((cells, by_name, maybe, size, rest))

    @message
    def echo(self, player: Player, value: Any = None) -> Any:
        return value


class DataTests(WireTestCase):
    """What the game's types say holds for every form."""

    games = (Numbers,)

    def reply(self, peer: Peer, type: str, id: int, **data: Any) -> Message:
        """:returns: the answer to a message."""
        return peer.ask("send", id=id, type=type, data=data)

    def test_whole_floats(self) -> None:
        """They arrive as integers where these are declared; what a game declares as float, or not at all, stays."""
        ann = self.rig.guest().create("numbers")
        for id, (type, data, expected) in enumerate(
            (
                ("play", {"cell": 4.0}, "4"),
                ("play", {"cell": -0.0}, "0"),
                ("part", {"n": 4.0}, "4.0"),
                ("part", {"n": 4}, "4.0"),
                ("either", {"n": 4.0}, "4.0"),
                ("either", {"n": 4}, "4"),
                ("all_sorts", {"cells": [1.0, 2]}, "([1, 2], {}, None, 1, {})"),
                ("all_sorts", {"by_name": {"a": {"cell": 1.0, "speed": 2.0}}},
                 "([], {'a': Body(cell=1, speed=2.0)}, None, 1, {})"),
                ("all_sorts", {"maybe": 1.0, "size": 2.0, "more": 3.0}, "([], {}, 1, 2, {'more': 3.0})"),
            ),
            2,
        ):  # fmt: skip
            self.assertEqual(self.reply(ann, type, id, **data).get("data"), expected, data)
        self.assertEqual(self.reply(ann, "echo", 20, value=[4.0])["data"], [4.0])
        self.assertEqual(repr(self.reply(ann, "echo", 21, value=4.0)["data"]), "4.0")

    def test_what_is_no_integer(self) -> None:
        """A fraction, a bound that is passed, a text: refused as before, with the path."""
        ann = self.rig.guest().create("numbers")
        for id, cell in enumerate((4.5, 9.0, -1.0, 1e300, 2.0**54, "4", "4.0", True, [4.0]), 2):
            answer = self.reply(ann, "play", id, cell=cell)
            self.assert_error(answer, "bad_data", id)
            self.assertEqual(answer["path"], "$.cell", cell)
        answer = self.reply(ann, "all_sorts", 20, cells=[1.0, "x"])
        self.assert_error(answer, "bad_data", 20)
        self.assertTrue(answer["path"].startswith("$.cells["), answer)

    def test_options(self) -> None:
        """Of rooms that are made, and of those that are looked for."""
        ann = self.rig.guest().create("numbers", options={"rounds": 2.0, "part": 1.0})
        self.assertEqual(ann.joined["docs"]["room"], {"rounds": "2"})
        self.assertEqual(json.dumps(ann.joined["info"]["options"]), '{"rounds": 2, "part": 1.0}')
        for name, match in (("Bob", {"rounds": 2.0}), ("Cyd", {"part": 1}), ("Dan", {"rounds": 2, "part": 1.0})):
            self.assertEqual(self.rig.guest(name).join(None, game="numbers", match=match).room, ann.room, match)
        refused = self.rig.guest("Eve").ask("create", id=1, game="numbers", options={"rounds": 2.5})
        self.assert_error(refused, "bad_data", 1)

    def test_fields_of_messages(self) -> None:
        """The id, the line, the counters in SEEN: each as a float does what it does as an integer."""
        ann = self.rig.guest().create("numbers")
        if ann.form is not Form.JSON:
            return
        ann.take()
        self.assertEqual(ann.raw(b'{"op":"send","id":2.0,"type":"play","data":{"cell":1.0}}')[0]["id"], 2)
        self.assertEqual(ann.raw(b'{"op":"send","id":2e0,"type":"play","data":{"cell":5}}')[0]["data"], "1")
        said = ann.say("chat", id=3.0, text="hi")
        line = next(m for m in said if m["op"] == "chat")
        edited = ann.say("edit", id=4.0, stream=line["stream"], line=float(line["n"]), text="ho")
        self.assertEqual(self.ops(edited), ["edited", "ok"])
        self.assertEqual(self.ops(ann.say("read", id=5.0, to="room", upto=float(line["n"]))), ["read", "ok"])
        lobby = ann.ask("listen", id=6.0, to="lobby:numbers", seen=0.0)
        self.assertEqual((lobby["op"], lobby["id"]), ("ok", 6))
        seen = ann.seen()
        ann.drop()
        back = ann.again()
        if back.form is not Form.JSON:
            return
        floats = {stream: float(n) if isinstance(n, int) else n for stream, n in seen.items()}
        joined = back.resume(ann.room, ann.secret, floats, id=7.0)[0]
        self.assertEqual((joined["recovered"], joined["id"], joined["last_id"]), (True, 7, 4))

    def test_data_beside_a_float_id_is_as_it_came(self) -> None:
        """Only what the protocol means is looked at: the game's data comes as it was written."""
        ann = self.rig.guest().create("numbers")
        if ann.form is not Form.JSON:
            return
        frame = b'{"op":"send","id":2.0,"type":"echo","data":{"value":{"id":3.0,"$$b":1,"f":1e2}}}'
        answer = next(m for m in ann.raw(frame) if m["op"] == "ok")
        self.assertEqual(repr(answer["data"]), "{'id': 3.0, '$$b': 1, 'f': 100.0}")
        frame = b'{"op":"chat","id":3.0,"text":"hi","data":{"id":3.0}}'
        line = next(m for m in ann.raw(frame) if m["op"] == "chat")
        self.assertEqual(repr(line["data"]), "{'id': 3.0}")

    def test_ids_that_are_none(self) -> None:
        """A fraction, or too large a number, is no id, whatever its form."""
        ann = self.rig.guest().create("numbers")
        for id in (1.5, -1.0, 2.0**54, 1e300):
            answer = ann.say("send", id=id, type="play", data={"cell": 1})
            self.assertEqual([(m["op"], m["code"], m["id"]) for m in answer], [("error", "bad_message", None)], id)


class LongNumberTests(WireTestCase):
    """Large floats that a writer of JSON has written out."""

    games = (Numbers,)

    def test_digits(self) -> None:
        """A number of more digits than any integer has is the float that it was."""
        ann = self.rig.guest().create("numbers")
        ann.take()
        digits = str(10**308).encode()
        for id, (type, data, expected) in enumerate(
            (
                (b"part", b'{"n":%s}' % digits, "1e+308"),
                (b"part", b'{"n":-%s}' % digits, "-1e+308"),
                (b"echo", b'{"value":[%s,{"a":%s}]}' % (digits, digits), [1e308, {"a": 1e308}]),
                (b"echo", b'{"value":18446744073709551616}', 2.0**64),
                (b"echo", b'{"value":%d}' % int(1e308), 1e308),
                (b"echo", b'{"value":123456789012345680000}', 1.2345678901234568e20),
                (b"echo", b'{"value":1152921504606847000}', 2.0**60),
                (
                    b"echo",
                    b'{"value":[%d,-9007199254740994,{"a":1000000000000000000}]}' % (2**60,),
                    [2.0**60, -9007199254740994.0, {"a": 1e18}],
                ),
                (b"part", b'{"n":1152921504606847000}', repr(2.0**60)),
                (b"either", b'{"n":1152921504606847000}', repr(2.0**60)),
                (b"either", b'{"n":9007199254740992}', repr(2**53)),
                (b"all_sorts", b'{"more":1152921504606847000}', f"([], {{}}, None, 1, {{'more': {2.0**60!r}}})"),
            ),
            2,
        ):
            answer = ann.raw(b'{"op":"send","id":%d,"type":"%s","data":%s}' % (id, type, data))
            self.assertEqual([repr(m.get("data")) for m in answer], [repr(expected)], answer)
        said = ann.raw(b'{"op":"chat","text":"hi","data":%s}' % digits)
        self.assertEqual([repr(m["data"]) for m in said], ["1e+308"])
        bob = self.rig.guest("Bob")
        joined = bob.raw(b'{"op":"join","id":1,"room":"%s","profile":{"far":%s}}' % (str(ann.room).encode(), digits))
        self.assertEqual(joined[0]["seats"][1]["profile"], {"far": 1e308})

    def test_what_is_still_refused(self) -> None:
        """More than any float holds; and integers that only some clients could tell apart."""
        ann = self.rig.guest().create("numbers")
        ann.take()
        for id, number in enumerate((10**309, 10**30 - 1, 2**53 + 1), 2):
            (answer,) = ann.raw(b'{"op":"send","id":%d,"type":"echo","data":{"value":%d}}' % (id, number))
            self.assert_error(answer, "bad_data", id)
        for id, type, data in (
            (5, b"play", b'{"cell":1152921504606847000}'),
            (6, b"all_sorts", b'{"cells":[1,9007199254740994]}'),
            (7, b"all_sorts", b'{"maybe":9007199254740994}'),
            (8, b"all_sorts", b'{"by_name":{"a":{"cell":9007199254740994}}}'),
        ):
            (answer,) = ann.raw(b'{"op":"send","id":%d,"type":"%s","data":%s}' % (id, type, data))
            self.assert_error(answer, "bad_data", id)
        (answer,) = ann.raw(b'{"op":"send","id":9,"type":"play","data":{"cell":%d}}' % (10**308))
        self.assert_error(answer, "bad_data", 9)


class LongNumberFormsTests(WireTestCase):
    """The same number means the same in both forms."""

    games = (Numbers,)

    def test_float_where_a_number_may_stand(self) -> None:
        """As a float or as an integer, whichever a client's writer makes of it; options, match and profile as well."""
        ann = self.rig.guest().create("numbers", profile={"far": 2**60})
        self.assertEqual(repr(ann.joined["seats"][0]["profile"]["far"]), repr(2.0**60))
        for id, (type, number) in enumerate(
            ((type, number) for type in ("part", "either") for number in (2**60, 2.0**60, -(2**53) - 2, 2**63)), 2
        ):
            answer = ann.ask("send", id=id, type=type, data={"n": number})
            self.assertEqual(answer.get("data"), repr(float(number)), answer)
        answer = ann.ask("send", id=20, type="echo", data={"value": [2**60, {"a": -(2**63)}]})
        self.assertEqual(repr(answer["data"]), repr([2.0**60, {"a": -(2.0**63)}]))
        self.rig.guest("Bob").create("numbers", options={"part": 2**60})
        found = self.rig.guest("Cem").join(None, game="numbers", match={"part": 2.0**60})
        self.assertEqual(found.joined["info"]["options"]["part"], 2.0**60)

    def test_no_integer(self) -> None:
        """Where an integer is meant it is refused, with the path; and what no float is, everywhere."""
        ann = self.rig.guest().create("numbers")
        cases = (
            ("play", "cell", 2**60),
            ("play", "cell", 2.0**60),
            ("all_sorts", "maybe", 2**60),
            ("echo", "value", 2**53 + 1),
        )
        for id, (type, name, number) in enumerate(cases, 2):
            answer = ann.ask("send", id=id, type=type, data={name: number})
            self.assert_error(answer, "bad_data", id)
            self.assertTrue(answer["path"].startswith("$"), answer)
        for number in (2**60, 2.0**60):
            refused = self.rig.guest("Eve").ask("create", id=1, game="numbers", options={"rounds": number})
            self.assert_error(refused, "bad_data", 1)
