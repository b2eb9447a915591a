"""The formats of gazetteers: one line in, one place out.

* **GeoNames** (https://www.geonames.org/export/): country dumps and allCountries, 19 columns
  separated by tabs; and its postal files, 12 columns.
* **OS Open Names** (CSV, no heading): National Grid, turned into degrees.
* **Postcodes**: OS Code-Point Open (no heading, National Grid) and the ONS postcode
  directories ONSPD and NSPL (with heading, degrees).
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from enrich.gazetteer_file import Entry
from enrich.national_grid import to_degrees


class Named(NamedTuple):
    """A place with everything that it is called. One that is a ``postcode`` is found by its
    form alone, never as a word of the text."""

    entry: Entry
    names: tuple[str, ...]
    postcode: bool = False


class RowError(ValueError):
    """A line is not what its format promises."""


Row = Callable[[str], Iterator[Named]]
"""Turns a line into places, none if it is of no use. Raises RowError."""

Choice = frozenset[str]
"""Countries that are wanted (ISO 3166-1 alpha-2); empty for all."""


def geonames(countries: Choice = frozenset(), *, alternates: bool = False) -> Row:
    """GeoNames' dumps and postal files, told apart by their columns."""

    def read(line: str) -> Iterator[Named]:
        cells = line.split("\t")
        if len(cells) == 19:
            yield from _geonames_place(cells, countries, alternates=alternates)
        elif len(cells) == 12:
            yield from _geonames_postal(cells, countries)
        else:
            raise RowError(f"{len(cells)} columns, where GeoNames has 19 (places) or 12 (postal)")

    return read


def open_names(*, streets: bool = True) -> Row:
    """OS Open Names. Sections of roads and numbered roads are left out: a road is long."""

    def read(line: str) -> Iterator[Named]:
        cells = _csv(line)
        if cells[0] == "ID":
            return
        if len(cells) < 10:
            raise RowError(f"{len(cells)} columns, where OS Open Names has 34")
        local = cells[7]
        kind = _OPEN_NAMES.get(local) or _OPEN_NAMES_TYPES.get(cells[6])
        if kind is None or local in _LONG_ROADS or (kind == "street" and not streets):
            return
        lat, lon = _from_grid(cells[8], cells[9])
        entry = Entry(f"osopennames:{cells[0]}", cells[2], kind, "GB", "", lat, lon, 0)
        yield Named(entry, tuple(filter(None, (cells[2], cells[4]))), kind == "postcode")

    return read


def postcodes() -> Row:
    """Code-Point Open, or a directory of the Office for National Statistics."""
    columns: dict[str, int] = {}

    def read(line: str) -> Iterator[Named]:
        cells = _csv(line)
        heading = {cell.strip().lower(): at for at, cell in enumerate(cells)}
        if "long" in heading and heading.keys() & {"pcds", "pcd"}:
            columns.clear()
            columns.update(heading)
        elif columns:
            yield from _ons_postcode(cells, columns)
        elif len(cells) == 10:
            yield from _code_point(cells)
        else:
            raise RowError(f"{len(cells)} columns and no ONS heading: Code-Point Open has 10")

    return read


def postcode_key(code: str) -> str:
    """How a postcode is filed: ``postcode:gu1 3aa``, ``postcode:gu1`` for a district."""
    plain = "".join(code.split()).lower()
    return f"postcode:{plain[:-3]} {plain[-3:]}" if len(plain) > 4 else f"postcode:{plain}"


def _geonames_place(cells: Sequence[str], wanted: Choice, *, alternates: bool) -> Iterator[Named]:
    country = cells[8]
    if wanted and country not in wanted:
        return
    population = max(0, int(_number(cells[14] or "0", "population")))
    kind = _geonames_kind(cells[6], cells[7], country, population)
    if kind is None:
        return
    lat, lon = _degrees(cells[4], cells[5])
    _check(country, cells[1])
    entry = Entry(f"geonames:{cells[0]}", cells[1], kind, country, cells[10], lat, lon, population)
    others = cells[3].split(",") if alternates else ()
    yield Named(entry, tuple(dict.fromkeys(filter(None, (cells[1], cells[2], *others)))))


def _geonames_kind(group: str, code: str, country: str, population: int) -> str | None:
    if group == "P":
        if code in _GONE:
            return None
        return "city" if population >= 100_000 else "town" if population >= 5_000 else "village"
    if group == "A":
        if code.startswith("PCL"):
            return "country"
        first = "nation" if country == "GB" else "state"
        return {"ADM1": first, "ADM2": "county"}.get(code)
    return _GEONAMES.get(code)


