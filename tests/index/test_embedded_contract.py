"""The embedded index keeps the contract of the index."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from index.embedded import TantivyIndex, TantivyWriter
from tests.contracts.index import BackEnd, IndexContract


class TestEmbeddedIndex(IndexContract):
    @pytest.fixture
    def back_end(self, tmp_path: Path) -> BackEnd:
        return BackEnd(
            writer=functools.partial(TantivyWriter, tmp_path / "index"),
            reader=functools.partial(TantivyIndex, tmp_path / "index"),
        )
