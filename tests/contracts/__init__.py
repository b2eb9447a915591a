"""Contract suites: what every back end of a port must do, run once on each."""

from pathlib import Path

import pytest

for _suite in Path(__file__).parent.glob("[a-z]*.py"):
    pytest.register_assert_rewrite(f"{__name__}.{_suite.stem}")
