"""What is read out of feeds, sound and broken."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.feed_entries import FeedEntry, parse_feed
from ingest.port import ConnectionFailed
from model.post import Media
from tests.ingest.feeds_text import Story, rss

URL = "https://news.example/feed.xml"

ATOM = b"""<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en-GB"><title>News</title>
<entry><id>tag:news.example,2026:1</id><title type="html">Fire &amp;amp; smoke</title>
<link href="/stories/1"/><published>2026-11-20T18:30:05Z</published>
<updated>2026-11-20T19:00:00+01:00</updated><author><name>Ann</name></author>
<summary>short</summary><content type="html">&lt;p&gt;The whole story&lt;/p&gt;</content>
<category term="fire"/></entry></feed>"""


def entries(body: bytes, content_type: str = "application/rss+xml") -> tuple[FeedEntry, ...]:
    return parse_feed(body, content_type, URL).entries


def test_an_atom_entry() -> None:
    entry = entries(ATOM, "application/atom+xml")[0]
    draft = entry.draft

    assert entry.native_id == "tag:news.example,2026:1"
    assert draft.kind == "article"
    assert draft.title == "Fire & smoke"
    assert draft.text == "Fire & smoke\nThe whole story"
    assert draft.url == "https://news.example/stories/1"
    assert draft.published_at == "2026-11-20T18:30:05Z"
    assert draft.edited_at == "2026-11-20T18:00:00Z"
    assert draft.author_name == "Ann"
    assert draft.langs == ("en",)
    assert draft.labels == ("fire",)


def test_an_rss_entry_with_position_and_picture() -> None:
    extra = (
        "<pubDate>Fri, 20 Nov 2026 18:30:05 GMT</pubDate>"
        "<georss:point>51.236 -0.57</georss:point>"
        '<enclosure url="/p.jpg" type="image/jpeg" length="1"/>'
    )
    draft = entries(rss([Story("g1", "Fire", "Fire in town", "/s/1", extra)]))[0].draft

    assert draft.text == "Fire in town", "a title that the text repeats is not said twice"
    assert (draft.lat, draft.lon) == (51.236, -0.57)
    assert draft.media == (Media(url="https://news.example/p.jpg", kind="image/jpeg"),)
    assert draft.published_at == datetime(2026, 11, 20, 18, 30, 5, tzinfo=UTC).strftime(
        "%Y-%m-%dT%H:%M:%SZ"
    )


def test_the_oldest_comes_first() -> None:
    stories = [Story(f"g{n}", f"title {n}") for n in range(3)]
    assert [entry.native_id for entry in entries(rss(stories))] == ["g2", "g1", "g0"]


def test_an_entry_without_guid_is_named_by_its_link_and_else_by_nothing() -> None:
    linked, nameless = entries(rss([Story(title="nameless"), Story(title="a", link="/1")]))
    assert linked.native_id == "https://news.example/1"
    assert nameless.native_id == ""


def test_a_guid_that_several_entries_share_names_none_of_them() -> None:
    found = entries(rss([Story("same", "one"), Story("same", "two"), Story("same", "one")]))
    assert [entry.draft.title for entry in found] == ["two", "one"]
    assert len({entry.native_id for entry in found}) == 2
    assert all(entry.native_id.startswith("same#") for entry in found)


def test_markup_is_inert_and_the_raw_entry_keeps_it() -> None:
    hostile = "&lt;p onclick='x()'&gt;Hi&lt;script&gt;alert(1)&lt;/script&gt;&lt;/p&gt;"
    entry = entries(rss([Story("g", "t", hostile, "javascript:alert(1)")]))[0]
    assert entry.draft.text == "t\nHi"
    assert b"alert(1)" in entry.data


def test_the_raw_entry_is_canonical_json() -> None:
    body = rss([Story("g", "t", "b")])
    first, again = entries(body)[0].data, entries(body)[0].data
    decoded = msgspec.json.decode(first)

    assert first == again
    assert list(decoded) == sorted(decoded)
    assert decoded["summary"] == "b"


def test_the_digest_covers_what_a_reader_sees() -> None:
    def digest(story: Story) -> str:
        return entries(rss([story]))[0].digest

    story = Story("g", "t", "b", "/1")
    assert digest(story) == digest(story._replace(body="&lt;b&gt;b&lt;/b&gt;"))
    assert digest(story) == digest(story._replace(extra="<category>new</category>"))
    assert digest(story) != digest(story._replace(body="c"))
    assert digest(story) != digest(story._replace(title="u"))
    assert digest(story) != digest(story._replace(link="/2"))


@pytest.mark.parametrize(
    ("body", "count"),
    [
        (rss([Story("g1", "a &nbsp; b &undefined; c", "d")]), 1),
        (rss([Story("g1", "one"), Story("g2", "two")])[:-60], 2),
        (rss([Story("g1", "one")]).replace(b"utf-8", b"no-such-encoding"), 1),
        (rss([Story("g1", "cafe")]).replace(b"cafe", b"caf\xe9"), 1),
        (rss([Story("g1", "bad &#xD800; and &#99999999999;")]), 1),
        (rss([Story("g1", "bad &#xD800; and &#0;")])[:-20], 1),
    ],
)
def test_broken_feeds_still_give_their_entries(body: bytes, count: int) -> None:
    assert len(entries(body)) == count


def test_a_broken_document_is_known_as_such() -> None:
    assert parse_feed(ATOM, "application/atom+xml", URL).sound
    assert not parse_feed(ATOM[:-20], "application/atom+xml", URL).sound
    assert parse_feed(ATOM, "text/html", URL).sound, "a wrong content type breaks nothing"


@pytest.mark.parametrize("body", [b"", b"<html><body>Sorry</body></html>", b'{"a": 1}', b"\0\xff"])
def test_what_is_no_feed_is_a_failed_connection(body: bytes) -> None:
    with pytest.raises(ConnectionFailed, match="no feed"):
        parse_feed(body, "text/html", URL)


def test_bytes_that_look_like_an_address_are_not_followed() -> None:
    with pytest.raises(ConnectionFailed, match="no feed"):
        parse_feed(b"http://127.0.0.1:1/feed", "text/plain", URL)


def test_a_feed_without_entries_is_a_feed() -> None:
    assert parse_feed(rss([]), "text/xml", URL).entries == ()


@pytest.mark.parametrize(
    ("ttl", "seconds"), [("30", 1_800), ("0", 0), ("soon", 0), ("-5", 0), ("", 0)]
)
def test_the_time_to_live_is_in_minutes(ttl: str, seconds: float) -> None:
    assert parse_feed(rss([], f"<ttl>{ttl}</ttl>"), "text/xml", URL).ttl == seconds


def test_external_entities_are_not_fetched() -> None:
    body = (
        b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        b'<rss version="2.0"><channel><item><guid>g</guid><title>a &x; b</title></item>'
        b"</channel></rss>"
    )
    assert all(b"root:" not in entry.data for entry in entries(body))


XML_PARTS = """
<rss_version='2.0'> <channel> <item> </item> <title> </title> <guid> </guid> <link/> </rss>
<description> </description> <![CDATA[ ]]> <!-- &lt;p&gt; &#0; &#xD800; &#9999999999; &#x; &amp;
<pubDate>99_Foo_9999</pubDate> text < <georss:point>x</georss:point> <![foo[ é \u202e
<feed_xmlns='http://www.w3.org/2005/Atom'> <entry> <id> <content:encoded> <?xml_version='1.0'?>
<!DOCTYPE_x> <a_href='http://['> <dc:date>x</dc:date> <enclosure_url='/'>
"""


@settings(max_examples=150)
@given(st.lists(st.sampled_from(XML_PARTS.split()), max_size=30))
def test_any_document_gives_storable_entries_or_is_no_feed(parts: list[str]) -> None:
    body = "".join(parts).replace("_", " ").encode()
    try:
        found = entries(body)
    except ConnectionFailed:
        return
    for entry in found:
        assert hashlib.sha256(entry.data).digest()
        assert "\0" not in (entry.draft.text or "")
        msgspec.msgpack.encode(entry.draft)
