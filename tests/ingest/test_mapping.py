"""From any bytes to a post or to a clear refusal."""

from __future__ import annotations

import hashlib
import json

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingest.hygiene import Limits
from ingest.mapping import FIELDS, Mapper
from ingest.shapes.draft import Setting
from ingest.shapes.recognise import SHAPE_NAMES, ShapeName
from model.errors import ConfigurationError, MalformedRecord, RecordError, RecordTooLarge
from model.post import POST, Author, Geo, Post
from tests.ingest.items import COMMIT, FEED_VIEW, FLAT, POST_VIEW, STATUS, TWEET, X_POST, Item

NOW = 1_795_000_000_000_000
MAPPER = Mapper(Setting(instance="evening"))
ITEMS = (COMMIT, FEED_VIEW, FLAT, POST_VIEW, STATUS, TWEET, X_POST)

ANY_TEXT = st.text(st.characters(exclude_categories=[]), max_size=20)
ANY_VALUE: st.SearchStrategy[object] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), ANY_TEXT),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(ANY_TEXT, inner, max_size=3)
    ),
    max_leaves=8,
)


def mapped(item: Item) -> Post:
    return MAPPER.post(json.dumps(item).encode(), NOW)


def check_sound(data: bytes, mapper: Mapper = MAPPER) -> None:
    """The bytes are a post that can be stored, or are refused in words that can be."""
    try:
        post = mapper.post(data, NOW)
    except RecordError as refusal:
        str(refusal).encode()
        return
    assert POST.decode(POST.encode(post)) == post
    assert post.raw is not None
    assert post.raw.data == data
    assert post.raw.sha256 == hashlib.sha256(data).hexdigest()
    assert "\0" not in (post.text or "")


@given(st.one_of(st.binary(), ANY_TEXT.map(lambda text: text.encode("utf-8", "surrogatepass"))))
@example(b'{"id": 1, "text": "\\ud800"}')
@example(b'{"id": 1, "text": "a\xff"}')
@example(b"{" * 100_000)
@example(b'{"a":' * 100_000)
@example(b'{"id": ' + b"9" * 5_000 + b"}")
def test_any_bytes_are_a_post_or_are_refused(data: bytes) -> None:
    check_sound(data)


@given(st.dictionaries(st.sampled_from(FIELDS), ANY_VALUE), ANY_VALUE)
def test_any_values_in_a_flat_row_are_a_post_or_are_refused(row: Item, native_id: object) -> None:
    check_sound(json.dumps({"id": native_id} | row).encode())


@st.composite
def damaged_items(draw: st.DrawFn) -> bytes:
    """A platform's item with a value somewhere replaced by anything."""
    item = json.loads(json.dumps(draw(st.sampled_from(ITEMS))))
    inner = item
    while True:
        key = draw(st.sampled_from(sorted(inner) if isinstance(inner, dict) else range(len(inner))))
        value = inner[key]
        if not (isinstance(value, dict | list) and value and draw(st.booleans())):
            break
        inner = value
    inner[key] = draw(ANY_VALUE)
    return json.dumps(item).encode()


@settings(max_examples=300)
@given(damaged_items())
def test_any_damage_to_an_item_leaves_a_post_or_a_refusal(data: bytes) -> None:
    check_sound(data)


@given(st.sampled_from(SHAPE_NAMES), damaged_items())
def test_a_wrong_shape_is_a_refusal_or_a_post(shape: ShapeName, data: bytes) -> None:
    check_sound(data, Mapper(Setting(instance="evening"), shape=shape))


@given(damaged_items(), st.dictionaries(st.sampled_from(FIELDS), ANY_TEXT, max_size=3))
def test_any_override_leaves_a_post_or_a_refusal(data: bytes, fields: dict[str, str]) -> None:
    check_sound(data, Mapper(Setting(instance="evening"), fields=fields))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'{"id": 1, "text": "half a li', "broken JSON"),
        (b'{"id": 1, "text": "\xff"}', "broken JSON: 'utf-8' codec"),
        (b'{"id": 1, "text": "\xed\xa0\x80"}', "broken JSON: 'utf-8' codec"),
        (b'{"id": 1, "text": "a\x00b"}', "broken JSON"),
        (b'["id", 1]', "no object"),
        (b"17", "no object"),
        (b'{"text": "a"}', "no id"),
        (b'{"id": null, "text": "a"}', "no id"),
        (b'{"id": 1.5e17, "text": "a"}', r"\$\.id"),
        (b'{"id": 1, "text": 5}', r"\$\.text"),
        (b'{"id": 1, "text": "a", "created_at": "2026-11-20T18:30:05"}', "no time zone"),
        (b'{"id": 1, "text": "a", "op": "explode"}', r"\$\.op"),
        (b'{"id": 1, "text": "a", "op": "edit"}', "neither rev nor edited_at"),
        (b'{"id": 1, "text": "a", "rev": -1}', "revision -1"),
        (b'{"id": 1, "text": "a", "platform": "a:b"}', "without a colon"),
    ],
)
def test_what_is_wrong_is_said(data: bytes, words: str) -> None:
    with pytest.raises(MalformedRecord, match=words):
        MAPPER.post(data, NOW)


