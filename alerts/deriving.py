"""Episodes that are made of no posts of their own: of other rules', and of coverage."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from msgspec.structs import replace

from alerts.kinds.port import Combining, Stretch, Watching
from alerts.tracking import Tracker
from model.clock import DAY
from model.coverage import CoverageInterval
from model.episode import Episode, Series
from model.rule import Rule
from store.engine import Repositories

_LOOK_BACK = 7 * DAY
"""How far back coverage is looked at: what is older stands as it was raised."""


def combine(tx: Repositories, tracker: Tracker, rules: Mapping[str, Combining]) -> None:
    """Combine anew whatever the episodes that changed so far are parts of.

    What is combined may be part of something else, so this goes on until nothing
    changes; rules that name each other in a circle are refused when they are read.
    """
    done: set[Episode] = set()
    while changed := [e for e in (*tracker.gone, *tracker.come) if e not in done]:
        done.update(changed)
        for rule_id, combining in rules.items():
            for group, stretch in _stretches(changed, combining).items():
                _combine_anew(tx, tracker, Series(rule_id, group), combining, stretch)


def _stretches(changed: Sequence[Episode], combining: Combining) -> dict[tuple[str, ...], Stretch]:
    """By group, from where to where parts have changed."""
    stretches: dict[tuple[str, ...], Stretch] = {}
    for episode in changed:
        if episode.series.rule_id in combining.parts:
            known = stretches.get(episode.series.group, Stretch(episode.first_at, episode.last_at))
            stretches[episode.series.group] = Stretch(
                min(known.first, episode.first_at), max(known.last, episode.last_at)
            )
    return stretches


def _combine_anew(
    tx: Repositories, tracker: Tracker, series: Series, combining: Combining, stretch: Stretch
) -> None:
    parts, whole = _around(tx, series, combining, stretch)
    come = [replace(episode, series=series) for episode in combining.combine(parts)]
    tx.series.add([series])
    _put(tx, tracker, series, come, whole)


def _around(
    tx: Repositories, series: Series, combining: Combining, stretch: Stretch
) -> tuple[dict[str, list[Episode]], Stretch]:
    """All episodes of the parts that bear on the stretch, directly or through each other,
    and the stretch that they and what was combined of them take up."""
    keys = {Series(part, series.group).key for part in combining.parts} | {series.key}
    while True:
        first, last = stretch.first - combining.window, stretch.last + combining.window
        near = tx.episodes.near(keys, first, last)
        wider = Stretch(
            min([stretch.first, *(e.first_at for e in near)]),
            max([stretch.last, *(e.last_at for e in near)]),
        )
        if wider == stretch:
            break
        stretch = wider
    parts: defaultdict[str, list[Episode]] = defaultdict(list)
    for episode in near:
        if episode.alarm_at is not None and episode.series != series:
            parts[episode.series.rule_id].append(episode)
    return parts, Stretch(first, last)


def look_at_coverage(
    tx: Repositories,
    tracker: Tracker,
    rule: Rule,
    watching: Watching,
    intervals: Sequence[CoverageInterval],
    *,
    now: int,
    historic_after: int,
) -> None:
    """Raise and end what a rule says about the coverage of sources."""
    found = watching.stretches(intervals, now)
    known = {series.group[0] for series in tx.series.of_rule(rule.id)}
    for source in sorted(known | found.keys()):
        series = Series(rule.id, (source,))
        tx.series.add([series])
        fresh_from = now - historic_after
        come = [
            Episode(
                series=series,
                first_at=stretch.first,
                last_at=stretch.last,
                posts=0,
                alarm_at=stretch.first + watching.window,
                fresh=stretch.first + watching.window >= fresh_from,
            )
            for stretch in found.get(source, ())
        ]
        _put(tx, tracker, series, come, Stretch(now - _LOOK_BACK, now))


def recent(tx: Repositories, now: int) -> Sequence[CoverageInterval]:
    """What all sources reported lately."""
    return tx.coverage.intervals(now - _LOOK_BACK, now)


def _put(
    tx: Repositories,
    tracker: Tracker,
    series: Series,
    come: Collection[Episode],
    stretch: Stretch,
) -> None:
    old = tx.episodes.near([series.key], stretch.first, stretch.last)
    unchanged = set(old).intersection(come)
    tracker.replace(
        [episode for episode in old if episode not in unchanged],
        [episode for episode in come if episode not in unchanged],
    )
