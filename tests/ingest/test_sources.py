"""The sources file: good entries run, bad ones are named, and none disables another."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

import config
from ingest.download import Downloader
from ingest.feeds import FeedSource
from ingest.means import Means
from ingest.port import Batch, State
from ingest.source_entry import SourceEntry
from ingest.sources import SourcesFile, build_source, declare, load_sources
from model.clock import from_datetime
from model.errors import ConfigurationError
from tests.ingest.parts import Ledger

NOW = from_datetime(datetime(2026, 11, 20, 18, 0, tzinfo=UTC))
GOOD = """
  - name: council-news
    platform: feeds
    url: https://www.example.org/news.rss
    authority: DPIA-2026-014
    owner: intelligence.manager
    expires: 2027-03-31
    interval: 15m
"""


class PluginSource:
    """A source as a force might write it."""

    def __init__(self, entry: SourceEntry) -> None:
        self.entry = entry
        self.name = entry.source

    def open(self, state: State) -> None: ...

    def fetch(self, now: int, max_items: int) -> Batch:
        return Batch(finished=True)

    def close(self) -> None: ...


NOT_CALLABLE = "a plug-in that is none"


def loaded(tmp_path: Path, text: str) -> SourcesFile:
    path = tmp_path / "sources.yaml"
    path.write_text(text, encoding="utf-8")
    return load_sources(path, NOW)


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return "sources:" + GOOD.replace(old, new)


def test_a_good_entry(tmp_path: Path) -> None:
    entry = loaded(tmp_path, "sources:" + GOOD).entries[0]

    assert entry.source == "feeds:council-news"
    assert entry.url == "https://www.example.org/news.rss"
    assert entry.interval == 900
    assert entry.authorised_until == from_datetime(datetime(2027, 4, 1, tzinfo=UTC))
    assert entry.line == 2


def test_what_is_shipped_is_sound_and_collects_nothing() -> None:
    path = Path(config.__file__).parent / "sources.yaml"
    assert load_sources(path, NOW) == SourcesFile()


def test_the_example_that_is_shipped_works_when_uncommented(tmp_path: Path) -> None:
    shipped = (Path(config.__file__).parent / "sources.yaml").read_text(encoding="utf-8")
    start = shipped.index("#   - name")
    example = shipped[start : shipped.index("#\n", start)]
    text = "\n".join(line.removeprefix("#") for line in example.splitlines())
    found = loaded(tmp_path, "sources:\n" + text)
    assert found.problems == ()
    assert len(found.entries) == 1


@pytest.mark.parametrize(
    ("text", "line", "field", "words"),
    [
        (changed("name: council-news", "name: Council News"), 2, "name", "lower-case"),
        (changed("name: council-news", "name:"), 2, "name", "is empty"),
        (changed("name: council-news", "name: [a]"), 2, "name", "single value"),
        (changed("  - name: council-news\n    platform", "  - platform"), 2, "name", "is missing"),
        (changed("platform: feeds", "platform: feed"), 3, "platform", "module:attribute"),
        (changed("https://www", "ftp://www"), 4, "url", "no http or https"),
        (changed("https://www.example.org", "http://[bad"), 4, "url", "Invalid IPv6 URL"),
        (changed("    url: https://www.example.org/news.rss\n", ""), 2, "url", "is missing"),
        (changed("2027-03-31", "31.3.2027"), 7, "expires", "2027-03-31"),
        (changed("2027-03-31", "2027-02-30"), 7, "expires", "day is out of range"),
        (changed("15m", "often"), 8, "interval", "15m or 1h"),
        (changed("15m", "60s"), 8, "interval", "5m is the least"),
        (changed("interval: 15m", "intervall: 15m"), 8, "intervall", "no field of a source"),
        (changed("interval: 15m", "owner: me"), 8, "owner", "stands twice"),
        ("sources:\n  - just words\n", 2, "sources", "mapping"),
        ("sources:\n  a: b\n", 1, "sources", "list"),
        ("source: []\n", 1, "source", "only sources"),
        ("- a\n", 1, "", "mapping"),
        ("sources:\n  - name: [a\n", 3, "", "no valid YAML"),
        ("sources: \0\n", 1, "", "no valid YAML"),
    ],
)
def test_a_problem_names_file_line_and_field(
    tmp_path: Path, text: str, line: int, field: str, words: str
) -> None:
    found = loaded(tmp_path, text)

    assert found.entries == ()
    assert (found.problems[0].line, found.problems[0].field) == (line, field)
    assert words in found.problems[0].cause
    assert str(found.problems[0]).startswith(f"{tmp_path / 'sources.yaml'}:{line}: ")


@pytest.mark.parametrize("field", ["authority", "owner", "expires"])
def test_without_authority_owner_or_expiry_nothing_runs(tmp_path: Path, field: str) -> None:
    lines = [line for line in GOOD.splitlines() if not line.strip().startswith(field)]
    found = loaded(tmp_path, "sources:" + "\n".join(lines))

    assert found.entries == ()
    assert found.problems[0].state == "not_authorised"
    assert found.problems[0].source == "feeds:council-news"


@pytest.mark.parametrize(("day", "runs"), [("2026-11-20", True), ("2026-11-19", False)])
def test_an_authority_holds_to_the_end_of_its_last_day(
    tmp_path: Path, day: str, runs: bool
) -> None:
    found = loaded(tmp_path, changed("2027-03-31", day))
    assert bool(found.entries) is runs
    if not runs:
        assert found.problems[0].state == "not_authorised"
        assert "DPIA-2026-014" in found.problems[0].cause


def test_bad_entries_disable_no_others_and_everything_wrong_is_said(tmp_path: Path) -> None:
    bad = GOOD.replace("council-news", "broken").replace("https", "ftp").replace("15m", "1m")
    found = loaded(tmp_path, "sources:" + GOOD + bad + "  - 17\n" + GOOD.replace("council", "x"))

    assert [entry.name for entry in found.entries] == ["council-news", "x-news"]
    assert [problem.field for problem in found.problems] == ["url", "interval", "sources"]


def test_the_second_source_of_a_name_does_not_run(tmp_path: Path) -> None:
    found = loaded(tmp_path, "sources:" + GOOD + GOOD)
    assert len(found.entries) == 1
    assert "stands twice" in found.problems[0].cause
    assert found.problems[0].source == "", "coverage must not call the first one blind"


@pytest.mark.parametrize("content", [b"", b"sources:\n", b"sources: []\n", b"# nothing\n"])
def test_an_empty_file_is_no_problem(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "sources.yaml"
    path.write_bytes(content)
    assert load_sources(path, NOW) == SourcesFile()


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"sources: \xff\n")
    for path in (tmp_path / "nowhere.yaml", tmp_path / "latin.yaml", tmp_path):
        found = load_sources(path, NOW)
        assert "cannot be read" in found.problems[0].cause


def test_coverage_is_told_of_what_does_not_run(tmp_path: Path) -> None:
    ledger = Ledger()
    old = GOOD.replace("council", "old").replace("2027", "2025")
    declare(loaded(tmp_path, changed("https", "ftp") + old + "  - 17\n").problems, ledger, NOW)

    assert [(entry.source, entry.state) for entry in ledger.entries] == [
        ("feeds:council-news", "blind"),
        ("feeds:old-news", "not_authorised"),
    ]
    assert "no http or https" in ledger.entries[0].reason


def test_a_feed_is_built_with_its_authority(tmp_path: Path) -> None:
    entry = loaded(tmp_path, "sources:" + GOOD).entries[0]
    with closing(Downloader()) as downloader:
        source = build_source(entry, Means(downloader=downloader))
    assert isinstance(source, FeedSource)
    assert source.name == entry.source


def test_a_plug_in_is_built_from_its_entry(tmp_path: Path) -> None:
    text = changed("platform: feeds", f"platform: {__name__}:PluginSource")
    text = text.replace("interval: 15m", "options: {board: town, pages: 3}")
    entry = loaded(tmp_path, text).entries[0]
    with closing(Downloader()) as downloader:
        source = build_source(entry, Means(downloader=downloader))

    assert isinstance(source, PluginSource)
    assert source.entry.options == {"board": "town", "pages": "3"}
    assert source.name == f"{__name__}:council-news"


@pytest.mark.parametrize("name", ["Nothing", "NOT_CALLABLE"])
def test_a_plug_in_that_makes_no_source_is_refused(tmp_path: Path, name: str) -> None:
    entry = loaded(tmp_path, changed("platform: feeds", f"platform: {__name__}:{name}")).entries[0]
    with closing(Downloader()) as downloader, pytest.raises(ConfigurationError, match=name):
        build_source(entry, Means(downloader=downloader))


LAWFUL = """
    authority: DPIA-2026-014
    owner: intelligence.manager
    expires: 2027-03-31
