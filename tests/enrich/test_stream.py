"""JSON lines through the enricher."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings

from enrich.pipeline import Enricher
from enrich.stream import BATCH, BadLine, enrich_batch, enrich_lines
from tests.enrich.texts import unicode_text


def answers(enricher: Enricher, *lines: bytes) -> list[bytes | BadLine]:
    return list(enrich_lines(enricher, lines))


def test_a_line_is_answered_in_the_shape_that_is_documented(enricher: Enricher) -> None:
    (line,) = answers(
        enricher, b'{"id":"a1","text":"lads throwing bricks at the police in Woking"}'
    )
    assert isinstance(line, bytes)
    assert line.endswith(b"\n")
    answer = json.loads(line)
    assert list(answer) == ["id", "lang", "places", "tension"]
    (place,) = answer["places"]
    assert list(place) == ["start", "end", "text", "name", "lat", "lon", "kind", "confidence"]
    assert list(answer["tension"][0]) == ["category", "score", "evidence"]
    for hint in answer["tension"][0]["evidence"]:
        assert list(hint) == ["start", "end", "text", "reason"]
        assert hint["reason"].startswith(answer["tension"][0]["category"])


@pytest.mark.parametrize("value", ["7", '"seven"', "null", "1.5", "123456789012345678901"])
def test_ids_come_back_as_they_were(enricher: Enricher, value: str) -> None:
    (line,) = answers(enricher, f'{{"id":{value},"text":"x"}}'.encode())
    assert isinstance(line, bytes)
    assert json.loads(line)["id"] == json.loads(value)


@pytest.mark.parametrize(
    "line",
    [
        b'{"id":1,"text":',
        b"\xff\xfe",
        b"[1,2]",
        b'{"id":1}',
        b'{"id":1,"text":null}',
        b'{"id":[1],"text":"x"}',
        b'{"id":1,"text":"\xff"}',
        b"[" * 100_000,
        b"null",
    ],
)
def test_a_broken_line_is_named_and_the_rest_flows(enricher: Enricher, line: bytes) -> None:
    good, bad, blank_skipped = b'{"id":1,"text":"x"}', line, b'{"id":3,"text":"y"}\r\n'
    result = answers(enricher, good, bad, b"  \n", blank_skipped)
    assert isinstance(result[0], bytes)
    assert isinstance(result[1], BadLine)
    assert result[1].number == 2
    assert result[1].cause
    assert isinstance(result[2], bytes)
    assert len(result) == 3


def test_a_lone_surrogate_is_replaced_one_for_one(enricher: Enricher) -> None:
    (line,) = answers(enricher, b'{"id":"\\ud800","text":"\\ud83d in Leeds \\udc00"}')
    assert isinstance(line, bytes)
    answer = json.loads(line)
    assert answer["id"] == "\ud800"
    (place,) = answer["places"]
    assert (place["start"], place["end"], place["text"]) == (5, 10, "Leeds")


def test_lines_are_numbered_through_batches(enricher: Enricher) -> None:
    lines = [b'{"id":0,"text":"x"}'] * (BATCH + 3)
    lines[BATCH + 1] = b"broken"
    bad = [one for one in enrich_lines(enricher, lines) if isinstance(one, BadLine)]
    assert [one.number for one in bad] == [BATCH + 2]
    (first,) = enrich_batch(enricher, [b"broken"], 41)
    assert isinstance(first, BadLine)
    assert first.number == 41


@settings(max_examples=60)
@given(unicode_text)
def test_any_text_comes_through_with_offsets_that_fit(enricher: Enricher, text: str) -> None:
    (line,) = answers(enricher, json.dumps({"id": 1, "text": text}).encode())
    assert isinstance(line, bytes)
    for place in json.loads(line)["places"]:
        assert text[place["start"] : place["end"]] == place["text"]
