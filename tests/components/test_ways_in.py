"""The way into a host: the one that is open is taken; of a shut one it is said what to do."""

from __future__ import annotations

import getpass
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.ssh import SshConnection
from components.ways_in import Way, first_that_answers
from config.stack import HostAccess, Jump
from graph.model import Host
from preview.record import record
from tests.support.sshd import Sshd, sshd
from tests.workspace import SHOP, graph_of, shop

NEAR = "shop/vps: 127.0.0.1 port {port} "
SET = "pulumi config set --stack prod --path 'stackgraph:shop.hosts.vps.{key}' {value}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    if shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin") is None:
        pytest.skip("no sshd is installed")
    with sshd(tmp_path_factory.mktemp("sshd")) as running:
        yield running


def host(folder: Path, more: str = "") -> Host:
    stack = SHOP["Pulumi.prod.yaml"].replace("address: 192.0.2.10", f"address: 192.0.2.10{more}")
    (found,) = graph_of(shop(folder, {"Pulumi.prod.yaml": stack}), "prod").hosts.values()
    return found


def way(line: str, name: str = "one") -> Way:
    return Way(line=line, user=name, address="192.0.2.10", port=22)


def run(shell: str, agent: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", shell],
        input="echo the script",
        env={**os.environ, "SSH_AUTH_SOCK": agent},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("lines", "said", "code", "errors"),
    [
        (["false", "cat"], "echo the script", 0, ""),
        (["cat", "false"], "echo the script", 0, ""),
        (["sh -c 'echo shut >&2; false'", "cat"], "echo the script", 0, ""),
        (["sh -c 'cat; echo done >&2'"], "echo the script", 0, "done\n"),
        (
            ["sh -c 'echo one is shut >&2; exit 3'", "sh -c 'echo two is shut >&2; exit 4'"],
            "",
            4,
            "two is shut\none is shut\n",
        ),
    ],
)
def test_whichever_way_is_open(
    lines: list[str], said: str, code: int, errors: str, tmp_path: Path
) -> None:
    done = run(first_that_answers([way(line) for line in lines], 0, host(tmp_path), "prod"))
    assert (done.stdout, done.returncode, done.stderr) == (said, code, errors)


def test_progress_is_seen_while_it_runs(tmp_path: Path) -> None:
    shell = first_that_answers([way("sh -c 'echo begun; sleep 30'")], 0, host(tmp_path), "prod")
    with subprocess.Popen(["sh", "-c", shell], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "begun\n"
        assert running.poll() is None
        running.terminate()


def connected(
    server: Sshd, folder: Path, user: str = "", port: int = 0, host_key: str = "", hop: str = ""
) -> tuple[Way, Host]:
    """Give the way that a stack's settings lead to; with ``hop`` by way of the same server."""
    jump = {"address": "127.0.0.1", "user": hop, "port": server.port, "host_key": server.host_key}
    connection = SshConnection.of(
        HostAccess.model_validate(
            {
                "address": "127.0.0.1",
                "user": user or getpass.getuser(),
                "port": port or server.port,
                "host_key": host_key or server.host_key,
                "jump": Jump.model_validate(jump) if hop else None,
            }
        )
    )
    # Who runs the tests need not be allowed to sudo.
    found: list[str] = []

    def program() -> None:
        connection.shell("t").apply(found.append)

    record(program, project="p", stack="prod")
    *ssh, _ = shlex.split(found[0])
    line = shlex.join([*ssh, 'eval "$(cat)"'])
    made = Way(line=line, user=connection.user, address="127.0.0.1", port=connection.port)
    settings = f", jump: {{address: 127.0.0.1, user: {hop}, port: {server.port}, "
    settings += f'host_key: "{server.host_key}"}}'
    return made, host(folder, settings if hop else "")


def last_line(server: Sshd, made: Way, of: Host) -> str:
    done = run(first_that_answers([made], 0, of, "prod"), server.agent)
    assert (done.returncode, done.stdout) == (255, ""), done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) > 1, "what ssh said is there, too"
    return lines[-1]


def test_the_right_login_gets_in(server: Sshd, tmp_path: Path) -> None:
    made, of = connected(server, tmp_path)
    done = run(first_that_answers([made], 0, of, "prod"), server.agent)
    assert (done.stdout, done.returncode) == ("the script\n", 0), done.stderr


def test_a_wrong_user_or_a_wrong_key(server: Sshd, tmp_path: Path) -> None:
    made, of = connected(server, tmp_path, user="nobody-here")
    assert last_line(server, made, of) == (
        NEAR.format(port=server.port)
        + "takes none of our keys for nobody-here; ssh-add one that it knows, correct "
        + "identity_file, or "
        + SET.format(key="user", value="USER")
    )


def test_the_login_before_the_set_up_has_a_key_of_its_own(server: Sshd, tmp_path: Path) -> None:
    made, of = connected(server, tmp_path, user="nobody-here")
    first = Way(line=made.line, user=made.user, address=made.address, port=made.port, first=True)
    assert SET.format(key="first.user", value="USER") in last_line(server, first, of)


def test_another_host_key(server: Sshd, tmp_path: Path) -> None:
    other = (server.log.parent / "other.pub").read_text()
    made, of = connected(server, tmp_path, host_key=" ".join(other.split()[:2]))
    assert last_line(server, made, of) == (
        NEAR.format(port=server.port)
        + "shows another host key than the stack pins; where the machine was installed anew, "
        + "read its key at its console and "
        + SET.format(key="host_key", value="KEY")
    )


def test_nobody_there(server: Sshd, tmp_path: Path) -> None:
    made, of = connected(server, tmp_path, port=1)
    assert last_line(server, made, of) == (
        NEAR.format(port=1)
        + "cannot be reached, or was lost; start it, or "
        + SET.format(key="address", value="ADDRESS")
    )


def test_the_jump_host_is_told_apart(server: Sshd, tmp_path: Path) -> None:
    made, of = connected(server, tmp_path, hop="nobody-here")
    assert last_line(server, made, of).startswith(
        f"shop/vps: the jump host 127.0.0.1 port {server.port} takes none of our keys for "
        "nobody-here; "
    )


@pytest.mark.parametrize("said", ["sudo: a password is required", "x is not in the sudoers file."])
def test_a_user_who_may_not_become_root(said: str, tmp_path: Path) -> None:
    made = way(f"sh -c {shlex.quote(f'echo {shlex.quote(said)} >&2; exit 1')}", "deploy")
    done = run(first_that_answers([made], 0, host(tmp_path), "prod"))
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "shop/vps: 192.0.2.10 port 22 does not let deploy become root without a password; "
        "allow it in /etc/sudoers.d, or " + SET.format(key="user", value="USER")
    )


def test_a_script_that_failed_is_left_to_speak_for_itself(tmp_path: Path) -> None:
    done = run(first_that_answers([way("sh -c 'echo no >&2; exit 1'")], 0, host(tmp_path), "prod"))
    assert (done.returncode, done.stderr) == (1, "no\n")