"""
APPROVAL = """
platform: x
reference: X-2026-0042
scope: road safety in Surrey
granted: 2026-11-01
expires: 2026-12-31
"""


def entry_of(platform: str, fields: str) -> str:
    return f"sources:\n  - name: town\n    platform: {platform}{LAWFUL}    {fields}\n"


@pytest.mark.parametrize(
    ("platform", "fields", "cause"),
    [
        ("bluesky", "languages: [en]", "terms: is missing, as is authors"),
        ("bluesky", "terms: []", "terms: is empty"),
        ("bluesky", "terms: ['!!']", "no word to look for"),
        ("bluesky", "terms: fire", "terms: must be a list"),
        ("bluesky", "terms: [fire]\n    languages: [English]", "write its letters"),
        ("bluesky", "terms: [fire]\n    interval: 15m", "of no use to the platform bluesky"),
        ("mastodon", "url: https://example.social", "timeline: is missing"),
        ("mastodon", "url: https://example.social\n    timeline: home", "no timeline"),
        ("reddit", "communities: [r/guildford]\n    credential: reddit", "without r/"),
        ("reddit", "communities: [guildford]", "credential: is missing"),
        ("x", "rules: [fire]\n    credential: x", "approval: is missing"),
    ],
)
def test_each_platform_has_its_own_fields(
    tmp_path: Path, platform: str, fields: str, cause: str
) -> None:
    found = loaded(tmp_path, entry_of(platform, fields))
    assert found.entries == ()
    assert cause in str(found.problems[0])


@pytest.mark.parametrize(
    ("platform", "fields", "kind"),
    [
        ("bluesky", "terms: [fire, 'high street']", "BlueskySource"),
        (
            "mastodon",
            "url: https://example.social\n    timeline: '#fire'\n    credential: main",
            "MastodonSource",
        ),
        ("reddit", "communities: [guildford]\n    credential: app", "RedditSource"),
        ("x", "rules: [fire]\n    credential: main\n    approval: x.yaml", "XSource"),
    ],
)
def test_a_source_of_each_platform_is_built(
    tmp_path: Path, platform: str, fields: str, kind: str
) -> None:
    (tmp_path / "x.yaml").write_text(APPROVAL)
    found = loaded(tmp_path, entry_of(platform, fields))
    assert found.problems == ()
    with closing(Downloader()) as downloader:
        means = Means(downloader=downloader, credentials={"main": "s3cret", "app": "id:s3cret"})
        source = build_source(found.entries[0], means)
    assert (type(source).__name__, source.name) == (kind, f"{platform}:town")
    assert "s3cret" not in repr(means)


def test_a_credential_that_the_settings_do_not_have_is_named(tmp_path: Path) -> None:
    found = loaded(tmp_path, entry_of("reddit", "communities: [town]\n    credential: app"))
    with (
        closing(Downloader()) as downloader,
        pytest.raises(ConfigurationError, match="reddit:town has no credential") as caught,
    ):
        build_source(found.entries[0], Means(downloader=downloader))
    assert "TOCSIN_INGEST__CREDENTIALS" in caught.value.remedy


@pytest.mark.parametrize(
    ("approval", "cause"),
    [
        (None, "cannot be read"),
        ("", "is empty"),
        (APPROVAL.replace("platform: x", "platform: reddit"), "not for x"),
        (APPROVAL.replace("reference: X-2026-0042\n", ""), "reference: is missing"),
        (APPROVAL.replace("2026-12-31", "soon"), "expires: is no day"),
        (APPROVAL.replace("2026-12-31", "2026-02-30"), "expires: day is out of range"),
        (APPROVAL.replace("2026-12-31", "2026-11-19"), "ran out after 2026-11-19"),
        (APPROVAL.replace("2026-11-01", "2026-11-21"), "begins on 2026-11-21"),
        ("- a list", "must be a mapping"),
    ],
)
def test_x_stays_off_without_the_approval_of_x(
    tmp_path: Path, approval: str | None, cause: str
) -> None:
    if approval is not None:
        (tmp_path / "x.yaml").write_text(approval)
    fields = "rules: [fire]\n    credential: x\n    approval: x.yaml"
    found = loaded(tmp_path, entry_of("x", fields))
    assert found.entries == ()
    (problem,) = found.problems
    assert cause in problem.cause
    assert (problem.state, problem.source) == ("not_authorised", "x:town")


def test_a_source_ends_with_the_approval_if_that_ends_first(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(APPROVAL)
    fields = "rules: [fire]\n    credential: x\n    approval: x.yaml"
    entry = loaded(tmp_path, entry_of("x", fields)).entries[0]
    assert entry.authorised_until == from_datetime(datetime(2027, 1, 1, tzinfo=UTC))
