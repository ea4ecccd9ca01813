"""Turn SARIF into GitLab's code quality report: ``python3 -m scripts.ci.codequality FILE…``.

The report goes to standard output. Exits 0, or 2 with a line where a file is no SARIF.
https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

_SEVERITY: Final = {"error": "critical", "warning": "minor", "note": "info", "none": "info"}


def issues(document: Any) -> Iterator[dict[str, Any]]:
    """Give an entry for each result that is about a place in a file."""
    for run in document["runs"]:
        for result in run["results"]:
            for location in result.get("locations", [])[:1]:
                place = location["physicalLocation"]
                rule, text = result.get("ruleId", ""), result["message"]["text"]
                path = place["artifactLocation"]["uri"]
                same = json.dumps([rule, path, text]).encode()
                yield {
                    "description": text,
                    "check_name": rule,
                    # as long as it says the same of the same file, wherever in it
                    "fingerprint": hashlib.sha256(same).hexdigest(),
                    "severity": _SEVERITY.get(result.get("level", "warning"), "minor"),
                    "location": {
                        "path": path,
                        "lines": {"begin": place.get("region", {}).get("startLine", 1)},
                    },
                }


def main(arguments: list[str]) -> int:
    """Run the command; give its exit code."""
    found: list[dict[str, Any]] = []
    for name in arguments:
        try:
            found += issues(json.loads(Path(name).read_text("utf-8")))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            print(f"codequality: {name}: no SARIF that can be read", file=sys.stderr)
            return 2
    # two findings with the same words in a file are one to GitLab, unless told apart
    seen: dict[str, int] = {}
    for entry in found:
        mark = entry["fingerprint"]
        seen[mark] = seen.get(mark, 0) + 1
        if seen[mark] > 1:
            entry["fingerprint"] = hashlib.sha256(f"{mark}{seen[mark]}".encode()).hexdigest()
    print(json.dumps(found, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
