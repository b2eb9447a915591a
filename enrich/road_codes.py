"""Roads and postcodes, which are told by their form: ``M25``, ``A3``, ``SE15``, ``GU1 3AA``.

Roads are mentions without a position, since a road is long. The positions of postcodes are
not shipped; an imported gazetteer may have them, under the key that their mention names.
"""

from __future__ import annotations

import re

from enrich.gazetteer_rows import postcode_key
from enrich.port import Mention
from enrich.tokens import Tokens
from enrich.wordlists import words

_CODE = re.compile(
    r"(?<![\w#@/.-])"
    r"(?:(?P<full>[A-Z]{1,2}\d[A-Z\d]? ?\d[ABD-HJLNP-UW-Z]{2})"
    r"|[A-Za-z]\d{1,4}(?:\([Mm]\))?|[A-Z]{2}\d[A-Z\d]?)"
    r"(?![\w/]|[.-]\d)"
)
_DIGIT_AFTER_LETTER = re.compile(r"\d(?<=[A-Za-z]\d)")
_ON = re.compile(r"\b(?:on|the|off|along|onto|via|down|up|of|and|&|/)\s*(?:the\s)?$", re.IGNORECASE)
_IN = re.compile(
    r"\b(?:in|near|around|from|of|at|to|outside|across|over)\s$|[(,]\s?$", re.IGNORECASE
)
_TRAFFIC = re.compile(
    r"\s*(?:\(?J\d|j(?:unction|ct)\b|north|south|east|west|both|clockwise|anti|closed|shut|"
    r"blocked|crash|accident|traffic|slip|bypass|motorway|road|between|near|at\b|into|towards)",
    re.IGNORECASE,
)


_PAPER = re.compile(
    r"\s?(?:paper|size|sheets?|posters?|pages?|prints?|envelopes?|levels?|results)\b"
)


def road_codes(tokens: Tokens) -> list[Mention]:
    """The roads and postcodes of a post, in the order of the text.

    Motorways and full postcodes speak for themselves. A single letter with digits may be
    anything, a paper size or a vitamin: an A or B road needs a word like ``on`` before it
    or like ``closed`` after it, the first half of a postcode one like ``in`` before it.
    """
    text = tokens.text
    if not _DIGIT_AFTER_LETTER.search(text):
        return []
    found: list[Mention] = []
    for match in _CODE.finditer(text):
        kind = _kind(text, match)
        if kind:
            start, end = match.span()
            key = postcode_key(match.group()) if kind in _POSTAL else ""
            found.append(Mention(start, end, key, kind, _CONFIDENCE[kind]))
    return found


def _kind(text: str, match: re.Match[str]) -> str:
    code = match.group().upper()
    before, after = text[max(0, match.start() - 12) : match.start()], text[match.end() :][:16]
    if code in _MOTORWAYS:
        return "motorway"
    if code[0] in "AB" and code[1].isdigit():
        on_it = _ON.search(before) and not _PAPER.match(after)
        if on_it or _TRAFFIC.match(after):
            return "road"
    if _area(code) not in _POSTCODE_AREAS:
        return ""
    if match["full"]:
        return "postcode"
    return "district" if match.group().isupper() and _IN.search(before) else ""


def _area(code: str) -> str:
    return code[:2] if code[1].isalpha() else code[0]


_POSTCODE_AREAS = words("postcode_areas")
_MOTORWAYS = words("motorways")
_POSTAL = ("postcode", "district")
_CONFIDENCE = {"postcode": 0.97, "motorway": 0.9, "road": 0.8, "district": 0.7}
