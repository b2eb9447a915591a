"""The typed tree of a query.

Text is parsed into these nodes once; each engine then compiles the tree, and nothing
else, so that the search box, rules and back-tests mean the same thing. Terms are
already folded by the tokenizer that the enricher uses, and values of fields as
:mod:`index.catalogue` says; whoever builds a node by hand folds them first.
"""

from __future__ import annotations

import msgspec


class Node(msgspec.Struct, frozen=True, tag=True):
    """Anything that a post either satisfies or not."""


class MatchAll(Node, frozen=True):
    """Every post: ``*``."""


class Term(Node, frozen=True):
    """A token of the text equals ``value``."""

    value: str


class Prefix(Node, frozen=True):
    """A token of the text starts with ``value``: ``flood*``."""

    value: str


class Wildcard(Node, frozen=True):
    """A token of the text fits ``pattern``, where ``*`` is any run and ``?`` one character."""

    pattern: str


class Phrase(Node, frozen=True):
    """The tokens stand in this order next to each other, or, with ``slop``, with at most
    that many other tokens between them altogether."""

    values: tuple[str, ...]
    slop: int = 0


class Keyword(Node, frozen=True):
    """A field holds exactly ``value``: ``platform:mastodon``, ``place:guildford``."""

    field: str
    value: str


class KeywordPattern(Node, frozen=True):
    """A field holds a value that fits ``pattern``: ``place:guild*``."""

    field: str
    pattern: str


class Range(Node, frozen=True):
    """A number field lies between the bounds; None is open, and two of them mean any
    number. Bounds are inclusive unless said otherwise."""

    field: str
    low: float | None = None
    high: float | None = None
    include_low: bool = True
    include_high: bool = True


class Exists(Node, frozen=True):
    """The post has something under ``field``: ``has:place``."""

    field: str


class Near(Node, frozen=True):
    """A place of the post lies within ``radius_m`` metres of a point (degrees, WGS 84)."""

    lat: float
    lon: float
    radius_m: float


class And(Node, frozen=True):
    """All of them."""

    nodes: tuple[Node, ...]


class Or(Node, frozen=True):
    """At least one of them."""

    nodes: tuple[Node, ...]


class Not(Node, frozen=True):
    """Not this one."""

    node: Node
