"""pulumi-tls 5.5.1: whatever changes of a key, a request or a certificate makes another one.

From the Terraform provider below it (hashicorp/tls 4.x, internal/provider/resource_*.go:
`RequiresReplace`); its Pulumi schema doesn't tell.
"""

from __future__ import annotations

from typing import Final

from preview.against.kind import kind

TLS: Final = {
    "tls:index/privateKey:PrivateKey": kind("algorithm ecdsaCurve rsaBits", keeps_outputs=False),
    "tls:index/certRequest:CertRequest": kind(
        "dnsNames ipAddresses privateKeyPem subject uris", keeps_outputs=False
    ),
    "tls:index/selfSignedCert:SelfSignedCert": kind(
        "allowedUses dnsNames ipAddresses isCaCertificate maxPathLength privateKeyPem "
        "setAuthorityKeyId setSubjectKeyId subject uris validityPeriodHours",
        keeps_outputs=False,
    ),
    "tls:index/locallySignedCert:LocallySignedCert": kind(
        "allowedUses caCertPem caPrivateKeyPem certRequestPem isCaCertificate maxPathLength "
        "setSubjectKeyId validityPeriodHours",
        keeps_outputs=False,
    ),
}
