"""DNS zones: their policy at Cloudflare's edge, and their records.

A zone of ``cloudflare`` is written whole by this program: its settings, its records, its rules.
An ``external`` one is described and never written, so it has none of what is below but records
that lead to hosts.

| key | without it | says |
|---|---|---|
| ``create`` | false | the zone is made in the stack's account; else it is there, and looked up |
| ``plan`` | free | how many rules it may have, how large a body may be |
| ``proxied`` | false | whether names that a route serves are, unless the route says |
| ``ssl`` | strict | how the edge calls hosts: with a certificate that it verifies |
| ``min_tls`` | 1.2 | the oldest TLS that callers may speak; 1.3 is always spoken, too |
| ``always_https`` | true | HTTP is redirected at the edge |
| ``websockets`` | true | WebSockets are passed on |
| ``http3`` | false | the edge answers HTTP/3, too: hosts don't, so one name has one behaviour |
| ``hsts`` | nothing | browsers remember for so long to use HTTPS only; hard to take back |
| ``origin_pulls`` | false | hosts answer the edge only when it shows this zone's own certificate |
| ``caa`` | nothing | who may issue certificates for the zone; empty: everybody |
| ``rate_limit`` | nothing | how often one address may call the zone's proxied names, together |
| ``rules`` | nothing | exceptions: who is refused, challenged, or passes unchecked |
| ``records`` | nothing | names of hosts that no route serves |
| ``txt``, ``mx``, ``cname`` | nothing | records that lead to no host; what they say is public |
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from config.base import Model
from config.http import Method, RateLimit
from config.units import Cidr, Duration, HostName, Label, check_host_name, shown

Plan: TypeAlias = Literal["free", "pro", "business", "enterprise"]

_DNS_NAME = re.compile(r"(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
_PATH = re.compile(r"/([A-Za-z0-9._~+=:@%-]+/)*([A-Za-z0-9._~+=:@%-]+)?\*?")
_TEXT = re.compile(r"[\x20-\x7e]+")
_MX = re.compile(r"([0-9]{1,5}) (\S+)")

LONGEST_TEXT: Final = 2048
"""Characters of a TXT record that Cloudflare takes."""


class Record(Model):
    """A DNS name of a host that no route serves.

    Without ``proxied`` it is where its zone is and the host answers HTTP there by itself.
    """

    host: Label
    purpose: str
    proxied: bool | None = None


def _dns_name(text: str) -> str:
    if not _DNS_NAME.fullmatch(text) or len(text) > 253:
        msg = f"{text!r} is not a name in DNS; write a full, lower-case one like _dmarc.example.com"
        raise ValueError(msg)
    return text


def _text(value: str) -> str:
    if not _TEXT.fullmatch(value) or len(value) > LONGEST_TEXT:
        msg = (
            f"{shown(value)} cannot be a TXT record; write printable ASCII, {LONGEST_TEXT} "
            "characters at most, without quotes around it"
        )
        raise ValueError(msg)
    if value.startswith('"'):
        msg = f"{shown(value)} has quotes around it; remove them: they are added"
        raise ValueError(msg)
    return value


class Mx(Model):
    """A mail server of a name, with its preference: the lowest is tried first."""

    priority: Annotated[int, Field(ge=0, le=65_535)]
    server: HostName


def _mx(value: object) -> object:
    if isinstance(value, Mx):
        return value
    match = _MX.fullmatch(value) if isinstance(value, str) else None
    if match is None or int(match[1]) > 65_535:
        msg = f"{shown(value)} is not a mail server; write one like 10 mail.example.com"
        raise ValueError(msg)
    return {"priority": int(match[1]), "server": check_host_name(match[2])}


def _path(text: str) -> str:
    if not _PATH.fullmatch(text):
        msg = f"{text!r} is not a path; write one like /login, or /api/* for all that is below"
        raise ValueError(msg)
    return text


def _year(value: timedelta) -> timedelta:
    if not timedelta(days=1) <= value <= timedelta(days=730) or value.total_seconds() % 1:
        msg = "HSTS is remembered for a day to two years; write one like 4380h"
        raise ValueError(msg)
    return value


DnsName = Annotated[str, AfterValidator(_dns_name)]
MxField = Annotated[
    Mx,
    BeforeValidator(_mx),
    WithJsonSchema({"type": "string", "pattern": r"^\d{1,5} \S+$"}),
]


class Hsts(Model):
    """What browsers remember: to use HTTPS only (Strict-Transport-Security)."""

    max_age: Annotated[Duration, AfterValidator(_year)] = timedelta(days=180)
    subdomains: bool = False
    preload: bool = False

    @model_validator(mode="after")
    def _as_preload_asks(self) -> Hsts:
        if self.preload and not (self.subdomains and self.max_age >= timedelta(days=365)):
            msg = (
                "browsers take into their lists only what holds for subdomains and a year; set "
                "subdomains: true and max_age: 8760h, or remove preload"
            )
            raise ValueError(msg)
        return self


class EdgeRule(Model):
    """An exception at the edge, for proxied names.

    It holds for requests that fit all that is given: one of the names, one of the paths, one of
    the methods, one of the sources. ``skip`` lets them pass the edge's own checks (managed
    rules, rate limits, bots, browser integrity); who may use a route is never skipped.
    """

    action: Literal["block", "managed_challenge", "skip"]
    purpose: str
    names: tuple[HostName, ...] = ()
    paths: tuple[Annotated[str, AfterValidator(_path)], ...] = ()
    methods: tuple[Method, ...] = ()
    sources: tuple[Cidr, ...] = ()

    @model_validator(mode="after")
    def _not_everything(self) -> EdgeRule:
        if not (self.names or self.paths or self.methods or self.sources):
            msg = "the rule fits every request; give names, paths, methods or sources"
            raise ValueError(msg)
        return self


class ZonePolicy(Model):
    """How a zone's names are served at the edge; what is not said is the safe way."""

    plan: Plan = "free"
    ssl: Literal["strict", "full", "flexible", "off"] = "strict"
    min_tls: Annotated[
        Literal["1.0", "1.1", "1.2", "1.3"],
        # Unquoted, YAML reads a number.
        BeforeValidator(lambda value: str(value) if isinstance(value, float) else value),
    ] = "1.2"
    always_https: bool = True
    websockets: bool = True
    http3: bool = False
    hsts: Hsts | None = None
    origin_pulls: bool = False
    caa: tuple[HostName, ...] = Field(
        default=(), description="Who may issue certificates, by domain: letsencrypt.org."
    )
    rate_limit: RateLimit | None = Field(
        default=None,
        description="How often an address may call the zone's proxied names, all together.",
    )
    rules: dict[Label, EdgeRule] = {}


