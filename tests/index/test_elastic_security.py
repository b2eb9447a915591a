"""Elasticsearch with its security on: TLS, passwords, and what is said when they are wrong."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace

import pytest

from index.elastic import ElasticConnection, ElasticIndex, ElasticWriter
from index.port import SearchRequest
from model.errors import ConfigurationError
from tests.contracts.index_posts import entry, made
from tests.contracts.index_support import store
from tests.servers.elasticsearch import PASSWORD, ElasticServer, start_elasticsearch
from tests.servers.need import needed


@pytest.fixture(scope="module")
def guarded() -> Iterator[ElasticServer]:
    with needed():
        server = start_elasticsearch(secure=True)
    yield server
    server.close()


def count(connection: ElasticConnection) -> int:
    with contextlib.closing(ElasticIndex(connection)) as index:
        return index.count(SearchRequest())


def test_tls_and_a_password(guarded: ElasticServer) -> None:
    connection = guarded.connection("guarded")
    with contextlib.closing(ElasticWriter(connection)) as writer:
        store(writer, entry(made()))
    assert count(connection) == 1
    assert guarded.certificates is not None
    wrong = {
        "user and password": replace(connection, password="no-such-password"),
        "API key": replace(connection, username=None, password=None, api_key="bm86c3VjaA=="),
        "ca_file": replace(connection, ca_file=guarded.certificates.stranger),
    }
    for named, other in wrong.items():
        with pytest.raises(ConfigurationError, match=named) as caught:
            count(other)
        for secret in (PASSWORD, "no-such-password", "bm86c3VjaA"):
            assert secret not in str(caught.value)
