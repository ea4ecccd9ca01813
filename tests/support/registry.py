"""A real registry on loopback (Debian's docker-registry), and images pushed by hand."""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPResponse
from pathlib import Path
from typing import Any, Literal, TypeAlias

Form: TypeAlias = Literal["docker", "oci"]
JSON: TypeAlias = dict[str, Any]

TYPES: Mapping[Form, tuple[str, str, str]] = {
    "docker": (
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.container.image.v1+json",
    ),
    "oci": (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.oci.image.config.v1+json",
    ),
}
"""Media types: of what lists manifests, of a manifest, of its configuration."""


def problem() -> str | None:
    """Say why there can be no registry that is asked here, or None when there can."""
    for command, package in (("docker-registry", "docker-registry"), ("docker", "docker.io")):
        if shutil.which(command) is None:
            return f"{command} is not installed (Debian: apt-get install {package})"
    return None


def cli_version() -> int:
    """Give the major version of the Docker CLI."""
    done = subprocess.run(["docker", "--version"], capture_output=True, text=True, check=True)
    return int(done.stdout.partition("version ")[2].partition(".")[0])


@dataclass(frozen=True, slots=True)
class Registry:
    """A registry that runs; ``log`` has a line for each request."""

    name: str
    log: Path

    def push(self, repository: str, tag: str, *platforms: str, form: Form = "docker") -> str:
        """Push an image for one platform, or a list of several, and give its reference.

        A platform that begins with ``unknown`` is an attestation: nothing to run.
        """
        listing, _, _ = TYPES[form]
        if len(platforms) == 1:
            self._image(repository, tag, platforms[0], form)
        else:
            entries = [
                {**self._image(repository, "", each, form), "platform": _platform(each)}
                for each in platforms
            ]
            self._manifest(repository, tag, listing, {"manifests": entries})
        return f"{self.name}/{repository}:{tag}"

    def digest(self, repository: str, tag: str) -> str:
        """Give the reference by digest of what was pushed."""
        kinds = ", ".join(kind for types in TYPES.values() for kind in types[:2])
        answer = self._ask("HEAD", f"/v2/{repository}/manifests/{tag}", accept=kinds)
        return f"{self.name}/{repository}@{answer.headers['Docker-Content-Digest']}"

    def asked(self) -> int:
        """Tell how often manifests were asked for."""
        text = self.log.read_text(encoding="utf-8")
        return sum('"GET /v2/' in line and "/manifests/" in line for line in text.splitlines())

    def _image(self, repository: str, tag: str, platform: str, form: Form) -> JSON:
        _, manifest, kind = TYPES[form]
        configuration = {**_platform(platform), "config": {}, "rootfs": {"type": "layers"}}
        data = json.dumps(configuration).encode()
        digest = _digest(data)
        where = self._ask("POST", f"/v2/{repository}/blobs/uploads/").headers["Location"]
        where = where.removeprefix(f"http://{self.name}")
        self._ask("PUT", f"{where}&digest={digest}", data, "application/octet-stream")
        config = {"mediaType": kind, "digest": digest, "size": len(data)}
        return self._manifest(repository, tag, manifest, {"config": config, "layers": []})

    def _manifest(self, repository: str, tag: str, kind: str, more: JSON) -> JSON:
        data = json.dumps({"schemaVersion": 2, "mediaType": kind, **more}).encode()
        digest = _digest(data)
        self._ask("PUT", f"/v2/{repository}/manifests/{tag or digest}", data, kind)
        return {"mediaType": kind, "digest": digest, "size": len(data)}

    def _ask(
        self, method: str, path: str, data: bytes | None = None, kind: str = "", accept: str = ""
    ) -> HTTPResponse:
        headers = {"Content-Type": kind, "Accept": accept}
        request = urllib.request.Request(
            f"http://{self.name}{path}",
            data=data if method != "POST" else b"",
            headers={key: value for key, value in headers.items() if value},
            method=method,
        )
        answer: HTTPResponse
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer


@contextmanager
def registry(folder: Path, *, password: bool = False) -> Iterator[Registry]:
    """Run a registry as long as the block lasts; with ``password`` it lets nobody in."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        name = f"127.0.0.1:{found.getsockname()[1]}"
    settings: JSON = {
        "version": 0.1,
        "log": {"accesslog": {"disabled": False}, "level": "error"},
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
        "http": {"addr": name},
    }
    if password:
        (folder / "htpasswd").touch()
        settings["auth"] = {"htpasswd": {"realm": "test", "path": str(folder / "htpasswd")}}
    config = folder / "config.yml"
    config.write_text(json.dumps(settings))
    log = folder / "log"
    with log.open("wb") as stream:
        server = subprocess.Popen(
            ["docker-registry", "serve", config], stdout=stream, stderr=stream
        )
    try:
        _wait(name, server, log)
        yield Registry(name, log)
    finally:
        server.terminate()
        server.wait()


def _wait(name: str, server: subprocess.Popen[bytes], log: Path) -> None:
    host, _, port = name.partition(":")
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex((host, int(port))) == 0:
                return
        if server.poll() is not None:
            break
        time.sleep(0.05)
    msg = f"docker-registry did not start: {log.read_text()[-500:]}"
    raise TimeoutError(msg)


def _platform(text: str) -> JSON:
    return dict(zip(("os", "architecture", "variant"), text.split("/"), strict=False))


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
