"""What every test shares: property tests are never failed for the speed of the machine."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "tocsin",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    # New examples are for people who can look at them; in CI the same ones run every time.
    derandomize="CI" in os.environ,
    database=None,
)
settings.load_profile("tocsin")
