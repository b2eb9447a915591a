"""What speaks for or against a name being a place where it stands.

Each observation is a short label, as ``before=in`` or ``after=club``; each label has a
weight in ``data/place_weights.txt``, and the sum of the weights is the log-odds that the
name is meant as a place. So every decision can be read back, and a confidence of 0.8
means that about eight in ten such names are places.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from enrich.gazetteer import Entry
from enrich.tokens import Tokens, is_link
from enrich.wordlists import groups, words

UNLISTED_AFTER = frozenset({"in", "near", "at", "outside", "around", "from", "to"})
"""Words after which a capitalised name that nobody listed may be a place."""

_SENTENCE_END = frozenset(".!?\n\u2026:;")
_BREAK = frozenset(',.!?\n\u2026:;()[]"|/\u201c\u201d\u2014\u2013-*~<>')


class Scene(NamedTuple):
    """What of a whole post bears on every name in it."""

    case: str
    sport: str


class Candidate(NamedTuple):
    """A name that may be a place: its tokens, its key in the gazetteer (empty for one that
    only looks like a place) and the places of that name.

    ``within`` says that a county or country follows: ``Battle, East Sussex``. ``start`` and
    ``head`` are the folded first and last words of a name that the gazetteer lacks, ``venue``
    whether it was found by its last word.
    """

    first: int
    after: int
    key: str = ""
    entries: Sequence[Entry] = ()
    abbreviation: bool = False
    within: bool = False
    start: str = ""
    head: str = ""
    venue: bool = False


class Vocabulary:
    """The word lists by which the surroundings of a name are judged."""

    def __init__(self) -> None:
        cues = groups("place_cues")
        clubs = groups("clubs")
        self.ordinary = words("ordinary_words")
        self.first_names = words("first_names")
        self.clubs = clubs["towns"]
        self.sport = cues.pop("sport")
        self.venues = cues["venue"]
        before = ("in", "toward", "of", "the", "a", "and", "verb", "pronoun", "compass")
        self.before = dict.fromkeys(self.first_names, "given name")
        self.before.update({w: c for c in (*before, "title", "waters") for w in cues[c]})
        after = ("verb", "and", "in", "toward", "of", "venue", "organisation")
        self.after = {w: c for c in after for w in cues[c]}
        self.after.update(dict.fromkeys(clubs["suffixes"], "club"))
        self.calendar = cues["calendar"]
        self._kinds: dict[str, str] = {}

    def kind(self, key: str, entries: Sequence[Entry]) -> str:
        """What sort of place the name may be, and how large; one answer a name."""
        kind = self._kinds.get(key)
        if kind is None:
            kind = self._kinds[key] = _kind(entries)
        return kind


class Signature(NamedTuple):
    """Everything about a candidate that the evidence is made of."""

    case: str
    post: Scene
    words: int
    kind: str
    before: str
    after: str
    abbreviation: bool
    within: bool
    short: bool
    ordinary: bool
    given_name: bool
    club: bool
    cue: str
    head: str


def scene(tokens: Tokens, vocabulary: Vocabulary) -> Scene:
    """How the post uses capitals, and whether it talks of sport."""
    sport = len(vocabulary.sport.intersection(tokens.folded))
    cases = [_CASES[surface] for surface in tokens.surface]
    case = _post_case(cases.count("upper"), cases.count("title"), cases.count("lower"))
    return Scene(case, ("no", "some", "much")[min(sport, 2)])


def _post_case(upper: int, title: int, lower: int) -> str:
    letters = upper + title + lower
    if letters < 3:
        return "short"
    if upper > 0.6 * letters:
        return "upper"
    if upper + title > 0.6 * letters:
        return "title"
    return "mixed" if upper + title > 1 else "plain"


class _CaseMemo(dict[str, str]):
    """How tokens are written; emptied when full, and blind to links and overlong tokens."""

    def __missing__(self, surface: str) -> str:
        case = _token_case(surface)
        if len(self) >= _MOST_CASES:
            self.clear()
        if case and len(surface) <= _LONGEST_KEPT:
            self[surface] = case
        return case


def _token_case(surface: str) -> str:
    if surface[0] in "#@" or is_link(surface.casefold()):
        return ""
    if surface.islower():
        return "lower"
    if surface.isupper() and len(surface) > 1:
        return "upper"
    return "title" if surface[0].isupper() else ""


_MOST_CASES = 50_000
_LONGEST_KEPT = 32
_CASES = _CaseMemo()


def signature(
    tokens: Tokens, candidate: Candidate, post: Scene, vocabulary: Vocabulary
) -> Signature:
    """What there is to be said about a candidate."""
    first, after, key = candidate.first, candidate.after, candidate.key
    shouted = post.case == "upper"
    cue = head = ""
    if not candidate.entries:
        word = tokens.folded[first - 1] if first else ""
        cue = word if word in UNLISTED_AFTER else ""
        head = tokens.folded[after - 1] if tokens.folded[after - 1] in vocabulary.venues else ""
    return Signature(
        case=_case_of(tokens.surface[first:after]),
        post=post,
        words=min(after - first, 3),
        kind=vocabulary.kind(key, candidate.entries) if candidate.entries else "",
        before=_before(tokens, first, vocabulary, shouted=shouted),
        after=_after(tokens, after, vocabulary, shouted=shouted),
        abbreviation=candidate.abbreviation,
        within=candidate.within,
        short=0 < len(key) < 4,
        ordinary=key in vocabulary.ordinary,
        given_name=(key or candidate.start) in vocabulary.first_names,
        club=key in vocabulary.clubs,
        cue=cue,
        head=head,
    )


def evidence(found: Signature) -> list[str]:
    """The labels that hold for a candidate with this signature."""
    case, before = found.case, found.before
    labels = [
        "always",
        f"case={case}/{found.post.case}",
        f"words={found.words}",
        f"before={before}",
        f"after={found.after}",
        f"before={before}/case={case}",
        f"before={before}/after={found.after}",
        f"sport={found.post.sport}",
    ]
    return labels + (_of_listed(found) if found.kind else _of_unlisted(found))


def _of_listed(found: Signature) -> list[str]:
    labels = [f"kind={found.kind}", f"kind={found.kind}/case={found.case}"]
    for holds, label in (
        (found.abbreviation, "abbreviation"),
        (found.short, "short name"),
        (found.within, "within an area"),
        (found.given_name, "given name"),
    ):
        if holds:
            labels.append(label)
    if found.ordinary:
        around = "within" if found.within else found.before
        labels += ("ordinary word", f"ordinary word/case={found.case}", f"ordinary word/{around}")
    if found.club:
        labels += (f"club/sport={found.post.sport}", f"club/before={found.before}")
    return labels


def _of_unlisted(found: Signature) -> list[str]:
    kind = "venue" if found.head else "unlisted"
    return [
        f"kind={kind}",
        f"kind={kind}/case={found.case}",
        *(["given name"] if found.given_name else []),
        f"head={found.head}" if found.head else f"unlisted/after={found.after}",
        f"unlisted/cue={found.cue}" if found.cue else f"venue/before={found.before}",
    ]


def _kind(entries: Sequence[Entry]) -> str:
    if is_area(entries):
        return _AREAS[next(entry.kind for entry in entries if entry.kind in _AREAS)]
    where = "home" if any(entry.country == "GB" for entry in entries) else "world"
    if entries[0].id.startswith("tocsin:"):
        return f"{where} own"
    size = max(entry.population for entry in entries)
    for least, name in _SIZES:
        if size >= least:
            return f"{where} {name}"
    return f"{where} village"


def is_area(entries: Sequence[Entry]) -> bool:
    """Whether one of these places is a county, state, country or the like."""
    return any(entry.kind in _AREAS for entry in entries)


_AREAS = {
    "country": "country",
    "nation": "country",
    "continent": "country",
    "state": "state",
    "county": "county",
    "region": "county",
}
_CAPITALISED = frozenset({"given name", "organisation", "venue"})
"""Cues that mean something else in lower case: a hope, a bank, a street."""
_POSSESSIVES = ("'s", "\u2019s", "'S")
_SIZES = ((1_000_000, "metropolis"), (200_000, "city"), (50_000, "large town"), (10_000, "town"))


def _case_of(surface: Sequence[str]) -> str:
    head = surface[0]
    if head[0] == "#":
        return "hashtag"
    if head.isupper() and (len(head) > 1 or len(surface) > 1):
        return "upper"
    if head[0].isupper():
        return "title" if surface[-1][0].isupper() else "half"
    return "lower"


def _before(tokens: Tokens, first: int, vocabulary: Vocabulary, *, shouted: bool) -> str:
    if first == 0:
        return "start"
    return _separation(tokens.gap(first)) or _neighbour(
        tokens, first - 1, vocabulary.before, shouted=shouted
    )


def _after(tokens: Tokens, after: int, vocabulary: Vocabulary, *, shouted: bool) -> str:
    if tokens.surface[after - 1][-2:] in _POSSESSIVES:
        return "possessive"
    if after >= len(tokens.surface):
        return "end"
    return _separation(tokens.gap(after)) or _neighbour(
        tokens, after, vocabulary.after, shouted=shouted
    )


def _separation(gap: str) -> str:
    """What stands between a name and its neighbour, empty if nothing of weight."""
    if gap == " ":
        return ""
    if not _SENTENCE_END.isdisjoint(gap):
        return "sentence"
    for mark, label in (("@", "at sign"), (",", "comma")):
        if mark in gap:
            return label
    return "" if _BREAK.isdisjoint(gap) else "break"


def _neighbour(tokens: Tokens, at: int, cues: dict[str, str], *, shouted: bool) -> str:
    """The class of the word next to a name. In a post that is all capitals (``shouted``)
    a capital says nothing."""
    surface, folded = tokens.surface[at], tokens.folded[at]
    if surface[0] in "#@" or is_link(folded):
        return "link"
    capital = surface[0].isupper() and not shouted
    cue = cues.get(folded)
    if cue is None:
        return "number" if folded[0].isdigit() else "capital" if capital else "word"
    return cue if capital or cue not in _CAPITALISED else f"{cue} lower"
