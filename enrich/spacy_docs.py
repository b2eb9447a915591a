"""Between our tokens and spaCy's documents.

spaCy is how a force extends the enricher. Making a Doc costs more than everything else
that is done to a post (docs/decisions/0003), so Docs are made on demand alone: by
:func:`create_nlp` for those who work with spaCy, and for extensions that are configured.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from spacy.tokens import Doc
from spacy.vocab import Vocab

from enrich.tokens import Tokens, tokenize

TOKENS = "tocsin_tokens"
"""Under this key of ``doc.user_data`` lie the tokens of the enricher."""

_SPACE_OR_OTHER = re.compile(r"\s+|\S")
_SURROGATE = re.compile("[\ud800-\udfff]")


class SocialTokenizer:
    """spaCy's tokenizer port over :func:`enrich.tokens.tokenize`.

    Words are those of the enricher; what stands between them, punctuation above all,
    becomes words of its own, as spaCy wants it, so that ``doc.text`` is the text. A lone
    surrogate, which is no text, becomes U+FFFD.
    """

    def __init__(self, vocab: Vocab) -> None:
        self.vocab = vocab

    def __call__(self, text: str) -> Doc:
        return make_doc(self.vocab, tokenize(_SURROGATE.sub("\ufffd", text)))

    def to_bytes(self, **_: object) -> bytes:
        """Nothing: the tokenizer has no state."""
        return b""

    def from_bytes(self, _data: bytes, **_: object) -> SocialTokenizer:
        return self


def make_doc(vocab: Vocab, tokens: Tokens) -> Doc:
    """A Doc over the same text, which must hold no lone surrogate."""
    words: list[str] = []
    spaces: list[bool] = []
    for piece in _pieces(tokens):
        if piece == " " and words and not spaces[-1]:
            spaces[-1] = True
        else:
            words.append(piece)
            spaces.append(False)
    return Doc(vocab, words=words, spaces=spaces, user_data={TOKENS: tokens})


def _pieces(tokens: Tokens) -> Iterator[str]:
    """The text in pieces: tokens, single other characters, and single or more spaces."""
    end = 0
    for at, surface in enumerate(tokens.surface):
        yield from _between(tokens.text[end : tokens.offsets[2 * at]])
        yield surface
        end = tokens.offsets[2 * at + 1]
    yield from _between(tokens.text[end:])


def _between(gap: str) -> Iterator[str]:
    for piece in _SPACE_OR_OTHER.findall(gap):
        if piece != " " and piece.startswith(" "):
            yield " "
            yield piece[1:]
        else:
            yield piece