def _geonames_postal(cells: Sequence[str], wanted: Choice) -> Iterator[Named]:
    country, code, name = cells[:3]
    if wanted and country not in wanted:
        return
    lat, lon = _degrees(cells[9], cells[10])
    _check(country, name)
    where = f"{lat:.3f},{lon:.3f}"
    village = Entry(
        f"geonames-postal:{country}:{name}:{where}", name, "village", country, cells[4], lat, lon, 0
    )
    yield Named(village, (name,))
    if country == "GB":
        yield _postcode(f"geonames-postal:{country}:{code}:{where}", code, lat, lon)


def _ons_postcode(cells: Sequence[str], columns: Mapping[str, int]) -> Iterator[Named]:
    if len(cells) != len(columns):
        raise RowError(f"{len(cells)} columns, where the heading has {len(columns)}")
    ended = columns.get("doterm")
    if ended is not None and cells[ended].strip():
        return
    code = cells[columns["pcds" if "pcds" in columns else "pcd"]].strip()
    lat, lon = cells[columns["lat"]], cells[columns["long"]]
    if lat.startswith("99.99"):
        return
    yield _postcode(f"postcode:{code.replace(' ', '')}", code, *_degrees(lat, lon))


def _code_point(cells: Sequence[str]) -> Iterator[Named]:
    if cells[1].strip() == "90":
        return
    code = cells[0].strip()
    yield _postcode(f"postcode:{code.replace(' ', '')}", code, *_from_grid(cells[2], cells[3]))


def _postcode(name: str, code: str, lat: float, lon: float) -> Named:
    plain = "".join(code.split()).upper()
    if not 2 <= len(plain) <= 7 or not plain.isalnum():
        raise RowError(f"{code!r} is no postcode")
    whole = len(plain) > 4
    shown = f"{plain[:-3]} {plain[-3:]}" if whole else plain
    kind = "postcode" if whole else "district"
    return Named(Entry(name, shown, kind, "GB", "", lat, lon, 0), (shown,), postcode=True)


def _check(country: str, name: str) -> None:
    if not name.strip():
        raise RowError("it has no name")
    if country and not (len(country) == 2 and country.isascii() and country.isalpha()):
        raise RowError(f"{country!r} is no country's letters")


def _csv(line: str) -> list[str]:
    try:
        return next(csv.reader([line], strict=True))
    except (csv.Error, StopIteration) as error:
        raise RowError(f"no CSV ({error})") from error


def _degrees(lat: str, lon: str) -> tuple[float, float]:
    north, east = _number(lat, "latitude"), _number(lon, "longitude")
    if not (-90 <= north <= 90 and -180 <= east <= 180):
        raise RowError(f"{lat}, {lon} is no point on the earth")
    return north, east


def _from_grid(easting: str, northing: str) -> tuple[float, float]:
    try:
        return to_degrees(_number(easting, "easting"), _number(northing, "northing"))
    except RowError:
        raise
    except ValueError as error:
        raise RowError(str(error)) from error


def _number(text: str, what: str) -> float:
    try:
        number = float(text)
    except ValueError as error:
        raise RowError(f"its {what} is {text!r}") from error
    if not math.isfinite(number):
        raise RowError(f"its {what} is {text!r}")
    return number


_GONE = frozenset({"PPLH", "PPLQ", "PPLW", "PPLCH"})
"""Settlements that are no more."""

_GEONAMES = {
    **dict.fromkeys(("RSTN", "MTRO", "BUSTN", "TRANT"), "station"),
    **dict.fromkeys(("AIRP", "AIRF"), "airport"),
    **dict.fromkeys(("STDM", "MALL", "SQR", "PIER", "PRT", "HSP", "UNIV", "PRN", "MKT"), "venue"),
    **dict.fromkeys(("PRK", "RGN", "AREA", "INDS"), "place"),
    **dict.fromkeys(("STM", "LK", "BAY", "ESTY", "CNL", "RSV"), "water"),
    **dict.fromkeys(("ISL", "MT", "MTS", "HLL", "HLLS", "BCH", "FRST"), "place"),
}
_LONG_ROADS = frozenset({"Section Of Named Road", "Numbered Road", "Section Of Numbered Road"})
_OPEN_NAMES = {
    "City": "city",
    "Town": "town",
    "Village": "village",
    "Hamlet": "village",
    "Suburban Area": "village",
    "Other Settlement": "village",
    "Named Road": "street",
    "Postcode": "postcode",
    "Railway Station": "station",
    "Bus Station": "station",
    "Coach Station": "station",
    "Airport": "airport",
    "Airfield": "airport",
}
_OPEN_NAMES_TYPES = {
    "populatedPlace": "village",
    "transportNetwork": "venue",
    "hydrography": "water",
    "landform": "place",
    "landcover": "place",
    "other": "venue",
}
