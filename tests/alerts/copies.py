"""A store of its own for each example of a property."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from store.engine import Store, open_store


@contextmanager
def copied(empty: Path) -> Iterator[Store]:
    """An open copy of the file of a store in which nothing has happened yet."""
    with tempfile.TemporaryDirectory() as folder:
        file = shutil.copy(empty, folder)
        with closing(open_store(f"sqlite:///{file}")) as store:
            yield store
