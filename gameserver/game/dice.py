"""
Random numbers that a room can keep: `self.random` of a game.

The state is a key and a counter, 16 bytes and a number in the row. Number n is the keyed BLAKE2b of n, so players who
see results cannot foretell the next one, and a step that is undone or replayed after a restart draws the same again.

Source: RFC 7693 (BLAKE2, keyed hashing); NIST SP 800-108 (a keyed function in counter mode).
"""

from __future__ import annotations

from collections.abc import Callable, MutableSequence
from hashlib import blake2b
from random import Random
from typing import TYPE_CHECKING, Any, Final, NoReturn

if TYPE_CHECKING:
    from gameserver.room.core import RoomCore

KEY_BYTES: Final = 16
"""128 bits: too many keys to try them all."""

_BLOCK_BITS: Final = 512
"""The bits of one hash, the most that BLAKE2b gives."""


class Dice(Random):
    """
    The random numbers of a room: ``self.random``, with the methods of `random.Random`.

    They come from keyed BLAKE2b with a counter.

    :param key: `KEY_BYTES` secret random bytes.
    :param counter: how many numbers were drawn before; may be set back later, to undo.
    :param spent: called before each draw with the counter before it, for undo and for marking the row.
    :param person: at most 16 bytes; dice of the same key and another `person` have nothing in common.

    >>> Dice(bytes(16)).randint(1, 6) == Dice(bytes(16)).randint(1, 6)
    True
    """

    counter: int

    def __new__(cls, *_args: Any, **_kwargs: Any) -> Dice:
        """Keep the arguments from `random.Random`, which would seed itself with them."""
        return super().__new__(cls)

    def __init__(
        self,
        key: bytes,
        counter: int = 0,
        spent: Callable[[int], None] | None = None,
        *,
        person: bytes = b"dice",
    ) -> None:
        # Not super().__init__(), which seeds a generator that is never used.
        if len(key) != KEY_BYTES:
            raise ValueError(f"a key of dice has {KEY_BYTES} bytes, not {len(key)}")
        self.counter = counter
        self._spent = spent
        self._keyed = blake2b(key=key, person=person)

    def _draw(self) -> bytes:
        counter = self.counter
        if self._spent is not None:
            self._spent(counter)
        self.counter = counter + 1
        block = self._keyed.copy()
        block.update(counter.to_bytes(8, "little"))
        return block.digest()

    def random(self) -> float:
        """Return a float from 0.0 up to, but not including, 1.0; all multiples of 2**-53 are equally likely."""
        return (int.from_bytes(self._draw()[:7], "little") >> 3) * 2.0**-53

    def getrandbits(self, k: int, /) -> int:
        """Return an int of `k` random bits; it takes one draw for each 512 of them."""
        if k < 0:
            raise ValueError("number of bits must be non-negative")
        draws = -(-k // _BLOCK_BITS)
        number = int.from_bytes(b"".join(self._draw() for _ in range(draws)), "little")
        return number >> (draws * _BLOCK_BITS - k)

    def gauss(self, mu: float = 0.0, sigma: float = 1.0) -> float:
        """
        Return a number of the normal distribution; `random.Random` would keep a second one hidden for later.

        :param mu: the mean.
        :param sigma: the standard deviation.
        """
        return self.normalvariate(mu, sigma)

    def shuffle(self, x: MutableSequence[Any]) -> None:
        """Shuffle in place; a list in a document is sent once, not once for every swap."""
        if not isinstance(x, list):
            return super().shuffle(x)
        items = list(x)
        super().shuffle(items)
        x[:] = items
        return None

    def getstate(self) -> tuple[Any, ...]:
        """Return the counter, alone in a tuple; the key stays secret."""
        return (self.counter,)

    def seed(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refuse: a game could be foretold."""
        raise NotImplementedError(
            "a room's dice cannot be seeded; in a test, give the table a seed: Table(Game, seed=7)"
        )

    def setstate(self, state: Any) -> NoReturn:
        """Refuse: going back would draw the same numbers again."""
        raise NotImplementedError("a room's dice cannot be set back; they are undone with their step")


def dice_of(room: RoomCore) -> Dice:
    """:returns: the dice of a room; how many numbers were drawn is part of the row, and undone with the step."""

    def note(counter: int) -> None:
        room.journal.record(setattr, room.game.random, "counter", counter)
        room.journal.set(room.state, "spent", counter + 1)

    return Dice(room.state.key, room.state.spent, note)
