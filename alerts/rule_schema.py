"""Checking a rule against its published schema, in words that a person can act on.

The words come from the schema's own descriptions, so that schema, documentation and
messages cannot drift apart.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import jsonschema

from alerts.rule_file import Entry, Fault, Plain

SCHEMA_FILE = Path(__file__).with_name("rule.schema.json")

_SCHEMA: Mapping[str, Any] = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
_KEYS: Mapping[str, Mapping[str, Any]] = _SCHEMA["properties"]
_KIND = jsonschema.Draft202012Validator
_VALIDATOR = _KIND(_SCHEMA, format_checker=_KIND.FORMAT_CHECKER)
_SHOWN = 40
"""Characters of a wrong value that a message repeats."""


def faults(entry: Entry) -> Iterator[Fault]:
    """Everything about a rule that the schema does not allow."""
    for error in _VALIDATOR.iter_errors(entry.values):
        path = tuple(error.absolute_path)
        if error.validator == "required":
            # The library reports one error for each key that is missing.
            missing = error.message.split("'")[1]
            yield Fault(entry.locate(path), missing, f"is missing. Give {_expected(missing)}")
        elif error.validator == "additionalProperties":
            yield from (
                Fault(entry.keys[key,], key, f"no such key{_hint(key)}")
                for key in entry.values
                if key not in _KEYS
            )
        else:
            expected = error.schema.get("description", "something else")
            cause = f"{_show(error.instance)} is not right. Give {expected}"
            yield Fault(entry.locate(path), _name(path), cause)


def _expected(key: str) -> str:
    return str(_KEYS[key]["description"])


def _hint(key: str) -> str:
    near = get_close_matches(key, _KEYS, n=1)
    return f"; did you mean {near[0]}?" if near else f". There are {', '.join(_KEYS)}"


def _name(path: tuple[str | int, ...]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else step for step in path)


def _show(value: Plain) -> str:
    text = "nothing" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