def test_a_huge_item_is_refused_by_its_size() -> None:
    with pytest.raises(RecordTooLarge, match="20,000,"):
        MAPPER.post(b'{"id": 1, "text": "' + b"a" * 20_000_000 + b'"}', NOW)


def test_a_long_text_is_refused_even_in_an_item_of_allowed_size() -> None:
    mapper = Mapper(Setting(limits=Limits(text_chars=10)))
    assert mapper.post(b'{"id": 1, "text": "0123456789"}', NOW).text == "0123456789"
    with pytest.raises(RecordTooLarge, match="11 characters"):
        mapper.post(b'{"id": 1, "text": "0123456789a"}', NOW)


@pytest.mark.parametrize("text", ["", " ", "\u202eמגדל", "a\u200bb", "مرحبا", "🔥" * 10, "e\u0301"])
def test_a_text_is_kept_as_it_is(text: str) -> None:
    assert mapped({"id": 1, "text": text}).text == text


@pytest.mark.parametrize("written", [r"a\u0000b", r"a\ud800b", r"a\udfffb"])
def test_nul_and_lone_surrogates_become_replacement_characters(written: str) -> None:
    data = f'{{"id": 1, "text": "{written}"}}'.encode()
    post = MAPPER.post(data, NOW)
    assert post.text == "a\ufffdb"
    assert post.raw is not None
    assert post.raw.data == data


def test_an_escaped_backslash_before_u0000_is_no_nul() -> None:
    assert MAPPER.post(rb'{"id": 1, "text": "a\\u0000b"}', NOW).text == r"a\u0000b"


def test_a_flat_row_needs_no_more_than_an_id() -> None:
    post = mapped({"id": 262342930549850112})
    assert post.uid == "replay:evening:262342930549850112"
    assert post.text is None
    assert (post.published_at, post.published_trust) == (NOW, "collector")


def test_a_flat_row_may_name_its_own_platform() -> None:
    post = mapped({"id": 1, "platform": "reddit", "instance": "reddit.com"})
    assert post.uid == "reddit:reddit.com:1"


def test_numbers_in_quotation_marks_are_numbers() -> None:
    post = mapped({"id": "1", "lat": "51.25", "lon": "-0.5", "rev": "3", "place": "Guildford"})
    assert post.geo == Geo(lat=51.25, lon=-0.5, name="Guildford")
    assert post.rev == 3


@pytest.mark.parametrize(("lat", "lon"), [(91, 0), (0, 181), ("nan", 0), (None, 1), (5, None)])
def test_a_position_off_the_globe_is_none(lat: object, lon: object) -> None:
    assert mapped({"id": 1, "lat": lat, "lon": lon}).geo is None


def test_the_one_time_of_a_removal_is_that_of_the_removal() -> None:
    post = mapped({"id": 1, "op": "delete", "created_at": 1_700_000_000})
    assert post.deleted_at == 1_700_000_000_000_000
    assert post.published_at is None


def test_authors_are_known_by_whatever_names_them() -> None:
    assert mapped({"id": 1, "author": 77}).author == Author(id="77")
    assert mapped({"id": 1, "author_handle": "a"}).author == Author(id="a", handle="a")
    assert mapped({"id": 1, "author": ""}).author is None


def test_addresses_that_are_none_of_the_web_are_left_out() -> None:
    post = mapped({"id": 1, "url": "javascript:alert(1)", "links": ["data:x", "https://a.example"]})
    assert post.url is None
    assert post.links == ("https://a.example",)


def test_fields_are_found_at_their_dotted_path() -> None:
    fields = {"id": "doc.key", "text": "doc.body.plain", "author": "by.line", "created_at": "t"}
    item = {"doc": {"key": 5, "body": {"plain": "words"}}, "by.line": "Ann", "t": "1700000000"}
    post = Mapper(Setting(instance="i"), fields=fields).post(json.dumps(item).encode(), NOW)

    assert (post.uid, post.text) == ("replay:i:5", "words")
    assert post.author == Author(id="Ann")
    assert post.published_at == 1_700_000_000_000_000


def test_an_empty_path_leaves_a_field_out() -> None:
    mapper = Mapper(Setting(), fields={"media": ""})
    post = mapper.post(b'{"id": 1, "text": "a", "media": "a column of another kind"}', NOW)
    assert post.media == ()


def test_a_field_that_no_post_has_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigurationError, match=r"'body'.*published_at.*text"):
        Mapper(Setting(), fields={"body": "text"})


def test_the_same_bytes_are_the_same_event_whenever_they_come() -> None:
    data = json.dumps(FLAT).encode()
    first, later = MAPPER.post(data, NOW), MAPPER.post(data, NOW + 1)
    assert first.event_id == later.event_id
    assert msgspec.structs.replace(later, collected_at=NOW, observed_at=NOW) == first
