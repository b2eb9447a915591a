"""``cluster``: so many posts within a window and close to each other on the ground."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence

import msgspec

from alerts.kinds.keys import THRESHOLD, in_words, number, options
from alerts.kinds.port import Judge, Kind, Share, Split, View
from alerts.kinds.sliding import ByPost, Lookout
from index.fields import Fields
from index.geo import distance_m
from model.enriched import Place
from model.episode import Contribution
from model.rule import Rule

_METRES_A_DEGREE = 111_320.0
_CELL_IN_RADII = 8.0
"""Large enough that few scenes lie astride a border."""


class ClusterOptions(msgspec.Struct, frozen=True):
    """``radius`` is in metres."""

    radius: float


def cell_of(lat: float, lon: float, radius: float) -> str:
    """The cell of the ground, eight radii wide and high, that holds a point (degrees).

    It is named by its south-western corner.
    """
    height = _CELL_IN_RADII * radius / _METRES_A_DEGREE
    south = math.floor(lat / height) * height
    width = height / max(0.01, math.cos(math.radians(min(89.0, abs(south + height / 2)))))
    return f"{south:.4f},{math.floor(lon / width) * width:.4f}"


def _cells_around(lat: float, lon: float, radius: float) -> Iterator[str]:
    """The cells that a circle may touch: those of its corners."""
    up = radius / _METRES_A_DEGREE
    aside = up / max(0.01, math.cos(math.radians(min(89.0, abs(lat) + up))))
    yield cell_of(lat, lon, radius)
    for south, west in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
        yield cell_of(lat + south * up, lon + west * aside, radius)


def _split(rule: Rule) -> Split:
    """A group for each cell that a place of the post lies in or near.

    The neighbours are told so that nothing is missed near a border; a post rings in its
    own cell alone.
    """
    radius = options(rule, ClusterOptions).radius

    def shares(_: Fields, places: Collection[Place]) -> Sequence[Share]:
        found: dict[str, Share] = {}
        for place in places:
            if place.lat is not None and place.lon is not None:
                for cell in _cells_around(place.lat, place.lon, radius):
                    found.setdefault(cell, Share(cell, place))
        return list(found.values())

    return shares


def _detector(rule: Rule) -> Judge:
    radius = options(rule, ClusterOptions).radius

    def verdict(view: View, lookout: Lookout, at: int) -> int | None:
        span = lookout.window(at)
        if span.size < rule.threshold:
            return None
        posts = lookout.posts[span.start : span.end]
        starts = [
            near[0].event_at
            for centre in posts
            if centre.event_at == at and _home(centre, radius) == view.group[-1]
            for near in [[post for post in posts if _within(centre, post, radius)]]
            if len(near) >= rule.threshold
        ]
        return min(starts, default=None)

    return ByPost(rule.window, verdict)


def _home(post: Contribution, radius: float) -> str | None:
    if post.lat is None or post.lon is None:
        return None
    return cell_of(post.lat, post.lon, radius)


def _within(one: Contribution, other: Contribution, radius: float) -> bool:
    if one.lat is None or one.lon is None or other.lat is None or other.lon is None:
        return False
    return distance_m(one.lat, one.lon, other.lat, other.lon) <= radius


def _faults(rule: Rule) -> Iterator[tuple[str, str]]:
    if "place" in rule.group_by:
        yield "group_by", "must not name place: what is close to each other is found by position"


def _when(rule: Rule) -> str:
    radius = options(rule, ClusterOptions).radius
    span = in_words(rule.window)
    return f"when {rule.threshold} different posts within {span} lie within {radius:g} m of one"


CLUSTER = Kind(
    name="cluster",
    meaning="close in space and time",
    keys={
        "threshold": THRESHOLD,
        "radius": number("how far from one of them, in metres", minimum=10, maximum=100_000),
    },
    required=("threshold", "radius"),
    detector=_detector,
    when=_when,
    late="A late post is counted with those that are near it in space and in its own time",
    split=_split,
    faults=_faults,
)
