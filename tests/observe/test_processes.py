"""A running pipeline, watched: every process answers, and one post has one trace."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bus.metrics import StageReport, read_reports
from observe.pipeline_metrics import METRICS
from observe.stage_metrics import HISTOGRAMS, NUMBERS
from tests.observe.receiver import Receiver
from tests.pipelines import EVENING, Tocsin

PATIENCE = 120.0
STAGES = {"enrich", "index", "match", "window", "deliver"}


class Watched(msgspec.Struct, frozen=True):
    """A pipeline that has taken in the demo evening, its receiver and its first port."""

    tocsin: Tocsin
    receiver: Receiver
    port: int

    def reports(self) -> dict[str, StageReport]:
        """A report of each stage."""
        return {report.stage: report for report in read_reports(self.tocsin.state / "run")}


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """A pipeline on a state folder of its own; it runs until the last test is done."""
    tocsin = Tocsin(tmp_path_factory.mktemp("watched") / "var")
    port = free_port()
    with Receiver() as receiver:
        environment = tocsin.environment | {
            "TOCSIN_METRICS__PORT": str(port),
            "TOCSIN_TRACES__ENDPOINT": receiver.url,
            "TOCSIN_TRACES__SHARE": "0.05",
            "TOCSIN_LOGS__FORMAT": "json",
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "cli.main", "up"],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            watched = Watched(tocsin, receiver, port)
            eventually(lambda: watched.reports().keys() >= STAGES)
            replay = [sys.executable, "-m", "cli.main", "replay", str(EVENING)]
            subprocess.run(
                [*replay, "--shift-to-now", "--wait"], env=environment, check=True, timeout=240
            )
            yield watched
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(120)


def free_port() -> int:
    """The start of a range in which ports are free; a taken one is stepped over."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return min(port, 65_000)


def eventually(condition: Callable[[], bool]) -> None:
    """Wait for something that must come true."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def page(port: int) -> dict[tuple[str, ...], float]:
    """What a process shows: samples by name and values of the labels."""
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
        text = answer.read().decode()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_every_process_answers_on_a_port_of_its_own(watched: Watched) -> None:
    reports = read_reports(watched.tocsin.state / "run")
    ports = [report.metrics_port for report in reports if report.stage in STAGES]
    assert len(set(ports)) == len(ports) >= len(STAGES)
    for stage in STAGES - {"deliver"}:
        report = watched.reports()[stage]

        def shows(stage: str = stage, port: int = report.metrics_port) -> bool:
            return page(port)["tocsin_records_total", stage] > 0

        eventually(shows)


def test_every_metric_of_a_stage_is_shown(watched: Watched) -> None:
    port = watched.reports()["index"].metrics_port
    eventually(lambda: page(port)["tocsin_post_seconds_count", "index"] > 0)
    shown = {name for name, *_ in page(port)}
    assert {number.name for number in NUMBERS} <= shown
    assert {f"{histogram.name}_bucket" for histogram in HISTOGRAMS} <= shown


def test_the_supervisor_shows_the_whole(watched: Watched) -> None:
    taken = {report.metrics_port for report in read_reports(watched.tocsin.state / "run")}
    ports = [port for port in range(watched.port, max(taken) + 2) if port not in taken]
    whole: list[dict[tuple[str, ...], float]] = []
    for port in ports:
        try:
            shown = page(port)
        except OSError:
            continue
        if ("tocsin_looked_timestamp_seconds",) in shown:
            whole.append(shown)
    assert len(whole) == 1
    assert {metric.name for metric in METRICS} == {name for name, *_ in whole[0]}
    assert whole[0]["tocsin_stage_processes", "index"] == 1


def test_one_post_has_one_trace_through_the_running_stages(watched: Watched) -> None:
    def traces() -> dict[str, dict[str, tuple[str, str]]]:
        found: dict[str, dict[str, tuple[str, str]]] = {}
        for span in watched.receiver.spans:
            if not span.name.endswith("batch"):
                found.setdefault(span.trace, {})[span.name] = (span.span, span.parent)
        return found

    through = {"ingest", "enrich", "index", "match"}
    eventually(lambda: sum(spans.keys() >= through for spans in traces().values()) > 20)
    for spans in traces().values():
        if spans.keys() >= through:
            assert spans["enrich"][1] == spans["ingest"][0]
            assert spans["index"][1] == spans["match"][1] == spans["enrich"][0]
    assert any("window" in spans for spans in traces().values())


def test_the_log_of_a_stage_is_json_with_its_name(watched: Watched) -> None:
    output = watched.tocsin.state / "output" / "index.log"
    lines = [json.loads(line) for line in output.read_text().splitlines()]
    (served,) = [line for line in lines if line["event"] == "metrics are served"]
    assert (served["stage"], served["address"]) == ("index", "127.0.0.1")


def test_status_says_rates_and_times(watched: Watched) -> None:
    rows = watched.tocsin.rows("status")
    stages = {row["stage"]: row for row in rows if row["kind"] == "stage"}
    assert stages.keys() >= STAGES
    assert all(row["lag"] == 0 for row in rows if row["kind"] == "backlog")
    assert "p50" in watched.tocsin.ok("status")


def test_a_stage_that_is_stopped_is_said_to_be_silent(watched: Watched) -> None:
    """The supervisor cannot start again what has not ended: stopped, it neither works nor dies."""
    pid = watched.reports()["match"].pid
    os.kill(pid, signal.SIGSTOP)
    try:
        eventually(lambda: "match is silent" in watched.tocsin.ok("status"))
        assert "All is well" not in watched.tocsin.ok("status")
    finally:
        os.kill(pid, signal.SIGCONT)
    eventually(lambda: "match is silent" not in watched.tocsin.ok("status"))


def test_a_watcher_beside_them_says_what_is_not_well(watched: Watched, tmp_path: Path) -> None:
    environment = watched.tocsin.environment | {"TOCSIN_LOGS__FORMAT": "json"}
    said = tmp_path / "watch.log"
    with said.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli.main", "run", "watch"], env=environment, stderr=out
        )
    pid = watched.reports()["match"].pid
    try:
        os.kill(pid, signal.SIGSTOP)
        eventually(lambda: b"match silent" in said.read_bytes())
        os.kill(pid, signal.SIGCONT)
        eventually(lambda: b"well again" in said.read_bytes())
    finally:
        os.kill(pid, signal.SIGCONT)
        process.terminate()
        assert process.wait(60) == 0
