"""The log of a process: one event a line, escaped, and without secrets."""

from __future__ import annotations

import io
import json
import logging
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from observe.logs import OURS, Format, configure_logs

ROOT = Path(__file__).resolve().parents[2]

SECRET = "correct horse"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield io.StringIO()
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def configured(stream: io.StringIO, form: Format) -> structlog.stdlib.BoundLogger:
    configure_logs("info", form, secrets=[SECRET], stream=stream, fields={"stage": "index"})
    logger: structlog.stdlib.BoundLogger = structlog.get_logger("bus.meter")
    return logger


def test_json_is_one_object_a_line(stream: io.StringIO) -> None:
    configured(stream, "json").warning("dead letter", trace_id="ab", count=3, nothing=None)
    line = json.loads(stream.getvalue())
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "dead letter",
        "level": "warning",
        "logger": "bus.meter",
        "stage": "index",
        "trace_id": "ab",
        "count": 3,
    }


def test_libraries_speak_in_the_same_form(stream: io.StringIO) -> None:
    configured(stream, "json")
    logging.getLogger("library").warning("away: %s", "nobody answers")
    line = json.loads(stream.getvalue())
    assert (line["event"], line["logger"], line["stage"]) == (
        "away: nobody answers",
        "library",
        "index",
    )


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_secret_is_blotted_out_wherever_it_turns_up(form: Format, stream: io.StringIO) -> None:
    logger = configured(stream, form)
    logger.warning(f"cannot reach ntfy://{SECRET}@host", cause=ValueError(SECRET))
    try:
        int(SECRET)
    except ValueError:
        logger.exception("failed")
    assert SECRET not in stream.getvalue()
    assert stream.getvalue().count("[secret]") >= 3


@pytest.mark.parametrize("form", ["text", "json"])
def test_hostile_text_stays_on_its_line(form: Format, stream: io.StringIO) -> None:
    logger = configured(stream, form)
    logger.warning("bad\n2026 forged line\x1b[2J", cause="more\nof it \ud83d")
    assert stream.getvalue().count("\n") == 1
    assert stream.getvalue().isascii()
    assert "\x1b" not in stream.getvalue()


def test_less_than_the_level_is_not_said(stream: io.StringIO) -> None:
    configured(stream, "text").debug("a detail")
    assert stream.getvalue() == ""


def test_libraries_are_heard_from_warnings_on(stream: io.StringIO) -> None:
    configured(stream, "text")
    logging.getLogger("library").info("connected")
    assert stream.getvalue() == ""


def test_the_level_applies_to_every_package_of_ours() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = {name.split(".")[0] for name in project["tool"]["setuptools"]["packages"]}
    assert set(OURS) == packages - {"config", "model"}, "these two are silent"


def test_text_begins_with_time_level_and_event(stream: io.StringIO) -> None:
    configured(stream, "text").info("metrics are served", port=9464)
    words = stream.getvalue().split(" ", 2)
    assert words[1] == "info"
    assert words[2].startswith("metrics are served ")
    assert "port=9464" in words[2]
