"""Deploys to test hosts with the real engine: what a host costs beside the bare providers.

Needs a ``pulumi`` with its plugins, Docker and root; says so where they are missing.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearsal.hosts import HostLab, Key, Machine, hosts_problem
from rehearsal.images import Stub, make_image
from rehearsal.stack import PROJECT, Stack
from scripts import probe

IMAGE = "stackgraph-bench/web:1.0.0"
SERVICES = ("one", "two", "three")
RUNS = 3

SERVICE = """
  {name}:
    image: {image}
    expose: ["80"]
    mem_limit: 32m
    restart: unless-stopped
    healthcheck: {{test: [CMD, wget, -q, -O, /dev/null, "http://127.0.0.1:80/"], interval: 2s}}
"""
BARE = """
import pulumi, pulumi_docker as docker
HOSTS = {hosts!r}
for name, (url, options) in HOSTS.items():
    provider = docker.Provider(name, host=url, ssh_opts=options, disable_docker_daemon_check=True)
    on_it = pulumi.ResourceOptions(provider=provider)
    network = docker.Network(f"{{name}}-bare", name="bare", opts=on_it)
    image = docker.RemoteImage(f"{{name}}-image", name={image!r}, keep_locally=True, opts=on_it)
    for service in {services!r}:
        docker.Container(
            f"{{name}}-{{service}}",
            name=f"bare-{{service}}",
            image={image!r},
            networks_advanced=[{{"name": network.name}}],
            restart="unless-stopped",
            opts=pulumi.ResourceOptions(provider=provider, depends_on=[image]),
        )
"""


@dataclass(frozen=True, slots=True)
class Numbers:
    """Seconds of whole commands, and how often SSH let somebody in during one."""

    ours: float
    bare: float
    connections: int
    first_of_one: float
    first_of_two: float


def problem() -> str | None:
    """Say why it cannot be measured here; None when it can."""
    return probe.engine_problem() or hosts_problem()


def measure() -> Numbers:
    """Set up one host, then two at once; then change nothing, by our program and by a bare one."""
    make_image(IMAGE, "stub", stub=Stub(name="web", http=(80,)))
    with HostLab() as lab, tempfile.TemporaryDirectory() as folder:
        key = Key.make(lab.folder / "operator")
        alone = [_machine(lab, "alone", key)]
        _, first_of_one = _deployed(Path(folder) / "alone", alone, key)
        pair = [_machine(lab, name, key) for name in ("left", "right")]
        stack, first_of_two = _deployed(Path(folder) / "pair", pair, key)
        bare = _bare(Path(folder) / "bare", pair, key)
        ours_seconds, bare_seconds, connections = [], [], 0
        for _ in range(RUNS):
            before = [_let_in(each) for each in pair]
            ours_seconds.append(_up(stack))
            more = (now - then for now, then in zip(map(_let_in, pair), before, strict=True))
            connections = max(connections, *more)
            bare_seconds.append(_up(bare))
    return Numbers(
        statistics.median(ours_seconds),
        statistics.median(bare_seconds),
        connections,
        first_of_one,
        first_of_two,
    )


def _machine(lab: HostLab, name: str, key: Key) -> Machine:
    machine = lab.machine(name, "ready")
    machine.write("/root/.ssh/authorized_keys", f"{key.public}\n", "600")
    return machine


def _deployed(folder: Path, machines: Sequence[Machine], key: Key) -> tuple[Stack, float]:
    """Set the machines up and deploy to them; gives the stack, and the seconds of the set-up."""
    hosts = {f"h{index}": machine for index, machine in enumerate(machines)}
    folder.mkdir()
    stack = Stack.make(folder, str(probe.pulumi_path()), _config(hosts, key), name="prod")
    stack.environment["HOME"] = str(folder)
    system = folder / "systems" / "bench"
    system.mkdir()
    described = [
        f"  {host}: {{kind: vps, platform: linux/amd64, cpus: 2, memory: 4GiB}}" for host in hosts
    ]
    for host in hosts:
        (system / f"{host}.compose.yaml").write_text("services: {}\n")
    apps = [f"  web-{host}: {{host: {host}, compose: {host}.compose.yaml}}" for host in hosts]
    (system / "system.yaml").write_text("\n".join(["hosts:", *described, "apps:", *apps]))
    first = _up(stack)
    for host, machine in hosts.items():
        machine.load_image(IMAGE)
        services = "".join(SERVICE.format(name=name, image=IMAGE) for name in SERVICES)
        (system / f"{host}.compose.yaml").write_text(f"services:\n{services}")
    _up(stack)
    return stack, first


def _config(hosts: dict[str, Machine], key: Key) -> dict[str, Any]:
    access = {
        name: {
            "address": machine.address,
            "user": "deploy",
            "first": {"user": "root"},
            "host_key": machine.host_key,
            "identity_file": str(key.file),
            "authorized_keys": [key.public],
        }
        for name, machine in hosts.items()
    }
    return {"target": "prod", "systems": ["bench"], "bench": {"hosts": access}}


def _bare(folder: Path, machines: Sequence[Machine], key: Key) -> Stack:
    """Deploy the same containers by the provider alone, over a shared connection as well."""
    folder.mkdir()
    hosts = {}
    for index, machine in enumerate(machines):
        known = folder / f"known-{index}"
        known.write_text(f"{machine.address} {machine.host_key}\n")
        given = {
            "UserKnownHostsFile": known,
            "StrictHostKeyChecking": "yes",
            "IdentityFile": key.file,
            "ControlPath": folder / "%C",
            "ControlMaster": "auto",
            "ControlPersist": 30,
        }
        options = [part for name, value in given.items() for part in ("-o", f"{name}={value}")]
        hosts[f"h{index}"] = (f"ssh://deploy@{machine.address}:22", options)
    stack = Stack.make(folder / "p", str(probe.pulumi_path()), {}, name="prod")
    text = BARE.format(hosts=hosts, image=IMAGE, services=SERVICES)
    (stack.folder / "__main__.py").write_text(text)
    (stack.folder / "Pulumi.yaml").write_text(
        PROJECT.format(name="stackgraph", environment=sys.prefix)
    )
    _up(stack)
    return stack


def _up(stack: Stack) -> float:
    started = time.perf_counter()
    result = stack.up()
    if result.code != 0:
        raise RuntimeError(result.text)
    return time.perf_counter() - started


def _let_in(machine: Machine) -> int:
    return machine.inside("journalctl", "--no-pager", "-o", "cat", "-t", "sshd").count("Accepted ")
