"""pulumi-cloudflare 6.17.

From the Terraform provider below it (cloudflare 5.x, internal/services/*/schema.go:
`RequiresReplace`); its Pulumi schema doesn't tell.
"""

from __future__ import annotations

from typing import Final

from preview.against.kind import kind

_MODULE: Final = "cloudflare:index/"

CLOUDFLARE: Final = {
    f"{_MODULE}authenticatedOriginPullsCertificate:AuthenticatedOriginPullsCertificate": kind(
        # `privateKey` alone can't be updated, and comes with a certificate.
        "certificate zoneId",
        keeps_outputs=False,
    ),
    f"{_MODULE}authenticatedOriginPullsSettings:AuthenticatedOriginPullsSettings": kind(
        "zoneId", keeps_outputs=False
    ),
    f"{_MODULE}dnsRecord:DnsRecord": kind("type zoneId", keeps_outputs=False),
    f"{_MODULE}originCaCertificate:OriginCaCertificate": kind(
        "csr hostnames requestType requestedValidity", keeps_outputs=False
    ),
    f"{_MODULE}ruleset:Ruleset": kind("accountId kind name phase zoneId", keeps_outputs=False),
    f"{_MODULE}zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared": kind(
        "accountId configSrc", keeps="configSrc", keeps_outputs=False
    ),
    f"{_MODULE}zeroTrustTunnelCloudflaredConfig:ZeroTrustTunnelCloudflaredConfig": kind(
        "accountId tunnelId", keeps_outputs=False
    ),
    f"{_MODULE}zone:Zone": kind("account.id name", keeps_outputs=False),
    f"{_MODULE}zoneSetting:ZoneSetting": kind("settingId zoneId", keeps_outputs=False),
}
