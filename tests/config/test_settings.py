"""Settings come from file and variables; what is wrong is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.settings import SettingsError, read_settings, setting_names, variable
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
        ("TOCSIN_PROFILE", "cloud", "profile: input should be 'embedded'"),
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


def test_every_setting_is_explained() -> None:
    for name, words in setting_names():
        assert words, f"{name} has no documentation"


def test_the_page_of_settings_is_current() -> None:
    """`make docs` writes it."""
    assert PAGE.read_text(encoding="utf-8") == page()
    for name, _ in setting_names():
        assert variable(name) in page()
