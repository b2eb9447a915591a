"""Recognising places: a sequence model, with what can be told by form and by hashtag.

A linear-chain conditional random field labels each word of a post as part of a place, a
person, an organisation or nothing; what it goes by is in :mod:`enrich.place_types` and
:mod:`enrich.place_context`. Roads and postcodes are told by their form
(:mod:`enrich.road_codes`), and hashtags are taken apart (:mod:`enrich.hashtag_places`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from enrich.gazetteer import Gazetteer
from enrich.hashtag_places import HashtagPlaces
from enrich.place_labels import Chain, Floats, Shares, best_labels, shares
from enrich.place_model import LABELS, PlaceModel
from enrich.place_reasons import reasons_for
from enrich.place_scores import MOST_TYPES, SCALE, Batch, Scorer
from enrich.place_spans import BEGINS, GOES_ON, Named, edges, identity, mended, named
from enrich.port import Mention
from enrich.road_codes import road_codes
from enrich.tokens import Tokens

SHIPPED_MODEL = Path(__file__).parent / "data" / "places-model.npz"

DOMAIN = 1
"""Of the corpora that have weights of their own, the one that posts are read by: general
British and other English tweets (BTC, and our own posts)."""

HASHTAG_CONFIDENCE = 0.75
"""Of a place inside a hashtag that the model did not see; an estimate, not a measurement."""


class SequenceRecogniser:
    """A place recogniser that labels words in their order. Belongs to one thread."""

    def __init__(
        self, gazetteer: Gazetteer, model: PlaceModel, *, most_types: int = MOST_TYPES
    ) -> None:
        self._gazetteer = gazetteer
        self._chain = Chain(model.chain, model.start)
        self._calibration = model.calibration
        self._scorer = Scorer(
            model.table,
            model.weights,
            model.known,
            model.names,
            domain=DOMAIN,
            most_types=most_types,
        )
        self._hashtags = HashtagPlaces(gazetteer)

    @property
    def remembered(self) -> int:
        """How many types of words are remembered."""
        return len(self._scorer)

    def find(self, batch: Sequence[Tokens]) -> list[list[Mention]]:
        found = [self._certain(tokens) for tokens in batch]
        row, scores = self._scored(batch)
        labels = best_labels(scores, row.bounds, self._chain)
        posts = np.unique(row.row.posts[labels == BEGINS]).tolist()
        sure = shares(scores, [row.bounds[at] for at in posts], self._chain)
        for at in posts:
            start, end = row.bounds[at]
            for name in mended(batch[at], named(labels[start:end].tolist()), self._gazetteer):
                likely = sure[start + name.first : start + name.after]
                _join(found[at], self._mention(batch[at], name, likely))
        for mentions in found:
            mentions.sort()
        return found

    def reasons(self, tokens: Tokens, mention: Mention) -> tuple[str, ...]:
        """Why a part of the post was taken for a place: short sentences, what weighed most
        first."""
        return reasons_for(self._scorer, tokens, mention)

    def _scored(self, batch: Sequence[Tokens]) -> tuple[Batch, Floats]:
        row, scores = self._scorer.score(batch)
        return row, scores[:, :LABELS].astype(np.float32) / np.float32(SCALE)

    def _certain(self, tokens: Tokens) -> list[Mention]:
        """Roads, postcodes, and places inside hashtags."""
        found = road_codes(tokens)
        if "#" not in tokens.text:
            return found
        for at, surface in enumerate(tokens.surface):
            inside = self._hashtags.inside(surface) if surface[0] == "#" else None
            if inside is not None:
                start = tokens.offsets[2 * at]
                edge = (start + inside.start, start + inside.end)
                _join(found, Mention(*edge, inside.name, "", HASHTAG_CONFIDENCE))
        return found

    def _mention(self, tokens: Tokens, name: Named, likely: Shares) -> Mention:
        start, end = edges(tokens, name)
        key, kind = identity(tokens, name, self._gazetteer)
        inside = likely[1:, BEGINS] + likely[1:, GOES_ON]
        least = min(float(likely[0, BEGINS]), float(inside.min(initial=1.0)))
        return Mention(start, end, key, kind, self._calibrated(least))

    def _calibrated(self, share: float) -> float:
        """How often mentions with this share of the probability are right."""
        slope, offset = self._calibration
        share = min(max(share, 1e-4), 1.0 - 1e-4)
        odds = slope * math.log(share / (1.0 - share)) + offset
        return round(1.0 / (1.0 + math.exp(-odds)), 3)


def _join(mentions: list[Mention], added: Mention) -> None:
    """Add a mention where it overlaps none."""
    if all(added.end <= one.start or added.start >= one.end for one in mentions):
        mentions.append(added)
