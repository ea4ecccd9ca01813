"""Keep the one issue that says how a stack differs from what is declared.

``python3 -m scripts.ci.drift STACK FOLDER``; in FOLDER, from ``scripts/ci/drift.sh``:
``preview.json`` and ``preview.code``, the gate's ``gate-*.md``, ``live.txt`` and ``live.code``.
What is not there could not be looked at.

Exits 0 when nothing differs (an open issue is closed), 1 when something does (it is opened or
brought up to date), 2 when that can't be told (it says so; an issue is never closed then).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from scripts.ci.forge import Forge, from_environment
from scripts.ci.markdown import fitted, harmless
from scripts.ci.rest import ForgeError

_QUIET: Final = {"same", "read", "refresh"}


def changes(document: str) -> dict[str, int] | None:
    """Count what a preview would do, by operation; nothing of it when it is no preview."""
    try:
        data = json.loads(document)
        counts = data["changeSummary"] or {}
        steps = data.get("steps") or []
        found = {str(name): int(count) for name, count in counts.items() if name not in _QUIET}
        if not found and any(step["op"] not in _QUIET for step in steps):
            return None  # it contradicts itself
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return {name: count for name, count in found.items() if count}


def verdict(folder: Path) -> tuple[int, str]:
    """Give the exit code and what is to be said, as Markdown."""
    counts = changes(_text(folder / "preview.json"))
    preview, live = _code(folder / "preview.code"), _code(folder / "live.code")
    said: list[str] = []
    codes: list[int] = []
    if counts is None or preview != 0:
        codes.append(2)
        said.append(
            "**Cannot tell**: `pulumi preview --refresh` did not succeed; the job's log says why."
        )
    elif counts:
        codes.append(1)
        total = ", ".join(f"{count} to {name}" for name, count in sorted(counts.items()))
        said.append(
            f"`pulumi preview --refresh` is not empty: {total}. Somebody changed it elsewhere, "
            "or what is merged is not deployed yet."
        )
        said += [_text(file).partition("\n")[2] for file in sorted(folder.glob("gate-*.md"))]
    if live not in {0, 1}:
        codes.append(2)
        said.append("**Cannot tell**: `stackgraph check --live` could not ask.")
    elif live:
        codes.append(1)
        said.append("`stackgraph check --live` finds:")
        said.append("```text\n" + _text(folder / "live.txt").replace("```", "'''") + "\n```")
    return max(codes, default=0), "\n\n".join(said)


def tell(forge: Forge, stack: str, code: int, body: str) -> str:
    """Open, update or close the stack's issue; say which."""
    marker = f"<!-- stackgraph drift {stack} -->"
    author = forge.author()
    text = fitted(harmless(f"{marker}\n{body}\n"), forge.limit, "the job's log")
    open_now = [
        issue
        for issue in forge.issues()
        if issue.author == author and issue.body.startswith(marker)
    ]
    if code == 0:
        for issue in open_now:
            forge.close_issue(issue.number, f"{marker}\nNothing differs any more.\n")
        return f"closed {len(open_now)}" if open_now else "nothing to say"
    if not open_now:
        forge.add_issue(f"Drift: stack {stack}", text)
        return "opened"
    if open_now[0].body.strip() == text.strip():
        return "unchanged"
    forge.edit_issue(open_now[0].number, text)
    return "updated"


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="replace")
    except OSError:
        return ""


def _code(path: Path) -> int | None:
    text = _text(path).strip()
    return int(text) if text.isdecimal() else None


def main(arguments: list[str], environment: Mapping[str, str]) -> int:
    """Run the command; give its exit code."""
    if len(arguments) != 2:
        print("usage: python3 -m scripts.ci.drift STACK FOLDER", file=sys.stderr)
        return 2
    stack, folder = arguments
    code, body = verdict(Path(folder))
    try:
        done = tell(from_environment(environment), stack, code, body)
    except ForgeError as error:
        print(f"drift: {error}", file=sys.stderr)
        return 2
    word = {0: "none", 1: "found", 2: "cannot tell"}[code]
    print(f"drift: {stack}: {word}; issue: {done}")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
