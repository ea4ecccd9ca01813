"""A stand-in of GitHub's and GitLab's REST API on loopback, as far as the workflows use it."""

from __future__ import annotations

import io
import json
import re
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

TOKEN = "token-that-nobody-prints"
REPOSITORY = "team/infra"
BOT = "github-actions[bot]"
ROBOT = "project_7_bot"


@dataclass
class Api:
    """What is there, what was asked, and what is to fail: a path's pattern, status, headers."""

    address: str = ""
    comments: list[dict[str, Any]] = field(default_factory=list)
    issues: list[dict[str, Any]] = field(default_factory=list)
    pulls: list[dict[str, Any]] = field(default_factory=list)
    artifacts: dict[int, tuple[str, bytes]] = field(default_factory=dict)
    sarifs: list[dict[str, Any]] = field(default_factory=list)
    head: str = "a" * 40
    fails: list[tuple[str, int, dict[str, str]]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    tokens: list[tuple[str, str]] = field(default_factory=list)

    def comment(self, author: str, body: str) -> None:
        self.comments.append(self._entry(len(self.comments) + 100, author, body))

    def issue(self, author: str, body: str, **more: Any) -> None:
        self.issues.append(
            self._entry(len(self.issues) + 1, author, body) | {"state": "open"} | more
        )

    def bodies(self) -> list[str]:
        return [entry["body"] for entry in self.comments]

    def artifact(self, name: str, files: dict[str, bytes] | bytes) -> None:
        if isinstance(files, dict):
            buffer = io.BytesIO()
            with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
                for file, data in files.items():
                    archive.writestr(file, data)
            files = buffer.getvalue()
        self.artifacts[len(self.artifacts) + 1] = (name, files)

    def _entry(self, number: int, author: str, body: str) -> dict[str, Any]:
        # what GitHub says in its words, and GitLab in its own
        return {
            "id": number,
            "number": number,
            "iid": number,
            "user": {"login": author},
            "author": {"username": author},
            "body": body,
            "description": body,
        }

    def answer(self, method: str, path: str, query: dict[str, str], data: Any) -> Any:
        """Give status and JSON, or bytes, or an address to go to."""
        for pattern, status, _ in self.fails:
            if re.search(pattern, f"{method} {path}"):
                return status, {"message": "stand-in\nsays no"}
        for pattern, name in self.ROUTES.items():
            if match := re.fullmatch(pattern, f"{method} {path}"):
                return getattr(self, f"_{name}")(*match.groups(), query=query, data=data)
        return 404, {"message": f"Not Found: {method} {path}"}

    ROUTES: ClassVar[dict[str, str]] = {
        r"GET /gh/repos/team/infra/issues/(7)/comments": "list_comments",
        r"POST /gh/repos/team/infra/issues/(7)/comments": "add_comment",
        r"PATCH /gh/repos/team/infra/issues/comments/(\d+)": "edit_comment",
        r"GET /gl/projects/team%2Finfra/merge_requests/(7)/notes": "list_comments",
        r"POST /gl/projects/team%2Finfra/merge_requests/(7)/notes": "add_note",
        r"PUT /gl/projects/team%2Finfra/merge_requests/7/notes/(\d+)": "edit_comment",
        r"GET /gl/user": "user",
        r"GET /gh/repos/team/infra/issues": "list_issues",
        r"POST /gh/repos/team/infra/issues": "add_issue",
        r"PATCH /gh/repos/team/infra/issues/(\d+)": "edit_issue",
        r"GET /gl/projects/team%2Finfra/issues": "list_issues",
        r"POST /gl/projects/team%2Finfra/issues": "add_issue_there",
        r"PUT /gl/projects/team%2Finfra/issues/(\d+)": "edit_issue",
        r"GET /gh/repos/team/infra/pulls": "list_pulls",
        r"GET /gh/repos/team/infra/commits/(.+)": "commit",
        r"GET /gh/repos/team/infra/actions/runs/99/artifacts": "list_artifacts",
        r"GET /gh/repos/team/infra/actions/artifacts/(\d+)/zip": "zip",
        r"GET /blobs/(\d+)": "blob",
        r"POST /gh/repos/team/infra/code-scanning/sarifs": "sarif",
    }

    def _page(self, entries: list[dict[str, Any]], query: dict[str, str]) -> Any:
        size, page = int(query.get("per_page", 30)), int(query.get("page", 1))
        return 200, entries[(page - 1) * size : page * size]

    def _list_comments(self, _: str, query: dict[str, str], data: Any) -> Any:
        return self._page(self.comments, query)

    def _add_comment(self, _: str, query: dict[str, str], data: Any) -> Any:
        self.comment(BOT, data["body"])
        return 201, self.comments[-1]

    def _add_note(self, _: str, query: dict[str, str], data: Any) -> Any:
        self.comment(ROBOT, data["body"])
        return 201, self.comments[-1]

    def _edit_comment(self, number: str, query: dict[str, str], data: Any) -> Any:
        for entry in self.comments:
            if entry["id"] == int(number):
                entry["body"] = data["body"]
                return 200, entry
        return 404, {"message": "Not Found"}

    def _user(self, query: dict[str, str], data: Any) -> Any:
        return 200, {"username": ROBOT}

    def _list_issues(self, query: dict[str, str], data: Any) -> Any:
        assert query["state"] in {"open", "opened"}
        return self._page([entry for entry in self.issues if entry["state"] == "open"], query)

    def _add_issue(self, query: dict[str, str], data: Any) -> Any:
        self.issue(BOT, data["body"], title=data["title"])
        return 201, {}

    def _add_issue_there(self, query: dict[str, str], data: Any) -> Any:
        self.issue(ROBOT, data["description"], title=data["title"])
        return 201, {}

    def _edit_issue(self, number: str, query: dict[str, str], data: Any) -> Any:
        (entry,) = (entry for entry in self.issues if entry["number"] == int(number))
        text = data.get("body", data.get("description"))
        entry["body"] = entry["description"] = text
        if data.get("state") == "closed" or data.get("state_event") == "close":
            entry["state"] = "closed"
        return 200, {}

    def _list_pulls(self, query: dict[str, str], data: Any) -> Any:
        # as GitHub does: what `head` names is a filter, no proof
        assert query["state"] == "open"
        return self._page([pull for pull in self.pulls if pull["label"] == query["head"]], query)

    def _commit(self, _: str, query: dict[str, str], data: Any) -> Any:
        return 200, {"sha": self.head}

    def _list_artifacts(self, query: dict[str, str], data: Any) -> Any:
        found = [
            {"id": number, "name": name, "size_in_bytes": len(content)}
            for number, (name, content) in self.artifacts.items()
        ]
        return 200, {"total_count": len(found), "artifacts": found}

    def _zip(self, number: str, query: dict[str, str], data: Any) -> Any:
        return 302, f"{self.address}/blobs/{number}?sig=1"

    def _blob(self, number: str, query: dict[str, str], data: Any) -> Any:
        return 200, self.artifacts[int(number)][1]

    def _sarif(self, query: dict[str, str], data: Any) -> Any:
        self.sarifs.append(data)
        return 202, {"id": "1"}


@contextmanager
def served() -> Iterator[Api]:
    """Serve the stand-in for a while, on a free port."""
    api = Api()

    class Handler(BaseHTTPRequestHandler):
        def handle_all(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            data = json.loads(self.rfile.read(length)) if length else None
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            token = self.headers.get("Authorization") or self.headers.get("PRIVATE-TOKEN") or ""
            api.asked.append(f"{self.command} {parts.path}")
            api.tokens.append((parts.path, token))
            status, body = api.answer(self.command, parts.path, query, data)
            self.send_response(status)
            for pattern, _, headers in api.fails:
                if re.search(pattern, f"{self.command} {parts.path}"):
                    for name, value in headers.items():
                        self.send_header(name, value)
            if status == 302:
                self.send_header("Location", body)
                body = b""
            payload = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        do_GET = do_POST = do_PATCH = do_PUT = handle_all  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    api.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield api
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
