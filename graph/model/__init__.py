"""Nodes and edges of the stack graph.

Everything that decides existence, count or a name of a resource is known here. Node ids read
``kind:system/…`` and are unique; names in ``name`` fields are physical names unless said otherwise.
"""

from __future__ import annotations

from graph.model.apps import (
    App,
    Attachment,
    Dependency,
    EnvironmentValue,
    Gate,
    Handover,
    HeldName,
    Image,
    MountedFile,
    MountedVolume,
    Network,
    Service,
    Upstream,
    Volume,
)
from graph.model.calls import (
    Choice,
    Edge,
    EdgeKind,
    External,
    Flow,
    Message,
    Scenario,
    Step,
    Unresolved,
)
from graph.model.graph import StackGraph, SystemTexts
from graph.model.hosts import Host, HostPort, Ingress, Job, Mesh, Process, Site, Tunnel
from graph.model.mesh import MeshRecord
from graph.model.operations import (
    Backup,
    Bucket,
    Capture,
    Copy,
    Database,
    Disposable,
    Monitor,
    Secret,
    Variable,
    Waiver,
)
from graph.model.routes import ErrorPages, Record, Route, Zone

__all__ = [
    "App",
    "Attachment",
    "Backup",
    "Bucket",
    "Capture",
    "Choice",
    "Copy",
    "Database",
    "Dependency",
    "Disposable",
    "Edge",
    "EdgeKind",
    "EnvironmentValue",
    "ErrorPages",
    "External",
    "Flow",
    "Gate",
    "Handover",
    "HeldName",
    "Host",
    "HostPort",
    "Image",
    "Ingress",
    "Job",
    "Mesh",
    "MeshRecord",
    "Message",
    "Monitor",
    "MountedFile",
    "MountedVolume",
    "Network",
    "Process",
    "Record",
    "Route",
    "Scenario",
    "Secret",
    "Service",
    "Site",
    "StackGraph",
    "Step",
    "SystemTexts",
    "Tunnel",
    "Unresolved",
    "Upstream",
    "Variable",
    "Volume",
    "Waiver",
    "Zone",
]
