"""What contributions and episodes must do on every database."""

from __future__ import annotations

from model.episode import Spot, Standing
from store.contributions import Neighbours
from store.engine import Store
from tests.contracts.store_builders import GUILDFORD, WOKING, episode, post


class SeriesContract:
    """Which posts count, what lies near a moment, and what is no more."""

    def test_a_withdrawn_post_stays_but_is_not_live(self, store: Store) -> None:
        key = GUILDFORD.key
        store.contributions.put([post("p", 10), post("q", 20), post("r", 30)])
        store.contributions.put([post("q", 20, withdrawn_at=99)])
        assert [p.uid for p in store.contributions.within(key, 10, 30)] == ["p", "r"]
        assert list(store.contributions.times([key], 0, 99)) == [(key, 10), (key, 30)]
        assert store.contributions.neighbours(key, 20) == Neighbours(10, 30)
        latest = store.contributions.latest(key, 0, 99, 2)
        assert [(p.uid, p.excerpt) for p in latest] == [("r", "words"), ("q", None)]

    def test_the_posts_of_an_account_are_found(self, store: Store) -> None:
        mine = [post("p", 10, account=-(2**63)), post("p", 10, WOKING, account=-(2**63))]
        store.contributions.put([*mine, post("q", 10, account=7), post("r", 10)])
        found = store.contributions.of_accounts({-(2**63), 12})
        assert sorted(found, key=lambda p: p.series) == sorted(mine, key=lambda p: p.series)

    def test_standings_and_deleted_accounts_are_remembered(self, store: Store) -> None:
        store.standings.put({"p": Standing(withheld=1), "q": Standing(deleted=True)})
        store.standings.put({"p": Standing(withheld=1, restored=2)})
        assert store.standings.of_posts({"p", "q", "r"}) == {
            "p": Standing(withheld=1, restored=2),
            "q": Standing(deleted=True),
        }
        store.standings.delete_accounts({5, 6}, 99)
        store.standings.delete_accounts({5}, 100)
        assert store.standings.deleted_accounts({5, 7}) == {5}

    def test_a_key_leads_back_to_its_series(self, store: Store) -> None:
        store.series.add({GUILDFORD, WOKING})
        store.series.add({GUILDFORD})
        assert store.series.get({WOKING.key, 12}) == {WOKING.key: WOKING}

    def test_neighbours_stop_at_the_ends_and_at_other_series(self, store: Store) -> None:
        store.contributions.put([post("p", 10), post("q", 20, series=WOKING)])
        assert store.contributions.neighbours(GUILDFORD.key, 15) == Neighbours(10, None)
        assert store.contributions.neighbours(GUILDFORD.key, 10) == Neighbours(10, 10)
        assert store.contributions.neighbours(GUILDFORD.key, 5) == Neighbours(None, 10)

    def test_a_contribution_is_one_per_post_and_series(self, store: Store) -> None:
        store.contributions.put([post("p", 10), post("p", 10, series=WOKING)])
        store.contributions.put([post("p", 12)])
        found = store.contributions.of_posts(["p"])
        assert sorted((p.series, p.event_at) for p in found) == sorted(
            [(GUILDFORD.key, 12), (WOKING.key, 10)]
        )
        store.contributions.drop([post("p", 12)])
        assert [p.series for p in store.contributions.of_posts(["p"])] == [WOKING.key]

    def test_long_lists_are_read_whole(self, store: Store) -> None:
        uids = [f"p{number}" for number in range(2_345)]
        store.contributions.put([post(uid, 10) for uid in uids])
        assert {p.uid for p in store.contributions.of_posts(uids)} == set(uids)

    def test_episodes_near_a_span_are_those_that_touch_it(self, store: Store) -> None:
        store.series.add({GUILDFORD, WOKING})
        early, middle, late = episode(0, 10), episode(30, 40), episode(60, 70)
        other = episode(30, 40, series=WOKING)
        store.episodes.replace([], [early, middle, late, other])
        key = GUILDFORD.key
        assert store.episodes.near([key], 10, 60) == [early, middle, late]
        assert store.episodes.near([key], 11, 59) == [middle]
        assert store.episodes.near([key], 35, 35) == [middle]
        assert store.episodes.near([key], 41, 59) == []
        assert store.episodes.near([key, WOKING.key], 35, 35) in ([middle, other], [other, middle])

    def test_episodes_are_replaced_by_what_they_became(self, store: Store) -> None:
        store.series.add({GUILDFORD})
        first, second = episode(0, 10), episode(30, 40)
        store.episodes.replace([], [first, second])
        longer = episode(0, 25, posts=5, spot=Spot(7, "Guildford", 51.2, -0.57))
        moved = episode(33, 40)
        store.episodes.replace([first, second], [longer, moved])
        assert store.episodes.near([GUILDFORD.key], 0, 99) == [longer, moved]
        whole = episode(0, 40, posts=9)
        store.episodes.replace([longer, moved], [whole])
        assert store.episodes.near([GUILDFORD.key], 0, 99) == [whole]
