"""The files that a bootstrap puts on a host: their paths, modes and texts."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from config.host import Bans, LogRotation
from config.stack import HostAccess
from graph.model import Host, StackGraph
from render.bootstrap.pools import address_pools

DAEMON: Final = "/etc/docker/daemon.json"
SYSCTL: Final = "/etc/sysctl.d/60-stackgraph.conf"
UPGRADES: Final = "/etc/apt/apt.conf.d/52stackgraph"
SSHD: Final = "/etc/ssh/sshd_config.d/10-stackgraph.conf"
FIRST_LOGIN: Final = "/etc/ssh/sshd_config.d/05-stackgraph-first-login.conf"
JAILS: Final = "/etc/fail2ban/jail.d/stackgraph.local"
NEVER: Final = "/etc/fail2ban/jail.d/stackgraph-never.local"
SUDOERS: Final = "/etc/sudoers.d/stackgraph"
STATE: Final = "/var/lib/stackgraph"
SWAP_FILE: Final = f"{STATE}/swap"
SWAP_UNIT: Final = "/etc/systemd/system/var-lib-stackgraph-swap.swap"

SETTINGS: Final[Mapping[str, int]] = {
    "fs.inotify.max_user_instances": 1024,
    "fs.inotify.max_user_watches": 524288,
    "kernel.panic": 10,
    "net.core.somaxconn": 65535,
    "vm.swappiness": 10,
}
"""Settings of the kernel. ``kernel.panic`` is seconds until it boots again after a panic."""

DEFAULT_LOGS: Final = LogRotation(max_size=10 * 1024**2, max_files=3)
DEFAULT_BANS: Final = Bans(failures=5, window=timedelta(minutes=10))
BAN_SECONDS: Final = 3600
SHORT_MEMORY: Final = 2 * 1024**3
SHORT_MEMORY_SWAP: Final = 1024**3

_MANAGED: Final = "# stackgraph writes this file; what is changed here by hand is undone."


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFile:
    """A file on a host. ``owner`` is a user's name."""

    path: str
    text: str
    mode: str = "644"
    owner: str = "root"


def login_of(host: Host) -> HostAccess:
    """Give how a host is reached; a ``ValueError`` when nothing is to be set up on it."""
    if host.access is None:
        msg = f"{host.id} is this machine's Docker, which nothing sets up; use a prod stack"
        raise ValueError(msg)
    if host.managed_by is not None:
        msg = f"{host.id} is managed by {host.managed_by}, so nothing is written to it"
        raise ValueError(msg)
    return host.access


def swap_bytes(host: Host) -> int:
    """Give how much swap a host is to have: as declared, else a little where memory is short."""
    return host.swap or (SHORT_MEMORY_SWAP if host.memory < SHORT_MEMORY else 0)


def bans_of(host: Host) -> Bans | None:
    """Give who is banned: as declared, else a default on every hardened host."""
    return host.bans or (DEFAULT_BANS if host.hardened else None)


def home_of(user: str) -> str:
    """Give a user's home directory, as it is where the bootstrap makes the user."""
    return "/root" if user == "root" else f"/home/{user}"


def host_files(graph: StackGraph, host: Host) -> Iterator[HostFile]:
    """Give every file that a bootstrap writes whole, in the order of their writing."""
    access = login_of(host)
    yield HostFile(path=DAEMON, text=daemon_json(graph, host))
    yield HostFile(path=SYSCTL, text=_sysctl())
    if host.hardened:
        yield HostFile(path=UPGRADES, text=_UPGRADES)
    if swap_bytes(host):
        yield HostFile(path=SWAP_UNIT, text=_SWAP_UNIT)
    if (bans := bans_of(host)) is not None:
        yield HostFile(path=JAILS, text=_jails(bans, access))
        yield HostFile(path=NEVER, text=never_text(never_banned(graph, host)))
    if access.user != "root":
        yield HostFile(path=SUDOERS, text=_sudoers(access.user), mode="440")
    if access.authorized_keys:
        text = authorized_keys(access)
        path = f"{home_of(access.user)}/.ssh/authorized_keys"
        yield HostFile(path=path, text=text, mode="600", owner=access.user)
    if text := first_login(access):
        yield HostFile(path=FIRST_LOGIN, text=text, mode="600")
    yield HostFile(path=SSHD, text=_sshd(host, access), mode="600")


# --- Docker --------------------------------------------------------------------------------------


def daemon(graph: StackGraph, host: Host) -> dict[str, Any]:
    """Give the settings of the Docker daemon that are managed; others are left as they are."""
    logs = host.docker.logs or DEFAULT_LOGS
    return {
        "default-address-pools": [
            {"base": pool.base, "size": pool.size} for pool in address_pools(graph, host)
        ],
        "live-restore": True,
        "log-driver": "json-file",
        "log-opts": {"max-file": str(logs.max_files), "max-size": str(logs.max_size)},
        "userland-proxy": False,
    }


def daemon_json(graph: StackGraph, host: Host) -> str:
    """Give ``daemon.json`` of a host that has none."""
    return json.dumps(daemon(graph, host), indent=2) + "\n"


# --- the system ----------------------------------------------------------------------------------


def _sysctl() -> str:
    return _MANAGED + "\n" + "".join(f"{key} = {value}\n" for key, value in SETTINGS.items())


