"""The tantivy schema, derived from the fields of the query language, and its documents."""

from __future__ import annotations

from typing import get_args

from index.catalogue import FIELDS, KeywordField, NumberField
from index.embedded.engine import Document, Schema, SchemaBuilder
from index.fields import Fields
from index.port import Entry, TopField

BODY = "body"
CELL = "cell"
ACCOUNT = "account"
TIME = "time"
UID = "uid"
POST_BYTES = "post"
ENRICHMENT_BYTES = "enrichment"

_COLUMNS = frozenset({*get_args(TopField), UID})
"""Keyword fields of which values are also kept in columns, to be counted or sorted by."""


def _schema() -> Schema:
    builder = SchemaBuilder()
    # The tokens were folded by the enricher, so white space is all that analysis needs.
    builder.add_text_field(BODY, tokenizer_name="whitespace", index_option="position")
    for field in FIELDS.values():
        if isinstance(field, KeywordField):
            _add_keyword(builder, field.name)
        elif isinstance(field, NumberField) and field.whole:
            builder.add_integer_field(field.name, fast=True)
        elif isinstance(field, NumberField):
            builder.add_float_field(field.name, fast=True)
    _add_keyword(builder, CELL)
    builder.add_integer_field(ACCOUNT, indexed=True)
    builder.add_integer_field(TIME, fast=True)
    builder.add_bytes_field(POST_BYTES, stored=True)
    builder.add_bytes_field(ENRICHMENT_BYTES, stored=True)
    return builder.build()


def _add_keyword(builder: SchemaBuilder, name: str) -> None:
    builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=name in _COLUMNS)


SCHEMA = _schema()


def document(fields: Fields, account: int | None, entry: Entry) -> Document:
    """What tantivy keeps of a post: its fields, and both records untouched."""
    made = Document()
    add_text = made.add_text
    add_text(BODY, fields.body)
    for name, values in fields.keywords.items():
        for value in values:
            add_text(name, value)
    for name, number in fields.numbers.items():
        if isinstance(number, int):
            made.add_integer(name, number)
        else:
            made.add_float(name, number)
    for cell in fields.cells:
        add_text(CELL, cell)
    if account is not None:
        made.add_integer(ACCOUNT, account)
    made.add_integer(TIME, fields.event_at)
    made.add_bytes(POST_BYTES, entry.post)
    made.add_bytes(ENRICHMENT_BYTES, entry.enrichment)
    return made
