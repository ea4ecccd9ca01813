"""What the workflows ask of GitHub's and GitLab's REST API: comments, issues, runs.

Reads its address and its token from the environment that the runner sets; the token goes into a
header and nowhere else. Every refusal is a :class:`ForgeError`, a line with a remedy. Only the
standard library: it runs where nothing is installed yet.
"""

from __future__ import annotations

import os
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from scripts.ci.rest import Rest, needed

ACTIONS: Final = "github-actions[bot]"
"""Who writes with a workflow's own token."""


@dataclass(frozen=True, slots=True)
class Note:
    """A comment or an issue: its number there, who wrote it, its text."""

    number: int
    author: str
    body: str


class Forge(Protocol):
    """What both forges can do. ``request`` is a pull or merge request's number."""

    # what each does is said where it is done
    limit: int

    def author(self) -> str: ...  # noqa: D102
    def notes(self, request: int) -> Iterator[Note]: ...  # noqa: D102
    def add_note(self, request: int, body: str) -> None: ...  # noqa: D102
    def edit_note(self, request: int, number: int, body: str) -> None: ...  # noqa: D102
    def issues(self) -> Iterator[Note]: ...  # noqa: D102
    def add_issue(self, title: str, body: str) -> None: ...  # noqa: D102
    def edit_issue(self, number: int, body: str) -> None: ...  # noqa: D102
    def close_issue(self, number: int, body: str) -> None: ...  # noqa: D102


class GitHub:
    """A repository at GitHub. ``token`` needs what each job's ``permissions`` say."""

    limit = 65_536

    def __init__(self, address: str, repository: str, token: str) -> None:
        """``repository`` is ``owner/name``."""
        self._repository = repository
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
            "User-Agent": "stackgraph",
        }
        remedy = "see which permissions the job needs in docs/ci/github.md"
        self.rest = Rest("GitHub", address, headers, remedy)

    def path(self, rest: str) -> str:
        """Give the path of something in this repository."""
        return f"/repos/{self._repository}/{rest}"

    def author(self) -> str:
        """Give who writes with this token; a token of another app says so by COMMENT_AUTHOR."""
        return os.environ.get("COMMENT_AUTHOR") or ACTIONS

    def notes(self, request: int) -> Iterator[Note]:
        """Give all comments of a pull request, oldest first."""
        for entry in self.rest.pages(self.path(f"issues/{request}/comments")):
            yield _github_note(entry, "id")

    def add_note(self, request: int, body: str) -> None:
        """Comment."""
        self.rest.ask("POST", self.path(f"issues/{request}/comments"), {"body": body})

    def edit_note(self, request: int, number: int, body: str) -> None:  # noqa: ARG002
        """Give a comment another text."""
        self.rest.ask("PATCH", self.path(f"issues/comments/{number}"), {"body": body})

    def issues(self) -> Iterator[Note]:
        """Give all open issues."""
        for entry in self.rest.pages(self.path("issues?state=open")):
            if "pull_request" not in entry:
                yield _github_note(entry, "number")

    def add_issue(self, title: str, body: str) -> None:
        """Open an issue."""
        self.rest.ask("POST", self.path("issues"), {"title": title, "body": body})

    def edit_issue(self, number: int, body: str) -> None:
        """Give an issue another text."""
        self.rest.ask("PATCH", self.path(f"issues/{number}"), {"body": body})

    def close_issue(self, number: int, body: str) -> None:
        """Close an issue, with a last text."""
        self.rest.ask("PATCH", self.path(f"issues/{number}"), {"state": "closed", "body": body})

    def head(self, branch: str) -> str:
        """Give the commit at a branch's end."""
        quoted = urllib.parse.quote(branch, safe="")
        return str(self.rest.ask("GET", self.path(f"commits/{quoted}"))["sha"])


class GitLab:
    """A project at GitLab. ``token`` is a project access token with the scope ``api``."""

    limit = 1_000_000

    def __init__(self, address: str, project: str, token: str) -> None:
        """``project`` is its number or its path."""
        self._project = urllib.parse.quote(project, safe="")
        headers = {"PRIVATE-TOKEN": token, "User-Agent": "stackgraph"}
        remedy = "the token needs the scope api and the role Reporter, see docs/ci/gitlab.md"
        self.rest = Rest("GitLab", address, headers, remedy)

    def path(self, rest: str) -> str:
        """Give the path of something in this project."""
        return f"/projects/{self._project}/{rest}"

    def author(self) -> str:
        """Give who writes with this token."""
        return str(self.rest.ask("GET", "/user")["username"])

    def notes(self, request: int) -> Iterator[Note]:
        """Give all notes of a merge request, oldest first."""
        path = self.path(f"merge_requests/{request}/notes?sort=asc&order_by=created_at")
        for entry in self.rest.pages(path):
            yield Note(int(entry["id"]), entry["author"]["username"], entry["body"] or "")

    def add_note(self, request: int, body: str) -> None:
        """Comment."""
        self.rest.ask("POST", self.path(f"merge_requests/{request}/notes"), {"body": body})

    def edit_note(self, request: int, number: int, body: str) -> None:
        """Give a note another text."""
        path = self.path(f"merge_requests/{request}/notes/{number}")
        self.rest.ask("PUT", path, {"body": body})

    def issues(self) -> Iterator[Note]:
        """Give all open issues."""
        for entry in self.rest.pages(self.path("issues?state=opened&scope=all")):
            author = entry["author"]["username"]
            yield Note(int(entry["iid"]), author, entry["description"] or "")

    def add_issue(self, title: str, body: str) -> None:
        """Open an issue."""
        self.rest.ask("POST", self.path("issues"), {"title": title, "description": body})

    def edit_issue(self, number: int, body: str) -> None:
        """Give an issue another text."""
        self.rest.ask("PUT", self.path(f"issues/{number}"), {"description": body})

    def close_issue(self, number: int, body: str) -> None:
        """Close an issue, with a last text."""
        data = {"state_event": "close", "description": body}
        self.rest.ask("PUT", self.path(f"issues/{number}"), data)


def github(environment: Mapping[str, str]) -> GitHub:
    """Give the repository that a GitHub runner works for."""
    address = environment.get("GITHUB_API_URL") or "https://api.github.com"
    repository = needed(environment, "GITHUB_REPOSITORY")
    return GitHub(address, repository, needed(environment, "GITHUB_TOKEN"))


def from_environment(environment: Mapping[str, str]) -> Forge:
    """Give the forge whose runner this is."""
    if environment.get("GITLAB_CI"):
        address = needed(environment, "CI_API_V4_URL")
        token = needed(environment, "GITLAB_TOKEN")
        return GitLab(address, needed(environment, "CI_PROJECT_ID"), token)
    return github(environment)


def _github_note(entry: Mapping[str, Any], number: str) -> Note:
    user = entry.get("user") or {}  # a user who is gone is null
    return Note(int(entry[number]), user.get("login") or "", entry.get("body") or "")
