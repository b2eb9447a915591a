"""The enricher as a stage of the chain: posts.raw in, posts.enriched out.

Reads only the fields that it needs and passes the post's bytes on by reference. Every
record is answered, also a removal or a post without words, so that all of them reach the
index and the alerts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from bus.port import Outgoing, Record
from bus.stage import Reject, Result
from enrich.pipeline import Enricher, Subject
from model.encoding import SCHEMA_FIELD
from model.enriched import ENRICHMENT, Enrichment
from model.errors import RecordError
from model.post import POST, REMOVALS, Geo, Operation
from model.topics import GROUP_ENRICH, POSTS_ENRICHED, POSTS_RAW


class _DeliveryView(msgspec.Struct, frozen=True, gc=False):
    source: str


class PostView(
    msgspec.Struct, frozen=True, kw_only=True, gc=False, tag_field=SCHEMA_FIELD, tag="post/1"
):
    """The fields of a post that enrichment reads."""

    op: Operation
    text: str | None = None
    title: str | None = None
    geo: Geo | None = None
    delivery: _DeliveryView | None = None


POST_VIEW = POST.view(PostView)

_EMPTY = ENRICHMENT.encode(Enrichment())


class EnrichStage:
    """Enriches records as :class:`~bus.stage.Stage` asks; holds nothing between batches.

    ``homes`` are the countries (ISO 3166-1 alpha-2) of sources that speak of another than
    the enricher's own first.
    """

    def __init__(self, enricher: Enricher, homes: Mapping[str, str] | None = None) -> None:
        self._enricher = enricher
        self._homes = homes or {}

    @property
    def name(self) -> str:
        return GROUP_ENRICH

    @property
    def inputs(self) -> tuple[str, ...]:
        return (POSTS_RAW.name,)

    def process(self, batch: Sequence[Record]) -> Result:
        rejects: list[Reject] = []
        removed: list[Record] = []
        kept: list[Record] = []
        subjects: list[Subject] = []
        for record in batch:
            try:
                post = POST_VIEW.decode(record.value)
            except RecordError as error:
                rejects.append(Reject(record, error))
                continue
            if post.op in REMOVALS:
                removed.append(record)
            else:
                kept.append(record)
                subjects.append(self._subject(post))
        outputs = [_outgoing(record, _EMPTY) for record in removed]
        enriched = self._enricher.enrich(subjects)
        outputs += [
            _outgoing(record, ENRICHMENT.encode(enrichment))
            for record, enrichment in zip(kept, enriched, strict=True)
        ]
        return Result(outputs, rejects)

    def _subject(self, post: PostView) -> Subject:
        home = self._homes.get(post.delivery.source, "") if post.delivery else ""
        return Subject(post.text or "", post.title or "", post.geo, home)

    def settle(self, *, force: bool) -> bool:  # noqa: ARG002 - nothing is held back
        return True

    def close(self) -> None:
        """Nothing is held."""


def _outgoing(record: Record, value: bytes) -> Outgoing:
    return Outgoing(POSTS_ENRICHED.name, record.key, value, record)
