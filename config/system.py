"""Typed model of ``system.yaml``: what Compose has no word for, and where the apps run."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from config.base import Model
from config.calls import External, FlowField, Scenario
from config.host import Host, Job, Mesh, Process, Site
from config.operations import Backup, Bucket, Database, Monitor, Waiver
from config.route import Publication, PublicationKey, Route, RouteKey, strips_a_path
from config.units import HostName, Label, Text
from config.zone import Zone


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


VariableName = Annotated[str, AfterValidator(_variable_name)]
UserName = Annotated[str, AfterValidator(_user_name)]

STAND_IN_REGISTRY = "stand-in.invalid"
"""Registry part of the image name of a stand-in: `.invalid` never resolves (RFC 2606)."""


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
    """A secret by name: a stack configures its value. ``dev`` is the dev stack's, and public.

    ``immutable``: what it protects cannot be read with another value.
    """

    purpose: str
    dev: Text
    immutable: bool = False


def _users(users: dict[str, str]) -> dict[str, str]:
    if not users:
        msg = "it has no users, so nobody may; name one and the secret with the password's hash"
        raise ValueError(msg)
    return users


class System(Model):
    """Everything that one ``system.yaml`` describes."""

    title: str | None = None
    summary: str | None = Field(default=None, description="What it is, in a paragraph.")
    hosts: dict[Label, Host]
    mesh: Mesh | None = None
    apps: dict[Label, App] = {}
    processes: dict[Label, Process] = {}
    sites: dict[Label, Site] = {}
    jobs: dict[Label, Job] = {}
    variables: dict[VariableName, Variable] = {}
    secrets: dict[VariableName, Secret] = {}
    zones: dict[HostName, Zone] = {}
    basic_auth: dict[Label, Annotated[dict[UserName, str], AfterValidator(_users)]] = Field(
        default={}, description="Per name: users, and for each the secret with its bcrypt hash."
    )
    routes: Annotated[dict[RouteKey, Route], AfterValidator(strips_a_path)] = {}
    ports: dict[PublicationKey, Publication] = Field(
        default={}, description="Who may use what services publish; anyone, where not told here."
    )
    databases: dict[Label, Database] = {}
    buckets: dict[Label, Bucket] = {}
    backups: dict[Label, Backup] = {}
    disposable: dict[str, str] = Field(
        default={}, description="Volumes (APP/VOLUME) that need no backup, and why not."
    )
    monitors: dict[Label, Monitor] = {}
    externals: dict[Label, External] = {}
    flows: tuple[FlowField, ...] = ()
    scenarios: dict[Label, Scenario] = {}
    waivers: tuple[Waiver, ...] = ()
