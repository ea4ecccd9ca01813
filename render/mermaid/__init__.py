"""The stack graph as Mermaid diagrams (https://mermaid.js.org), a module for each kind."""

from __future__ import annotations

from render.mermaid.architecture import architecture, flowchart
from render.mermaid.networks import networks
from render.mermaid.order import start_order
from render.mermaid.sequence import backup, scenario

__all__ = ["architecture", "backup", "flowchart", "networks", "scenario", "start_order"]
