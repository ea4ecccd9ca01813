"""A real sshd on loopback, with a host key and a login key of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Sshd:
    """A running sshd: where it listens, its public host key, an agent that holds a login key."""

    port: int
    host_key: str
    agent: str
    log: Path
    _program: Callable[[], subprocess.Popen[bytes]]
    _running: list[subprocess.Popen[bytes]]

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Stop sshd for a while; connections that are open stay."""
        running = self._running.pop()
        running.terminate()
        running.wait()
        try:
            yield
        finally:
            self._running.append(self._program())
            _wait(self.port)


@contextmanager
def sshd(folder: Path) -> Iterator[Sshd]:
    """Run sshd and an agent as long as the block lasts; only loopback reaches them."""
    keys = {name: _key(folder / name) for name in ("host", "login", "other")}
    (folder / "authorized_keys").write_text(keys["login"] + "\n")
    port = _free_port()
    config = folder / "sshd_config"
    config.write_text(
        f"Port {port}\n"
        "ListenAddress 127.0.0.1\n"
        f"HostKey {folder}/host\n"
        f"AuthorizedKeysFile {folder}/authorized_keys\n"
        "StrictModes no\n"
        "PasswordAuthentication no\n"
        "UsePAM no\n"
        "PidFile none\n"
        "MaxStartups 100\n"
    )
    Path("/run/sshd").mkdir(exist_ok=True)
    program = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin") or "sshd"
    log = folder / "sshd.log"
    socket_path = folder / "agent"

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen([program, "-D", "-f", config, "-E", log])

    servers = [start()]
    agent = subprocess.Popen(
        ["ssh-agent", "-D", "-a", socket_path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait(port)
        while not socket_path.exists():
            time.sleep(0.05)
        subprocess.run(
            ["ssh-add", "-q", folder / "login"],
            env={**os.environ, "SSH_AUTH_SOCK": str(socket_path)},
            check=True,
        )
        host_key = " ".join(keys["host"].split()[:2])
        yield Sshd(port, host_key, str(socket_path), log, start, servers)
    finally:
        for process in (agent, *servers):
            process.terminate()
            process.wait()


def _key(file: Path) -> str:
    options = ["-q", "-t", "ed25519", "-N", "", "-C", file.name]
    subprocess.run(["ssh-keygen", *options, "-f", str(file)], check=True)
    return file.with_suffix(".pub").read_text().strip()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port


def _wait(port: int) -> None:
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    msg = f"sshd does not listen on port {port}"
    raise TimeoutError(msg)
