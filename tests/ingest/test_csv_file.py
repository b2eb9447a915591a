"""CSV: headers, quotation marks and rows that do not fit."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from ingest.port import Batch
from ingest.replay import ReplayOptions, ReplaySource
from model.errors import ConfigurationError
from tests.contracts.source import NOW, drained, uids

HEADER = b"id,created_at,text\n"


def replayed(path: Path, content: bytes, fields: dict[str, str] | None = None) -> Batch:
    path.write_bytes(content)
    source = ReplaySource(path, ReplayOptions(fields=fields or {}))
    try:
        source.open({})
        batches = drained(source, 500)
    finally:
        source.close()
    return Batch(
        posts=tuple(post for batch in batches for post in batch.posts),
        bad=tuple(item for batch in batches for item in batch.bad),
    )


@pytest.mark.parametrize(
    "content",
    [
        HEADER + b'1,2026-11-20T18:30:05Z,"a, ""b"""\n',
        b"\xef\xbb\xbf" + HEADER + b'1,2026-11-20T18:30:05Z,"a, ""b"""\r\n',
        b'id;created_at;text\n1;2026-11-20T18:30:05Z;a, "b"',
        b'id\tcreated_at\ttext\r\n1\t2026-11-20T18:30:05Z\ta, "b"\r\n',
    ],
)
def test_the_dialects_that_are_common(tmp_path: Path, content: bytes) -> None:
    batch = replayed(tmp_path / "a.csv", content)
    assert batch.bad == ()
    assert uids([batch]) == ["replay:a:1"]
    assert batch.posts[0].text == 'a, "b"'
    assert batch.posts[0].raw is not None
    assert batch.posts[0].raw.media_type == "text/csv"
    assert batch.posts[0].raw.data == content.splitlines()[1]


def test_cells_become_fields_and_empty_ones_are_absent(tmp_path: Path) -> None:
    content = (
        b"id,text,lat,lon,rev,hashtags,sensitive,url,extra\n"
        b"007,,51.25,-0.5,2,fire guildford,true,,kept in the raw row alone\n"
    )
    post = replayed(tmp_path / "a.csv", content).posts[0]
    assert post.uid == "replay:a:007"
    assert post.text == ""
    assert post.rev == 2
    assert post.hashtags == ("fire", "guildford")
    assert post.sensitive is True
    assert post.url is None
    assert post.geo is not None


def test_a_wrong_header_names_what_is_there_what_is_needed_and_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        replayed(tmp_path / "a.csv", b",count,class,tweet\n0,3,2,hello\n")
    message = str(refusal.value)
    assert str(tmp_path / "a.csv") in message
    assert "column1, count, class, tweet" in message
    assert "id and text" in message
    assert "--map id=COLUMN" in message


def test_columns_of_other_names_are_mapped(tmp_path: Path) -> None:
    content = b",count,class,tweet\n0,3,2,hello\n"
    batch = replayed(tmp_path / "a.csv", content, {"id": "column1", "text": "tweet"})
    assert uids([batch]) == ["replay:a:0"]
    assert batch.posts[0].text == "hello"


@pytest.mark.parametrize(
    ("header", "fields", "words"),
    [
        (b"id,text,text\n", {}, "several columns called 'text'"),
        (b"id,body\n", {"text": "boddy"}, "no column for text"),
        (b"id,t\xffxt\n", {}, "no UTF-8"),
        (b"\n", {}, "no columns at all"),
    ],
)
def test_headers_that_cannot_be_used(
    tmp_path: Path, header: bytes, fields: dict[str, str], words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words):
        replayed(tmp_path / "a.csv", header + b"1,a,b\n", fields)


def test_an_empty_file_has_no_header(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no columns at all"):
        replayed(tmp_path / "a.csv", b"")


def test_an_archive_that_is_none_has_no_header(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="header line cannot be read"):
        replayed(tmp_path / "a.csv.gz", HEADER)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (b"2,2026-11-20T18:30:05Z\n", "a row of 2 cells"),
        (b"2,2026-11-20T18:30:05Z,a,b\n", "a row of 4 cells"),
        (b"2,2026-11-20T18:30:05Z,\xff\n", "no UTF-8"),
        (b"2,2026-11-20T18:30:05,a\n", "no time zone"),
        (b",2026-11-20T18:30:05Z,a\n", "no id"),
        (b'2,2026-11-20T18:30:05Z,"a"b\n', "broken row"),
        (b"2,2026-11-20T18:30:05Z," + b"a" * 200_000 + b"\n", "broken row"),
        (b"2,2026-11-20T18:30:05Z," + b"a" * 120_000 + b"\n", "120,000 characters"),
    ],
)
def test_a_bad_row_stops_no_other(tmp_path: Path, row: bytes, words: str) -> None:
    good = b'%d,2026-11-20T18:30:05Z,"text\nof two lines"\n'
    batch = replayed(tmp_path / "a.csv", HEADER + good % 1 + row + good % 3)

    assert uids([batch]) == ["replay:a:1", "replay:a:3"]
    assert words in batch.bad[0].cause
    assert batch.bad[0].original == row.strip()
    assert batch.bad[0].origin.endswith("a.csv:4")


def test_a_quotation_mark_that_is_never_closed_swallows_no_more_than_it_must(
    tmp_path: Path,
) -> None:
    rows = b'1,2026-11-20T18:30:05Z,"never closed\n' + b"".join(
        b'%d,2026-11-20T18:30:05Z,"text %d"\n' % (n, n) for n in range(2, 10)
    )
    batch = replayed(tmp_path / "a.csv", HEADER + rows)

    assert uids([batch]) == [f"replay:a:{n}" for n in range(3, 10)]
    assert [item.original for item in batch.bad] == [b"\n".join(rows.splitlines()[:2])]


def test_a_quotation_mark_left_open_at_the_end_is_a_bad_row(tmp_path: Path) -> None:
    batch = replayed(tmp_path / "a.csv", HEADER + b'1,,a\n2,2026-11-20T18:30:05Z,"open\nend')
    assert uids([batch]) == ["replay:a:1"]
    assert batch.bad[0].original.endswith(b"open\nend")


def test_nul_in_a_cell_is_replaced(tmp_path: Path) -> None:
    assert replayed(tmp_path / "a.csv", HEADER + b"1,,a\0b\n").posts[0].text == "a\ufffdb"


def test_a_packed_file_that_is_cut_off_gives_what_it_holds(tmp_path: Path) -> None:
    packed = gzip.compress(HEADER + b"".join(b"%d,,text %d\n" % (n, n * n) for n in range(9_000)))
    batch = replayed(tmp_path / "a.csv.gz", packed[: len(packed) // 2])
    assert len(batch.posts) > 100
    assert "cut off" in batch.bad[-1].cause


def test_times_of_collection_are_those_of_the_call(tmp_path: Path) -> None:
    assert replayed(tmp_path / "a.csv", HEADER + b"1,,a\n").posts[0].collected_at == NOW
