"""Canonical encoding of records: MessagePack with the schema inside, checked on reading.

Every record is a frozen ``msgspec.Struct`` whose tag is its schema, as ``post/1``.
The tag is checked while decoding, so a record of this version costs nothing extra. A
record of an older version is upgraded step by step; one of a newer version, or of
another kind, is refused by name.

A stage that needs a few fields decodes a *view*: a smaller struct with the same tag,
which skips the rest of the bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import msgspec

from model.errors import MalformedRecord, UnknownSchema

SCHEMA_FIELD = "schema"

Fields = dict[str, Any]
Upgrade = Callable[[Fields], Fields]
T = TypeVar("T", bound=msgspec.Struct)
V = TypeVar("V", bound=msgspec.Struct)


class Codec(Generic[T]):
    """Encodes and decodes one kind of record.

    ``upgrades`` maps an older schema, as ``post/0``, to the function that turns its
    fields into those of the next version. Encoding is canonical: equal records give
    equal bytes. Instances are safe to share between threads.
    """

    def __init__(self, record: type[T], upgrades: Mapping[str, Upgrade] | None = None) -> None:
        self._record = record
        self._upgrades = dict(upgrades or {})
        self._schema = _tag(record)
        self._encode = msgspec.msgpack.Encoder(order="deterministic").encode
        self._decode = msgspec.msgpack.Decoder(record).decode

    @property
    def schema(self) -> str:
        """The schema that this codec writes, as ``post/1``."""
        return self._schema

    def encode(self, record: T) -> bytes:
        """The record as bytes. Raises MalformedRecord if it holds text that is not Unicode."""
        try:
            return self._encode(record)
        except (UnicodeEncodeError, OverflowError) as error:
            raise MalformedRecord(f"a {self._schema} record", cause=str(error)) from error

    def decode(self, data: bytes) -> T:
        """The record in these bytes, upgraded if an older version wrote them.

        Raises UnknownSchema for a newer or foreign schema, MalformedRecord for bytes
        that are no record at all.
        """
        try:
            return self._decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return self._decode_older(data, error)

    def view(self, view: type[V]) -> Codec[V]:
        """A codec for a smaller struct over the same bytes, with the same upgrades."""
        return Codec(view, self._upgrades)

    def _decode_older(self, data: bytes, error: Exception) -> T:
        try:
            fields = msgspec.msgpack.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError) as broken:
            raise MalformedRecord(f"a {self._schema} record", cause=str(broken)) from broken
        if not isinstance(fields, dict):
            raise MalformedRecord(f"a {self._schema} record", cause="not a map") from error
        schema = fields.get(SCHEMA_FIELD)
        if schema == self._schema:
            raise MalformedRecord(f"a {self._schema} record", cause=str(error)) from error
        return self._convert(self._upgraded(fields))

    def _upgraded(self, fields: Fields) -> Fields:
        while (schema := fields.get(SCHEMA_FIELD)) != self._schema:
            upgrade = self._upgrades.get(schema) if isinstance(schema, str) else None
            if upgrade is None:
                raise UnknownSchema(
                    f"a record of schema {schema!r}",
                    cause=f"this version reads {self._schema} and older",
                    remedy="Update Tocsin on this machine, then run `tocsin dead retry`",
                )
            fields = upgrade(fields)
        return fields

    def _convert(self, fields: Fields) -> T:
        try:
            return msgspec.convert(fields, self._record)
        except msgspec.ValidationError as error:
            raise MalformedRecord(f"an upgraded {self._schema} record", cause=str(error)) from error


def _tag(record: type[msgspec.Struct]) -> str:
    config = record.__struct_config__
    if config.tag_field != SCHEMA_FIELD or not isinstance(config.tag, str):
        raise TypeError(f"{record.__name__} declares no schema")
    return config.tag
