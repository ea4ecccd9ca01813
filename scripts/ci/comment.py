"""Write the gate's report into the one comment that a pull request has for a stack.

``python3 -m scripts.ci.comment FILE…``
    The reports of this very run, whose code is trusted: GitLab's jobs, or GitHub's with
    PULL_REQUEST in the environment.
``python3 -m scripts.ci.comment --of-run``
    The reports of the run that started this one (``workflow_run``): data of strangers. Which pull
    request it is comes from the event and from GitHub, never from the reports.

Exits 0 when all is written, 2 when something could not be, with a line that says what.
"""

from __future__ import annotations

import json
import os
import re
import sys
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from scripts.ci import artifact
from scripts.ci.forge import Forge, GitHub, from_environment, github
from scripts.ci.markdown import TextError, decoded, fitted, harmless, stack_of, stamp_of, stamped
from scripts.ci.rest import ForgeError, needed

GATE: Final = ".github/workflows/gate.yml"
PREVIEW: Final = ".github/workflows/preview.yml"
_STRANGER: Final = (
    "> This report was made by the code of a fork. Its text is shown, and believed by nobody: "
    "read the change itself."
)


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run of a pull request's workflow, as the event tells it."""

    number: int
    commit: str
    branch: str
    owner: str
    repository: str
    path: str
    address: str
    fork: bool

    @property
    def kind(self) -> str:
        """What it looked at: a fork's workflow of that name had no credentials."""
        return "preview" if not self.fork and self.path == PREVIEW else "offline"


def upsert(forge: Forge, request: int, text: str) -> str:
    """Write a report into its one comment; say in a word what was done.

    Only comments of the same author count, so that nobody's own text is overwritten. What a
    preview with credentials said of a commit stays when the offline run of it comes later.
    """
    author, stack, stamp = forge.author(), stack_of(text), stamp_of(text)
    for note in forge.notes(request):
        if note.author != author or stack_of(note.body) != stack:
            continue
        if note.body == text:
            return "unchanged"
        before = stamp_of(note.body)
        if stamp and stamp[0] == "offline" and before == ("preview", stamp[1]):
            return "kept: a preview has looked closer"
        forge.edit_note(request, note.number, text)
        return "updated"
    forge.add_note(request, text)
    return "created"


def run_of(event: Mapping[str, Any]) -> Run:
    """Read the event ``workflow_run``; raises :class:`ForgeError` when it is another one."""
    try:
        run = event["workflow_run"]
        base = event["repository"]["full_name"]
        head = run["head_repository"]
        fork = head["full_name"] != base
        commit = str(run["head_sha"])
        found = Run(
            number=int(run["id"]),
            commit=commit,
            branch=str(run["head_branch"]),
            owner=str(head["owner"]["login"]),
            repository=str(head["full_name"]),
            path=str(run["path"]),
            address=str(run["html_url"]),
            fork=fork,
        )
    except (KeyError, TypeError, ValueError):
        raise ForgeError("this event is no workflow_run of a repository that exists") from None
    if run["event"] != "pull_request" or not re.fullmatch("[0-9a-f]{40}", commit):
        raise ForgeError("that run was of no pull request; nothing to comment on")
    return found


def request_of(forge: GitHub, run: Run) -> int | None:
    """Find the open pull request whose head this run looked at; none when it has moved on."""
    head = urllib.parse.quote(f"{run.owner}:{run.branch}", safe="")
    numbers = [
        int(entry["number"])
        for entry in forge.rest.pages(forge.path(f"pulls?state=open&head={head}"))
        if entry["head"]["sha"] == run.commit
        and (entry["head"]["repo"] or {}).get("full_name") == run.repository
    ]
    if len(numbers) > 1:
        raise ForgeError(f"pull requests {numbers} have the same head; which is meant is unclear")
    return numbers[0] if numbers else None


def of_run(environment: Mapping[str, str]) -> int:
    """Post what the run that started this one has left."""
    event = json.loads(Path(needed(environment, "GITHUB_EVENT_PATH")).read_text("utf-8"))
    run, forge = run_of(event), github(environment)
    request = request_of(forge, run)
    if request is None:
        print(f"no open pull request is at {run.commit[:12]} any more; nothing to say")
        return 0
    texts, refused = artifact.reports(forge, run.number)
    for text in texts:
        shown = text
        if run.fork:
            marker, _, rest = harmless(text).partition("\n")
            shown = f"{marker}\n{_STRANGER}\n\n{rest}"
        _post(forge, request, stamped(shown, run.kind, run.commit), f"[the run]({run.address})")
    if not texts and run.path == GATE:  # who has none of the others is not owed one
        _disown(forge, request, run)
    for line in refused:
        print(line, file=sys.stderr)
    return 2 if refused else 0


def of_files(names: list[str], environment: Mapping[str, str]) -> int:
    """Post this run's own reports."""
    forge = from_environment(environment)
    variable = "CI_MERGE_REQUEST_IID" if environment.get("GITLAB_CI") else "PULL_REQUEST"
    request = needed(environment, variable)
    if not request.isdecimal():
        raise ForgeError(f"{variable} is no number")
    for name in names:
        try:
            text = decoded(Path(name).read_bytes(), name)
        except OSError as error:
            raise ForgeError(f"{name}: {error.strerror}") from None
        _post(forge, int(request), text, "the job's artifacts")
    return 0


def _post(forge: Forge, request: int, text: str, where: str) -> None:
    done = upsert(forge, request, fitted(text, forge.limit, where))
    print(f"#{request}: comment for {stack_of(text)}: {done}")


def _disown(forge: GitHub, request: int, run: Run) -> None:
    """Say in comments of earlier commits that there is no report of this one: a pass is old."""
    for note in list(forge.notes(request)):
        stack, stamp = stack_of(note.body), stamp_of(note.body)
        if note.author != forge.author() or not stack or (stamp and stamp[1] == run.commit):
            continue
        text = (
            f"<!-- stackgraph gate {stack} -->\n"
            f"**Cannot tell**: [the run]({run.address}) for {run.commit} left no report.\n"
        )
        forge.edit_note(request, note.number, stamped(text, "offline", run.commit))
        print(f"#{request}: comment for {stack}: no report of {run.commit[:12]}, so it says that")


def main(arguments: list[str], environment: Mapping[str, str]) -> int:
    """Run the command; give its exit code."""
    if not arguments:
        print("usage: python3 -m scripts.ci.comment FILE… | --of-run", file=sys.stderr)
        return 2
    try:
        if arguments == ["--of-run"]:
            return of_run(environment)
        return of_files(arguments, environment)
    except (ForgeError, TextError) as error:
        print(f"comment: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
