"""The settings of the servers: Kafka, Elasticsearch and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from pydantic import Field, SecretStr

from config.section import Section

if TYPE_CHECKING:
    from config.settings import Settings


class KafkaSettings(Section):
    """Kafka, which carries the records in the profile ``stack``."""

    bootstrap_servers: str = ""
    """Brokers as ``host:port``, separated by commas; one that answers is enough."""
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    """How brokers are spoken to: SSL is TLS, SASL is a password or token."""
    ca_file: Path | None = None
    """PEM file of the authority that signed the brokers' certificates; none is the machine's."""
    certificate_file: Path | None = None
    """PEM file of our own certificate, where the brokers ask for one."""
    key_file: Path | None = None
    """PEM file of our certificate's key, where it is not in the same file."""
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] | None = None
    """How we prove who we are."""
    username: str = ""
    """Name for PLAIN and SCRAM."""
    password: SecretStr | None = None
    """Password for PLAIN and SCRAM."""
    token_file: Path | None = None
    """File that holds a valid token for OAUTHBEARER; it is read at each connection."""
    partitions: int = Field(default=6, ge=1, le=1_000)
    """Partitions per topic: how many processes of a stage can share the work. Fixed once posts
    are in."""
    replication_factor: int = Field(default=1, ge=1, le=9)
    """Copies of each record, each on another broker: 3 where there are three brokers."""
    topic_prefix: str = Field(default="", pattern=r"^[A-Za-z0-9._-]{0,100}$")
    """What every topic and group begins with, so that installations can share a cluster."""


class ElasticsearchSettings(Section):
    """Elasticsearch, which holds the posts in the profile ``stack``."""

    url: str = ""
    """Nodes as ``https://host:port``, separated by commas. Without user name and password."""
    api_key: SecretStr | None = None
    """API key in its encoded form; in place of a user name."""
    username: str = ""
    """User name, together with a password."""
    password: SecretStr | None = None
    """Password of the user."""
    ca_file: Path | None = None
    """PEM file of the authority that signed the nodes' certificates; none is the machine's."""
    request_seconds: float = Field(default=30.0, gt=0)
    """How long one request may take."""
    prefix: str = "tocsin"
    """What every index begins with, so that installations can share a cluster."""
    shards: int = Field(default=1, ge=1)
    """Shards of each day's index: one holds some 30 GB of posts with ease."""
    replicas: int = Field(default=0, ge=0)
    """Further copies of each shard, on other nodes: 1 where there are three nodes."""
    refresh_interval: str = "-1"
    """Elasticsearch's own refresh; -1 leaves it to the indexer's commits."""
    daily_from: date = date(2026, 1, 1)
    """Posts published before share an index a year. Fixed once posts are in."""


class StoreSettings(Section):
    """The operational record: incidents, deliveries, coverage, cursors."""

    url: str = ""
    """SQLAlchemy address, such as ``postgresql+psycopg://tocsin@db.example/tocsin``; empty is a
    SQLite file in the state folder."""
    password: SecretStr | None = None
    """Password for the address, so that the address itself need not hold it."""


class Missing(NamedTuple):
    """A setting that the profile needs, and an example of what it may be."""

    name: str
    example: str


def missing_for_stack(settings: Settings) -> Iterator[Missing]:
    """What the profile ``stack`` needs and is not set."""
    if not settings.kafka.bootstrap_servers.strip(" ,"):
        yield Missing("kafka.bootstrap_servers", "kafka.example:9092")
    if not settings.elasticsearch.url.strip(" ,"):
        yield Missing("elasticsearch.url", "https://elastic.example:9200")
    if not settings.store.url.strip():
        yield Missing("store.url", "postgresql+psycopg://tocsin@db.example/tocsin")


def listed(text: str) -> tuple[str, ...]:
    """The parts of a list that is separated by commas."""
    return tuple(part for each in text.split(",") if (part := each.strip()))
