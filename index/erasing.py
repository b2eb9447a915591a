"""Erasing posts by what they are: all of an author's, of a day, or of any search."""

from __future__ import annotations

from index.catalogue import FIELDS, KeywordField
from index.port import IndexWriter, SearchIndex, SearchRequest
from index.query.ast import Keyword
from model.clock import DAY

PAGE = 500


def erase_found(index: SearchIndex, writer: IndexWriter, request: SearchRequest) -> int:
    """Erase every post that a search finds, for good; limit, sort and cursor are ignored.

    Returns how many there were. Raises IndexUnavailable when it is cut off; doing it again
    erases the rest.
    """
    writer.commit()
    request = SearchRequest(
        query=request.query, since=request.since, until=request.until, limit=PAGE, sort="oldest"
    )
    erased = 0
    while hits := index.search(request).hits:
        erased += writer.erase([hit.post.uid for hit in hits])
    return erased


def posts_of_author(author: str) -> SearchRequest:
    """The search for the posts of an account, by its handle or id."""
    field = FIELDS["author"]
    assert isinstance(field, KeywordField)
    return SearchRequest(query=Keyword(field.name, field.fold(author)))


def posts_of_day(moment: int) -> SearchRequest:
    """The search for the posts of the UTC day in which a moment (UTC microseconds) lies."""
    start = moment // DAY * DAY
    return SearchRequest(since=start, until=start + DAY)
