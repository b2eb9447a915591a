"""Reports in the record: as good as files, and never in the way of the work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from bus.metrics import StageReport
from bus.reports import FolderReports, Reports
from cli.stored_reports import QUIET_SECONDS, StoredReports
from model.clock import MovableClock
from model.errors import StoreUnavailable
from store.engine import Store, open_store

REPORT = StageReport(stage="index", pid=7, started_at=1, updated_at=2, records=3)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(10)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with closing(open_store(store_url)) as opened:
        yield opened


@pytest.fixture(params=["folder", "stored"])
def reports(
    request: pytest.FixtureRequest, tmp_path: Path, store: Store, clock: MovableClock
) -> Reports:
    if request.param == "folder":
        return FolderReports(tmp_path)
    return StoredReports(lambda: store, clock, "here")


def test_the_last_report_of_each_process_is_there(reports: Reports) -> None:
    other = msgspec.structs.replace(REPORT, stage="match", last_error="\ud800 half \0 nothing")
    for report in (REPORT, other, msgspec.structs.replace(REPORT, records=9)):
        reports.put(report)
    found = {report.stage: report for report in reports.last()}
    assert found["index"].records == 9
    assert "half" in found["match"].last_error
    reports.clear()
    assert reports.last() == []


def test_processes_of_two_machines_do_not_mix(store: Store, clock: MovableClock) -> None:
    """In containers every process has the same number."""
    here, there = (StoredReports(lambda: store, clock, name) for name in ("here", "there"))
    here.put(REPORT)
    there.put(REPORT)
    assert len(here.last()) == 2
    here.clear()
    assert there.last() == [REPORT]


def test_what_another_version_wrote_is_passed_over(store: Store, clock: MovableClock) -> None:
    store.stage_reports.put("there/index-1", 1, '{"stage": 7}')
    assert StoredReports(lambda: store, clock).last() == []


def test_a_record_that_is_away_is_left_alone_for_a_while(clock: MovableClock) -> None:
    asked = []

    def away() -> Store:
        asked.append(clock.monotonic())
        raise StoreUnavailable("the operational record")

    reports = StoredReports(away, clock)
    for _ in range(3):
        reports.put(REPORT)
    assert len(asked) == 1
    clock.sleep(QUIET_SECONDS)
    reports.put(REPORT)
    assert len(asked) == 2
