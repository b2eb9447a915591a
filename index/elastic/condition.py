"""How an Elasticsearch cluster fares, and what stands in the way of writing to it."""

from __future__ import annotations

from typing import Any

import msgspec

from index.elastic import schema
from index.elastic.client import MISSING, Server
from index.elastic.connection import ElasticConnection
from index.elastic.layout import Layout


class NodeCondition(msgspec.Struct, frozen=True):
    """A node: its time in UTC microseconds, and the room on its disk in bytes."""

    name: str
    version: str
    clock: int
    free_bytes: int
    total_bytes: int


class ElasticCondition(msgspec.Struct, frozen=True, kw_only=True):
    """A cluster.

    ``status`` is its own word: green, yellow (a copy of some shard is missing) or red (some
    posts cannot be searched). ``blocked`` are those of our indices that must not be
    written, ``outdated`` those with an older mapping than ours.
    """

    status: str
    unassigned_shards: int
    nodes: tuple[NodeCondition, ...]
    indices: int
    blocked: tuple[str, ...]
    outdated: tuple[str, ...]


def read_condition(connection: ElasticConnection) -> ElasticCondition:
    """Ask the cluster.

    Raises IndexUnavailable, ConfigurationError, and StateCorrupt where a newer Tocsin has
    been.
    """
    server = Server(connection)
    try:
        return _read(server, connection)
    finally:
        server.close()


def _read(server: Server, connection: ElasticConnection) -> ElasticCondition:
    health = server.ask("GET", "/_cluster/health").body
    layout = Layout(server, connection)
    layout.check_version()
    held = layout.periods()
    current = {layout.names.index(period, schema.VERSION) for period in held}
    return ElasticCondition(
        status=health["status"],
        unassigned_shards=health["unassigned_shards"],
        nodes=_nodes(server),
        indices=len(held),
        blocked=_blocked(server, layout.names.posts),
        outdated=tuple(sorted(set(held.values()) - current)),
    )


def _nodes(server: Server) -> tuple[NodeCondition, ...]:
    about = server.ask("GET", "/_nodes/_all/http").body["nodes"]
    stats = server.ask("GET", "/_nodes/stats/fs").body["nodes"]
    return tuple(
        NodeCondition(
            name=node["name"],
            version=node["version"],
            clock=stats[key]["timestamp"] * 1_000,
            free_bytes=_room(stats[key], "available_in_bytes"),
            total_bytes=_room(stats[key], "total_in_bytes"),
        )
        for key, node in about.items()
        if key in stats
    )


def _room(node: dict[str, Any], what: str) -> int:
    room: int = node.get("fs", {}).get("total", {}).get(what, 0)
    return room


def _blocked(server: Server, posts: str) -> tuple[str, ...]:
    path = f"/{posts}-*/_settings/index.blocks*"
    found = server.ask("GET", path, accept=frozenset({MISSING}), flat_settings="true").body
    return tuple(
        sorted(
            index
            for index, details in found.items()
            if "true" in details.get("settings", {}).values()
        )
    )
