"""The settings of a zone, as Cloudflare names them, and the names that its Origin CA is for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from config.zone import Hsts
from graph.model import Ingress, StackGraph, Zone


def settings(zone: Zone) -> Mapping[str, Any]:
    """Give every setting of a zone by its id, sorted; values as the API takes them.

    All are written, also those that are as Cloudflare has them by itself: what somebody changed
    by hand is part of the next deploy.
    """
    policy = zone.policy
    found: dict[str, Any] = {
        "0rtt": "off",
        "always_use_https": _switch(on=policy.always_https),
        # The ingress says how long browsers keep an answer; the edge does not say it again.
        "browser_cache_ttl": 0,
        "http3": _switch(on=policy.http3),
        "min_tls_version": policy.min_tls,
        "security_header": {"strict_transport_security": _hsts(policy.hsts)},
        "ssl": policy.ssl,
        "tls_1_3": "on",
        "websockets": _switch(on=policy.websockets),
    }
    return dict(sorted(found.items()))


def origin_names(graph: StackGraph, zone: Zone, ingress: Ingress) -> tuple[str, ...]:
    """Give the names that an ingress needs a certificate of the Origin CA for, sorted."""
    if ingress.certificates != "origin" or zone.provider != "cloudflare":
        return ()
    routes = graph.routes_of(ingress)
    return tuple(sorted({r.declared_name for r in routes if r.proxied and r.zone == zone.id}))


def _switch(*, on: bool) -> str:
    return "on" if on else "off"


def _hsts(hsts: Hsts | None) -> Mapping[str, Any]:
    return {
        "enabled": hsts is not None,
        "max_age": int(hsts.max_age.total_seconds()) if hsts else 0,
        "include_subdomains": hsts is not None and hsts.subdomains,
        "preload": hsts is not None and hsts.preload,
        "nosniff": False,
    }
