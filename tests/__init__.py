"""
The tests; the tree mirrors ``gameserver``.

Hypothesis draws the same examples each time, so that a failure comes from the change that is tested. No example counts
as too slow, since the machine may be busy. ``HYPOTHESIS_PROFILE=search`` draws other examples.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile("same", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("search", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
