"""When a count is too high to be chance, given counts of like times before.

The threshold is an upper quantile of a negative binomial distribution with the mean and
the variance of the counts before, as in the surveillance of infectious diseases:
Farrington, Andrews, Beale and Catchpole, "A statistical algorithm for the early detection
of outbreaks of infectious disease", JRSS A 159 (1996) 547-563; with the quantile of the
negative binomial by Noufaily et al., "An improved algorithm for outbreak detection in
multiple surveillance systems", Statistics in Medicine 32 (2013) 1206-1222. Unlike there
no trend is fitted, and few counts are helped by a prior: it stands for some counts of its
own, and the variance grows with what is not known of the mean (as one over the number of
independent times) and of the dispersion (by one standard error, the root of two over it).
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from model.episode import Contribution

PRIOR_COUNTS = 6
"""How many counts the prior is worth."""


class Baseline(NamedTuple):
    """Counts of like times before.

    ``periods`` is how many independent times they come from, as hours: counts of one hour
    resemble each other, and must not pass for more knowledge than they are.
    """

    counts: Sequence[int]
    periods: int


def threshold(baseline: Baseline, expected: float, chance: float) -> int:
    """The smallest count that chance reaches at most with probability ``chance``.

    ``expected`` is the count that is expected where nothing is known.
    """
    counts, known = baseline.counts, len(baseline.counts)
    weight = PRIOR_COUNTS + known
    mean = (PRIOR_COUNTS * expected + sum(counts)) / weight
    scatter = sum((count - mean) ** 2 for count in counts) + PRIOR_COUNTS * expected
    dispersion = max(1.0, scatter / (weight - 1) / mean)
    periods = 1 + baseline.periods
    variance = dispersion * (1 + math.sqrt(2 / periods)) * mean * (1 + 1 / periods)
    return quantile(round(mean, 3), round(variance, 3), chance)


@lru_cache(maxsize=4_096)
def quantile(mean: float, variance: float, chance: float) -> int:
    """The smallest count k of which P(X >= k) <= chance, where X is negative binomial of
    this mean and variance; Poisson where the variance is no larger than the mean."""
    below, count = 0.0, 0
    while 1.0 - below > chance:
        below += math.exp(_log_probability(count, mean, variance))
        count += 1
        if count > mean + 1_000 * math.sqrt(variance) + 100:
            break
    return count


def _log_probability(count: int, mean: float, variance: float) -> float:
    if variance <= mean * (1 + 1e-9):
        return count * math.log(mean) - mean - math.lgamma(count + 1)
    size = mean * mean / (variance - mean)
    share = mean / variance
    return (
        math.lgamma(count + size)
        - math.lgamma(size)
        - math.lgamma(count + 1)
        + size * math.log(share)
        + count * math.log1p(-share)
    )


def voices(posts: Iterable[Contribution]) -> int:
    """How many different people said different things.

    The largest number of posts of which no two have one author, nor one cluster of
    near-duplicates: a maximum matching of authors and clusters. Somebody who posts fifty
    times counts once, and so does one text that fifty accounts repeat. A post whose
    author or cluster is not known has one of its own.
    """
    said: dict[object, list[object]] = {}
    for post in posts:
        said.setdefault(post.account or post.uid, []).append(post.cluster or post.uid)
    holder: dict[object, object] = {}
    held: dict[object, object] = {}
    for author in said:
        _find_a_place(author, said, holder, held)
    return len(holder)


def _find_a_place(
    author: object,
    said: dict[object, list[object]],
    holder: dict[object, object],
    held: dict[object, object],
) -> None:
    """Give the author a cluster, moving others if need be: one step of Kuhn's algorithm,
    breadth first. ``holder`` maps clusters to authors, ``held`` the other way."""
    reached_from: dict[object, object] = {}
    waiting = deque([author])
    while waiting:
        asking = waiting.popleft()
        for cluster in said[asking]:
            if cluster in reached_from:
                continue
            reached_from[cluster] = asking
            if cluster not in holder:
                _shift(cluster, reached_from, holder, held)
                return
            waiting.append(holder[cluster])


def _shift(
    free: object,
    reached_from: dict[object, object],
    holder: dict[object, object],
    held: dict[object, object],
) -> None:
    cluster: object | None = free
    while cluster is not None:
        author = reached_from[cluster]
        left = held.get(author)
        holder[cluster], held[author] = author, cluster
        cluster = left
