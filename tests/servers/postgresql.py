"""A real PostgreSQL on loopback: the installed programs on a cluster in a temporary folder.

Its user has a password, so that wrong ones can be tried. It sorts text as a language does
and not by bytes, as most servers in the field do.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from store.engine import open_store
from tests.servers.need import ServerMissing, needed
from tests.servers.ports import LOOPBACK, free_ports
from tests.servers.process import ServerFailed, ServerProcess

USER = "tocsin"
SECONDS = 60.0
_DEBIAN = Path("/usr/lib/postgresql")
_ACCOUNTS = ("postgres", "nobody")
_LOCALE = ("--encoding=UTF8", "--locale-provider=icu", "--icu-locale=en-GB")
_SETTINGS = {
    "listen_addresses": LOOPBACK,
    "fsync": "off",  # what is killed here is the server and never the machine
    "max_connections": "60",
    "shared_buffers": "32MB",
    "lc_messages": "C",
}


class PostgresServer:
    """One server with its data in a folder; port and data stay the same over restarts.

    Raises ServerMissing where PostgreSQL is not installed.
    """

    def __init__(self, folder: Path) -> None:
        self._programs = _find_programs()
        self._folder = folder
        self._data = folder / "data"
        self._account = _account()
        self.port = free_ports(1)[0]
        self.password = secrets.token_hex(8)
        self._process: ServerProcess | None = None
        self._names = count()
        self._create()

    @property
    def process(self) -> ServerProcess:
        """The run that was started last. Freezing it stops new connections alone."""
        assert self._process is not None, "the server was never started"
        return self._process

    def start(self) -> None:
        """Start it on its data, unless it runs; returns when it answers. Raises ServerFailed."""
        deadline = time.monotonic() + SECONDS
        while self._process is None or not self._process.alive:
            settings = [f"--{name}={value}" for name, value in _SETTINGS.items()]
            settings.append(f"--unix_socket_directories={self._folder}")
            command = self._command("postgres", "-D", self._data, "-p", self.port, *settings)
            process = ServerProcess(
                command, log=self._folder / "postgresql.log", folder=self._folder
            )
            try:
                process.wait_until(self._answers, SECONDS)
            except ServerFailed:
                # The helpers of a server that was killed take a moment to notice.
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            self._process = process

    def stop(self) -> None:
        """Stop it as an administrator does: connections are cut, nothing is lost."""
        os.kill(self.process.pid, signal.SIGINT)
        deadline = time.monotonic() + SECONDS
        while self.process.alive and time.monotonic() < deadline:
            time.sleep(0.02)
        self.process.kill()

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

    def url(self, database: str, *, password: str | None = None) -> str:
        """SQLAlchemy's address of a database."""
        word = self.password if password is None else password
        return f"postgresql+psycopg://{USER}:{word}@{LOOPBACK}:{self.port}/{database}"

    def database(self, template: str = "template1") -> str:
        """The address of a new database, a copy of the template."""
        name = f"tocsin_{next(self._names)}"
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        with self.connect() as connection:
            connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
        return self.url(name)

    def emptied(self, database: str, tables: Sequence[str]) -> str:
        """The address of a database in which nothing is left in these tables."""
        statement = sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(map(sql.Identifier, tables)))
        with self.connect(database) as connection:
            connection.execute(statement)
        return self.url(database)

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """An administrator's connection, each statement on its own."""
        address = self.url(database).replace("+psycopg", "")
        return psycopg.connect(address, autocommit=True, connect_timeout=5)

    def _answers(self) -> bool:
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _create(self) -> None:
        word = self._folder / "password"
        word.write_text(self.password, encoding="ascii")
        if self._account:
            for path in (self._folder, word):
                os.chown(path, self._account.pw_uid, self._account.pw_gid)
        access = (f"--username={USER}", f"--pwfile={word}", "--auth=scram-sha-256")
        result = subprocess.run(
            self._command("initdb", "--no-sync", *_LOCALE, *access, self._data),
            cwd=self._folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if result.returncode:
            raise ServerFailed(f"the cluster could not be made:\n{result.stdout}{result.stderr}")

    def _command(self, program: str, *arguments: str | int | Path) -> list[str]:
        command = [str(self._programs / program), *map(str, arguments)]
        if self._account is None:
            return command
        user, group = self._account.pw_uid, self._account.pw_gid
        return ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups", *command]


def start_postgresql() -> PostgresServer:
    """A server that answers, in a folder of its own. Raises ServerMissing and ServerFailed."""
    folder = Path(tempfile.mkdtemp(prefix="tocsin-postgresql-"))
    try:
        server = PostgresServer(folder)
        server.start()
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return server


@pytest.fixture(scope="session")
def running_postgresql() -> Iterator[PostgresServer]:
    """The server of this test run, for :func:`postgresql_server`."""
    with needed():
        server = start_postgresql()
    yield server
    server.close()


@pytest.fixture
def postgresql_server(running_postgresql: PostgresServer) -> Iterator[PostgresServer]:
    """The server of this test run, started when first asked for; runs again after a test
    that disturbed it."""
    yield running_postgresql
    running_postgresql.restore()


@pytest.fixture(scope="session")
def template(running_postgresql: PostgresServer) -> str:
    """The name of a database whose tables are current and empty."""
    address = running_postgresql.database()
    open_store(address).close()
    return address.rpartition("/")[2]


@pytest.fixture(scope="session")
def reused_database(running_postgresql: PostgresServer, template: str) -> str:
    """The name of a database with current tables, which tests empty one after the other."""
    return running_postgresql.database(template).rpartition("/")[2]


def _find_programs() -> Path:
    """The folder of the newest PostgreSQL of this machine."""
    found = [path.parent for path in _DEBIAN.glob("*/bin/initdb")]
    if found:
        return max(found, key=lambda folder: float(folder.parent.name))
    program = shutil.which("initdb")
    if program is None:
        raise ServerMissing("no PostgreSQL. Install it (apt: postgresql)")
    return Path(program).resolve().parent


def _account() -> pwd.struct_passwd | None:
    """Whose processes they are: PostgreSQL refuses to be root's. None is the tester."""
    if os.getuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return next(known[name] for name in _ACCOUNTS if name in known)
