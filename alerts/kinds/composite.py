"""``composite``: several other rules ring in one place or group, close in time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

import msgspec

from alerts.episodes import earlier_spot
from alerts.kinds.keys import in_words, options, texts
from alerts.kinds.port import Combining, Kind, Stretch
from model.episode import Episode, Spot
from model.rule import Rule


class CompositeOptions(msgspec.Struct, frozen=True):
    """``all_of`` are the ids of rules of the same ``group_by``."""

    all_of: tuple[str, ...]


class AllOf:
    """Rings while each part has rung within the last window."""

    def __init__(self, window: int, parts: Sequence[str]) -> None:
        self.window = window
        self.parts = tuple(parts)

    def combine(self, episodes: Mapping[str, Sequence[Episode]]) -> list[Episode]:
        """An episode for each stretch in which every part lasts or ended at most a window
        ago; up to the last post of those that came together."""
        common = [Stretch(-(2**62), 2**62)]
        for part in self.parts:
            common = list(_intersection(common, self._lasting(episodes.get(part, ()))))
        every = list(chain.from_iterable(episodes.values()))
        return [self._episode(stretch, every) for stretch in common]

    def _lasting(self, episodes: Sequence[Episode]) -> list[Stretch]:
        joined: list[Stretch] = []
        for episode in sorted(episodes, key=lambda each: each.first_at):
            last = episode.last_at + self.window
            if joined and episode.first_at <= joined[-1].last:
                joined[-1] = Stretch(joined[-1].first, max(last, joined[-1].last))
            else:
                joined.append(Stretch(episode.first_at, last))
        return joined

    def _episode(self, stretch: Stretch, every: Sequence[Episode]) -> Episode:
        together = [
            episode
            for episode in every
            if episode.first_at <= stretch.last and episode.last_at + self.window >= stretch.first
        ]
        spot: Spot | None = None
        for episode in together:
            spot = earlier_spot(spot, episode.spot)
        last = max(episode.last_at for episode in together)
        return Episode(
            series=together[0].series,
            first_at=stretch.first,
            last_at=max(stretch.first, min(stretch.last, last)),
            posts=sum(episode.posts for episode in together),
            alarm_at=stretch.first,
            fresh=any(episode.fresh for episode in together),
            spot=spot,
        )


def _intersection(one: Sequence[Stretch], other: Sequence[Stretch]) -> Iterator[Stretch]:
    for left in one:
        for right in other:
            first, last = max(left.first, right.first), min(left.last, right.last)
            if first <= last:
                yield Stretch(first, last)


def astray(rules: Mapping[str, Rule]) -> list[tuple[str, str]]:
    """The ids of composite rules whose parts cannot be combined, and why: the parts must be
    there, be grouped like them, and not lead back to them."""
    found: dict[str, str] = {}
    composites = [rule for rule in rules.values() if rule.kind == "composite"]
    sound = {rule_id for rule_id, rule in rules.items() if rule.kind != "composite"}
    waiting = composites
    while ready := [r for r in waiting if sound.issuperset(options(r, CompositeOptions).all_of)]:
        sound.update(rule.id for rule in ready)
        waiting = [rule for rule in waiting if rule.id not in sound]
    for rule in waiting:
        lacking = [part for part in options(rule, CompositeOptions).all_of if part not in rules]
        why = f"there is no rule {lacking[0]}" if lacking else "its parts lead back to it, or fail"
        found[rule.id] = why
    for rule in composites:
        for part in options(rule, CompositeOptions).all_of:
            if part in rules and rules[part].group_by != rule.group_by:
                found.setdefault(rule.id, f"its group_by is not that of {part}")
    return list(found.items())


def _detector(rule: Rule) -> Combining:
    return AllOf(rule.window, options(rule, CompositeOptions).all_of)


def _faults(rule: Rule) -> Iterator[tuple[str, str]]:
    if rule.id in options(rule, CompositeOptions).all_of:
        yield "all_of", "names the rule itself"


def _when(rule: Rule) -> str:
    parts = " and ".join(options(rule, CompositeOptions).all_of)
    return f"when {parts} ring within {in_words(rule.window)} of each other"


COMPOSITE = Kind(
    name="composite",
    meaning="several rules together",
    keys={"all_of": texts("the ids of rules that must all ring", "the id of a rule", 2, 8)},
    required=("all_of",),
    detector=_detector,
    when=_when,
    late="It is combined anew whenever what its parts raised changes",
    reads_posts=False,
    faults=_faults,
)
