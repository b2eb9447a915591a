"""``burst``: early, but neither for one spammer nor more often by chance than it says."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from random import Random

import pytest

from alerts.kinds.burst import WEEK, BurstOptions, Onset
from alerts.kinds.outbreak import Baseline, quantile, threshold, voices
from alerts.kinds.port import Ring, Stretch
from model.clock import DAY, HOUR, MINUTE
from model.episode import Contribution
from tests.alerts.memory_view import MemoryView

WINDOW = 10 * MINUTE


def said(at: int, author: int, cluster: int = 0) -> Contribution:
    return Contribution(
        series=1,
        uid=f"{author}-{at}",
        account=author,
        rev=0,
        event_at=at,
        collected_at=at,
        recorded_at=at,
        excerpt="",
        cluster=cluster,
    )


def rings(posts: Iterable[Contribution], first: int, last: int, **chosen: float) -> list[Ring]:
    judge = Onset(WINDOW, BurstOptions(**chosen))  # type: ignore[arg-type]
    return judge.rings(MemoryView(posts, since=0), Stretch(first, last))


class TestVoices:
    def test_one_author_is_one_voice(self) -> None:
        assert voices([said(n, author=1, cluster=n + 1) for n in range(50)]) == 1

    def test_one_text_is_one_voice(self) -> None:
        assert voices([said(n, author=n + 1, cluster=7) for n in range(50)]) == 1

    def test_a_spammer_and_a_copied_text_are_two(self) -> None:
        spam = [said(n, author=1, cluster=n + 1) for n in range(50)]
        copied = [said(n, author=n + 2, cluster=99) for n in range(50)]
        assert voices(spam + copied) == 2

    def test_different_people_with_different_words_all_count(self) -> None:
        assert voices([said(n, author=n + 1, cluster=n + 1) for n in range(300)]) == 300

    def test_who_is_not_known_counts_by_the_post(self) -> None:
        assert voices([said(n, author=0) for n in range(5)]) == 5

    def test_authors_give_way_to_those_who_have_no_other_text(self) -> None:
        both = [said(0, author=1, cluster=1), said(1, author=1, cluster=2)]
        assert voices([*both, said(2, author=2, cluster=1)]) == 2


class TestThreshold:
    @pytest.mark.parametrize("chance", [0.05, 1e-3, 1e-5])
    @pytest.mark.parametrize(("mean", "variance"), [(0.5, 0.5), (4.0, 4.0), (4.0, 20.0), (50, 90)])
    def test_it_is_the_smallest_count_that_is_rare_enough(
        self, mean: float, variance: float, chance: float
    ) -> None:
        count = quantile(mean, variance, chance)
        assert tail(count, mean, variance) <= chance * 1.000001
        assert tail(count - 1, mean, variance) > chance

    def test_scatter_raises_it(self) -> None:
        steady = threshold(Baseline([4] * 30, 6), 0.5, 1e-4)
        uneven = threshold(Baseline([0, 8] * 15, 6), 0.5, 1e-4)
        assert uneven > steady

    def test_what_is_not_known_raises_it(self) -> None:
        few = threshold(Baseline([4] * 6, 1), 4.0, 1e-4)
        many = threshold(Baseline([4] * 36, 6), 4.0, 1e-4)
        assert few > many


def tail(count: int, mean: float, variance: float) -> float:
    """P(X >= count), summed upwards by the recurrence of the distribution."""
    poisson = variance <= mean
    size = math.inf if poisson else mean * mean / (variance - mean)
    share = 1.0 if poisson else mean / variance
    log = -mean if poisson else size * math.log(share)
    total = 0.0
    for x in range(5_000):
        if x >= count:
            total += math.exp(log)
        step = mean / (x + 1) if poisson else (size + x) / (x + 1) * (1 - share)
        log += math.log(step)
    return total


def chatter(draw: Random, weeks: int, by_day: float, by_night: float) -> Iterator[Contribution]:
    """Different people who speak up at random, at another rate by day than by night, with
    busy and quiet hours: a negative binomial stream. Rates are per window."""
    author = 0
    for hour in range(weeks * 7 * 24):
        busy = draw.gammavariate(4, 1 / 4)
        rate = (by_day if 8 <= hour % 24 < 23 else by_night) * busy * (HOUR / WINDOW)
        at = float(hour * HOUR)
        while True:
            at += draw.expovariate(rate) * HOUR
            if at >= (hour + 1) * HOUR:
                break
            author += 1
            yield said(int(at), author, author)


@pytest.mark.slow
@pytest.mark.parametrize(("by_day", "by_night"), [(0.3, 0.1), (3.0, 0.8)])
def test_chance_raises_no_more_than_the_rule_says(by_day: float, by_night: float) -> None:
    """Six weeks after six weeks of history, twice: 12 weeks at one a week."""
    incidents = 0
    for seed in range(2):
        posts = list(chatter(Random(seed), 12, by_day, by_night))
        found = rings(posts, 6 * WEEK, 12 * WEEK, false_alarms=1)
        incidents += sum(
            1
            for number, ring in enumerate(found)
            if number == 0 or ring.at - found[number - 1].at > WINDOW
        )
    assert incidents <= 12


@pytest.mark.slow
def test_the_first_weeks_are_no_riot_either() -> None:
    posts = list(chatter(Random(9), 3, 3.0, 0.8))
    found = rings(posts, 0, 3 * WEEK, false_alarms=1)
    days = {ring.at // DAY for ring in found}
    assert len(days) <= 3


class TestOnset:
    def history(self) -> list[Contribution]:
        return list(chatter(Random(5), 7, 2.0, 0.5))

    def test_a_riot_rings_within_minutes(self) -> None:
        start = 6 * WEEK + 20 * HOUR
        riot = [said(start + n * 15_000_000, 10**6 + n, 10**6 + n) for n in range(60)]
        found = rings(self.history() + riot, start - HOUR, start + HOUR)
        assert found
        assert start < found[0].at <= start + 6 * MINUTE

    def test_one_spammer_is_no_riot(self) -> None:
        start = 6 * WEEK + 20 * HOUR
        spam = [said(start + n * 5_000_000, 10**6, 10**6 + n) for n in range(200)]
        assert rings(self.history() + spam, start, start + HOUR) == []

    def test_one_text_that_many_repeat_is_no_riot(self) -> None:
        start = 6 * WEEK + 20 * HOUR
        copies = [said(start + n * 5_000_000, 10**6 + n, 77) for n in range(200)]
        assert rings(self.history() + copies, start, start + HOUR) == []

    def test_what_comes_every_week_is_no_news(self) -> None:
        match_days = [
            said(week * WEEK + 15 * HOUR + n * 20_000_000, 10**6 + 100 * week + n, 10**6 + n)
            for week in range(7)
            for n in range(100)
        ]
        last = 6 * WEEK + 15 * HOUR
        assert rings(self.history() + match_days, last, last + HOUR) == []
