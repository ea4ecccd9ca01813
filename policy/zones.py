"""Policies on resources of Cloudflare: the graph's rules on the edge, and what its API refuses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Final, cast

from config.finding import Severity
from graph.edge import ZoneRecord
from graph.rules.edge import contradictions, loose, too_long
from policy.of_rules import BY_ID
from policy.places import place
from policy.policies import Judge, Options, Policy, Scope, Violation
from policy.resources import Resource, holds_unknown, objects, text, whole

RECORD: Final = frozenset(
    {"cloudflare:index/dnsRecord:DnsRecord", "cloudflare:index/record:Record"}
)
SETTING: Final = frozenset({"cloudflare:index/zoneSetting:ZoneSetting"})
RULESET: Final = frozenset({"cloudflare:index/ruleset:Ruleset"})
AUTOMATIC: Final = 1
"""The time to live of a proxied record, which Cloudflare chooses."""


def _contradicting(resources: Sequence[Resource], _options: Options) -> Iterator[Violation]:
    for records in _by_zone(resources).values():
        # Its own name is the zone's; where it has no record, the shortest is as good.
        zone = min((record.name for record in records), key=lambda name: name.count("."))
        for breach in contradictions(zone, records):
            yield Violation(breach.source.file, breach.fact, breach.remedy)


def _by_zone(resources: Sequence[Resource]) -> dict[object, list[ZoneRecord]]:
    found: dict[object, list[ZoneRecord]] = defaultdict(list)
    for each in resources:
        name, type_ = text(each.inputs.get("name")), text(each.inputs.get("type"))
        zone = text(each.inputs.get("zoneId")) or each.leads_to.get("zoneId")
        if name is None or type_ is None or zone is None:
            continue
        content = text(each.inputs.get("content"))
        found[zone].append(
            ZoneRecord(
                key=each.urn,
                name=name,
                type=cast("Any", type_),
                # Of what is not known, or said in parts, none is taken for another's.
                value=each.urn if content is None else content,
                ttl=AUTOMATIC,
                source=place(each),
            )
        )
    return found


def _loose(resources: Sequence[Resource], _options: Options) -> Iterator[Violation]:
    for each in resources:
        value = text(each.inputs.get("value"))
        if each.inputs.get("settingId") == "ssl" and value is not None:
            judged = loose(value, "its zone")
            if judged is not None:
                yield Violation(each.urn, *judged)


def _too_long(resources: Sequence[Resource], _options: Options) -> Iterator[Violation]:
    for each in resources:
        for rule in objects(each.inputs.get("rules")):
            expression = text(rule.get("expression"))
            if expression is not None:
                judged = too_long(expression, text(rule.get("ref")) or "without a ref", each.name)
                if judged is not None:
                    yield Violation(each.urn, *judged)


def _refused_ttl(resources: Sequence[Resource], _options: Options) -> Iterator[Violation]:
    for each in resources:
        ttl = whole(each.inputs.get("ttl"))
        if each.inputs.get("proxied") is True and ttl not in (None, AUTOMATIC):
            yield Violation(
                each.urn,
                f"{each.name} is proxied and has ttl {ttl}: the preview takes it, and the deploy "
                "fails",
                f"set ttl to {AUTOMATIC}",
            )


def _short_name(resources: Sequence[Resource], _options: Options) -> Iterator[Violation]:
    for each in resources:
        name = text(each.inputs.get("name"))
        if name is not None and "." not in name.strip("."):
            yield Violation(
                each.urn,
                f"{each.name} is named {name!r}, which is not the full name that Cloudflare takes",
                "write the full name, the zone's with it",
            )


def _two_of_a_phase(resources: Sequence[Resource], _options: Options) -> Iterator[Violation]:
    first: dict[tuple[object, str], Resource] = {}
    for each in sorted(resources, key=lambda resource: resource.urn):
        zone = text(each.inputs.get("zoneId")) or each.leads_to.get("zoneId")
        phase = text(each.inputs.get("phase"))
        if zone is None or phase is None or holds_unknown(each.inputs.get("kind")):
            continue
        other = first.setdefault((zone, phase), each)
        if other is not each:
            yield Violation(
                each.urn,
                f"{each.name} and {other.name} are both rules of phase {phase} of one zone, which "
                "has one ruleset a phase: each deploy takes the other's rules away",
                "put the rules of both into one",
            )


def _rule(id_: str, types: frozenset[str], inputs: str, judge: Judge, scope: Scope) -> Policy:
    rule = BY_ID[id_]
    return Policy(
        id=id_,
        title=rule.title,
        severity=rule.severity,
        scope=scope,
        types=types,
        inputs=inputs,
        judge=judge,
        because=f"rule {id_}",
    )


def _fact(
    id_: str,
    title: str,
    types: frozenset[str],
    inputs: str,
    judge: Judge,
    *,
    scope: Scope = "resource",
    severity: Severity = Severity.ERROR,
) -> Policy:
    return Policy(
        id=id_,
        title=title,
        severity=severity,
        scope=scope,
        types=types,
        inputs=inputs,
        judge=judge,
        because="PROVIDERS.md, section 3",
    )


ZONES: Final[tuple[Policy, ...]] = (
    _rule("G30", RECORD, "name, type, content", _contradicting, "stack"),
    _rule("G32", RULESET, "rules[].expression", _too_long, "resource"),
    _rule("G36", SETTING, "value", _loose, "resource"),
    _fact("X21", "The TTL of a proxied record is Cloudflare's", RECORD, "ttl", _refused_ttl),
    _fact(
        "X22",
        "A record is named in full",
        RECORD,
        "name",
        _short_name,
        severity=Severity.WARNING,
    ),
    _fact(
        "X23",
        "A zone has one ruleset a phase",
        RULESET,
        "phase",
        _two_of_a_phase,
        scope="stack",
    ),
)
