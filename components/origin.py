"""What the edge and a host show each other: Origin CA certificates, authenticated origin pulls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pulumi
import pulumi_cloudflare as cloudflare
import pulumi_tls as tls

YEARS: Final = 15
"""As long as the Origin CA gives certificates; a key that has leaked is replaced, not awaited."""

_HOURS_A_YEAR: Final = 8760


class OriginCertificate(pulumi.ComponentResource):
    """A certificate of Cloudflare's Origin CA for names of one zone on one host.

    Only Cloudflare's edge trusts it: it is for proxied names, and needs no record to be proven.
    The key is made here, lies encrypted in the state, and goes to the one host that needs it.
    Other names make another certificate, which is there before the former one is revoked.
    """

    certificate: pulumi.Output[str]
    """PEM."""
    key: pulumi.Output[str]
    """PEM; a secret."""

    def __init__(
        self, name: str, names: Sequence[str], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgraph:cloudflare:OriginCertificate", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        key = tls.PrivateKey(name, algorithm="ECDSA", ecdsa_curve="P256", opts=child)
        request = tls.CertRequest(
            name,
            private_key_pem=key.private_key_pem,
            dns_names=list(names),
            subject=tls.CertRequestSubjectArgs(common_name=names[0]),
            opts=child,
        )
        made = cloudflare.OriginCaCertificate(
            name,
            csr=request.cert_request_pem,
            hostnames=list(names),
            request_type="origin-ecc",
            requested_validity=YEARS * 365,
            opts=child,
        )
        self.certificate = made.certificate
        self.key = pulumi.Output.secret(key.private_key_pem)
        self.register_outputs({"certificate": self.certificate})


class OriginPulls(pulumi.ComponentResource):
    """The certificate that the edge shows to hosts of one zone, and of no other (mTLS).

    Cloudflare's own one says only that Cloudflare calls, for whichever of its customers. It
    becomes valid some minutes after it was handed over; until then hosts refuse the edge.
    """

    authority: pulumi.Output[str]
    """PEM of who has signed it, for hosts; known once the edge shows what it has signed."""

    def __init__(
        self,
        name: str,
        zone: str,
        zone_id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("stackgraph:cloudflare:OriginPulls", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        hours = YEARS * _HOURS_A_YEAR
        ca_key = tls.PrivateKey(f"{name}-ca", algorithm="RSA", rsa_bits=2048, opts=child)
        ca = tls.SelfSignedCert(
            f"{name}-ca",
            private_key_pem=ca_key.private_key_pem,
            is_ca_certificate=True,
            allowed_uses=["cert_signing", "crl_signing"],
            validity_period_hours=hours,
            subject=tls.SelfSignedCertSubjectArgs(common_name=f"edge of {zone}, authority"),
            opts=child,
        )
        key = tls.PrivateKey(name, algorithm="RSA", rsa_bits=2048, opts=child)
        request = tls.CertRequest(
            name,
            private_key_pem=key.private_key_pem,
            subject=tls.CertRequestSubjectArgs(common_name=f"edge of {zone}"),
            opts=child,
        )
        signed = tls.LocallySignedCert(
            name,
            ca_private_key_pem=ca_key.private_key_pem,
            ca_cert_pem=ca.cert_pem,
            cert_request_pem=request.cert_request_pem,
            allowed_uses=["client_auth", "digital_signature"],
            validity_period_hours=hours,
            opts=child,
        )
        shown = cloudflare.AuthenticatedOriginPullsCertificate(
            name,
            zone_id=zone_id,
            certificate=signed.cert_pem,
            private_key=key.private_key_pem,  # a secret already
            opts=child,
        )
        enabled = cloudflare.AuthenticatedOriginPullsSettings(
            name,
            zone_id=zone_id,
            enabled=True,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[shown]),
        )
        self.authority = pulumi.Output.all(ca.cert_pem, enabled.id).apply(lambda both: str(both[0]))
        self.register_outputs({"authority": self.authority})
