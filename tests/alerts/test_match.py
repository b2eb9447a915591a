"""Which rules a post satisfies, into which groups it falls, and what is published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from alerts.groups import MAX_GROUPS, UNKNOWN, Grouped, Grouping
from alerts.match import Matcher
from alerts.match_stage import EXCERPT_LENGTH, MatchStage
from alerts.rules import LoadedRule, RuleSet
from bus.port import Record
from enrich.tokens import fold_tokens, tokenize
from index.fields import POST_VIEW, Fields, fields_of
from index.query.ast import And, MatchAll, Node, Not, Or, Phrase, Prefix, Term
from index.query.parse import parse
from index.query.predicate import compile_predicate
from model.clock import DAY, HOUR, MovableClock, from_datetime, to_datetime
from model.enriched import ENRICHMENT, Enrichment, Place
from model.errors import MalformedRecord, UnknownSchema
from model.incident import MATCH, Match, account_key
from model.post import POST, Again, Author, Operation, Post, Provenance
from model.rule import GroupField, Rule
from tests.alerts.builders import EVENING, rule

WORDS = ["knife", "street", "fire", "help", "police", "the", "crowd"]
parse_rule = partial(parse, tokenize=fold_tokens, for_rule=True)


def loaded(which: Rule, query: Node | None = None) -> LoadedRule:
    query = query or parse_rule(which.query)
    return LoadedRule(which, query, compile_predicate(query), Path("rules.yaml"), 1)


def post(
    text: str,
    *,
    op: Operation = "create",
    uid: str = "mastodon:example.social:1",
    published_at: int | None = EVENING,
    collected_at: int | None = EVENING + 5,
    community: str | None = None,
    author: str | None = None,
) -> Post:
    return Post(
        event_id="e",
        op=op,
        uid=uid,
        published_at=published_at,
        collected_at=collected_at,
        text=text,
        community=community,
        author=Author(author) if author else None,
        delivery=Provenance(source="surrey", collector="c"),
    )


def enriched(text: str, *places: Place, areas: tuple[str, ...] = ()) -> Enrichment:
    tokens = tokenize(text)
    return Enrichment(
        tokens=" ".join(tokens.folded),
        parts=" ".join(tokens.parts),
        lang="en",
        places=places,
        areas=areas,
    )


def fields(text: str) -> Fields:
    view = POST_VIEW.decode(POST.encode(post(text)))
    return fields_of(view, enriched(text))


def groups(by: Sequence[GroupField], found: Fields, places: Sequence[Place]) -> list[Grouped]:
    return Grouping(found, places).groups(by)


def place(name: str, confidence: float = 0.9, **more: object) -> Place:
    known = {"start": 0, "end": 1, "text": name, "kind": "town", "confidence": confidence}
    return Place(name=name, **(known | more))  # type: ignore[arg-type]


def record(which: Post, added: Enrichment, offset: int = 0) -> Record:
    return Record(
        "posts.enriched", 0, offset, which.uid, ENRICHMENT.encode(added), POST.encode(which)
    )


class TestMatcher:
    leaf = st.one_of(
        st.sampled_from(WORDS).map(Term),
        st.sampled_from(["kn", "str", "f"]).map(Prefix),
        st.tuples(st.sampled_from(WORDS), st.sampled_from(WORDS)).map(Phrase),
        st.just(MatchAll()),
    )
    queries = st.recursive(
        leaf,
        lambda nodes: st.one_of(
            st.lists(nodes, min_size=1, max_size=3).map(lambda some: And(tuple(some))),
            st.lists(nodes, min_size=1, max_size=3).map(lambda some: Or(tuple(some))),
            nodes.map(Not),
        ),
        max_leaves=8,
    )
    texts = st.lists(st.sampled_from([*WORDS, "#StreetCrowd"]), max_size=8).map(" ".join)

    @given(st.lists(queries, max_size=12), st.lists(texts, max_size=6), st.data())
    def test_filing_by_rarest_term_finds_what_trying_every_rule_finds(
        self, queries: list[Node], texts: list[str], data: st.DataObject
    ) -> None:
        rarity = data.draw(st.fixed_dictionaries({word: st.integers(0, 9) for word in WORDS}))
        rules = [loaded(rule(f"r{number}"), query) for number, query in enumerate(queries)]
        matcher = Matcher(rules, lambda term: rarity.get(term, 0))
        for text in texts:
            found = fields(text)
            every = [which.rule for which in rules if which.test(found)]
            assert list(matcher.match(found)) == every

    def test_only_rules_with_a_term_of_the_post_are_tried(self) -> None:
        tried: Counter[str] = Counter()

        def counting(which: Rule) -> LoadedRule:
            ready = loaded(which)

            def test(found: Fields) -> bool:
                tried[which.id] += 1
                return ready.test(found)

            return ready._replace(test=test)

        common = {"street": 100}
        rules = [
            counting(rule("knives", query="knife AND street")),
            counting(rule("fires", query="fire AND street")),
            counting(rule("calm", query="NOT knife")),
        ]
        matcher = Matcher(rules, lambda term: common.get(term, 1))
        assert [r.id for r in matcher.match(fields("a knife in the street"))] == ["knives"]
        assert tried == {"knives": 1, "calm": 1}


class TestGroups:
    def test_without_group_by_there_is_one_group_at_the_surest_place(self) -> None:
        places = [place("Woking", 0.5), place("Guildford", 0.9)]
        (found,) = groups((), fields("x"), places)
        assert (found.group, found.place) == ((), places[1])

    def test_a_post_joins_every_place_that_it_names(self) -> None:
        places = [place("Woking", 0.5, id="1"), place("Guildford", 0.9, id="2")]
        found = groups(("place",), fields("x"), places)
        assert [(g.group, g.place) for g in found] == [
            (("Guildford (2)",), places[1]),
            (("Woking (1)",), places[0]),
        ]

    def test_two_towns_of_one_name_are_two_groups(self) -> None:
        newports = [place("Newport", id="1"), place("Newport", id="2")]
        assert len(groups(("place",), fields("x"), newports)) == 2

    def test_places_close_to_each_other_are_one_scene(self) -> None:
        """ "Hartcliffe, Bristol" must not ring twice, but Bristol and Leeds must."""
        hartcliffe = place("Hartcliffe", 0.7, lat=51.405, lon=-2.597)
        bristol = place("Bristol", 0.9, lat=51.455, lon=-2.588)
        leeds = place("Leeds", 0.8, lat=53.797, lon=-1.547)
        street = place("Bishport Avenue", 0.95)
        found = groups(("place",), fields("x"), [hartcliffe, street, bristol, leeds])
        assert [one.place for one in found] == [bristol, leeds]

    def test_a_geotag_does_not_take_apart_a_scene_that_is_named(self) -> None:
        paisley = place("Paisley", 0.6, lat=55.846, lon=-4.424)
        stood = place("Hawkhead", 1.0, lat=55.842, lon=-4.412, origin="geotag")
        (found,) = groups(("place",), fields("x"), [stood, paisley])
        assert found.place == paisley

    def test_a_place_that_is_named_twice_is_one_group(self) -> None:
        twice = [place("Woking", 0.9), place("Woking", 0.4)]
        (found,) = groups(("place",), fields("x"), twice)
        assert found.place == twice[0]

    def test_what_is_unknown_is_a_group_of_its_own(self) -> None:
        by: tuple[GroupField, ...] = ("place", "area", "community", "cluster")
        (found,) = groups(by, fields("x"), [])
        assert found.group == (UNKNOWN,) * 4
        assert found.place is None

    def test_a_profile_is_not_where_something_happens(self) -> None:
        (found,) = groups(("place",), fields("x"), [place("Woking", origin="profile")])
        assert (found.group, found.place) == ((UNKNOWN,), None)

    def test_several_fields_give_every_combination(self) -> None:
        places = [place("Guildford"), place("Woking", 0.5)]
        found = groups(("platform", "place"), fields("x"), places)
        assert [g.group for g in found] == [("mastodon", "Guildford"), ("mastodon", "Woking")]

    def test_a_post_that_names_every_town_joins_a_limited_number(self) -> None:
        towns = [place(f"Town {number}") for number in range(500)]
        assert len(groups(("place",), fields("x"), towns)) == MAX_GROUPS

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("area", "surrey-north"),
            ("platform", "mastodon"),
            ("community", "guildford"),
            ("lang", "en"),
            ("source", "surrey"),
            ("cluster", "77"),
        ],
    )
    def test_fields_have_the_values_that_a_search_would_find(
        self, field: GroupField, value: str
    ) -> None:
        view = POST_VIEW.decode(POST.encode(post("x", community="Guildford")))
        added = Enrichment(lang="en", areas=("surrey-north",), cluster=77)
        (found,) = groups((field,), fields_of(view, added), ())
        assert found.group == (value,)


class TestStage:
    def stage(self, *rules: Rule, at: int = EVENING) -> MatchStage:
        return MatchStage(RuleSet(tuple(map(loaded, rules))), len, MovableClock(at))

    def published(self, stage: MatchStage, *batch: Record) -> list[Match]:
        result = stage.process(batch)
        assert result.rejects == []
        assert {outgoing.topic for outgoing in result.outputs} <= {"alerts.matches"}
        return [MATCH.decode(outgoing.value) for outgoing in result.outputs]

    def test_a_match_tells_all_that_the_window_needs(self) -> None:
        text = "He has a KNIFE\x1b[2J in\nWoking"
        woking = place("Woking", lat=51.3, lon=-0.56)
        (found,) = self.published(
            self.stage(rule(query="knife")), record(post(text), enriched(text, woking))
        )
        assert found == Match(
            uid="mastodon:example.social:1",
            event_at=EVENING,
            collected_at=EVENING + 5,
            rule_id="weapons",
            excerpt="He has a KNIFE [2J in Woking",
            place="Woking",
            lat=51.3,
            lon=-0.56,
        )

    def test_one_match_for_each_rule_and_group_keyed_by_both(self) -> None:
        text = "knife and fire"
        stage = self.stage(
            rule("knives", query="knife", group_by=("place",)), rule("fires", query="fire")
        )
        added = enriched(text, place("Woking"), place("Guildford", 0.4))
        result = stage.process([record(post(text), added)])
        assert [o.key for o in result.outputs] == ["knives|Woking", "knives|Guildford", "fires"]

    def test_a_post_that_satisfies_no_rule_publishes_nothing(self) -> None:
        assert self.published(self.stage(rule()), record(post("calm"), enriched("calm"))) == []

    @pytest.mark.parametrize("op", ["delete", "withhold", "account_delete"])
    def test_a_removal_is_told_of_and_not_matched(self, op: Operation) -> None:
        removed = post("knife", op=op, author="a1")
        (found,) = self.published(self.stage(rule()), record(removed, Enrichment()))
        assert (found.op, found.uid, found.rule_id) == (op, removed.uid, "")
        assert found.account == account_key(removed.uid, "a1")

    @pytest.mark.parametrize("op", ["create", "edit"])
    def test_what_can_be_seen_is_matched(self, op: Operation) -> None:
        seen = post("knife", op=op, author="a1")
        (found,) = self.published(self.stage(rule()), record(seen, enriched("knife")))
        assert (found.op, found.account) == ("match", account_key(seen.uid, "a1"))

    def test_a_restoration_is_told_of_and_matched(self) -> None:
        back = record(post("knife", op="restore"), enriched("knife"))
        assert [m.op for m in self.published(self.stage(rule()), back)] == ["restore", "match"]
        calm = record(post("calm", op="restore"), enriched("calm"))
        assert [m.op for m in self.published(self.stage(rule()), calm)] == ["restore"]

    def test_the_deletion_of_nobodys_account_is_rejected(self) -> None:
        result = self.stage(rule()).process([record(post("x", op="account_delete"), Enrichment())])
        assert [type(reject.error) for reject in result.rejects] == [MalformedRecord]

    @pytest.mark.parametrize(
        ("published_at", "collected_at", "event_at"),
        [
            (EVENING, EVENING + HOUR, EVENING),
            (EVENING + 9 * DAY, EVENING, EVENING),
            (None, EVENING, EVENING),
            (EVENING, None, EVENING),
            (None, None, 0),
            (-(2**60), EVENING, 0),
        ],
    )
    def test_event_time_is_the_posts_own_but_never_in_the_future(
        self, published_at: int | None, collected_at: int | None, event_at: int
    ) -> None:
        odd = post("knife", published_at=published_at, collected_at=collected_at)
        (found,) = self.published(self.stage(rule()), record(odd, enriched("knife")))
        assert found.event_at == event_at

    def test_an_excerpt_is_short(self) -> None:
        text = "knife " * 1_000
        (found,) = self.published(self.stage(rule()), record(post(text), enriched(text)))
        assert len(found.excerpt) <= EXCERPT_LENGTH

    def test_a_broken_record_is_rejected_and_the_rest_matched(self) -> None:
        good = record(post("knife"), enriched("knife"), 0)
        no_post = good._replace(offset=1, base=b"\xc1")
        no_enrichment = good._replace(offset=2, value=b"\xc1")
        foreign = good._replace(offset=3, base=ENRICHMENT.encode(Enrichment()))
        result = self.stage(rule()).process([no_post, no_enrichment, good, foreign])
        assert len(result.outputs) == 1
        assert [(r.record.offset, type(r.error)) for r in result.rejects] == [
            (1, MalformedRecord),
            (2, MalformedRecord),
            (3, UnknownSchema),
        ]

    def test_a_post_that_is_enriched_again_meets_the_rules_only_if_asked(self) -> None:
        stage = self.stage(rule(query="knife"))
        quiet = replace(post("knife"), again=Again(EVENING + DAY))
        loud = replace(post("knife"), again=Again(EVENING + DAY, match=True))
        removed = replace(quiet, op="restore", rev=1)
        assert self.published(stage, record(quiet, enriched("knife"))) == []
        assert self.published(stage, record(removed, enriched("knife"))) == []
        (found,) = self.published(stage, record(loud, enriched("knife")))
        assert found.event_at == EVENING
        assert found.collected_at == EVENING + DAY, "so an old post is historic"

    def test_a_rule_stops_at_the_end_of_its_last_day(self) -> None:
        today = to_datetime(EVENING).date()
        midnight = from_datetime(to_datetime(EVENING).replace(hour=0, minute=0, second=0)) + DAY
        clock = MovableClock(midnight - 1)
        rules = RuleSet(tuple(map(loaded, [rule("short", expires=str(today)), rule("long")])))
        stage = MatchStage(rules, len, clock)
        knife = record(post("knife"), enriched("knife"))
        assert [m.rule_id for m in self.published(stage, knife)] == ["short", "long"]
        clock.advance(1)
        assert [m.rule_id for m in self.published(stage, knife)] == ["long"]
        assert [expired.rule.id for expired in rules.expired(clock.now())] == ["short"]
