"""The mapping, derived from the fields of the query language, and what stands in it.

Tokens were made and folded by the enricher, so that Elasticsearch only cuts them apart at
white space. It would do so too inside a token of more than 255 characters; such a one
(usually an address) stands whole in a keyword field, and in the text by a stand-in.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any, get_args

from index.catalogue import FIELDS, KeywordField, NumberField
from index.elastic.connection import ElasticConnection
from index.port import TopField

VERSION = 1
"""Of the mapping. Raise it with every change; `index.elastic.renewal` moves old posts."""

ID = "id"
BODY = "body"
LONG_TOKEN = "long_token"  # noqa: S105 - a word, not a secret
CELL = "cell"
LOCATION = "location"
ACCOUNT = "account"
TIME = "time"
TIMESTAMP = "@timestamp"
POST_BYTES = "post"
ENRICHMENT_BYTES = "enrichment"

TOMBSTONE_LIFE = "1h"
"""How long Elasticsearch itself refuses a request that a deletion has overtaken."""

LONGEST_TOKEN = 127
"""Code points of a token that surely has no more than 255 UTF-16 units."""

_COLUMNS = frozenset({*get_args(TopField), "area", "is", "kind"})
"""Keyword fields of which values are also kept in columns, to be counted, here or in Kibana."""

_LONG = re.compile(rf"[^ ]{{{LONGEST_TOKEN + 1},}}")
_HEX = str.maketrans("0123456789abcdef", "".join(chr(0xE000 + n) for n in range(16)))


def mapping() -> dict[str, Any]:
    """The mapping of posts. ``tension`` and ``tension.weapons`` are names side by side."""
    properties: dict[str, Any] = {
        ID: {"type": "keyword", "index": False},
        TIMESTAMP: {"type": "date", "format": "epoch_millis"},
        TIME: {"type": "long"},
        BODY: {"type": "text", "analyzer": "whitespace"},
        LONG_TOKEN: {"type": "keyword", "doc_values": False},
        CELL: {"type": "keyword", "doc_values": False},
        LOCATION: {"type": "geo_point", "ignore_malformed": False},
        ACCOUNT: {"type": "long", "doc_values": False},
        POST_BYTES: {"type": "text", "index": False},
        ENRICHMENT_BYTES: {"type": "text", "index": False},
    }
    for field in FIELDS.values():
        if isinstance(field, KeywordField):
            properties[field.name] = {"type": "keyword", "doc_values": field.name in _COLUMNS}
        elif isinstance(field, NumberField):
            properties[field.name] = {"type": "long" if field.whole else "double"}
    return {
        "dynamic": "strict",
        "subobjects": False,
        "_meta": {"version": VERSION},
        "properties": properties,
    }


def settings(connection: ElasticConnection) -> dict[str, Any]:
    """The settings of every index of ours."""
    return {
        "number_of_shards": connection.shards,
        "number_of_replicas": connection.replicas,
        "refresh_interval": connection.refresh_interval,
        "gc_deletes": TOMBSTONE_LIFE,
    }


def template(name: str, connection: ElasticConnection) -> dict[str, Any]:
    """The index template of the posts' indices."""
    return {
        "index_patterns": [f"{name}-*"],
        "priority": 500,
        "_meta": {"description": "Posts, as Tocsin searches them", "version": VERSION},
        "template": {"settings": {"index": settings(connection)}, "mappings": mapping()},
    }


MEMORY_MAPPING: dict[str, Any] = {
    "dynamic": False,
    "_meta": {"version": VERSION},
    "properties": {"at": {"type": "long", "index": False}},
}
"""Of standings and accounts: found by id, and by ``at`` when it is time to forget them."""


def is_long(token: str) -> bool:
    """Whether Elasticsearch could cut the token."""
    return len(token) > LONGEST_TOKEN


def stand_in(token: str) -> str:
    """What stands for a long token in the text: a digest in signs that no query can name."""
    return hashlib.sha256(token.encode()).hexdigest()[:40].translate(_HEX)


def long_tokens(body: str) -> list[str]:
    """The long tokens of a text; nearly always none."""
    return _LONG.findall(body) if len(body) > LONGEST_TOKEN else []


def without_long_tokens(body: str) -> str:
    """The text with the stand-in of each long token in its place."""
    return _LONG.sub(lambda found: stand_in(found[0]), body)
