"""What registries publish, asked through the Docker CLI: it has the user's logins.

It asks no daemon, pulls nothing and knows no Pulumi.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from graph.platforms import Answer, Missing, Published, Unasked

AT_ONCE: Final = 8
PATIENCE: Final = 10.0
"""Seconds that a registry may take to tell of one image."""

OCI_SINCE: Final = 23
"""The first version of the Docker CLI that reads OCI manifests (docker/cli#3990)."""

_LONGEST: Final = 200
_NOISE: Final = "error pinging v2 registry: "
_UNKNOWN: Final = ("manifest unknown", "name unknown")
_NO_WAY: Final = ("error pinging", "did not answer in")
"""What is said of a registry that cannot be reached: its other images need not be asked."""


def ask_registries(references: Collection[str], *, patience: float = PATIENCE) -> dict[str, Answer]:
    """Ask for each image, eight at a time; what cannot be asked is an answer, too: never raises.

    A registry that cannot be reached is not asked again for the next image.
    """
    docker = shutil.which("docker")
    if docker is None:
        return dict.fromkeys(references, Unasked(reason="there is no docker command here"))
    asking = _Asking(docker, patience)
    with ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="registry") as threads:
        answers = threads.map(asking.ask, references)
        return dict(zip(references, answers, strict=True))


class _FailedError(Exception):
    """A call of the Docker CLI that failed: its message, and all that it told meanwhile."""

    def __init__(self, message: str, log: str = "") -> None:
        super().__init__(message)
        self.log = log


class _Asking:
    def __init__(self, docker: str, patience: float) -> None:
        self._docker, self._patience = docker, patience
        self._unreachable: dict[str, str] = {}

    def ask(self, reference: str) -> Answer:
        registry = registry_of(reference)
        if registry in self._unreachable:
            return Unasked(reason=self._unreachable[registry])
        try:
            platforms = _platforms(self._manifest(reference))
            if not platforms:
                # A manifest without others names no platform: its configuration does, which
                # only the verbose form fetches.
                platforms = _platforms(self._manifest(reference, "--verbose"))
        except _FailedError as error:
            return self._why(registry, str(error), error.log)
        if not platforms:
            return Unasked(reason="its manifest names no platform")
        return Published(platforms=platforms)

    def _why(self, registry: str, message: str, log: str) -> Answer:
        if not message.startswith("no such manifest"):
            reason = message.rpartition(_NOISE)[2][:_LONGEST]
            if any(words in message for words in _NO_WAY):
                self._unreachable[registry] = reason
            return Unasked(reason=reason)
        # The command says so of everything that it got no manifest for. What the registry said
        # stands in the log only.
        said = [line.partition("continuing on error ")[2] for line in log.splitlines()]
        said = [line.rstrip('"') for line in said if line]
        if self._version() < OCI_SINCE:
            return Unasked(
                reason=f"this docker command is older than {OCI_SINCE}.0, which OCI images need"
            )
        if any(words in line for line in said for words in _UNKNOWN):
            return Missing()
        last = said[-1] if said else message
        return Unasked(reason=last.rpartition(") ")[2][:_LONGEST])

    def _manifest(self, reference: str, *options: str) -> Any:
        insecure = ("--insecure",) if _is_loopback(registry_of(reference)) else ()
        text = self._run("--debug", "manifest", "inspect", *options, *insecure, reference)
        try:
            return json.loads(text)
        except ValueError:
            raise _FailedError("what docker manifest inspect printed is no JSON") from None

    def _version(self) -> int:
        try:
            first = self._run("--version").partition("version ")[2].partition(".")[0]
        except _FailedError:
            return 0
        return int(first) if first.isdecimal() else 0

    def _run(self, *arguments: str) -> str:
        try:
            done = subprocess.run(  # noqa: S603 — a command of the user's, with no shell
                [self._docker, *arguments],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
                timeout=self._patience,
            )
        except subprocess.TimeoutExpired:
            raise _FailedError(f"its registry did not answer in {self._patience:g} s") from None
        except OSError as error:
            raise _FailedError(f"docker: {(error.strerror or 'failed').lower()}") from None
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if line and "level=" not in line]
            raise _FailedError(
                lines[-1] if lines else f"docker ended with {done.returncode}", done.stderr
            )
        return done.stdout


def registry_of(reference: str) -> str:
    """Give the registry of an image, ``docker.io`` where its reference names none."""
    first, slash, _ = reference.partition("/")
    named = slash and ("." in first or ":" in first or first == "localhost")
    return first if named else "docker.io"


def _is_loopback(registry: str) -> bool:
    # As Docker itself does: what is on this machine needs no TLS.
    host = registry.rpartition(":")[0] or registry
    return host in ("localhost", "[::1]") or host.startswith("127.")


def _platforms(document: Any) -> tuple[str, ...]:
    """Give the platforms that a manifest, plain or verbose, names."""
    if isinstance(document, Mapping):
        document = document.get("manifests") or [document]
    entries = document if isinstance(document, list) else []
    found = (_platform(entry) for entry in entries if isinstance(entry, Mapping))
    return tuple(sorted({platform for platform in found if platform is not None}))


def _platform(entry: Mapping[str, Any]) -> str | None:
    descriptor = entry.get("Descriptor", entry)
    platform = descriptor.get("platform") if isinstance(descriptor, Mapping) else None
    if not isinstance(platform, Mapping):
        return None
    parts = [platform.get(key) for key in ("os", "architecture", "variant")]
    # Attestations have a manifest of their own, which runs nowhere.
    if "unknown" in parts or not all(isinstance(part, str) and part for part in parts[:2]):
        return None
    return "/".join(part for part in parts if isinstance(part, str) and part)
