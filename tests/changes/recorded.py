"""Previews of the table's changes, as the real engine gave them: kept beside, packed."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from tests.changes.table import HERE

RECORDED = HERE / "recorded"


def recorded(name: str) -> Any:
    """Give the recorded preview of a case: the document of `pulumi preview --json`."""
    return json.loads(gzip.decompress((RECORDED / f"{name}.json.gz").read_bytes()))


def keep(name: str, text: str, folder: Path) -> None:
    """Record a preview: without what stays the same but for systems, and without our paths."""
    document = json.loads(text.replace(str(folder), "/project"))
    document["steps"] = [
        step
        for step in document["steps"]
        if step["op"] != "same" or "stackgraph:index:System" in step["urn"].rpartition("$")[2]
    ]
    # Plugins that are on PATH are told in the order in which they started.
    document["diagnostics"] = [
        each for each in document.get("diagnostics", []) if "from $PATH" not in each["message"]
    ]
    document["duration"] = 0
    RECORDED.mkdir(exist_ok=True)
    data = json.dumps(document, separators=(",", ":")).encode()
    (RECORDED / f"{name}.json.gz").write_bytes(gzip.compress(data, 9, mtime=0))


def operations(document: Any) -> dict[str, str]:
    """Give what happens to each resource that does not stay as it is."""
    return {
        step["urn"].rpartition("$")[2]: step["op"]
        for step in document["steps"]
        if step["op"] != "same"
    }
