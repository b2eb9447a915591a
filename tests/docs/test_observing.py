"""docs/observing.md names every metric; docs/scaling.md shows the tables of its model."""

from __future__ import annotations

import re
from pathlib import Path

from docs import scaling_tables
from observe.pipeline_metrics import METRICS
from observe.stage_metrics import HISTOGRAMS, NUMBERS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "observing.md"
ROW = re.compile(r"^\| `(tocsin_[a-z_]+)` \|([^|]*)\|([^|]*)\|$", re.M)


def test_every_metric_stands_on_the_page_with_its_meaning() -> None:
    said = {
        name: (kind.strip(), words.strip()) for name, kind, words in ROW.findall(PAGE.read_text())
    }
    shown: dict[str, tuple[str, str]] = {
        number.name: (number.kind, number.meaning) for number in NUMBERS
    }
    shown |= {histogram.name: ("histogram", histogram.meaning) for histogram in HISTOGRAMS}
    shown |= {metric.name: (", ".join(metric.labels), metric.meaning) for metric in METRICS}
    assert said == shown


def test_the_tables_of_the_capacity_model_are_current() -> None:
    """`make docs` writes them."""
    text = scaling_tables.PAGE.read_text(encoding="utf-8")
    assert scaling_tables.page(text) == text
