"""The helpers that start real servers do what the tests which use them rely on."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.servers.jvm import find_java
from tests.servers.kafka import KafkaServer
from tests.servers.need import MARK, ServerMissing, needed
from tests.servers.ports import free_ports, listens
from tests.servers.process import ServerFailed, ServerProcess

SLEEPER = [sys.executable, "-c", "print('up', flush=True); import time; time.sleep(600)"]
PATIENCE = 60.0


def test_a_missing_server_fails_in_ci_and_is_skipped_aloud_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=f"{MARK}.*no such thing"), needed():
        raise ServerMissing("no such thing")
    monkeypatch.delenv("CI")
    with pytest.raises(pytest.skip.Exception, match=f"{MARK}.*no such thing"), needed():
        raise ServerMissing("no such thing")


def test_a_java_of_the_far_future_is_missing() -> None:
    with pytest.raises(ServerMissing, match="Java 999"):
        find_java(999)


def test_ports_are_distinct_and_nobody_listens() -> None:
    ports = free_ports(20)
    assert len(set(ports)) == 20
    assert not any(listens(port) for port in ports)


def test_a_server_that_ends_is_reported_with_its_last_words(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no room on the disk')"]
    process = ServerProcess(command, log=tmp_path / "s.log", folder=tmp_path)
    with pytest.raises(ServerFailed, match="no room on the disk"):
        process.wait_until(lambda: False)


def test_a_frozen_server_goes_on_when_thawed_and_dies_when_killed(tmp_path: Path) -> None:
    process = ServerProcess(SLEEPER, log=tmp_path / "s.log", folder=tmp_path)
    process.wait_until(lambda: "up" in process.output())
    process.freeze()
    assert process.alive
    process.thaw()
    process.stop()
    assert not process.alive
    process.kill()


def test_no_server_outlives_a_run_that_is_killed(tmp_path: Path) -> None:
    script = (
        "import pathlib, time; from tests.servers.process import ServerProcess;"
        f"folder = pathlib.Path({str(tmp_path)!r});"
        f"process = ServerProcess({SLEEPER!r}, log=folder / 's.log', folder=folder);"
        "process.wait_until(lambda: 'up' in process.output());"
        "print(process.pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as run:
        assert run.stdout is not None
        pid = int(run.stdout.readline())
        run.kill()
    deadline = time.monotonic() + PATIENCE
    while _runs(pid):
        assert time.monotonic() < deadline, "the server lives on"
        time.sleep(0.02)


def test_kafka_comes_back_on_the_same_port_after_a_kill(kafka_server: KafkaServer) -> None:
    port = kafka_server.ports.plain
    kafka_server.process.kill()
    assert not listens(port)
    kafka_server.restore()
    assert listens(port)
    assert listens(kafka_server.ports.login)


def _runs(pid: int) -> bool:
    """Whether the process is there and is no mere entry that waits for its parent."""
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return state.stdout.strip()[:1] not in ("", "Z")
