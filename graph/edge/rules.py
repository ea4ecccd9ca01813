"""The rules of a zone, one ruleset a phase: who is let through, how often, what is kept.

A zone has one ruleset a phase, and it is written whole. So everything that asks for a rule of a
phase is gathered here, with a ``ref`` by which a rule stays the same one when others come and go.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal, TypeAlias

from config.finding import Source
from config.http import Cache, RateLimit
from config.units import format_duration
from config.zone import EdgeRule as EdgeRuleSpec
from graph.cloudflare import CLOUDFLARE_NETWORKS, PLANS, PlanLimits
from graph.edge import expressions
from graph.model import Route, StackGraph, Zone

Phase: TypeAlias = Literal[
    "http_request_cache_settings", "http_ratelimit", "http_request_firewall_custom"
]

NAMES: Final[Mapping[Phase, str]] = {
    "http_request_firewall_custom": "access",
    "http_ratelimit": "rate-limits",
    "http_request_cache_settings": "cache",
}

SKIPPED: Final[Mapping[str, Any]] = {
    "phases": ("http_ratelimit", "http_request_firewall_managed", "http_request_sbfm"),
    "products": ("bic", "hot", "rateLimit", "securityLevel", "uaBlock", "waf", "zoneLockdown"),
    "ruleset": "current",
}
"""What ``skip`` lets a request pass: everything that custom rules may skip."""

CHARACTERISTICS: Final = ("cf.colo.id", "ip.src")
"""Whose requests are counted together: an address's, in each of Cloudflare's data centres."""

_LONGEST_REF = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimiting:
    """How often: ``requests`` in ``period`` seconds; then refused for ``timeout`` seconds."""

    requests: int
    period: int
    timeout: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeRule:
    """A rule of a ruleset. ``parameters`` are the action's, by the API's names."""

    ref: str
    action: Literal["block", "managed_challenge", "set_cache_settings", "skip"]
    expression: str
    description: str
    parameters: Mapping[str, Any]
    limit: RateLimiting | None = None
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruleset:
    """All rules of one phase, in the order in which they are asked."""

    phase: Phase
    rules: tuple[EdgeRule, ...]

    @property
    def name(self) -> str:
        """What it is about: it names the resource."""
        return NAMES[self.phase]


def rulesets(graph: StackGraph, zone: Zone) -> tuple[Ruleset, ...]:
    """Give a ruleset for each phase of a zone that has rules, in a fixed order."""
    names = _Names.of(graph, zone)
    found: tuple[tuple[Phase, tuple[EdgeRule, ...]], ...] = (
        ("http_request_firewall_custom", (*_access(names), *_exceptions(zone, names))),
        ("http_ratelimit", tuple(_rates(zone, names))),
        ("http_request_cache_settings", tuple(_caches(names))),
    )
    return tuple(Ruleset(phase=phase, rules=rules) for phase, rules in found if rules)


@dataclass(frozen=True, slots=True)
class _Names:
    """The proxied routes of a zone, by name."""

    routes: Mapping[str, Sequence[Route]]

    @staticmethod
    def of(graph: StackGraph, zone: Zone) -> _Names:
        found: dict[str, list[Route]] = defaultdict(list)
        for route in graph.routes.values():
            if route.zone == zone.id and route.proxied and route.ingress is not None:
                found[route.declared_name].append(route)
        return _Names(found)

    def whole(self, route: Route) -> bool:
        """Whether a route answers all requests to its name."""
        alone = len(self.routes[route.declared_name]) == 1
        return alone and expressions.below(route.path) is None

    def asked(self, routes: Sequence[Route]) -> str:
        """Ask for what routes answer: several names at once, or one route."""
        if len(routes) > 1:
            return expressions.named([r.declared_name for r in routes], self.routes)
        (route,) = routes
        return expressions.answered(route, self.routes[route.declared_name], self.routes)

    def grouped(self, kinds: Mapping[str, str]) -> Iterator[tuple[str, Sequence[Route]]]:
        """Give the routes of a kind together where they answer whole names, the others alone.

        ``kinds`` are those of routes, by id; the groups come sorted.
        """
        together: dict[str, list[Route]] = defaultdict(list)
        for routes in self.routes.values():
            for route in routes:
                if route.id in kinds:
                    kind = kinds[route.id]
                    key = kind if self.whole(route) else f"{kind} {route.address}"
                    together[key].append(route)
        yield from sorted(together.items())


def ref(*parts: str) -> str:
    """Give a rule's stable reference, from what it is about."""
    slug = re.sub(r"[^a-z0-9]+", "-", "-".join(parts).lower().replace("*", "any")).strip("-")
    return slug[:_LONGEST_REF].rstrip("-")


