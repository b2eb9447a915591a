"""What each kind of rule rings for, and what it does not."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from alerts.incidents import list_incidents, show
from alerts.kinds.cluster import cell_of
from alerts.route import Router
from alerts.rules import RuleSet
from alerts.window import WindowStage
from model.clock import DAY, HOUR, MINUTE, MovableClock
from model.episode import Spot
from model.incident import Incident, Match
from model.rule import Rule
from store.engine import Store
from tests.alerts.builders import EVENING, Window, event, fixed, match, rule

HERE, NEAR, FAR = (51.2362, -0.5704), (51.2371, -0.5704), (51.3168, -0.5600)
BEFORE = EVENING - 30 * DAY


class Board:
    """A window stage, its rule, and what it shows."""

    def __init__(self, store: Store, clock: MovableClock, *rules: Rule) -> None:
        self.store = store
        self.window = Window(store, rules, clock)

    def after(self, *matches: Match) -> list[Incident]:
        """The open incidents, oldest first, once these matches are counted."""
        if matches:
            self.window.count(*matches)
        self.window.tick()
        return sorted(list_incidents(self.store), key=lambda one: one.first_at)


Open = Callable[..., Board]


@pytest.fixture
def board(store: Store, clock: MovableClock) -> Open:
    def opened(*rules: Rule, watched: bool = True) -> Board:
        for each in rules:
            store.watches.begin(each.id, BEFORE)
        if watched:
            store.coverage.record("stream", "live", BEFORE, heard_within=60 * DAY)
        return Board(store, clock, *rules)

    return opened


def spans(incidents: Sequence[Incident]) -> list[tuple[float, float]]:
    """First and last minute of the evening."""
    return [((i.first_at - EVENING) / MINUTE, (i.last_at - EVENING) / MINUTE) for i in incidents]


def posts(
    *minutes: float, group: tuple[str, ...] = (), values: tuple[str, ...] = ()
) -> list[Match]:
    return [match(f"p{at}", at, group=group, values=values) for at in minutes]


class TestChange:
    changes = rule(kind="change", group_by=("community",), field="lang")

    def test_it_rings_where_the_value_is_another(self, board: Open) -> None:
        seen = [
            match(str(at), at, values=(lang,)) for at, lang in [(0, "en"), (1, "en"), (2, "cy")]
        ]
        assert spans(board(self.changes).after(*seen)) == [(1, 2)]

    def test_a_change_after_a_long_pause_is_none(self, board: Open) -> None:
        seen = [match("a", 0, values=("en",)), match("b", 30, values=("cy",))]
        assert board(self.changes).after(*seen) == []

    def test_posts_without_a_value_are_passed_over(self, board: Open) -> None:
        seen = [match("a", 0, values=("en",)), match("b", 1), match("c", 2, values=("en",))]
        assert board(self.changes).after(*seen) == []

    def test_a_late_post_takes_the_change_away(self, board: Open) -> None:
        view = board(self.changes)
        assert view.after(match("a", 0, values=("en",)), match("c", 4, values=("cy",)))
        assert spans(view.after(match("b", 2, values=("cy",)))) == [(0, 2)]


class TestSpike:
    def test_three_times_as_many_ring(self, board: Open) -> None:
        view = board(rule(kind="spike", height=3, least_now=3))
        assert view.after(*posts(0, 12)) == []
        (found,) = view.after(*posts(21, 23, 25))
        assert found.posts == 3

    def test_a_group_that_is_new_does_not_ring_unless_it_may(self, board: Open) -> None:
        assert board(rule(kind="spike", height=3, least_now=3)).after(*posts(1, 2, 3)) == []
        bold = rule("bold", kind="spike", height=3, least_now=3, new_groups=True)
        seen = [match(f"q{at}", at, rule_id="bold") for at in (1, 2, 3)]
        assert len(board(bold).after(*seen)) == 1

    def test_a_fall_rings_when_everything_was_seen(self, board: Open) -> None:
        falls = rule(kind="spike", height=3, direction="down", least_before=6)
        assert len(board(falls).after(*posts(-40, *range(10)))) == 1

    def test_a_fall_says_nothing_where_nobody_looked(self, board: Open) -> None:
        falls = rule(kind="spike", height=3, direction="down", least_before=6)
        assert board(falls, watched=False).after(*posts(-40, *range(10))) == []


class TestFlatline:
    silence = rule(kind="flatline", window=20 * MINUTE, threshold=1, grace=5 * MINUTE)

    def test_silence_rings_from_the_last_post_on(self, board: Open) -> None:
        view = board(self.silence)
        rings = view.after(*posts(*range(-20, 11, 5)))
        assert [one.first_at <= EVENING + 12 * MINUTE for one in rings][-1]
        assert rings[-1].last_at <= EVENING + 55 * MINUTE

    def test_a_post_ends_it_and_a_late_one_takes_it_back(
        self, board: Open, clock: MovableClock
    ) -> None:
        view = board(self.silence)
        view.window.tick()
        before = view.after(*posts(*range(0, 60, 40)))
        assert spans(before)[-1] != (EVENING, EVENING + 60 * MINUTE)
        late = view.after(*posts(15, 30, 50))
        assert all(one.last_at <= EVENING for one in late)

    def test_it_cannot_know_while_a_source_is_blind(
        self, store: Store, clock: MovableClock
    ) -> None:
        store.watches.begin(self.silence.id, EVENING - HOUR)
        store.coverage.record("stream", "live", EVENING - HOUR, heard_within=5 * MINUTE)
        view = Board(store, clock, self.silence)
        assert view.after() == []
        assert "stream" in store.watches.begin(self.silence.id, 0).unsure

    def test_what_was_filled_from_history_is_known(self, store: Store, clock: MovableClock) -> None:
        store.watches.begin(self.silence.id, EVENING - HOUR)
        store.coverage.record("stream", "backfilled", EVENING - HOUR)
        assert len(Board(store, clock, self.silence).after()) == 1
        assert store.watches.begin(self.silence.id, 0).unsure == ""

    def test_sources_that_it_does_not_name_do_not_matter(
        self, store: Store, clock: MovableClock
    ) -> None:
        of_one = rule(kind="flatline", window=20 * MINUTE, threshold=1, sources=("news*",))
        store.watches.begin(of_one.id, EVENING - HOUR)
        store.coverage.record("newsfeed", "live", EVENING - HOUR, heard_within=DAY)
        store.coverage.record("other", "blind", EVENING - HOUR)
        assert len(Board(store, clock, of_one).after()) == 1

    def test_a_group_that_was_never_heard_of_is_not_missed(self, board: Open) -> None:
        grouped = rule(kind="flatline", window=20 * MINUTE, threshold=1, group_by=("community",))
        view = board(grouped)
        assert view.after() == []
        (found,) = view.after(match("a", 0, group=("guildford",)))
        assert found.group == ("guildford",)


class TestNewTerm:
    new = rule(kind="new_term", field="hashtag", history=2 * HOUR, learn=0)

    def test_the_first_of_a_value_rings_and_the_next_does_not(self, board: Open) -> None:
        view = board(self.new)
        seen = posts(0, 1, 30, group=("riot",))
        assert spans(view.after(*seen)) == [(0, 0)]

    def test_an_earlier_late_post_takes_the_alarm_to_itself(self, board: Open) -> None:
        view = board(self.new)
        view.after(*posts(30, group=("riot",)))
        assert spans(view.after(*posts(5, group=("riot",)))) == [(5, 5)]

    def test_what_was_forgotten_is_new_again(self, board: Open) -> None:
        assert len(board(self.new).after(*posts(-150, 0, group=("riot",)))) == 2

    def test_it_learns_before_it_rings(self, store: Store, clock: MovableClock) -> None:
        learning = rule(kind="new_term", field="hashtag", history=2 * HOUR, learn=10 * MINUTE)
        store.watches.begin(learning.id, EVENING)
        view = Board(store, clock, learning)
        view.window.count(match("a", 5, group=("riot",)), match("b", 15, group=("fire",)))
        assert [one.group for one in list_incidents(store)] == [("fire",)]


class TestCardinality:
    def test_more_values_than_allowed_ring(self, board: Open) -> None:
        view = board(rule(kind="cardinality", field="hashtag", max_values=2))
        assert view.after(match("a", 0, values=("x", "y"))) == []
        assert spans(view.after(match("b", 5, values=("z",)))) == [(0, 5)]

    def test_fewer_values_than_expected_ring(self, board: Open) -> None:
        view = board(rule(kind="cardinality", field="source", min_values=2, window=20 * MINUTE))
        assert view.after(*[match(str(at), at, values=("one",)) for at in range(-20, 50, 5)])


class TestMetric:
    def test_a_high_mean_rings(self, board: Open) -> None:
        high = rule(kind="metric", field="likes", aggregate="mean", max_value=100)
        view = board(high)
        assert view.after(match("a", 0, number=90.0), match("n", 0)) == []
        assert spans(view.after(match("b", 1, number=200.0))) == [(0, 1)]

    @pytest.mark.parametrize(
        ("aggregate", "value"), [("sum", 9), ("min", 2), ("max", 4), ("count", 3), ("mean", 3)]
    )
    def test_every_figure(self, board: Open, aggregate: str, value: float) -> None:
        seen = [match(str(n), n, number=float(n)) for n in (2, 3, 4)]
        below = board(
            rule("below", kind="metric", max_value=value, field="likes", aggregate=aggregate)
        )
        copies = [match(f"x{n}", n, number=float(n), rule_id="below") for n in (2, 3, 4)]
        assert below.after(*copies) == []
        above = board(
            rule(kind="metric", max_value=value - 0.5, field="likes", aggregate=aggregate)
        )
        assert len(above.after(*seen)) == 1

    def test_a_leap_rings(self, board: Open) -> None:
        leap = rule(kind="metric_spike", field="likes", aggregate="sum", height=3)
        view = board(leap)
        view.after(match("a", 0, number=10.0))
        assert view.after(match("b", 12, number=29.0)) == []
        assert len(view.after(match("c", 13, number=1.0))) == 1


class TestPercentage:
    part = rule(kind="percentage", window=20 * MINUTE, matching="x", max_percent=50, least_posts=4)

    def seen(self, hits: int) -> list[Match]:
        return [match(str(n), n, values=("0",) if n < hits else ()) for n in range(4)]

    def test_too_large_a_part_rings(self, board: Open) -> None:
        assert len(board(self.part).after(*self.seen(3))) == 1

    def test_half_is_not_more_than_half(self, board: Open) -> None:
        assert board(self.part).after(*self.seen(2)) == []

    def test_it_says_nothing_where_nobody_looked(self, board: Open) -> None:
        assert board(self.part, watched=False).after(*self.seen(4)) == []


class TestSequence:
    steps = rule(kind="sequence", steps=("call", "gather", "fight"))

    def test_the_steps_in_order_ring(self, board: Open) -> None:
        seen = [match(step, at, values=(step,)) for at, step in enumerate("012")]
        assert spans(board(self.steps).after(*seen)) == [(0, 2)]

    def test_another_order_does_not(self, board: Open) -> None:
        seen = [match(step, at, values=(step,)) for at, step in enumerate("102")]
        assert board(self.steps).after(*seen) == []

    def test_nor_what_takes_too_long(self, board: Open) -> None:
        seen = [match(step, 6 * at, values=(step,)) for at, step in enumerate("012")]
        assert board(self.steps).after(*seen) == []

    def test_one_post_is_one_step(self, board: Open) -> None:
        assert board(self.steps).after(match("a", 0, values=("0", "1", "2"))) == []


class TestCluster:
    close = rule(kind="cluster", threshold=3, radius=300)
    cell = (cell_of(*HERE, 300),)

    def test_posts_near_each_other_ring(self, board: Open) -> None:
        seen = [
            match(str(n), n, where=w, group=self.cell) for n, w in enumerate([HERE, NEAR, HERE])
        ]
        assert spans(board(self.close).after(*seen)) == [(0, 2)]

    def test_posts_far_from_each_other_do_not(self, board: Open) -> None:
        seen = [match(str(n), n, where=w, group=self.cell) for n, w in enumerate([HERE, FAR, HERE])]
        assert board(self.close).after(*seen) == []


class TestComposite:
    both = rule("both", kind="composite", window=30 * MINUTE, all_of=("fires", "fights"))
    parts = (rule("fires"), rule("fights", kind="frequency", threshold=2))

    def seen(self, rule_id: str, *minutes: float) -> list[Match]:
        return [match(f"{rule_id}{at}", at, rule_id=rule_id, place="Woking") for at in minutes]

    def raised(self, view: Board, *matches: Match) -> list[Incident]:
        return [one for one in view.after(*matches) if one.rule_id == "both"]

    def test_it_rings_when_its_parts_ring_together(self, board: Open) -> None:
        view = board(*self.parts, self.both)
        assert self.raised(view, *self.seen("fires", 0), *self.seen("fights", 20)) == []
        (found,) = self.raised(view, *self.seen("fights", 21))
        assert spans([found]) == [(20, 21)]
        assert (found.posts, found.place) == (3, "Woking")

    def test_it_is_withdrawn_with_a_part(self, board: Open) -> None:
        view = board(*self.parts, self.both)
        assert self.raised(view, *self.seen("fires", 0), *self.seen("fights", 20, 21))
        assert self.raised(view, event("fights21", "edit", rev=1)) == []

    def test_groups_are_kept_apart(self, board: Open) -> None:
        view = board(*self.parts, self.both)
        seen = [match("a", 0, rule_id="fires", group=("x",))]
        seen += [match(str(n), n, rule_id="fights", group=("y",)) for n in (1, 2)]
        assert self.raised(view, *seen) == []

    def test_a_late_post_of_a_part_is_enough(self, board: Open) -> None:
        view = board(*self.parts, self.both)
        assert self.raised(view, *self.seen("fires", 0, 50), *self.seen("fights", 81, 82)) == []
        (found,) = self.raised(view, *self.seen("fires", 55))
        assert spans([found]) == [(81, 82)]


class TestCoverage:
    blind = rule("blind", kind="coverage", window=10 * MINUTE, sources=("stream*",))

    def test_a_blind_source_rings_and_ends(self, store: Store, clock: MovableClock) -> None:
        store.coverage.record("stream", "live", EVENING, heard_within=20 * MINUTE)
        store.coverage.record("elsewhere", "blind", EVENING)
        view = Board(store, clock, self.blind)
        assert spans(view.after()) == [(20, 30)]
        store.coverage.record("stream", "live", clock.now(), heard_within=20 * MINUTE)
        (found,) = view.after()
        assert (spans([found]), found.group) == ([(20, 60)], ("stream",))

    def test_a_short_blink_does_not(self, store: Store, clock: MovableClock) -> None:
        store.coverage.record("stream", "blind", clock.now() - 9 * MINUTE)
        assert Board(store, clock, self.blind).after() == []

    def test_it_is_raised_once(self, store: Store, clock: MovableClock) -> None:
        store.coverage.record("stream", "blind", clock.now() - 30 * MINUTE)
        view = Board(store, clock, self.blind)
        (first,) = view.after()
        clock.advance(5 * MINUTE)
        (again,) = view.after()
        assert again.id == first.id
        assert [entry.action for entry in show(store, first.id).timeline] == ["raised"]


def test_what_is_raised_names_the_place(board: Open) -> None:
    view = board(rule(kind="cardinality", field="hashtag", max_values=1))
    where = match("a", 0, values=("x", "y"), place="Woking", where=HERE)
    (found,) = view.after(where)
    assert Spot(found.first_at, found.place or "", found.lat, found.lon).name == "Woking"


class TestRulesThatRest:
    silence = rule(kind="flatline", window=20 * MINUTE, threshold=1, expires="2023-11-13")

    def test_an_expired_rule_does_not_ring_for_silence(self, board: Open) -> None:
        assert board(self.silence).after() == []

    def test_nor_does_one_that_was_taken_away(self, store: Store, clock: MovableClock) -> None:
        silence = rule(kind="flatline", window=20 * MINUTE, threshold=1)
        store.watches.begin(silence.id, BEFORE)
        store.coverage.record("stream", "live", BEFORE, heard_within=60 * DAY)
        rules = fixed([silence])
        stage = WindowStage(
            store, rules, Router([], []), clock, historic_after=HOUR, watermark=clock.now
        )
        rules.current = RuleSet()
        rules.refresh = lambda: True  # type: ignore[method-assign]
        stage.process(())
        assert list_incidents(store) == []

    def test_a_rule_that_changed_its_kind_starts_afresh(
        self, store: Store, clock: MovableClock
    ) -> None:
        frequent = rule(kind="frequency", threshold=3)
        Window(store, [frequent], clock).count(*posts(0, 1))
        varied = rule(kind="cardinality", field="hashtag", max_values=1)
        view = Board(store, clock, varied)
        assert view.after(match("a", 2, values=("x",))) == []
        assert spans(view.after(match("b", 3, values=("y",)))) == [(0, 3)]
