"""Refuse to deploy a commit that is no longer its branch's end: ``python3 -m scripts.ci.newest``.

A job that waited for an approval, or was started again, would take the stack back. For
GitHub; GitLab has a setting of its own ("Prevent outdated deployment jobs").
Exits 0 when it is the newest, 2 when not or when it can't be told.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from scripts.ci.forge import github
from scripts.ci.rest import ForgeError, needed


def main(environment: Mapping[str, str]) -> int:
    """Run the command; give its exit code."""
    try:
        commit = needed(environment, "GITHUB_SHA")
        branch = needed(environment, "GITHUB_REF_NAME")
        newest = github(environment).head(branch)
    except ForgeError as error:
        print(f"deploy: {error}", file=sys.stderr)
        return 2
    if newest != commit:
        print(
            f"deploy: {branch} is at {newest[:12]}, this run is of {commit[:12]}; "
            "the run of the newest commit deploys",
            file=sys.stderr,
        )
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
