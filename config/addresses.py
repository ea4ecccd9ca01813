"""Addresses of hosts, a type for each network: one never stands where another belongs (V10)."""

from __future__ import annotations

from typing import Annotated, NewType

from pydantic import BeforeValidator, WithJsonSchema

from config.units import parse_ip

MeshAddress = NewType("MeshAddress", str)
"""An IP address in the mesh: only its members reach it."""

PublicAddress = NewType("PublicAddress", str)
"""An IP address that the internet reaches."""


def _mesh_address(value: object) -> MeshAddress:
    try:
        return MeshAddress(parse_ip(value))
    except ValueError:
        msg = "it is no IP address; write one like 100.64.0.1"
        raise ValueError(msg) from None


def _public_address(value: object) -> PublicAddress:
    try:
        return PublicAddress(parse_ip(value))
    except ValueError:
        msg = "it is no IP address; write one like 192.0.2.10"
        raise ValueError(msg) from None


MeshAddressField = Annotated[
    MeshAddress, BeforeValidator(_mesh_address), WithJsonSchema({"type": "string"})
]
PublicAddressField = Annotated[
    PublicAddress, BeforeValidator(_public_address), WithJsonSchema({"type": "string"})
]
