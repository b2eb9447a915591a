"""Into which groups of its rule a match falls, and where it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice, product, repeat
from typing import NamedTuple

from alerts.kinds.port import Split
from alerts.wording import plain
from index.fields import Fields
from index.geo import distance_m
from model.enriched import Place
from model.rule import GroupField

UNKNOWN = "unknown"
"""The value of a group field that the post says nothing about: it is never dropped."""

MAX_GROUPS = 64
"""Groups that one post can join, so that a post naming every town floods nothing."""

ONE_SCENE_M = 25_000.0
"""Places of one post that are no further apart are taken for one scene, in metres."""

_LONGEST_VALUE = 120


class Grouped(NamedTuple):
    """The values of a rule's group fields, and the place of the match."""

    group: tuple[str, ...]
    place: Place | None


class Grouping:
    """The groups that one post joins, whatever the rule.

    Profile locations do not count: they say nothing about where something happens.
    """

    def __init__(self, fields: Fields, places: Iterable[Place]) -> None:
        self._fields = fields
        self._places = _scenes(sorted((p for p in places if p.origin != "profile"), key=_certainty))
        self._best = self._places[0] if self._places else None

    def groups(self, group_by: Sequence[GroupField], split: Split | None = None) -> list[Grouped]:
        """One group for each combination of the values that the post has.

        The place is that of the group if places are grouped, else the most certain one.
        With ``split`` each group is divided further, by what the kind of rule splits by.
        """
        grouped = self._grouped(group_by)
        if split is None:
            return grouped
        shares = split(self._fields, self._places)
        return [
            Grouped((*group, share.value), share.place or place)
            for (group, place), share in islice(product(grouped, shares), MAX_GROUPS)
        ]

    def _grouped(self, group_by: Sequence[GroupField]) -> list[Grouped]:
        if not group_by:
            return [Grouped((), self._best)]
        choices = [self._values(field) for field in group_by]
        by_place = group_by.index("place") if "place" in group_by else None
        return [
            Grouped(group, self._best if by_place is None else self._place(group[by_place]))
            for group in islice(product(*choices), MAX_GROUPS)
        ]

    def _values(self, field: GroupField) -> list[str]:
        if field == "place":
            values = map(_place_value, self._places)
        else:
            found = self._fields.keywords.get(field, ())
            values = map(plain, found, repeat(_LONGEST_VALUE))
        return list(dict.fromkeys(filter(None, values))) or [UNKNOWN]

    def _place(self, value: str) -> Place | None:
        return next((place for place in self._places if _place_value(place) == value), None)


def _scenes(places: Sequence[Place]) -> list[Place]:
    """The places, most certain first, that stand for different scenes.

    "Hartcliffe, Bristol" is one scene and must not ring twice: a place near a more
    certain one adds nothing, nor does a street that could not be resolved once there is
    a place that could.
    """
    scenes: list[Place] = []
    for place in places:
        if place.lat is None or place.lon is None:
            continue
        if all(_far(place.lat, place.lon, other) for other in scenes):
            scenes.append(place)
    return scenes or list(places)


def _far(lat: float, lon: float, other: Place) -> bool:
    if other.lat is None or other.lon is None:
        return True
    return distance_m(lat, lon, other.lat, other.lon) > ONE_SCENE_M


def _certainty(place: Place) -> tuple[bool, float, str]:
    """What a post names comes before where its author stood: a position is called after
    the nearest hamlet, and would take apart a scene that others call by the town."""
    return place.origin == "geotag", -place.confidence, place.name


def _place_value(place: Place) -> str:
    """The place's name, with its id: there is more than one Newport."""
    name = plain(place.name, _LONGEST_VALUE)
    return name if place.id is None else f"{name} ({place.id})"
