"""What is known of single words before any post is read: names, clusters, cues.

Names are those of GeoNames and of our own list, each with the sorts of place that bear
it; clusters group words that stand in the same surroundings; the share of capitals says
how people write the word inside a sentence. All of it belongs to the model, not to the
gazetteer that places are resolved with, since the weights were learnt beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from enrich.wordlists import groups, words

SORTS = (
    *("country", "continent", "state", "county", "district", "abbreviation"),
    *("home metropolis", "world metropolis", "home city", "world city", "landmark"),
    *("home town", "world town", "home small town", "home village", "home hamlet"),
    *("world small town", "other home name", "other world name", "us county", "state code"),
    "club",
)
"""The sorts of name, the strongest first; the position of a sort is its bit."""

JOINED = 1 << len(SORTS)
"""The bit of a name of several words that is written as one, as hashtags do."""

CLUSTERINGS = 5
_CUES_IN_ORDER = (
    *("in", "toward", "of", "the", "a", "and", "verb", "pronoun", "compass", "title"),
    *("waters", "street", "venue", "organisation", "sport", "centre", "calendar"),
)


class WordFacts(NamedTuple):
    """What is known of a word: its cluster in each clustering (0: none), and the share of
    capitals from 1 to 6 (0: unknown)."""

    clusters: tuple[int, ...] = (0,) * CLUSTERINGS
    capitals: int = 0


UNKNOWN_WORD = WordFacts()


class WordKnowledge:
    """Facts by word. ``names`` and ``facts`` go by :func:`enrich.place_keys.text_key`."""

    def __init__(self, names: Mapping[int, int], facts: Mapping[int, WordFacts]) -> None:
        self.names = names
        self.facts = facts
        cues = groups("place_cues")
        self.cues: dict[str, str] = {}
        for cue in reversed(_CUES_IN_ORDER):
            self.cues.update(dict.fromkeys(cues[cue], cue))
        self.first_names = words("first_names")
        self.ordinary = words("ordinary_words")
        clubs = groups("clubs")
        self.club_towns = clubs["towns"]
        self.club_suffixes = clubs["suffixes"]
        self.sport = cues["sport"]


def strongest(mask: int) -> int:
    """The position of the strongest sort of a name, counted from 1; 0 for no name."""
    sorts = mask & (JOINED - 1)
    return (sorts & -sorts).bit_length()
