"""Resolving places: which of the places of one name is meant.

The home country comes first unless the post says otherwise: a place is worth the
logarithm of its inhabitants, three hundred times as much at home, ten thousand times as
much when its county, state or country stands next to it, and something when another
place of the post is near. The share of the winner lowers the confidence, and the others
are kept as candidates. On gold mentions, "UK first" raised the share of British places
resolved within 161 km from .57 to .63 (GeoCorpora) and from .69 to .89 (LGL).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from enrich.distances import flat_km
from enrich.gazetteer import Entry, Gazetteer
from enrich.port import Mention
from enrich.tokens import Tokens
from model.enriched import Place

HOME = 2.5
NEXT_TO_IT = 4.0
IN_THE_POST = 1.5
NEARBY = 2.0
"""Bonuses in powers of ten."""

MOST_CANDIDATES = 5

_AREA_PRIOR = {"continent": 7.5, "country": 7.0, "nation": 6.8, "state": 6.2}
_OWN_PRIOR = {"county": 5.8, "region": 5.5, "city": 5.5, "borough": 5.0}
_POINT_PRIOR = 4.5
_RADIUS_KM = {"borough": 12.0, "county": 60.0, "region": 100.0, "nation": 400.0, "state": 1_500.0}
_NEARBY_KM = 30.0
_NEIGHBOURS = 10
"""Mentions before and after one that have a say: a post of nothing but names must not
take the square of its length."""
_ADJACENT = 6
_SHARPNESS = 1.5


class _Found(NamedTuple):
    mention: Mention
    entries: list[Entry]


class HomeFirstResolver:
    """Resolves by population, with a preference for one country (ISO 3166-1 alpha-2)."""

    def __init__(self, gazetteer: Gazetteer, home: str = "GB") -> None:
        self._gazetteer = gazetteer
        self._home = home

    def resolve(
        self, batch: Sequence[Tokens], mentions: Sequence[Sequence[Mention]]
    ) -> list[tuple[Place, ...]]:
        pairs = zip(batch, mentions, strict=True)
        return [self._resolve(tokens.text, found) if found else () for tokens, found in pairs]

    def _resolve(self, text: str, mentions: Sequence[Mention]) -> tuple[Place, ...]:
        found = [_Found(m, self._gazetteer.candidates(m.name)) for m in mentions]
        return tuple(
            [
                self._place(text, one, found[max(0, at - _NEIGHBOURS) : at + _NEIGHBOURS + 1])
                for at, one in enumerate(found)
            ]
        )

    def _place(self, text: str, one: _Found, others: list[_Found]) -> Place:
        mention, entries = one
        words = text[mention.start : mention.end]
        if not entries:
            return Place(
                start=mention.start,
                end=mention.end,
                text=words,
                name=" ".join(words.split()),
                kind=mention.kind or "place",
                confidence=mention.confidence,
            )
        ranked = [(self._prior(entry), entry) for entry in entries]
        if len(entries) > 1:
            ranked = [(p + _context(entry, mention, others), entry) for p, entry in ranked]
            ranked.sort(key=lambda pair: -pair[0])
        best_score, best = ranked[0]
        rivals = sum([math.exp(_SHARPNESS * (score - best_score)) for score, _ in ranked])
        return Place(
            start=mention.start,
            end=mention.end,
            text=words,
            name=best.name,
            kind=best.kind,
            confidence=round(mention.confidence / rivals, 3),
            id=best.id,
            lat=best.lat,
            lon=best.lon,
            candidates=tuple([entry.id for _, entry in ranked[1 : MOST_CANDIDATES + 1]]),
        )

    def _prior(self, entry: Entry) -> float:
        prior = _AREA_PRIOR.get(entry.kind)
        if prior is None:
            prior = (
                math.log10(entry.population)
                if entry.population > 0
                else _OWN_PRIOR.get(entry.kind, _POINT_PRIOR)
            )
        return prior + HOME if entry.country == self._home else prior


def _context(entry: Entry, mention: Mention, others: list[_Found]) -> float:
    """The best that any other place of the post says for this one."""
    best = 0.0
    for other in others:
        if other.mention is mention or not other.entries:
            continue
        adjacent = 0 <= other.mention.start - mention.end <= _ADJACENT
        for area in other.entries:
            if _lies_in(entry, area):
                best = max(best, NEXT_TO_IT if adjacent else IN_THE_POST)
        if len(other.entries) == 1 and distance_km(entry, other.entries[0]) < _NEARBY_KM:
            best = max(best, NEARBY)
    return best


def _lies_in(entry: Entry, area: Entry) -> bool:
    """Whether a place lies in an area; areas without borders of ours are taken as discs."""
    if entry.id == area.id or entry.country != area.country:
        return False
    if area.kind == "country":
        return True
    if area.kind == "state" and area.admin:
        return entry.admin == area.admin
    radius = _RADIUS_KM.get(area.kind)
    return radius is not None and distance_km(entry, area) < radius


def distance_km(one: Entry, other: Entry) -> float:
    """Kilometres between two places, by the flat approximation that serves here."""
    return flat_km(one.lat, one.lon, other.lat, other.lon)
