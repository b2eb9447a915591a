"""The back ends of the profile ``stack``: Kafka and Elasticsearch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from pydantic import SecretStr

from bus.kafka import KafkaConnection, KafkaLog, KafkaTuning
from bus.reports import Reports
from cli.stored_reports import StoredReports
from config.servers import ElasticsearchSettings, KafkaSettings, listed
from config.settings import Settings
from index.elastic import ElasticConnection, ElasticIndex, ElasticWriter
from model.clock import Clock
from model.errors import LogUnavailable
from store.engine import Store


class StackBackends:
    """Implements :class:`cli.backends.Backends` on servers. Connects when first used."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        store: Callable[[], Store],
        patience_seconds: float | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._store = store
        self._patience = patience_seconds

    @property
    def partitions(self) -> int:
        """As the topics in Kafka have."""
        return self._settings.kafka.partitions

    def log(self) -> KafkaLog:
        """Kafka."""
        tuning = None if self._patience is None else hasty_kafka(self._patience)
        connection = kafka_connection(self._settings.kafka)
        limit = self._settings.log.max_record_bytes
        return KafkaLog(connection, max_record_bytes=limit, clock=self._clock, tuning=tuning)

    def search_index(self) -> ElasticIndex:
        """Elasticsearch."""
        connection = elastic_connection(self._settings.elasticsearch)
        if self._patience is not None:
            connection = replace(connection, request_seconds=self._patience)
        return ElasticIndex(connection)

    def index_writer(self) -> ElasticWriter:
        """Elasticsearch, to which several may write."""
        return ElasticWriter(elastic_connection(self._settings.elasticsearch), clock=self._clock)

    def reports(self) -> Reports:
        """The operational record: the processes may share no folder."""
        return StoredReports(self._store, self._clock)


def hasty_kafka(seconds: float) -> KafkaTuning:
    """A client that takes a broker for away after so many seconds."""
    return KafkaTuning(connect_seconds=seconds, request_seconds=seconds, patience_seconds=seconds)


def kafka_connection(settings: KafkaSettings) -> KafkaConnection:
    """What the settings say of Kafka."""
    token = settings.token_file
    return KafkaConnection(
        bootstrap_servers=listed(settings.bootstrap_servers),
        security_protocol=settings.security_protocol,
        ca_file=settings.ca_file,
        certificate_file=settings.certificate_file,
        key_file=settings.key_file,
        sasl_mechanism=settings.sasl_mechanism,
        username=settings.username or None,
        password=_plain(settings.password),
        token=None if token is None else partial(_read_token, token),
        topic_prefix=settings.topic_prefix,
        replication_factor=settings.replication_factor,
    )


def elastic_connection(settings: ElasticsearchSettings) -> ElasticConnection:
    """What the settings say of Elasticsearch. Raises ConfigurationError."""
    return ElasticConnection(
        urls=listed(settings.url),
        api_key=_plain(settings.api_key),
        username=settings.username or None,
        password=_plain(settings.password),
        ca_file=settings.ca_file,
        request_seconds=settings.request_seconds,
        prefix=settings.prefix,
        shards=settings.shards,
        replicas=settings.replicas,
        refresh_interval=settings.refresh_interval,
        daily_from=settings.daily_from,
    )


def _plain(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


def _read_token(file: Path) -> str:
    """The token as it is now: whoever hands it out renews the file."""
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise LogUnavailable(
            f"the token for Kafka in {file}",
            cause=error.strerror or str(error),
            remedy="Check kafka.token_file",
        ) from error
