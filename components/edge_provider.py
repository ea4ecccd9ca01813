"""Cloudflare's provider, one for each zone, and the networks that Cloudflare says it calls from."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping

import pulumi

from config.cloudflare import ZoneSettings
from config.stack import StackSettings
from graph.cloudflare import CLOUDFLARE_NETWORKS, RANGES_AS_OF
from graph.names import logical


def zone_providers(settings: StackSettings) -> Mapping[str, pulumi.ProviderResource]:
    """Declare the provider of each zone that the stack has settings of, by the zone's node id.

    Each zone has its own, so that one that goes takes no other's with it.
    """
    if settings.target == "dev":
        return {}
    return {
        f"zone:{system}/{zone}": zone_provider(logical(system, zone.replace(".", "-")), given)
        for system, own in sorted(settings.per_system.items())
        for zone, given in sorted(own.zones.items())
    }


def zone_provider(
    name: str, settings: ZoneSettings, opts: pulumi.ResourceOptions | None = None
) -> pulumi.ProviderResource:
    """Declare a provider with a zone's token; without one it takes CLOUDFLARE_API_TOKEN itself."""
    # Its SDK takes a second to load: only stacks with a zone pay that.
    import pulumi_cloudflare as cloudflare

    token = settings.api_token
    made: pulumi.ProviderResource = cloudflare.Provider(
        name,
        api_token=pulumi.Output.secret(token.get_secret_value()) if token else None,
        base_url=settings.base_url,
        opts=opts,
    )
    return made


def edge_networks(providers: Iterable[pulumi.ProviderResource]) -> frozenset[str]:
    """Ask Cloudflare where its proxy calls from; what this program knows when it doesn't say.

    Firewalls are made from the answer, so it is asked before the graph is built. An answer that
    is no list of networks of both families is not believed.
    """
    provider = next(iter(providers), None)
    if provider is None:
        return CLOUDFLARE_NETWORKS
    import pulumi_cloudflare as cloudflare

    pinned = f"the list of {RANGES_AS_OF}, which this program has, is used"
    try:
        found = cloudflare.get_ip_ranges(opts=pulumi.InvokeOptions(provider=provider))
        networks = believed(found.ipv4_cidrs, found.ipv6_cidrs)
    except Exception as error:  # noqa: BLE001 - whatever the plugin or the API says
        reason = str(error).strip().partition("\n")[0]
        pulumi.log.warn(f"Cloudflare does not tell its networks ({reason}); {pinned}")
        return CLOUDFLARE_NETWORKS
    if networks is None:
        pulumi.log.warn(f"Cloudflare's answer is no list of its networks; {pinned}")
        return CLOUDFLARE_NETWORKS
    new, gone = networks - CLOUDFLARE_NETWORKS, CLOUDFLARE_NETWORKS - networks
    if new or gone:
        told = [f"new {', '.join(sorted(new))}"] if new else []
        told += [f"gone {', '.join(sorted(gone))}"] if gone else []
        pulumi.log.warn(
            f"Cloudflare's networks have changed since {RANGES_AS_OF}: {'; '.join(told)}. They are "
            "used as they are now; an offline plan has the former ones until "
            "python -m scripts.edge_ranges has renewed them"
        )
    return networks


def believed(fourth: object, sixth: object) -> frozenset[str] | None:
    """Give networks of both families; None where the answer is none."""
    found: set[str] = set()
    for version, given in ((4, fourth), (6, sixth)):
        if not isinstance(given, list | tuple) or not given:
            return None
        for text in given:
            try:
                network = ipaddress.ip_network(str(text))
            except ValueError:
                return None
            # A network this wide would be the internet.
            if network.version != version or network.prefixlen < 8:
                return None
            found.add(str(network))
    return frozenset(found)
