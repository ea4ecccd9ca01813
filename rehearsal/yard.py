"""Where a rehearsal's machines stand: one network of test hosts, which outlives the process.

The engine starts the clouds' stand-ins anew for every command, so what they have made is known by
Docker (each machine bears the yard's label) and by two files in the yard's folder, not by a
process.
"""

from __future__ import annotations

import fcntl
import ipaddress
import json
import os
import random
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from rehearsal.disks import Kind, image
from rehearsal.equipment import THERE, equipment
from rehearsal.hosts import BOOTABLE, Key, wait_until_booted
from rehearsal.lab import PREFIX, copy_files, docker
from scripts import probe

TOOLS: Final = probe.ROOT / ".tools"
"""What this machine has fetched for tests, which a machine may use."""
LABEL: Final = "dev.stackgraph.rehearsal"
FOLDER: Final = "STACKGRAPH_REHEARSAL"
"""The variable with the yard's folder, for the clouds' stand-ins."""
PATIENCE: Final = 300
"""Seconds that a machine may take to boot, with what its owners bring to it."""


@dataclass(frozen=True, slots=True)
class Yard:
    """A folder, a Docker network whose addresses begin with ``prefix``, and machines in it."""

    folder: Path
    tag: str
    prefix: str

    @classmethod
    def make(cls, folder: Path) -> Yard:
        """Make a yard with a network of its own, of 198.18.0.0/15: kept for tests (RFC 2544)."""
        tag = f"{PREFIX}{uuid.uuid4().hex[:6]}"
        for _ in range(20):
            prefix = f"198.{random.choice((18, 19))}.{random.randrange(256)}"
            try:
                docker(
                    "network", "create", f"--subnet={prefix}.0/24", f"--label={LABEL}={tag}", tag
                )
            except RuntimeError as error:
                if "overlap" not in str(error):
                    raise
                continue
            yard = cls(folder, tag, prefix)
            facts = {**asdict(yard), "folder": str(folder)}
            (folder / "yard.json").write_text(json.dumps(facts), encoding="utf-8")
            return yard
        msg = "198.18.0.0/15 has no free network here"
        raise RuntimeError(msg)

    @classmethod
    def of_environment(cls) -> Yard | None:
        """Find the yard that the environment names; None where it names none."""
        folder = os.environ.get(FOLDER)
        if not folder:
            return None
        facts = json.loads((Path(folder) / "yard.json").read_text(encoding="utf-8"))
        return cls(Path(facts["folder"]), facts["tag"], facts["prefix"])

    def close(self) -> None:
        """Remove all machines and networks; the folder stays."""
        if machines := self.machines():
            docker("rm", "--force", "--volumes", *machines, check=False)
        networks = docker("network", "ls", "--quiet", f"--filter=label={LABEL}={self.tag}").split()
        docker("network", "rm", *networks, check=False)

    def machines(self) -> list[str]:
        """Give the names of the machines that there are."""
        named = ("--format", "{{.Names}}")
        return sorted(docker("ps", "--all", f"--filter=label={LABEL}={self.tag}", *named).split())

    def name(self, of: str) -> str:
        """Give the name of a machine in Docker."""
        return f"{self.tag}-{of}"

    @property
    def shared(self) -> Path:
        """The folder that all machines have: see `equipment`."""
        return self.folder / "shared"

    def lease(self) -> str:
        """Give an address that nobody has; the same one is never given twice."""
        with self.notes() as notes:
            last = notes["last"] = notes.get("last", 9) + 1
        if last > 250:
            msg = "no address is left in the rehearsal's network; begin a new one"
            raise RuntimeError(msg)
        return f"{self.prefix}.{last}"

    @contextmanager
    def notes(self) -> Iterator[dict[str, Any]]:
        """Give what the clouds remember, to be read and changed by one at a time."""
        file = self.folder / "notes.json"
        with (self.folder / "notes.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            notes = json.loads(file.read_text()) if file.exists() else {}
            yield notes
            file.write_text(json.dumps(notes), encoding="utf-8")

    def boot(
        self,
        of: str,
        *,
        address: str | None,
        kind: Kind,
        host: str,
        platform: str | None = None,
        files: Mapping[str, tuple[str, int]],
    ) -> None:
        """Boot a machine with these files (text and mode by path); returns when it has begun to.

        ``host`` is the logical name of the host that it is. Without an address it has no network
        until `connect` gives it one.
        """
        network = (f"--network={self.tag}", f"--ip={address}") if address else ("--network=none",)
        made = docker(
            "create",
            f"--name={self.name(of)}",
            f"--hostname={of}",
            f"--label={LABEL}={self.tag}",
            f"--volume={self.shared}:{THERE}:ro",
            f"--volume={TOOLS}:{THERE}/tools:ro",
            *network,
            *BOOTABLE,
            image(kind),
            "/bin/sh",
            "/usr/local/sbin/boot",
        )
        copy_files(made, {**files, **equipment(host, platform)})
        docker("start", made)

    def connect(self, of: str, address: str) -> None:
        """Give a machine without one an address, while it runs."""
        attached = docker("inspect", "--format={{json .NetworkSettings.Networks}}", self.name(of))
        for network in json.loads(attached):
            docker("network", "disconnect", network, self.name(of))
        docker("network", "connect", f"--ip={address}", self.tag, self.name(of))

    def join_mesh(self, of: str, cidr: str, address: str, interface: str) -> None:
        """Give a machine its mesh address, on an interface; this machine is in that mesh, too.

        A `RuntimeError` when another network of this machine has such addresses, as a real mesh.
        """
        mesh = f"{self.tag}-mesh"
        with self.notes() as notes:
            if "mesh" not in notes:
                # The last address is this machine's, so that hosts may have the first ones.
                last = str(ipaddress.ip_network(cidr)[-2])
                subnet = (f"--subnet={cidr}", f"--gateway={last}")
                docker("network", "create", *subnet, f"--label={LABEL}={self.tag}", mesh)
                notes["mesh"] = cidr
        docker("network", "connect", f"--ip={address}", mesh, self.name(of))
        rename = (
            f"found=$(ip -o -4 addr show to {address}/32 | awk '{{print $2}}') && "
            f'ip link set "$found" down && ip link set "$found" name {interface} && '
            f"ip link set {interface} up"
        )
        docker("exec", self.name(of), "sh", "-ec", rename)

    def remove(self, of: str) -> None:
        """Remove a machine and all that is on it; nothing happens when there is none."""
        docker("rm", "--force", "--volumes", self.name(of), check=False)

    def adopt(
        self, of: str, *, host: str, operator: str, platform: str | None = None
    ) -> tuple[str, str]:
        """Boot a machine as a provider hands it over: root, with the operator's public key.

        Gives its address and its public host key, once it answers.
        """
        address = self.lease()
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            key = Key.make(Path(folder) / "host")
            files = {
                "/etc/ssh/ssh_host_ed25519_key": (key.private, 0o600),
                "/etc/ssh/ssh_host_ed25519_key.pub": (f"{key.public}\n", 0o644),
                "/root/.ssh/authorized_keys": (f"{operator}\n", 0o600),
            }
            self.boot(of, address=address, kind="bare", host=host, platform=platform, files=files)
            wait_until_booted(self.name(of), PATIENCE)
            return address, key.public
