"""Scoring tension with the lexicon and the trained model together.

The lexicon's score stands unless the model doubts it; what the model alone recognises is
reported at a fixed, low score, so that nothing that an analyst cannot edit rings by itself.
An entry that the model has never seen, because a force added or changed it, is not its to
judge: the entry's weight counts on top, as an independent hint.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from enrich.lexicon import Entry, Lexicon
from enrich.reading import SENTENCE, Reading
from enrich.tension import LexiconScorer, join_scores
from enrich.tension_model import Features, TensionModel, scores, sums
from enrich.tokens import Tokens
from model.enriched import TENSION_CATEGORIES, Evidence, Tension

LEARNT = 0.5
"""What wording alone is worth that no entry finds but the model knows: enough to be looked
at, and no more than the shipped rules, which ask for more, let pass."""

DOUBTED = 0.2
DOUBTFUL = 0.45
"""Where the model gives less than the first, the lexicon's score is at most the second."""

UNDOUBTED = frozenset({"hate"})
"""Categories in which the model doubts nothing: slurs stand in few of the posts that taught it,
and on the tweets that Davidson and others labelled as hate its doubt hid three in four hits."""

_MOST_WORDS_SHOWN = 3
_REMEMBERED = 50_000
_LONGEST_WORD = 32


class WeighedScorer:
    """Scores with a lexicon and a model, as :class:`~enrich.port.TensionScorer` asks."""

    def __init__(self, lexicon: Lexicon, model: TensionModel) -> None:
        def is_known(entry: Entry) -> bool:
            return entry.follows or model.knows(entry)

        known = tuple(entry for entry in lexicon.entries if is_known(entry))
        fresh = tuple(entry for entry in lexicon.entries if not is_known(entry))
        self._lexicon = LexiconScorer(lexicon._replace(entries=known))
        self._fresh = LexiconScorer(lexicon._replace(entries=fresh)) if fresh else None
        self._model = model
        self._features = Features()
        self._promises = Promises(model, self._features)

    def score(self, batch: Sequence[Tokens]) -> list[tuple[Tension, ...]]:
        found = self._lexicon.score(batch)
        asked: list[int] = []
        readings: list[Reading] = []
        for at, tokens in enumerate(batch):
            if tokens.folded and (found[at] or self._promises.of(tokens) > self._model.gate):
                asked.append(at)
                readings.append(self._lexicon.read(tokens))
        answers = self._weighed(batch, found, asked, readings)
        for at, answer in zip(asked, answers, strict=True):
            found[at] = answer
        if self._fresh is not None:
            added = self._fresh.score(batch)
            found = [join_scores(ours, theirs) for ours, theirs in zip(found, added, strict=True)]
        return found

    def _weighed(
        self,
        batch: Sequence[Tokens],
        found: Sequence[tuple[Tension, ...]],
        asked: Sequence[int],
        readings: Sequence[Reading],
    ) -> list[tuple[Tension, ...]]:
        if not asked:
            return []
        posts = [
            self._features.of_post(batch[at].text, reading.words, found[at])
            for at, reading in zip(asked, readings, strict=True)
        ]
        said = np.zeros((len(asked), len(TENSION_CATEGORIES)), np.float32)
        for row, at in enumerate(asked):
            for tension in found[at]:
                said[row, TENSION_CATEGORIES.index(tension.category)] = tension.score
        rows = scores(self._model, sums(self._model, posts), said).tolist()
        return [
            self._tensions(batch[at], reading, found[at], row)
            for at, reading, row in zip(asked, readings, rows, strict=True)
        ]

    def _tensions(
        self, tokens: Tokens, reading: Reading, found: Sequence[Tension], row: Sequence[float]
    ) -> tuple[Tension, ...]:
        by_lexicon = {tension.category: tension for tension in found}
        tensions = []
        for head, (category, value) in enumerate(zip(TENSION_CATEGORIES, row, strict=True), 1):
            said = by_lexicon.get(category)
            if said is not None:
                stands = value >= DOUBTED or category in UNDOUBTED
                score = said.score if stands else min(said.score, DOUBTFUL)
                tensions.append(Tension(category, score, said.evidence))
            elif value >= LEARNT:
                evidence = self._learnt(tokens, reading, category, head)
                tensions.append(Tension(category, LEARNT, evidence))
        tensions.sort(key=lambda tension: (-tension.score, tension.category))
        return tuple(tensions)

    def _learnt(
        self, tokens: Tokens, reading: Reading, category: str, head: int
    ) -> tuple[Evidence, ...]:
        """The words that spoke loudest for the category; the whole post where none did."""
        weights = self._model.weights
        loud: list[tuple[float, int]] = []
        for at, word in enumerate(reading.words):
            if word != SENTENCE:
                buckets = list(self._features.of_word(word))
                loud.append((float(weights[buckets][:, [0, head]].sum()), at))
        loud.sort(key=lambda one: (-one[0], one[1]))
        spans = {
            tokens.span(*reading.origins[at]): reading.words[at]
            for value, at in loud[:_MOST_WORDS_SHOWN]
            if value > 0
        }
        if not spans:
            spans = {(tokens.offsets[0], tokens.offsets[-1]): "the wording as a whole"}
        return tuple(
            Evidence(start, end, f"{category}: {words} (learnt from labelled posts)")
            for (start, end), words in sorted(spans.items())
        )


class Promises:
    """How much the words of a post promise, as a quick sum that spares most posts the model."""

    def __init__(self, model: TensionModel, features: Features) -> None:
        self._weights = model.weights[:, 0]
        self._features = features
        self._words: dict[str, float] = {}

    def of(self, tokens: Tokens) -> float:
        return sum(map(self._of_word, tokens.folded)) / math.sqrt(len(tokens.folded))

    def _of_word(self, word: str) -> float:
        known = self._words.get(word)
        if known is None:
            buckets = list(self._features.of_word(word.lstrip("#")))
            known = float(self._weights[buckets].sum())
            if len(self._words) >= _REMEMBERED:
                self._words.clear()
            if len(word) <= _LONGEST_WORD:
                self._words[word] = known
        return known
