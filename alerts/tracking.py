"""Keeping stored runs in step with the posts that come and go, and counting what changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import chain
from typing import TypeVar

from alerts.episodes import lone, shrink, weave, with_alarm
from alerts.intake import Arrival
from alerts.kinds.port import Runs
from model.clock import DAY
from model.episode import Contribution, Episode, Series
from store.engine import Repositories

RunsOf = Callable[[str], Runs]
"""The detector of the rule of this id, whose kind goes by runs."""

_STRIDE = DAY
"""Posts further apart than this are handled one after the other, so that a single late
one does not make us read all that happened since."""


class Tracker:
    """The episodes that one transaction replaces.

    What was stored is read only around the posts that come or go.
    """

    def __init__(self, tx: Repositories, detector_of: RunsOf, historic_after: int) -> None:
        self._tx = tx
        self._detector_of = detector_of
        self._historic_after = historic_after
        self._gone: dict[Episode, None] = {}
        self._come: dict[Episode, None] = {}

    @property
    def gone(self) -> Collection[Episode]:
        """Episodes that were there at the start and are no more."""
        return self._gone.keys()

    @property
    def come(self) -> Collection[Episode]:
        """Episodes that were not there at the start."""
        return self._come.keys()

    def remove(self, posts: Sequence[Contribution]) -> None:
        """These posts no longer count. They are no longer live in the store."""
        for stride in _strides(posts, _post_at):
            lost: defaultdict[int, list[int]] = defaultdict(list)
            for post in stride:
                lost[post.series].append(post.event_at)
            near = self._tx.episodes.near(lost, stride[0].event_at, stride[-1].event_at)
            shortened = []
            left = []
            for episode in near:
                times = lost[episode.series.key]
                inside = [at for at in times if episode.first_at <= at <= episode.last_at]
                if inside:
                    shortened.append(episode)
                    left += self._without(episode, inside)
            self.replace(shortened, left)

    def add(self, arrivals: Sequence[Arrival]) -> None:
        """These posts begin to count. They are live in the store already."""
        for stride in _strides(arrivals, _arrival_at):
            self._add_near(stride)

    def replace(self, gone: Sequence[Episode], come: Sequence[Episode]) -> None:
        """Put some episodes in the place of others."""
        self._tx.episodes.replace(gone, come)
        for episode in gone:
            if episode in self._come:
                del self._come[episode]
            else:
                self._gone[episode] = None
        self._come.update(dict.fromkeys(come))

    def _add_near(self, arrivals: Sequence[Arrival]) -> None:
        """Weave posts of about the same time into the episodes around them."""
        reach = max(self._detector_of(series.rule_id).window for series, _ in arrivals)
        span = arrivals[0].post.event_at - reach, arrivals[-1].post.event_at + reach
        stored = self._tx.episodes.near({post.series for _, post in arrivals}, *span)
        changed = []
        for series, episodes in _by_series(chain(stored, map(self._lone, arrivals))).items():
            changed += weave(episodes, self._detector_of(series.rule_id).window)
        kept = set(stored).intersection(changed)
        self.replace(
            [episode for episode in stored if episode not in kept],
            self._with_alarms([episode for episode in changed if episode not in kept], span),
        )

    def _lone(self, arrival: Arrival) -> Episode:
        detector = self._detector_of(arrival.series.rule_id)
        return lone(arrival.series, arrival.post, detector, self._historic_after)

    def _with_alarms(self, episodes: list[Episode], span: tuple[int, int]) -> list[Episode]:
        """The same episodes, with the alarms that posts within the span have given."""
        quiet = {e.series.key for e in episodes if e.alarm_at is None and e.posts > 1}
        if not quiet:
            return episodes
        times = defaultdict(list)
        for series, at in self._tx.contributions.times(quiet, *span):
            times[series].append(at)
        return [
            with_alarm(
                episode, times[episode.series.key], self._detector_of(episode.series.rule_id)
            )
            for episode in episodes
        ]

    def _without(self, episode: Episode, lost: Sequence[int]) -> list[Episode]:
        """What remains of an episode whose posts at these event times are gone."""
        left = episode.posts - len(lost)
        if left == 0:
            return []
        key, detector = episode.series.key, self._detector_of(episode.series.rule_id)
        around = {at: self._tx.contributions.neighbours(key, at) for at in lost}
        shrunk = shrink(episode, around, left, detector)
        return self._read_again(episode, detector) if shrunk is None else [shrunk]

    def _read_again(self, episode: Episode, detector: Runs) -> list[Episode]:
        posts = self._tx.contributions.within(episode.series.key, episode.first_at, episode.last_at)
        times = [post.event_at for post in posts]
        woven = weave(
            (lone(episode.series, post, detector, self._historic_after) for post in posts),
            detector.window,
        )
        return [with_alarm(part, times, detector) for part in woven]


def _arrival_at(arrival: Arrival) -> int:
    return arrival.post.event_at


def _post_at(post: Contribution) -> int:
    return post.event_at


T = TypeVar("T")


def _strides(posts: Iterable[T], event_at: Callable[[T], int]) -> Iterator[Sequence[T]]:
    """The posts in order of event time, in runs of a limited span."""
    stride: list[T] = []
    for post in sorted(posts, key=event_at):
        if stride and event_at(post) - event_at(stride[0]) > _STRIDE:
            yield stride
            stride = []
        stride.append(post)
    if stride:
        yield stride


def _by_series(episodes: Iterable[Episode]) -> dict[Series, list[Episode]]:
    grouped: defaultdict[Series, list[Episode]] = defaultdict(list)
    for episode in episodes:
        grouped[episode.series].append(episode)
    return grouped
