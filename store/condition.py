"""How a PostgreSQL server that holds the record is set up, and how it fares."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, text


class StoreCondition(msgspec.Struct, frozen=True, kw_only=True):
    """What a server says of itself.

    ``major`` is its version as people name it (``version`` is all of it), ``clock`` its
    time in UTC microseconds, ``bytes`` the size of our database. ``durable`` is whether a
    commit waits until it is on disk, ``standby`` whether the server takes no writes,
    ``owner`` whether our user may make tables.
    """

    version: str
    major: int
    clock: int
    encoding: str
    standby: bool
    durable: bool
    owner: bool
    connections: int
    max_connections: int
    bytes: int


def read_condition(connection: Connection) -> StoreCondition:
    """Ask the server."""
    row = connection.execute(_QUESTION).mappings().one()
    return msgspec.convert(dict(row), StoreCondition)


_QUESTION = text("""
    SELECT current_setting('server_version') AS version,
           current_setting('server_version_num')::int / 10000 AS major,
           (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS clock,
           current_setting('server_encoding') AS encoding,
           pg_is_in_recovery() AS standby,
           current_setting('fsync') = 'on'
               AND current_setting('synchronous_commit') <> 'off' AS durable,
           has_schema_privilege(current_schema(), 'CREATE') AS owner,
           (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')
               AS connections,
           current_setting('max_connections')::int AS max_connections,
           pg_database_size(current_database()) AS bytes
""")
