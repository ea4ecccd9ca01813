"""Print what a failed ``pulumi preview --json`` says went wrong: ``…diagnostics FILE``.

With ``--json`` Pulumi writes its messages into the document and not to the log. Exits 0 always: the
preview has failed already.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def errors(document: str) -> list[str]:
    """Give the messages of errors; none when this is no preview."""
    try:
        found = json.loads(document)["diagnostics"]
        return [
            str(entry["message"]).strip()
            for entry in found
            if entry["severity"] == "error" and entry["message"].strip()
        ]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []


def main(arguments: list[str]) -> int:
    """Run the command; give its exit code."""
    try:
        text = Path(arguments[0]).read_text("utf-8", errors="replace")
    except (IndexError, OSError):
        return 0
    for message in errors(text):
        print(f"pulumi: {message}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
