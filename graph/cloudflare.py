"""What is known of Cloudflare itself: its networks, what its proxy carries, what plans allow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from config.zone import Plan

RANGES_AS_OF: Final = "2025-11-01"
"""The day of the list below; `scripts/edge_ranges.py` renews both."""

CLOUDFLARE_NETWORKS: Final = frozenset(
    (
        *("173.245.48.0/20", "103.21.244.0/22", "103.22.200.0/22", "103.31.4.0/22"),
        *("141.101.64.0/18", "108.162.192.0/18", "190.93.240.0/20", "188.114.96.0/20"),
        *("197.234.240.0/22", "198.41.128.0/17", "162.158.0.0/15", "104.16.0.0/13"),
        *("104.24.0.0/14", "172.64.0.0/13", "131.0.72.0/22"),
        *("2400:cb00::/32", "2606:4700::/32", "2803:f800::/32", "2405:b500::/32"),
        *("2405:8100::/32", "2a06:98c0::/29", "2c0f:f248::/32"),
    )
)
"""Where Cloudflare's proxy calls from (https://www.cloudflare.com/ips/), when nobody asked it."""

CLOUDFLARE_PORTS: Final = frozenset(
    (80, 8080, 8880, 2052, 2082, 2086, 2095, 443, 2053, 2083, 2087, 2096, 8443)
)
"""Ports that Cloudflare's proxy passes on."""

OVER_HTTP: Final = frozenset(
    (
        *("http", "https", "http/1.1", "http/2", "h2", "h2c", "ws", "wss", "websocket", "sse"),
        *("grpc", "grpcs", "grpc-web", "rest", "graphql", "soap", "json-rpc", "xml-rpc", "mcp"),
        *("webhook", "webdav", "caldav", "carddav", "s3", "oauth", "oauth2", "oidc", "saml"),
        *("scim", "hls", "dash", "whip", "whep"),
    )
)
"""Protocols that Cloudflare's proxy passes on, as a flow may name them."""

EDGE_PASSES_FOR: Final = timedelta(seconds=100)
"""How long the proxy waits for an answer (524): on every plan, unless an enterprise's is longer."""

LONGEST_EXPRESSION: Final = 4096
"""Characters of a rule's expression."""

ORIGIN_CA_NAMES: Final = 200
"""Names that one certificate of the Origin CA may have."""

_MEBIBYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLimits:
    """What a plan allows a zone.

    ``max_body`` is in bytes, ``rate_periods`` in seconds; ``shortest_edge_ttl`` is the shortest
    time for which an answer may be told to be kept. Without ``rate_by_host`` a rate limit can
    ask for the path of a request only.
    """

    custom_rules: int
    rate_limits: int
    cache_rules: int
    max_body: int
    shortest_edge_ttl: timedelta
    rate_periods: tuple[int, ...]
    longest_mitigation: int
    rate_by_host: bool = True


PLANS: Final[Mapping[Plan, PlanLimits]] = {
    "free": PlanLimits(
        custom_rules=5,
        rate_limits=1,
        cache_rules=10,
        max_body=100 * _MEBIBYTES,
        shortest_edge_ttl=timedelta(hours=2),
        rate_periods=(10,),
        longest_mitigation=10,
        rate_by_host=False,
    ),
    "pro": PlanLimits(
        custom_rules=20,
        rate_limits=2,
        cache_rules=25,
        max_body=100 * _MEBIBYTES,
        shortest_edge_ttl=timedelta(hours=1),
        rate_periods=(10, 60),
        longest_mitigation=3600,
    ),
    "business": PlanLimits(
        custom_rules=100,
        rate_limits=5,
        cache_rules=50,
        max_body=200 * _MEBIBYTES,
        shortest_edge_ttl=timedelta(seconds=1),
        rate_periods=(10, 60, 120, 300, 600),
        longest_mitigation=86_400,
    ),
    "enterprise": PlanLimits(
        custom_rules=1000,
        rate_limits=100,
        cache_rules=300,
        max_body=500 * _MEBIBYTES,
        shortest_edge_ttl=timedelta(seconds=1),
        rate_periods=(10, 60, 120, 300, 600, 3600, 86_400),
        longest_mitigation=86_400,
    ),
}
"""Plans of Cloudflare: https://developers.cloudflare.com/waf/ and …/cache/, availability."""
