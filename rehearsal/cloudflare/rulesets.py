"""Rulesets: one a phase, and what each plan takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from graph.cloudflare import LONGEST_EXPRESSION, PLANS
from rehearsal.cloudflare.api import ONE, WHEN, Answer, Cloudflare, RefusedError, Zone, new_id

_COUNTED: Final = {
    "http_request_firewall_custom": "custom_rules",
    "http_ratelimit": "rate_limits",
    "http_request_cache_settings": "cache_rules",
}


def _ruleset(zone: Zone, body: Mapping[str, Any], former: Mapping[str, Any]) -> dict[str, Any]:
    phase = body.get("phase", former.get("phase"))
    limits = PLANS[zone.plan]
    rules = body.get("rules") or []
    if phase not in _COUNTED:
        raise RefusedError(400, 20_119, f"unknown phase {phase}")
    if len(rules) > getattr(limits, _COUNTED[phase]):
        raise RefusedError(
            400, 20_120, f"exceeded the maximum number of rules in the phase {phase}"
        )
    refs = [rule.get("ref") for rule in rules]
    if len(refs) != len(set(refs)):
        raise RefusedError(400, 20_121, "a ref is there twice")
    ids = {rule["ref"]: rule["id"] for rule in former.get("rules", [])}
    return {
        "id": former.get("id") or new_id(),
        "name": body.get("name", former.get("name")),
        "description": body.get("description") or "",
        "kind": body.get("kind", former.get("kind")),
        "phase": phase,
        "version": str(int(former.get("version", 0)) + 1),
        "last_updated": WHEN,
        "rules": [_rule(rule, ids, zone) for rule in rules],
    }


def _rule(rule: Mapping[str, Any], ids: Mapping[str, str], zone: Zone) -> dict[str, Any]:
    if len(rule["expression"]) > LONGEST_EXPRESSION:
        raise RefusedError(400, 20_127, "the expression is too long")
    if rule["expression"].count("(") != rule["expression"].count(")"):
        raise RefusedError(400, 20_127, "the expression is invalid: parentheses")
    limit = rule.get("ratelimit")
    plan = PLANS[zone.plan]
    if limit and limit["period"] not in plan.rate_periods:
        raise RefusedError(400, 20_155, f"not entitled to use the period {limit['period']}")
    if limit and not plan.rate_by_host and "http.host" in rule["expression"]:
        raise RefusedError(400, 20_127, "not entitled: the use of field http.host is not allowed")
    ttl = (rule.get("action_parameters") or {}).get("edge_ttl") or {}
    least = plan.shortest_edge_ttl.total_seconds()
    if ttl.get("mode") == "override_origin" and ttl.get("default", 0) < least:
        raise RefusedError(400, 20_083, f"edge_ttl is less than {least:g} seconds")
    ref = rule.get("ref") or new_id()
    kept = {key: value for key, value in rule.items() if value is not None}
    return {
        **kept,
        "id": ids.get(ref) or new_id(),
        "ref": ref,
        "version": "1",
        "last_updated": WHEN,
        "enabled": rule.get("enabled", True),
    }


def _make_ruleset(api: Cloudflare, _query: Mapping[str, str], body: Any, zone_id: str) -> Any:
    zone = api.zone(zone_id)
    if any(each["phase"] == body["phase"] for each in zone.rulesets.values()):
        raise RefusedError(
            400,
            20_217,
            f"'zone' is not a valid value for kind because exceeded maximum number of zone "
            f"rulesets for phase {body['phase']}",
        )
    made = _ruleset(zone, body, {})
    zone.rulesets[made["id"]] = made
    return made


def _one_ruleset(
    api: Cloudflare, _query: Mapping[str, str], _body: Any, zone_id: str, id_: str
) -> Any:
    if id_ not in api.zone(zone_id).rulesets:
        raise RefusedError(404, 10_001, "could not find ruleset")
    return api.zone(zone_id).rulesets[id_]


def _change_ruleset(
    api: Cloudflare, query: Mapping[str, str], body: Any, zone_id: str, id_: str
) -> Any:
    zone, former = api.zone(zone_id), _one_ruleset(api, query, None, zone_id, id_)
    zone.rulesets[id_] = _ruleset(zone, body, former)
    return zone.rulesets[id_]


def _remove_ruleset(
    api: Cloudflare, query: Mapping[str, str], _body: Any, zone_id: str, id_: str
) -> Any:
    _one_ruleset(api, query, None, zone_id, id_)
    del api.zone(zone_id).rulesets[id_]
    return None


def _entry_point(
    api: Cloudflare, _query: Mapping[str, str], _body: Any, zone_id: str, phase: str
) -> Any:
    for each in api.zone(zone_id).rulesets.values():
        if each["phase"] == phase:
            return each
    raise RefusedError(404, 10_003, "could not find entrypoint ruleset in the phase")


ROUTES: Final[tuple[tuple[str, Mapping[str, Answer]], ...]] = (
    (f"/zones/{ONE}/rulesets", {"POST": _make_ruleset}),
    (
        f"/zones/{ONE}/rulesets/{ONE}",
        {"GET": _one_ruleset, "PUT": _change_ruleset, "DELETE": _remove_ruleset},
    ),
    (f"/zones/{ONE}/rulesets/phases/{ONE}/entrypoint", {"GET": _entry_point}),
)
