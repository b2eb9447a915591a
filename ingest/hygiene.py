"""What every collected item has to satisfy, and how its small blemishes are mended.

The rules, which docs/collecting.md explains:

- NUL and lone surrogates become U+FFFD, since no store and no encoding takes them.
  Everything else in a text is evidence and stays, zero-width characters included.
- An id is required. Numbers become strings digit by digit, never through a float.
- An item or text over its limit is refused whole: half a post would be a false record.
- An address is one of the web (http or https) or it is left out: nobody should click on
  ``javascript:``.
- A post dated more than a day ahead of its collection keeps its date, but the date
  counts as the author's claim, whoever stated it.

The untouched bytes travel with the post in any case.
"""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from model.clock import DAY
from model.errors import MalformedRecord, RecordTooLarge
from model.post import TimeTrust

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
CREDIBLE_FUTURE = DAY
"""How far ahead of its collection a post may be dated before nobody vouches for it."""


class Limits(msgspec.Struct, frozen=True):
    """The largest item (bytes), text and id (code points) that become a post."""

    item_bytes: int = 1_048_576
    text_chars: int = 100_000
    id_chars: int = 512


_UNSTORABLE = re.compile("[\0\ud800-\udfff]")

# Alternatives are tried from the left, so that an escaped backslash is consumed as a
# pair and what follows it is not taken for an escape.
_JSON_ESCAPE = re.compile(
    rb"(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|\\[^u]"
    rb"|\\u(?![dD][89a-fA-F]|0000))"
    rb"|\\u(?:[dD][89a-fA-F][0-9a-fA-F]{2}|0000)"
)
_NAME = re.compile(r"[^\s:\x00-\x1f\x7f][^:\x00-\x1f\x7f]{0,199}")


def clean_text(text: str) -> str:
    """The text with NUL and lone surrogates replaced by U+FFFD."""
    if "\0" not in text and text.isascii():
        return text
    return _UNSTORABLE.sub(REPLACEMENT, text)


def mended_json(data: bytes) -> bytes:
    r"""The same JSON with ``\u0000`` and lone surrogate escapes replaced by ``\ufffd``."""
    return _JSON_ESCAPE.sub(lambda found: found[1] or rb"\ufffd", data)


def check_size(data: bytes, limits: Limits) -> None:
    """Raises RecordTooLarge for an item over the limit."""
    if len(data) > limits.item_bytes:
        raise RecordTooLarge(
            f"an item of {len(data):,} bytes", cause=f"the limit is {limits.item_bytes:,}"
        )


def check_text(text: str, limits: Limits) -> None:
    """Raises RecordTooLarge for a text over the limit. An empty text is a valid post."""
    if len(text) > limits.text_chars:
        raise RecordTooLarge(
            f"a text of {len(text):,} characters", cause=f"the limit is {limits.text_chars:,}"
        )


def native_id(value: str | int | None, limits: Limits) -> str:
    """The platform's id as a string. Raises MalformedRecord if there is none."""
    text = str(value).strip() if value is not None else ""
    if not text:
        raise MalformedRecord(
            "no id", cause="the item has none, or an empty one", remedy="Name its place: --map id=…"
        )
    if len(text) > limits.id_chars:
        raise MalformedRecord(
            f"an id of {len(text):,} characters", cause=f"the limit is {limits.id_chars}"
        )
    if not text.isprintable():
        raise MalformedRecord(f"the id {text!a}", cause="it holds characters that cannot be seen")
    return text


@lru_cache(maxsize=4096)
def check_name(name: str) -> str:
    """A platform's or instance's name, which must be able to stand in a uid.

    Raises MalformedRecord for an empty or overlong name, or one with a colon or a
    control character.
    """
    if _NAME.fullmatch(name) is None or not name.isprintable():
        raise MalformedRecord(
            f"the platform or instance {name[:80]!a}",
            cause="a name of 1 to 200 visible characters without a colon is needed",
        )
    return name


def is_web_address(address: str) -> bool:
    """Whether it is safe to show as a link."""
    return address[:8].lower().startswith(("https://", "http://"))


def credible_trust(published_at: int, collected_at: int, stated: TimeTrust) -> TimeTrust:
    """Whose clock ``published_at`` counts as: the author's claim if it lies far ahead."""
    return "author" if published_at > collected_at + CREDIBLE_FUTURE else stated
