"""tantivy: the only module that imports it, and the place where its failures become ours.

tantivy reports nearly everything as ValueError, and a panic of its Rust code as an
exception that derives from BaseException and cannot be imported. What went wrong is
therefore told by looking at the files: a damaged index needs a person, anything else is
taken to be a full disk or the like, which may pass.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from types import TracebackType

from tantivy import (
    DocAddress,
    Document,
    FieldType,
    Index,
    Occur,
    Order,
    Query,
    Schema,
    SchemaBuilder,
    Searcher,
)
from tantivy import IndexWriter as EngineWriter

from index.embedded.damage import damaged_files
from model.errors import IndexUnavailable, StateCorrupt, TocsinError

__all__ = [
    "DocAddress",
    "Document",
    "EngineWriter",
    "FieldType",
    "Guard",
    "Index",
    "Occur",
    "Order",
    "Query",
    "Schema",
    "SchemaBuilder",
    "Searcher",
    "count",
    "discard",
]

REBUILD = "Run `tocsin index rebuild`; the posts are read again from the log"


class Guard:
    """Translates what tantivy raises inside a ``with`` block.

    StateCorrupt names the damaged file; IndexUnavailable is everything that may pass.
    """

    def __init__(self, segments: Path) -> None:
        self._segments = segments

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None or isinstance(error, TocsinError):
            return
        if isinstance(error, (ValueError, OSError)) or type(error).__name__ == "PanicException":
            raise self._translated(error) from error

    def _translated(self, error: BaseException) -> TocsinError:
        for path, trouble in damaged_files(self._segments):
            return StateCorrupt(f"{path} of the search index", cause=trouble, remedy=REBUILD)
        if "schema does not match" in str(error):
            return StateCorrupt(
                f"the search index in {self._segments}",
                cause="another version of Tocsin wrote it",
                remedy=REBUILD,
            )
        return IndexUnavailable(
            f"the search index in {self._segments}",
            cause=str(error).partition("\n")[0],
            remedy="Make sure that its disk has room; Tocsin tries again by itself",
        )


def count(searcher: Searcher, query: Query) -> int:
    """How many documents satisfy the query."""
    found = searcher.search(query, limit=1)
    return int(found.count)  # type: ignore[attr-defined]  # missing from tantivy's stub


def discard(writer: EngineWriter) -> None:
    """Release a writer that failed, and its lock, though references to it may remain."""
    with contextlib.suppress(ValueError):
        writer.wait_merging_threads()
