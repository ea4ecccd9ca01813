#!/usr/bin/env python3
"""Look the locked packages up in the advisory database: ``make audit``.

Exits 0 when every package was looked up and none has a known vulnerability, 1 when one has, and
77 when the service didn't answer for some: that is no pass, and is said so.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SKIPPED = 77
LOCKS = ("requirements.lock", "requirements-uv.lock", "policy/requirements.txt")
COMMAND = [
    *("-m", "pip_audit", "--require-hashes", "--disable-pip"),
    *("--format", "json", "--progress-spinner", "off", "--timeout", "15"),
]


def main() -> int:
    """Look up every lock; 1 when anything was found, else 77 when anything is not known."""
    results = {_audit(lock) for lock in LOCKS}
    return 1 if 1 in results else max(results)


def _audit(lock: str) -> int:
    """Run pip-audit on a lock and judge its answer package by package."""
    command = [sys.executable, *COMMAND, "--requirement", lock]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    try:
        packages = json.loads(run.stdout)["dependencies"]
    except (json.JSONDecodeError, KeyError, TypeError):
        reason = (run.stderr.strip().splitlines() or ["no answer"])[-1]
        print(f"audit: SKIPPED, the advisory service can't be reached: {reason[:200]}")
        return SKIPPED

    unknown = [package for package in packages if "skip_reason" in package]
    found = [
        f"{package['name']} {package['version']}: {vulnerability['id']}"
        f"; fixed in {', '.join(vulnerability['fix_versions']) or 'no version yet'}"
        for package in packages
        for vulnerability in package.get("vulns", ())
    ]
    for line in found:
        print(f"audit: {line}")
    if unknown:
        names = ", ".join(sorted(package["name"] for package in unknown)[:5])
        print(
            f"audit: SKIPPED for {len(unknown)} of {len(packages)} packages, which the advisory "
            f"service didn't answer for ({names}{', …' if len(unknown) > 5 else ''})"
        )
    if found:
        return 1
    if unknown:
        return SKIPPED
    print(f"audit: {lock}: {len(packages)} packages, no known vulnerability")
    return 0


if __name__ == "__main__":
    sys.exit(main())
