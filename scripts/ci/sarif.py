"""Send findings to GitHub's code scanning: ``python3 -m scripts.ci.sarif REF FILE…``.

The job that sends has a token that may write, so it checks out no pull request: it takes the
files that the job without one has made. REF is ``refs/pull/N/merge`` or ``refs/heads/BRANCH``,
and GITHUB_SHA the commit that was looked at. Exits 0 when all is sent, 2 when not.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from scripts.ci.forge import github
from scripts.ci.rest import ForgeError, needed

LARGEST: Final = 10 * 1024 * 1024
_REF: Final = re.compile(r"refs/(pull/\d+/merge|heads/[\w./-]+)")


def packed(path: Path) -> str:
    """Give a SARIF file as the API takes it; refuses what is too large or no SARIF.

    Its name becomes its category, or one stack's findings would replace another's.
    """
    document: Any = None
    try:
        document = json.loads(path.read_bytes()) if path.stat().st_size <= LARGEST else {}
        known = document["version"] == "2.1.0"
        for run in document["runs"]:
            run["automationDetails"] = {"id": f"{path.stem}/"}
    except (OSError, ValueError, KeyError, TypeError):
        known = False
    if not known:
        raise ForgeError(f"{path.name}: no SARIF 2.1.0 of at most {LARGEST} bytes; not sent")
    data = json.dumps(document).encode()
    return base64.b64encode(gzip.compress(data, mtime=0)).decode()


def main(arguments: list[str], environment: Mapping[str, str]) -> int:
    """Run the command; give its exit code."""
    if len(arguments) < 2 or not _REF.fullmatch(arguments[0]):
        print("usage: python3 -m scripts.ci.sarif REF FILE…", file=sys.stderr)
        return 2
    ref, *names = arguments
    try:
        forge, commit = github(environment), needed(environment, "GITHUB_SHA")
        for name in names:
            data = {"commit_sha": commit, "ref": ref, "sarif": packed(Path(name))}
            forge.rest.ask("POST", forge.path("code-scanning/sarifs"), data)
            print(f"{Path(name).name}: sent")
    except ForgeError as error:
        print(f"sarif: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
