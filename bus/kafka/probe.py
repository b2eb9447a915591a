"""Why Kafka cannot be reached: the client library only says that time is over."""

from __future__ import annotations

import socket
import ssl

from bus.kafka.connection import KafkaConnection
from bus.kafka.errors import translated
from bus.kafka.library import KafkaError, KafkaTimeoutError
from model.errors import ConfigurationError, LogUnavailable, TocsinError

DEFAULT_PORT = 9092
KNOCK_SECONDS = 3.0


def unreachable(connection: KafkaConnection, error: KafkaError) -> TocsinError:
    """Our error for a client that could not be opened, with the cause that a knock finds.

    A certificate that does not fit needs a person; everything else may pass.
    """
    servers = ", ".join(connection.bootstrap_servers)
    what = f"Kafka at {servers} cannot be reached"
    if not isinstance(error, KafkaTimeoutError):
        return translated(error, what)
    causes = []
    for server in connection.bootstrap_servers:
        try:
            _knock(server, connection.tls_context())
        except ssl.SSLError as refusal:
            return ConfigurationError(
                what, cause=f"{server}: {refusal}", remedy="Check the certificate files of Kafka"
            )
        except OSError as refusal:
            causes.append(f"{server}: {refusal}")
        else:
            causes.append(f"{server}: {_closed_door(connection)}")
    return LogUnavailable(what, cause="; ".join(causes), remedy="See that the brokers run")


def _closed_door(connection: KafkaConnection) -> str:
    """Why a server that accepts connections may not answer: brokers hang up without a word."""
    if connection.sasl_mechanism is not None:
        return (
            f"it accepts connections and lets nobody in; check the {connection.sasl_mechanism} "
            "user name and password, or token"
        )
    return "it accepts connections and does not answer; check the security protocol"


def _knock(server: str, context: ssl.SSLContext | None) -> None:
    """Connect, with TLS where it is spoken. Raises OSError."""
    host, _, port = server.rpartition(":")
    address = (host.strip("[]"), int(port)) if host else (server, DEFAULT_PORT)
    with socket.create_connection(address, timeout=KNOCK_SECONDS) as plain:
        if context is not None:
            with context.wrap_socket(plain, server_hostname=address[0]):
                pass
