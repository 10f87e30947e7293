"""
The tests; the tree mirrors ``gameserver``.

Hypothesis draws the same examples each time, so that a change is judged by what it changes, and no example is too slow:
the machine may be busy. ``HYPOTHESIS_PROFILE=search`` draws others.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile("same", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("search", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
