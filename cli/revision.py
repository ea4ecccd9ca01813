"""A git revision of a project, checked out for a while, where it is in nobody's way."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.interrupt import interruptible


class RevisionError(Exception):
    """A revision can't be had; the message is `revision: fact; remedy`."""


def commit_of(folder: Path, revision: str) -> str:
    """Give the commit that a revision names in the repository of a folder.

    Raises:
        RevisionError: There is no git, no repository or no such revision.
    """
    if shutil.which("git") is None:
        raise RevisionError(f"{revision}: there is no git command here; install git")
    inside = _git(folder, "rev-parse", "--is-inside-work-tree")
    if inside.returncode:
        raise RevisionError(
            f"{revision}: {folder} is in no git repository, and no file or project is named so; "
            "name a directory with another checkout, or a document"
        )
    name = f"{revision}^{{commit}}"
    found = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", name)
    if found.returncode == 0:
        return found.stdout.strip()
    if _git(folder, "rev-parse", "--is-shallow-repository").stdout.strip() == "true":
        raise RevisionError(
            f"{revision}: this shallow clone has no such revision; get it with "
            f"`git fetch --depth=1 origin {revision}` and name FETCH_HEAD, or with "
            "`git fetch --unshallow`"
        )
    raise RevisionError(
        f"{revision}: there is no such revision, and no file of that name; "
        "`git fetch` what is missing, or name a branch, a tag or a commit"
    )


@contextmanager
def checked_out(folder: Path, commit: str) -> Iterator[Path]:
    """Check a commit out, and give where the folder is in it; in the end it is removed again.

    It is a work tree of its own: the user's files, index and branches stay as they are.

    Raises:
        RevisionError: It can't be checked out, or the folder isn't in it.
    """
    prefix = _git(folder, "rev-parse", "--show-prefix").stdout.strip()
    with interruptible(), tempfile.TemporaryDirectory(prefix="stackgraph-") as made:
        tree = Path(made).resolve() / "tree"
        try:
            # Detached, so that no branch is taken; without hooks, which are for the user's tree.
            added = _git(
                folder, "worktree", "add", "--detach", "--force", "--quiet", str(tree), commit
            )
            if added.returncode:
                raise RevisionError(f"{commit[:12]}: git can't check it out: {_reason(added)}")
            yield tree / prefix
        finally:
            with contextlib.suppress(OSError):
                _git(folder, "worktree", "remove", "--force", "--force", str(tree))
            if tree.exists():
                shutil.rmtree(tree, ignore_errors=True)
                _git(folder, "worktree", "prune")


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # Within a hook these name the user's own index and tree.
    environment = {
        key: value
        for key, value in os.environ.items()
        if key not in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_PREFIX")
    }
    return subprocess.run(  # noqa: S603 — no shell, and revisions stand behind --end-of-options
        ["git", "-c", "core.hooksPath=/dev/null", *arguments],  # noqa: S607 — the user's own
        cwd=folder,
        env={**environment, "GIT_TERMINAL_PROMPT": "0", "GIT_LFS_SKIP_SMUDGE": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    return lines[-1] if lines else f"it ended with {done.returncode}"
