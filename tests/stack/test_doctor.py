"""The doctor names the server that is away or refuses, and says what to do."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from cli.doctor import examine
from cli.findings import Finding
from cli.wiring import Wiring
from config.settings import read_settings
from tests.servers.kafka import USER as KAFKA_USER
from tests.servers.ports import free_ports
from tests.servers.process import ServerProcess
from tests.stack.conftest import Stack

PATIENCE_SECONDS = 30.0
"""Longer than a server that is well can take on a busy machine."""

SHORT_SECONDS = 4.0
"""For a server that will not answer however long one waits. A busy machine may make others
miss it too, so that nothing is said of those."""

SERVERS = {"PostgreSQL", "Kafka", "Elasticsearch"}


@pytest.fixture
def settings(
    stack: Stack, gazetteer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> pytest.MonkeyPatch:
    """The variables of a stack that is well."""
    shutil.copytree(gazetteer, tmp_path / "var" / "cache")
    monkeypatch.setenv("TOCSIN_STATE", str(tmp_path / "var"))
    for name, value in stack.settings().items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def findings(patience_seconds: float = PATIENCE_SECONDS) -> list[Finding]:
    """What the doctor finds with the variables as they are."""
    with closing(Wiring(read_settings(), patience_seconds=patience_seconds)) as wiring:
        return list(examine(wiring))


def wrong(found: list[Finding]) -> dict[str, Finding]:
    """The first wrong finding of each server."""
    return {f.what: f for f in reversed(found) if f.verdict == "wrong" and f.what in SERVERS}


@contextmanager
def frozen(process: ServerProcess) -> Iterator[None]:
    """The server keeps its connections and answers nothing."""
    process.freeze()
    try:
        yield
    finally:
        process.thaw()


def test_a_stack_that_is_well(settings: pytest.MonkeyPatch) -> None:
    found = findings()
    assert wrong(found) == {}
    well = {finding.what: finding.detail for finding in found if finding.verdict == "well"}
    assert set(well) >= SERVERS
    assert "version 9" in str([f.detail for f in found if f.what == "Elasticsearch"])
    assert "brokers" in well["Kafka"]


def test_postgresql_that_is_away(settings: pytest.MonkeyPatch, stack: Stack) -> None:
    try:
        stack.postgresql.stop()
        found = findings()
    finally:
        stack.postgresql.restore()
    assert set(wrong(found)) == {"PostgreSQL"}
    assert "127.0.0.1" in wrong(found)["PostgreSQL"].detail
    assert "runs" in wrong(found)["PostgreSQL"].remedy
    assert {"Kafka", "Elasticsearch"} <= {f.what for f in found if f.verdict == "well"}


def test_postgresql_that_does_not_answer(settings: pytest.MonkeyPatch, stack: Stack) -> None:
    with frozen(stack.postgresql.process):
        found = wrong(findings(SHORT_SECONDS))
    assert "timeout" in found["PostgreSQL"].detail
    assert "runs" in found["PostgreSQL"].remedy


def test_a_password_that_postgresql_refuses(settings: pytest.MonkeyPatch) -> None:
    settings.setenv("TOCSIN_STORE__PASSWORD", "s3cret")
    finding = wrong(findings())["PostgreSQL"]
    assert "password authentication failed" in finding.detail
    assert "store.password" in finding.remedy
    assert "s3cret" not in str(finding)


def test_kafka_that_is_away(settings: pytest.MonkeyPatch) -> None:
    settings.setenv("TOCSIN_KAFKA__BOOTSTRAP_SERVERS", f"127.0.0.1:{free_ports(1)[0]}")
    found = wrong(findings(SHORT_SECONDS))
    assert "refused" in found["Kafka"].detail
    assert "brokers run" in found["Kafka"].remedy


def test_kafka_that_does_not_answer(settings: pytest.MonkeyPatch, stack: Stack) -> None:
    with frozen(stack.kafka.process):
        found = wrong(findings(SHORT_SECONDS))
    assert found["Kafka"].remedy


def test_a_password_that_kafka_refuses(settings: pytest.MonkeyPatch, stack: Stack) -> None:
    assert stack.kafka.certificates is not None
    section = {
        "BOOTSTRAP_SERVERS": f"127.0.0.1:{stack.kafka.ports.login}",
        "SECURITY_PROTOCOL": "SASL_SSL",
        "SASL_MECHANISM": "PLAIN",
        "CA_FILE": str(stack.kafka.certificates.authority),
        "USERNAME": KAFKA_USER,
        "PASSWORD": "s3cret",
    }
    for name, value in section.items():
        settings.setenv(f"TOCSIN_KAFKA__{name}", value)
    found = wrong(findings())
    assert set(found) == {"Kafka"}
    assert "s3cret" not in str(found)
    settings.setenv("TOCSIN_KAFKA__PASSWORD", "a-password-of-the-tests")
    assert wrong(findings()) == {}


def test_elasticsearch_that_is_away(settings: pytest.MonkeyPatch) -> None:
    settings.setenv("TOCSIN_ELASTICSEARCH__URL", f"http://127.0.0.1:{free_ports(1)[0]}")
    found = wrong(findings())
    assert set(found) == {"Elasticsearch"}
    assert "it runs" in found["Elasticsearch"].remedy


def test_elasticsearch_that_does_not_answer(settings: pytest.MonkeyPatch, stack: Stack) -> None:
    with frozen(stack.elastic.process):
        found = wrong(findings(SHORT_SECONDS))
    assert found["Elasticsearch"].remedy


def test_topics_that_are_not_as_the_settings_say(settings: pytest.MonkeyPatch) -> None:
    findings()
    settings.setenv("TOCSIN_KAFKA__PARTITIONS", "3")
    what = {finding.what: finding for finding in findings() if finding.verdict != "well"}
    assert "2 partitions" in what["topic posts.raw"].detail
    assert "kafka.partitions" in what["topic posts.raw"].remedy
