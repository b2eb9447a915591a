"""The channels: what they say of a try, and that they keep an address to themselves."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from alerts.channels import AppriseChannel, FileChannel, LineChannel
from alerts.errors import ChannelRefused
from alerts.port import Channel, Message
from tests.alerts.web import Service, web_service

# One of apprise's services reads pictures with a module that Python 3.13 dropped.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

MESSAGE = Message(
    id="m1",
    incident_id="i1",
    severity="high",
    title="Weapons seen",
    body="3 posts at Guildford.\nDo: ring the duty inspector\nIncident i1",
)
LINE = (
    "OFFICIAL HIGH: Weapons seen | 3 posts at Guildford. | Do: ring the duty inspector"
    " | Incident i1\n"
)


@pytest.fixture
def service() -> Iterator[Service]:
    with web_service() as service:
        yield service


def channel(service: Service, *, timeout: float = 10.0) -> AppriseChannel:
    address = f"json://user:s3cret@127.0.0.1:{service.port}/t0ken"
    return AppriseChannel("duty", address, timeout=timeout)


@pytest.fixture
def everything_logged() -> Iterator[io.StringIO]:
    """What reaches the log of an application that logs all it can."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield text
    root.setLevel(level)
    root.removeHandler(handler)


def test_a_terminal_gets_one_line() -> None:
    stream = io.StringIO()
    assert LineChannel("terminal", stream).deliver(MESSAGE).status == "accepted"
    assert stream.getvalue() == LINE


def test_a_closed_terminal_is_a_failure_for_now() -> None:
    stream = io.StringIO()
    stream.close()
    assert LineChannel("terminal", stream).deliver(MESSAGE).status == "failed_for_now"


def test_a_file_grows_by_a_line_and_may_be_moved_away(tmp_path: Path) -> None:
    file = tmp_path / "alerts.log"
    here = FileChannel("file", file)
    assert here.deliver(MESSAGE).status == "accepted"
    file.rename(tmp_path / "alerts.1")
    assert here.deliver(MESSAGE).status == "accepted"
    assert file.read_text(encoding="utf-8") == LINE


def test_a_file_that_cannot_be_written_is_a_failure_for_now(tmp_path: Path) -> None:
    outcome = FileChannel("file", tmp_path / "nowhere" / "alerts.log").deliver(MESSAGE)
    assert outcome.status == "failed_for_now"
    assert "nowhere" in outcome.detail


def test_a_service_gets_title_and_text_as_they_are(service: Service) -> None:
    assert channel(service).deliver(MESSAGE).status == "accepted"
    (received,) = service.received
    assert received["title"] == "OFFICIAL HIGH: Weapons seen"
    assert received["message"].split("\n") == MESSAGE.body.split("\n")


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (401, "failed_for_now"),
        (404, "failed_for_good"),
        (410, "failed_for_good"),
        (429, "failed_for_now"),
        (500, "failed_for_now"),
        (503, "failed_for_now"),
    ],
)
def test_a_refusal_says_whether_to_try_again(service: Service, status: int, verdict: str) -> None:
    service.status = status
    outcome = channel(service).deliver(MESSAGE)
    assert (outcome.status, outcome.detail) == (verdict, f"it answered {status}")


def test_a_service_that_hangs_is_left_in_time(service: Service) -> None:
    service.hangs = True
    outcome = channel(service, timeout=0.2).deliver(MESSAGE)
    assert (outcome.status, outcome.detail) == ("failed_for_now", "no answer within 0.2 seconds")


def test_a_service_that_is_away_is_a_failure_for_now(service: Service) -> None:
    away = AppriseChannel("duty", "json://user:s3cret@127.0.0.1:1/t0ken")
    assert away.deliver(MESSAGE).status == "failed_for_now"


@pytest.mark.parametrize("address", ["", "carrier-pigeon://s3cret/t0ken", "slack://s3cret"])
def test_an_address_of_no_use_is_refused_without_being_shown(
    address: str, everything_logged: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ChannelRefused, match="channel duty") as raised:
        AppriseChannel("duty", address)
    error, logged = raised.value, everything_logged.getvalue()
    shown = "".join([repr(error), str(error), logged, *capfd.readouterr()])
    assert "s3cret" not in shown
    assert "t0ken" not in shown


@pytest.mark.parametrize("status", [200, 404, 500])
def test_nothing_of_the_address_gets_out(
    service: Service,
    status: int,
    everything_logged: io.StringIO,
    capfd: pytest.CaptureFixture[str],
) -> None:
    service.status = status
    here = channel(service)
    outcome = here.deliver(MESSAGE)
    logged = everything_logged.getvalue()
    shown = "".join([repr(here), here.name, outcome.detail, logged, *capfd.readouterr()])
    assert "s3cret" not in shown
    assert "t0ken" not in shown


def test_all_of_them_are_channels(service: Service, tmp_path: Path) -> None:
    channels: list[Channel] = [
        LineChannel("terminal", io.StringIO()),
        FileChannel("file", tmp_path / "alerts.log"),
        channel(service),
    ]
    assert [channel.name for channel in channels] == ["terminal", "file", "duty"]
