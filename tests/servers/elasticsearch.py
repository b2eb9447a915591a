"""A real Elasticsearch of one node on loopback, from the archive that its own tests use.

That archive lacks the module that answers ``GET /``, so readiness is asked of the
cluster's health. Elasticsearch refuses to run as root; root hands it to a user of its own.
"""

from __future__ import annotations

import base64
import os
import shutil
import ssl
import subprocess
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.elastic import ElasticConnection
from tests.servers.certificates import Certificates, make_certificates
from tests.servers.jvm import fetch_artefact, find_java
from tests.servers.need import needed
from tests.servers.ports import LOOPBACK, free_ports
from tests.servers.process import ServerFailed, ServerProcess

VERSION = "9.5.3"
JAVA = 21
ARTEFACT = f"org.elasticsearch.distribution.integ-test-zip:elasticsearch:{VERSION}:zip"
HEAP, LARGE_HEAP = "512m", "1g"
DEFAULT_PRESSURE, LOW_PRESSURE = "10%", "3mb"
USER, PASSWORD = "elastic", "a-password-of-the-tests"
SERVER_UID = 10_001
"""As whom it runs where the tests run as root; no such user need exist."""

_SETTINGS = """\
cluster.name: tocsin-test
node.name: one
discovery.type: single-node
http.host: {host}
http.port: {http}
transport.host: {host}
transport.port: {transport}
path.data: {folder}/data
path.logs: {folder}/logs
cluster.routing.allocation.disk.threshold_enabled: false
xpack.security.enabled: {secure}
indexing_pressure.memory.limit: {pressure}
"""
_TLS = """\
xpack.security.http.ssl.enabled: true
xpack.security.http.ssl.certificate: {certificate}
xpack.security.http.ssl.key: {key}
"""
_JVM = """\
-Xms{heap}
-Xmx{heap}
-XX:-AlwaysPreTouch
-XX:+ExitOnOutOfMemoryError
-Djava.io.tmpdir={folder}/tmp
-Dorg.apache.lucene.store.defaultReadAdvice=normal
-Dorg.apache.lucene.store.MMapDirectory.sharedArenaMaxPermits=1
--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED
--add-modules=jdk.incubator.vector
"""
_BRISK = "-XX:+UseSerialGC\n-XX:TieredStopAtLevel=1\n"
"""Ready sooner and quick at once, where a server that runs for days would be slower."""

_LASTING = "-XX:+UseG1GC\n"
_LOGGING = """\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}] %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
"""


