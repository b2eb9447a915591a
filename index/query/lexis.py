"""The words of a query before they are put together.

luqum's lexer reads Lucene's whole syntax. This one stands between it and luqum's parser
and refuses what our language leaves out, at the place where it stands, before anything
large is built. It also makes ``-word`` mean ``NOT word``: luqum would bind the minus more
tightly than OR, so that ``fire OR smoke -film`` and ``fire OR smoke NOT film`` would
differ.
"""

from __future__ import annotations

import re
from typing import Protocol

from luqum import parser as luqum_parser
from luqum.exceptions import IllegalCharacterError

from index.query.limits import MAX_CLAUSES
from model.errors import QueryError

_OPENING = {")": ("(",), "]": ("[", "{"), "}": ("[", "{")}
_BEFORE_A_BOUND = ("LBRACKET", "TO")
_INNER_QUOTE = re.compile(r'(?<!\\)"')
_REFUSED = {
    "BOOST": ("^ has no meaning: no word counts more than another", "Leave it out"),
    "REGEX": (
        "regular expressions are not part of the language",
        'Use * and ?, or put a text with slashes in double quotes: "/"',
    ),
}


class Token(Protocol):
    """A token as ply's parser takes it."""

    type: str
    value: object
    lexpos: int


class Lexis:
    """Hands the tokens of one query to the parser. Use one per query and thread."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lexer = luqum_parser.lexer.clone()
        self._open: list[int] = []
        self._clauses = 0
        self._last = ""
        self.position = 0

    def input(self, text: str) -> None:
        """Start. Called by the parser."""
        self._lexer.input(text)

    def token(self) -> Token | None:
        """The next token, None at the end. Called by the parser. Raises QueryError."""
        token = self._next()
        while token is not None and token.type == "PLUS":
            token = self._next()
        if token is None:
            self._end()
            return None
        self.position = token.lexpos
        self._check(token)
        self._last = token.type
        return token

    def _check(self, token: Token) -> None:
        if token.type in _REFUSED:
            what, hint = _REFUSED[token.type]
            raise QueryError(what, position=token.lexpos, hint=hint)
        match token.type:
            case "TERM" | "PHRASE":
                self._clause(token)
            case "COLUMN":
                self._clauses -= 1  # the word before it was a field's name
            case "LPAREN" | "LBRACKET":
                self._open.append(token.lexpos)
            case "RPAREN" | "RBRACKET":
                self._close(token)
            case "MINUS":
                self._minus(token)
            case "APPROX":
                self._approximate(token)

    def _next(self) -> Token | None:
        try:
            token: Token | None = self._lexer.token()
        except IllegalCharacterError as error:
            raise self._illegal(self._lexer.lexpos) from error
        return token

    def _illegal(self, position: int) -> QueryError:
        character = self._text[position]
        if character == '"':
            return QueryError("a quote is not closed", position=position, hint='Add a second "')
        return QueryError(
            f"{character!r} has no meaning here",
            position=position,
            hint='To search for it as part of a text, put the whole in double quotes: "..."',
        )

    def _end(self) -> None:
        self.position = len(self._text)
        if self._open:
            start = self._open[-1]
            raise QueryError(f"{self._text[start]!r} is not closed", position=start)

    def _clause(self, token: Token) -> None:
        self._clauses += 1
        if self._clauses > MAX_CLAUSES:
            raise QueryError(
                f"more than {MAX_CLAUSES} words and values",
                position=token.lexpos,
                hint="Split the query, or use a wildcard for words that begin alike",
            )
        quote = _INNER_QUOTE.search(str(token.value)) if token.type == "TERM" else None
        if quote:
            raise QueryError(
                "a quote stands inside a word",
                position=token.lexpos + quote.start(),
                hint="Leave a space before a phrase and after it",
            )

    def _close(self, token: Token) -> None:
        character = self._text[token.lexpos]
        start = self._text[self._open.pop()] if self._open else ""
        if start not in _OPENING[character]:
            raise QueryError(f"{character!r} closes nothing", position=token.lexpos)

    def _minus(self, token: Token) -> None:
        if self._last in _BEFORE_A_BOUND:
            return
        if self._last == "COLUMN":
            raise QueryError(
                "a minus stands after a field's name",
                position=token.lexpos,
                hint="To leave a value out, write the minus before the name: -place:guildford",
            )
        after = self._text[token.lexpos + 1 : token.lexpos + 2]
        if not after or after.isspace():
            raise QueryError(
                "a minus stands alone",
                position=token.lexpos,
                hint="To leave a word out, write it directly before the word: -word",
            )
        token.type = "NOT"

    def _approximate(self, token: Token) -> None:
        degree = str(token.value)
        if not degree.isdecimal() or self._last != "PHRASE":
            raise QueryError(
                "~ follows a phrase in quotes, with a whole number after it",
                position=token.lexpos,
                hint='Write "fire guildford"~5, or near:"51.236,-0.570~5km"',
            )
