"""Unit tests of systems and components, with no engine: see docs/testing.md.

A pytest plugin (`stackgraph_testing.plugin`) gives the fixture `stackgraph`. Every run of pytest
imports this package, so the names below are loaded when they are used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from preview.value import UNKNOWN, Secret, reveal
    from stackgraph_testing.chain import Chain
    from stackgraph_testing.duplicates import DuplicateNamesError
    from stackgraph_testing.expected import Expected
    from stackgraph_testing.inputs import Inputs, UnknownInputError
    from stackgraph_testing.resources import RecordedResource, Resources
    from stackgraph_testing.run import ProgramRun, SystemRun
    from stackgraph_testing.runner import Stackgraph
    from stackgraph_testing.secrets import Leak

__all__ = [
    "UNKNOWN",
    "Chain",
    "DuplicateNamesError",
    "Expected",
    "Inputs",
    "Leak",
    "ProgramRun",
    "RecordedResource",
    "Resources",
    "Secret",
    "Stackgraph",
    "SystemRun",
    "UnknownInputError",
    "reveal",
]

_IN = {
    "preview.value": ("UNKNOWN", "Secret", "reveal"),
    "stackgraph_testing.chain": ("Chain",),
    "stackgraph_testing.duplicates": ("DuplicateNamesError",),
    "stackgraph_testing.expected": ("Expected",),
    "stackgraph_testing.inputs": ("Inputs", "UnknownInputError"),
    "stackgraph_testing.resources": ("RecordedResource", "Resources"),
    "stackgraph_testing.run": ("ProgramRun", "SystemRun"),
    "stackgraph_testing.runner": ("Stackgraph",),
    "stackgraph_testing.secrets": ("Leak",),
}


def __getattr__(name: str) -> Any:
    for module, names in _IN.items():
        if name in names:
            return getattr(importlib.import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
