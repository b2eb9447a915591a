"""Recognising places: names of the gazetteer and names that look like places.

Candidates are the longest names of the gazetteer, hashtags that are such a name, runs of
capitalised words that end in a word like Street or Park, and capitalised words after a
word like ``near``. The evidence around each (:mod:`enrich.place_evidence`) decides.
Roads and postcodes are told by their form (:mod:`enrich.road_codes`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from enrich.gazetteer import Gazetteer
from enrich.name_scanner import Hit, NameScanner
from enrich.place_evidence import (
    UNLISTED_AFTER,
    Candidate,
    Signature,
    Vocabulary,
    evidence,
    is_area,
    scene,
    signature,
)
from enrich.port import Mention
from enrich.road_codes import road_codes
from enrich.tokens import Tokens, fold_token, possessive_owner
from enrich.wordlists import groups, table

LEAST_CONFIDENCE = 0.38
"""Below it a name is not reported. Chosen for the best F1 on the training part."""

LEAST_FOR_STREETS = 0.25
"""A street is reported on less: it is rarely anything else, and where an officer goes."""

_LONGEST_RUN = 3
_LONGEST_ABBREVIATED = 2
_NEVER = groups("function_words")["en"] - {"us"}
"""Small words of English that are towns elsewhere, as Of and To: never meant."""
_STREETS = groups("place_cues")["street"]
_SOFT_GAP = frozenset(" -'\u2019.&")


class WeightedRecogniser:
    """A place recogniser that adds up weighted evidence."""

    def __init__(self, gazetteer: Gazetteer, weights: Mapping[str, float] | None = None) -> None:
        self._gazetteer = gazetteer
        self._vocabulary = Vocabulary()
        self._scanner = NameScanner(gazetteer, _NEVER)
        self._confidence = ConfidenceMemo(weights or shipped_weights())

    def find(self, batch: Sequence[Tokens]) -> list[list[Mention]]:
        return [self._find(tokens) for tokens in batch]

    def _find(self, tokens: Tokens) -> list[Mention]:
        coded = road_codes(tokens)
        candidates = self._candidates(tokens)
        if not candidates:
            return coded
        post = scene(tokens, self._vocabulary)
        judged: list[tuple[float, Candidate]] = []
        for candidate in candidates:
            confidence = self._confidence[signature(tokens, candidate, post, self._vocabulary)]
            street = candidate.venue and candidate.head in _STREETS
            if confidence >= (LEAST_FOR_STREETS if street else LEAST_CONFIDENCE):
                judged.append((confidence, candidate))
        return _without_overlaps(tokens, judged, coded)

    def _candidates(self, tokens: Tokens) -> list[Candidate]:
        folded = tokens.folded
        found = self._listed(tokens)
        if not UNLISTED_AFTER.isdisjoint(folded):
            found += self._unlisted(tokens, found)
        if not self._vocabulary.venues.isdisjoint(folded):
            found += self._venues(tokens)
        if "#" in tokens.text:
            found += self._hashtags(tokens)
        return found

    def _listed(self, tokens: Tokens) -> list[Candidate]:
        """The names of the gazetteer that stand in the post."""
        hits = self._scanner.longest(_lookup_keys(tokens))
        found: list[Candidate] = []
        for at, hit in enumerate(hits):
            if self._never(tokens, hit):
                continue
            first, after, key = hit
            start = first - 1 if self._has_direction(tokens, first) else first
            within = at + 1 < len(hits) and self._contains(tokens, after, hits[at + 1])
            short = self._gazetteer.is_abbreviation(key)
            found.append(
                Candidate(start, after, key, self._gazetteer.candidates(key), short, within)
            )
        return found

    def _never(self, tokens: Tokens, hit: Hit) -> bool:
        """Whether this is no name at all: an ordinary word or a hamlet in lower case, an
        abbreviation in anything but capitals, or words that a full stop tears apart."""
        surface = tokens.surface[hit.first]
        if tokens.surface[hit.after - 1].islower() and self._is_obscure(hit.phrase):
            return True
        if hit.after - hit.first == 1:
            if surface.islower() and hit.phrase in self._vocabulary.ordinary:
                return True
        elif not all(_is_soft(tokens, at) for at in range(hit.first + 1, hit.after)):
            return True
        return self._gazetteer.is_abbreviation(hit.phrase) and not surface.isupper()

    def _is_obscure(self, key: str) -> bool:
        """Whether only an imported gazetteer knows the name, and no people who live there:
        among tens of thousands of such names are most ordinary words of English."""
        return all(
            not entry.population and not entry.id.startswith("tocsin:")
            for entry in self._gazetteer.candidates(key)
        )

    def _contains(self, tokens: Tokens, after: int, following: Hit) -> bool:
        return (
            following.first == after
            and "," in tokens.gap(after)
            and tokens.surface[after][0].isupper()
            and is_area(self._gazetteer.candidates(following.phrase))
        )

    def _has_direction(self, tokens: Tokens, first: int) -> bool:
        """Whether a word like ``North`` stands before the name as a part of it."""
        return (
            first > 0
            and self._vocabulary.before.get(tokens.folded[first - 1]) == "compass"
            and tokens.surface[first - 1][0].isupper()
            and tokens.gap(first) == " "
        )

    def _hashtags(self, tokens: Tokens) -> list[Candidate]:
        found: list[Candidate] = []
        for at, folded in enumerate(tokens.folded):
            key = self._gazetteer.written_together(folded[1:]) if folded[0] == "#" else None
            if key is not None:
                found.append(Candidate(at, at + 1, key, self._gazetteer.candidates(key)))
        return found

    def _venues(self, tokens: Tokens) -> list[Candidate]:
        """Runs of capitalised words that end in one like Street: ``Old Kent Road``."""
        surface, folded, venues = tokens.surface, tokens.folded, self._vocabulary.venues
        found: list[Candidate] = []
        for last in [at for at, word in enumerate(folded) if word in venues]:
            if not surface[last][0].isupper():
                continue
            first = last
            while first > max(0, last - _LONGEST_RUN) and self._joins(tokens, first):
                first -= 1
            if first < last:
                found.append(
                    Candidate(first, last + 1, start=folded[first], head=folded[last], venue=True)
                )
        return found

    def _joins(self, tokens: Tokens, at: int) -> bool:
        before = self._vocabulary.before.get(tokens.folded[at - 1])
        return (
            tokens.surface[at - 1][0].isupper()
            and _is_soft(tokens, at)
            and before in (None, "compass", "title", "waters", "verb", "given name")
        )

    def _unlisted(self, tokens: Tokens, listed: Sequence[Candidate]) -> list[Candidate]:
        """Capitalised words after ``in`` or ``near`` that no gazetteer knows."""
        taken = {at for one in listed for at in range(one.first, one.after)}
        surface, folded = tokens.surface, tokens.folded
        found: list[Candidate] = []
        for first in [at + 1 for at, word in enumerate(folded) if word in UNLISTED_AFTER]:
            if first >= len(surface) or first in taken or not self._opens(tokens, first):
                continue
            after = first + 1
            while after < min(len(surface), first + _LONGEST_RUN) and after not in taken:
                if not surface[after][0].isupper() or tokens.gap(after) not in (" ", "-"):
                    break
                after += 1
            found.append(Candidate(first, after, start=folded[first], head=folded[after - 1]))
        return found

    def _opens(self, tokens: Tokens, first: int) -> bool:
        return (
            tokens.surface[first][0].isupper()
            and tokens.folded[first] not in self._vocabulary.calendar
            and tokens.gap(first) == " "
        )


class ConfidenceMemo(dict[Signature, float]):
    """The confidence by signature; emptied when full."""

    def __init__(self, weights: Mapping[str, float], limit: int = 50_000) -> None:
        super().__init__()
        self._weights = dict(weights)
        self.limit = limit

    def __missing__(self, key: Signature) -> float:
        odds = sum(self._weights.get(label, 0.0) for label in evidence(key))
        confidence = 1.0 / (1.0 + math.exp(-odds))
        if len(self) >= self.limit:
            self.clear()
        self[key] = confidence
        return confidence


def shipped_weights() -> dict[str, float]:
    """The weights of the evidence, from ``data/place_weights.txt``."""
    return {label: float(weight) for label, weight in table("place_weights")}


def _lookup_keys(tokens: Tokens) -> list[str]:
    """The folded tokens, possessives without their ending, one for each token."""
    if "'" not in tokens.text and "\u2019" not in tokens.text:
        return tokens.folded
    keys = tokens.folded.copy()
    for at, surface in enumerate(tokens.surface):
        owner = possessive_owner(surface) if surface[-1] in "sS" else None
        if owner is not None:
            keys[at] = fold_token(owner)
    return keys


def _without_overlaps(
    tokens: Tokens, judged: list[tuple[float, Candidate]], coded: list[Mention]
) -> list[Mention]:
    """The surest of every set of overlapping candidates, and the codes, in text order."""
    judged.sort(key=lambda one: (-one[0], one[1].first))
    mentions = list(coded)
    for confidence, candidate in judged:
        start, end = _span(tokens, candidate)
        if all(end <= other.start or start >= other.end for other in mentions):
            found = Mention(start, end, candidate.key, _kind(candidate), round(confidence, 3))
            mentions.append(found)
    mentions.sort()
    return mentions


def _is_soft(tokens: Tokens, at: int) -> bool:
    """Whether a token may belong to one name with the token before it: a full stop between
    them only ends an abbreviation, as in St. Helens."""
    gap = tokens.gap(at)
    if "." in gap and len(tokens.surface[at - 1]) > _LONGEST_ABBREVIATED:
        return False
    return _SOFT_GAP.issuperset(gap)


def _kind(candidate: Candidate) -> str:
    if candidate.entries:
        return ""
    return "street" if candidate.head in _STREETS else "venue" if candidate.venue else "place"


def _span(tokens: Tokens, candidate: Candidate) -> tuple[int, int]:
    """Where the name itself stands: without ``#`` and without a possessive ending."""
    start, end = tokens.span(candidate.first, candidate.after)
    owner = possessive_owner(tokens.surface[candidate.after - 1])
    if owner is not None:
        end -= 2
    return start + (tokens.text[start] in "#\uff03"), end
