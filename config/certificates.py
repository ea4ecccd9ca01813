"""Where an ingress has its certificates from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

from pydantic import BeforeValidator, Discriminator, Tag

from config.base import Model
from config.units import shown


class DnsChallenge(Model):
    """Certificates of Let's Encrypt, proven by records at a DNS provider (DNS-01).

    ``token`` is the secret with the provider's token. Caddy needs the provider's module for it,
    which its own image does not have.
    """

    dns: Literal["cloudflare"]
    token: str


class CertificateFiles(Model):
    """A certificate that the owner has, for all names: secrets with it and with its key, PEM."""

    certificate: str
    key: str


Certificates: TypeAlias = Literal["acme", "internal", "origin"] | DnsChallenge | CertificateFiles


def _known(value: object) -> object:
    if isinstance(value, Mapping | DnsChallenge | CertificateFiles):
        return value
    if value in ("acme", "internal", "origin"):
        return value
    msg = (
        f"certificates {shown(value)} is unknown; use acme, internal, origin, "
        "{dns: cloudflare, token: SECRET} or {certificate: SECRET, key: SECRET}"
    )
    raise ValueError(msg)


def _tag(value: object) -> str:
    if isinstance(value, str):
        return "word"
    dns = isinstance(value, DnsChallenge) or (
        isinstance(value, Mapping) and bool({"dns", "token"} & set(value))
    )
    return "dns-01" if dns else "files"


CertificatesField = Annotated[
    Annotated[Literal["acme", "internal", "origin"], Tag("word")]
    | Annotated[DnsChallenge, Tag("dns-01")]
    | Annotated[CertificateFiles, Tag("files")],
    Discriminator(_tag),
    BeforeValidator(_known),
]
"""``acme``: Let's Encrypt, over HTTP or TLS; ``internal``: the ingress's own authority.

``origin``: for proxied names Cloudflare's Origin CA, made by the program; for others as ``acme``.
"""


def secrets_of(certificates: Certificates) -> tuple[str, ...]:
    """Give the secrets that certificates need, by name."""
    if isinstance(certificates, DnsChallenge):
        return (certificates.token,)
    if isinstance(certificates, CertificateFiles):
        return (certificates.certificate, certificates.key)
    return ()
