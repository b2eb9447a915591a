"""``change``: a field has another value than in the post before, of the same group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec

from alerts.kinds.keys import KEYWORD, in_words, keyword_fault, options
from alerts.kinds.port import Judge, Kind, Ring, Stretch, View, Wants
from model.episode import Contribution
from model.rule import Rule


class ChangeOptions(msgspec.Struct, frozen=True):
    """``field`` is what is compared."""

    field: str


class Changes:
    """Rings where the value differs from that of the post before, at most a window ago.

    Of posts of one moment the order is that of their uids. A post without a value is
    passed over.
    """

    step = 0
    grace = None

    def __init__(self, window: int) -> None:
        self.window = window

    def affected(self, view: View, at: int) -> Sequence[Stretch]:  # noqa: ARG002  the port's
        """The post itself, and those that may be compared with it."""
        return (Stretch(at, at + self.window),)

    def rings(self, view: View, stretch: Stretch) -> list[Ring]:
        posts = [p for p in view.posts(stretch.first - self.window, stretch.last) if p.values]
        return [
            Ring(now.event_at, before.event_at)
            for before, now in pairwise(posts)
            if now.event_at >= stretch.first and self._differ(before, now)
        ]

    def _differ(self, before: Contribution, now: Contribution) -> bool:
        return before.values != now.values and now.event_at - before.event_at <= self.window


def _detector(rule: Rule) -> Judge:
    return Changes(rule.window)


def _wants(rule: Rule) -> Wants:
    return Wants(values=options(rule, ChangeOptions).field)


def _faults(rule: Rule) -> Iterator[tuple[str, str]]:
    yield from keyword_fault(rule, "field")
    if not rule.group_by:
        yield "group_by", "is missing: say within what the posts are compared"


def _when(rule: Rule) -> str:
    field = options(rule, ChangeOptions).field
    return f"when the {field} is not that of the post before, at most {in_words(rule.window)} ago"


CHANGE = Kind(
    name="change",
    meaning="another value than before",
    keys={"field": KEYWORD},
    required=("field",),
    detector=_detector,
    when=_when,
    late="A late post is compared with its neighbours in time, and they anew with it",
    wants=_wants,
    faults=_faults,
)
