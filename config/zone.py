"""DNS zones and their records."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from config.base import Model
from config.units import HostName, Label


class Record(Model):
    """A DNS name of a host that no route serves."""

    host: Label
    purpose: str
    proxied: bool | None = None


class Zone(Model):
    """A DNS zone: managed at Cloudflare, or ``external``: described, never written."""

    provider: Literal["cloudflare", "external"]
    managed_by: str | None = Field(
        default=None, description="Who writes an external zone, and where."
    )
    ssl: Literal["strict", "full", "flexible", "off"] | None = None
    proxied: bool = False
    rate_limited: bool = Field(
        default=False, description="The edge limits how often an address may call each name."
    )
    records: dict[HostName, Record] = {}

    @model_validator(mode="after")
    def _only_cloudflare_proxies(self) -> Zone:
        if self.provider == "external" and (self.proxied or self.ssl or self.rate_limited):
            msg = "an external zone has no proxied, ssl or rate_limited; remove them"
            raise ValueError(msg)
        if self.provider == "cloudflare" and self.managed_by:
            msg = "managed_by is for external zones; remove it"
            raise ValueError(msg)
        return self
