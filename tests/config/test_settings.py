"""Settings come from file and variables; what is wrong is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.settings import (
    SettingsError,
    read_settings,
    secret_names,
    setting_names,
    variable,
)
from docs.settings_page import PAGE, page


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty configuration folder."""
    monkeypatch.setenv("TOCSIN_CONFIG", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_nothing_need_be_set(folder: Path) -> None:
    settings = read_settings()
    assert settings.profile == "embedded"
    assert settings.state == folder / "var"
    assert settings.config == folder


def test_a_variable_wins_over_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "tocsin.toml").write_text("[log]\nkeep_days = 3\nmax_record_bytes = 9000\n")
    monkeypatch.setenv("TOCSIN_LOG__KEEP_DAYS", "14")
    log = read_settings().log
    assert (log.keep_days, log.max_record_bytes) == (14, 9000)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("TOCSIN_LOG__PARTITIONS", "many", "log.partitions: input should be a valid integer"),
        ("TOCSIN_LOG__PARTITIONS", "0", "log.partitions: input should be greater than"),
        ("TOCSIN_PROFILE", "cloud", "profile: input should be 'embedded' or 'stack'"),
        ("TOCSIN_ENRICH__HOME_COUNTRY", "Britain", "enrich.home_country"),
        ("TOCSIN_ENRICH__CORES", "2", "enrich.cores"),
        ("TOCSIN_STAET", "/srv", "TOCSIN_STAET: no such setting"),
    ],
)
def test_a_wrong_or_misspelt_variable_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=words):
        read_settings()


@pytest.mark.parametrize("content", ["[log", "log = 3", "[log]\nkeep_dyas = 3", "[logs]\nx = 1"])
def test_a_wrong_file_is_named(folder: Path, content: str) -> None:
    (folder / "tocsin.toml").write_text(content)
    with pytest.raises(SettingsError, match=r"tocsin\.toml"):
        read_settings()


def test_addresses_of_channels_are_not_shown(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_ALERTS__CHANNELS__DUTY", "ntfy://topsecret")
    settings = read_settings()
    assert settings.alerts.channels["duty"].get_secret_value() == "ntfy://topsecret"
    assert "topsecret" not in repr(settings)


@pytest.fixture
def stack(folder: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A configuration of the profile stack in which nothing is missing."""
    monkeypatch.setenv("TOCSIN_PROFILE", "stack")
    monkeypatch.setenv("TOCSIN_KAFKA__BOOTSTRAP_SERVERS", "one:9092, two:9092")
    monkeypatch.setenv("TOCSIN_ELASTICSEARCH__URL", "https://one:9200")
    monkeypatch.setenv("TOCSIN_STORE__URL", "postgresql+psycopg://tocsin@db/tocsin")
    return monkeypatch


@pytest.mark.parametrize("name", ["kafka.bootstrap_servers", "elasticsearch.url", "store.url"])
def test_the_stack_says_which_server_is_not_named(stack: pytest.MonkeyPatch, name: str) -> None:
    assert read_settings().profile == "stack"
    stack.delenv(variable(name))
    with pytest.raises(SettingsError, match=name) as raised:
        read_settings()
    assert f"set {variable(name)}=" in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1


def test_the_embedded_profile_needs_no_server(folder: Path) -> None:
    assert read_settings().kafka.bootstrap_servers == ""


SECRETS = ["kafka.password", "elasticsearch.api_key", "elasticsearch.password", "store.password"]


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_may_stand_in_a_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    file = folder / "secret"
    file.write_text("s3cret \n")
    monkeypatch.setenv(variable(name) + "_FILE", str(file))
    settings = read_settings()
    section, _, field = name.partition(".")
    secret = getattr(getattr(settings, section), field)
    assert secret.get_secret_value() == "s3cret "
    assert "s3cret" not in repr(settings)


def test_channels_may_stand_in_a_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "channels").write_text('{"duty": "ntfy://topsecret"}')
    monkeypatch.setenv("TOCSIN_ALERTS__CHANNELS_FILE", str(folder / "channels"))
    assert read_settings().alerts.channels["duty"].get_secret_value() == "ntfy://topsecret"


def test_every_secret_may_stand_in_a_file() -> None:
    assert {name for name, _ in secret_names()} == {
        *SECRETS,
        "alerts.channels",
        "ingest.credentials",
    }


@pytest.mark.parametrize(
    ("content", "words"), [(None, "cannot be read: No such file"), ("\n", "is empty")]
)
def test_a_file_without_a_secret_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, words: str
) -> None:
    if content is not None:
        (folder / "secret").write_text(content)
    monkeypatch.setenv("TOCSIN_KAFKA__PASSWORD_FILE", str(folder / "secret"))
    with pytest.raises(
        SettingsError, match=rf"TOCSIN_KAFKA__PASSWORD_FILE names .*secret.*{words}"
    ):
        read_settings()


def test_a_secret_that_is_given_twice_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "secret").write_text("one")
    monkeypatch.setenv("TOCSIN_KAFKA__PASSWORD_FILE", str(folder / "secret"))
    monkeypatch.setenv("TOCSIN_KAFKA__PASSWORD", "other")
    with pytest.raises(SettingsError, match="not both") as raised:
        read_settings()
    assert "other" not in str(raised.value)


def test_a_secret_of_the_wrong_kind_is_not_repeated(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "channels").write_text('["ntfy://topsecret"]')
    monkeypatch.setenv("TOCSIN_ALERTS__CHANNELS_FILE", str(folder / "channels"))
    with pytest.raises(SettingsError, match="not a JSON object") as raised:
        read_settings()
    assert "topsecret" not in str(raised.value)


def test_every_setting_is_explained() -> None:
    for name, words in setting_names():
        assert words, f"{name} has no documentation"


def test_the_page_of_settings_is_current() -> None:
    """`make docs` writes it."""
    assert PAGE.read_text(encoding="utf-8") == page()
    for name, _ in setting_names():
        assert variable(name) in page()
