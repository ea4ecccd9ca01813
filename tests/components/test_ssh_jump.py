"""A real ssh goes through a real jump host, to an address of either family."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

import pytest

from components.ssh import SshConnection
from config.stack import Jump
from preview.record import record
from tests.support.sshd import Sshd, sshd

pytestmark = [
    pytest.mark.skipif(
        not all(shutil.which(name, path="/usr/sbin:/usr/bin") for name in ("ssh", "sshd")),
        reason="no ssh, or no sshd",
    ),
    pytest.mark.skipif(getpass.getuser() != "root", reason="sshd needs root"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with sshd(tmp_path_factory.mktemp("sshd")) as running:
        yield running


@contextmanager
def on_ipv6(port: int) -> Iterator[int]:
    """Lead a port of ``::1`` to one of 127.0.0.1."""
    try:
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("no IPv6 here")

    def copy(source: socket.socket, to: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                to.sendall(data)
            to.shutdown(socket.SHUT_WR)

    def serve() -> None:
        caller, _ = listener.accept()
        with caller, socket.create_connection(("127.0.0.1", port)) as called:
            back = threading.Thread(target=copy, args=(called, caller))
            back.start()
            copy(caller, called)
            back.join()

    with listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(timeout=10)


def said(way: SshConnection, server: Sshd, home: Path) -> subprocess.CompletedProcess[str]:
    found: list[str] = []

    def program() -> None:
        way.shell("test").apply(found.append)

    record(program, project="p", stack="dev")
    return subprocess.run(
        found[0],
        shell=True,
        input="echo here",
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "HOME": str(home), "SSH_AUTH_SOCK": server.agent},
    )


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_through_a_jump_host(address: str, server: Sshd, tmp_path: Path) -> None:
    jump = Jump(address="127.0.0.1", user="root", port=server.port, host_key=server.host_key)
    with on_ipv6(server.port) if ":" in address else nullcontext(server.port) as port:
        way = SshConnection(
            address=address,
            user="root",
            port=port,
            host_key=server.host_key,
            jump=jump,
        )
        done = said(way, server, tmp_path)
    assert (done.returncode, done.stdout) == (0, "here\n"), done.stderr
