"""``new_term``: a field has a value that it has not had for a long time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import msgspec

from alerts.kinds.keys import KEYWORD, duration, in_words, keyword_fault, options
from alerts.kinds.port import Judge, Kind, Ring, Share, Split, Stretch, View
from alerts.wording import plain
from index.fields import Fields
from model.clock import DAY
from model.enriched import Place
from model.rule import Rule

_LONGEST_VALUE = 120


class NewTermOptions(msgspec.Struct, frozen=True):
    """``history`` is how long a value is remembered; for ``learn`` after the rule began to
    run, values are remembered and nothing rings."""

    field: str
    history: int = 30 * DAY
    learn: int = DAY


class FirstSeen:
    """Rings for a value that no post of the time before had. Each value is a series."""

    step = 0
    grace = None

    def __init__(self, window: int, history: int, learn: int) -> None:
        self.window = window
        self._history = history
        self._learn = learn

    def affected(self, view: View, at: int) -> Sequence[Stretch]:
        """The post itself and the one that comes next: no other looks back so far."""
        following = view.after(at)
        return (Stretch(at, at if following is None else following),)

    def rings(self, view: View, stretch: Stretch) -> list[Ring]:
        moments = sorted({p.event_at for p in view.posts(stretch.first, stretch.last)})
        previous = view.before(moments[0]) if moments else None
        found = []
        for at in moments:
            known = previous is not None and at - previous <= self._history
            if not known and not self._learning(view, at):
                found.append(Ring(at, at))
            previous = at
        return found

    def _learning(self, view: View, at: int) -> bool:
        return view.since <= at < view.since + self._learn


def _detector(rule: Rule) -> Judge:
    chosen = options(rule, NewTermOptions)
    return FirstSeen(rule.window, chosen.history, chosen.learn)


def _split(rule: Rule) -> Split:
    name = options(rule, NewTermOptions).field

    def shares(fields: Fields, _: Collection[Place]) -> Sequence[Share]:
        values = (plain(value, _LONGEST_VALUE) for value in fields.keywords.get(name, ()))
        return [Share(value) for value in dict.fromkeys(values) if value]

    return shares


def _faults(rule: Rule) -> Iterator[tuple[str, str]]:
    yield from keyword_fault(rule, "field")
    if options(rule, NewTermOptions).history <= rule.window:
        yield "history", "must be longer than the window"


def _when(rule: Rule) -> str:
    chosen = options(rule, NewTermOptions)
    return f"when a {chosen.field} matches that did not for {in_words(chosen.history)}"


NEW_TERM = Kind(
    name="new_term",
    meaning="a value that is new",
    keys={
        "field": KEYWORD,
        "history": duration("how long a value is remembered, as 30d (left out)"),
        "learn": duration("how long after its start the rule only learns, as 1d (left out)"),
    },
    required=("field",),
    detector=_detector,
    when=_when,
    late="A late post that comes before takes the alarm to itself, and away from the later one",
    split=_split,
    faults=_faults,
)
