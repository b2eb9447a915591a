"""How much one query may ask, the same for every engine."""

MAX_LENGTH = 20_000
"""Code points of a query."""

MAX_CLAUSES = 1_024
"""Words, phrases and field values."""

MAX_DEPTH = 60
"""Brackets and NOTs inside each other."""

MAX_GAPS = 512
"""Ways in which the words of a proximity may be spread: see
:func:`index.query.proximity.gap_layouts`."""

MAX_WILDCARDS = 8
"""``*`` and ``?`` in one word. More can make an automaton larger than engines allow."""
