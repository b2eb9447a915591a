"""The lexicon of tension: what to look for, what weakens it, and how it is read from files.

A folder of YAML files that analysts edit; ``docs/lexicon.md`` is their manual. A file
holds any of: ``words`` (named lists, shared by all files), ``masks`` (phrases that are
spoken for: idioms), ``contexts`` (what weakens or strengthens a finding), and, under a
``category``, ``entries``. One bad entry is reported with file, line and column, and does
not disable the others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal, NamedTuple, ParamSpec, cast

from enrich.lexicon_file import Node, Problem, Wrong, read_file
from enrich.lexicon_pattern import Pattern, PatternError, compile_pattern
from model.enriched import TENSION_CATEGORIES
from model.errors import ConfigurationError

P = ParamSpec("P")
Scope = Literal["post", "sentence", "before", "near"]
SCOPES: tuple[Scope, ...] = ("post", "sentence", "before", "near")


class Entry(NamedTuple):
    """One thing to look for.

    ``weight`` is the probability, alone, that a post with it is about ``categories``.
    Patterns of ``needs``, one of which must stand in the post, and of ``unless``, none of
    which may. A ``firm`` entry is no idiom: contexts of idiom leave it alone. ``ignores``
    names further contexts that do. ``follows`` means that the entry only counts beside
    another finding, as hearsay does. ``source`` is the pattern as it was written.
    """

    name: str
    pattern: Pattern
    weight: float
    categories: tuple[str, ...]
    needs: tuple[Pattern, ...] = ()
    unless: tuple[Pattern, ...] = ()
    firm: bool = False
    ignores: frozenset[str] = frozenset()
    follows: bool = False
    fires: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    source: str = ""


class Context(NamedTuple):
    """Something about a post that changes what a finding is worth.

    ``factor`` multiplies the weight of findings within ``scope``: anywhere in the post, in
    the same sentence, at most ``reach`` words before, or at most ``reach`` words away.
    ``unless`` makes the context void. An ``idiom`` leaves firm entries alone.
    """

    name: str
    reason: str
    factor: float
    scope: Scope
    reach: int
    patterns: tuple[Pattern, ...]
    unless: tuple[Pattern, ...]
    categories: frozenset[str]
    idiom: bool


class Lexicon(NamedTuple):
    """Everything that was read, what was wrong, and a short hash of all files."""

    entries: tuple[Entry, ...]
    contexts: tuple[Context, ...]
    masks: tuple[Pattern, ...]
    problems: tuple[Problem, ...]
    version: str


def load_lexicon(folder: Path) -> Lexicon:
    """Read every ``*.yaml`` of a folder. Raises ConfigurationError if there is none."""
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise ConfigurationError(
            f"no lexicon in {folder}",
            cause="there is no .yaml file",
            remedy="Point the settings at the folder with the lexicon, as config/lexicons",
        )
    return _Loader().load(files)


class _Loader:
    def __init__(self) -> None:
        self._problems: list[Problem] = []
        self._words: dict[str, tuple[str, ...]] = {}
        self._entries: list[Entry] = []
        self._contexts: list[Context] = []
        self._masks: list[Pattern] = []

    def load(self, files: Iterable[Path]) -> Lexicon:
        digest = hashlib.sha256()
        contents: list[dict[str, Node]] = []
        for file in files:
            self._try(self._open, file, contents)
            digest.update(file.name.encode() + b"\0" + file.read_bytes())
        for content in contents:
            if "words" in content:
                self._try(self._read_words, content["words"])
        for content in contents:
            self._read_contexts(content)
        for content in contents:
            self._try(self._read_entries, content)
        return Lexicon(
            tuple(self._entries),
            tuple(self._contexts),
            tuple(self._masks),
            tuple(self._problems),
            digest.hexdigest()[:12],
        )

    def _try(self, step: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
        try:
            step(*args, **kwargs)
        except Wrong as wrong:
            self._problems.append(wrong.problem)

    def _open(self, file: Path, contents: list[dict[str, Node]]) -> None:
        contents.append(read_file(file).fields(_FILE_FIELDS))

    def _read_words(self, node: Node) -> None:
        for name, phrases in node.items():
            if name in self._words:
                raise phrases.wrong(f"the word list {name!r} is defined twice")
            self._words[name] = phrases.texts()

    def _read_contexts(self, content: dict[str, Node]) -> None:
        if "masks" in content:
            self._try(self._read_each, content["masks"], self._read_mask)
        if "contexts" in content:
            self._try(self._read_each, content["contexts"], self._read_context)

    def _read_each(self, nodes: Node, read: Callable[[Node], None]) -> None:
        for node in nodes.elements():
            self._try(read, node)

    def _read_entries(self, content: dict[str, Node]) -> None:
        if "entries" not in content:
            return
        if "category" not in content:
            raise content["entries"].wrong("entries need a category for the file")
        category = content["category"].choice(TENSION_CATEGORIES)
        for node in content["entries"].elements():
            self._try(self._read_entry, node, category)

    def _read_mask(self, node: Node) -> None:
        self._masks.append(self._searched(node))

    def _read_context(self, node: Node) -> None:
        fields = node.fields(_CONTEXT_FIELDS)
        _require(node, fields, "name", "reason", "factor", "scope", "patterns")
        self._contexts.append(
            Context(
                name=fields["name"].text(),
                reason=fields["reason"].text(),
                factor=fields["factor"].number(0, 3),
                scope=cast("Scope", fields["scope"].choice(SCOPES)),
                reach=int(fields["reach"].number(1, 40)) if "reach" in fields else 4,
                patterns=tuple(map(self._searched, fields["patterns"].elements())),
                unless=self._patterns(fields, "unless"),
                categories=_categories(fields, "categories", TENSION_CATEGORIES),
                idiom="idiom" in fields and fields["idiom"].flag(),
            )
        )

    def _read_entry(self, node: Node, category: str) -> None:
        fields = node.fields(_ENTRY_FIELDS)
        _require(node, fields, "pattern", "weight")
        also = _categories(fields, "also", ())
        self._entries.append(
            Entry(
                name=f"{node.file.stem}:{node.line}",
                pattern=self._searched(fields["pattern"]),
                weight=fields["weight"].number(0.05, 0.99),
                categories=(category, *sorted(also)),
                needs=self._patterns(fields, "needs"),
                unless=self._patterns(fields, "unless"),
                firm="firm" in fields and fields["firm"].flag(),
                ignores=self._ignored(fields),
                follows="follows" in fields and fields["follows"].flag(),
                fires=fields["fires"].texts() if "fires" in fields else (),
                silent=fields["silent"].texts() if "silent" in fields else (),
                source=fields["pattern"].text(),
            )
        )

    def _ignored(self, fields: dict[str, Node]) -> frozenset[str]:
        if "ignores" not in fields:
            return frozenset()
        names = frozenset(fields["ignores"].texts())
        known = {context.name for context in self._contexts}
        for name in sorted(names - known):
            raise fields["ignores"].wrong(f"there is no context {name!r}")
        return names

    def _patterns(self, fields: dict[str, Node], key: str) -> tuple[Pattern, ...]:
        if key not in fields:
            return ()
        return tuple(self._pattern(node) for node in fields[key].elements())

    def _searched(self, node: Node) -> Pattern:
        pattern = self._pattern(node)
        if not pattern.routes:
            raise node.wrong("the pattern needs a word that is neither optional nor a number")
        return pattern

    def _pattern(self, node: Node) -> Pattern:
        try:
            return compile_pattern(node.text(), self._words)
        except PatternError as error:
            raise node.wrong(str(error), shift=error.column) from error


def _require(node: Node, fields: dict[str, Node], *names: str) -> None:
    for name in names:
        if name not in fields:
            raise node.wrong(f"the field {name!r} is missing")


def _categories(fields: dict[str, Node], key: str, default: tuple[str, ...]) -> frozenset[str]:
    if key not in fields:
        return frozenset(default)
    return frozenset(node.choice(TENSION_CATEGORIES) for node in fields[key].elements())


_FILE_FIELDS = frozenset({"words", "masks", "contexts", "category", "entries"})
_ENTRY_FIELDS = frozenset(
    {
        "pattern",
        "weight",
        "also",
        "needs",
        "unless",
        "firm",
        "ignores",
        "follows",
        "fires",
        "silent",
    }
)
_CONTEXT_FIELDS = frozenset(
    {"name", "reason", "factor", "scope", "reach", "patterns", "unless", "categories", "idiom"}
)
