"""Every document that satisfies a query, page by page, from one unchanging view."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from index.elastic.client import MISSING, Server
from model.errors import TocsinError

PAGE = 1_000
KEEP_ALIVE = "2m"


def scan(
    server: Server, index: str, query: dict[str, Any], *, source: bool | list[str] = False
) -> Iterator[dict[str, Any]]:
    """The hits, in no order; an index that does not exist has none."""
    view = open_view(server, index)
    try:
        after: list[Any] | None = None
        while True:
            body: dict[str, Any] = {
                "pit": {"id": view, "keep_alive": KEEP_ALIVE},
                "query": query,
                "size": PAGE,
                "sort": [{"_shard_doc": "asc"}],
                "_source": source,
                "seq_no_primary_term": True,
                "version": True,
                "track_total_hits": False,
            }
            if after is not None:
                body["search_after"] = after
            hits = server.search(body)["hits"]["hits"]
            yield from hits
            if len(hits) < PAGE:
                return
            after = hits[-1]["sort"]
    finally:
        close_view(server, view)


def open_view(server: Server, index: str) -> str:
    """A point in time: what the index holds now, for as long as it is asked for."""
    reply = server.ask("POST", f"/{index}/_pit", keep_alive=KEEP_ALIVE, ignore_unavailable="true")
    return str(reply.body["id"])


def close_view(server: Server, view: str) -> None:
    """Release a point in time, which ends by itself where this fails."""
    with contextlib.suppress(TocsinError):
        server.ask("DELETE", "/_pit", {"id": view}, accept=frozenset({MISSING}))
