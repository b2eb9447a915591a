"""What a kind of rule is.

A kind says in one place what it asks of a post (:attr:`Kind.wants`, :attr:`Kind.split`,
:attr:`Kind.narrow`), which keys its rules have, and who decides that it rings: its
*detector*, of one of four forms.

* :class:`Runs`: the posts of a series fall into runs, and a run rings or does not. More
  posts never silence one. Kept up to date by the posts that come and go.
* :class:`Judge`: each moment rings or does not, which depends on the posts up to that
  moment alone. A late post, or one taken back, is mended by judging anew the moments that
  it can have changed.
* :class:`Combining`: what other rules raised is combined, and combined anew whenever that
  changes.
* :class:`Watching`: the coverage of sources is looked at, at every tick.

None of them keeps anything in memory: the state of a series is its posts in the store,
so a process that dies, or a second one beside it, goes on from there.

Times are UTC microseconds, durations microseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, TypeAlias, runtime_checkable

from index.fields import Fields
from index.query.ast import Node
from model.coverage import CoverageInterval
from model.enriched import Place
from model.episode import Contribution, Episode
from model.rule import Rule, RuleKind

Schema: TypeAlias = Mapping[str, Any]
"""A part of a JSON schema."""


class Stretch(NamedTuple):
    """A stretch of event time, both ends inclusive."""

    first: int
    last: int


class Ring(NamedTuple):
    """A moment that rings, and the earliest post that it rings for: at most a ``window``
    of the rule before it."""

    at: int
    since: int


class Share(NamedTuple):
    """One of the groups that a post joins by what its kind splits by, and where that is."""

    value: str
    place: Place | None = None


@runtime_checkable
class Runs(Protocol):
    """Decides when a run of posts rings. Stateless."""

    @property
    def window(self) -> int:
        """The longest pause within a run. Posts further apart than this must not bear on
        each other's alarm."""
        ...

    def alarm(self, times: Sequence[int]) -> int | None:
        """The event time of the first of the posts that give alarm, or None if none do.

        ``times`` are those of distinct posts of one run, in order. More posts never
        take an alarm away.
        """
        ...


class View(Protocol):
    """What a judge may know of one series: its live posts, and what was watched."""

    @property
    def group(self) -> tuple[str, ...]:
        """The values of the series."""
        ...

    @property
    def since(self) -> int:
        """When this installation first ran the rule: what came before is not known."""
        ...

    def posts(self, first: int, last: int) -> Sequence[Contribution]:
        """The posts in a span, both ends inclusive, in order of event time and uid."""
        ...

    def before(self, at: int) -> int | None:
        """The event time of the last post before this moment."""
        ...

    def after(self, at: int) -> int | None:
        """The event time of the first post after this moment."""
        ...

    def seen(self, first: int, last: int) -> bool:
        """Whether the sources of the rule were watched throughout: what is not there was
        not published. False where nobody looked."""
        ...

    def blind(self, first: int, last: int) -> bool:
        """Whether a source of the rule is known to have been blind at some time between."""
        ...


@runtime_checkable
class Judge(Protocol):
    """Decides which moments ring. Stateless; a moment depends on what came up to it."""

    @property
    def window(self) -> int:
        """The longest pause between two moments of one incident."""
        ...

    @property
    def step(self) -> int:
        """The distance of the moments that are judged; 0 where each post is one."""
        ...

    @property
    def grace(self) -> int | None:
        """How long after a moment it is judged, where what is missing counts, so that
        everything must have arrived. None where it does not count."""
        ...

    def affected(self, view: View, at: int) -> Sequence[Stretch]:
        """The moments whose judgement a post of this event time can change."""
        ...

    def rings(self, view: View, stretch: Stretch) -> list[Ring]:
        """The moments of a stretch that ring, in order."""
        ...


@runtime_checkable
class Combining(Protocol):
    """Decides from the episodes of other rules."""

    @property
    def window(self) -> int:
        """How far apart what is combined may be."""
        ...

    @property
    def parts(self) -> tuple[str, ...]:
        """The ids of the rules that are combined."""
        ...

    def combine(self, episodes: Mapping[str, Sequence[Episode]]) -> list[Episode]:
        """The episodes that those of the parts (all that ring, of one group and stretch)
        come to, in order. Their series is that of the first part: the caller renames it."""
        ...


@runtime_checkable
class Watching(Protocol):
    """Decides from what the sources reported."""

    @property
    def window(self) -> int:
        """How long a source must be as the rule says."""
        ...

    def stretches(
        self, intervals: Sequence[CoverageInterval], now: int
    ) -> Mapping[str, list[Stretch]]:
        """By source, the stretches that ring."""
        ...


Detector: TypeAlias = Runs | Judge | Combining | Watching


class Wants(NamedTuple):
    """What a match of the rule carries beside the post itself.

    ``values`` names the field whose values it carries, ``number`` the one whose number.
    With ``tests`` it carries as values the positions of those of the rule's further
    queries that the post satisfies.
    """

    values: str = ""
    number: str = ""
    tests: bool = False


Split: TypeAlias = Callable[[Fields, Collection[Place]], Sequence[Share]]
"""The groups that a post joins beside those of ``group_by``. None means no match at all."""


def _asks_nothing(_: Rule) -> Wants:
    return Wants()


def _not_split(_: Rule) -> Split | None:
    return None


def _no_queries(_: Rule) -> str:
    return ""


def _as_it_is(_: Rule, query: Node, __: Sequence[Node]) -> Node:
    return query


def _no_faults(_: Rule) -> Iterator[tuple[str, str]]:
    return iter(())


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of rule, as the table holds it.

    ``keys`` are the schema of the keys that rules of this kind have beside the common
    ones, ``required`` those that must be there; ``meaning`` stands in the schema, and
    ``late`` says what a late post does. ``detector`` and ``when`` (in words, when it
    rings) are made from a rule; ``faults`` are key and cause of what the schema cannot
    say. ``queries`` names the key, if any, that holds further queries, and ``narrow``
    joins all queries of the rule to what a post must satisfy. Without ``reads_posts``
    its rules have no query.
    """

    name: RuleKind
    meaning: str
    detector: Callable[[Rule], Detector]
    when: Callable[[Rule], str]
    late: str
    keys: Mapping[str, Schema] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    reads_posts: bool = True
    wants: Callable[[Rule], Wants] = _asks_nothing
    queries: Callable[[Rule], str] = _no_queries
    split: Callable[[Rule], Split | None] = _not_split
    narrow: Callable[[Rule, Node, Sequence[Node]], Node] = _as_it_is
    faults: Callable[[Rule], Iterator[tuple[str, str]]] = _no_faults
