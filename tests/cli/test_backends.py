"""Settings become the connections that they describe."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from cli.stack import elastic_connection, kafka_connection
from config.servers import ElasticsearchSettings, KafkaSettings
from model.errors import ConfigurationError, LogUnavailable
from store.engine import completed


def test_every_setting_of_kafka_reaches_the_client(tmp_path: Path) -> None:
    settings = KafkaSettings(
        bootstrap_servers=" one:9092, two:9093,",
        security_protocol="SASL_SSL",
        sasl_mechanism="SCRAM-SHA-512",
        username="tocsin",
        password=SecretStr("s3cret"),
        ca_file=tmp_path / "ca",
        certificate_file=tmp_path / "certificate",
        key_file=tmp_path / "key",
        replication_factor=3,
        topic_prefix="force.",
    )
    connection = kafka_connection(settings)
    assert connection.bootstrap_servers == ("one:9092", "two:9093")
    assert connection.password == "s3cret"
    given = {"partitions", "bootstrap_servers", "password", "token_file"}
    for name in set(KafkaSettings.model_fields) - given:
        assert getattr(connection, name) == getattr(settings, name), name
    assert "s3cret" not in repr(connection)


def test_a_token_is_read_anew_each_time(tmp_path: Path) -> None:
    file = tmp_path / "token"
    settings = KafkaSettings(bootstrap_servers="one:9092", token_file=file)
    token = kafka_connection(settings).token
    assert token is not None
    with pytest.raises(LogUnavailable, match=r"kafka\.token_file"):
        token()
    for word in ("first", "second"):
        file.write_text(f"{word}\n")
        assert token() == word


def test_every_setting_of_elasticsearch_reaches_the_client() -> None:
    settings = ElasticsearchSettings(
        url="https://one:9200,https://two:9200",
        username="tocsin",
        password=SecretStr("s3cret"),
        prefix="force",
        shards=2,
        replicas=1,
        request_seconds=7,
        refresh_interval="5s",
    )
    connection = elastic_connection(settings)
    assert connection.urls == ("https://one:9200", "https://two:9200")
    assert connection.password == "s3cret"
    given = {"url", "password", "api_key"}
    for name in set(ElasticsearchSettings.model_fields) - given:
        assert getattr(connection, name) == getattr(settings, name), name
    assert "s3cret" not in repr(connection)


def test_what_does_not_fit_together_names_the_setting() -> None:
    settings = ElasticsearchSettings(url="https://one:9200", username="tocsin")
    with pytest.raises(ConfigurationError, match=r"elasticsearch\.password"):
        elastic_connection(settings)


def test_a_password_joins_its_address() -> None:
    url = completed("postgresql+psycopg://tocsin@db/tocsin?sslmode=require", "p@ss/word", None)
    assert url == "postgresql+psycopg://tocsin:p%40ss%2Fword@db/tocsin?sslmode=require"
    assert "connect_timeout=3" in completed(url, None, 3.0)
    assert completed("sqlite:////srv/store.db", None, 3.0) == "sqlite:////srv/store.db"
