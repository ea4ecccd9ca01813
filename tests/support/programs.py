"""Programs that Debian 12 does not have, for test hosts: pebble and PM2; each, or why not."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from rehearsal.hosts import Machine
from scripts import probe
from tests.support.npm import folder_of, install

TOOLS = probe.ROOT / ".tools"
PM2 = Path(__file__).parent / "pm2"
"""Which one: its package-lock.json."""


def pebble() -> Path:
    """Find pebble, an ACME server for tests, on PATH or in ``.tools/bin``; skip without."""
    found = shutil.which("pebble") or shutil.which("pebble", path=str(TOOLS / "bin"))
    if found is None:
        pytest.skip("no pebble on PATH or in .tools/bin, to give certificates")
    return Path(found)


def install_pm2(machine: Machine) -> None:
    """Bring Node.js and PM2 to a host, as its owners would; skip where they cannot be had."""
    if (problem := install(PM2, "pm2")) is not None:
        pytest.skip(problem)
    machine.inside(
        *("sh", "-c"),
        "apt-get update -q && apt-get install -q -y --no-install-recommends nodejs && "
        "mkdir -p /usr/local/lib/node_modules && ln -s ../lib/node_modules/pm2/bin/pm2 "
        "/usr/local/bin/pm2",
    )
    modules = folder_of(PM2, "pm2") / "node_modules"
    copied = f"{machine.container}:/usr/local/lib/node_modules"
    subprocess.run(["docker", "cp", "-q", f"{modules}/.", copied], check=True)


def start_pebble(machine: Machine, *names: str) -> None:
    """Run pebble on a host, which finds these names at the host itself."""
    program = pebble()
    machine.inside("mkdir", "-p", "/opt/pebble")
    copied = f"{machine.container}:/opt/pebble/pebble"
    subprocess.run(["docker", "cp", "-q", str(program), copied], check=True)
    machine.write("/opt/pebble/config.json", _CONFIG)
    machine.inside("sh", "-c", _START, "start", *names)


_CONFIG = """\
{"pebble": {"listenAddress": "127.0.0.1:14000", "managementListenAddress": "127.0.0.1:15000",
 "certificate": "/opt/pebble/cert.pem", "privateKey": "/opt/pebble/key.pem",
 "httpPort": 80, "tlsPort": 443, "ocspResponderURL": "", "externalAccountBindingRequired": false}}
"""
_START = """\
cd /opt/pebble && for each; do echo "127.0.0.1 $each"; done >>/etc/hosts
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \\
  -addext subjectAltName=DNS:localhost -keyout key.pem -out cert.pem 2>/dev/null
cp cert.pem /usr/local/share/ca-certificates/pebble.crt && update-ca-certificates >/dev/null 2>&1
systemd-run --quiet --unit=pebble --working-directory=/opt/pebble \\
  --setenv=PEBBLE_VA_NOSLEEP=1 --setenv=PEBBLE_WFE_NONCEREJECT=0 \\
  /opt/pebble/pebble -config config.json
"""
