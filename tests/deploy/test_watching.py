"""Alert rules and the dashboard ask only for what is shown, and agree with `tocsin status`."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from deploy import dashboard
from desk import verdict
from observe.pipeline_metrics import METRICS
from observe.stage_metrics import HISTOGRAMS, NUMBERS
from tests.deploy.files import DEPLOY, METRIC, STAGES, load

RULES: list[dict[str, Any]] = [
    rule
    for group in load(DEPLOY / "prometheus" / "alerts.yml")["groups"]
    for rule in group["rules"]
]
PANELS = [panel for panel in dashboard.dashboard()["panels"] if panel["type"] != "row"]
LABELS = {
    **{number.name: {"stage"} for number in NUMBERS},
    **{f"{h.name}_bucket": {"stage", "le"} for h in HISTOGRAMS},
    **{metric.name: set(metric.labels) for metric in METRICS},
}
OF_PROMETHEUS = {"instance", "job"}
GROUPED = re.compile(r"by \(([a-z, ]+)\)")


def expressions() -> list[str]:
    """Every question that is asked of Prometheus."""
    asked = [target["expr"] for panel in PANELS for target in panel["targets"]]
    return asked + [rule["expr"] for rule in RULES]


@pytest.mark.parametrize("expression", expressions())
def test_a_question_is_about_metrics_that_are_shown(expression: str) -> None:
    """tests/observe/ finds the same names on the page of a running stage."""
    names = set(METRIC.findall(expression))
    assert names <= LABELS.keys()
    labels = set.union(OF_PROMETHEUS, *(LABELS[name] for name in names))
    for grouping in GROUPED.findall(expression):
        assert set(grouping.split(", ")) <= labels


def test_every_metric_of_the_whole_and_every_histogram_is_asked_for() -> None:
    asked = {name for expression in expressions() for name in METRIC.findall(expression)}
    unasked = {name for name in LABELS if name not in asked}
    assert unasked == {
        "tocsin_batches_total",
        "tocsin_unsettled_records",
        "tocsin_oldest_in_hand_seconds",
        "tocsin_stage_started_timestamp_seconds",
        "tocsin_source_posts",
        "tocsin_source_since_timestamp_seconds",
        "tocsin_dead_letters_kept",
    }


def test_every_alarm_says_where_and_what_to_do() -> None:
    for rule in RULES:
        assert rule["labels"]["severity"] in ("high", "medium")
        assert {"summary", "action"} == rule["annotations"].keys()
        labels = set(re.findall(r"\$labels\.([a-z]+)", str(rule["annotations"])))
        for name in METRIC.findall(rule["expr"]):
            assert labels <= LABELS[name] | OF_PROMETHEUS


def test_alarms_and_status_have_the_same_limits() -> None:
    expression = {rule["alert"]: rule["expr"] for rule in RULES}
    assert expression["PostsLate"].endswith(f"> {verdict.OLDEST_SECONDS}")
    assert float(expression["DiskLow"].rpartition("<")[2]) == verdict.DISK_FREE_BYTES


def test_prometheus_asks_every_stage() -> None:
    jobs = {
        job["job_name"]: job
        for job in load(DEPLOY / "prometheus" / "prometheus.yml")["scrape_configs"]
    }
    (discovery,) = jobs["tocsin"]["dns_sd_configs"]
    assert discovery["names"] == list(STAGES)
    assert discovery["port"] == 9464


def test_the_dashboard_in_its_file_is_current() -> None:
    """`make docs` writes it."""
    assert dashboard.FILE.read_text(encoding="utf-8") == dashboard.text()


def test_panels_do_not_lie_on_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard.dashboard()["panels"]:
        where = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(where["x"], where["x"] + where["w"])
            for y in range(where["y"], where["y"] + where["h"])
        }
        assert not cells & taken, panel["title"]
        assert where["x"] + where["w"] <= dashboard.WIDTH
        taken |= cells


def test_the_data_source_is_the_one_that_is_provisioned() -> None:
    (source,) = load(DEPLOY / "grafana/provisioning/datasources/prometheus.yml")["datasources"]
    (provider,) = load(DEPLOY / "grafana/provisioning/dashboards/tocsin.yml")["providers"]
    assert {panel["datasource"]["uid"] for panel in PANELS} == {source["uid"]}
    compose = load(DEPLOY.parent / "docker-compose.yml")
    folder = provider["options"]["path"]
    assert f"./deploy/grafana/dashboards:{folder}:ro" in compose["services"]["grafana"]["volumes"]
    assert json.loads(dashboard.text())["uid"] == "tocsin"
