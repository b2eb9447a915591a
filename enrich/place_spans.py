"""From the labels of words to mentions: which characters, under which key, of what kind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from enrich.gazetteer import Gazetteer
from enrich.tokens import Tokens, fold_token, possessive_owner
from enrich.wordlists import groups

BEGINS, GOES_ON = 1, 2
"""The labels of a place's first and further words."""

_INITIALS = re.compile(r"[A-Z](?:\s?\.\s?[A-Z])+")
_STOP = re.compile(r"\s?\.")
_CUES = groups("place_cues")
_STREETS = _CUES["street"]
_VENUES = _CUES["venue"]
_LEADING = _CUES["compass"] | {"the", "city", "county", "old", "downtown"}
_OF_TOWNS = frozenset(
    {"station", "airport", "hospital", "infirmary", "university", "uni", "cathedral", "arena"}
    | {"zoo", "racecourse", "castle", "college", "library", "museum", "marina", "harbour"}
    | {"docks", "pier", "guildhall", "interchange"}
)
"""Words behind the name of the town that they are in; a park or a street called after a
town is elsewhere as likely as not."""
_LONGEST_ABBREVIATED = 2
_TEARING = frozenset(",!?\n\u2026:;/|()")
_CENTRES = frozenset((a, b) for a in ("town", "city") for b in ("centre", "center"))
_TRAILING = frozenset({"city", "centre", "center", "town", "area", "region", "county", "district"})


class Named(NamedTuple):
    """The words of a post that name a place, from ``first`` up to ``after``."""

    first: int
    after: int


def named(labels: Sequence[int]) -> Iterator[Named]:
    """The places among the labels of a post's words."""
    at, count = 0, len(labels)
    while at < count:
        first = at
        at += 1
        if labels[first] == BEGINS:
            while at < count and labels[at] == GOES_ON:
                at += 1
            yield Named(first, at)


def mended(tokens: Tokens, names: Iterable[Named], gazetteer: Gazetteer) -> list[Named]:
    """The names as people mean them: cut where marks tear them apart or a town follows its
    street (*Laird Street Birkenhead*), with the *Close* or *Drive* that ends a street's name,
    put together where the gazetteer knows them as one (*Latin America*), and without a *town
    centre* at the end."""
    out: list[Named] = []
    for whole in names:
        for name in _cut(tokens, whole, gazetteer):
            if out and out[-1].after == name.first and tokens.gap(name.first) == " ":
                joined = Named(out[-1].first, name.after)
                if gazetteer.candidates(" ".join(tokens.folded[joined.first : joined.after])):
                    out[-1] = joined
                    continue
            out.append(name)
    return [_without_centre(tokens, _with_street(tokens, name)) for name in out]


def _cut(tokens: Tokens, name: Named, gazetteer: Gazetteer) -> Iterator[Named]:
    first = name.first
    for at in range(name.first + 1, name.after):
        if _is_torn(tokens, at) or _is_town_after_street(
            tokens, Named(first, name.after), at, gazetteer
        ):
            yield Named(first, at)
            first = at
    yield Named(first, name.after)


def _is_torn(tokens: Tokens, at: int) -> bool:
    """Whether a comma or the end of a sentence stands before a word; the full stop of an
    abbreviation, as in St. Helens, is none."""
    gap = tokens.gap(at)
    if "." in gap:
        return len(tokens.surface[at - 1]) > _LONGEST_ABBREVIATED
    return not _TEARING.isdisjoint(gap)


def _is_town_after_street(tokens: Tokens, name: Named, at: int, gazetteer: Gazetteer) -> bool:
    if at - name.first < 2 or tokens.folded[at - 1] not in _STREETS | _VENUES:
        return False
    return bool(gazetteer.candidates(" ".join(tokens.folded[at : name.after])))


def _with_street(tokens: Tokens, name: Named) -> Named:
    after = name.after
    if after < len(tokens.surface) and tokens.gap(after) == " ":
        follows = tokens.folded[after] in _STREETS and tokens.surface[after][0].isupper()
        if follows and tokens.folded[after - 1] not in _STREETS:
            return Named(name.first, after + 1)
    return name


def _without_centre(tokens: Tokens, name: Named) -> Named:
    centre = name.after - 2
    if centre > name.first and tuple(tokens.surface[centre : name.after]) in _CENTRES:
        return Named(name.first, centre)
    return name


def edges(tokens: Tokens, name: Named) -> tuple[int, int]:
    """Where the name itself stands: without ``#`` and a possessive ending, with the last
    full stop of initials."""
    start, end = tokens.span(*name)
    start += tokens.text[start] in "#\uff03" and end - start > 1
    if possessive_owner(tokens.surface[name.after - 1]) is not None:
        end -= 2
    if _INITIALS.fullmatch(tokens.text, start, end):
        stop = _STOP.match(tokens.text, end)
        end = stop.end() if stop else end
    return start, end


class Identity(NamedTuple):
    """The key under which the gazetteer knows a name, and its kind where the words show it
    and the gazetteer cannot: as in :class:`enrich.port.Mention`."""

    key: str
    kind: str


def identity(tokens: Tokens, name: Named, gazetteer: Gazetteer) -> Identity:
    """What a name is: known itself, or without words like *North* before and *city centre*
    behind it; a venue that bears the name of its town; or something unlisted."""
    words = [
        fold_token(possessive_owner(tokens.surface[at]) or tokens.surface[at])
        for at in range(*name)
    ]
    if len(words) == 1 and words[0][0] == "#":
        return Identity(gazetteer.written_together(words[0][1:]) or "", "")
    key = _known(words, gazetteer)
    if key:
        # Abbreviations count in capitals alone: NI, but not ni.
        shouted = tokens.surface[name.first].isupper()
        return Identity("" if gazetteer.is_abbreviation(key) and not shouted else key, "")
    if words[-1] in _OF_TOWNS:
        town = _known(words[:-1], gazetteer) or _known(words[:1], gazetteer)
        return Identity(town, "venue")
    return Identity("", _kind(words))


def _known(words: list[str], gazetteer: Gazetteer) -> str:
    """The key of these words, or of them without leading and trailing ones."""
    key = " ".join(words)
    if not key or gazetteer.candidates(key):
        return key
    while len(words) > 1 and words[0] in _LEADING:
        words = words[1:]
    while len(words) > 1 and words[-1] in _TRAILING:
        words = words[:-1]
    key = " ".join(words)
    return key if gazetteer.candidates(key) else ""


def _kind(words: list[str]) -> str:
    if len(words) > 1 and words[-1] in _STREETS:
        return "street"
    return "venue" if len(words) > 1 and words[-1] in _VENUES else "place"
