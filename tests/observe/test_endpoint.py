"""The page that Prometheus reads."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from contextlib import closing
from urllib.error import HTTPError
from urllib.request import urlopen

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bus.distribution import BOUNDS, Distribution
from bus.metrics import StageReport
from desk.health import Backlog, Health, StageHealth
from model.clock import HOUR, SECOND, MovableClock
from model.coverage import CoverageInterval
from model.errors import ConfigurationError
from observe.endpoint import Endpoint
from observe.page import SILENT_AFTER, Page

NOW = 1_000_000 * SECOND
LOOPBACK = "127.0.0.1"

REPORT = StageReport(
    stage="index",
    pid=1,
    started_at=NOW - HOUR,
    updated_at=NOW,
    records=7,
    dead=2,
    oldest_at=NOW - 3 * SECOND,
    post_times=Distribution((1, 2, *[0] * (len(BOUNDS) - 2), 4), 50_000.0),
)
STAGE = StageHealth(
    stage="index",
    processes=1,
    records=7,
    rate=2.0,
    lag=5,
    p50_seconds=0.1,
    p99_seconds=0.2,
    retries=0,
    dead=2,
    memory_bytes=1,
    cpu_seconds=1.0,
    last_error="",
)
HEALTH = Health(
    at=NOW,
    stages=(STAGE,),
    backlogs=(
        Backlog("index", "posts.enriched", 5, NOW - 9 * SECOND),
        Backlog("match", "posts.enriched", None, None),
    ),
    coverage=(CoverageInterval(source="feeds:a", state="blind", since=NOW - HOUR, posts=3),),
    dead_letters=2,
    deliveries_waiting=1,
    disk_free=10**9,
)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(NOW)


@pytest.fixture
def page(clock: MovableClock) -> Page:
    return Page(clock)


@pytest.fixture
def endpoint(page: Page) -> Iterator[Endpoint]:
    with closing(Endpoint(page, LOOPBACK, 0)) as endpoint:
        yield endpoint


def ask(endpoint: Endpoint, path: str) -> tuple[int, str]:
    try:
        with urlopen(f"http://{LOOPBACK}:{endpoint.port}{path}", timeout=60) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def values(text: str) -> dict[tuple[str, ...], float]:
    """Every sample by its name and the values of its labels, in the order of their names."""
    return {
        (sample.name, *(sample.labels[label] for label in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_the_last_report_is_shown(page: Page, endpoint: Endpoint) -> None:
    page.report(msgspec.structs.replace(REPORT, records=1))
    page.report(REPORT)
    status, text = ask(endpoint, "/metrics")
    shown = values(text)
    assert status == 200
    assert shown["tocsin_records_total", "index"] == 7
    assert shown["tocsin_dead_letters_total", "index"] == 2
    assert shown["tocsin_oldest_in_hand_seconds", "index"] == 3


def test_a_histogram_counts_upwards(page: Page, endpoint: Endpoint) -> None:
    page.report(REPORT)
    shown = values(ask(endpoint, "/metrics")[1])
    assert shown["tocsin_post_seconds_bucket", "0.001", "index"] == 1
    assert shown["tocsin_post_seconds_bucket", "0.0025", "index"] == 3
    assert shown["tocsin_post_seconds_bucket", "7200.0", "index"] == 3
    assert shown["tocsin_post_seconds_bucket", "+Inf", "index"] == 7
    assert shown["tocsin_post_seconds_count", "index"] == 7
    assert shown["tocsin_post_seconds_sum", "index"] == 50_000


def test_the_whole_is_shown_with_what_is_dead(page: Page, endpoint: Endpoint) -> None:
    page.health(HEALTH)
    shown = values(ask(endpoint, "/metrics")[1])
    assert shown["tocsin_lag_records", "index", "posts.enriched"] == 5
    assert ("tocsin_lag_records", "match", "posts.enriched") not in shown  # damage hides it
    assert shown["tocsin_oldest_unhandled_seconds", "index", "posts.enriched"] == 9
    assert shown["tocsin_source_state", "feeds:a", "blind"] == 1
    assert shown["tocsin_source_state", "feeds:a", "live"] == 0
    assert shown[("tocsin_deliveries_waiting",)] == 1


def test_a_process_that_falls_silent_is_not_well(
    page: Page, endpoint: Endpoint, clock: MovableClock
) -> None:
    assert ask(endpoint, "/health")[0] == 503
    page.report(REPORT)
    assert ask(endpoint, "/health") == (200, "well\n")
    clock.advance(SILENT_AFTER)
    assert ask(endpoint, "/health") == (503, "silent\n")


def test_nothing_else_is_there(endpoint: Endpoint) -> None:
    assert ask(endpoint, "/")[0] == 404


def test_processes_of_one_machine_find_a_port_each(page: Page, endpoint: Endpoint) -> None:
    with closing(Endpoint(page, LOOPBACK, endpoint.port)) as second:
        assert second.port > endpoint.port
        page.report(REPORT)
        assert ask(endpoint, "/health") == ask(second, "/health") == (200, "well\n")


def test_an_address_of_another_machine_is_refused_by_name(page: Page) -> None:
    with pytest.raises(ConfigurationError, match=r"192\.0\.2\.1.*metrics\.address"):
        Endpoint(page, "192.0.2.1", 9_464)


def test_no_free_port_is_said_to_be_the_matter(page: Page) -> None:
    with socket.socket() as taken:
        with contextlib.suppress(OSError):  # somebody else may have taken it for us
            taken.bind((LOOPBACK, 65_535))
            taken.listen()
        with pytest.raises(ConfigurationError, match=r"no port is free.*metrics\.port"):
            Endpoint(page, LOOPBACK, 65_535)
