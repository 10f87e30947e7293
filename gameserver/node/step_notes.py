"""
What a node is at, the room and its input, noted where another process can read it, also after the node has ended.

A step of a game that never returns, or that ends the process, leaves nobody to say which room that was. So before each
step its room and its input are written into memory that is mapped from a file, and after it one number. This takes no
call of the operating system.

============ ==================================================================================================
bytes        what
============ ==================================================================================================
0 to 7       `MAGIC`
24 to 31     the length of the head
32 to 39     beats: grows each second in which the reactor turns
40 to 47     the run: a random number, different for each process
48 to 55     the id of the process
56 to 63     excuses: grows whenever a module is looked for
64 to 71     for how many milliseconds the step under way had been seen when the node ended; written by the process
             beside the node, or by one that ends itself
128 to 367   the head: the room's id, its code and its game, each in a line; zeros behind it
368 to 375   which step of the run is under way; 0 while none is
376 to 383   the length of the input; `TOLD` added where it is a text about it, no frame
384 and on   the input: the frame as the client sent it, or a text; its first `INPUT_BYTES`
============ ==================================================================================================

Numbers are unsigned, in the byte order of the machine. This module needs nothing but Python, since the small process
that watches a node reads notes, too.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Coroutine, Generator

MAGIC: Final = int.from_bytes(b"gsnotes1", "little")
COUNT: Final = 46
INPUT: Final = 47
HEAD: Final = 3
BEATS: Final = 4
RUN: Final = 5
PROCESS: Final = 6
EXCUSED: Final = 7
LASTED: Final = 8
"""Where the numbers of a note are, counted in words of eight bytes."""
HEAD_AT: Final = 128
HEAD_BYTES: Final = 240
BEGIN: Final = Struct(f"={HEAD_BYTES}sQQ")
"""What stands at `HEAD_AT`: the head, the step's number and the input's length; behind it, the input."""
INPUT_AT: Final = HEAD_AT + BEGIN.size
SHORT: Final = 512
"""A frame that is shorter is written in one call, together with what stands before it."""
INPUT_BYTES: Final = 32_768
SIZE: Final = INPUT_AT + INPUT_BYTES
TOLD: Final = 1 << 32
"""Added to the length of an input that is a text about it and no frame."""


class Note(NamedTuple):
    """
    What a node was at.

    :ivar step: number of the step, unique within the run.
    :ivar run: random number of the process, in hexadecimal.
    :ivar what: the kind of input.
    :ivar input: the beginning of the frame, or of a text about the input.
    :ivar lasted_ms: for how long the process beside the node had seen the step when the node ended; 0: unknown.
    """

    step: int
    run: str
    room: str
    code: str
    game: str
    what: str
    input: bytes
    lasted_ms: int

    @property
    def in_words(self) -> str:
        """For a log: the room, its game, and the input."""
        shown = in_a_line(self.input[:200])
        return f"room {self.code} of the game {self.game} at {self.what}{': ' if shown else ''}{shown}"


def in_a_line(data: bytes) -> str:
    """:returns: an input as a line for a log: what is no text, or cannot be printed, is escaped."""
    text = data.decode("utf-8", "backslashreplace")
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


class StepNotes:
    """
    The notes of one process.

    :param memory: `SIZE` bytes that can be written.
    :param run: a random number of 64 bits.
    :param process: the process's id.
    :ivar words: the numbers; setting the one at `COUNT` to 0 ends a step.
    :ivar count: number of the last step.
    :ivar memory: where notes are written.
    """

    __slots__ = ("count", "memory", "words")

    def __init__(self, memory: Any, *, run: int, process: int = 0) -> None:
        self.memory = memory  # writing to an `mmap` itself is faster than to a view of it
        self.words = memoryview(memory)[:INPUT_AT].cast("Q")
        self.count = 0
        for word in range(len(self.words)):
            self.words[word] = 0
        for word, value in ((RUN, run), (PROCESS, process), (HEAD, HEAD_BYTES), (0, MAGIC)):
            self.words[word] = value

    def is_of(self, process: int) -> None:
        """Note the id of the process that writes from now on: a daemon's is not that of the process that started it."""
        self.words[PROCESS] = process

    def begin(self, head: bytes, input: bytes, told: int = 0) -> None:
        """
        Note that a step begins.

        :param head: of the room, as `head_of` makes it.
        :param input: a frame, or a text: the kind of input, and in further lines what is known of it.
        :param told: `TOLD` if ``input`` is a text.
        """
        input = input[:INPUT_BYTES]
        size = len(input)
        self.memory[INPUT_AT : INPUT_AT + size] = input
        self.count = count = self.count + 1
        BEGIN.pack_into(self.memory, HEAD_AT, head, count, size + told)

    def end(self) -> None:
        """Note that the step is over."""
        self.words[COUNT] = 0

    def beat(self) -> None:
        """Note that the reactor turns."""
        self.words[BEATS] += 1

    def excuse(self) -> None:
        """Note that what takes time at this moment is not a room's fault."""
        self.words[EXCUSED] += 1

    def each_part(self, head: bytes, input: bytes, coroutine: Coroutine[Any, Any, Any]) -> Generator[Any, Any, Any]:
        """
        Wrap the coroutine of a step that may wait, so that each part of it that runs is noted.

        :returns: a generator that does what the coroutine does.
        """
        go_on, value = coroutine.send, None
        while True:
            self.begin(head, input, TOLD)
            try:
                waits_for = go_on(value)
            except StopIteration as stop:
                return stop.value
            finally:
                self.end()
            try:
                go_on, value = coroutine.send, (yield waits_for)
            except GeneratorExit:
                coroutine.close()
                raise
            except BaseException as error:  # noqa: BLE001 - whatever is thrown in is passed on to the coroutine
                go_on, value = coroutine.throw, error


class _Writers(dict[int, Any]):
    """By the length of a frame: the function that writes what `BEGIN` holds, and the frame."""

    def __missing__(self, size: int) -> Any:
        writer = self[size] = Struct(f"{BEGIN.format}{size}s").pack_into
        return writer


WRITERS: Final = _Writers()


def head_of(room: str, code: str, game: str) -> bytes:
    """:returns: the head of the notes of a room."""
    return f"{room}\n{code}\n{game}".encode()[:HEAD_BYTES]


def read(memory: Any) -> Note | None:
    """
    :param memory: at least `SIZE` bytes, which may be written meanwhile.
    :returns: the step that is under way; None: none is, or these are no notes.
    """
    if len(memory) < SIZE:
        return None
    words = memoryview(memory)[:INPUT_AT].cast("Q")
    count = words[COUNT]
    if words[0] != MAGIC or not count:
        return None
    run, head_bytes, input_bytes = words[RUN], min(words[HEAD], HEAD_BYTES), words[INPUT]
    head = bytes(memory[HEAD_AT : HEAD_AT + head_bytes]).rstrip(b"\0").decode("utf-8", "replace").split("\n")
    input = bytes(memory[INPUT_AT : min(INPUT_AT + input_bytes % TOLD, SIZE)])
    if words[COUNT] != count or len(head) != 3:
        return None
    what = "send"
    if input_bytes >= TOLD:
        first, _, input = input.partition(b"\n")
        what = first.decode("utf-8", "replace")
    return Note(count, f"{run:016x}", head[0], head[1], head[2], what, input, words[LASTED])
