"""JSON Schemas of what users write, for editors: generated from the models that check it."""

from __future__ import annotations

import json
from typing import Any

from config.compose.model import ComposeFile
from config.gate import Policy
from config.system import System

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, str]:
    """Give each schema's text by its file name."""
    system = _schema(System, "stackgraph: system.yaml")
    compose = _schema(ComposeFile, "stackgraph: the supported subset of Compose")
    gate = _schema(Policy, "stackgraph: gate.yaml")
    # Anchors and shared settings live under x- keys in any mapping with keys of Compose's own.
    for part in (compose, *compose["$defs"].values()):
        if part.get("additionalProperties") is False:
            part["patternProperties"] = {"^x-": {}}
    return {
        "compose.schema.json": json.dumps(compose, indent=2, sort_keys=True) + "\n",
        "gate.json": json.dumps(gate, indent=2, sort_keys=True) + "\n",
        "system.schema.json": json.dumps(system, indent=2, sort_keys=True) + "\n",
    }


def _schema(model: type[System | ComposeFile | Policy], title: str) -> dict[str, Any]:
    schema = model.model_json_schema(mode="validation")
    return {"$schema": DIALECT, **schema, "title": title}
