"""The bootstrap's texts: whole, and as the programs that are to read them see them."""

from __future__ import annotations

import functools
import ipaddress
import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from config.compose.model import IpamPool
from config.host import AddressPool, Bans, DockerDaemon
from config.stack import FirstLogin, HostAccess, Jump
from graph.model import Host, StackGraph
from render.bootstrap import (
    address_pools,
    bootstrap_files,
    bootstrap_script,
    close_first_login_script,
    verify_script,
)
from render.bootstrap.files import DAEMON, FIRST_LOGIN, JAILS, NEVER, SSHD, SUDOERS, SWAP_UNIT
from render.bootstrap.steps import MERGE
from tests.graph.test_systems import SYSTEMS, prod
from tests.workspace import graph_of, shop

GOLDEN = Path(__file__).parent / "golden" / "bootstrap"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICyHVv7rXtDKl26FFh+oudlHCe9ywtEGVIvFZ8MTsR5a"
SCRIPTS = {
    "bootstrap": bootstrap_script,
    "verify": verify_script,
    "close_first_login": close_first_login_script,
}


def a_host(
    root: Path, *, host: dict[str, Any] | None = None, swap: str = "0", **access: Any
) -> tuple[StackGraph, Host]:
    """The shop's host on prod, with a login of its own and whatever else is asked of it."""
    shop(root)
    file = root / "systems/shop/system.yaml"
    system = yaml.safe_load(file.read_text())
    system["hosts"]["vps"] |= {"swap": swap, **(host or {})}
    file.write_text(yaml.safe_dump(system))
    graph = graph_of(root, "prod")
    found = graph.hosts["host:shop/vps"]
    usual = {"address": "192.0.2.10", "user": "deploy", "authorized_keys": [KEY]}
    return graph, replace(found, access=HostAccess(**(usual | access)))


@functools.cache
def one_host() -> tuple[StackGraph, Host]:
    """The same host for all examples of a property."""
    with tempfile.TemporaryDirectory() as folder:
        return a_host(Path(folder))


HOSTS: dict[str, dict[str, Any]] = {
    "everything": {
        "host": {
            "swap": "4GiB",
            "bans": {
                "failures": 30,
                "window": "10m",
                "statuses": [401],
                "never": ["203.0.113.0/24"],
            },
            "docker": {
                "address_pools": [{"base": "172.30.0.0/16", "size": 24}],
                "logs": {"max_size": "5m", "max_files": 2},
            },
        },
        "port": 2222,
        "first": FirstLogin(),
    },
    "bare": {"host": {"hardened": False}, "user": "root", "authorized_keys": []},
}


def of(name: str, root: Path) -> tuple[StackGraph, Host]:
    options = dict(HOSTS[name])
    host = dict(options.pop("host"))
    return a_host(root, swap=host.pop("swap", "0"), host=host, **options)


@pytest.mark.parametrize("name", HOSTS)
def test_texts_are_the_golden_ones(name: str, tmp_path: Path, update_golden: bool) -> None:
    graph, host = of(name, tmp_path)
    found = {f"{script}.sh": make(graph, host) for script, make in SCRIPTS.items()}
    for path, text in bootstrap_files(graph, host).items():
        found[f"files{path}"] = text
    folder = GOLDEN / name
    if update_golden:
        shutil.rmtree(folder, ignore_errors=True)
        for file, text in found.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text(text)
    there = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
    assert there == set(found)
    for file, text in found.items():
        assert (folder / file).read_text() == text, file


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("name", HOSTS)
def test_shellcheck_finds_nothing(name: str, script: str, tmp_path: Path) -> None:
    if shutil.which("shellcheck") is None:
        pytest.skip("no shellcheck on PATH")
    text = SCRIPTS[script](*of(name, tmp_path))
    done = subprocess.run(
        ["shellcheck", "-s", "sh", "-"], input=text, capture_output=True, text=True, check=False
    )
    assert done.stdout == ""


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_real_systems_have_one(name: str, project: Path) -> None:
    graph = prod(project, name)
    hosts = [host for host in graph.hosts.values() if host.managed_by is None]
    assert hosts
    for host in hosts:
        for make in SCRIPTS.values():
            assert make(graph, host).endswith("\n")


def test_nothing_is_written_where_others_manage_or_this_machine_serves(tmp_path: Path) -> None:
    graph, host = a_host(tmp_path)
    with pytest.raises(ValueError, match="this machine's Docker"):
        bootstrap_script(graph, replace(host, access=None))
    with pytest.raises(ValueError, match="managed by Terraform"):
        verify_script(graph, replace(host, managed_by="Terraform"))


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_any_key_comment_is_only_text(comment: str) -> None:
    access = HostAccess(address="192.0.2.1", user="deploy", authorized_keys=(f"{KEY} {comment}",))
    graph, host = one_host()
    text = bootstrap_script(graph, replace(host, access=access))
    settings = text[text.index("\nHOST=") :].partition("\npreflight\n")[0]
    said = subprocess.run(
        ["sh"], input=f'{settings}\nprintf %s "$KEYS"', capture_output=True, text=True, check=True
    )
    assert said.stdout == f"{KEY} {comment}".strip() + "\n"


