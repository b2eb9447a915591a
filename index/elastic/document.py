"""One post as the lines of a bulk request."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from index.elastic import schema
from index.elastic.alphabet import as_bytes, as_text
from index.elastic.names import MAX_ID_BYTES
from index.events import Event
from index.fields import BOUNDARY, Fields, fields_of
from index.geo import is_point
from index.port import Hit
from model.clock import MILLISECOND
from model.enriched import ENRICHMENT, Enrichment
from model.post import POST

_SEPARATOR = "\x01"
"""Stands for BOUNDARY, which Elasticsearch would take for white space."""

_encode = msgspec.json.Encoder().encode


def id_of(uid: str) -> str:
    """The document's id: the uid, or a digest of one that is too long."""
    if len(uid) * 4 <= MAX_ID_BYTES or len(uid.encode()) <= MAX_ID_BYTES:
        return uid
    return f"sha256:{hashlib.sha256(uid.encode()).hexdigest()}"


def action(verb: str, index: str, uid: str, **more: int | str) -> bytes:
    """The first line of an item: what is to be done with which document."""
    return _encode({verb: {"_index": index, "_id": id_of(uid), **more}}) + b"\n"


def put_post(alias: str, version: int, event: Event) -> bytes:
    """The item that puts a post in place of any version that is not newer.

    Raises ValueError for a removal, which has nothing to put.
    """
    post, enrichment = event.post, event.enrichment
    if enrichment is None:
        raise ValueError("a removal has no document")
    head = action("index", alias, post.uid, version=version, version_type="external_gte")
    return head + _encode(_document(event, fields_of(post, enrichment), enrichment)) + b"\n"


def drop_post(alias: str, version: int, uid: str) -> bytes:
    """The item that removes a post, and for a while keeps older versions out."""
    return action("delete", alias, uid, version=version, version_type="external_gte")


def read_hit(source: dict[str, Any]) -> Hit:
    """A hit, decoded from the bytes that were stored."""
    post, added = source[schema.POST_BYTES], source[schema.ENRICHMENT_BYTES]
    return Hit(POST.decode(as_bytes(post)), ENRICHMENT.decode(as_bytes(added)))


def _document(event: Event, fields: Fields, enrichment: Enrichment) -> dict[str, Any]:
    """The post's fields, and both records untouched, as text that stands for their bytes."""
    document: dict[str, Any] = {
        schema.ID: event.post.uid,
        schema.TIMESTAMP: fields.event_at // MILLISECOND,
        schema.TIME: fields.event_at,
        schema.BODY: fields.body,
        schema.POST_BYTES: as_text(event.entry.post),
        schema.ENRICHMENT_BYTES: as_text(event.entry.enrichment),
        **fields.keywords,
        **fields.numbers,
    }
    if BOUNDARY in fields.body:
        document[schema.BODY] = fields.body.replace(BOUNDARY, _SEPARATOR)
    _shorten(document)
    if fields.cells:
        document[schema.CELL] = fields.cells
        document[schema.LOCATION] = _points(event, enrichment)
    if event.account is not None:
        document[schema.ACCOUNT] = event.account
    return document


def _shorten(document: dict[str, Any]) -> None:
    found = schema.long_tokens(document[schema.BODY])
    if found:
        document[schema.LONG_TOKEN] = found
        document[schema.BODY] = schema.without_long_tokens(document[schema.BODY])


def _points(event: Event, enrichment: Enrichment) -> list[tuple[float, float]]:
    """Longitude and latitude of every place but that of the profile: for maps."""
    places = [(p.lat, p.lon) for p in enrichment.places if p.origin != "profile"]
    geo = event.post.geo
    if geo is not None:
        places.append((geo.lat, geo.lon))
    return [
        (lon, lat)
        for lat, lon in places
        if lat is not None and lon is not None and is_point(lat, lon)
    ]
