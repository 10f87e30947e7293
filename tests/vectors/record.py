"""
Writes the files anew: ``python -m tests.vectors.record``, after an intended change; read the difference.

What a seat hears comes from the real node, if that plays the conversation; what it then knows, from the Python client.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path

import msgspec

from gameserver.protocol import messages, msgpack, values
from gameserver.protocol.messages import Form
from tests.vectors.listen import Listener
from tests.vectors.play import Play, Step
from tests.vectors.scripts import PLAYED, WRITTEN

HERE = Path(__file__).parent


def main() -> None:
    """Write all of them."""
    for name, script in (PLAYED | WRITTEN).items():
        steps = played(script()) if name in PLAYED else script()
        told = {"about": script.__doc__, "played": name in PLAYED, "steps": known(list(map(packed, steps)))}
        text = json.dumps(told, indent=1, ensure_ascii=True)
        (HERE / f"{name}.json").write_text(text + "\n", "utf-8")


def played(script: list[Step]) -> list[Step]:
    """:returns: the same with what the node says to it."""
    play = Play(Form.JSON)
    steps = []
    for step in script:
        steps.append(step)
        steps += [{"hears": message} for message in play.do(step)]
    return steps


def packed(step: Step) -> Step:
    """:returns: a step with its frame in MessagePack, in base64; ``as_array`` has fields that are others there."""
    if "as_array" in step:
        step = dict(step)
        fields = values.from_wire(step["hears"]) | step.pop("as_array")
        number = msgpack.NUMBERS[fields["op"]]
        frame = msgspec.msgpack.encode([number, *(fields.get(name) for name in messages.ARRAYS[number][1])])
    elif "hears" in step:
        frame = msgpack.repack(json.dumps(step["hears"]).encode())
    elif "says" in step and "other" not in step:
        says = dict(step["says"])
        frame = msgpack.say(says.pop("op"), dict(values.from_wire(says)))
    else:
        return step
    return {**step, "packed": base64.b64encode(frame).decode()}


def known(steps: list[Step]) -> list[Step]:
    """:returns: steps with what changed in what the client knows, with each frame that it hears."""
    listener = Listener(binary=False)
    before: dict[str, object] = {}
    told = []
    for step in steps:
        if "call" in step:
            listener.call(*step["call"])
        elif "lost" in step:
            listener.lose()
        if "hears" in step:
            listener.hear(step)
            now = json.loads(json.dumps(listener.mirror()))
            step = {
                **step,
                "mirror": {key: value for key, value in now.items() if key not in before or before[key] != value},
            }
            before = now
        told.append(step)
    return told


if __name__ == "__main__":
    main()
