"""The stage: every record is answered, and what is no post is told apart."""

from __future__ import annotations

import msgspec
import pytest

from bus.port import Record
from enrich.pipeline import Enricher
from enrich.stage import EnrichStage
from model.enriched import ENRICHMENT, Enrichment
from model.errors import MalformedRecord, UnknownSchema
from model.post import POST, Geo, Operation, Post, Provenance
from model.topics import POSTS_ENRICHED, POSTS_RAW


def post(text: str | None, op: Operation = "create", **fields: str | Geo) -> Post:
    return Post(event_id="e", op=op, uid="x:main:1", text=text, **fields)  # type: ignore[arg-type]


def record(value: bytes, offset: int = 0) -> Record:
    return Record(POSTS_RAW.name, 0, offset, "x:main:1", value)


@pytest.fixture
def stage(enricher: Enricher) -> EnrichStage:
    return EnrichStage(enricher)


def test_it_reads_raw_posts_and_is_called_enrich(stage: EnrichStage) -> None:
    assert (stage.name, stage.inputs) == ("enrich", ("posts.raw",))
    assert stage.settle(force=False)
    stage.close()


def test_each_post_is_answered_beside_its_record(stage: EnrichStage) -> None:
    records = [
        record(POST.encode(post("fire in Woking", title="Fire")), 7),
        record(POST.encode(post(None, geo=Geo(51.32, -0.56))), 8),
    ]
    result = stage.process(records)
    assert [out.source for out in result.outputs] == records
    assert {out.topic for out in result.outputs} == {POSTS_ENRICHED.name}
    assert {out.key for out in result.outputs} == {"x:main:1"}
    first, second = [ENRICHMENT.decode(out.value) for out in result.outputs]
    assert [place.name for place in first.places] == ["Woking"]
    assert [place.origin for place in second.places] == ["geotag"]


def test_a_source_may_have_a_home_of_its_own(enricher: Enricher) -> None:
    stage = EnrichStage(enricher, {"us-news": "US"})
    sent = [
        msgspec.structs.replace(post("riot in Boston tonight"), delivery=Provenance(source, "c"))
        for source in ("uk-news", "us-news")
    ]
    result = stage.process([record(POST.encode(one), at) for at, one in enumerate(sent)])
    ours, theirs = [ENRICHMENT.decode(out.value).places[0] for out in result.outputs]
    assert ours.name == theirs.name == "Boston"
    assert ours.id != theirs.id


@pytest.mark.parametrize("op", ["delete", "withhold", "account_delete"])
def test_a_removal_passes_empty(stage: EnrichStage, op: Operation) -> None:
    (out,) = stage.process([record(POST.encode(post("stab you in Woking", op)))]).outputs
    assert ENRICHMENT.decode(out.value) == Enrichment()


def test_what_is_no_post_is_rejected_and_the_rest_flows(stage: EnrichStage) -> None:
    good = record(POST.encode(post("hello")), 1)
    broken = record(b"\xc1 no record", 2)
    newer = record(POST.encode(post("x")).replace(b"post/1", b"post/9"), 3)
    result = stage.process([broken, good, newer])
    assert [out.source for out in result.outputs] == [good]
    assert [(reject.record, type(reject.error)) for reject in result.rejects] == [
        (broken, MalformedRecord),
        (newer, UnknownSchema),
    ]


def test_an_empty_batch_is_a_tick(stage: EnrichStage) -> None:
    result = stage.process([])
    assert (list(result.outputs), list(result.rejects)) == ([], [])


def test_the_same_records_again_give_the_same_bytes(stage: EnrichStage) -> None:
    batch = [record(POST.encode(post(text))) for text in ("lads fighting in Leeds", "", "hi")]
    once = [out.value for out in stage.process(batch).outputs]
    assert [out.value for out in stage.process(batch).outputs] == once
