"""A REST API over HTTPS, its pages and its refusals; with the standard library alone."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from email.message import Message
from typing import IO, Any, Final

SECONDS: Final = 30.0
PAGE: Final = 100
PAGES: Final = 100  # a bound for what never ends
ANSWER: Final = 20 * 1024 * 1024


class ForgeError(Exception):
    """What could not be done there: one line, no token in it."""


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows nothing: a token must not travel to another host."""

    def redirect_request(
        self,
        req: urllib.request.Request,  # noqa: ARG002
        fp: IO[bytes],  # noqa: ARG002
        code: int,  # noqa: ARG002
        msg: str,  # noqa: ARG002
        headers: http.client.HTTPMessage,  # noqa: ARG002
        newurl: str,  # noqa: ARG002
    ) -> None:
        return None


_opener = urllib.request.build_opener(_Stay)


class Rest:
    """A REST API at an address, with headers that hold the token."""

    def __init__(self, name: str, address: str, headers: Mapping[str, str], remedy: str) -> None:
        """``remedy`` is what to do about a 401, 403 or 404."""
        self._name = name
        self._address = secure(address).rstrip("/")
        self._headers = dict(headers)
        self._remedy = remedy

    def ask(self, method: str, path: str, data: Mapping[str, Any] | None = None) -> Any:
        """Send JSON, give JSON; ``None`` for an empty answer."""
        status, _, body = self.send(method, path, data)
        if status >= 300:
            raise ForgeError(f"{self._name} answers {status} to {method} {_plain(path)}")
        try:
            return json.loads(body) if body else None
        except ValueError:
            raise ForgeError(f"{self._name} answers {method} {_plain(path)} with no JSON") from None

    def send(
        self, method: str, path: str, data: Mapping[str, Any] | None = None
    ) -> tuple[int, Message, bytes]:
        """Send a request; give status (also 3xx), headers and body."""
        request = urllib.request.Request(  # noqa: S310 - secure() looked at the scheme
            self._address + path,
            method=method,
            data=None if data is None else json.dumps(data).encode(),
            headers={**self._headers, "Content-Type": "application/json"},
        )
        try:
            with _opener.open(request, timeout=SECONDS) as answer:
                return answer.status, answer.headers, bounded(answer, ANSWER)
        except urllib.error.HTTPError as error:
            with error:
                if error.code < 400:
                    return error.code, error.headers, b""
                raise ForgeError(self._refusal(error, method, path)) from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            raise ForgeError(
                f"{self._name} can't be asked ({reason}); try this job again"
            ) from None

    def pages(self, path: str) -> Iterator[Any]:
        """Give the entries of a list, of all its pages."""
        mark = "&" if "?" in path else "?"
        for page in range(1, PAGES + 1):
            entries = self.ask("GET", f"{path}{mark}per_page={PAGE}&page={page}")
            if not isinstance(entries, list):
                raise ForgeError(f"{self._name} answers GET {_plain(path)} with no list")
            yield from entries
            if len(entries) < PAGE:
                return

    def _refusal(self, error: urllib.error.HTTPError, method: str, path: str) -> str:
        try:
            told = json.loads(error.read(10_000)).get("message", "")
        except (ValueError, AttributeError, OSError):
            told = ""
        fact = f"{self._name} answers {error.code} to {method} {_plain(path)}"
        if told:
            fact += f" ({' '.join(str(told).split())[:200]})"
        wait = error.headers.get("Retry-After")
        if error.code == 429 or wait:
            return f"{fact}; too many requests, try again in {wait or '60'} s"
        if error.code >= 500:
            return f"{fact}; its own trouble, try this job again"
        return f"{fact}; {self._remedy}"


def needed(environment: Mapping[str, str], name: str) -> str:
    """Give a variable of the environment, or say that it is missing."""
    if value := environment.get(name):
        return value
    raise ForgeError(f"{name} is not set; the workflow gives it with env, see docs/ci")


def secure(address: str) -> str:
    """Give back an address that a token may go to: https, or this machine itself."""
    parts = urllib.parse.urlsplit(address)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname == "127.0.0.1"):
        return address
    raise ForgeError(f"{parts.scheme}://{parts.hostname} is not asked: it is no https")


def bounded(stream: Any, most: int) -> bytes:
    """Read a stream to its end, but never more than so many bytes."""
    data = stream.read(most + 1)
    if len(data) > most:
        raise ForgeError(f"an answer is longer than {most} bytes, so it is not read")
    return bytes(data)


def _plain(path: str) -> str:
    return path.partition("?")[0]
