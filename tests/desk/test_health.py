"""What the ops engineer is told of the whole, also of what is dead."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from bus.distribution import BOUNDS, Distribution
from bus.embedded import EmbeddedLog
from bus.metrics import StageReport
from bus.port import Outgoing, Retention, TopicPartition
from desk.access import Caller, Refused
from desk.health import Backlog, Health, HealthDesk
from desk.verdict import DISK_FREE_BYTES, OLDEST_SECONDS, troubles
from model.clock import MINUTE, SECOND, MovableClock
from model.post import POST, Post
from model.topics import POSTS_RAW, TOPICS
from store.engine import Store, open_store
from tests.contracts.store_builders import delivery, incident

NOW = 1_790_000_000 * SECOND
OPS = Caller("ops", "duty")
STAGES = ("enrich", "index", "match", "window")


class Whole:
    """A log, a record and reports, and the desk that looks at them."""

    def __init__(self, log: EmbeddedLog, store: Store, clock: MovableClock) -> None:
        self.log = log
        self.store = store
        self.clock = clock
        self.reports = [self.report(stage) for stage in STAGES]
        self.disk_free = 10**12

    def report(self, stage: str) -> StageReport:
        return StageReport(stage=stage, pid=1, started_at=NOW, updated_at=self.clock.now())

    def publish(self, uid: str, collected_at: int) -> None:
        post = Post(event_id="e", op="create", uid=uid, collected_at=collected_at)
        self.log.publish([Outgoing(POSTS_RAW.name, uid, POST.encode(post))])

    def look(self) -> Health:
        desk = HealthDesk(
            self.log, self.store, lambda: self.reports, self.clock, lambda: self.disk_free
        )
        return desk.look(OPS)

    def words(self) -> str:
        return "\n".join(trouble.words for trouble in troubles(self.look()))


@pytest.fixture
def whole(tmp_path: Path) -> Iterator[Whole]:
    clock = MovableClock(NOW)
    with (
        closing(EmbeddedLog(tmp_path / "log", clock=clock)) as log,
        closing(open_store(f"sqlite:///{tmp_path / 'store.db'}")) as store,
    ):
        for topic in TOPICS:
            log.create(topic, partitions=2, retention=Retention())
        yield Whole(log, store, clock)


def test_a_pipeline_at_rest_is_well(whole: Whole) -> None:
    assert whole.words() == ""
    assert whole.look().idle


def test_nobody_looks_without_a_name(whole: Whole) -> None:
    desk = HealthDesk(whole.log, whole.store, list, whole.clock, lambda: 0)
    with pytest.raises(Refused):
        desk.look(Caller("", "duty"))


def test_the_oldest_post_of_all_partitions_is_found(whole: Whole) -> None:
    for number in range(20):
        whole.publish(f"x:x:{number}", NOW - number * SECOND)
    backlog = whole.look().backlogs[0]
    assert (backlog.group, backlog.topic, backlog.lag) == ("enrich", "posts.raw", 20)
    heads = [records[0] for p in (0, 1) if (records := whole.log.read("posts.raw", p, 0, 1))]
    ages = [POST.decode(record.value).collected_at for record in heads]
    assert backlog.oldest_at == min(age for age in ages if age is not None)


def test_what_is_committed_waits_no_more(whole: Whole) -> None:
    whole.publish("x:x:1", NOW - 90 * SECOND)
    assert "enrich is late: a post has waited 90 s, 1 records to go" in whole.words()
    with closing(whole.log.consumer("enrich", ["posts.raw"])) as consumer:
        records = consumer.poll(10, 1.0)
        consumer.commit({TopicPartition(r.topic, r.partition): r.offset + 1 for r in records})
    assert whole.look().backlogs[0] == Backlog("enrich", "posts.raw", 0, None)
    assert whole.words() == ""


def test_a_record_that_is_no_post_has_no_age_and_still_counts(whole: Whole) -> None:
    whole.log.publish([Outgoing("posts.raw", "k", b"\xc1")])
    assert whole.look().backlogs[0] == Backlog("enrich", "posts.raw", 1, None)


def test_a_stage_that_has_stopped_reporting_is_silent(whole: Whole) -> None:
    whole.clock.advance(MINUTE)
    whole.reports = [whole.report(stage) for stage in STAGES if stage != "match"]
    whole.reports.append(
        StageReport(stage="match", pid=9, started_at=NOW, updated_at=NOW)  # a minute ago
    )
    assert whole.words().startswith("match is silent")
    assert [trouble.is_silence for trouble in troubles(whole.look())] == [True]


def test_processes_of_a_stage_add_up(whole: Whole) -> None:
    quick = Distribution((0, 99, *[0] * (len(BOUNDS) - 1)), 0.2)
    slow = Distribution((*[0] * (len(BOUNDS) - 1), 99, 0), 500_000.0)
    one = msgspec.structs.replace(
        whole.report("enrich"), rate=10.0, records=5, recent_post_times=quick
    )
    two = msgspec.structs.replace(
        one, pid=2, rate=5.0, records=7, recent_post_times=slow, retries=1
    )
    whole.reports = [one, two, *whole.reports[1:]]
    stage = whole.look().stages[0]
    assert (stage.processes, stage.records, stage.rate, stage.retries) == (2, 12, 15.0, 1)
    assert stage.p50_seconds is not None
    assert stage.p50_seconds <= BOUNDS[1]
    assert stage.p99_seconds is not None
    assert stage.p99_seconds > BOUNDS[-2]


def test_a_stage_to_which_nothing_came_has_no_times(whole: Whole) -> None:
    assert whole.look().stages[0].p99_seconds is None


def test_blind_sources_are_named_with_their_reason(whole: Whole) -> None:
    whole.store.coverage.record("feeds:a", "live", NOW - SECOND, "")
    whole.store.coverage.record("feeds:b", "blind", NOW - SECOND, "nobody answers")
    assert whole.words() == "feeds:b is blind: nobody answers"


def test_a_message_that_no_channel_takes_is_trouble_after_a_minute(whole: Whole) -> None:
    whole.store.incidents.put([incident("a")])
    whole.store.deliveries.add([delivery("m", due_at=NOW - 30 * SECOND)])
    assert whole.words() == ""
    whole.clock.advance(31 * SECOND)
    whole.reports = [whole.report(stage) for stage in STAGES]
    assert whole.words().startswith("messages not delivered: 1 ")


def test_dead_letters_and_a_full_disk_are_said(whole: Whole) -> None:
    whole.log.publish([Outgoing("posts.dead", "k", b"letter")])
    whole.disk_free = DISK_FREE_BYTES - 1
    assert "dead letters: 1 " in whole.words()
    assert "5.0 GB free" in whole.words()


def test_a_post_may_wait_as_long_as_the_limit(whole: Whole) -> None:
    whole.publish("x:x:1", NOW - OLDEST_SECONDS * SECOND)
    assert whole.words() == ""
