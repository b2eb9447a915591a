"""Joining and shortening episodes, which is what makes order irrelevant."""

from __future__ import annotations

from functools import reduce
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from alerts.episodes import join, lone, shrink, weave, with_alarm
from alerts.kinds.port import Runs
from alerts.kinds.runs import Density, Lasting
from model.episode import Contribution, Episode, Series
from store.contributions import Neighbours

SERIES = Series("weapons", ("guildford",))
WINDOW = 10
ANY, THREE = Density(1, WINDOW), Density(3, WINDOW)


def episode_of(at: int, detector: Runs, place: str | None = None) -> Episode:
    post = Contribution(
        series=SERIES.key,
        uid=str(at),
        account=0,
        rev=0,
        event_at=at,
        collected_at=at,
        recorded_at=at,
        excerpt="words",
        place=place,
    )
    return lone(SERIES, post, detector, historic_after=5)


def read(times: list[int], detector: Runs) -> list[Episode]:
    """The episodes of posts at these times, worked out from all of them."""
    woven = weave((episode_of(at, detector) for at in times), detector.window)
    return [with_alarm(episode, sorted(times), detector) for episode in woven]


places = st.none() | st.sampled_from(["Guildford", "Woking"])
posts = st.lists(st.builds(episode_of, st.integers(0, 50), st.just(ANY), places), min_size=1)
detectors = st.sampled_from([ANY, THREE, Lasting()])


@given(posts, st.randoms(use_true_random=False))
def test_joining_is_the_same_in_any_order(some: list[Episode], random: Random) -> None:
    shuffled = random.sample(some, len(some))
    assert reduce(join, shuffled) == reduce(join, some)
    assert weave(shuffled, WINDOW) == weave(some, WINDOW)


@given(posts, st.integers(0, 50))
def test_weaving_in_steps_is_weaving_at_once(some: list[Episode], cut: int) -> None:
    first, rest = some[:cut], some[cut:]
    assert weave([*weave(first, WINDOW), *rest], WINDOW) == weave(some, WINDOW)


@given(st.lists(st.integers(0, 60), min_size=2, max_size=15), st.data(), detectors)
def test_shortening_says_what_reading_again_would_say_or_nothing(
    times: list[int], data: st.DataObject, detector: Runs
) -> None:
    (whole, *others) = read(times, detector)
    assume(not others)
    lost = data.draw(st.lists(st.sampled_from(range(len(times))), min_size=1, unique=True))
    left = [at for index, at in enumerate(times) if index not in lost]
    assume(left)
    around = {
        times[index]: Neighbours(
            max((at for at in left if at <= times[index]), default=None),
            min((at for at in left if at >= times[index]), default=None),
        )
        for index in lost
    }
    short = shrink(whole, around, len(left), detector)
    if short is not None:
        (again,) = read(left, detector)
        assert (short.first_at, short.last_at, short.posts) == (
            again.first_at,
            again.last_at,
            again.posts,
        )
        assert (short.alarm_at is None) == (again.alarm_at is None)


def test_the_place_is_that_of_the_earliest_post_that_names_one() -> None:
    late, early = episode_of(9, ANY, "Woking"), episode_of(5, ANY, "Guildford")
    joined = reduce(join, [late, episode_of(0, ANY), early])
    assert joined.spot is not None
    assert (joined.spot.name, joined.spot.at) == ("Guildford", 5)


@pytest.mark.parametrize(
    ("times", "alarm"),
    [
        ([], None),
        ([1, 2], None),
        ([0, 5, 10], 0),
        ([0, 5, 11], None),
        ([0, 9, 18, 19], 9),
        ([4, 4, 4], 4),
    ],
)
def test_density_finds_the_first_post_of_those_that_gave_alarm(
    times: list[int], alarm: int | None
) -> None:
    assert THREE.alarm(times) == alarm


def test_what_a_removed_rule_left_stays_in_one_piece() -> None:
    assert len(read([0, 10**15], Lasting())) == 1