def test_a_key_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="line break"):
        bootstrap_script(*a_host(tmp_path, authorized_keys=[f"{KEY}\n{KEY}"]))


# --- sshd ----------------------------------------------------------------------------------------


def sshd_says(folder: Path, files: dict[str, str]) -> list[str]:
    """What sshd makes of the drop-ins, in their order."""
    sshd = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
    if sshd is None:
        pytest.skip("no sshd on PATH")
    key = folder / "host"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    for path in (FIRST_LOGIN, SSHD):
        (folder / Path(path).name).write_text(files.get(path, ""))
    config = folder / "sshd_config"
    config.write_text(f"HostKey {key}\nInclude {folder}/*.conf\nPasswordAuthentication yes\n")
    Path("/run/sshd").mkdir(exist_ok=True)
    subprocess.run([sshd, "-t", "-f", config], check=True)
    who = "user=root,host=host,addr=192.0.2.1"
    done = subprocess.run(
        [sshd, "-T", "-C", who, "-f", config], capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    ("access", "ports", "root"),
    [
        ({}, [22], "no"),
        ({"user": "root"}, [22], "without-password"),
        ({"port": 2222, "first": FirstLogin()}, [22, 2222], "without-password"),
        ({"port": 2222, "first": FirstLogin(user="deploy")}, [22, 2222], "no"),
        ({"first": FirstLogin()}, [22], "without-password"),
        ({"first": FirstLogin(user="ubuntu")}, [22], "no"),
    ],
)
def test_sshd_keeps_the_first_login_open(
    access: dict[str, Any], ports: list[int], root: str, tmp_path: Path
) -> None:
    files = bootstrap_files(*a_host(tmp_path, **access))
    said = sshd_says(tmp_path, files)
    assert sorted(line for line in said if line.startswith("port ")) == [f"port {p}" for p in ports]
    assert f"permitrootlogin {root}" in said
    for line in (
        "passwordauthentication no",
        "kbdinteractiveauthentication no",
        "x11forwarding no",
        "maxstartups 100:30:200",
        "maxsessions 100",
    ):
        assert line in said


def test_a_host_that_is_not_hardened_keeps_its_passwords(tmp_path: Path) -> None:
    graph, host = a_host(tmp_path, host={"hardened": False})
    files = bootstrap_files(graph, host)
    assert "passwordauthentication yes" in sshd_says(tmp_path, files)
    assert JAILS not in files


def test_sudo_takes_the_rule(tmp_path: Path) -> None:
    visudo = shutil.which("visudo", path=f"{os.environ['PATH']}:/usr/sbin")
    if visudo is None:
        pytest.skip("no visudo on PATH")
    file = tmp_path / "sudoers"
    file.write_text(bootstrap_files(*a_host(tmp_path))[SUDOERS])
    file.chmod(0o440)
    subprocess.run([visudo, "-c", "-q", "-f", file], check=True)


# --- Docker --------------------------------------------------------------------------------------


def merged(tmp_path: Path, old: str | None, ours: str, swarm: str = "inactive") -> str:
    file = tmp_path / "daemon.json"
    file.unlink(missing_ok=True)
    if old is not None:
        file.write_text(old)
    done = subprocess.run(
        ["python3", "-c", MERGE, file, ours, swarm], capture_output=True, text=True, check=False
    )
    assert done.returncode in {0, 1}
    return done.stdout if done.returncode == 0 else done.stderr


def test_daemon_json_is_merged_into_what_is_there(tmp_path: Path) -> None:
    ours = bootstrap_files(*a_host(tmp_path))[DAEMON]
    assert merged(tmp_path, None, ours) == ours
    assert merged(tmp_path, "", ours) == ours
    assert merged(tmp_path, ours, ours) == ""
    there = {"registry-mirrors": ["https://mirror.example.com"], "live-restore": False}
    there["log-opts"] = {"max-size": "1g", "labels": "a"}
    found = json.loads(merged(tmp_path, json.dumps(there), ours))
    assert found["registry-mirrors"] == ["https://mirror.example.com"]
    assert found["live-restore"] is True
    assert found["log-opts"] == {"labels": "a", "max-file": "3", "max-size": "10485760"}
    assert merged(tmp_path, json.dumps(found), ours) == ""


def test_another_log_driver_takes_its_options_along(tmp_path: Path) -> None:
    ours = bootstrap_files(*a_host(tmp_path))[DAEMON]
    there = json.dumps({"log-driver": "journald", "log-opts": {"tag": "x"}})
    assert "tag" not in merged(tmp_path, there, ours)


def test_a_swarm_excludes_live_restore(tmp_path: Path) -> None:
    ours = bootstrap_files(*a_host(tmp_path))[DAEMON]
    assert "live-restore" not in merged(tmp_path, ours, ours, "active")


