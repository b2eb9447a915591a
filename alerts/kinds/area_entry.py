"""``area_entry``: something that matches is in one of the named areas, where for a window
nothing was."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from alerts.kinds.any_post import LATE_RUNS, every_post
from alerts.kinds.keys import in_words, options, texts
from alerts.kinds.port import Kind, Share, Split
from index.fields import Fields
from index.folding import fold_key
from index.query.ast import And, Keyword, Node, Or
from model.enriched import Place
from model.rule import Rule

AREA = "area"


class AreaEntryOptions(msgspec.Struct, frozen=True):
    """``areas`` are ids of the area files."""

    areas: tuple[str, ...]


def _areas(rule: Rule) -> frozenset[str]:
    return frozenset(map(fold_key, options(rule, AreaEntryOptions).areas))


def _in_an_area(rule: Rule, query: Node, _: Sequence[Node]) -> Node:
    return And((query, Or(tuple(Keyword(AREA, area) for area in sorted(_areas(rule))))))


def _split(rule: Rule) -> Split:
    """One group for each of the named areas that the post lies in, and for no other."""
    wanted = _areas(rule)

    def shares(fields: Fields, _: Collection[Place]) -> Sequence[Share]:
        return [Share(area) for area in fields.keywords.get(AREA, ()) if area in wanted]

    return shares


def _when(rule: Rule) -> str:
    areas = ", ".join(sorted(_areas(rule)))
    return f"when a match lies in {areas}, where for {in_words(rule.window)} none did"


AREA_ENTRY = Kind(
    name="area_entry",
    meaning="the first in an area",
    keys={"areas": texts("the areas that are watched, by their ids", "the id of an area")},
    required=("areas",),
    detector=every_post,
    when=_when,
    late=LATE_RUNS,
    split=_split,
    narrow=_in_an_area,
)
