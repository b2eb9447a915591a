"""Which posts of a stream a source is for: by words, languages and authors.

What does not pass never enters the log: a stream of a whole network is not a licence to
keep it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from model.post import Post


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """The words, languages and authors of a source. An empty one lets everything pass; a
    post must satisfy all three.

    A word stands for itself in any case, with ``*`` at its end for all that begin so; a
    phrase for its words in a row; one with ``#`` or ``@`` for the tag or name alone, while
    a bare word finds the tag as well.
    ``languages`` are ISO 639 letters; a post that states none passes, since most state
    none. ``authors`` are the platform's ids.
    """

    terms: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()


class Filter:
    """Decides about posts."""

    def __init__(self, wanted: Wanted) -> None:
        self._terms = _pattern(wanted.terms) if wanted.terms else None
        self._languages = frozenset(language.lower() for language in wanted.languages)
        self._authors = frozenset(wanted.authors)

    def passes(self, post: Post) -> bool:
        """Whether the post is for this source."""
        return self._by_wanted(post) and self._in_wanted(post.langs) and self._says_wanted(post)

    def _by_wanted(self, post: Post) -> bool:
        if not self._authors:
            return True
        return post.author is not None and post.author.id in self._authors

    def _in_wanted(self, langs: Iterable[str]) -> bool:
        stated = {lang.partition("-")[0].lower() for lang in langs}
        return not self._languages or not stated or not stated.isdisjoint(self._languages)

    def _says_wanted(self, post: Post) -> bool:
        if self._terms is None:
            return True
        tags = " ".join(f"#{tag}" for tag in post.hashtags)
        said = " ".join(filter(None, (post.title, post.content_warning, post.text, tags)))
        return self._terms.search(said.casefold()) is not None


def _pattern(terms: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(_alternative, terms)))


def _alternative(term: str) -> str:
    words = term.casefold().split()
    begun = words[-1].endswith("*")
    words[-1] = words[-1].rstrip("*")
    body = r"\s+".join(map(re.escape, words))
    return rf"(?<![\w@]){body}" + ("" if begun else r"(?!\w)")
