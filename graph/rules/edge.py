"""The edge: what Cloudflare would refuse, or do otherwise than is meant, before it is asked."""

from __future__ import annotations

import ipaddress
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

from config.finding import Severity, Source
from config.units import format_duration
from graph.cloudflare import (
    CLOUDFLARE_PORTS,
    LONGEST_EXPRESSION,
    ORIGIN_CA_NAMES,
    OVER_HTTP,
    PLANS,
)
from graph.edge import ZoneRecord, origin_names, rulesets, zone_records
from graph.edge.rules import Ruleset, at_edge
from graph.model import Route, StackGraph, Zone
from graph.rules.base import Breach, rule
from graph.rules.judged import listed
from graph.rules.scope import at, ours

ACME_ISSUER: Final = "letsencrypt.org"

_CALL: Final = re.compile(
    r"\b([a-z][a-z0-9+-]*):(?://)?(?:[^\s/@]*@)?((?:[a-z0-9-]+\.)+[a-z]{2,})(?::([0-9]{1,5}))?(?!\w)",
    re.IGNORECASE,
)
"""Scheme, name and port of what a value calls: ``wss://a.example.com:8443``, ``sip:b.example``."""

_PRIVATE: Final = tuple(
    ipaddress.ip_network(each)
    for each in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"),
        *("169.254.0.0/16", "fc00::/7", "fe80::/10"),
    )
)
"""Addresses that the internet does not reach; those of documentation are none of them."""


def managed(graph: StackGraph) -> Iterator[Zone]:
    """Give the zones that are written at Cloudflare."""
    return (zone for zone in graph.zones.values() if zone.provider == "cloudflare")


@rule("G30")
def records_that_contradict(graph: StackGraph) -> Iterator[Breach]:
    """A zone at Cloudflare has each record once, under its own name, and none beside a CNAME."""
    for zone in managed(graph):
        yield from contradictions(zone.name, zone_records(graph, zone))


def contradictions(zone: str, records: Iterable[ZoneRecord]) -> Iterator[Breach]:
    """Find what records of a zone say against each other, and what lies outside of it."""
    seen: dict[tuple[str, str, str | None, str], ZoneRecord] = {}
    by_name: dict[str, list[ZoneRecord]] = defaultdict(list)
    for record in records:
        if not _lies_in(record.name, zone) and record.source.path.startswith("zones"):
            yield Breach(
                record.source,
                f"{record.name} lies outside of its zone {zone}",
                "move it under its own zone, or correct its name",
            )
        value = str(record.caa) if record.caa else record.value
        same = seen.setdefault((record.name, record.type, value, record.host or ""), record)
        if same is not record:
            yield Breach(
                record.source,
                f"{record.name} has the same {record.type} record twice",
                "write it once",
            )
        by_name[record.name].append(record)
    for name, group in by_name.items():
        yield from _beside_a_cname(zone, name, group)


def _beside_a_cname(zone: str, name: str, records: list[ZoneRecord]) -> Iterator[Breach]:
    aliases = [each for each in records if each.type == "CNAME"]
    # At the top of a zone Cloudflare answers a CNAME with its target's addresses (flattening), so
    # what is not an address may stand beside it.
    others = [
        each
        for each in records
        if each.type != "CNAME" and (name != zone or each.type in ("A", "AAAA"))
    ]
    if len(aliases) > 1 or (aliases and others):
        beside = others[0].type if others else "another CNAME"
        yield Breach(
            aliases[-1].source,
            f"{name} has a CNAME and {beside} record, and a CNAME stands alone",
            "keep one of the two, or give one of them another name",
        )


@rule("G39")
def leads_nowhere(graph: StackGraph) -> Iterator[Breach]:
    """A record leads to an address, and to one that the internet reaches."""
    if graph.target != "prod":
        return
    for zone in managed(graph):
        told: set[str] = set()
        for record in zone_records(graph, zone):
            host = graph.hosts.get(record.host or "")
            if host is None or host.id in told or record.tunnel:
                continue
            cloud = host.access is not None and host.access.cloud is not None
            command = (
                f"run pulumi config set --stack {graph.stack} --path "
                f"'stackgraph:{host.system}.hosts.{host.key}.public_addresses[0]' ADDRESS"
            )
            if record.value is None and not cloud:
                told.add(host.id)
                yield Breach(
                    record.source,
                    f"{record.name} leads to host {host.key}, whose public address is not known",
                    command,
                )
            elif record.value is not None and _private(record.value):
                told.add(host.id)
                yield Breach(
                    record.source,
                    f"{record.name} leads to {record.value} of host {host.key}, which the "
                    "internet does not reach",
                    command,
                )


