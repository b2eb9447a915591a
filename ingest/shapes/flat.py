"""A flat row: one object or CSV line whose keys are the names of a draft's fields.

Columns that a draft does not know are kept in the raw item alone.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from ingest.hygiene import clean_text
from ingest.shapes.draft import Draft

_LISTS = frozenset({"langs", "labels", "hashtags", "mentions", "links"})

# Numbers in quotation marks are common in exports: "51.24" is taken for 51.24.
_DECODER = msgspec.json.Decoder(Draft, strict=False)


def draft(data: bytes) -> Draft:
    """The draft in a JSON object. Raises msgspec's errors."""
    return _DECODER.decode(data)


def draft_of_cells(cells: Mapping[str, str]) -> Draft:
    """The draft in a line of CSV. An empty cell is absent, except for an empty text.

    A cell that holds a list separates its values by spaces. Raises msgspec's errors.
    """
    fields: dict[str, str | list[str]] = {}
    for name, cell in cells.items():
        value = clean_text(cell)
        if name in _LISTS:
            fields[name] = value.split()
        elif value or name == "text":
            fields[name] = value
    return msgspec.convert(fields, Draft, strict=False)
