"""Text to a typed tree.

luqum reads Lucene's syntax; this module gives its tree our meaning. Words next to each
other mean AND, and bind less tightly than OR: ``fire OR smoke guildford`` is
``(fire OR smoke) AND guildford``. NOT binds most tightly, then AND, then OR.
"""

from __future__ import annotations

import threading

from luqum import parser as luqum_parser
from luqum import tree
from luqum.exceptions import ParseSyntaxError

from index.catalogue import FIELDS, Field, KeywordField, NearField, NumberField, TextField
from index.query import values
from index.query.ast import And, Node, Not, Or
from index.query.lexis import Lexis
from index.query.limits import MAX_DEPTH, MAX_LENGTH
from index.query.words import Tokenize, Words
from model.errors import QueryError

_TYPOGRAPHIC = str.maketrans("“”„‟«»\uff02", '"' * 7)
_PARSER = threading.Lock()
"""ply keeps the state of a parse on the one parser that luqum has."""


def parse(text: str, tokenize: Tokenize, *, for_rule: bool = False) -> Node:
    """The tree of a query. Safe to call from several threads.

    ``tokenize`` gives the folded tokens of a text, as the enricher does. A rule must not
    start a word with a wildcard. Raises QueryError with the code point at which the
    trouble starts, and a hint where there is one.
    """
    _check_text(text)
    item = _tree(text.translate(_TYPOGRAPHIC))
    return _Reader(tokenize, for_rule=for_rule).read(item, FIELDS["text"], 0)


def _check_text(text: str) -> None:
    if not text.strip():
        raise QueryError("the query is empty", position=0, hint="* finds every post")
    if len(text) > MAX_LENGTH:
        raise QueryError(f"the query has more than {MAX_LENGTH} characters", position=MAX_LENGTH)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise QueryError("half of a character stands alone", position=error.start) from error


def _tree(text: str) -> tree.Item:
    lexis = Lexis(text)
    try:
        with _PARSER:
            return luqum_parser.parser.parse(text, lexer=lexis)
    except ParseSyntaxError as error:
        if lexis.position == len(text):
            raise QueryError(
                "the query stops too early",
                position=lexis.position,
                hint="Something must follow AND, OR, NOT, a colon and an opening bracket",
            ) from error
        raise QueryError(
            f"{text[lexis.position : lexis.position + 20]!r} does not fit here",
            position=lexis.position,
            hint="Put words in double quotes if they are to be searched as they stand",
        ) from error


class _Reader:
    """Walks luqum's tree. Each method gives the node of an item that is asked of ``field``."""

    def __init__(self, tokenize: Tokenize, *, for_rule: bool) -> None:
        self._words = Words(tokenize, for_rule=for_rule)
        self._for_rule = for_rule

    def read(self, item: tree.Item, field: Field, depth: int) -> Node:
        """The node of any item, ``depth`` items inside others."""
        if depth > MAX_DEPTH:
            raise QueryError("too many brackets inside each other", position=item.pos)
        if isinstance(item, tree.BaseOperation):
            return self._operation(item, field, depth)
        if isinstance(item, (tree.Not, tree.Prohibit)):
            return Not(self.read(item.a, field, depth + 1))
        if isinstance(item, (tree.Group, tree.FieldGroup)):
            return self.read(item.expr, field, depth + 1)
        if isinstance(item, tree.SearchField):
            return self._named(item, field, depth)
        return self._leaf(item, field)

    def _operation(self, item: tree.BaseOperation, field: Field, depth: int) -> Node:
        """AND or OR, with the operands of an inner one of the same kind drawn in."""
        kind = Or if isinstance(item, tree.OrOperation) else And
        nodes: list[Node] = []
        for operand in item.operands:
            node = self.read(operand, field, depth + 1)
            nodes += node.nodes if isinstance(node, kind) else (node,)
        return kind(tuple(nodes))

    def _named(self, item: tree.SearchField, around: Field, depth: int) -> Node:
        if not isinstance(around, TextField):
            raise QueryError(
                f"the field {item.name!r} stands inside the field {around.name!r}",
                position=item.pos,
                hint="If the colon belongs to the value, put the value in double quotes: "
                f'{around.name}:"..."',
            )
        field = values.field_named(item.name, item.pos)
        return self.read(item.expr, field, depth + 1)

    def _leaf(self, item: tree.Item, field: Field) -> Node:
        match field:
            case NumberField():
                node = self._number(item, field)
            case TextField():
                node = self._text(item)
            case KeywordField():
                node = self._keyword(item, field)
            case NearField():
                node = _near(item)
        if node is None:
            raise QueryError(
                f"{field.name}: cannot be asked like this",
                position=item.pos,
                hint=f"Write for example {field.example}",
            )
        return node

    def _text(self, item: tree.Item) -> Node | None:
        if isinstance(item, tree.Word):
            return self._words.word(item.value, item.pos)
        if isinstance(item, tree.Phrase):
            return self._words.phrase(_unquoted(item), 0, item.pos)
        if isinstance(item, tree.Proximity):
            return self._words.phrase(_unquoted(item.term), item.degree, item.term.pos)
        return None

    def _keyword(self, item: tree.Item, field: KeywordField) -> Node | None:
        if isinstance(item, tree.Word):
            return values.value(field, item.value, item.pos, for_rule=self._for_rule)
        if isinstance(item, tree.Phrase):
            return values.exact_value(field, _unquoted(item), item.pos)
        return None

    def _number(self, item: tree.Item, field: NumberField) -> Node | None:
        if isinstance(item, tree.Word):
            return values.number(field, item.value, item.pos)
        if isinstance(item, (tree.From, tree.To)):
            end = values.bound(field, _end(item.a), item.a.pos)
            low, high = (end, None) if isinstance(item, tree.From) else (None, end)
            return values.interval(field, low, high, item.pos, include=(item.include,) * 2)
        if isinstance(item, tree.Range):
            low, high = (
                values.bound(field, _end(side), side.pos) for side in (item.low, item.high)
            )
            include = (item.include_low, item.include_high)
            return values.interval(field, low, high, item.pos, include=include)
        return None


def _near(item: tree.Item) -> Node | None:
    return values.circle(_unquoted(item), item.pos) if isinstance(item, tree.Phrase) else None


def _unquoted(phrase: tree.Phrase) -> str:
    return str(phrase.unescaped_value)[1:-1]


def _end(item: tree.Item) -> str:
    """One end of a range, perhaps negative."""
    return f"-{item.a.value}" if isinstance(item, tree.Prohibit) else str(item.value)