def _private(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False  # a name: what it leads to only DNS knows
    return any(found in network for network in _PRIVATE)


@rule("G31", severity=Severity.WARNING)
def no_certificate_at_the_edge(graph: StackGraph) -> Iterator[Breach]:
    """A proxied name is one that Cloudflare's own certificate is for."""
    for zone in managed(graph):
        for record in zone_records(graph, zone):
            depth = record.name.count(".") - zone.name.count(".")
            if record.proxied and depth > 1:
                yield Breach(
                    record.source,
                    f"{record.name} is proxied, but Cloudflare's certificate (Universal SSL) is "
                    f"for {zone.name} and *.{zone.name}: browsers refuse the name",
                    "choose a name of one label, order a certificate for it there, or set "
                    "proxied: false",
                )


@rule("G32")
def more_than_the_plan(graph: StackGraph) -> Iterator[Breach]:
    """The rules of a zone are as many, as long and as often as its plan takes."""
    for zone in managed(graph):
        limits = PLANS[zone.policy.plan]
        counts: Mapping[str, int] = {
            "http_request_firewall_custom": limits.custom_rules,
            "http_ratelimit": limits.rate_limits,
            "http_request_cache_settings": limits.cache_rules,
        }
        for ruleset in rulesets(graph, zone):
            if len(ruleset.rules) > counts[ruleset.phase]:
                yield Breach(
                    zone.source,
                    f"{zone.name} has {len(ruleset.rules)} {ruleset.name} rules "
                    f"({listed([each.ref for each in ruleset.rules])}), and plan "
                    f"{zone.policy.plan} takes {counts[ruleset.phase]}",
                    "say the same for more names at once, or set plan to what the zone has",
                )
            yield from _of_rules(zone, ruleset)
        yield from _rate_limits(graph, zone)
        yield from _edge_ttls(graph, zone)


def _of_rules(zone: Zone, ruleset: Ruleset) -> Iterator[Breach]:
    for each in ruleset.rules:
        judged = too_long(each.expression, each.ref, zone.name)
        if judged is not None:
            yield Breach(each.source, *judged)


def too_long(expression: str, ref: str, zone: str) -> tuple[str, str] | None:
    """Give fact and remedy where a rule's expression is longer than Cloudflare takes."""
    if len(expression) <= LONGEST_EXPRESSION:
        return None
    return (
        f"rule {ref} of {zone} is {len(expression)} characters long, and "
        f"Cloudflare takes {LONGEST_EXPRESSION}",
        "name fewer names, paths or networks",
    )


def _rate_limits(graph: StackGraph, zone: Zone) -> Iterator[Breach]:
    plan, limits = zone.policy.plan, PLANS[zone.policy.plan]
    periods = ", ".join(format_duration(timedelta(seconds=each)) for each in limits.rate_periods)
    asked: list[tuple[Source, str, timedelta, bool]] = [
        (at(route.source, "rate_limit"), route.address, route.rate_limit.per, True)
        for route in graph.routes.values()
        if route.zone == zone.id and route.proxied and route.rate_limit is not None
    ]
    if zone.policy.rate_limit is not None:
        whole = (at(zone.source, "rate_limit"), zone.name, zone.policy.rate_limit.per, False)
        asked.append(whole)
    for source, what, per, by_host in asked:
        if by_host and not limits.rate_by_host:
            yield Breach(
                source,
                f"the rate limit of {what} asks for a name, and plan {plan} counts by path only",
                "give the zone one rate_limit for all names, or set plan to what the zone has",
            )
        elif per.total_seconds() not in limits.rate_periods:
            yield Breach(
                source,
                f"the rate limit of {what} counts for {format_duration(per)}, and plan {plan} "
                f"takes {periods}",
                "choose one of these periods",
            )


def _edge_ttls(graph: StackGraph, zone: Zone) -> Iterator[Breach]:
    least = PLANS[zone.policy.plan].shortest_edge_ttl
    for route in graph.routes.values():
        if route.zone != zone.id or not route.proxied:
            continue
        cache = at_edge(route)
        edge = cache.edge if cache else None
        if edge and edge < least:
            yield Breach(
                at(route.source, "cache"),
                f"{route.address} is to be kept at the edge for {format_duration(edge)}, and "
                f"plan {zone.policy.plan} keeps for {format_duration(least)} or more",
                "write a longer time, or only browser and let the service say the rest",
            )


@rule("G33")
def larger_than_the_edge_takes(graph: StackGraph) -> Iterator[Breach]:
    """No body through Cloudflare is larger than its zone's plan takes."""
    for route in graph.routes.values():
        if not route.proxied or route.zone is None or route.max_body is None:
            continue
        zone = graph.zones[route.zone]
        most = PLANS[zone.policy.plan].max_body
        if zone.provider == "cloudflare" and route.max_body > most:
            yield Breach(
                at(route.source, "max_body"),
                f"{route.address} takes bodies of {_mebibytes(route.max_body)}, and Cloudflare "
                f"takes {_mebibytes(most)} on plan {zone.policy.plan} (413)",
                "lower it, set proxied: false, or set plan to what the zone has",
            )


def _mebibytes(size: int) -> str:
    return f"{size / 1024 / 1024:g} MiB"


@rule("G34")
def zone_of_two_systems(graph: StackGraph) -> Iterator[Breach]:
    """A zone at Cloudflare is one system's: each would take the other's rules away."""
    first: dict[str, Zone] = {}
    for zone in managed(graph):
        other = first.setdefault(zone.name, zone)
        if other is not zone:
            yield Breach(
                zone.source,
                f"{zone.name} is written by system {other.system}, too "
                f"({other.source.file}:{other.source.line})",
                "let one system write it, and say provider: external in the other",
            )


@rule("G35")
def proxied_by_halves(graph: StackGraph) -> Iterator[Breach]:
    """A name is proxied or it is not, on all its paths."""
    first: dict[tuple[str, str], Route] = {}
    for route in graph.routes.values():
        if route.ingress is None:
            continue
        other = first.setdefault((route.system, route.declared_name), route)
        if other.proxied != route.proxied:
            yield Breach(
                route.source,
                f"{route.address} is {_proxied(route)}, and {other.address} is {_proxied(other)} "
                f"({other.source.file}:{other.source.line}): a name has one record",
                "say the same of both, or give one of them another name",
            )


def _proxied(route: Route) -> str:
    return "proxied" if route.proxied else "not proxied"


@rule("G36", severity=Severity.WARNING)
def unverified_at_the_host(graph: StackGraph) -> Iterator[Breach]:
    """What the edge calls at a host proves who it is, and to nobody by way of the edge."""
    if graph.target != "prod":
        return
    for zone in managed(graph):
        yield from _loose(zone)
        for ingress in graph.ingresses.values():
            routes = [r for r in graph.routes_of(ingress) if r.proxied and r.zone == zone.id]
            host = graph.hosts[ingress.host]
            if not routes or host.managed_by is not None:
                continue
            names = list(dict.fromkeys(route.declared_name for route in routes))
            if ingress.certificates == "internal" and zone.policy.ssl == "strict":
                yield Breach(
                    ingress.source,
                    f"the ingress of {host.key} has certificates of its own, which the edge "
                    f"refuses for {listed(names)} (526): {zone.name} has ssl: strict",
                    "set certificates: origin",
                )
            elif ingress.certificates == "acme":
                yield Breach(
                    ingress.source,
                    f"the certificates of {listed(names)} are proven over HTTP by way of the "
                    "edge, which calls the host over HTTPS before it has one (526)",
                    "set certificates: origin, or prove them over DNS",
                )
            past = [route for route in routes if route.mesh and not ingress.tunnel]
            if ingress.certificates == "origin" and past:
                yield Breach(
                    past[0].source,
                    f"members of the mesh call {past[0].declared_name} past the edge, where it has "
                    "a certificate that only the edge trusts",
                    "set proxied: false for the name",
                )
            if len(origin_names(graph, zone, ingress)) > ORIGIN_CA_NAMES:
                yield Breach(
                    ingress.source,
                    f"{len(names)} names of {zone.name} on {host.key} need a certificate of the "
                    f"Origin CA, which takes {ORIGIN_CA_NAMES}",
                    "use a wildcard name, or another zone",
                )


def _loose(zone: Zone) -> Iterator[Breach]:
    judged = loose(zone.policy.ssl, zone.name)
    if judged is not None:
        yield Breach(at(zone.source, "ssl"), *judged)


def loose(ssl: str, zone: str) -> tuple[str, str] | None:
    """Give fact and remedy where the edge does not verify whom it calls."""
    how = {
        "full": "without looking at its certificate, so anybody between them can read along",
        "flexible": "without TLS, so anybody between them can read along",
        "off": "without TLS, and so do callers",
    }.get(ssl)
    if how is None:
        return None
    return (
        f"ssl: {ssl}: the edge calls hosts of {zone} {how}",
        "set ssl: strict, with certificates: origin at the ingress",
    )


@rule("G37")
def issuer_shut_out(graph: StackGraph) -> Iterator[Breach]:
    """CAA names the issuer that an ingress asks for certificates."""
    for zone in managed(graph):
        if not zone.policy.caa or ACME_ISSUER in zone.policy.caa:
            continue
        for route in graph.routes.values():
            if route.zone != zone.id or route.ingress is None:
                continue
            kind = graph.ingresses[route.ingress].certificates
            if kind in ("acme", "dns") or (kind == "origin" and not route.proxied):
                yield Breach(
                    at(zone.source, "caa"),
                    f"caa names {listed(zone.policy.caa)}, and {route.declared_name} has its "
                    f"certificate from {ACME_ISSUER}",
                    f"add {ACME_ISSUER}, or remove caa",
                )
                break


@rule("G38")
def rule_without_effect(graph: StackGraph) -> Iterator[Breach]:
    """A rule at the edge is for names that pass it."""
    for zone in managed(graph):
        proxied = {
            *(r.declared_name for r in graph.routes.values() if r.proxied and r.zone == zone.id),
            *(r.declared_name for r in graph.records.values() if r.proxied and r.zone == zone.id),
        }
        for name, each in sorted(zone.policy.rules.items()):
            wrong = [asked for asked in each.names if asked not in proxied]
            if wrong:
                yield Breach(
                    replace(zone.source, path=f"{zone.source.path}.rules.{name}.names"),
                    f"rule {name} is for {listed(wrong)}, which does not pass the edge",
                    f"name proxied names of {zone.name}: {_valid(proxied)}",
                )


def _valid(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "there are none"


def _lies_in(name: str, zone: str) -> bool:
    return name == zone or name.endswith(f".{zone}")


@rule("G40")
def past_what_the_edge_carries(graph: StackGraph) -> Iterator[Breach]:
    """Who calls a proxied name speaks HTTP, on a port that Cloudflare's proxy carries."""
    if graph.target != "prod":
        return  # there is no edge before other stacks
    proxied = {route.declared_name for route in graph.routes.values() if route.proxied}
    proxied |= {record.declared_name for record in graph.records.values() if record.proxied}
    for service in ours(graph):
        for variable, value in service.environment.items():
            for scheme, name, port in _CALL.findall(str(value)):
                if name not in proxied:
                    continue
                source = at(service.source, "environment", variable)
                source = source if variable in service.spec.environment else service.source
                remedy = f"use a name that is not proxied: a record under zones, for {service.key}"
                if scheme.lower() not in OVER_HTTP:
                    yield Breach(
                        source,
                        f"{variable} calls {name} by {scheme}, and the name is proxied: Cloudflare "
                        "passes on nothing but HTTP",
                        remedy,
                    )
                elif port and int(port) not in CLOUDFLARE_PORTS:
                    yield Breach(
                        source,
                        f"{variable} calls port {port} of {name}, and the name is proxied: "
                        "Cloudflare does not answer there",
                        remedy,
                    )
