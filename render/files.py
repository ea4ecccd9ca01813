"""The script that puts files into a container whose root file system is read-only.

Docker refuses uploads into one, but copies into a volume that is mounted there. The deploy
prepends ``NEW=<id of the created container>``; the whole text goes in by standard input.
"""

from __future__ import annotations

from collections.abc import Iterable

from render.shell import quote

HEAD = """set -eu
umask 077
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
"""


def files_script(files: Iterable[tuple[str, int, str]]) -> str:
    """Give the script for files of ``(target, mode, content)``; contents are kept to the byte."""
    # `printf` is the shell's own: what it prints stands in no argument list.
    steps = (
        f'printf %s {quote(content)} >"$tmp/file"\n'
        f'chmod {mode:04o} "$tmp/file"\n'
        f'docker cp "$tmp/file" "$NEW":{quote(target)} >/dev/null\n'
        'rm -f "$tmp/file"\n'
        for target, mode, content in files
    )
    return HEAD + "".join(steps)
