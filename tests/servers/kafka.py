"""A real Apache Kafka in KRaft mode, broker and controller in one process, on loopback."""

from __future__ import annotations

import base64
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.servers.certificates import Certificates, make_certificates
from tests.servers.jvm import fetch_classpath, find_java
from tests.servers.need import needed
from tests.servers.ports import LOOPBACK, free_ports
from tests.servers.process import ServerFailed, ServerProcess

VERSION = "4.3.1"
JAVA = 17
# Without a logging back end for slf4j 1.7 the broker says nothing.
ARTEFACTS = (
    f"org.apache.kafka:kafka_2.13:{VERSION}",
    "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4",
)
HEAP = "512m"
MAX_MESSAGE_BYTES = 8 * 1024 * 1024
USER, PASSWORD = "tocsin-test", "a-password-of-the-tests"

_SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers={host}:{controller}
listeners={listeners}
advertised.listeners={advertised}
listener.security.protocol.map={protocols}
inter.broker.listener.name=PLAIN
controller.listener.names=CONTROLLER
log.dirs={folder}/data
num.network.threads=2
num.io.threads=4
auto.create.topics.enable=false
message.max.bytes={max_message}
log.segment.bytes=67108864
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
# After a kill the controller refuses the new run until the old one's session ends.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
log.cleaner.backoff.ms=200
"""
_SECURITY = """\
ssl.keystore.type=PEM
ssl.keystore.location={server}
ssl.truststore.type=PEM
ssl.truststore.location={authority}
listener.name.card.ssl.client.auth=required
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER
listener.name.login.plain.sasl.jaas.config={modules}.plain.PlainLoginModule required \
user_{user}="{password}";
listener.name.login.scram-sha-256.sasl.jaas.config={modules}.scram.ScramLoginModule required;
listener.name.login.scram-sha-512.sasl.jaas.config={modules}.scram.ScramLoginModule required;
listener.name.login.oauthbearer.sasl.jaas.config=\
{modules}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="{user}";
"""
_MODULES = "org.apache.kafka.common.security"
_LOGGING = """\
<Configuration status="WARN">
  <Appenders><Console name="out"><PatternLayout pattern="[%d] %p %m (%c)%n"/></Console></Appenders>
  <Loggers>
    <Root level="WARN"><AppenderRef ref="out"/></Root>
    <Logger name="kafka.server.KafkaRaftServer" level="INFO"/>
  </Loggers>
</Configuration>
"""
_PROTOCOLS = {"LOGIN": "SASL_SSL", "CARD": "SSL"}
_STARTED = "Kafka Server started"


class Ports(NamedTuple):
    """Where it listens: without security, for its controller, and with ``secure``:
    ``login`` is TLS with a password or token, ``card`` is TLS with a client certificate.

    Who comes in by ``behind_proxy`` is told to connect to ``proxy``, where a test may put
    a proxy.
    """

    plain: int
    controller: int
    behind_proxy: int
    proxy: int
    login: int
    card: int


class KafkaServer:
    """One broker with its data in a folder; ports and data stay the same over restarts.

    ``secure`` adds the listeners ``login`` and ``card``. Raises ServerMissing where Java,
    Maven or openssl is not there.
    """

    def __init__(self, folder: Path, *, secure: bool = False) -> None:
        self._java = find_java(JAVA)
        self._classpath = fetch_classpath(f"kafka-{VERSION}", *ARTEFACTS)
        self._folder = folder
        self.certificates: Certificates | None = (
            make_certificates(folder / "certificates") if secure else None
        )
        self.ports = Ports(*free_ports(6))
        self._settings = folder / "server.properties"
        self._settings.write_text(self._written_settings(), encoding="utf-8")
        (folder / "log4j2.xml").write_text(_LOGGING, encoding="utf-8")
        self._process: ServerProcess | None = None
        self._format()

    @property
    def address(self) -> str:
        """Where clients without security connect."""
        return f"{LOOPBACK}:{self.ports.plain}"

    @property
    def process(self) -> ServerProcess:
        """The run that was started last: to be killed, frozen and thawed."""
        assert self._process is not None, "the broker was never started"
        return self._process

    def start(self) -> None:
        """Start it on its data, unless it runs; returns when it is ready. Raises ServerFailed."""
        if self._process is not None and self._process.alive:
            return
        heap = (f"-Xms{HEAP}", f"-Xmx{HEAP}", "-XX:+UseSerialGC")
        command = self._command(*heap, "kafka.Kafka", str(self._settings))
        process = ServerProcess(command, log=self._folder / "kafka.log", folder=self._folder)
        self._process = process
        process.wait_until(lambda: _STARTED in process.output())

    def restore(self) -> None:
        """Whatever a test did to it: let it run again."""
        if self.process.alive:
            self.process.thaw()
        self.start()

    def close(self) -> None:
        """End it and delete its data. Safe to call twice."""
        if self._process is not None:
            self._process.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _format(self) -> None:
        cluster = base64.urlsafe_b64encode(b"\0" + uuid.uuid4().bytes[1:]).decode()[:22]
        arguments = ["format", "--standalone", "-t", cluster, "-c", str(self._settings)]
        for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512") if self.certificates else ():
            arguments += ["--add-scram", f"{mechanism}=[name={USER},password={PASSWORD}]"]
        command = self._command("-Xmx128m", "kafka.tools.StorageTool", *arguments)
        result = subprocess.run(
            command, cwd=self._folder, capture_output=True, text=True, timeout=120, check=False
        )
        if result.returncode:
            raise ServerFailed(f"kafka could not be formatted:\n{result.stdout}{result.stderr}")

    def _command(self, *arguments: str) -> list[str]:
        logging = f"-Dlog4j2.configurationFile={self._folder / 'log4j2.xml'}"
        return [str(self._java), logging, "-cp", f"{self._classpath}/*", *arguments]

    def _written_settings(self) -> str:
        names = {
            "PLAIN": self.ports.plain,
            "CONTROLLER": self.ports.controller,
            "PROXIED": self.ports.behind_proxy,
        }
        if self.certificates:
            names |= {"LOGIN": self.ports.login, "CARD": self.ports.card}
        text = _SETTINGS.format(
            host=LOOPBACK,
            controller=self.ports.controller,
            protocols=",".join(f"{name}:{_PROTOCOLS.get(name, 'PLAINTEXT')}" for name in names),
            listeners=_addresses(names),
            advertised=_addresses(names | {"PROXIED": self.ports.proxy}),
            folder=self._folder,
            max_message=MAX_MESSAGE_BYTES,
        )
        if self.certificates:
            text += _SECURITY.format(
                server=self.certificates.server.both,
                authority=self.certificates.authority,
                modules=_MODULES,
                user=USER,
                password=PASSWORD,
            )
        return text


def _addresses(ports: Mapping[str, int]) -> str:
    return ",".join(f"{name}://{LOOPBACK}:{port}" for name, port in ports.items())


def start_kafka(*, secure: bool = False) -> KafkaServer:
    """A broker that is ready, in a folder of its own. Raises ServerMissing and ServerFailed."""
    folder = Path(tempfile.mkdtemp(prefix="tocsin-kafka-"))
    try:
        server = KafkaServer(folder, secure=secure)
        server.start()
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return server


@pytest.fixture(scope="session")
def kafka_server() -> Iterator[KafkaServer]:
    """The broker of this test run, with every listener; started when first asked for.

    A test that disturbs it must restore it.
    """
    with needed():
        server = start_kafka(secure=True)
    yield server
    server.close()
