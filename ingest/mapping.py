"""From an item's bytes to a post: shape, field overrides, hygiene.

Every failure of an item is a :class:`~model.errors.RecordError` that says what is wrong
with it, whatever bytes come in.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import msgspec

from ingest.hygiene import check_size, mended_json
from ingest.port import BadItem
from ingest.shapes import flat, mastodon
from ingest.shapes.draft import Draft, Setting, assemble
from ingest.shapes.recognise import DRAFTS, ShapeName, recognise
from model.errors import ConfigurationError, MalformedRecord, RecordError
from model.post import Post, raw_payload

FIELDS = tuple(sorted(Draft.__struct_fields__))
"""The fields that an item can have: the columns of a flat row."""

_NUL_ESCAPE = rb"\u0000"
_OBJECT = msgspec.json.Decoder(dict[str, object])


class Mapper:
    """Turns the items of one source into posts.

    ``shape`` holds for every item; by default each is recognised by its keys. ``fields``
    maps fields of a flat row to the dotted path where an item keeps them, and makes
    every item a flat row; an empty path leaves a field out. ``server`` is the instance
    that statuses were read from, where that is known.

    Raises ConfigurationError for a field that no post has.
    """

    def __init__(
        self,
        setting: Setting,
        *,
        shape: ShapeName | None = None,
        fields: Mapping[str, str] | None = None,
        server: str | None = None,
    ) -> None:
        self._setting = setting
        self._shape = shape
        self._fields = dict(fields or {})
        self._drafts = dict(DRAFTS)
        self._drafts["mastodon"] = partial(mastodon.draft, instance=server)
        for name in self._fields:
            if name not in FIELDS:
                raise ConfigurationError(
                    f"{name!r} is no field of a post", remedy=f"Map one of {', '.join(FIELDS)}"
                )

    def post(self, data: bytes, now: int) -> Post:
        """The post in one JSON object, collected ``now``. Raises RecordError."""
        check_size(data, self._setting.limits)
        return assemble(self._draft(data), self._setting, raw_payload(data), now)

    def post_of_cells(self, cells: Mapping[str, str], data: bytes, now: int) -> Post:
        """The post in one line of CSV, of which ``data`` are the bytes. Raises RecordError."""
        check_size(data, self._setting.limits)
        return assemble(self._row(cells), self._setting, raw_payload(data, "text/csv"), now)

    def _row(self, cells: Mapping[str, str]) -> Draft:
        mapped = {name: cells.get(path, "") for name, path in self._fields.items()}
        try:
            return flat.draft_of_cells({**cells, **mapped})
        except msgspec.ValidationError as error:
            raise _unfit("flat", error) from error

    def _draft(self, data: bytes) -> Draft:
        if _NUL_ESCAPE in data:
            data = mended_json(data)
        try:
            return self._decode(data)
        except (ValueError, RecursionError) as error:
            mended = mended_json(data)
            if mended == data:
                raise MalformedRecord("broken JSON", cause=str(error)) from error
            return self._draft(mended)

    def _decode(self, data: bytes) -> Draft:
        if self._fields:
            return self._chosen(data)
        try:
            shape = self._shape or recognise(data)
        except msgspec.ValidationError as error:
            raise _no_object(error) from error
        try:
            return self._drafts[shape](data)
        except msgspec.ValidationError as error:
            raise _unfit(shape, error) from error

    def _chosen(self, data: bytes) -> Draft:
        try:
            item = _OBJECT.decode(data)
        except msgspec.ValidationError as error:
            raise _no_object(error) from error
        for name, path in self._fields.items():
            item[name] = _found(item, path)
        known = {name: value for name, value in item.items() if value is not None}
        try:
            return msgspec.convert(known, Draft, strict=False)
        except msgspec.ValidationError as error:
            raise _unfit("flat", error) from error


def _found(item: object, path: str) -> object:
    """What stands at a dotted path, or None. A key that has dots itself comes first."""
    if not isinstance(item, dict) or not path:
        return None
    if path in item:
        return item[path]
    first, _, rest = path.partition(".")
    return _found(item.get(first), rest)


def _unfit(shape: str, error: msgspec.ValidationError) -> MalformedRecord:
    return MalformedRecord(
        f"an item that does not fit the shape {shape!r}",
        cause=str(error),
        remedy="Name the right place with --map FIELD=PATH, or leave the field out with FIELD=",
    )


def _no_object(error: msgspec.ValidationError) -> MalformedRecord:
    return MalformedRecord("JSON, but no object", cause=str(error))


def bad_item(error: RecordError, data: bytes, origin: str) -> BadItem:
    """The item that could not become a post, for the dead letters."""
    return BadItem(original=data, origin=origin, error=type(error).__name__, cause=str(error))
