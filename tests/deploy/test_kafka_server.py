"""A real broker on the stack's own configuration: our certificate opens it, and nothing else."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bus.kafka import KafkaConnection, KafkaLog, KafkaTuning
from bus.port import Outgoing, Retention
from model.clock import SystemClock
from model.errors import LogUnavailable
from model.topics import ALERT_MATCHES
from tests.deploy.files import DEPLOY
from tests.servers.jvm import fetch_classpath, find_java
from tests.servers.kafka import ARTEFACTS, JAVA, VERSION
from tests.servers.need import needed
from tests.servers.ports import LOOPBACK, free_ports
from tests.servers.process import ServerProcess

STARTED = "Kafka Server started"


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("broker") / "secrets"
    subprocess.run([str(DEPLOY / "secrets.sh"), str(folder)], capture_output=True, check=True)
    return folder


@pytest.fixture(scope="module")
def address(secrets: Path) -> Iterator[str]:
    """Where a broker listens that deploy/kafka/start.sh has started, as the container would."""
    folder = secrets.parent
    with needed():
        java = find_java(JAVA)
        classpath = fetch_classpath(f"kafka-{VERSION}", *ARTEFACTS)
    clients, controller, own = free_ports(3)
    moved = {
        "kafka:9092": f"localhost:{clients}",
        "0.0.0.0:9092": f"{LOOPBACK}:{clients}",
        "127.0.0.1:9093": f"{LOOPBACK}:{controller}",
        "127.0.0.1:9094": f"{LOOPBACK}:{own}",
        "/run/secrets": str(secrets),
        "/var/lib/kafka/data": str(folder / "data"),
    }
    text = (DEPLOY / "kafka" / "server.properties").read_text(encoding="utf-8")
    for here, there in moved.items():
        assert here in text, f"{here} is no longer in server.properties"
        text = text.replace(here, there)
    properties = folder / "server.properties"
    properties.write_text(text, encoding="utf-8")
    _programs(folder / "home" / "bin", java, classpath)
    process = ServerProcess(
        ["bash", DEPLOY / "kafka" / "start.sh"],
        log=folder / "kafka.log",
        folder=folder,
        environment=os.environ
        | {
            "KAFKA_HOME": str(folder / "home"),
            "KAFKA_PROPERTIES": str(properties),
            "KAFKA_LOG4J_OPTS": f"-Dlog4j2.configurationFile={DEPLOY / 'kafka' / 'log4j2.xml'}",
        },
    )
    try:
        process.wait_until(lambda: STARTED in process.output())
        yield f"localhost:{clients}"
    finally:
        process.kill()


def _programs(folder: Path, java: Path, classpath: Path) -> None:
    """The two programs of Kafka's distribution that the script calls."""
    folder.mkdir(parents=True)
    for name, main in (
        ("kafka-storage.sh", "-Xmx128m {} kafka.tools.StorageTool"),
        ("kafka-server-start.sh", "-Xmx384m $KAFKA_LOG4J_OPTS {} kafka.Kafka"),
    ):
        call = main.format(f"-cp '{classpath}/*'")
        (folder / name).write_text(f'#!/bin/bash\nexec "{java}" {call} "$@"\n')
        (folder / name).chmod(0o755)


def test_our_certificate_opens_it(address: str, secrets: Path) -> None:
    connection = KafkaConnection(
        bootstrap_servers=(address,),
        security_protocol="SSL",
        ca_file=secrets / "ca.crt",
        certificate_file=secrets / "tocsin.crt",
        key_file=secrets / "tocsin.key",
    )
    with closing(KafkaLog(connection, max_record_bytes=100_000, clock=SystemClock())) as log:
        log.create(ALERT_MATCHES, partitions=1, retention=Retention())
        log.publish([Outgoing(ALERT_MATCHES.name, "k", b"value")])
        assert [r.value for r in log.read(ALERT_MATCHES.name, 0, 0, 10)] == [b"value"]


@pytest.mark.parametrize("protocol", ["SSL", "PLAINTEXT"])
def test_nothing_else_does(address: str, secrets: Path, protocol: str) -> None:
    connection = KafkaConnection(
        bootstrap_servers=(address,),
        security_protocol="SSL" if protocol == "SSL" else "PLAINTEXT",
        ca_file=secrets / "ca.crt" if protocol == "SSL" else None,
    )
    impatient = KafkaTuning(patience_seconds=5.0, connect_seconds=3.0)
    log = KafkaLog(connection, max_record_bytes=100_000, clock=SystemClock(), tuning=impatient)
    with closing(log), pytest.raises(LogUnavailable):
        log.ends(ALERT_MATCHES.name)