def _access(names: _Names) -> Iterator[EdgeRule]:
    """Refuse at the edge, too, whom the ingress refuses: members of the mesh come past the edge."""
    kinds: dict[str, str] = {}
    for routes in names.routes.values():
        for route in routes:
            allowed = set(route.access.allow or ())
            if not route.access.anywhere and not allowed & CLOUDFLARE_NETWORKS:
                kinds[route.id] = f"allow {' '.join(sorted(allowed))}" if allowed else "mesh"
    for kind, routes in names.grouped(kinds):
        asked = names.asked(routes)
        networks = routes[0].access.allow or ()
        who = f"only {', '.join(sorted(networks))}" if networks else "only the mesh, past the edge"
        outside = f"not {expressions.networks(networks)}" if networks else None
        yield EdgeRule(
            ref=ref("access", kind),
            action="block",
            expression=expressions.both([asked, outside]),
            description=f"{_told(routes)}: {who}",
            parameters={},
            source=routes[0].source,
        )


def _exceptions(zone: Zone, names: _Names) -> Iterator[EdgeRule]:
    """Give the owner's rules: what may pass unchecked, then whom to refuse or challenge."""
    order = {"skip": 0, "block": 1, "managed_challenge": 2}
    for name, rule in sorted(zone.policy.rules.items(), key=lambda i: (order[i[1].action], i[0])):
        yield EdgeRule(
            ref=ref("rule", name),
            action=rule.action,
            expression=_fits(rule, names),
            description=rule.purpose,
            parameters=SKIPPED if rule.action == "skip" else {},
            source=Source(zone.source.file, zone.source.line, f"{zone.source.path}.rules.{name}"),
        )


def _fits(rule: EdgeRuleSpec, names: _Names) -> str:
    paths = [expressions.below(path) for path in rule.paths]
    asked = [path for path in paths if path is not None]
    return expressions.both(
        [
            expressions.named(rule.names, names.routes) if rule.names else None,
            # A path that is all of them asks for nothing.
            f"({' or '.join(asked)})" if asked and len(asked) == len(paths) else None,
            expressions.one_of("http.request.method", rule.methods) if rule.methods else None,
            expressions.networks(rule.sources) if rule.sources else None,
        ]
    )


def _rates(zone: Zone, names: _Names) -> Iterator[EdgeRule]:
    limits = PLANS[zone.policy.plan]
    for routes in names.routes.values():
        for route in routes:
            if route.rate_limit is not None:
                yield EdgeRule(
                    ref=ref("rate", route.address),
                    action="block",
                    expression=names.asked([route]),
                    description=f"{route.address}: {route.rate_limit}",
                    parameters={},
                    limit=_limit(route.rate_limit, limits),
                    source=route.source,
                )
    if zone.policy.rate_limit is not None:
        yield EdgeRule(
            ref=ref("rate", "zone"),
            action="block",
            # The one way to say "everything" that every plan takes.
            expression='starts_with(http.request.uri.path, "/")',
            description=f"every name of {zone.name}: {zone.policy.rate_limit}",
            parameters={},
            limit=_limit(zone.policy.rate_limit, limits),
            source=Source(zone.source.file, zone.source.line, f"{zone.source.path}.rate_limit"),
        )


def _limit(rate: RateLimit, limits: PlanLimits) -> RateLimiting:
    period = int(rate.per.total_seconds())
    return RateLimiting(
        requests=rate.requests, period=period, timeout=min(period, limits.longest_mitigation)
    )


def _caches(names: _Names) -> Iterator[EdgeRule]:
    kept: dict[str, Cache] = {}
    kinds: dict[str, str] = {}
    for routes in names.routes.values():
        for route in routes:
            cache = at_edge(route)
            if cache is not None:
                kept[route.id] = cache
                edge = cache.edge
                kinds[route.id] = (
                    "as told" if edge is None else format_duration(edge) if edge else "off"
                )
    for kind, routes in names.grouped(kinds):
        edge = kept[routes[0].id].edge
        how = "as its answers say" if edge is None else f"for {format_duration(edge)}"
        yield EdgeRule(
            ref=ref("cache", kind),
            action="set_cache_settings",
            expression=names.asked(routes),
            description=f"{_told(routes)}: {'kept nowhere' if edge == timedelta() else how}",
            parameters=_cache_settings(edge),
            source=routes[0].source,
        )


def at_edge(route: Route) -> Cache | None:
    """Give how the edge keeps a route's answers; None where it does as it does by itself.

    What not everybody may see is kept for nobody.
    """
    if not route.access.public:
        return Cache(edge=timedelta(), browser=timedelta())
    return route.kept


def _cache_settings(edge: timedelta | None) -> Mapping[str, Any]:
    if edge is None:
        return {"cache": True, "edge_ttl": {"mode": "respect_origin"}}
    if not edge:
        return {"cache": False}
    seconds = int(edge.total_seconds())
    return {"cache": True, "edge_ttl": {"mode": "override_origin", "default": seconds}}


def _told(routes: Sequence[Route]) -> str:
    first, *more = routes
    return f"{first.address} and {len(more)} more" if more else first.address
