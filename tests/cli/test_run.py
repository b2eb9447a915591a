"""``tocsin run`` as a service manager sees it: it stays, reports, and ends when asked."""

from __future__ import annotations

import subprocess
import sys
import time

from bus.metrics import StageReport, read_reports
from tests.pipelines import Tocsin

PATIENCE = 120.0


def test_a_collector_without_a_source_stays_until_it_is_asked_to_end(empty: Tocsin) -> None:
    """Whoever keeps processes alive would otherwise start it again and again."""
    config = empty.config / "sources.yaml"
    assert "sources: []" in config.read_text(encoding="utf-8"), "none is authorised as shipped"
    with subprocess.Popen(
        [sys.executable, "-m", "cli.main", "run", "ingest"],
        env=empty.environment,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            first = _report(empty)
            deadline = time.monotonic() + PATIENCE
            while _report(empty).updated_at == first.updated_at:
                assert time.monotonic() < deadline, "it no longer reports"
                time.sleep(0.1)
            assert process.poll() is None
        finally:
            process.terminate()
        said = process.communicate(timeout=PATIENCE)[1].decode()
    assert process.returncode == 0
    assert "no source is left to collect from" in said


def _report(tocsin: Tocsin) -> StageReport:
    deadline = time.monotonic() + PATIENCE
    while not (reports := read_reports(tocsin.state / "run")):
        assert time.monotonic() < deadline, "it never reported"
        time.sleep(0.1)
    return reports[0]


def test_no_other_word_is_a_stage(empty: Tocsin) -> None:
    assert "there is no stage 'watching'" in empty.fails("run", "watching")
