"""``sequence``: one thing after the other, each by a post of its own."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from alerts.kinds.keys import in_words, options, texts
from alerts.kinds.port import Judge, Kind, View, Wants
from alerts.kinds.sliding import ByPost, Lookout
from index.query.ast import And, Node, Or
from model.rule import Rule

STEPS = "steps"


class SequenceOptions(msgspec.Struct, frozen=True):
    """``steps`` are queries, in the order in which posts must satisfy them."""

    steps: tuple[str, ...]


def _detector(rule: Rule) -> Judge:
    last = len(options(rule, SequenceOptions).steps) - 1

    def verdict(_: View, lookout: Lookout, at: int) -> int | None:
        """Follow the steps back from this moment: the latest post before is always best."""
        span = lookout.window(at)
        step, bound, start = last, at, None
        for position in range(span.end - 1, span.start - 1, -1):
            post = lookout.posts[position]
            due = post.event_at == at if step == last else post.event_at < bound
            if due and str(step) in post.values:
                step, bound, start = step - 1, post.event_at, post.event_at
                if step < 0:
                    return start
        return None

    return ByPost(rule.window, verdict)


def _wants(_: Rule) -> Wants:
    return Wants(tests=True)


def _steps(_: Rule) -> str:
    return STEPS


def _any_step(_: Rule, query: Node, steps: Sequence[Node]) -> Node:
    return And((query, Or(tuple(steps))))


def _when(rule: Rule) -> str:
    steps = " and then ".join(f"({step})" for step in options(rule, SequenceOptions).steps)
    return f"when within {in_words(rule.window)} posts match {steps}"


SEQUENCE = Kind(
    name="sequence",
    meaning="one after the other",
    keys={STEPS: texts("queries that posts must satisfy one after the other", "a query", 2, 10)},
    required=(STEPS,),
    detector=_detector,
    when=_when,
    late="A late post takes its place in the order of time, and may complete the sequence",
    wants=_wants,
    queries=_steps,
    narrow=_any_step,
)
