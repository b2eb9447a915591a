"""The runner: what reaches the log, what is remembered, and what happens when things fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from random import Random

import msgspec
import pytest

from bus.embedded import EmbeddedLog
from bus.meter import Meter
from ingest.lane import LanePolicy
from ingest.port import (
    Batch,
    ConnectionFailed,
    CredentialRefused,
    Source,
    SourceGone,
)
from ingest.publish import Counts
from ingest.runner import Report, Runner, RunnerPolicy
from ingest.sightings import SightPolicy
from model.clock import HOUR, SECOND, MovableClock
from model.errors import ConfigurationError, LogUnavailable, StateCorrupt
from model.post import Metrics
from tests.ingest.logs import UnsteadyLog, letters, open_log, posts
from tests.ingest.parts import START, Cursors, Ledger, ScriptedSource, bad, post, stop_after

POLICY = RunnerPolicy(
    lane=LanePolicy(failure_floor=5, failure_ceiling=600, retry_after_ceiling=3_600),
    sight=SightPolicy(blind_after_failures=3),
)


class Bench:
    """A runner with everything around it."""

    def __init__(self, log: EmbeddedLog) -> None:
        self.log = UnsteadyLog(log)
        self.cursors = Cursors()
        self.ledger = Ledger()
        self.clock = MovableClock(START)
        self.progress: list[Counts] = []
        self.backlog: Callable[[], int] | None = None

    def run(
        self,
        *sources: Source,
        stop: Callable[[], bool] = bool,
        patient: bool = False,
        authorised_until: int | None = None,
    ) -> Report:
        runner = Runner(
            self.log,
            self.cursors,
            self.ledger,
            self.clock,
            policy=POLICY,
            backlog=self.backlog,
            progress=self.progress.append,
            random=Random(1),
        )
        for source in sources:
            runner.add(source, patient=patient, authorised_until=authorised_until)
        return runner.run(stop)

    def uids(self) -> list[str]:
        return [found.uid.rpartition(":")[2] for found in posts(self.log)]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    log = open_log(tmp_path / "log")
    yield Bench(log)
    log.close()


def batches(*numbers: int) -> list[Batch]:
    """One batch with one post for each number."""
    return [Batch(posts=(post(number),)) for number in numbers]


class TestPublishing:
    def test_posts_and_bad_items_go_out_in_one_call(self, bench: Bench) -> None:
        report = bench.run(ScriptedSource([Batch(posts=(post(1), post(2)), bad=(bad(),))]))

        assert report == Report(Counts(read=3, published=2, dead=1))
        assert bench.log.published == [3]
        assert posts(bench.log) == [post(1), post(2)]
        letter = letters(bench.log)[0]
        assert (letter.stage, letter.origin, letter.topic) == ("ingest", "file.jsonl:7", None)
        assert (letter.error, letter.cause) == ("MalformedRecord", "broken JSON")
        assert (letter.original, letter.failed_at) == (b"half a li", START)

    def test_the_state_is_saved_after_the_log_has_acknowledged(self, bench: Bench) -> None:
        states: list[object] = []
        bench.log.failures = 3
        bench.log.watch = lambda: states.append(dict(bench.cursors.saved))
        bench.run(ScriptedSource(batches(1)))

        assert states == [{}] * 4
        assert bench.cursors.saved == {"test:s": {"next": 1}}

    def test_an_empty_batch_publishes_nothing_but_is_remembered(self, bench: Bench) -> None:
        bench.run(ScriptedSource([Batch()]))
        assert bench.log.published == []
        assert bench.cursors.saved == {"test:s": {"next": 1}}

    def test_it_goes_on_where_it_stopped(self, bench: Bench) -> None:
        source = ScriptedSource(batches(1, 2, 3))
        bench.run(source, stop=stop_after(2))
        bench.run(source)

        assert bench.uids() == ["1", "2", "3"]
        assert source.opened == [{}, {"next": 2}]
        assert source.closed == 2

    def test_a_post_that_is_too_large_for_the_log_stops_no_other(self, tmp_path: Path) -> None:
        log = open_log(tmp_path / "small", max_record_bytes=10_000)
        bench = Bench(log)
        batch = Batch(posts=tuple(post(n, "a" * (20_000 if n == 7 else 10)) for n in range(20)))
        report = bench.run(ScriptedSource([batch]))

        assert report.counts == Counts(read=20, published=19, dead=1)
        assert bench.uids() == [str(n) for n in range(20) if n != 7]
        letter = letters(bench.log)[0]
        assert (letter.error, letter.topic) == ("RecordTooLarge", "posts.raw")
        log.close()

    def test_a_dead_letter_that_is_too_large_is_cut_and_says_so(self, tmp_path: Path) -> None:
        log = EmbeddedLogWithSmallLetters(tmp_path / "small")
        bench = Bench(log)
        report = bench.run(ScriptedSource([Batch(posts=(post(1),), bad=(bad("a" * 50_000),))]))

        assert report.counts == Counts(read=2, published=1, dead=1)
        letter = letters(bench.log)[0]
        assert set(letter.original) == {ord("a")}
        assert "cut" in letter.cause
        log.close()

    def test_a_huge_item_is_kept_whole(self, bench: Bench) -> None:
        bench.run(ScriptedSource([Batch(bad=(bad("a" * 20_000_000),))]))
        assert len(letters(bench.log)[0].original) == 20_000_000

    @pytest.mark.parametrize(
        "changes", [{"text": "a\ud800"}, {"metrics": Metrics(likes=2**70)}, {"uid": "test:\udfff"}]
    )
    def test_a_post_that_cannot_be_written_becomes_a_dead_letter(
        self, bench: Bench, changes: dict[str, object]
    ) -> None:
        """As a plug-in might make it: shipped sources hand out nothing of the kind."""
        broken = msgspec.structs.replace(post(1, "broken"), **changes)
        report = bench.run(ScriptedSource([Batch(posts=(broken, post(2)))]))

        assert report.counts == Counts(read=2, published=1, dead=1)
        assert bench.uids() == ["2"]
        assert letters(bench.log)[0].original == b"broken"

    def test_words_that_are_no_unicode_are_no_obstacle(self, bench: Bench) -> None:
        item = bad()._replace(origin="a\udcff.jsonl:1", cause="\ud800")
        assert bench.run(ScriptedSource([Batch(bad=(item,))])).counts.dead == 1

    def test_a_glance_is_taken_also_while_nothing_is_due(self, bench: Bench) -> None:
        """A collector that waits for its feed is alive, and must be seen to be."""
        glances: list[float] = []
        runner = Runner(
            bench.log,
            bench.cursors,
            bench.ledger,
            bench.clock,
            policy=POLICY,
            glance=lambda: glances.append(bench.clock.monotonic()),
        )
        runner.add(ScriptedSource([Batch(wait=60.0), Batch()]))
        runner.run(bool)
        assert len(glances) > 60
        assert max(b - a for a, b in pairwise(glances)) < 1.0

    def test_every_batch_is_counted_with_its_dead_letters(self, bench: Bench) -> None:
        meter = Meter("ingest", bench.clock)
        runner = Runner(
            bench.log, bench.cursors, bench.ledger, bench.clock, policy=POLICY, meter=meter
        )
        runner.add(ScriptedSource([Batch(posts=(post(1), post(2)), bad=(bad(),)), *batches(3)]))
        runner.run(bool)
        report = meter.report(0)
        assert (report.records, report.outputs, report.dead, report.batches) == (4, 3, 1, 2)
        assert report.last_error == "MalformedRecord: broken JSON"

    def test_progress_is_told_after_every_step(self, bench: Bench) -> None:
        bench.run(ScriptedSource(batches(1, 2)))
        assert [counts.published for counts in bench.progress] == [1, 2, 2]


class EmbeddedLogWithSmallLetters(EmbeddedLog):
    """The real log, opened with a small limit for dead letters."""

    def __init__(self, folder: Path) -> None:
        open_log(folder).close()
        super().__init__(folder, max_dead_bytes=4_000)


class TestLogAway:
    def test_a_batch_is_kept_until_the_log_takes_it(self, bench: Bench) -> None:
        bench.log.failures = 5
        source = ScriptedSource(batches(1, 2))
        bench.run(source)

        assert bench.uids() == ["1", "2"]
        assert len(source.calls) == 3, "nothing more is fetched meanwhile"
        assert source.opened == [{}]
        assert bench.ledger.states() == ["degraded", "blind", "live", "backfilled"]

    def test_the_waits_grow_and_are_never_shorter_than_the_floor(self, bench: Bench) -> None:
        bench.log.failures = 200
        bench.run(ScriptedSource(batches(1)), stop=lambda: bench.log.failures == 0)

        waited = (bench.clock.now() - START) / SECOND
        assert waited >= 200 * POLICY.lane.publish_floor
        assert waited <= 201 * POLICY.lane.publish_ceiling
        assert waited > 1_000, "the waits have grown"

    def test_the_cursor_stays_when_it_is_stopped_before_the_log_comes_back(
        self, bench: Bench
    ) -> None:
        bench.log.failures = 10_000
        bench.run(ScriptedSource(batches(1)), stop=stop_after(50))
        assert bench.cursors.saved == {}
        bench.log.failures = 0
        bench.run(ScriptedSource(batches(1)))
        assert bench.uids() == ["1"]

    def test_a_store_that_is_away_delays_the_state_and_publishes_nothing_twice(
        self, bench: Bench
    ) -> None:
        source = ScriptedSource(batches(1, 2))
        bench.cursors.failures = 4
        bench.run(source)
        assert bench.uids() == ["1", "2"]
        assert bench.cursors.saved["test:s"] == {"next": 2}

    def test_a_ledger_that_is_away_stops_nobody(self, bench: Bench) -> None:
        bench.ledger.failures = 1_000
        bench.run(ScriptedSource(batches(1, 2)))
        assert bench.uids() == ["1", "2"]


class TestSourceAway:
    def away(self, retry_after: float | None = None) -> ConnectionFailed:
        return ConnectionFailed("the site", cause="nobody answered", retry_after=retry_after)

    def test_it_is_opened_again_with_what_was_saved(self, bench: Bench) -> None:
        first, second = batches(1, 2)
        source = ScriptedSource([first, self.away(), second])
        bench.run(source)

        assert bench.uids() == ["1", "2"]
        assert source.opened == [{}, {"next": 1}]
        assert bench.ledger.states() == ["live", "degraded", "live", "backfilled"]
        assert "nobody answered" in bench.ledger.entries[-3].reason

    def test_the_waits_have_a_floor_and_a_ceiling(self, bench: Bench) -> None:
        source = ScriptedSource([*(self.away() for _ in range(40)), *batches(1)])
        bench.run(source)
        waits = source.waits()[:40]

        assert min(waits) >= 5
        assert max(waits) <= 600 + 1
        assert sum(waits[:3]) < sum(waits[-3:])

    @pytest.mark.parametrize(("asked", "least", "most"), [(120, 120, 121), (10**9, 3_600, 3_601)])
    def test_what_the_other_side_asks_for_is_honoured_up_to_a_limit(
        self, bench: Bench, asked: float, least: float, most: float
    ) -> None:
        source = ScriptedSource([self.away(asked), *batches(1)])
        bench.run(source)
        assert least <= source.waits()[0] <= most

    def test_a_success_starts_the_waits_afresh(self, bench: Bench) -> None:
        failing = [self.away() for _ in range(20)]
        source = ScriptedSource([*failing, *batches(1), self.away(), *batches(2)])
        bench.run(source)
        assert source.waits()[21] <= 6

    def test_a_fault_that_nobody_foresaw_silences_no_other_source(self, bench: Bench) -> None:
        faulty = ScriptedSource([KeyError("oops"), *batches(1)], "test:faulty")
        report = bench.run(faulty, ScriptedSource(batches(2), "test:sound"))

        assert sorted(bench.uids()) == ["1", "2"]
        assert report.stopped == ()
        assert bench.ledger.states("test:faulty") == ["degraded", "live", "backfilled"]
        assert "KeyError: 'oops'" in bench.ledger.entries[0].reason


class TestEnding:
    @pytest.mark.parametrize(
        ("error", "state"),
        [
            (CredentialRefused("the site", cause="401"), "not_authorised"),
            (SourceGone("the site", cause="410"), "blind"),
            (ConfigurationError("the file", cause="wrong header"), "blind"),
            (StateCorrupt("the cursor"), "blind"),
        ],
    )
    def test_a_source_that_needs_a_person_ends_alone(
        self, bench: Bench, error: Exception, state: str
    ) -> None:
        ending = ScriptedSource([error, *batches(1)], "test:ending")
        report = bench.run(ending, ScriptedSource(batches(2), "test:other"))

        assert bench.uids() == ["2"]
        assert [(stopped.source, stopped.error) for stopped in report.stopped] == [
            ("test:ending", error)
        ]
        assert bench.ledger.states("test:ending") == [state]
        assert ending.closed == 1

    def test_an_authority_that_runs_out_ends_the_source(self, bench: Bench) -> None:
        waiting = [msgspec.structs.replace(batch, wait=1_800) for batch in batches(1, 2, 3, 4)]
        report = bench.run(ScriptedSource(waiting), authorised_until=START + HOUR)

        assert bench.uids() == ["1", "2"]
        assert bench.ledger.states() == ["live", "not_authorised"]
        assert report.stopped == ()

    def test_what_is_stopped_is_blind_from_then_on_and_closed(self, bench: Bench) -> None:
        source = ScriptedSource([msgspec.structs.replace(batches(1)[0], wait=10**6)])
        bench.run(source, stop=stop_after(20))
        assert bench.ledger.states() == ["live", "blind"]
        assert source.closed == 1

    def test_sources_are_closed_when_the_process_is_interrupted(self, bench: Bench) -> None:
        def interrupt() -> bool:
            raise KeyboardInterrupt

        source = ScriptedSource(batches(1))
        with pytest.raises(KeyboardInterrupt):
            bench.run(source, stop=interrupt)
        assert source.closed == 1

    def test_nothing_to_do_is_done_at_once(self, bench: Bench) -> None:
        assert bench.run() == Report(Counts())


class TestManySources:
    def test_each_source_is_called_when_it_asked_to_be(self, bench: Bench) -> None:
        often = ScriptedSource([Batch(wait=10.0)] * 30, "test:often")
        seldom = ScriptedSource([Batch(wait=100.0)] * 3, "test:seldom")
        bench.run(often, seldom)

        assert often.waits() == pytest.approx([10.0] * 30, abs=0.5)
        assert seldom.waits() == pytest.approx([100.0] * 3, abs=0.5)

    def test_a_busy_source_starves_no_other(self, bench: Bench) -> None:
        busy = ScriptedSource([Batch(posts=(post(n),)) for n in range(50)], "test:busy")
        other = ScriptedSource([Batch(posts=(post(f"o{n}"),)) for n in range(5)], "test:other")
        bench.run(busy, other)
        assert bench.uids()[:10] == [f"{'o' if n % 2 else ''}{n // 2}" for n in range(10)]

    def test_long_waits_are_broken_by_the_wish_to_stop(self, bench: Bench) -> None:
        bench.run(
            ScriptedSource([Batch(wait=10**6)]), stop=lambda: bench.clock.now() > START + SECOND
        )
        assert bench.clock.now() < START + 2 * SECOND


class TestBackPressure:
    def test_a_source_that_can_wait_does_while_the_stages_are_behind(self, bench: Bench) -> None:
        behind = [25_000, 20_000, 19_999, 30_000, 0]
        source = ScriptedSource(batches(1, 2))
        bench.backlog = lambda: behind.pop(0) if len(behind) > 1 else behind[0]
        bench.run(source, patient=True)

        assert bench.uids() == ["1", "2"]
        assert source.waits()[0] == pytest.approx(POLICY.backlog_seconds)
        assert source.calls[0] - START == pytest.approx(2 * POLICY.backlog_seconds * SECOND)

    def test_a_live_source_is_never_held_back(self, bench: Bench) -> None:
        bench.backlog = lambda: 10**9
        bench.run(ScriptedSource(batches(1, 2)))
        assert bench.uids() == ["1", "2"]

    def test_a_backlog_that_cannot_be_measured_counts_as_long(self, bench: Bench) -> None:
        tries = iter([LogUnavailable("away"), LogUnavailable("away")])

        def backlog() -> int:
            if (error := next(tries, None)) is not None:
                raise error
            return 0

        bench.backlog = backlog
        source = ScriptedSource(batches(1))
        bench.run(source, patient=True)
        assert bench.uids() == ["1"]
        assert source.calls[0] > START
