"""The scripts that make a bare host a ready Docker host, look at it, and close its first login.

Each is POSIX shell for root, on standard input of ``sh -c 'eval "$(cat)"'`` or as a file, and may
run any number of times. It prints a line ``changed: …`` for each thing that it changed and
``ready: N changes`` at last; or says in one line on standard error why it stopped.

Not here: the firewall (render/firewall.py), the mesh, and jails for what the ingress answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from graph.model import Host, StackGraph
from render.bootstrap import files, steps
from render.bootstrap.files import (
    HostFile,
    bans_of,
    daemon,
    host_files,
    login_of,
    never_banned,
    swap_bytes,
)
from render.bootstrap.pools import address_pools
from render.shell import assign, each

__all__ = [
    "PACKAGES",
    "HostFile",
    "address_pools",
    "bootstrap_files",
    "bootstrap_script",
    "close_first_login_script",
    "host_files",
    "verify_script",
]

PACKAGES: Final = (
    "docker.io",
    "fail2ban",
    "nftables",
    "openssh-server",
    "procps",
    "python3",
    "python3-systemd",
    "sudo",
    "systemd-timesyncd",
    "unattended-upgrades",
)
"""Everything that a bootstrap may install, for images that have it beforehand."""

PATIENCE_SECONDS: Final = 600
"""How long locks of apt, cloud-init and another bootstrap are waited for."""


def bootstrap_files(graph: StackGraph, host: Host) -> dict[str, str]:
    """Give every file that a bootstrap puts on a host, by absolute path.

    On a host that has a ``daemon.json`` ours is merged into it; the addresses that are never
    banned are joined by the one that the first bootstrap came from.
    """
    return {file.path: file.text for file in host_files(graph, host)}


def bootstrap_script(graph: StackGraph, host: Host) -> str:
    """Give the script that sets a host up and fails unless all is as it should be."""
    bans, swap, hardened = bans_of(host) is not None, swap_bytes(host) > 0, host.hardened
    run = {
        "preflight": True,
        # before the packages, so that what they start has its settings at once
        "daemon_before": True,
        'put "$UPGRADES" 644 root "$UPGRADES_TEXT"': hardened,
        "jails": bans,
        "packages": True,
        'running "$(clock)"': True,
        'put "$SYSCTL" 644 root "$SYSCTL_TEXT"': True,
        "each_setting setting": True,
        "swap": swap,
        "running apt-daily.timer": hardened,
        "running apt-daily-upgrade.timer": hardened,
        "daemon": True,
        "login": True,
        "bans": bans,
        # last: what locks doors comes after the look at who still has a key
        "secure_sshd": True,
        "verified": True,
    }
    parts = {
        steps.CHANGE: True,
        steps.CHANGE_SWAP: swap,
        steps.CHANGE_DOCKER: True,
        steps.CHANGE_LOGIN: True,
        steps.CHANGE_BANS: bans,
        steps.APPLY_SSHD: True,
        steps.CHANGE_SSHD: True,
    }
    code = [*_looks(host), *_wanted(parts), _VERIFIED]
    return _script(graph, host, code, [*_wanted(run), _READY])


def verify_script(graph: StackGraph, host: Host) -> str:
    """Give the script that only looks: a line for each thing that is wrong, and 1 if any is."""
    return _script(graph, host, _looks(host), [_LOOK])


def close_first_login_script(graph: StackGraph, host: Host) -> str:
    """Give the script that ends the first login, run by way of the new one, which proves it.

    It refuses when it sees that it came by the first one. Nothing to do is fine.
    """
    parts = [steps.LOOK, steps.LOOK_AT_LOGIN, steps.APPLY_SSHD, steps.CLOSE]
    run = ["as_root", "close_first_login", 'verify_sshd >"$tmp/wrong"', _ALL_WELL, _READY]
    return _script(graph, host, parts, run)


def _wanted(parts: dict[str, bool]) -> list[str]:
    return [part for part, wanted in parts.items() if wanted]


def _looks(host: Host) -> list[str]:
    """Give the shell that looks at everything that is set, as one function ``verify``."""
    bans = bans_of(host) is not None
    parts = {
        steps.LOOK: True,
        steps.LOOK_AT_SYSTEM: True,
        steps.LOOK_AT_UPGRADES: host.hardened,
        steps.LOOK_AT_DOCKER: True,
        steps.LOOK_AT_LOGIN: True,
        steps.LOOK_AT_BANS: bans,
    }
    calls = {
        "verify_system": True,
        "verify_upgrades": host.hardened,
        "verify_docker": True,
        "verify_login": True,
        "verify_sshd": True,
        "verify_bans": bans,
    }
    lines = "".join(f"  {call}\n" for call in _wanted(calls))
    return [*_wanted(parts), f"\nverify() {{\n{lines}}}\n"]


_ALL_WELL: Final = (
    '[ ! -s "$tmp/wrong" ] || fail '
    "\"not as it should be: $(sed '$!s/$/;/' \"$tmp/wrong\" | tr '\\n' ' ' | sed 's/ $//')\""
)
_VERIFIED: Final = f"""
verified() {{
  verify >"$tmp/wrong"
  {_ALL_WELL}
}}
"""
_LOOK: Final = """\
as_root
verify >"$tmp/wrong"
cat "$tmp/wrong"
[ ! -s "$tmp/wrong" ]"""
_READY: Final = "printf 'ready: %s changes\\n' \"$changes\""


def _script(graph: StackGraph, host: Host, parts: Iterable[str], run: Iterable[str]) -> str:
    """Put a script together: what it needs of the settings, the parts, and what is run."""
    code = "".join([steps.BASE, *parts, "\n", _tables(host)])
    calls = "".join(f"{step}\n" for step in run)
    used = set(re.findall(r"\$\{?([A-Z_]+)", code + calls))
    settings = {name: value for name, value in _settings(graph, host).items() if name in used}
    return f"{code}{assign(settings)}{calls}"


def _settings(graph: StackGraph, host: Host) -> dict[str, Any]:
    access, bans = login_of(host), bans_of(host)
    texts = bootstrap_files(graph, host)
    docker = daemon(graph, host)
    pools = "".join(f"{pool['base']} {pool['size']} " for pool in docker["default-address-pools"])
    root = "prohibit-password" if access.user == "root" else "no"
    return {
        "HOST": host.key,
        "ARCH": host.platform.removeprefix("linux/"),
        "PATIENCE": PATIENCE_SECONDS,
        "PACKAGES": " ".join(_packages(host)),
        "STATE": files.STATE,
        "DAEMON": files.DAEMON,
        "DAEMON_TEXT": texts[files.DAEMON],
        "MERGE": steps.MERGE,
        "LOADED": f"{pools}{docker['log-driver']} true",
        "SYSCTL": files.SYSCTL,
        "SYSCTL_TEXT": texts[files.SYSCTL],
        "UPGRADES": files.UPGRADES,
        "UPGRADES_TEXT": texts.get(files.UPGRADES, ""),
        "SWAP": swap_bytes(host),
        "SWAP_FILE": files.SWAP_FILE,
        "SWAP_UNIT": files.SWAP_UNIT,
        "SWAP_UNIT_TEXT": texts.get(files.SWAP_UNIT, ""),
        "LOGIN": access.user,
        "SUDOERS": files.SUDOERS,
        "SUDOERS_TEXT": texts.get(files.SUDOERS, ""),
        "KEYS": files.authorized_keys(access),
        "PORT": access.port,
        "SSHD": files.SSHD,
        "SSHD_TEXT": texts[files.SSHD],
        "FIRST_LOGIN": files.FIRST_LOGIN,
        "FIRST_LOGIN_TEXT": texts.get(files.FIRST_LOGIN, ""),
        "ROOT_LOGIN": root if host.hardened else "",
        "JAILS": files.JAILS,
        "JAILS_TEXT": texts.get(files.JAILS, ""),
        "NEVER": files.NEVER,
        "NEVER_TEXT": texts.get(files.NEVER, ""),
        "NEVER_BANNED": " ".join(never_banned(graph, host)),
        "BAN_FAILURES": bans.failures if bans else "",
        "BAN_WINDOW": round(bans.window.total_seconds()) if bans else "",
    }


def _packages(host: Host) -> list[str]:
    """Give the packages that every such host has; Docker and the clock are looked for first."""
    without = {"docker.io", "systemd-timesyncd"}
    if bans_of(host) is None:
        without |= {"fail2ban", "python3-systemd"}
    if not host.hardened:
        without.add("unattended-upgrades")
    return [package for package in PACKAGES if package not in without]


def _tables(host: Host) -> str:
    return each("each_setting", files.SETTINGS.items()) + each(
        "each_sshd", files.sshd_settings(host).items()
    )
