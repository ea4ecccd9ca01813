"""All policies of the pack."""

from __future__ import annotations

from typing import Final

from policy.clouds import CLOUDS
from policy.docker_facts import DOCKER_FACTS
from policy.of_rules import OF_RULES
from policy.policies import Policy
from policy.zones import ZONES

POLICIES: Final[tuple[Policy, ...]] = tuple(
    sorted((*OF_RULES, *ZONES, *DOCKER_FACTS, *CLOUDS), key=lambda policy: policy.id)
)
"""Sorted by id."""
