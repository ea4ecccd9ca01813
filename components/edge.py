"""A zone at Cloudflare: its settings, rules and records, and what hosts need to serve its names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_cloudflare as cloudflare

from components.edge_provider import zone_provider
from components.origin import OriginCertificate, OriginPulls
from config.cloudflare import ZoneSettings
from graph.edge import EdgeRule, Ruleset, ZoneRecord, origin_names, rulesets, settings
from graph.edge.rules import CHARACTERISTICS
from graph.model import StackGraph, Zone

_MEMBER = "cloudflare:index/zone:Zone"


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudflareZoneArgs:
    """``zone`` is the domain. ``values`` are its settings by Cloudflare's ids.

    ``origins`` are the names, by the node id of an ingress, that it needs a certificate for.
    """

    zone: str
    settings: ZoneSettings
    create: bool = False
    values: Mapping[str, Any] = field(default_factory=dict)
    rulesets: Sequence[Ruleset] = ()
    origins: Mapping[str, Sequence[str]] = field(default_factory=dict)
    origin_pulls: bool = False

    @staticmethod
    def of(graph: StackGraph, zone: Zone) -> CloudflareZoneArgs:
        """Give the arguments of a graph's zone; a ``ValueError`` where the stack has none of it."""
        if zone.settings is None:
            msg = f"{zone.id}: stack {graph.stack} does not say where it is"
            raise ValueError(msg)
        origins = {
            ingress.id: names
            for ingress in graph.ingresses.values()
            if (names := origin_names(graph, zone, ingress))
        }
        return CloudflareZoneArgs(
            zone=zone.name,
            settings=zone.settings,
            create=zone.create,
            values=settings(zone),
            rulesets=rulesets(graph, zone),
            origins=origins,
            origin_pulls=zone.policy.origin_pulls,
        )


