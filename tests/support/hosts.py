"""Test hosts in tests: skipped, with the reason, where none can be made."""

from __future__ import annotations

import pytest

from rehearsal.hosts import hosts_problem


def needs_hosts() -> None:
    """Skip the test, with the reason, where no test host can be made."""
    if (problem := hosts_problem()) is not None:
        pytest.skip(problem)