_UPGRADES: Final = """\
// stackgraph writes this file; what is changed here by hand is undone.
// Which origins count as security updates is the distribution's 50unattended-upgrades.
APT::Periodic::Update-Package-Lists "1";
APT::Periodic::Unattended-Upgrade "1";
Unattended-Upgrade::Automatic-Reboot "false";
"""

_SWAP_UNIT: Final = f"""\
{_MANAGED}
[Unit]
Description=Swap that the host's memory is short of

[Swap]
What={SWAP_FILE}

[Install]
WantedBy=swap.target
"""


# --- fail2ban ------------------------------------------------------------------------------------


def never_banned(graph: StackGraph, host: Host) -> tuple[str, ...]:
    """Give the networks that are never banned: the host's own, the mesh's, the owner's."""
    access, bans, mesh = login_of(host), bans_of(host), graph.mesh_of(host.system)
    found = ["127.0.0.0/8", "::1"]
    if mesh is not None and graph.in_mesh(host.id):
        found.append(mesh.cidr)
    if access.jump is not None and _is_address(access.jump.address):
        found.append(access.jump.address)
    found += bans.never if bans is not None else ()
    return tuple(dict.fromkeys(found))


def never_text(networks: tuple[str, ...]) -> str:
    """Give the file of who is never banned; the last line's list may go on."""
    return f"{_MANAGED}\n[DEFAULT]\nignoreip = {' '.join(networks)}\n"


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _jails(bans: Bans, access: HostAccess) -> str:
    chains = ("input", "forward") if bans.chain == "docker-user" else ("input",)
    actions = "\n         ".join(
        f"nftables[type=allports, actname={chain}, table=stackgraph-bans-{chain}, "
        f"chain={chain}, chain_hook={chain}, blocktype=drop]"
        for chain in chains
    )
    statuses = ", ".join(map(str, bans.statuses))
    http = (
        f"# No jail for HTTP answers {statuses}: Caddy's log is its container's, whose file is\n"
        "# another with each container; behind Cloudflare, all callers have its addresses.\n"
        if statuses
        else ""
    )
    forward = (
        "# forward: what goes to containers' published ports never passes input.\n"
        if len(chains) > 1
        else ""
    )
    ports = ",".join(map(str, dict.fromkeys((access.port, *_first_port(access)))))
    return (
        f"{_MANAGED}\n{http}{forward}"
        "[DEFAULT]\n"
        f"bantime = {BAN_SECONDS}\n"
        f"findtime = {round(bans.window.total_seconds())}\n"
        f"maxretry = {bans.failures}\n"
        f"action = {actions}\n"
        "\n"
        "[sshd]\n"
        "enabled = true\n"
        "backend = systemd\n"
        "journalmatch = _SYSTEMD_UNIT=ssh.service + _SYSTEMD_UNIT=sshd.service"
        " + _COMM=sshd + _COMM=sshd-session\n"
        f"port = {ports}\n"
    )


def _first_port(access: HostAccess) -> tuple[int, ...]:
    return (access.first.port,) if access.first is not None else ()


# --- logins --------------------------------------------------------------------------------------


def _sudoers(user: str) -> str:
    return (
        f"{_MANAGED}\n"
        "# Whoever may use Docker is root by way of a container. This says so, and lets a deploy\n"
        "# set up the host with a key and without a password.\n"
        f"{user} ALL=(ALL:ALL) NOPASSWD: ALL\n"
    )


def authorized_keys(access: HostAccess) -> str:
    """Give the file of keys that may log in; empty when the stack states none."""
    for key in access.authorized_keys:
        if "\n" in key.strip():
            msg = "a key of authorized_keys holds a line break; write each key by itself"
            raise ValueError(msg)
    return "".join(f"{key.strip()}\n" for key in access.authorized_keys)


def first_login(access: HostAccess) -> str:
    """Give what keeps the first login open until the new one is proven; empty when it is the same.

    sshd takes the first value of a setting, and every Port, so it stands in a file before ours.
    """
    first = access.first
    if first is None:
        return ""
    port = f"Port {first.port}\n" if first.port != access.port else ""
    root = first.user == "root" and access.user != "root"
    lines = port + ("PermitRootLogin prohibit-password\n" if root else "")
    return f"{_MANAGED}\n# Until the new login is proven.\n{lines}" if lines else ""


def _sshd(host: Host, access: HostAccess) -> str:
    root = "prohibit-password" if access.user == "root" else "no"
    return (
        f"{_MANAGED}\n"
        f"Port {access.port}\n"
        + (f"PermitRootLogin {root}\n" if host.hardened else "")
        + "".join(f"{key} {value}\n" for key, value in _sshd_settings(host).items())
    )


def _sshd_settings(host: Host) -> dict[str, str]:
    hardened = {
        "KbdInteractiveAuthentication": "no",
        "PasswordAuthentication": "no",
        "PubkeyAuthentication": "yes",
        "X11Forwarding": "no",
    }
    # A connection to Docker is a session each, and a deploy makes many at once.
    many = {"MaxSessions": "100", "MaxStartups": "100:30:200"}
    return {**many, **(hardened if host.hardened else {})}


def sshd_settings(host: Host) -> dict[str, str]:
    """Give the settings that sshd must have, but ports and root's login, as ``sshd -T`` does."""
    return {key.lower(): value for key, value in _sshd_settings(host).items()}
