"""More posts from few: other places in the same sentence, and the same words in small
letters."""

from __future__ import annotations

import random
from collections.abc import Sequence

from enrich.place_keys import text_key
from enrich.place_words import SORTS, WordKnowledge
from enrich.tokens import fold_token
from enrich.training.corpora import PLACE, Labelled, Span
from enrich.training.names import cities

_NEVER_SWAPPED = sum(1 << SORTS.index(s) for s in ("country", "continent", "state", "state code"))
_HOME_SHARE = 0.6
_ABROAD = frozenset({"US", "AU", "CA", "IE", "NZ", "FR", "DE", "ES", "IT", "NG", "ZA", "IN"})
_LEAST_ABROAD = 20_000
_SHORTEST_SHOUTED = 4


class Swapper:
    """Puts other places into posts: British ones more often than not, drawn by the root of
    their population. The same seed gives the same posts."""

    def __init__(self, known: WordKnowledge, home: str = "GB", seed: int = 5) -> None:
        self._known = known
        self._random = random.Random(seed)  # noqa: S311 - no secret
        self._home: dict[str, float] = {}
        self._abroad: dict[str, float] = {}
        for city in cities():
            weight = max(city.population, 500) ** 0.5
            if city.country == home:
                self._home[city.name] = weight
            elif city.country in _ABROAD and city.population > _LEAST_ABROAD:
                self._abroad[city.name] = weight
        self._pools = [
            self._random.choices(list(pool), list(pool.values()), k=20_000)
            for pool in (self._home, self._abroad)
        ]

    def swapped(self, post: Labelled) -> Labelled | None:
        """The post with another name for each settlement of one word; None if it has none."""
        text, at, changed = "", 0, False
        spans: list[Span] = []
        for span in sorted(post.spans):
            if span.start < at:
                return None
            text += post.text[at : span.start]
            words = post.text[span.start : span.end]
            if span.label == PLACE and self._is_settlement(words):
                words, changed = self._other(words, hashed=text.endswith("#")), True
            spans.append(Span(len(text), len(text) + len(words), span.label))
            text, at = text + words, span.end
        if not changed:
            return None
        return post._replace(text=text + post.text[at:], spans=tuple(spans))

    def _is_settlement(self, words: str) -> bool:
        if " " in words or not words.isalpha():
            return False
        mask = self._known.names.get(text_key(fold_token(words)), 0)
        return mask > 0 and not mask & _NEVER_SWAPPED

    def _other(self, words: str, *, hashed: bool) -> str:
        other = self._random.choice(self._pools[self._random.random() >= _HOME_SHARE])
        if hashed:
            other = other.replace(" ", "").replace("-", "")
        if words.isupper() and len(words) >= _SHORTEST_SHOUTED:
            return other.upper()
        return other.lower() if words.islower() else other


def in_small_letters(posts: Sequence[Labelled]) -> list[Labelled]:
    """The posts as hasty people type them; those only whose length that does not change."""
    lowered = [post._replace(text=post.text.lower()) for post in posts]
    return [
        small
        for small, post in zip(lowered, posts, strict=True)
        if small.text != post.text and len(small.text) == len(post.text)
    ]
