"""What several tests of the index need."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from index.elastic import ElasticConnection
from index.elastic.client import Server
from tests.servers.elasticsearch import ElasticServer


@pytest.fixture
def elastic(elastic_server: ElasticServer) -> Iterator[ElasticConnection]:
    """A real Elasticsearch with nothing in it, as far as this test can see."""
    connection = elastic_server.connection(f"test{uuid4().hex[:12]}")
    yield connection
    drop_everything(connection)


def drop_everything(connection: ElasticConnection) -> None:
    """Delete every index of a test, so that a run does not gather thousands."""
    server = Server(connection)
    names = server.ask("GET", f"/{connection.prefix}-*", filter_path="*.aliases").body
    if names:
        server.ask("DELETE", f"/{','.join(names)}")
    server.ask("DELETE", f"/_index_template/{connection.prefix}-posts", accept=frozenset({404}))
    server.close()
