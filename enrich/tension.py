"""Scoring tension: findings of the lexicon, weighed by their context, as one score a category.

The findings of a category are taken as independent hints: the score is the probability
that at least one of them is right, 1 - product of (1 - weight), the weights having been
multiplied by what the contexts say. Of findings that share words only the strongest counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from enrich.context import Contexts, Range, effect, find, fits_any
from enrich.lexicon import Entry, Lexicon
from enrich.lexicon_pattern import MASK, Pattern
from enrich.pattern_set import PatternSet, WordSet
from enrich.reading import SENTENCE, Reader, Reading
from enrich.tokens import Tokens
from model.enriched import Evidence, Tension

LEAST_SCORE = 0.3
"""Lower scores are not reported: a hint too weak to be worth a person's look."""

HIGHEST_SCORE = 0.98
"""Words alone are never certain."""

_SUPPORT = 0.5
"""What another category must score before a finding that only follows it counts."""


class Finding(NamedTuple):
    """An entry that fits, where, and what it is worth there for one category."""

    entry: Entry
    at: Range
    category: str
    weight: float
    reasons: tuple[str, ...]


class LexiconScorer:
    """Scores with a lexicon, as :class:`~enrich.port.TensionScorer` asks."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._entries = _pattern_set(entry for entry in lexicon.entries if not entry.follows)
        self._followers = _pattern_set(entry for entry in lexicon.entries if entry.follows)
        self._contexts = Contexts(lexicon.contexts)
        self._masks = PatternSet([(mask, None) for mask in lexicon.masks])
        words = self._entries.words() | self._followers.words() | self._contexts.words()
        self._reader = Reader(self._entries, WordSet(words))

    def score(self, batch: Sequence[Tokens]) -> list[tuple[Tension, ...]]:
        return [self._score(tokens) for tokens in batch]

    def read(self, tokens: Tokens) -> Reading:
        """The words of a post as the lexicon reads them, whether or not any entry fits."""
        return self._reader.words(tokens)

    def _score(self, tokens: Tokens) -> tuple[Tension, ...]:
        read = self._reader.read(tokens)
        if read is None:
            return ()
        reading, candidates = read
        entries = [e for pattern, e in candidates if pattern.expression.search(reading.text)]
        if not entries:
            return ()
        words = set(reading.words)
        reading = _masked(reading, [mask for mask, _ in self._masks.candidates(words)])
        tensions = self._tensions(tokens, reading, entries)
        if any(tension.score >= _SUPPORT for tension in tensions):
            followers = [entry for _, entry in self._followers.candidates(words)]
            return join_scores(tensions, self._tensions(tokens, reading, followers))
        return tuple(tensions)

    def _tensions(
        self, tokens: Tokens, reading: Reading, entries: Iterable[Entry]
    ) -> list[Tension]:
        return _by_category(tokens, reading, list(self._findings(reading, entries)))

    def _findings(self, reading: Reading, entries: Iterable[Entry]) -> Iterable[Finding]:
        settings = None
        for entry in entries:
            places = find(entry.pattern, reading)
            if not places or (entry.needs and not fits_any(entry.needs, reading)):
                continue
            if fits_any(entry.unless, reading):
                continue
            if settings is None:
                settings = self._contexts.settings(reading)
            for at in places:
                for category in entry.categories:
                    factor, reasons = effect(reading, entry, category, at, settings)
                    weight = min(entry.weight * factor, HIGHEST_SCORE)
                    yield Finding(entry, at, category, weight, tuple(reasons))


def join_scores(ours: Iterable[Tension], theirs: Iterable[Tension]) -> tuple[Tension, ...]:
    """Scores of one category taken as independent hints, with the evidence of both."""
    joined = {tension.category: tension for tension in ours}
    for added in theirs:
        known = joined.get(added.category, Tension(added.category, 0.0))
        score = min(1.0 - (1.0 - known.score) * (1.0 - added.score), HIGHEST_SCORE)
        evidence = known.evidence + added.evidence
        joined[added.category] = Tension(added.category, round(score, 3), evidence)
    return tuple(sorted(joined.values(), key=lambda one: (-one.score, one.category)))


def _pattern_set(entries: Iterable[Entry]) -> PatternSet[Entry]:
    return PatternSet([(entry.pattern, entry) for entry in entries])


def _masked(reading: Reading, masks: Iterable[Pattern]) -> Reading:
    """The reading with the words of idioms blotted out."""
    words = reading.words.copy()
    for mask in masks:
        for at in find(mask, reading):
            words[at.first : at.after] = [MASK] * (at.after - at.first)
    return Reading(words, reading.origins, f" {' '.join(words)} ")


def _by_category(tokens: Tokens, reading: Reading, findings: list[Finding]) -> list[Tension]:
    tensions = []
    for category in dict.fromkeys(finding.category for finding in findings):
        kept = _strongest([finding for finding in findings if finding.category == category])
        doubt = 1.0
        for finding in kept:
            doubt *= 1.0 - finding.weight
        score = round(min(1.0 - doubt, HIGHEST_SCORE), 3)
        if score >= LEAST_SCORE:
            evidence = tuple(_evidence(tokens, reading, finding) for finding in kept)
            tensions.append(Tension(category, score, evidence))
    tensions.sort(key=lambda tension: (-tension.score, tension.category))
    return tensions


def _strongest(findings: list[Finding]) -> list[Finding]:
    """Findings without shared words, and one for each entry, in the order of the text."""
    kept: list[Finding] = []
    for finding in sorted(findings, key=lambda one: -one.weight):
        alone = all(
            finding.entry is not other.entry
            and (finding.at.after <= other.at.first or other.at.after <= finding.at.first)
            for other in kept
        )
        if alone:
            kept.append(finding)
    kept.sort(key=lambda finding: finding.at)
    return kept


def _evidence(tokens: Tokens, reading: Reading, finding: Finding) -> Evidence:
    origins = reading.origins[finding.at.first : finding.at.after]
    start, end = tokens.span(origins[0][0], origins[-1][1])
    words = [w for w in reading.words[finding.at.first : finding.at.after] if w != SENTENCE]
    reason = f"{finding.category}: {' '.join(words)}"
    if finding.reasons:
        reason += f" ({', '.join(finding.reasons)})"
    return Evidence(start, end, reason)
