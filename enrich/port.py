"""The parts of the enricher as ports, so that each can be swapped without the others.

Every part works on a batch and answers with one result per post, in the same order. It
belongs to one thread, keeps no post after the call, and bounds whatever it remembers.
No text makes it fail.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from enrich.tokens import Tokens
from model.enriched import Place, Tension


class Mention(NamedTuple):
    """A part of a text that names a place, not yet resolved.

    ``name`` is the key under which a gazetteer may know it, empty where it does not.
    ``kind`` says what it is where the words show it (``street``, ``road``, ``postcode``),
    and is empty otherwise. ``confidence`` is the probability that a place is meant.
    """

    start: int
    end: int
    name: str
    kind: str
    confidence: float


class Hint(NamedTuple):
    """What is known of a post beside its text, for resolving its places.

    ``position`` is the latitude and longitude that the author attached; ``home`` the country
    (ISO 3166-1 alpha-2) that its source speaks of first, empty for the enricher's own.
    """

    position: tuple[float, float] | None = None
    home: str = ""


NO_HINT = Hint()


class PlaceRecogniser(Protocol):
    """Finds where places are named."""

    def find(self, batch: Sequence[Tokens]) -> list[list[Mention]]:
        """The mentions of each post, in the order of the text, none overlapping another."""
        ...


@runtime_checkable
class ExplainsMentions(Protocol):
    """A recogniser that can say why: fulfilled or not, as the recogniser likes."""

    def reasons(self, tokens: Tokens, mention: Mention) -> tuple[str, ...]:
        """Why this part of the post was taken for a place: short sentences for a person,
        what weighed most first. Empty for a mention that the recogniser does not make."""
        ...


class PlaceResolver(Protocol):
    """Says which places are meant."""

    def resolve(
        self,
        batch: Sequence[Tokens],
        mentions: Sequence[Sequence[Mention]],
        hints: Sequence[Hint] = (),
    ) -> list[tuple[Place, ...]]:
        """One place for each mention, without id and position where it is unknown.

        ``hints`` has one for each post, or none at all.
        """
        ...


class TensionScorer(Protocol):
    """Scores each post in the categories of tension."""

    def score(self, batch: Sequence[Tokens]) -> list[tuple[Tension, ...]]:
        """The categories with a score above zero, highest first, each with its evidence."""
        ...


class LanguageDetector(Protocol):
    """Says in which language a post is written."""

    def detect(self, batch: Sequence[Tokens]) -> list[str]:
        """ISO 639-1 codes (639-3 where there is none), ``und`` when unsure."""
        ...


class NearDuplicates(Protocol):
    """Groups posts that say the same in nearly the same words."""

    def assign(self, batch: Sequence[Tokens]) -> list[int]:
        """A cluster id from 1 to 2**63-1 for each post, 0 for one without words."""
        ...


class Found(NamedTuple):
    """What an extension adds to one post."""

    mentions: tuple[Mention, ...] = ()
    tension: tuple[Tension, ...] = ()


class Extension(Protocol):
    """Something that a force adds: it finds further mentions and tension."""

    def find(self, batch: Sequence[Tokens]) -> list[Found]:
        """What there is in each post. May fail; the batch is then tried post by post."""
        ...
