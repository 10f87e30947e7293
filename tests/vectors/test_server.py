"""The server's part of the conversations: it understands what clients say in them, and says what they hear in them."""

from __future__ import annotations

import base64
import json
from typing import Any

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from gameserver.protocol import messages, values
from gameserver.protocol.json_codec import JSONCodec
from gameserver.protocol.messages import ARRAYS, Form
from gameserver.protocol.msgpack import MsgpackReader
from gameserver.protocol.msgpack_codec import MsgpackCodec
from tests.vectors.files import FILES, read, told
from tests.vectors.play import Play, heard_after
from tests.vectors.scripts import PLAYED, WRITTEN

UNSAID = {"chat", "channels", "mentions", "emote"}
"""What is left out where there is nothing of it."""
SERVER_SAYS = {kind.__struct_config__.tag: kind for kind in messages.FromServer.__subclasses__()}


class FilesTests(SynchronousTestCase):
    def test_all_are_there(self) -> None:
        """Each conversation has a file, and each file a conversation."""
        self.assertEqual({path.stem for path in FILES}, {*PLAYED, *WRITTEN})

    def test_forms(self) -> None:
        """What a file has in MessagePack is what it has in JSON."""
        for path in FILES:
            reader = MsgpackReader()
            for step in read(path)["steps"]:
                if "packed" not in step:
                    continue
                frame = base64.b64decode(step["packed"])
                number, *fields = msgspec.msgpack.decode(frame)
                op, names = ARRAYS[number]
                unpacked = {"op": op, **dict(zip(names, fields, strict=False))}
                if "hears" in step:
                    unpacked = reader.read(frame)
                    unpacked.pop("keys", None)
                known = told(step.get("hears") or step["says"])
                known = {key: value for key, value in known.items() if key in ("op", *names)}
                self.assertEqual(told(values.to_wire(unpacked)), known, path.stem)

    def test_kinds(self) -> None:
        """Together they hear every kind of message that a room has for a seat."""
        heard = {step["hears"]["op"] for path in FILES for step in read(path)["steps"] if "hears" in step}
        rooms = {op for op, names in ARRAYS.values() if "room" in names} & set(SERVER_SAYS)
        self.assertEqual(rooms - heard, {"redirect", "read", "channels"}, "add it in scripts.py, and record")


class ServerTests(SynchronousTestCase):
    def test_understands(self) -> None:
        """Each frame that a client says is read as the same message, in both forms."""
        for path in FILES:
            for step in read(path)["steps"]:
                if "says" in step and "packed" in step:
                    one: Any = JSONCodec(32).decode(json.dumps(step["says"]).encode())
                    other: Any = MsgpackCodec(32).decode(base64.b64decode(step["packed"]))
                    for field in type(one).__struct_fields__:
                        if field != "data":  # each reads that from its own bytes, where the game's types are known
                            self.assertEqual(getattr(one, field), getattr(other, field), path.stem)
                    self.assertIs(type(one), type(other))

    def test_says(self) -> None:
        """In both forms the node says what the file says that it does, frame by frame, and nothing else."""
        for path in FILES:
            conversation = read(path)
            if not conversation["played"]:
                continue
            for form in (Form.JSON, Form.PACKED):
                play = Play(form)
                for step, heard in heard_after(conversation["steps"]):
                    said = [told(message) for message in play.do(step)]
                    expected = [told(each["hears"]) for each in heard]
                    self.assertEqual(said, expected, f"{path.stem}, {form.name}, {step}: if this is meant, record anew")

    def test_documents(self) -> None:
        """What the seat knows in the end is what the room holds."""
        for name in ("documents", "groups", "resumed"):
            conversation = read(next(path for path in FILES if path.stem == name))
            play, mirror = Play(Form.JSON), {}
            for step in conversation["steps"]:
                if "hears" not in step:
                    play.do(step)
                mirror.update(step.get("mirror", {}))
            self.assertEqual(mirror["docs"], play.docs(), name)

    def test_could_be_said(self) -> None:
        """What is written by hand is as the server's own messages are."""
        for path in FILES:
            for step in read(path)["steps"]:
                if "hears" in step:
                    message = step["hears"]
                    kind = SERVER_SAYS[message["op"]]
                    if kind is messages.VolatileEvent and "n" in message:
                        kind = messages.EventMessage
                    again = told(json.loads(messages.encode(msgspec.convert(message, kind))))
                    known = {key: value for key, value in told(message).items() if key in again}
                    if path.stem != "unknown":  # which has keys that no message has
                        self.assertEqual(known, {key: again[key] for key in known}, path.stem)
                        self.assertEqual(set(told(message)) - set(again) - UNSAID, set(), path.stem)
