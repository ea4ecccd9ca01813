"""A bare machine in one `pulumi up`: set up, checked, behind its firewall, and deployed to.

The machine is a test host with systemd, its own sshd and its own Docker. SSH moves from root on
port 22 to another user on another port meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from rehearsal.hosts import HostLab, Key, Machine
from rehearsal.images import Stub, make_image
from rehearsal.stack import Stack
from tests.support.hosts import needs_hosts

pytestmark = [pytest.mark.engine, pytest.mark.slow]

PORT = 2222
SYSTEM = """
hosts:
  box: {kind: vps, platform: linux/amd64, cpus: 2, memory: 4GiB, docker: {logs: {max_size: 5m}}}
apps:
  shop: {host: box, compose: shop.compose.yaml}
ports:
  "shop/web:9000": {access: {allow: [FEW]}}
"""
COMPOSE = """
services:
  web:
    image: stackgraph-test/far:1.0.0
    ports: ["9000:80", "9001:81"]
    expose: ["80", "81"]
    restart: unless-stopped
    mem_limit: 64m
    healthcheck:
      test: [CMD, wget, -q, -O, /dev/null, "http://127.0.0.1:80/"]
      interval: 5s
      timeout: 2s
"""


@pytest.fixture(scope="module")
def lab() -> Iterator[HostLab]:
    needs_hosts()
    with HostLab() as made:
        yield made


@pytest.fixture(scope="module")
def machine(lab: HostLab) -> Machine:
    return lab.machine("box", "ready", networks=("outside", "few"))


@pytest.fixture(scope="module")
def key(lab: HostLab) -> Key:
    """What the operator logs in with, afterwards."""
    return Key.make(lab.folder / "operator")


def config(machine: Machine, key: Key, **access: Any) -> dict[str, Any]:
    given = {
        "address": machine.address,
        "user": "deploy",
        "port": PORT,
        "first": {"user": "root", "port": 22},
        "host_key": machine.host_key,
        "identity_file": str(key.file),
        "authorized_keys": [key.public],
        **access,
    }
    return {"target": "prod", "systems": ["far"], "far": {"hosts": {"box": given}}}


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory,
    pulumi_command: str,
    lab: HostLab,
    machine: Machine,
    key: Key,
) -> Stack:
    make_image("stackgraph-test/far:1.0.0", "stub", stub=Stub(name="far", http=(80, 81)))
    # As a provider does: the operator's key is root's.
    machine.write("/root/.ssh/authorized_keys", f"{key.public}\n", "600")
    made = Stack.make(tmp_path_factory.mktemp("far"), pulumi_command, config(machine, key))
    folder = made.folder / "systems" / "far"
    folder.mkdir()
    (folder / "system.yaml").write_text(SYSTEM.replace("FEW", lab.subnet("few")))
    (folder / "shop.compose.yaml").write_text("services: {}\nnetworks: {back: {}}\n")
    made.environment["HOME"] = str(made.folder)
    made.environment.pop("SSH_AUTH_SOCK", None)
    (folder / "system.yaml").write_text(SYSTEM.partition("ports:")[0])
    return made


def test_from_bare_to_ready_in_one_go(stack: Stack, machine: Machine, key: Key) -> None:
    result = stack.up()
    assert result.code == 0, result.text
    assert machine.run("sudo -n id -u", user="deploy", port=PORT, key=key, command="sh").stdout
    # Docker answers there, and has what was declared.
    assert "shop_back" in machine.inside("docker", "network", "ls")
    assert machine.inside("docker", "info", "-f", "{{.LiveRestoreEnabled}}") == "true"


def test_the_first_login_is_closed(machine: Machine, key: Key) -> None:
    assert machine.run("true", key=key).returncode == 255
    assert machine.run("true", user="root", port=PORT, key=key).returncode == 255


def test_the_next_preview_is_empty_and_asks_no_host(stack: Stack, machine: Machine) -> None:
    machine.inside("systemctl", "stop", "ssh")
    try:
        stack.assert_nothing_to_do(refresh=False)
    finally:
        machine.inside("systemctl", "start", "ssh")


def test_a_service_and_the_ports_that_it_publishes(
    stack: Stack, machine: Machine, lab: HostLab
) -> None:
    machine.load_image("stackgraph-test/far:1.0.0")
    folder = stack.folder / "systems" / "far"
    (folder / "system.yaml").write_text(SYSTEM.replace("FEW", lab.subnet("few")))
    (folder / "shop.compose.yaml").write_text(COMPOSE)
    result = stack.up()
    assert result.code == 0, result.text
    anybody, few = lab.client("anybody"), lab.client("somebody", "few")
    # Reach says so, and the firewall was made from it: Docker's own rules let everybody in.
    assert anybody.reaches(machine.address, 9001)
    assert not anybody.reaches(machine.address, 9000)
    assert few.reaches(machine.addresses["few"], 9000)
    stack.assert_nothing_to_do()


def test_it_is_all_there_after_a_reboot(machine: Machine, lab: HostLab) -> None:
    machine.restart()
    anybody = lab.client("later")
    for _ in range(20):
        if anybody.reaches(machine.address, 9001):
            break
    assert anybody.reaches(machine.address, 9001)
    assert not anybody.reaches(machine.address, 9000)
    assert not anybody.reaches(machine.address, 22)


def test_a_wrong_host_key_is_refused(stack: Stack, machine: Machine, key: Key) -> None:
    other = Key.make(stack.folder / "other")
    stack.configure(config(machine, key, host_key=other.public))
    # Another text, so that there is a reason to connect.
    stack.edit("systems/far/system.yaml", "max_size: 5m", "max_size: 6m")
    result = stack.up()
    assert result.code != 0
    assert "Host key verification failed" in result.text
    assert "shows another host key than the stack pins; where the machine was" in result.text
    assert "--path 'stackgraph:far.hosts." in result.text
    assert "max-size" in machine.read("/etc/docker/daemon.json")
    assert '"6m"' not in machine.read("/etc/docker/daemon.json")
