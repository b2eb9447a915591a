"""What each platform's items become."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from ingest.mapping import Mapper
from ingest.shapes.draft import Setting
from ingest.shapes.recognise import SHAPE_NAMES, ShapeName, recognise
from model.clock import MINUTE, SECOND, from_datetime
from model.errors import MalformedRecord
from model.post import Author, Media, Post, post_event_id
from tests.ingest.items import (
    COMMIT,
    FEED_VIEW,
    FLAT,
    POST_VIEW,
    RECORD,
    STATUS,
    THING,
    TWEET,
    X_POST,
    Item,
    changed,
)

EVENING = from_datetime(datetime(2026, 11, 20, 18, 30, 5, tzinfo=UTC))
NOW = EVENING + 2 * MINUTE
LAST_OF_DATES = from_datetime(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))
LAST_OF_SECONDS = 99_999_999_999 * SECOND
"""A number beyond this is one of milliseconds."""

SAMPLES: dict[ShapeName, Item] = {
    "flat": FLAT,
    "twitter": TWEET,
    "x": X_POST,
    "mastodon": STATUS,
    "reddit": THING,
    "bluesky-event": COMMIT,
    "bluesky-view": POST_VIEW,
    "bluesky-feed": FEED_VIEW,
}


def mapped(item: Item, *, server: str | None = None) -> Post:
    mapper = Mapper(Setting(instance="evening"), server=server)
    return mapper.post(json.dumps(item).encode(), NOW)


def test_there_is_a_sample_of_every_shape() -> None:
    assert set(SAMPLES) == set(SHAPE_NAMES)


@pytest.mark.parametrize("shape", SHAPE_NAMES)
class TestEveryShape:
    def test_it_is_recognised(self, shape: ShapeName) -> None:
        assert recognise(json.dumps(SAMPLES[shape]).encode()) == shape

    def test_time_text_and_bytes_arrive(self, shape: ShapeName) -> None:
        post = mapped(SAMPLES[shape])

        assert post.op == "create"
        assert post.rev == 0
        assert post.published_at == EVENING
        assert post.collected_at == NOW
        assert post.text is not None
        assert post.text.startswith("Smoke over")
        assert "&amp;" not in post.text
        assert post.event_id == post_event_id(post.uid, "create", 0)
        assert post.raw is not None
        assert json.loads(post.raw.data) == SAMPLES[shape]

    def test_new_keys_do_no_harm(self, shape: ShapeName) -> None:
        item = SAMPLES[shape] | {"something_new": {"deep": [1, 2, {"er": None}]}}
        assert mapped(item).uid == mapped(SAMPLES[shape]).uid

    def test_a_date_far_ahead_is_kept_but_not_vouched_for(self, shape: ShapeName) -> None:
        text = json.dumps(SAMPLES[shape])
        for date in ("2026-11-20T18:30:05.000Z", "2026-11-20T18:30:05Z"):
            text = text.replace(date, "9999-12-31T23:59:59Z")
        text = text.replace("Fri Nov 20 18:30:05 +0000 2026", "Fri Dec 31 23:59:59 +0000 9999")
        text = text.replace("1795199405.0", "99999999999.0")
        post = Mapper(Setting(instance="evening")).post(text.encode(), NOW)

        assert post.published_at in (LAST_OF_DATES, LAST_OF_SECONDS)
        assert post.published_trust == "author"


def test_a_tweet_is_the_same_post_in_either_shape_of_x() -> None:
    old, new = mapped(TWEET), mapped(X_POST)

    assert old.uid == new.uid == "x:x.com:1859313004000000001"
    assert old.event_id == new.event_id
    assert old.text == new.text == "Smoke over #Guildford & sirens @SurreyFire https://t.co/a"
    for post in (old, new):
        assert post.url == "https://x.com/hightown/status/1859313004000000001"
        assert post.hashtags == ("Guildford",)
        assert post.mentions == ("SurreyFire",)
        assert post.links == ("https://example.org/fire",)
        assert post.media == (Media(url="https://example.org/p.jpg", kind="photo"),)
        assert post.author == Author(id="77", handle="hightown", name="High Town", followers=12)
        assert post.published_trust == "platform"
        assert post.metrics is not None
        assert post.metrics.likes == 3
        assert post.geo is not None
        assert post.geo.name == "Guildford, England"


def test_a_point_is_longitude_first_and_a_city_stands_for_its_centre() -> None:
    exact, city = mapped(TWEET).geo, mapped(X_POST).geo

    assert exact is not None
    assert (exact.lat, exact.lon) == (51.236, -0.57)
    assert city is not None
    assert (city.lat, city.lon) == pytest.approx((51.25, -0.55))


@pytest.mark.parametrize("kind", ["country", "admin"])
def test_a_tagged_country_is_no_position(kind: str) -> None:
    place = {"full_name": "UK", "place_type": kind, "geo": {"bbox": [-8.0, 49.0, 2.0, 61.0]}}
    item = changed(X_POST, "includes.places", [{"id": "p1", **place}])
    assert mapped(item).geo is None


def test_an_old_tweets_city_outline_gives_its_centre() -> None:
    outline = [[[-0.6, 51.2], [-0.6, 51.3], [-0.5, 51.3], [-0.5, 51.2]]]
    place: Item = {"place_type": "city", "bounding_box": {"coordinates": outline}}
    geo = mapped(TWEET | {"coordinates": None, "place": place}).geo
    assert geo is not None
    assert (geo.lat, geo.lon) == pytest.approx((51.25, -0.55))


def test_the_long_text_wins_over_the_short_one() -> None:
    note = changed(X_POST, "data.note_tweet", {"text": "all of it"})
    extended = TWEET | {"extended_tweet": {"full_text": "all of it"}}
    assert mapped(note).text == mapped(extended).text == "all of it"


def test_a_repost_has_the_whole_text_of_the_original() -> None:
    original: Item = {"id_str": "5", "full_text": "all of it", "user": {"screen_name": "first"}}
    old = mapped(TWEET | {"retweeted_status": original, "full_text": "RT @first: all…"})
    referring = changed(X_POST, "data.referenced_tweets", [{"type": "retweeted", "id": "5"}])
    tweets: Item = {"id": "5", "text": "all of it", "author_id": "77"}
    new = mapped(changed(referring, "includes.tweets", [tweets]))

    assert old.text == "RT @first: all of it"
    assert new.text == "RT @hightown: all of it"
    for post in (old, new):
        assert post.kind == "repost"
        assert post.repost_of == "x:x.com:5"


def test_replies_and_quotes_name_the_other_post_by_its_uid() -> None:
    replied = changed(X_POST, "data.referenced_tweets", [{"type": "replied_to", "id": "4"}])
    quoted = TWEET | {"quoted_status_id_str": "3"}

    assert (mapped(replied).kind, mapped(replied).reply_to) == ("reply", "x:x.com:4")
    assert (mapped(quoted).kind, mapped(quoted).quote_of) == ("quote", "x:x.com:3")


def test_versions_of_an_edited_post_of_x_are_one_post() -> None:
    """Each edit has an id of its own there; the first one names the post."""
    history = ["1859313004000000009", "1859313004000000001"]
    first = mapped(changed(X_POST, "data.edit_history_tweet_ids", history[1:]))
    item = changed(X_POST, "data.edit_history_tweet_ids", history)
    second = mapped(changed(item, "data.id", history[0]))

    assert first.uid == second.uid
    assert (first.op, first.rev) == ("create", 0)
    assert (second.op, second.rev, second.edited_at) == ("edit", 1, EVENING)
    assert second.published_at is not None
    assert second.published_at < EVENING


def test_a_page_of_posts_is_refused_with_the_remedy() -> None:
    with pytest.raises(MalformedRecord, match="twarc2 flatten"):
        mapped({"data": [{"id": "1", "text": "a"}, {"id": "2", "text": "b"}], "includes": {}})


def test_a_deletion_notice_of_twitter_deletes() -> None:
    notice: Item = {"delete": {"status": {"id_str": "5"}, "timestamp_ms": "1795199405000"}}
    post = mapped(notice)
    assert (post.op, post.uid, post.deleted_at) == ("delete", "x:x.com:5", EVENING)
    assert post.published_at is None


def test_a_status_is_named_by_its_address_unless_its_server_is_known() -> None:
    path = "social.example/users/hightown/statuses/113520000000000001"
    assert mapped(STATUS).uid == f"mastodon:activitypub:{path}"
    known = mapped(STATUS, server="social.example")
    assert known.uid == "mastodon:social.example:113520000000000001"


def test_a_status_tells_what_it_holds() -> None:
    post = mapped(STATUS)
    assert post.text == "Smoke over #Guildford & sirens"
    assert post.content_warning == "fire"
    assert post.sensitive is True
    assert post.langs == ("en",)
    assert post.hashtags == ("guildford",)
    assert post.mentions == ("surreyfire@other.example",)
    assert post.author is not None
    assert post.author.handle == "hightown"


def test_an_edited_status_is_numbered_by_the_time_of_its_edit() -> None:
    post = mapped(STATUS | {"edited_at": "2026-11-20T18:31:05.000Z"})
    assert (post.op, post.edited_at) == ("edit", EVENING + MINUTE)
    assert post.rev == EVENING + MINUTE


def test_a_boost_is_a_repost_with_the_originals_words() -> None:
    original: Item = {
        "id": "7",
        "uri": "https://far.example/users/a/statuses/7",
        "content": "<p>Far",
    }
    post = mapped(STATUS | {"reblog": original, "content": ""})
    assert (post.kind, post.text) == ("repost", "Far")
    assert post.repost_of == "mastodon:activitypub:far.example/users/a/statuses/7"


@pytest.mark.parametrize("visibility", ["private", "direct"])
def test_what_is_not_public_is_not_taken(visibility: str) -> None:
    with pytest.raises(MalformedRecord, match="everybody may read"):
        mapped(STATUS | {"visibility": visibility})


def test_a_bluesky_post_is_the_same_by_stream_and_by_view() -> None:
    event, view = mapped(COMMIT), mapped(FEED_VIEW)

    assert event.uid == view.uid == "bluesky:bsky.app:did:plc:hightown/app.bsky.feed.post/3lbpost"
    assert event.event_id == view.event_id
    for post in (event, view):
        assert post.published_trust == "author"
        assert post.observed_at == EVENING + SECOND
        assert post.hashtags == ("Guildford",)
        assert post.mentions == ("did:plc:fire",)
        assert post.links == ("https://example.org/f",)
        assert post.kind == "reply"
        assert post.reply_to == "bluesky:bsky.app:did:plc:other/app.bsky.feed.post/3parent"
        assert post.url == "https://bsky.app/profile/did:plc:hightown/post/3lbpost"
    assert view.labels == ("graphic-media",)
    assert view.media == (Media(url="https://cdn.example/p", kind="image", description="smoke"),)


def test_edits_and_deletions_of_bluesky() -> None:
    updated = mapped(changed(COMMIT, "commit.operation", "update"))
    deletion = changed(changed(COMMIT, "commit.operation", "delete"), "commit.record", None)
    deleted = mapped(deletion)

    assert updated.op == "edit"
    assert updated.rev == updated.edited_at
    assert deleted.op == "delete"
    assert deleted.uid == updated.uid
    assert deleted.deleted_at == EVENING + SECOND


def test_a_later_revision_of_bluesky_has_the_larger_number() -> None:
    revisions = ["3lbcdefghijk2", "3lbcdefghzjk2", "3lbdaaaaaaaa2"]
    numbers = [
        mapped(changed(changed(COMMIT, "commit.operation", "update"), "commit.rev", rev)).rev
        for rev in revisions
    ]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize(
    "embed",
    [
        {"record": {"uri": "at://did:plc:q/app.bsky.feed.post/3q"}},
        {"record": {"record": {"uri": "at://did:plc:q/app.bsky.feed.post/3q"}}},
    ],
)
def test_a_quotation_of_bluesky_is_found_beside_media_too(embed: Item) -> None:
    record = {key: value for key, value in RECORD.items() if key != "reply"}
    post = mapped(changed(COMMIT, "commit.record", record | {"embed": embed}))
    assert (post.kind, post.quote_of) == (
        "quote",
        "bluesky:bsky.app:did:plc:q/app.bsky.feed.post/3q",
    )


def test_events_about_something_else_are_refused_by_name() -> None:
    like: Item = {"subject": {"uri": "at://did:plc:q/app.bsky.feed.post/3q"}}
    liked = changed(
        changed(COMMIT, "commit.collection", "app.bsky.feed.like"), "commit.record", like
    )
    account: Item = {"did": "did:plc:a", "time_us": 1, "kind": "account", "account": {}}
    for item, name in ((liked, "app.bsky.feed.like"), (account, "account")):
        with pytest.raises(MalformedRecord, match=name):
            mapped(item)


@pytest.mark.parametrize(
    "change",
    [
        {"author": "[deleted]", "selftext": "[deleted]"},
        {"selftext": "[removed]"},
        {"removed_by_category": "moderator"},
    ],
)
def test_a_thing_that_was_emptied_is_a_deletion(change: Item) -> None:
    item = THING
    for name, value in change.items():
        item = changed(item, f"data.{name}", value)
    post = mapped(item)
    assert (post.op, post.uid, post.text) == ("delete", "reddit:reddit.com:t3_1abcd2", None)


def test_a_comment_replies_within_its_submission_and_an_edit_is_numbered_by_its_time() -> None:
    data = {"name": "t1_2", "body": "yes", "link_id": "t3_1", "parent_id": "t1_1"}
    item = changed(THING, "kind", "t1")
    for name, value in {**data, "edited": 1795199500.0}.items():
        item = changed(item, f"data.{name}", value)
    post = mapped(item)
    assert (post.op, post.rev, post.kind) == ("edit", 1795199500 * SECOND, "reply")
    assert post.conversation_id == "reddit:reddit.com:t3_1"
    assert post.reply_to == "reddit:reddit.com:t1_1"
    assert post.text == "yes"
