"""Clients of kafka-python, opened with the options that a connection stands for.

No idempotence: an idempotent producer of this library ends for good at the first record
that a broker refuses. One request in flight keeps the order within a partition instead,
and the producer is thrown away after any failure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bus.kafka.connection import KafkaConnection, KafkaTuning
from bus.kafka.library import (
    AbstractTokenProvider,
    CooperativeStickyAssignor,
    KafkaAdminClient,
    KafkaConsumer,
    KafkaError,
    KafkaNetClient,
    KafkaProducer,
)
from bus.kafka.probe import unreachable

FRAME_MARGIN = 64 * 1024
_LINGER_SECONDS = 0.05


def open_producer(
    connection: KafkaConnection, tuning: KafkaTuning, max_request_bytes: int
) -> KafkaProducer:
    """A producer that knows the cluster. Raises LogUnavailable, ConfigurationError.

    It gives up on a record after the patience of the log, so that each of its futures
    comes to an end. Batches wait a little for company; whoever publishes flushes.
    """
    return _opened(
        connection,
        KafkaProducer,
        {
            **_options(connection, tuning),
            "acks": "all",
            "enable_idempotence": False,
            "max_in_flight_requests_per_connection": 1,
            "compression_type": "lz4",
            "batch_size": tuning.batch_bytes,
            "linger_ms": _ms(_LINGER_SECONDS),
            "max_request_size": max_request_bytes + FRAME_MARGIN,
            "delivery_timeout_ms": _ms(
                max(tuning.patience_seconds, tuning.request_seconds + _LINGER_SECONDS)
            ),
            "max_block_ms": _ms(tuning.request_seconds),
            "allow_auto_create_topics": False,
        },
    )


def open_consumer(
    connection: KafkaConnection, tuning: KafkaTuning, group: str | None
) -> KafkaConsumer:
    """A consumer of a group, or of none. Raises LogUnavailable, ConfigurationError."""
    consumer: KafkaConsumer = _opened(
        connection,
        KafkaConsumer,
        {
            **_options(connection, tuning),
            "group_id": group,
            "enable_auto_commit": False,
            "auto_offset_reset": "earliest",
            "partition_assignment_strategy": (CooperativeStickyAssignor,),
            "session_timeout_ms": _ms(tuning.session_seconds),
            "heartbeat_interval_ms": _ms(tuning.heartbeat_seconds),
            "max_poll_interval_ms": _ms(tuning.poll_interval_seconds),
            "max_partition_fetch_bytes": tuning.fetch_bytes,
            "fetch_max_wait_ms": _ms(tuning.fetch_wait_seconds),
            "allow_auto_create_topics": False,
        },
    )
    return consumer


def open_admin(connection: KafkaConnection, tuning: KafkaTuning) -> KafkaAdminClient:
    """A client for topics and offsets. Raises LogUnavailable, ConfigurationError."""
    return _opened(connection, KafkaAdminClient, _options(connection, tuning))


def _opened(connection: KafkaConnection, kind: Callable[..., Any], options: dict[str, Any]) -> Any:
    """Open a client; when that fails, nothing of it stays behind.

    The library connects while it constructs, on a thread that it leaves running when no
    broker answers.
    """
    begun: list[KafkaNetClient] = []

    def begin(**configs: Any) -> KafkaNetClient:
        begun.append(KafkaNetClient(**configs))
        return begun[-1]

    try:
        return kind(**options, kafka_client=begin)
    except BaseException as error:
        for client in begun:
            client.close()
        if isinstance(error, KafkaError):
            raise unreachable(connection, error) from error
        raise


def _options(connection: KafkaConnection, tuning: KafkaTuning) -> dict[str, Any]:
    connection.check()
    options: dict[str, Any] = {
        "bootstrap_servers": list(connection.bootstrap_servers),
        "client_id": connection.client_id,
        "security_protocol": connection.security_protocol,
        "ssl_context": connection.tls_context(),
        "sasl_mechanism": connection.sasl_mechanism,
        "sasl_plain_username": connection.username,
        "sasl_plain_password": connection.password,
        "request_timeout_ms": _ms(tuning.request_seconds),
        "bootstrap_timeout_ms": _ms(tuning.connect_seconds),
        "metadata_max_age_ms": _ms(tuning.metadata_seconds),
        "reconnect_backoff_max_ms": _ms(tuning.reconnect_seconds),
    }
    if connection.token is not None:
        options["sasl_oauth_token_provider"] = _Tokens(connection.token)
    return options


def _ms(seconds: float) -> int:
    return round(seconds * 1_000)


class _Tokens(AbstractTokenProvider):  # type: ignore[misc]  # the library has no types
    """The connection's tokens, as the library asks for them."""

    def __init__(self, token: Callable[[], str]) -> None:
        super().__init__()
        self._token = token

    def token(self) -> str:
        return self._token()
