"""How Kafka is reached and how patient the client is: frozen, and safe to print."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import msgspec

from model.errors import ConfigurationError

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]
SECRETS = frozenset({"password", "token"})


class KafkaConnection(msgspec.Struct, frozen=True, kw_only=True):
    """Where the brokers are, how they are spoken to, and what our topics are called there.

    ``bootstrap_servers`` are ``host:port``, of which one must answer. The files are PEM:
    ``ca_file`` has signed the brokers' certificates (the machine's authorities where it is
    None), ``certificate_file`` and ``key_file`` are ours where the brokers ask for one.
    ``token`` returns a valid bearer token for OAUTHBEARER; threads of the client call it
    at each connection. ``topic_prefix`` stands before the name of every topic and group,
    so that several installations can share a cluster.
    """

    bootstrap_servers: tuple[str, ...]
    security_protocol: SecurityProtocol = "PLAINTEXT"
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    sasl_mechanism: SaslMechanism | None = None
    username: str | None = None
    password: str | None = None
    token: Callable[[], str] | None = None
    topic_prefix: str = ""
    replication_factor: int = 1
    client_id: str = "tocsin"

    def check(self) -> None:
        """Raises ConfigurationError where the fields do not fit together."""
        for contradiction in self._contradictions():
            raise ConfigurationError("Kafka cannot be connected to", cause=contradiction)

    def named(self, name: str) -> str:
        """What a topic or group of ours is called in Kafka."""
        return self.topic_prefix + name

    def tls_context(self) -> ssl.SSLContext | None:
        """What TLS is spoken with, or None without it.

        Raises ConfigurationError that names the file which cannot be used.
        """
        if self.security_protocol not in ("SSL", "SASL_SSL"):
            return None
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
        except OSError as error:
            raise _unusable("authority's certificate", self.ca_file, error) from error
        if self.certificate_file is not None:
            try:
                context.load_cert_chain(self.certificate_file, self.key_file)
            except OSError as error:
                raise _unusable("client's certificate", self.certificate_file, error) from error
        return context

    def __repr__(self) -> str:
        """Every field but the secrets, which are told from nothing only."""
        shown = []
        for name in self.__struct_fields__:
            value = getattr(self, name)
            secret = name in SECRETS and value is not None
            shown.append(f"{name}={'***' if secret else repr(value)}")
        return f"KafkaConnection({', '.join(shown)})"

    def _contradictions(self) -> Iterator[str]:
        if not self.bootstrap_servers:
            yield "no bootstrap server is named"
        if self.replication_factor < 1:
            yield "the replication factor must be at least 1"
        if self.key_file is not None and self.certificate_file is None:
            yield "a key file is named without the certificate file that it belongs to"
        mechanism = self.sasl_mechanism
        if self.security_protocol.startswith("SASL") != (mechanism is not None):
            yield f"{self.security_protocol} does not go with the SASL mechanism {mechanism}"
        elif mechanism == "OAUTHBEARER" and self.token is None:
            yield "OAUTHBEARER needs a provider of tokens"
        elif mechanism not in (None, "OAUTHBEARER") and not (self.username and self.password):
            yield f"{mechanism} needs a user name and a password"


class KafkaTuning(msgspec.Struct, frozen=True, kw_only=True):
    """How patient the client is, in seconds, and how much it gathers, in bytes.

    A broker that does not answer a request for ``request_seconds`` is taken to be away. A
    call of the log gives up with LogUnavailable after ``patience_seconds``. A member of a
    group that is silent for ``session_seconds``, or does not poll for
    ``poll_interval_seconds``, loses its partitions to the others. ``metadata_seconds`` is
    how long a new topic may stay unseen. ``in_flight_bytes`` bounds what was sent and is
    not acknowledged, ``batch_bytes`` a batch of one partition before it is compressed.
    ``max_dead_bytes`` is the largest dead letter, so that what is too large for its topic
    still finds a place there.
    """

    connect_seconds: float = 10.0
    request_seconds: float = 15.0
    patience_seconds: float = 30.0
    session_seconds: float = 15.0
    heartbeat_seconds: float = 3.0
    poll_interval_seconds: float = 300.0
    metadata_seconds: float = 10.0
    reconnect_seconds: float = 1.0
    batch_bytes: int = 256 * 1024
    in_flight_bytes: int = 8 * 1024 * 1024
    fetch_bytes: int = 1024 * 1024
    fetch_wait_seconds: float = 0.5
    max_dead_bytes: int = 32 * 1024 * 1024


def _unusable(what: str, file: Path | None, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"the {what} {file} for Kafka cannot be used",
        cause=str(error),
        remedy="Name a readable PEM file",
    )
