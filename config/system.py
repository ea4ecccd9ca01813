"""Typed model of ``system.yaml``: what Compose has no word for, and where the apps run."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

from config.base import Model
from config.finding import one_of
from config.units import (
    ByteSize,
    Cidr,
    Cores,
    Duration,
    HostName,
    Label,
    Port,
    Text,
    check_host_name,
    parse_port_range,
    shown,
)

Platform: TypeAlias = Literal["linux/amd64", "linux/arm64"]
_ROUTE_PATH = re.compile(r"([A-Za-z0-9._~+=:@%-]+/)*([A-Za-z0-9._~+=:@%-]+)?\*?")
_URL = re.compile(r"https?://[A-Za-z0-9.:-]+(/[^\s\"`{}\\]*)?")


def _variable_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text):
        msg = f"{text!r} cannot be a variable; use letters, digits and _, and no digit to begin"
        raise ValueError(msg)
    return text


def _user_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._@-]+", text):
        msg = f"{text!r} cannot be a user; use letters, digits, '.', '_', '@' and '-'"
        raise ValueError(msg)
    return text


def _email(text: str) -> str:
    if not re.fullmatch(r"[^\s@\"`{}\\]+@[^\s@\"`{}\\]+", text):
        msg = f"{text!r} is not an e-mail address; write one like ops@example.com"
        raise ValueError(msg)
    return text


VariableName = Annotated[str, AfterValidator(_variable_name)]
UserName = Annotated[str, AfterValidator(_user_name)]

STAND_IN_REGISTRY = "stand-in.invalid"
"""Registry part of the image name of a stand-in: `.invalid` never resolves (RFC 2606)."""

DEFAULT_CADDY_IMAGE = "caddy:2.11.4-alpine"


class CaddyIngress(Model):
    """Caddy in a container, in front of the routes of its host."""

    kind: Literal["caddy"]
    image: str = DEFAULT_CADDY_IMAGE
    email: Annotated[str, AfterValidator(_email)] | None = Field(
        default=None, description="Account address for the ACME issuer."
    )


class Host(Model):
    """A machine that runs apps. Its address is stack configuration, never written here."""

    kind: Literal["vps"] = Field(description="vps: any machine that is reached with SSH.")
    platform: Platform
    cpus: Cores
    memory: ByteSize
    ingress: CaddyIngress | None = None


class App(Model):
    """A Compose application and the host it runs on; its key is the Compose project's name."""

    host: Label
    compose: str = Field(description="The compose file, relative to system.yaml.")
    profiles: tuple[str, ...] = ()


class Variable(Model):
    """A value that compose files interpolate and that is not secret.

    ``dev`` is its value on the dev stack, ``default`` on any stack that configures none. With
    ``stand_in`` it names an image that only the owners have: the dev stack runs a stand-in.
    """

    purpose: str
    default: Text | None = None
    dev: Text | None = None
    stand_in: bool = False


class Secret(Model):
    """A secret by name: a stack configures its value. ``dev`` is the dev stack's, and public."""

    purpose: str
    dev: Text


class Record(Model):
    """A DNS name of a host that no route serves."""

    host: Label
    purpose: str
    proxied: bool | None = None


class Zone(Model):
    """A DNS zone: managed at Cloudflare, or ``external``: described, never written."""

    provider: Literal["cloudflare", "external"]
    ssl: Literal["strict", "full", "flexible", "off"] | None = None
    proxied: bool = False
    records: dict[HostName, Record] = {}

    @model_validator(mode="after")
    def _only_cloudflare_proxies(self) -> Zone:
        if self.provider == "external" and (self.proxied or self.ssl):
            msg = "an external zone has neither proxied nor ssl; remove them"
            raise ValueError(msg)
        return self


def _service_port(value: object) -> object:
    text = str(value) if isinstance(value, str | int) else ""
    target, _, port = text.rpartition(":")
    app, slash, service = target.partition("/")
    if not (app and slash and service and re.fullmatch(r"[0-9]{1,9}", port)):
        msg = f"{shown(value)} is not a target; write APP/SERVICE:PORT, like n8n/n8n:5678"
        raise ValueError(msg)
    return {"app": app, "service": service, "port": parse_port_range(port).start}


def _url(text: str) -> str:
    if not _URL.fullmatch(text):
        msg = f"{text!r} is not a URL; write one like https://www.example.com"
        raise ValueError(msg)
    return text


class ServicePort(Model):
    """A container port of a service: ``APP/SERVICE:PORT``."""

    app: str
    service: str
    port: Port

    def __str__(self) -> str:
        return f"{self.app}/{self.service}:{self.port}"


class Redirect(Model):
    """An answer that sends the client elsewhere. The request's path is kept."""

    to: Annotated[str, AfterValidator(_url)]
    status: Literal[301, 302, 307, 308] = 308


class Access(Model):
    """Who may use a route: everyone, callers from networks, callers with a password, or both."""

    basic_auth: Label | None = None
    allow: tuple[Cidr, ...] | None = None

    @model_validator(mode="after")
    def _someone_may(self) -> Access:
        if self.allow == ():
            msg = "allow names no network, so nobody may; name one, or remove it"
            raise ValueError(msg)
        return self

    @property
    def public(self) -> bool:
        """Whether anyone may use it."""
        return self.basic_auth is None and self.allow is None


