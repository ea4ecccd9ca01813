"""Who may use something: a route, a published port, a host's SSH."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

from pydantic import BeforeValidator, model_validator

from config.base import Model
from config.units import Cidr, Label, shown

WORDS = ("public", "mesh")


class Sources(Model):
    """Where a caller may come from: anywhere, or only the mesh and the networks of ``allow``."""

    mesh: bool = False
    allow: tuple[Cidr, ...] | None = None

    @model_validator(mode="after")
    def _someone_may(self) -> Sources:
        if self.allow == ():
            msg = "allow names no network, so nobody may; name one, or remove it"
            raise ValueError(msg)
        return self

    @property
    def anywhere(self) -> bool:
        """Whether a caller may come from anywhere."""
        return not self.mesh and self.allow is None


class Access(Sources):
    """Who may use a route: callers from certain places, callers with a password, or both."""

    basic_auth: Label | None = None

    @property
    def public(self) -> bool:
        """Whether anyone may use it."""
        return self.anywhere and self.basic_auth is None


def _spoken(value: object) -> object:
    if value == "public":
        return {}
    if value == "mesh":
        return {"mesh": True}
    if isinstance(value, str):
        msg = f"access {value!r} is unknown; use public, mesh or {{allow: [CIDR]}}"
        raise ValueError(msg)
    if not isinstance(value, Mapping | Sources):
        msg = f"{shown(value)} is no access; use public, mesh or {{allow: [CIDR]}}"
        raise ValueError(msg)
    return value


def _spoken_of_a_route(value: object) -> object:
    valid = "use public, mesh, {basic_auth: NAME} or {allow: [CIDR]}"
    if isinstance(value, str) and value not in WORDS:
        msg = f"access {value!r} is unknown; {valid}"
        raise ValueError(msg)
    if not isinstance(value, str | Mapping | Sources):
        msg = f"{shown(value)} is no access; {valid}"
        raise ValueError(msg)
    return _spoken(value)


_Word: TypeAlias = Literal["public", "mesh"]

SourcesField = Annotated[Sources, BeforeValidator(_spoken, json_schema_input_type=_Word | Sources)]
"""``public``, ``mesh``, or networks."""

AccessField = Annotated[
    Access, BeforeValidator(_spoken_of_a_route, json_schema_input_type=_Word | Access)
]
"""As `SourcesField`, and basic auth."""
