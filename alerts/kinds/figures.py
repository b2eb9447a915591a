"""One figure made of the numbers of several posts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from typing import Literal

from alerts.kinds.sliding import Lookout, Span

Aggregate = Literal["mean", "sum", "min", "max", "count"]

AGGREGATES: Mapping[Aggregate, Callable[[Sequence[float]], float]] = {
    "mean": fmean,
    "sum": sum,
    "min": min,
    "max": max,
    "count": len,
}


def figure(lookout: Lookout, span: Span, aggregate: Aggregate) -> float | None:
    """The figure of the posts of a span that have a number; None if none has."""
    posts = lookout.posts[span.start : span.end]
    numbers = [post.number for post in posts if post.number is not None]
    return AGGREGATES[aggregate](numbers) if numbers else None
