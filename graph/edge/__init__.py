"""A zone at Cloudflare, as it is to be: settings, records, rules, certificates.

Everything here follows from the graph and is plain data, so that a plan shows it, and a rule
refuses it, before the API does.
"""

from __future__ import annotations

from graph.edge.policy import origin_names, settings
from graph.edge.records import ZoneRecord, zone_records
from graph.edge.rules import EdgeRule, Phase, RateLimiting, Ruleset, rulesets

__all__ = [
    "EdgeRule",
    "Phase",
    "RateLimiting",
    "Ruleset",
    "ZoneRecord",
    "origin_names",
    "rulesets",
    "settings",
    "zone_records",
]
