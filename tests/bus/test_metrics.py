"""Reports on disk: the last one of each process, whole, and recognisable when stale."""

from __future__ import annotations

import os
from pathlib import Path

from bus.meter import Meter
from bus.metrics import clear_reports, read_reports, write_report
from bus.port import Record
from model.clock import SECOND, MovableClock


def test_a_report_is_found_by_another_process(tmp_path: Path, clock: MovableClock) -> None:
    meter = Meter("index", clock)
    meter.batch([Record("t", 0, 0, "k", b"1234", b"56")], outputs=3, seconds=0.5)
    write_report(tmp_path, meter.report(unsettled=7))
    (report,) = read_reports(tmp_path)
    assert (report.stage, report.pid) == ("index", os.getpid())
    assert (report.records, report.bytes, report.outputs, report.unsettled) == (1, 6, 3, 7)
    assert report.slowest_batch_seconds == 0.5
    assert report.cpu_seconds > 0


def test_a_new_report_takes_the_place_of_the_last(tmp_path: Path, clock: MovableClock) -> None:
    meter = Meter("index", clock)
    write_report(tmp_path, meter.report(0))
    meter.retry(ValueError("half a pair: \ud83d"))
    clock.advance(SECOND)
    write_report(tmp_path, meter.report(0))
    (report,) = read_reports(tmp_path)
    assert report.retries == 1
    assert report.last_error == r"ValueError: half a pair: \ud83d"
    assert report.last_error_at == clock.now() - SECOND


def test_the_slowest_batch_is_that_since_the_last_report(clock: MovableClock) -> None:
    meter = Meter("index", clock)
    meter.batch([], 0, 2.0)
    meter.batch([], 0, 1.0)
    assert meter.report(0).slowest_batch_seconds == 2.0
    assert meter.report(0).slowest_batch_seconds == 0.0


def test_a_process_that_fell_silent_is_stale(clock: MovableClock) -> None:
    report = Meter("index", clock).report(0)
    assert not report.is_stale(clock.now() + 5 * SECOND)
    assert report.is_stale(clock.now() + 60 * SECOND)


def test_what_is_no_report_is_left_out(tmp_path: Path, clock: MovableClock) -> None:
    write_report(tmp_path, Meter("index", clock).report(0))
    (tmp_path / "match-1.json").write_text("{", encoding="utf-8")
    (tmp_path / "match-2.json").write_text('{"stage": 5}', encoding="utf-8")
    assert [report.stage for report in read_reports(tmp_path)] == ["index"]


def test_a_folder_that_is_gone_stops_nobody(tmp_path: Path, clock: MovableClock) -> None:
    gone = tmp_path / "gone"
    write_report(gone, Meter("index", clock).report(0))
    assert read_reports(gone) == []


def test_a_new_pipeline_starts_without_old_reports(tmp_path: Path, clock: MovableClock) -> None:
    write_report(tmp_path, Meter("index", clock).report(0))
    clear_reports(tmp_path)
    assert read_reports(tmp_path) == []