class Zone(ZonePolicy):
    """A DNS zone: managed at Cloudflare, or ``external``: described, never written."""

    provider: Literal["cloudflare", "external"]
    managed_by: str | None = Field(
        default=None, description="Who writes an external zone, and where."
    )
    create: bool = False
    proxied: bool = False
    records: dict[HostName, Record] = {}
    txt: dict[DnsName, Annotated[tuple[Annotated[str, AfterValidator(_text)], ...], Field()]] = {}
    mx: dict[HostName, tuple[MxField, ...]] = {}
    cname: dict[DnsName, DnsName] = {}

    @model_validator(mode="after")
    def _only_cloudflare_proxies(self) -> Zone:
        described = {"provider", "managed_by", "records"}
        given = sorted(self.model_fields_set - described - {"proxied"})
        if self.provider == "external" and (given or self.proxied):
            given += ["proxied"] if self.proxied else []
            msg = f"an external zone has no {', '.join(given)}; remove what only Cloudflare does"
            raise ValueError(msg)
        if self.provider == "cloudflare" and self.managed_by:
            msg = "managed_by is for external zones; remove it"
            raise ValueError(msg)
        return self

    @property
    def policy(self) -> ZonePolicy:
        """The policy alone."""
        return ZonePolicy.model_construct(
            **{name: getattr(self, name) for name in ZonePolicy.model_fields}
        )
