"""The whole evening as the two files that ship: the posts and the truth about them."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import NamedTuple

from tests.demo.cast import Cast
from tests.demo.crowd import chatter
from tests.demo.script import Event, read_events
from tests.demo.stream import Said, Staging

SEED = "evening"
_MIDNIGHT = datetime(2025, 10, 10, tzinfo=timezone(timedelta(hours=1)))
_HASHTAG = re.compile(r"#(\w+)")

Value = str | int | float | bool | list[str]
Row = dict[str, Value]


class Files(NamedTuple):
    """The content of ``evening.jsonl`` and ``truth.jsonl``."""

    posts: str
    truth: str

    def write(self, folder: Path) -> None:
        """Put both into a folder, over what was there."""
        (folder / "evening.jsonl").write_text(self.posts, encoding="utf-8")
        (folder / "truth.jsonl").write_text(self.truth, encoding="utf-8")


def compose() -> Files:
    """The evening, the same bytes every time."""
    cast = Cast(SEED)
    events = list(read_events())
    staging = Staging(cast, SEED)
    said = [one for event in events for one in staging.stage(event)]
    said += chatter(cast, SEED)
    said.sort(key=lambda one: (one.arrives_at, one.key))
    ids = _ids(said)
    return Files(
        posts=_lines([_row(one, ids) for one in said]),
        truth=_lines([_truth(event, said, ids) for event in events]),
    )


def _ids(said: list[Said]) -> dict[str, str]:
    """The id of every post, numbered as they were first heard of."""
    keys = dict.fromkeys(one.key for one in said)
    return {key: f"p{number:04}" for number, key in enumerate(keys, start=1)}


def _row(one: Said, ids: dict[str, str]) -> Row:
    if one.act == "delete":
        change: Row = {"deleted_at": _clock(one.said_at), "op": one.act, "rev": one.rev}
        return _head(one, ids) | change
    row = _head(one, ids) | _author(one) | _body(one, ids)
    if one.act == "create":
        return row | {"created_at": _clock(one.said_at)}
    change = {"edited_at": _clock(one.said_at), "op": one.act, "rev": one.rev}
    return row | {"created_at": _clock(one.written_at)} | change


def _head(one: Said, ids: dict[str, str]) -> Row:
    author = one.author
    return {"id": ids[one.key], "platform": author.platform, "instance": author.instance}


def _author(one: Said) -> Row:
    account = one.author.account
    return {"author_id": account, "author_handle": account, "author_name": one.author.name}


def _body(one: Said, ids: dict[str, str]) -> Row:
    body: Row = {"text": one.text}
    if one.linked:
        body["url"] = f"https://{one.author.instance}/{one.author.handle}/{ids[one.key]}"
    if one.author.platform == "reddit":
        body["community"] = f"r/{one.author.town.name.replace(' ', '')}"
    if hashtags := _HASHTAG.findall(one.text):
        body["hashtags"] = hashtags
    if one.reply_to:
        body["reply_to"] = ids[one.reply_to]
    if one.repost_of:
        body["repost_of"] = ids[one.repost_of]
    if one.geo:
        body["lat"], body["lon"] = one.geo
    return body


def _truth(event: Event, said: list[Said], ids: dict[str, str]) -> Row:
    posts = dict.fromkeys(ids[one.key] for one in said if one.event == event.name)
    return {
        "event": event.name,
        "kind": event.kind,
        "place": event.place,
        "alert": bool(event.rule),
        "rule": event.rule,
        "also": list(event.also),
        "note": event.note,
        "posts": list(posts),
    }


def _clock(second: int) -> str:
    return (_MIDNIGHT + timedelta(seconds=second)).isoformat()


def _lines(rows: list[Row]) -> str:
    return "".join(
        json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows
    )
