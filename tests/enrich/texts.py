"""Strategies for texts: any Unicode, and posts made of what the enricher looks for."""

from __future__ import annotations

from hypothesis import strategies as st

FRAGMENTS = (
    "Guildford",
    "#GuildfordHighStreet",
    "in",
    "near",
    "King's Lynn",
    "Guildford's",
    "Richmond, North Yorkshire",
    "M25",
    "A3(M)",
    "GU1 3AA",
    "in SE15",
    "stab",
    "k*ll",
    "s t a b",
    "🔪🔪",
    "👨\u200d👩\u200d👧",
    "\U0001f1ec\U0001f1e7",
    "po\u200blice",
    "p\u0337o\u0337",
    "\u202eabc",
    "\uff37\uff2f\uff2b\uff29\uff2e\uff27",
    "\u0440\u043elice",
    "@user",
    "https://t.co/x",
    "throwing bricks at the police",
    "No there was not",
    "\ud800",
    "\x00",
    "مرحبا",
    "हिन्दी",
    "東京",
    "10,000",
    "U.K.",
    "don't",
    "!!",
    "\n",
    "...",
)

anything = st.text(st.characters(), max_size=80)
"""Any text at all, lone surrogates included."""

unicode_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
"""Any text that can be encoded."""

posts = st.lists(st.sampled_from(FRAGMENTS) | anything, max_size=12).map(" ".join) | anything
"""Texts that are likely to trouble the enricher."""
