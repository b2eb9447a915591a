"""Plain text of the HTML that feeds and Mastodon carry.

A handful of regular expressions instead of an HTML parser, for two reasons: they run
in time proportional to the input, whatever a hostile page nests or leaves open, and the
result is text that nobody is meant to render, so that a tag which they misjudge is
merely visible.
"""

from __future__ import annotations

import html
import re

from ingest.hygiene import clean_text

_UNSEEN = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style|template)\b.*?(?:</\1\b[^<>]*>|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_BREAK = re.compile(
    r"<(?:br|hr|/?(?:p|div|li|ul|ol|tr|table|h[1-6]|blockquote|article|section|pre))\b[^<>]*>",
    re.IGNORECASE,
)
_TAG = re.compile(r"</?[a-zA-Z!?][^<>]*>")
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r" ?\n[\n ]*")


def plain_text(markup: str) -> str:
    """The words of an HTML fragment, one line per paragraph, entities resolved."""
    text = _TAG.sub("", _BREAK.sub("\n", _UNSEEN.sub(" ", markup)))
    return tidy(html.unescape(text))


def tidy(text: str) -> str:
    """The text with runs of spaces and of empty lines drawn together."""
    return clean_text(_LINES.sub("\n", _SPACES.sub(" ", text)).strip())