class CloudflareZone(pulumi.ComponentResource):
    """A zone at Cloudflare: made, or one that is there, with all that this program says of it.

    What decides who may come stands before any record: settings, rules, certificates are made
    with the component, records by `point`, when what they lead to is there. It takes Cloudflare's
    provider from its options, or makes one.

    It writes no record, rule or setting that it was not told, and takes none away that others
    have made. A zone is never deleted with it. Settings stay as they are when it goes: Cloudflare
    cannot unset them.
    """

    zone_id: pulumi.Output[str]
    """Cloudflare's id of the zone."""
    name_servers: pulumi.Output[Sequence[str]]
    """Where the registrar has to send the domain; empty with a configured id: nothing was read."""
    certificates: Mapping[str, OriginCertificate]
    """Certificates of the Origin CA, by the node id of the ingress that each is for."""
    origin_pulls: OriginPulls | None
    """What hosts ask the edge for; None where they don't."""

    def __init__(
        self, name: str, args: CloudflareZoneArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgraph:cloudflare:Zone", name, None, opts)
        self._name = name
        given = self.get_provider(_MEMBER)
        self._provider = given or zone_provider(
            name, args.settings, pulumi.ResourceOptions(parent=self)
        )
        self._child = pulumi.ResourceOptions(parent=self, provider=self._provider)
        self.zone_id, self.name_servers = self._zone(args)
        self._before: list[pulumi.Resource] = [
            *(self._setting(id_, value) for id_, value in args.values.items()),
            *(self._ruleset(ruleset) for ruleset in args.rulesets),
        ]
        # These two are of two providers, and only one of them is named by the component's.
        several = pulumi.ResourceOptions(parent=self, providers=[self._provider])
        self.certificates = {
            id_: OriginCertificate(f"{name}-{id_.rpartition('/')[2]}", names, several)
            for id_, names in sorted(args.origins.items())
        }
        self.origin_pulls = None
        if args.origin_pulls:
            self.origin_pulls = OriginPulls(f"{name}-pulls", args.zone, self.zone_id, several)
        self.register_outputs({"zoneId": self.zone_id, "nameServers": self.name_servers})

    def point(
        self,
        records: Iterable[ZoneRecord],
        addresses: Mapping[str, pulumi.Input[str]],
        after: Sequence[pulumi.Resource] = (),
    ) -> list[pulumi.Resource]:
        """Write records, after what decides who may come, and after what they lead to.

        ``addresses`` are those of hosts and tunnels, by node id, for records without a value of
        their own.
        """
        return [self._record(record, addresses, after) for record in records]

    def _zone(
        self, args: CloudflareZoneArgs
    ) -> tuple[pulumi.Output[str], pulumi.Output[Sequence[str]]]:
        if args.settings.zone_id is not None:
            return pulumi.Output.from_input(args.settings.zone_id), pulumi.Output.from_input([])
        account = args.settings.account
        if args.create:
            made = cloudflare.Zone(
                self._name,
                account=cloudflare.ZoneAccountArgs(id=account),
                name=args.zone,
                type="full",
                opts=pulumi.ResourceOptions(
                    parent=self, provider=self._provider, protect=True, retain_on_delete=True
                ),
            )
            return made.id, made.name_servers
        found = cloudflare.get_zone_output(
            filter=cloudflare.GetZoneFilterArgs(
                name=args.zone,
                match="all",
                account=cloudflare.GetZoneFilterAccountArgs(id=account),
            ),
            opts=pulumi.InvokeOutputOptions(parent=self, provider=self._provider),
        )
        return found.apply(lambda zone: zone.zone_id or ""), found.apply(
            lambda zone: zone.name_servers
        )

    def _setting(self, id_: str, value: Any) -> pulumi.Resource:
        made: pulumi.Resource = cloudflare.ZoneSetting(
            f"{self._name}-{id_.replace('_', '-')}",
            zone_id=self.zone_id,
            setting_id=id_,
            value=value,
            opts=self._child,
        )
        return made

    def _ruleset(self, ruleset: Ruleset) -> pulumi.Resource:
        made: pulumi.Resource = cloudflare.Ruleset(
            f"{self._name}-{ruleset.name}",
            zone_id=self.zone_id,
            kind="zone",
            phase=ruleset.phase,
            name=f"stackgraph: {ruleset.name}",
            rules=[_rule(rule) for rule in ruleset.rules],
            opts=pulumi.ResourceOptions(
                parent=self,
                provider=self._provider,
                # A phase has one: a second would be refused.
                delete_before_replace=True,
            ),
        )
        return made

    def _record(
        self,
        record: ZoneRecord,
        addresses: Mapping[str, pulumi.Input[str]],
        after: Sequence[pulumi.Resource],
    ) -> pulumi.Resource:
        content: pulumi.Input[str] | None = record.value
        if content is None and record.caa is None:
            content = addresses[record.tunnel or record.host or ""]
        caa = record.caa
        made: pulumi.Resource = cloudflare.DnsRecord(
            f"{self._name}-{record.key}",
            zone_id=self.zone_id,
            name=record.name,
            type=record.type,
            content=content,
            data=cloudflare.DnsRecordDataArgs(
                flags=int(caa["flags"]), tag=caa["tag"], value=caa["value"]
            )
            if caa
            else None,
            priority=record.priority,
            proxied=record.proxied,
            ttl=record.ttl,
            comment=record.comment or None,
            opts=pulumi.ResourceOptions(
                parent=self,
                provider=self._provider,
                depends_on=[*self._before, *after],
                # Two of one name may not stand side by side, were it for a moment.
                delete_before_replace=True,
            ),
        )
        return made


def _rule(rule: EdgeRule) -> cloudflare.RulesetRuleArgs:
    given = rule.parameters
    edge_ttl = given.get("edge_ttl")
    parameters = None
    if given:
        parameters = cloudflare.RulesetRuleActionParametersArgs(
            cache=given.get("cache"),
            edge_ttl=cloudflare.RulesetRuleActionParametersEdgeTtlArgs(**edge_ttl)
            if edge_ttl
            else None,
            phases=_list(given.get("phases")),
            products=_list(given.get("products")),
            ruleset=given.get("ruleset"),
        )
    limit = rule.limit
    return cloudflare.RulesetRuleArgs(
        ref=rule.ref,
        action=rule.action,
        expression=rule.expression,
        description=rule.description,
        enabled=True,
        action_parameters=parameters,
        # Cloudflare asks for it where a rule lets something pass.
        logging=cloudflare.RulesetRuleLoggingArgs(enabled=True) if rule.action == "skip" else None,
        ratelimit=cloudflare.RulesetRuleRatelimitArgs(
            characteristics=list(CHARACTERISTICS),
            period=limit.period,
            requests_per_period=limit.requests,
            mitigation_timeout=limit.timeout,
        )
        if limit
        else None,
    )


def _list(values: Iterable[str] | None) -> list[str] | None:
    return list(values) if values is not None else None
