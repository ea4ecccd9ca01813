"""A stand-in of Cloudflare's API on loopback, for the real provider and the real engine."""

from __future__ import annotations

from rehearsal.cloudflare import certificates, records, rulesets, tunnels, zones
from rehearsal.cloudflare.api import TOKEN, Cloudflare, RefusedError, Zone

__all__ = ["TOKEN", "Cloudflare", "RefusedError", "Zone", "cloudflare"]


def cloudflare() -> Cloudflare:
    """Give an API that knows nothing yet; `Cloudflare.serving` serves it."""
    return Cloudflare(
        routes=(
            *zones.ROUTES,
            *records.ROUTES,
            *rulesets.ROUTES,
            *certificates.ROUTES,
            *tunnels.ROUTES,
        )
    )
