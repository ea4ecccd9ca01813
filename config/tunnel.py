"""A tunnel to Cloudflare: the way to an ingress that opens no port."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from config.base import Model
from config.units import Cidr, shown

DEFAULT_CLOUDFLARED_IMAGE: Final = "cloudflare/cloudflared:2026.7.3"

DEFAULT_SUBNET: Final = "172.16.255.240/28"
"""Private, and outside of what Docker gives to networks by itself (172.17.0.0 and on)."""

LONGEST_PREFIX: Final = 28
"""Half of the subnet is for containers: the proxy and cloudflared, twice each in a handover."""


_PRIVATE: Final = tuple(
    ipaddress.IPv4Network(each) for each in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
)


def _subnet(text: str) -> str:
    network = ipaddress.ip_network(text)
    private = isinstance(network, ipaddress.IPv4Network) and any(map(network.subnet_of, _PRIVATE))
    if not private or network.prefixlen > LONGEST_PREFIX:
        msg = (
            f"{text} cannot be a tunnel's subnet; write a private IPv4 network of "
            f"/{LONGEST_PREFIX} or larger, like {DEFAULT_SUBNET}"
        )
        raise ValueError(msg)
    return text


class Tunnel(Model):
    """A tunnel of Cloudflare's to the ingress of a host, by cloudflared in a container.

    Every name of the ingress has to be proxied, in zones of one account. On the dev stack there is
    none.
    """

    provider: Literal["cloudflare"] = "cloudflare"
    image: str = DEFAULT_CLOUDFLARED_IMAGE
    subnet: Annotated[Cidr, AfterValidator(_subnet)] = DEFAULT_SUBNET


def _tunnel(value: object) -> object:
    if value == "cloudflare":
        return {}
    if isinstance(value, Mapping | Tunnel):
        return value
    msg = f"tunnel {shown(value)} is unknown; use cloudflare, or {{image: …, subnet: …}}"
    raise ValueError(msg)


_SCHEMA: dict[str, Any] = {
    "anyOf": [{"const": "cloudflare"}, Tunnel.model_json_schema(mode="validation")]
}

TunnelField = Annotated[Tunnel, BeforeValidator(_tunnel), WithJsonSchema(_SCHEMA)]
"""``cloudflare``, or with more to say ``{provider: cloudflare, image: …, subnet: …}``."""
