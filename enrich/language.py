"""Language of short posts: scripts and small words first, a model only where they fail.

Nine English posts in ten hold enough small English words to be told by them alone. What is
left goes to py3langid, a naive Bayes model over byte sequences (Lui and Baldwin, langid.py,
ACL 2012), limited to languages that are likely in Britain and believed only when it is
sure: on a few words it is otherwise more often wrong than right.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from enrich.tokens import Tokens, is_link
from enrich.wordlists import groups

UNKNOWN = "und"

_ENOUGH = 2
"""Small words that only English has: so many settle the matter without counting further."""
_LEAST = 2
_LEAST_FOREIGN = 3
_LEAST_LETTERS = 12
_SURE = 0.85
_SURE_ENGLISH = 0.5
_SURE_WITH_WORDS = 0.5
"""How sure the model must be: of a language of which the post has small words or letters that
few others have, less than of one that nothing else speaks for."""

_LONGEST = 240
"""Letters that the model reads: more would not change its mind, and would make the linear
algebra library start threads."""

_LATIN = (
    "en cy ga gd fr es pt it de nl pl ro cs sk sl hr hu lt lv et sq tr az so sw yo ig ha sv da "
    "no fi is id tl vi mt eu ca ku"
)
_BY_SCRIPT = {
    "arabic": "ar fa ur ps ug ku",
    "cyrillic": "ru uk bg sr mk be kk ky mn",
    "devanagari": "hi ne mr",
}
_ONE_LANGUAGE = (
    ("el", "\u0370-\u03ff"),
    ("hy", "\u0530-\u058f"),
    ("he", "\u0590-\u05ff"),
    ("bn", "\u0980-\u09ff"),
    ("pa", "\u0a00-\u0a7f"),
    ("gu", "\u0a80-\u0aff"),
    ("ta", "\u0b80-\u0bff"),
    ("te", "\u0c00-\u0c7f"),
    ("kn", "\u0c80-\u0cff"),
    ("ml", "\u0d00-\u0d7f"),
    ("si", "\u0d80-\u0dff"),
    ("th", "\u0e00-\u0e7f"),
    ("ka", "\u10a0-\u10ff"),
    ("am", "\u1200-\u137f"),
    ("ja", "\u3040-\u30ff"),
    ("ko", "\uac00-\ud7af\u1100-\u11ff"),
    ("zh", "\u4e00-\u9fff"),
)
_SHARED = (
    ("arabic", "\u0600-\u06ff\u0750-\u077f"),
    ("cyrillic", "\u0400-\u04ff"),
    ("devanagari", "\u0900-\u097f"),
)
_URDU = re.compile("[\u0679\u0688\u0691\u06ba\u06be\u06d2]")
"""Letters that Arabic, Persian and Pashto do not have."""

_LETTERS = tuple(
    (lang, re.compile(f"[{letters}]", re.IGNORECASE))
    for lang, letters in (
        ("cy", "ŵŷ"),
        ("pl", "ąęłńśźż"),
        ("ro", "ășțşţ"),
        ("lt", "ėįųūčšž"),
        ("tr", "ğ\u0131ş"),
        ("de", "ßäöü"),
        ("es", "ñ¿¡"),
        ("pt", "ãõ"),
        ("fr", "çœèêàù"),
    )
)
"""Letters that speak for a language, though some others have them too."""


class ShortTextDetector:
    """Detects languages as :class:`~enrich.port.LanguageDetector` asks.

    Holds some 70 MB for the model. ``detect`` takes about 6 µs a post.
    """

    def __init__(self) -> None:
        small_words = groups("function_words")
        self._english = small_words.pop("en")
        self._others = small_words
        self._english_only = self._english.difference(*small_words.values())
        self._latin, *models = _models(_LATIN, *_BY_SCRIPT.values())
        self._models = dict(zip(_BY_SCRIPT, models, strict=True))
        self._scripts = [
            (name, re.compile(f"[{letters}]")) for name, letters in (*_ONE_LANGUAGE, *_SHARED)
        ]

    def detect(self, batch: Sequence[Tokens]) -> list[str]:
        return [self._detect(tokens) for tokens in batch]

    def _detect(self, tokens: Tokens) -> str:
        if len(self._english_only.intersection(tokens.folded)) >= _ENOUGH:
            return "en"
        words = [w for w in tokens.surface if w[0] not in "#@" and not is_link(w.casefold())]
        text = " ".join(words)[:_LONGEST]
        if not text.isascii():
            script = self._script(text)
            if script:
                return self._of_script(script, tokens, text)
        return self._of_latin(tokens, text)

    def _of_latin(self, tokens: Tokens, text: str) -> str:
        english = len(self._english.intersection(tokens.folded))
        votes = self._votes(tokens, text)
        best = max(votes, key=votes.__getitem__)
        if english >= _LEAST and english > votes[best]:
            return "en"
        rivals = [count for lang, count in votes.items() if lang != best]
        if votes[best] >= _LEAST_FOREIGN and votes[best] > max(english, *rivals) + 1:
            return best
        if sum(map(str.isalpha, text)) < _LEAST_LETTERS:
            return UNKNOWN
        lang, sure = self._latin.classify(text)
        if lang == "en":
            return lang if sure >= _SURE_ENGLISH else UNKNOWN
        supported = votes.get(lang, 0) > english
        return lang if sure >= (_SURE_WITH_WORDS if supported else _SURE) else UNKNOWN

    def _votes(self, tokens: Tokens, text: str) -> dict[str, int]:
        """How many small words of each language there are, and a point for its letters."""
        votes = {
            lang: len(words.intersection(tokens.folded)) for lang, words in self._others.items()
        }
        if not text.isascii():
            for lang, letters in _LETTERS:
                votes[lang] += letters.search(text) is not None
        return votes

    def _script(self, text: str) -> str:
        """The script of most letters, empty for Latin. Japanese is told by its kana."""
        letters = sum(map(str.isalpha, text))
        for name, pattern in self._scripts:
            found = len(pattern.findall(text))
            if found and (found > letters / 2 or (name == "ja" and found > letters / 6)):
                return name
        return ""

    def _of_script(self, script: str, tokens: Tokens, text: str) -> str:
        model = self._models.get(script)
        if model is None:
            return script
        if script == "arabic" and _URDU.search(text):
            return "ur"
        lang, sure = model.classify(text)
        supported = self._votes(tokens, text).get(lang, 0) > 0
        return lang if sure >= (_SURE_WITH_WORDS if supported else _SURE) else UNKNOWN


def _models(*choices: str) -> list[LanguageIdentifier]:
    """One model for each choice of languages, over the same tables; the rest is dropped."""
    whole = LanguageIdentifier.from_model_file(MODEL_FILE)
    limited = []
    for languages in choices:
        whole.set_languages(languages.split())
        limited.append(
            LanguageIdentifier(
                whole.nb_ptc,
                whole.nb_pc,
                whole.nb_classes,
                whole.tk_nextmove,
                whole.tk_output,
                norm_probs=True,
                tk_row=whole.tk_row,
            )
        )
    return limited
