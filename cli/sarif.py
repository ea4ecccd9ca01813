"""Findings as SARIF 2.1.0, which code scanning shows on the line that they are about.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from config.finding import Finding
from graph.live import LIVE
from graph.rules import RULES

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"

OF_FILES = {
    "file": "Every file that is named exists and can be read",
    "yaml": "Files are YAML",
    "schema": "Keys and values are those of the schema",
    "interpolation": "Every variable that is used is declared",
    "env-file": "Environment files are lines of NAME=VALUE",
    "stack-key": "A stack configures what exists",
    "stack-value": "A stack configures every value that is needed",
    "stack-secret": "A stack configures every secret",
    "waiver-expired": "A waiver has not ended",
    "waiver-unused": "A waiver waives something",
}
"""What is reported by other than rules of the graph: id, and how things should be."""


def findings_sarif(
    findings: Sequence[Finding],
    *,
    others: Mapping[str, str] | None = None,
    accepted: Mapping[Finding, str] | None = None,
) -> str:
    """Give findings as a SARIF log: sorted as they are, the same for the same findings.

    ``others`` describes rules that are none of the files' or the graph's. ``accepted`` are the
    findings that count no more, and why; they are there, suppressed.
    """
    described = {**OF_FILES, **LIVE, **{rule.id: rule.title for rule in RULES}, **(others or {})}
    used = sorted({finding.rule for finding in findings})
    index = {rule: number for number, rule in enumerate(used)}
    seen: Counter[str] = Counter()
    results = [_result(finding, index, seen) for finding in findings]
    if accepted is not None:
        for finding, result in zip(findings, results, strict=True):
            # Empty, not missing, where nobody did: else it could be that nobody knows.
            result["suppressions"] = _suppressions(accepted.get(finding))
    driver = {
        "name": "stackgraph",
        "semanticVersion": importlib.metadata.version("stackgraph"),
        "rules": [
            {"id": rule, "shortDescription": {"text": described.get(rule, rule)}} for rule in used
        ],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _suppressions(why: str | None) -> list[dict[str, str]]:
    if why is None:
        return []
    return [{"kind": "external", "status": "accepted", "justification": why}]


def _result(finding: Finding, index: dict[str, int], seen: Counter[str]) -> dict[str, Any]:
    source = finding.source
    place = f"{source.path}: " if source.path else ""
    # Lines move when others are added above them: what a finding says is what it is known by.
    same = f"{finding.rule}\0{source.file}\0{source.path}\0{finding.fact}"
    fingerprint = hashlib.sha256(same.encode()).hexdigest()[:32]
    seen[fingerprint] += 1
    location = {
        "artifactLocation": {"uri": quote(source.file), "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": source.line},
    }
    if source.file.startswith("/"):
        location["artifactLocation"] = {"uri": f"file://{quote(source.file)}"}
    return {
        "ruleId": finding.rule,
        "ruleIndex": index[finding.rule],
        "level": str(finding.severity),
        "message": {"text": f"{place}{finding.fact}; {finding.remedy}"},
        "locations": [{"physicalLocation": location}],
        "partialFingerprints": {"stackgraph/v1": f"{fingerprint}:{seen[fingerprint]}"},
    }
