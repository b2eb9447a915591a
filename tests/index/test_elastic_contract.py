"""The index on a real Elasticsearch keeps the contract of the index."""

from __future__ import annotations

import functools
import itertools

import pytest

from index.elastic import ElasticConnection, ElasticIndex, ElasticWriter
from tests.contracts.index import BackEnd, IndexContract
import uuid
class TestElasticIndex(IndexContract):
    @pytest.fixture
    def back_end(self) -> BackEnd:
        connection = ElasticConnection(urls=("http://127.0.0.1:19300",), prefix="t"+uuid.uuid4().hex[:8])
        return BackEnd(
            writer=functools.partial(ElasticWriter, connection),
            reader=functools.partial(ElasticIndex, connection),
        )
