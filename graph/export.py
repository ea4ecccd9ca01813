"""The graph as JSON-ready data: for other programs, and for looking at it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from pydantic import BaseModel, SecretStr

from config.text import Template
from config.units import format_duration, format_port_range
from graph.model import StackGraph
from graph.order import cycles, waves

SCHEMA_VERSION = 1
"""Raised when a reader of the former shape would misread the new one."""


def to_data(graph: StackGraph) -> dict[str, Any]:
    """Give the graph as plain data: deterministic, and without the value of any secret."""
    data: dict[str, Any] = {"version": SCHEMA_VERSION, **_plain(graph)}
    data["start_order"] = [] if cycles(graph) else [list(wave) for wave in waves(graph)]
    return data


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, range):
        return format_port_range(value)
    if isinstance(value, Template):
        return str(value)
    if isinstance(value, SecretStr):
        return "[secret]"
    if isinstance(value, BaseModel):
        set_fields = {name: getattr(value, name) for name in sorted(value.model_fields_set)}
        return {name: _plain(item) for name, item in set_fields.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [f.name for f in dataclasses.fields(value) if not f.name.startswith("_")]
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {str(key): _plain(value[key]) for key in sorted(value)}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value