class ElasticServer:
    """One node with its data in a folder; port and data stay the same over restarts.

    ``secure`` turns on passwords and TLS; ``lasting`` makes it as fast as it can become, for
    measurements. Requests that hold more than ``pressure`` together
    are answered with 429. Raises ServerMissing where Java, Maven or
    openssl is not there.
    """

    def __init__(
        self,
        folder: Path,
        *,
        secure: bool = False,
        lasting: bool = False,
        pressure: str = DEFAULT_PRESSURE,
    ) -> None:
        self._java = find_java(JAVA)
        archive = fetch_artefact(f"elasticsearch-{VERSION}", ARTEFACT)
        folder.chmod(0o755)
        self._folder = folder
        self._pressure = pressure
        self._home = _unpacked(archive, folder)
        self._config = folder / "config"
        for needed_folder in (self._config, folder / "tmp"):
            needed_folder.mkdir()
        self.certificates: Certificates | None = (
            make_certificates(self._config / "certificates") if secure else None
        )
        self._http, self._transport = free_ports(2)
        heap, more = (LARGE_HEAP, _LASTING) if lasting else (HEAP, _BRISK)
        (self._config / "jvm.options").write_text(_JVM.format(heap=heap, folder=folder) + more)
        (self._config / "log4j2.properties").write_text(_LOGGING)
        self._process: ServerProcess | None = None
        self._configure()
        if secure:
            self._set_password()

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"{'https' if self.certificates else 'http'}://{LOOPBACK}:{self._http}"

    @property
    def process(self) -> ServerProcess:
        """The run that was started last: to be killed, frozen and thawed."""
        assert self._process is not None, "the node was never started"
        return self._process

    def connection(self, prefix: str, **options: object) -> ElasticConnection:
        """How it is reached, for indices under a prefix."""
        if self.certificates:
            known = {"username": USER, "password": PASSWORD}
            options = {**known, "ca_file": self.certificates.authority, **options}
        return ElasticConnection(
            urls=(self.url,),
            prefix=prefix,
            **options,  # type: ignore[arg-type]  # the tests name the fields
        )

    def start(self) -> None:
        """Start it on its data, unless it runs; returns when it is ready. Raises ServerFailed."""
        if self._process is not None and self._process.alive:
            return
        command = [*_as_another_user(self._folder), str(self._home / "bin" / "elasticsearch")]
        process = ServerProcess(
            command,
            log=self._folder / "elasticsearch.log",
            folder=self._folder,
            environment=self._environment(),
        )
        self._process = process
        process.wait_until(self._is_ready, 240.0)

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

    def _configure(self) -> None:
        text = _SETTINGS.format(
            host=LOOPBACK,
            http=self._http,
            transport=self._transport,
            folder=self._folder,
            secure=str(self.certificates is not None).lower(),
            pressure=self._pressure,
        )
        if self.certificates:
            server = self.certificates.server
            text += _TLS.format(certificate=server.certificate, key=server.key)
        (self._config / "elasticsearch.yml").write_text(text)

    def _set_password(self) -> None:
        for arguments, said in ((["create"], ""), (["add", "-x", "bootstrap.password"], PASSWORD)):
            result = subprocess.run(
                [
                    *_as_another_user(self._folder),
                    self._home / "bin" / "elasticsearch-keystore",
                    *arguments,
                ],
                env=self._environment(),
                input=said,
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            if result.returncode:
                raise ServerFailed(f"no password could be set:\n{result.stdout}{result.stderr}")

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        return kept | {
            "ES_JAVA_HOME": str(self._java.parent.parent),
            "ES_PATH_CONF": str(self._config),
            "ES_TMPDIR": str(self._folder / "tmp"),
            "HOME": str(self._folder),
        }

    def _is_ready(self) -> bool:
        address = f"{self.url}/_cluster/health?wait_for_status=yellow&timeout=1s"
        request = urllib.request.Request(address)
        trust = None
        if self.certificates:
            login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
            request.add_header("Authorization", f"Basic {login}")
            trust = ssl.create_default_context(cafile=str(self.certificates.authority))
        try:
            with urllib.request.urlopen(request, timeout=5.0, context=trust) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def start_elasticsearch(
    *, secure: bool = False, lasting: bool = False, pressure: str = DEFAULT_PRESSURE
) -> ElasticServer:
    """A node that is ready, in a folder of its own. Raises ServerMissing and ServerFailed."""
    folder = Path(tempfile.mkdtemp(prefix="tocsin-elastic-"))
    try:
        server = ElasticServer(folder, secure=secure, lasting=lasting, pressure=pressure)
        server.start()
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return server


@pytest.fixture(scope="session")
def elastic_server() -> Iterator[ElasticServer]:
    """The node of this test run, without security; started when first asked for.

    A test that disturbs it must restore it, and every test has a prefix of its own.
    """
    with needed():
        server = start_elasticsearch(pressure=LOW_PRESSURE)
    yield server
    server.close()


def _unpacked(archive: Path, folder: Path) -> Path:
    """The program, with the rights to execute that zip files keep and Python forgets."""
    with zipfile.ZipFile(next(archive.glob("*.zip"))) as packed:
        for member in packed.infolist():
            written = Path(packed.extract(member, folder))
            if member.external_attr >> 16 & 0o111 and not member.is_dir():
                written.chmod(0o755)
    return folder / f"elasticsearch-{VERSION}"


def _as_another_user(folder: Path) -> list[str]:
    """What a command is started with where the tests run as root."""
    if os.geteuid() != 0:
        return []
    for path in (folder, *folder.rglob("*")):
        os.chown(path, SERVER_UID, SERVER_UID, follow_symlinks=False)
    user = (f"--reuid={SERVER_UID}", f"--regid={SERVER_UID}")
    return ["setpriv", *user, "--clear-groups", "--inh-caps=-all"]
