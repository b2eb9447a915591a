"""The index on a real Elasticsearch keeps the contract of the index."""

from __future__ import annotations

import functools

import pytest

from index.elastic import ElasticConnection, ElasticIndex, ElasticWriter
from tests.contracts.index import BackEnd, IndexContract


class TestElasticIndex(IndexContract):
    @pytest.fixture
    def back_end(self, elastic: ElasticConnection) -> BackEnd:
        return BackEnd(
            writer=functools.partial(ElasticWriter, elastic),
            reader=functools.partial(ElasticIndex, elastic),
        )
