"""The cursor of a page: opaque text that says where the next one goes on."""

from __future__ import annotations

import base64
import binascii
import hashlib

import msgspec

from index.port import SearchRequest
from model.errors import QueryError


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """The last post's place in the order, or, by relevance, how many hits were shown.

    ``search`` is a digest of what was asked: a cursor of one search means nothing in
    another. An engine that holds a view of the index open between the pages names it in
    ``view``, and its own mark of the last hit in ``mark``.
    """

    search: bytes
    time: int = 0
    uid: str = ""
    shown: int = 0
    view: str = ""
    mark: tuple[float, int] | None = None

    def text(self) -> str:
        """The cursor as it is handed out."""
        return base64.urlsafe_b64encode(msgspec.msgpack.encode(self)).decode().rstrip("=")


def digest(request: SearchRequest) -> bytes:
    """What a cursor is bound to: query, span and sort."""
    asked = (request.query, request.since, request.until, request.sort)
    return hashlib.sha256(msgspec.msgpack.encode(asked)).digest()[:9]


def cursor_of(request: SearchRequest) -> Cursor | None:
    """The cursor that came with a request. Raises QueryError if it is none, or another's."""
    if request.cursor is None:
        return None
    try:
        packed = base64.urlsafe_b64decode(request.cursor + "=" * (-len(request.cursor) % 4))
        cursor = msgspec.msgpack.decode(packed, type=Cursor)
    except (binascii.Error, ValueError) as error:
        raise QueryError("the cursor is damaged", hint="Start again at the first page") from error
    if cursor.search != digest(request):
        raise QueryError(
            "the cursor belongs to another search", hint="Start again at the first page"
        )
    return cursor
