"""
The splices of one list: many, made one after the other, become the few that lead to the same.

What was put in and taken out again is in none of them, so the items that are told can be taken from the list as it is
at the end. Neighbours in time are joined as they come, since most programs work at one place of a list; what is left is
composed by halves, so that n splices at random places cost n log n.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

IN_PLACE: Final = -1

Splice = tuple[int, int, int]
"""
An index, how many items are taken out there, and how many are put in instead. Or `IN_PLACE`: so many items from the
index on were set, each by itself, and none moved.
"""

_NOTHING: Final[Splice] = (0, 0, 0)

_KEPT: Final = 0
_SET: Final = 1
_CHANGED: Final = 2

_Part = tuple[int, int, int]
"""What becomes of the next items of a list: a kind, how many they were, how many they are. Behind the last all stay."""


def net(splices: list[Splice]) -> list[Splice]:
    """
    :param splices: as they were made: the index of each is that of its time.
    :returns: splices that lead to the same list, from its front to its back. None undoes what another does; applied in
        this order, the index of each is that of the list at the end as well.
    """
    if len(splices) == 1:
        return splices  # nearly always
    runs = _runs(splices)
    while len(runs) > 1:
        last = [runs.pop()] if len(runs) % 2 else []
        runs = [_composed(runs[n], runs[n + 1]) for n in range(0, len(runs), 2)] + last
    return runs[0] if runs else []


def end_of(splice: Splice) -> int:
    """:returns: the index behind what a splice put in."""
    index, gone, new = splice
    return index + (gone if new == IN_PLACE else new)


def _runs(splices: Iterable[Splice]) -> list[list[Splice]]:
    """Join what follows one another in time: splices that touch, and items that are set beside them."""
    runs: list[list[Splice]] = []
    places: set[int] = set()  # of the items that are set, as if that had been before the splice
    last = _NOTHING
    for splice in splices:
        index, gone, new = splice
        if new == IN_PLACE:
            start, taken, put = last
            for place in range(index, index + gone):
                if place < start:
                    places.add(place)
                elif place >= start + put:
                    places.add(place - put + taken)
            continue
        joined = _joined(last, splice)
        if joined is None:
            runs += _ended(places, last)
            places, joined = set(), splice
        last = joined
    return runs + _ended(places, last)


def _ended(places: set[int], last: Splice) -> list[list[Splice]]:
    runs = [_in_place(places)] if places else []
    return [*runs, [last]] if last[1] or last[2] else runs


def _joined(first: Splice, second: Splice) -> Splice | None:
    """:returns: one splice for two that touch."""
    start, gone, new = first
    index, taken, put = second
    stop = start + new
    if not gone and not new:
        return second
    if index > stop or index + taken < start:
        return None
    before, behind = max(start - index, 0), max(index + taken - stop, 0)
    return min(start, index), gone + before + behind, new - (taken - before - behind) + put


def _in_place(places: set[int]) -> list[Splice]:
    """:returns: the places that were set, neighbours as one."""
    told: list[Splice] = []
    for place in sorted(places):
        if told and end_of(told[-1]) == place:
            told[-1] = (told[-1][0], told[-1][1] + 1, IN_PLACE)
        else:
            told.append((place, 1, IN_PLACE))
    return told


def _composed(first: list[Splice], second: list[Splice]) -> list[Splice]:
    """:returns: what both do one after the other; all are as `net` returns them."""
    told: list[Splice] = []
    ours = theirs = 0
    shift = 0  # how far what the first lists is moved by the second's splices so far
    while ours < len(first) and theirs < len(second):
        index, gone, new = first[ours]
        place, taken, put = second[theirs]
        place -= shift
        if index + (gone if new == IN_PLACE else new) < place:
            told.append((index + shift, gone, new))
            ours += 1
        elif place + taken < index:
            told.append((place + shift, taken, put))
            shift += 0 if put == IN_PLACE else put - taken
            theirs += 1
        else:
            here, there = _touching(first, ours, second, theirs, shift)
            told += [(at + shift, gone, new) for at, gone, new in _merged(first[ours : ours + len(here)], there)]
            shift += sum(put - taken for _, taken, put in there if put != IN_PLACE)
            ours += len(here)
            theirs += len(there)
    told += [(index + shift, gone, new) for index, gone, new in first[ours:]]
    return told + second[theirs:]


def _touching(
    first: list[Splice], ours: int, second: list[Splice], theirs: int, shift: int
) -> tuple[list[Splice], list[Splice]]:
    """:returns: the splices of both that touch one another, from these on; the second's as if none had been before."""
    here: list[Splice] = []
    there: list[Splice] = []
    end, moved = 0, shift
    while True:
        if ours < len(first) and (not here or first[ours][0] <= end):
            here.append(first[ours])
            end = max(end, end_of(first[ours]))
            ours += 1
        elif theirs < len(second) and (not there or second[theirs][0] - moved <= end):
            index, gone, new = second[theirs]
            there.append((index - shift, gone, new))
            end = max(end, index - moved + gone)
            moved += 0 if new == IN_PLACE else new - gone
            theirs += 1
        else:
            return here, there


def _merged(first: list[Splice], second: list[Splice]) -> list[Splice]:
    """Walk through both along the list that is between them: what the first left there, and the second found."""
    ours, theirs = _parts(first), _parts(second)
    ours.reverse()
    theirs.reverse()
    told: list[_Part] = []
    while ours and theirs:
        kind, was, left = ours[-1]
        other, found, now = theirs[-1]
        if not left:
            told.append(ours.pop())
        elif not found:
            told.append(theirs.pop())
        else:
            size = left if left < found else found
            # Of what one of them changed the other side counts once, with the first items that both have.
            was_here, now_here = (was if kind == _CHANGED else size), (now if other == _CHANGED else size)
            told.append((kind if kind > other else other, was_here, now_here))
            _shorten(ours, (kind, was - was_here, left - size))
            _shorten(theirs, (other, found - size, now - now_here))
    return _placed([*told, *reversed(ours), *reversed(theirs)])


def _shorten(parts: list[_Part], rest: _Part) -> None:
    """Put what is left of the next part in its place."""
    if rest[1] or rest[2]:
        parts[-1] = rest
    else:
        parts.pop()


def _parts(splices: list[Splice]) -> list[_Part]:
    parts: list[_Part] = []
    end = 0
    for splice in splices:
        index, gone, new = splice
        if index > end:
            parts.append((_KEPT, index - end, index - end))
        parts.append((_SET, gone, gone) if new == IN_PLACE else (_CHANGED, gone, new))
        end = end_of(splice)
    return parts


def _placed(parts: list[_Part]) -> list[Splice]:
    """:returns: the parts that are not kept, as splices; those of a kind that touch are one."""
    told: list[Splice] = []
    end = 0
    start = gone = new = 0  # of the change that is under way
    for kind, was, now in parts:
        if kind == _CHANGED:
            gone, new, end = gone + was, new + now, end + now
            continue
        if gone or new:
            told.append((start, gone, new))
        if kind == _SET:
            last = told[-1] if told else (0, 0, 0)
            if last[2] == IN_PLACE and end_of(last) == end:
                told[-1] = (last[0], last[1] + was, IN_PLACE)
            else:
                told.append((end, was, IN_PLACE))
        end += now
        start, gone, new = end, 0, 0
    if gone or new:
        told.append((start, gone, new))
    return told