def _access(value: object) -> object:
    if value == "public":
        return {}
    if isinstance(value, str):
        msg = f"access {value!r} is unknown; use public, {{basic_auth: NAME}} or {{allow: [CIDR]}}"
        raise ValueError(msg)
    return value


_OF_A_SERVICE = {"strip_prefix", "websocket", "max_body", "max_duration", "cache"}


class Route(Model):
    """A host name (and path) that an ingress serves, and what answers there."""

    to: Annotated[
        ServicePort | None,
        BeforeValidator(_service_port),
        WithJsonSchema({"type": "string", "pattern": r"^[^/]+/[^/:]+:\d+$"}),
    ] = None
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
    strip_prefix: bool = False
    websocket: bool = False
    access: Annotated[
        Access, BeforeValidator(_access, json_schema_input_type=Literal["public"] | Access)
    ] = Access()
    max_body: ByteSize | None = None
    max_duration: Duration | None = None
    cache: Literal["off", "static"] | None = None
    compress: bool = True
    security_headers: bool = True
    proxied: bool | None = None

    @model_validator(mode="after")
    def _one_answer(self) -> Route:
        if (self.to is None) == (self.redirect is None):
            msg = "a route has either to or redirect; give exactly one"
            raise ValueError(msg)
        without_effect = {"host"} if self.to is not None else _OF_A_SERVICE
        for name in sorted(without_effect & self.model_fields_set):
            kind = "service" if self.to is not None else "redirect"
            msg = f"{name} has no effect on a route to a {kind}; remove it"
            raise ValueError(msg)
        return self


class External(Model):
    """A service run by others that the system calls, or that calls it."""

    purpose: str
    integration: str | None = None


class Flow(Model):
    """Who calls whom: two ends, each an ``APP/SERVICE``, an external, or ``internet``."""

    model_config = ConfigDict(extra="forbid")

    source: str
    target: str
    protocol: str | None = None
    purpose: str | None = None
    soft: bool = Field(default=False, description="The caller works without the called.")


_FLOW_OPTIONS = ("protocol", "purpose", "soft")


def _flow(value: object) -> object:
    ends: object = value
    options: object = {}
    if isinstance(value, dict) and len(value) == 1:
        ends, options = next(iter(value.items()))
    if not isinstance(ends, str) or not isinstance(options, dict | None):
        msg = "a flow is 'CALLER -> CALLED', or that with options; write - n8n/n8n -> twilio"
        raise ValueError(msg)
    source, arrow, target = ends.partition("->")
    if not arrow or not source.strip() or not target.strip():
        msg = f"{ends!r} names no caller and called; write CALLER -> CALLED"
        raise ValueError(msg)
    for name in sorted(set(options or {}) - set(_FLOW_OPTIONS)):
        msg = f"unknown key {name!r}; {one_of(name, _FLOW_OPTIONS)}"
        raise ValueError(msg)
    return {**(options or {}), "source": source.strip(), "target": target.strip()}


_FLOW_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "string", "pattern": "->"},
        {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": {
                "type": ["object", "null"],
                "properties": {
                    "protocol": {"type": "string"},
                    "purpose": {"type": "string"},
                    "soft": {"type": "boolean"},
                },
                "additionalProperties": False,
            },
        },
    ]
}


def _strips_a_path(routes: dict[str, Route]) -> dict[str, Route]:
    for key, route in routes.items():
        if route.strip_prefix and not key.partition("/")[2].rstrip("/*"):
            msg = f"{key} has no path for strip_prefix to remove; add one, or remove strip_prefix"
            raise ValueError(msg)
    return routes


def _route_key(text: str) -> str:
    host, slash, path = text.partition("/")
    if not _ROUTE_PATH.fullmatch(path) or ".." in path.split("/"):
        msg = (
            f"{text!r} is not a host name and path; write one like app.example.com/api, or "
            "app.example.com/api/* for all that is below"
        )
        raise ValueError(msg)
    return check_host_name(host) + slash + path


def _users(users: dict[str, str]) -> dict[str, str]:
    if not users:
        msg = "it has no users, so nobody may; name one and the secret with the password's hash"
        raise ValueError(msg)
    return users


class System(Model):
    """Everything that one ``system.yaml`` describes."""

    hosts: dict[Label, Host]
    apps: dict[Label, App] = {}
    variables: dict[VariableName, Variable] = {}
    secrets: dict[VariableName, Secret] = {}
    zones: dict[HostName, Zone] = {}
    basic_auth: dict[Label, Annotated[dict[UserName, str], AfterValidator(_users)]] = Field(
        default={}, description="Per name: users, and for each the secret with its bcrypt hash."
    )
    routes: Annotated[
        dict[Annotated[str, AfterValidator(_route_key)], Route], AfterValidator(_strips_a_path)
    ] = {}
    externals: dict[Label, External] = {}
    flows: tuple[Annotated[Flow, BeforeValidator(_flow), WithJsonSchema(_FLOW_SCHEMA)], ...] = ()
