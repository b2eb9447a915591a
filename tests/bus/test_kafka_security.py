"""Who may speak to a real broker, and what is said to who may not."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import msgspec
import pytest

from bus.kafka import KafkaConnection
from bus.kafka.connection import SaslMechanism
from model.errors import ConfigurationError, LogUnavailable
from tests.bus.kafka import TUNING, gather, new_topic, numbered, open_log
from tests.servers.certificates import Certificates
from tests.servers.kafka import PASSWORD, USER, KafkaServer

SHORT = msgspec.structs.replace(TUNING, connect_seconds=1.0)


@pytest.fixture
def certificates(kafka_server: KafkaServer) -> Certificates:
    assert kafka_server.certificates is not None
    return kafka_server.certificates


def login(server: KafkaServer, certificates: Certificates, **fields: Any) -> KafkaConnection:
    """To the listener that asks for a password or a token, over TLS."""
    return KafkaConnection(
        bootstrap_servers=(f"127.0.0.1:{server.ports.login}",),
        security_protocol="SASL_SSL",
        **{"ca_file": certificates.authority, **fields},
    )


def token() -> str:
    """Not signed, which only a broker for tests accepts: RFC 7519, section 6."""
    now = int(time.time())
    parts = ({"alg": "none"}, {"sub": USER, "iat": now, "exp": now + 600})
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()) for part in parts)
    return ".".join(part.decode().rstrip("=") for part in encoded) + "."


def round_trip(connection: KafkaConnection) -> list[bytes]:
    """Everything that the log does, by this connection."""
    log = open_log(connection)
    try:
        topic = new_topic(log)
        log.publish(numbered(topic, range(3)))
        consumer = log.consumer(topic.name, [topic.name])
        records = gather(consumer, 3)
        assert log.lag(topic.name, topic.name) == 3
        return sorted(record.value for record in records)
    finally:
        log.close()


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_a_password_opens_the_door(
    kafka_server: KafkaServer, certificates: Certificates, mechanism: SaslMechanism
) -> None:
    fields = {"sasl_mechanism": mechanism, "username": USER, "password": PASSWORD}
    assert round_trip(login(kafka_server, certificates, **fields)) == [b"0", b"1", b"2"]


def test_a_token_opens_the_door(kafka_server: KafkaServer, certificates: Certificates) -> None:
    connection = login(kafka_server, certificates, sasl_mechanism="OAUTHBEARER", token=token)
    assert round_trip(connection) == [b"0", b"1", b"2"]


def test_a_certificate_opens_the_door(
    kafka_server: KafkaServer, certificates: Certificates
) -> None:
    connection = KafkaConnection(
        bootstrap_servers=(f"127.0.0.1:{kafka_server.ports.card}",),
        security_protocol="SSL",
        ca_file=certificates.authority,
        certificate_file=certificates.client.certificate,
        key_file=certificates.client.key,
    )
    assert round_trip(connection) == [b"0", b"1", b"2"]


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256"])
def test_a_wrong_password_is_suspected_and_not_repeated(
    kafka_server: KafkaServer, certificates: Certificates, mechanism: SaslMechanism
) -> None:
    wrong = "a-wrong-password"
    fields = {"sasl_mechanism": mechanism, "username": USER, "password": wrong}
    log = open_log(login(kafka_server, certificates, **fields), SHORT)
    with pytest.raises(LogUnavailable, match=r"check the .* user name and password") as caught:
        log.ends("anything")
    assert wrong not in str(caught.value)
    log.close()


def test_a_broker_with_a_stranger_s_certificate_is_not_spoken_to(
    kafka_server: KafkaServer, certificates: Certificates
) -> None:
    fields = {"sasl_mechanism": "PLAIN", "username": USER, "password": PASSWORD}
    connection = login(kafka_server, certificates, ca_file=certificates.stranger, **fields)
    log = open_log(connection, SHORT)
    with pytest.raises(ConfigurationError, match="certificate verify failed"):
        log.ends("anything")
    log.close()


def test_speaking_plainly_where_tls_is_expected_is_said(
    kafka_server: KafkaServer,
) -> None:
    connection = KafkaConnection(bootstrap_servers=(f"127.0.0.1:{kafka_server.ports.login}",))
    log = open_log(connection, SHORT)
    with pytest.raises(LogUnavailable, match="check the security protocol"):
        log.ends("anything")
    log.close()
