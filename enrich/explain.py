"""Explaining an enrichment: why each place and each score came out.

What is said comes from the record itself, and from the recogniser where it can say why
(:class:`enrich.port.ExplainsMentions`); nothing here knows how either of them works.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from enrich.areas import doubt_m
from enrich.gazetteer import Entry, Gazetteer
from enrich.pipeline import Enricher, Subject
from enrich.port import ExplainsMentions, Mention
from enrich.tokens import Tokens, tokenize
from model.enriched import Enrichment, Place, Versions

_MOST_OTHERS = 5


class PlaceExplained(msgspec.Struct, frozen=True):
    """A place of the record, and why it came out."""

    place: Place
    reasons: tuple[str, ...]


class EvidenceExplained(msgspec.Struct, frozen=True):
    """Words that made a score, where they stand, and why they count."""

    start: int
    end: int
    text: str
    reason: str


class TensionExplained(msgspec.Struct, frozen=True):
    """A score with its evidence."""

    category: str
    score: float
    evidence: tuple[EvidenceExplained, ...]


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was made of one post, and why. ``cluster`` is a text, since it is a
    number that not every reader of JSON can hold."""

    text: str
    lang: str
    places: tuple[PlaceExplained, ...]
    tension: tuple[TensionExplained, ...]
    unjudged: tuple[str, ...]
    areas: tuple[str, ...]
    cluster: str
    versions: Versions | None


class Explainer:
    """Enriches posts and says why. Slower than the enricher alone: for people to read."""

    def __init__(self, enricher: Enricher, gazetteer: Gazetteer) -> None:
        self._enricher = enricher
        self._gazetteer = gazetteer

    def explain(self, posts: Sequence[Subject]) -> list[Explanation]:
        """One explanation for each post, in the same order."""
        enriched = self._enricher.enrich(posts)
        return [self._explained(post, one) for post, one in zip(posts, enriched, strict=True)]

    def _explained(self, post: Subject, enrichment: Enrichment) -> Explanation:
        tokens = tokenize(post.text)
        mentions = {(m.start, m.end): m for m in self._enricher.parts.recogniser.find([tokens])[0]}
        return Explanation(
            text=post.text,
            lang=enrichment.lang,
            places=tuple(
                PlaceExplained(
                    place,
                    tuple(self._reasons(place, tokens, mentions.get((place.start, place.end)))),
                )
                for place in enrichment.places
            ),
            tension=tuple(
                TensionExplained(
                    hint.category,
                    hint.score,
                    tuple(
                        EvidenceExplained(e.start, e.end, post.text[e.start : e.end], e.reason)
                        for e in hint.evidence
                    ),
                )
                for hint in enrichment.tension
            ),
            unjudged=enrichment.unjudged,
            areas=enrichment.areas,
            cluster=str(enrichment.cluster) if enrichment.cluster else "",
            versions=enrichment.versions,
        )

    def _reasons(self, place: Place, tokens: Tokens, mention: Mention | None) -> Iterator[str]:
        if place.origin == "geotag":
            yield "the author attached this position; the text need not speak of it"
        elif mention is None:
            yield "a component that was added found it"
        else:
            recogniser = self._enricher.parts.recogniser
            if isinstance(recogniser, ExplainsMentions):
                yield from recogniser.reasons(tokens, mention)
            yield f"that a place is meant is taken to be {mention.confidence:.0%} sure"
            yield from self._resolution(place, mention)
        yield from self._area_reasons(place)

    def _resolution(self, place: Place, mention: Mention) -> Iterator[str]:
        if place.id is None:
            yield "no gazetteer knows where it is, so it has no position"
            return
        known = self._gazetteer.candidates(mention.name)
        others = [entry for entry in known if entry.id != place.id]
        if not others:
            yield f"the gazetteer knows one place of that name: {place.id}"
            return
        named = ", ".join(map(_described, others[:_MOST_OTHERS]))
        more = f" and {len(others) - _MOST_OTHERS} more" if len(others) > _MOST_OTHERS else ""
        yield f"it was taken for {place.id} rather than for {named}{more}"

    def _area_reasons(self, place: Place) -> Iterator[str]:
        if place.lat is None or place.lon is None:
            return
        holding = self._enricher.parts.areas.holding(place.lat, place.lon)
        for area in holding:
            if area.id in place.areas:
                yield f"it lies in {area.name} ({area.kind} {area.id})"
            else:
                yield (
                    f"its point lies in {area.name} ({area.kind} {area.id}), but the place may "
                    f"be {doubt_m(place) / 1_000:g} km away from it, further than the area reaches"
                )


def in_words(explained: Explanation) -> list[str]:
    """An explanation as lines for a person."""
    lines = [f"Language: {_language(explained)}"]
    if not explained.places:
        lines.append("Places: none found.")
    for one in explained.places:
        lines.append(_place_line(one.place))
        lines += [f"    - {reason}" for reason in one.reasons]
    if not explained.tension:
        lines.append("Tension: no hint found.")
    for hint in explained.tension:
        lines.append(f"Tension: a hint of {hint.category.replace('_', ' ')}, {hint.score:.2f}")
        lines += [f'    - "{e.text}" ({e.start} to {e.end}): {e.reason}' for e in hint.evidence]
    if explained.cluster:
        lines.append(f"Near-duplicates: cluster {explained.cluster}")
    lines.append(f"Made by {_versions(explained.versions)}")
    return lines


def _language(explained: Explanation) -> str:
    if explained.unjudged:
        parts = " and ".join(explained.unjudged)
        return f"{explained.lang}, which is not read for {parts}: silence there says nothing"
    return "not clear" if explained.lang == "und" else explained.lang


def _place_line(place: Place) -> str:
    where = (
        "position unknown"
        if place.lat is None or place.lon is None
        else f"{place.lat:.4f}, {place.lon:.4f}"
    )
    if place.origin == "geotag":
        return f"Place: attached {place.name or 'position'}, {where}"
    named = "" if place.name == place.text else f" taken for {place.name}"
    span = f"({place.start} to {place.end})"
    return f'Place: "{place.text}" {span}{named}, {place.kind}, {where}, {place.confidence:.0%}'


def _described(entry: Entry) -> str:
    return f"{entry.name} ({entry.kind}, {entry.country or 'world'})"


def _versions(versions: Versions | None) -> str:
    if versions is None:
        return "an unknown version"
    named = msgspec.structs.asdict(versions)
    return ", ".join(f"{part} {version}" for part, version in named.items() if version)
