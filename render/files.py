"""The script that puts files into a container whose root file system is read-only.

Docker refuses uploads into one, but copies into a volume that is mounted there. The deploy
prepends ``NEW=<id of the created container>``; the whole text goes in by standard input.
"""

from __future__ import annotations

from collections.abc import Iterable

from render.shell import OWNED, quote

HEAD = (
    """set -eu
umask 077
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
"""
    + OWNED
)


def files_script(files: Iterable[tuple[str, int, str]]) -> str:
    """Give the script for files of ``(target, mode, content)``; contents are kept to the byte."""
    # `printf` is the shell's own: what it prints stands in no argument list.
    steps = (
        f'printf %s {quote(content)} >"$tmp"/{quote(name)}\n'
        f'chmod {mode:04o} "$tmp"/{quote(name)}\n'
        f'owned "$tmp" {quote(name)} | docker cp - "$NEW":{quote(folder or "/")}\n'
        f'rm -f "$tmp"/{quote(name)}\n'
        for target, mode, content in files
        for folder, _, name in [target.rpartition("/")]
    )
    return HEAD + "".join(steps)
