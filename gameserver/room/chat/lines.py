"""What a room keeps of its chat: the last lines of each channel, bounded by count, by bytes and by age."""

from __future__ import annotations

from collections.abc import Iterator

from gameserver.room.bounds import LINES_BYTES
from gameserver.room.chat.line import KeptLine


class Lines:
    """
    The history of a room's chat, by channel.

    All channels have `LINES_BYTES` together. Where that is too little, the largest loses its oldest lines: to fill one
    of them drives out no other's lines.

    :param most: lines kept of each channel.
    :param most_s: seconds for which a line is kept, or None for as long as the room is there.
    :ivar size_bytes: of all lines, as they are stored.
    """

    __slots__ = ("_bytes", "_sizes", "_steps", "channels", "most", "most_s", "next_number", "size_bytes")

    def __init__(self, most: int, most_s: float | None) -> None:
        self.most = most
        self.most_s = most_s
        self.channels: dict[str, list[KeptLine]] = {}
        self.next_number = 1
        self.size_bytes = 0
        self._sizes: dict[int, int] = {}  # by the number of a line
        self._bytes: dict[str, int] = {}  # by channel
        # The steps of the wall clock: the first line after each, and by how much.
        self._steps: list[tuple[int, int]] = []

    def keep(self, line: KeptLine) -> list[KeptLine]:
        """:returns: the lines that were forgotten for this one."""
        channel = self.channels.setdefault(channel_of(line), [])
        channel.append(line)
        self._count(line, len(line.encode()))
        self.next_number = max(self.next_number, line.number + 1)
        excess = max(0, len(channel) - self.most)
        while excess < len(channel) and self.is_old(channel[excess], line.at_ms):
            excess += 1
        forgotten = channel[:excess]
        del channel[:excess]
        for old in forgotten:
            self._count(old, 0)
        return forgotten + self._drive_out()

    def _count(self, line: KeptLine, size_bytes: int) -> None:
        """Note how large a line is from now on; 0: it is gone."""
        name, more = channel_of(line), size_bytes - self._sizes.pop(line.number, 0)
        if size_bytes:
            self._sizes[line.number] = size_bytes
        self.size_bytes += more
        self._bytes[name] = self._bytes.get(name, 0) + more
        if not self._bytes[name]:
            del self._bytes[name]

    def _drive_out(self) -> list[KeptLine]:
        """:returns: the lines for which there are too few bytes."""
        gone = []
        while self.size_bytes > LINES_BYTES:
            largest = self.channels[max(self._bytes, key=self._bytes.__getitem__)]
            gone.append(largest.pop(0))
            self._count(gone[-1], 0)
        return gone

    def age_ms(self, line: KeptLine, now_ms: float) -> float:
        """:returns: how long ago a line was said; the wall clock may have been stepped since."""
        return now_ms - line.at_ms - sum(stepped_ms for first, stepped_ms in self._steps if line.number < first)

    def shift(self, delta_ms: int) -> None:
        """The wall clock was stepped by so much."""
        oldest = min((line.number for line in self), default=self.next_number)
        steps = {first: stepped_ms for first, stepped_ms in self._steps if first > oldest}
        steps[self.next_number] = steps.get(self.next_number, 0) + delta_ms
        self._steps = list(steps.items())

    def is_old(self, line: KeptLine, now_ms: int) -> bool:
        """Whether a line is past its age."""
        return self.most_s is not None and self.age_ms(line, now_ms) > self.most_s * 1000

    def __iter__(self) -> Iterator[KeptLine]:
        """All lines that are kept."""
        return (line for channel in self.channels.values() for line in channel)

    def copies(self, line: KeptLine) -> list[KeptLine]:
        """:returns: a line, and the same line on another stream."""
        first = line.twin or line.number
        return [other for other in self if first in (other.number, other.twin)]

    def replace(self, old: KeptLine, new: KeptLine | None) -> list[KeptLine]:
        """Replace a line by another, or by nothing. :returns: the lines that were forgotten for it."""
        channel = self.channels[channel_of(old)]
        where = channel.index(old)
        channel[where : where + 1] = [new] if new is not None else []
        self._count(old, len(new.encode()) if new is not None else 0)
        return self._drive_out()

    def forget(self, key: str) -> list[KeptLine]:
        """Forget a channel. :returns: its lines."""
        gone = self.channels.pop(key, [])
        for line in gone:
            self._count(line, 0)
        return gone


def channel_of(line: KeptLine) -> str:
    """:returns: the channel with which a line is counted: a seat's own stream, or else the line's address."""
    return line.key if line.key.startswith("seat:") else line.to
