"""Checking a rule against its published schema, in words that a person can act on.

The words come from the schema's own descriptions, so that schema, documentation and
messages cannot drift apart. The schema is put together from the keys that all rules
have (``rule.common.json``) and those of each kind; ``make docs`` publishes it as
``rule.schema.json``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import jsonschema

from alerts.kinds.keys import DURATION
from alerts.kinds.port import Kind, Schema
from alerts.kinds.table import KINDS
from alerts.rule_file import Entry, Fault, Plain

SCHEMA_FILE = Path(__file__).with_name("rule.schema.json")
_COMMON_FILE = Path(__file__).with_name("rule.common.json")
_SHOWN = 40
"""Characters of a wrong value that a message repeats."""


def compose() -> dict[str, Any]:
    """The schema of a rule of any kind, as it is published."""
    schema: dict[str, Any] = json.loads(_COMMON_FILE.read_text(encoding="utf-8"))
    keys = schema["properties"]
    meanings = ", ".join(f"{kind.name} ({kind.meaning})" for kind in KINDS.values())
    keys["kind"] = {"description": f"when it rings: {meanings}", "enum": list(KINDS)}
    owned: dict[str, list[tuple[str, Schema]]] = {}
    for kind in KINDS.values():
        for key, part in kind.keys.items():
            owned.setdefault(key, []).append((kind.name, part))
    keys.update({key: _anyhow(parts) for key, parts in owned.items()})
    schema["allOf"] = [_only(kind, owned) for kind in KINDS.values()]
    return schema


def options_of(values: Mapping[str, Plain]) -> dict[str, Plain]:
    """Those of a rule's values that only its kind has."""
    return {key: value for key, value in values.items() if key in _OPTIONS}


def is_duration(kind: Kind, key: str) -> bool:
    """Whether a key of the kind holds a duration."""
    return kind.keys.get(key, {}).get("pattern") == DURATION


def faults(entry: Entry) -> Iterator[Fault]:
    """Everything about a rule that the schema does not allow."""
    for error in _VALIDATOR.iter_errors(entry.values):
        path = tuple(error.absolute_path)
        if error.validator == "required":
            # The library reports one error for each key that is missing.
            missing = error.message.split("'")[1]
            yield Fault(
                entry.locate(path), missing, f"is missing. Give {_expected(entry, missing)}"
            )
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


def _anyhow(parts: list[tuple[str, Schema]]) -> Schema:
    """What a key is, whichever kind has it; what exactly is said kind by kind."""
    names = ", ".join(name for name, _ in parts)
    return {"description": f"{parts[0][1]['description']} (of kind {names})"}


def _only(kind: Kind, owned: Mapping[str, object]) -> Schema:
    """A rule of this kind has its keys and no other kind's."""
    foreign = {
        key: {"description": f"no {key}: rules of kind {kind.name} have none", "not": {}}
        for key in owned
        if key not in kind.keys
    }
    if not kind.reads_posts:
        for key in ("query", "group_by") if kind.name == "coverage" else ("query",):
            what = f"no {key}: rules of kind {kind.name} have none"
            foreign[key] = {"description": what, "not": {}}
    required = [*kind.required, *(["query"] if kind.reads_posts else [])]
    return {
        "if": {"properties": {"kind": {"const": kind.name}}, "required": ["kind"]},
        "then": {"required": required, "properties": {**kind.keys, **foreign}},
    }


_SCHEMA: Mapping[str, Any] = compose()
_KEYS: Mapping[str, Mapping[str, Any]] = _SCHEMA["properties"]
_OPTIONS = frozenset(key for kind in KINDS.values() for key in kind.keys) - {"threshold"}
_DRAFT = jsonschema.Draft202012Validator
_VALIDATOR = _DRAFT(_SCHEMA, format_checker=_DRAFT.FORMAT_CHECKER)


def _expected(entry: Entry, key: str) -> str:
    kind = KINDS.get(entry.values.get("kind"))  # type: ignore[call-overload]
    own = {} if kind is None else kind.keys
    return str(own.get(key, _KEYS[key])["description"])


def _hint(key: str) -> str:
    near = get_close_matches(key, _KEYS, n=1)
    return f"; did you mean {near[0]}?" if near else f". There are {', '.join(_KEYS)}"


def _name(path: tuple[str | int, ...]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else step for step in path)


def _show(value: Plain) -> str:
    text = "nothing" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
