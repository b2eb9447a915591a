"""Feeds written for tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Story(NamedTuple):
    """One entry of a feed, as XML text."""

    guid: str = ""
    title: str = ""
    body: str = ""
    link: str = ""
    extra: str = ""


def rss(stories: Sequence[Story], channel: str = "") -> bytes:
    """An RSS 2.0 document, in the order given: feeds have their newest first."""
    return "".join(
        (
            '<?xml version="1.0" encoding="utf-8"?>',
            '<rss version="2.0" xmlns:georss="http://www.georss.org/georss"><channel>',
            f"<title>News</title>{channel}",
            *map(_item, stories),
            "</channel></rss>",
        )
    ).encode()


def _item(story: Story) -> str:
    guid = f'<guid isPermaLink="false">{story.guid}</guid>' if story.guid else ""
    link = f"<link>{story.link}</link>" if story.link else ""
    body = f"<description>{story.body}</description>" if story.body else ""
    return f"<item><title>{story.title}</title>{guid}{link}{body}{story.extra}</item>"
