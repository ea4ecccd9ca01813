"""Previews recorded with real engines; `fixtures/previews/README.md` says how."""

from __future__ import annotations

import gzip
from pathlib import Path

from preview.plan import Plan
from preview.reading import read_change

FOLDER = Path(__file__).parents[1] / "fixtures" / "previews"
VERSIONS = ("3.150.0", "3.255.0")


def content(name: str) -> bytes:
    return gzip.decompress((FOLDER / f"{name}.gz").read_bytes())


def plan_of(name: str) -> Plan:
    return read_change(content(name))
