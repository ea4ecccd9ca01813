"""Routes: a host name and path, and what answers there."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from config.access import Access, AccessField, Sources, SourcesField
from config.base import Model
from config.host import Environment
from config.http import CacheField, Cors, ErrorPages, Headers, RateLimit, UpstreamHealth
from config.units import (
    ByteSize,
    Duration,
    Label,
    Port,
    check_host_name,
    parse_port_range,
    shown,
)

_ROUTE_PATH = re.compile(r"([A-Za-z0-9._~+=:@-]+/)*([A-Za-z0-9._~+=:@-]+)?\*?")
"""Decoded, as ingresses compare paths: with no escapes."""

_URL = re.compile(r"https?://[A-Za-z0-9.:-]+(/[^\s\"`{}\\]*)?")


def _target(value: object) -> object:
    text = str(value) if isinstance(value, str | int) else ""
    target, _, port = text.rpartition(":")
    app, slash, service = target.rpartition("/")
    if not service or (slash and not app) or "/" in app or not re.fullmatch(r"[0-9]{1,9}", port):
        msg = (
            f"{shown(value)} is not a target; write APP/SERVICE:PORT, like n8n/n8n:5678, "
            "or PROCESS:PORT"
        )
        raise ValueError(msg)
    return {"app": app or None, "name": service, "port": parse_port_range(port).start}


def _url(text: str) -> str:
    if not _URL.fullmatch(text):
        msg = f"{text!r} is not a URL; write one like https://www.example.com"
        raise ValueError(msg)
    return text


class Target(Model):
    """A port that answers a route: a service's (``APP/SERVICE:PORT``) or a process's.

    ``app`` is None for a process. A service's port is the container's, never the host's.
    """

    app: str | None
    name: str
    port: Port

    def __str__(self) -> str:
        return f"{self.app}/{self.name}:{self.port}" if self.app else f"{self.name}:{self.port}"


class Redirect(Model):
    """An answer that sends the client elsewhere. The request's path is kept."""

    to: Annotated[str, AfterValidator(_url)]
    status: Literal[301, 302, 307, 308] = 308


_ANSWERS = ("to", "site", "redirect")
_OF_A_PROXY = {"strip_prefix", "websocket", "max_body", "max_duration", "health"}
_OF_CONTENT = {"cache", "cors", "errors", "rate_limit"}
_WITHOUT_EFFECT = {
    "to": {"host"},
    "site": {"host"} | _OF_A_PROXY,
    "redirect": _OF_A_PROXY | _OF_CONTENT,
}
_KINDS = {"to": "a service", "site": "a site", "redirect": "a redirect"}


class Route(Model):
    """A host name (and path) that an ingress serves, and what answers there."""

    to: Annotated[
        Target | None,
        BeforeValidator(_target),
        WithJsonSchema({"type": "string", "pattern": r"^([^/]+/)?[^/:]+:\d+$"}),
    ] = None
    site: Label | None = None
    redirect: Annotated[
        Redirect | None,
        BeforeValidator(
            lambda v: {"to": v} if isinstance(v, str) else v,
            json_schema_input_type=str | Redirect,
        ),
    ] = None
    host: Label | None = Field(
        default=None, description="The host whose ingress serves a redirect; the target's else."
    )
    purpose: str | None = Field(
        default=None, description="What it is for; why it is open, where its name is else not."
    )
    environment: Environment | None = None
    strip_prefix: bool = False
    websocket: bool = False
    access: AccessField = Access()
    max_body: ByteSize | None = None
    max_duration: Duration | None = None
    cache: CacheField | None = Field(
        default=None,
        description="Kept nowhere, as files that seldom change, or for so long. Else as it says.",
    )
    rate_limit: RateLimit | None = None
    cors: Cors | None = None
    headers: Headers = Field(
        default={}, description="Headers of the answers: set to a value, or removed with null."
    )
    health: UpstreamHealth | None = None
    errors: ErrorPages | None = None
    compress: bool = True
    security_headers: bool = True
    proxied: bool | None = None

    @model_validator(mode="after")
    def _one_answer(self) -> Route:
        given = [name for name in _ANSWERS if getattr(self, name) is not None]
        if len(given) != 1:
            msg = "a route has either to, site or redirect; give exactly one"
            raise ValueError(msg)
        idle = sorted(_WITHOUT_EFFECT[given[0]] & self.model_fields_set)
        if idle:
            has, it = ("have", "them") if len(idle) > 1 else ("has", "it")
            msg = f"{', '.join(idle)} {has} no effect on a route to {_KINDS[given[0]]}; remove {it}"
            raise ValueError(msg)
        if self.errors and not self.errors.site and not self.site:
            msg = "errors names no site that has the pages; give errors.site"
            raise ValueError(msg)
        return self


class Publication(Model):
    """Who may use a port that a service publishes on its host, and what for."""

    access: SourcesField = Sources()
    purpose: str | None = None


def _publication_key(text: str) -> str:
    target, _, rest = text.partition(":")
    port, _, protocol = rest.partition("/")
    app, _, service = target.partition("/")
    if not app or not service or not port or protocol not in ("", "tcp", "udp"):
        msg = f"{text!r} is not a published port; write APP/SERVICE:PORT or APP/SERVICE:PORT/udp"
        raise ValueError(msg)
    parse_port_range(port)
    return text


PublicationKey = Annotated[str, AfterValidator(_publication_key)]


def _route_key(text: str) -> str:
    host, slash, path = text.partition("/")
    if not _ROUTE_PATH.fullmatch(path) or {".", ".."} & set(path.split("/")):
        msg = (
            f"{text!r} is not a host name and path; write one like app.example.com/api, or "
            "app.example.com/api/* for all that is below"
        )
        raise ValueError(msg)
    return check_host_name(host) + slash + path


RouteKey = Annotated[str, AfterValidator(_route_key)]


def strips_a_path(routes: dict[str, Route]) -> dict[str, Route]:
    """Give routes back; a ``ValueError`` when one should remove a path that it does not have."""
    for key, route in routes.items():
        if route.strip_prefix and not key.partition("/")[2].rstrip("/*"):
            msg = f"{key} has no path for strip_prefix to remove; add one, or remove strip_prefix"
            raise ValueError(msg)
    return routes
