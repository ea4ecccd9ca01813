"""What this machine's Docker is asked to make for a while: named apart, and removed at the end."""

from __future__ import annotations

import io
import subprocess
import tarfile
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

PREFIX = "sgh-"
"""What the name of everything begins with that is made in Docker for a while."""

Done = subprocess.CompletedProcess[str]


def docker(*arguments: str, data: str | None = None, check: bool = True) -> str:
    """Run the Docker CLI and give what it prints."""
    done = subprocess.run(
        ["docker", *arguments], input=data, capture_output=True, text=True, check=False
    )
    if check and done.returncode:
        msg = f"docker {' '.join(arguments)}: {done.stderr.strip()}"
        raise RuntimeError(msg)
    return done.stdout.strip()


@dataclass
class Lab:
    """Containers, networks and volumes under names of their own, removed by id at the end."""

    tag: str = field(default_factory=lambda: f"{PREFIX}{uuid.uuid4().hex[:6]}")
    _containers: list[str] = field(default_factory=list)
    _networks: list[str] = field(default_factory=list)
    _volumes: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._containers:
            docker("rm", "--force", "--volumes", *self._containers, check=False)
        for network in self._networks:
            docker("network", "rm", network, check=False)
        for volume in self._volumes:
            docker("volume", "rm", volume, check=False)

    def name(self, of: str) -> str:
        """Give the name of something in this lab."""
        return f"{self.tag}-{of}"

    def network(self, of: str, *options: str) -> str:
        """Create a network and give its name."""
        self._networks.append(docker("network", "create", *options, self.name(of)))
        return self.name(of)

    def volume(self, of: str) -> str:
        """Create a volume and give its name."""
        self._volumes.append(docker("volume", "create", self.name(of)))
        return self.name(of)

    def create(self, of: str, image: str, *options: str, command: tuple[str, ...] = ()) -> str:
        """Create a container, not started, and give its id."""
        made = docker("create", "--name", self.name(of), *options, image, *command)
        self._containers.append(made)
        return made

    def start(self, of: str, image: str, *options: str, command: tuple[str, ...] = ()) -> str:
        """Create a container, start it and give its id."""
        made = self.create(of, image, *options, command=command)
        docker("start", made)
        return made


def copy_files(container: str, files: Mapping[str, tuple[str, int]]) -> None:
    """Copy files into a container that need not run, as root's: text and mode by absolute path."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for path, (text, mode) in files.items():
            data = text.encode()
            # Directories that exist keep their owner and mode; others are made as for root.
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size, entry.mode = len(data), mode
            archive.addfile(entry, io.BytesIO(data))
    subprocess.run(
        ["docker", "cp", "-", f"{container}:/"],
        input=packed.getvalue(),
        capture_output=True,
        check=True,
    )
