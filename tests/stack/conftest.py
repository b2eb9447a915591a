"""The command line on real servers, with names of its own there."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from pathlib import Path

import msgspec
import pytest

from tests.pipelines import Tocsin, with_gazetteer
from tests.servers.elasticsearch import ElasticServer
from tests.servers.kafka import KafkaServer
from tests.servers.postgresql import PostgresServer

_NAMES = count()


class Stack(msgspec.Struct, frozen=True):
    """The three servers of a test run, and new places on them for each pipeline."""

    kafka: KafkaServer
    elastic: ElasticServer
    postgresql: PostgresServer

    def settings(self) -> Mapping[str, str]:
        """Variables that name topics, indices and a database in which nothing is yet."""
        name = f"stack{next(_NAMES)}"
        return {
            "TOCSIN_PROFILE": "stack",
            "TOCSIN_KAFKA__BOOTSTRAP_SERVERS": self.kafka.address,
            "TOCSIN_KAFKA__TOPIC_PREFIX": f"{name}.",
            "TOCSIN_KAFKA__PARTITIONS": "2",
            "TOCSIN_ELASTICSEARCH__URL": self.elastic.url,
            "TOCSIN_ELASTICSEARCH__PREFIX": name,
            "TOCSIN_STORE__URL": self.postgresql.database(),
            "TOCSIN_WORKER__RETRY_CEILING_SECONDS": "1",
        }


@pytest.fixture(scope="session")
def stack(
    kafka_server: KafkaServer, elastic_server: ElasticServer, running_postgresql: PostgresServer
) -> Stack:
    return Stack(kafka_server, elastic_server, running_postgresql)


@pytest.fixture
def on_stack(stack: Stack, gazetteer: Path, tmp_path: Path) -> Tocsin:
    """The command line on the stack, where nothing has happened yet."""
    return with_gazetteer(Tocsin(tmp_path / "stack", settings=stack.settings()), gazetteer)


@pytest.fixture
def embedded(gazetteer: Path, tmp_path: Path) -> Tocsin:
    """The command line on an empty state folder, without servers."""
    return with_gazetteer(Tocsin(tmp_path / "embedded"), gazetteer)
