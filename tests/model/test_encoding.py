"""Records survive encoding, older versions are read, foreign ones are refused by name."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.dead import DEAD_LETTER, DeadLetter
from model.encoding import Codec, Fields
from model.enriched import ENRICHMENT, Enrichment, pack_offsets, unpack_offsets
from model.errors import MalformedRecord, UnknownSchema
from model.incident import MATCH, Match
from model.post import POST, Post
from tests.model.strategies import enrichments, posts


class Note(msgspec.Struct, frozen=True, tag_field="schema", tag="note/3"):
    """A record whose first version had one name and whose second had two."""

    first: str
    last: str = ""


class NoteView(msgspec.Struct, frozen=True, tag_field="schema", tag="note/3"):
    """The part of a note that a stage might need."""

    last: str = ""


def _from_first(fields: Fields) -> Fields:
    first, _, last = fields["name"].partition(" ")
    return {"schema": "note/2", "names": [first, last]}


def _from_second(fields: Fields) -> Fields:
    first, last = fields["names"]
    return {"schema": "note/3", "first": first, "last": last}


NOTE = Codec(Note, {"note/1": _from_first, "note/2": _from_second})


@given(posts())
def test_any_post_survives_encoding(post: Post) -> None:
    assert POST.decode(POST.encode(post)) == post


@given(enrichments())
def test_any_enrichment_survives_encoding(enrichment: Enrichment) -> None:
    assert ENRICHMENT.decode(ENRICHMENT.encode(enrichment)) == enrichment


@given(posts())
def test_equal_records_have_equal_bytes(post: Post) -> None:
    assert POST.encode(POST.decode(POST.encode(post))) == POST.encode(post)


@given(st.lists(st.integers(0, 200_000)).map(sorted))
def test_offsets_of_any_length_survive_packing(offsets: list[int]) -> None:
    assert unpack_offsets(pack_offsets(offsets)) == offsets


def test_older_versions_are_upgraded_step_by_step() -> None:
    first = msgspec.msgpack.encode({"schema": "note/1", "name": "Ann Hill"})
    second = msgspec.msgpack.encode({"schema": "note/2", "names": ["Ann", "Hill"]})
    assert NOTE.decode(first) == NOTE.decode(second) == Note("Ann", "Hill")


def test_a_view_reads_older_versions_too() -> None:
    first = msgspec.msgpack.encode({"schema": "note/1", "name": "Ann Hill"})
    assert NOTE.view(NoteView).decode(first) == NoteView("Hill")


@pytest.mark.parametrize("schema", ["note/4", "post/1", "", None, 7])
def test_a_newer_or_foreign_schema_is_refused_by_name(schema: object) -> None:
    data = msgspec.msgpack.encode({"schema": schema, "first": "Ann"})
    with pytest.raises(UnknownSchema) as caught:
        NOTE.decode(data)
    assert repr(schema) in str(caught.value)
    assert "note/3" in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        b"{}",
        b"\x00" * 9,
        msgspec.msgpack.encode([1, 2]),
        msgspec.msgpack.encode({"schema": "note/3", "first": 1}),
        msgspec.msgpack.encode({"schema": "note/3", "first": "Ann"})[:-2],
        b"\x81\xa5first\xa2\xff\xfe",
    ],
)
def test_bytes_that_are_no_record_are_malformed(data: bytes) -> None:
    with pytest.raises((MalformedRecord, UnknownSchema)):
        NOTE.decode(data)


@given(st.binary(max_size=200))
def test_no_bytes_at_all_escape_the_error_tree(data: bytes) -> None:
    for codec in (POST, ENRICHMENT, MATCH, DEAD_LETTER):
        with pytest.raises((MalformedRecord, UnknownSchema)):
            codec.decode(data)


def test_text_that_is_not_unicode_is_refused_on_writing() -> None:
    with pytest.raises(MalformedRecord):
        NOTE.encode(Note("\ud800"))


def test_a_struct_without_a_schema_has_no_codec() -> None:
    class Bare(msgspec.Struct):
        name: str

    with pytest.raises(TypeError, match="Bare declares no schema"):
        Codec(Bare)


def test_every_record_of_the_log_names_its_schema() -> None:
    match = Match(uid="a:b:c", event_at=1, collected_at=2)
    letter = DeadLetter(stage="index", error="X", cause="y", original=b"", failed_at=1)
    assert msgspec.msgpack.decode(MATCH.encode(match))["schema"] == "match/1"
    assert msgspec.msgpack.decode(DEAD_LETTER.encode(letter))["schema"] == "dead/1"
