"""The names of parts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gameserver.store import keys

NO_SLASH = st.text().filter(lambda text: "/" not in text)
NUMBER = st.integers(min_value=0)


class KeysTests(SynchronousTestCase):
    """Names are stable, since stores hold them, and can be taken apart again."""

    def test_names_stable(self) -> None:
        """A change of these would lose what older versions stored."""
        self.assertEqual(
            [
                keys.ROOM,
                keys.TIMERS,
                keys.COUNTS,
                keys.doc("group:red"),
                keys.seat("s1"),
                keys.log(12),
                keys.answer("s1", "k", 3),
                keys.line(7),
                keys.timer("s1", "ring"),
                keys.timer(None, "a/b"),
                keys.field("group:red", "a/b"),
                keys.field("role:50%/a", ""),
            ],
            [
                *("room", "timers", "counts", "doc/group:red", "seat/s1", "log/12", "answer/s1/k/3", "line/7"),
                *("timer/s1/ring", "timer//a/b"),
                *("field/group:red/a/b", "field/role:50%25%2Fa/"),
            ],
        )

    def test_code_rests_a_day(self) -> None:
        """What the docs promise: no reuse for 24 hours."""
        self.assertEqual(keys.CODE_REST_MS, 86_400_000)

    def test_split_plain_name(self) -> None:
        """A name without a rest has an empty one."""
        self.assertEqual(keys.split(keys.ROOM), ("room", ""))

    @given(rest=st.text(), number=NUMBER)
    def test_split_gives_kind_and_rest(self, rest: str, number: int) -> None:
        """Each name comes apart into its kind and what it was made of, slashes included."""
        self.assertEqual(keys.split(keys.doc(rest)), (keys.DOC, rest))
        self.assertEqual(keys.split(keys.seat(rest)), (keys.SEAT, rest))
        self.assertEqual(keys.split(keys.log(number)), (keys.LOG, str(number)))
        self.assertEqual(keys.split(keys.line(number)), (keys.LINE, str(number)))

    @given(seat=st.none() | NO_SLASH.filter(bool), name=st.text())
    def test_split_timer(self, seat: str | None, name: str) -> None:
        """A timer's part tells whose it is, whatever its name holds."""
        kind, rest = keys.split(keys.timer(seat, name))
        self.assertEqual((kind, *keys.split_timer(rest)), (keys.TIMER, seat, name))

    @given(document=st.text(), key=st.text())
    def test_split_field_whatever_document_and_key(self, document: str, key: str) -> None:
        """No two keys of two documents have the same name: each name comes apart into what it was made of."""
        kind, rest = keys.split(keys.field(document, key))
        self.assertEqual((kind, *keys.split_field(rest)), (keys.FIELD, document, key))

    @given(seat=NO_SLASH, key=st.text(), request=NUMBER)
    def test_split_answer_whatever_the_key(self, seat: str, key: str, request: int) -> None:
        """Clients choose their key: one with slashes cannot pass for another's."""
        kind, rest = keys.split(keys.answer(seat, key, request))
        self.assertEqual((kind, *keys.split_answer(rest)), (keys.ANSWER, seat, key, request))
