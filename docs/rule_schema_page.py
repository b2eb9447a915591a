"""Writes alerts/rule.schema.json from the keys of all rules and of each kind.

make docs
"""

from __future__ import annotations

import json

from alerts.rule_schema import SCHEMA_FILE, compose

if __name__ == "__main__":
    text = json.dumps(compose(), indent=2, ensure_ascii=False)
    SCHEMA_FILE.write_text(text + "\n", encoding="utf-8")