@pytest.mark.parametrize("old", ["[]", "{", "nonsense"])
def test_daemon_json_that_is_none_is_not_replaced(old: str, tmp_path: Path) -> None:
    ours = bootstrap_files(*a_host(tmp_path))[DAEMON]
    assert merged(tmp_path, old, ours) == "it is no JSON object; correct it by hand\n"


SUBNETS = st.lists(
    st.sampled_from([f"172.{n}.0.0/{s}" for n in range(16, 32) for s in (16, 20, 24)]), max_size=12
)


@given(SUBNETS)
def test_pools_avoid_what_is_declared(subnets: list[str]) -> None:
    graph, host = one_host()
    network = next(iter(graph.networks.values()))
    pools = tuple(IpamPool(subnet=subnet) for subnet in subnets)
    ipam = network.spec.ipam.model_copy(update={"config": pools})
    changed = replace(network, spec=network.spec.model_copy(update={"ipam": ipam}))
    (pool,) = address_pools(replace(graph, networks={network.id: changed}), host)
    base = ipaddress.ip_network(pool.base)
    assert not any(base.overlaps(ipaddress.ip_network(subnet)) for subnet in subnets)


def test_pools_of_the_owner_stay(tmp_path: Path) -> None:
    graph, host = a_host(tmp_path)
    mine = (AddressPool(base="10.9.0.0/16", size=26),)
    assert address_pools(graph, replace(host, docker=DockerDaemon(address_pools=mine))) == mine


def test_no_pool_is_left(tmp_path: Path) -> None:
    graph, host = a_host(tmp_path)
    network = next(iter(graph.networks.values()))
    pools = (IpamPool(subnet="172.16.0.0/12"), IpamPool(subnet="10.0.0.0/8"))
    ipam = network.spec.ipam.model_copy(update={"config": pools})
    changed = replace(network, spec=network.spec.model_copy(update={"ipam": ipam}))
    with pytest.raises(ValueError, match="no subnet is left"):
        address_pools(replace(graph, networks={network.id: changed}), host)


# --- the system ----------------------------------------------------------------------------------


def test_systemd_takes_the_swap_unit(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze on PATH")
    unit = tmp_path / Path(SWAP_UNIT).name
    unit.write_text(bootstrap_files(*a_host(tmp_path, swap="2GiB"))[SWAP_UNIT])
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("memory", "swap", "wanted"),
    [("1GiB", "0", 1024**3), ("2GiB", "0", 0), ("1GiB", "2GiB", 2 * 1024**3)],
)
def test_swap_where_memory_is_short(memory: str, swap: str, wanted: int, tmp_path: Path) -> None:
    text = bootstrap_script(*a_host(tmp_path, swap=swap, host={"memory": memory}))
    assert ("\nswap\n" in text) == bool(wanted)
    assert not wanted or f"\nSWAP={wanted}\n" in text


# --- fail2ban ------------------------------------------------------------------------------------


def test_fail2ban_takes_the_jails(tmp_path: Path) -> None:
    if shutil.which("fail2ban-client") is None:
        pytest.skip("no fail2ban-client on PATH")
    graph, host = of("everything", tmp_path)
    files = bootstrap_files(graph, host)
    folder = tmp_path / "fail2ban"
    shutil.copytree("/etc/fail2ban", folder)
    for path in (JAILS, NEVER):
        (folder / "jail.d" / Path(path).name).write_text(files[path])
    done = subprocess.run(
        ["fail2ban-client", "-c", folder, "-d"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for said in (
        "['set', 'sshd', 'maxretry', 30]",
        "['set', 'sshd', 'findtime', '600']",
        "['set', 'sshd', 'addignoreip', '127.0.0.0/8', '::1', '203.0.113.0/24']",
        "['add', 'sshd', 'systemd']",
        "['set', 'sshd', 'addaction', 'forward']",
    ):
        assert said in done.stdout, said


def test_who_is_never_banned(project: Path, tmp_path: Path) -> None:
    graph = prod(project, "vpai")
    host = graph.hosts["host:vpai/prod"]
    assert "ignoreip = 127.0.0.0/8 ::1 100.64.0.0/10\n" in bootstrap_files(graph, host)[NEVER]
    jump = Jump(address="198.51.100.7", host_key=KEY)
    graph, host = a_host(tmp_path, jump=jump)
    assert "ignoreip = 127.0.0.0/8 ::1 198.51.100.7\n" in bootstrap_files(graph, host)[NEVER]


def test_bans_of_input_stay_off_the_containers(tmp_path: Path) -> None:
    graph, host = a_host(tmp_path)
    bans = Bans(failures=3, window="1m", chain="input")  # type: ignore[arg-type]
    text = bootstrap_files(graph, replace(host, bans=bans))[JAILS]
    assert "chain_hook=input" in text
    assert "forward" not in text
