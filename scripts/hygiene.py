#!/usr/bin/env python3
"""Check text files for what no commit should hold: ``hygiene.py FILE…``.

Looks for trailing whitespace, a missing or doubled last newline, carriage returns, conflict
markers, private keys, machine paths, package registries' host names, and files past 512 KiB.
Files that tests compare byte for byte are looked at for all but whitespace. Changes nothing.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

LARGEST = 512 * 1024
_VERBATIM = re.compile(r"(^|/)(golden|fixtures|snapshots)/|(^|/)LICENSE$")
_CONFLICT = re.compile(r"^(<{7}|>{7}|\|{7}) ", re.MULTILINE)
_PRIVATE_KEY = re.compile("-----BEGIN [A-Z ]*" + "PRIVATE KEY-----")
_MACHINE_PATH = re.compile(r"(?<![\w/.-])/(?:work/(?:main|shared|\.)|Users/\w)")
# written in halves, or this file would find itself
_REGISTRIES = [
    "py" + "pi.org",
    "files.python" + "hosted.org",
    "registry.npm" + "js.org",
    "proxy.go" + "lang.org",
    "crates" + ".io/api",
    "deb.deb" + "ian.org",
    "repo.maven." + "apache.org",
]
_REGISTRY = re.compile("|".join(map(re.escape, _REGISTRIES)))
_WHITESPACE = {
    re.compile(r"[ \t]+$", re.MULTILINE): "trailing whitespace",
    re.compile(r"\r"): "carriage return",
    re.compile(r"[^\n]\Z"): "no newline at the end",
    re.compile(r"\n\n\Z"): "empty line at the end",
}
_CONTENT = {
    _CONFLICT: "conflict marker",
    _PRIVATE_KEY: "private key",
    _MACHINE_PATH: "path of one machine",
    _REGISTRY: "host name of a package registry",
}


def problems(name: str, text: str) -> Iterator[str]:
    """Give ``file:line: what`` for the first of each kind of problem in a text."""
    checks = dict(_CONTENT)
    if not _VERBATIM.search(name):
        checks |= _WHITESPACE
    for pattern, what in checks.items():
        if match := pattern.search(text):
            line = text.count("\n", 0, match.start()) + 1
            yield f"{name}:{line}: {what}"


def main(names: list[str]) -> int:
    """Print the problems of the files; 1 when there are any."""
    found = []
    for name in names:
        path = Path(name)
        if not path.is_file():
            continue  # removed, or a link to nowhere
        if path.stat().st_size > LARGEST:
            found.append(f"{name}: larger than {LARGEST // 1024} KiB")
            continue
        try:
            text = path.read_bytes().decode("utf-8")
        except UnicodeDecodeError:
            continue  # not text
        found += problems(name, text)
    if found:
        print("\n".join(found), file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
