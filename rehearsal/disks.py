"""What test hosts boot from: images of Debian 12, made once and found again by their contents.

``bare`` is what a provider hands over, ``cloud`` is what a cloud boots, with cloud-init, and
``ready`` has the packages of the bootstrap, not set up, so that a test need not install them.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Literal, TypeAlias

from rehearsal.images import known_image
from rehearsal.lab import Lab, copy_files, docker
from render.bootstrap import PACKAGES

Kind: TypeAlias = Literal["bare", "ready", "cloud"]

CACHE: Final = "sgh-hosts"
SUITE: Final = "bookworm"
PULLED: Final = "debian:bookworm-slim"
BARE_PACKAGES: Final = (
    "systemd-sysv",
    "dbus",
    "openssh-server",
    "sudo",
    "iproute2",
    "iptables",
    "nftables",
    "ca-certificates",
    "procps",
)
"""What a provider's image has, besides what every Debian has. No Python."""
MORE_PACKAGES: Final[Mapping[Kind, tuple[str, ...]]] = {
    "bare": (),
    "cloud": ("cloud-init",),
    "ready": PACKAGES,
}
"""What the images have more than that."""

STAND_INS: Final = (
    "vm/swappiness",
    "vm/overcommit_memory",
    "vm/max_map_count",
    "kernel/panic",
    "kernel/panic_on_oops",
    "fs/file-max",
    "fs/inotify/max_user_instances",
    "fs/inotify/max_user_watches",
)
"""Settings of the kernel that a host may write: files in their place, as they were at each boot."""

BOOT: Final = f"""#!/bin/sh
# before systemd: settings of this one kernel stay as they are, all but those of our own network
mount -o remount,rw,bind /proc/sys 2>/dev/null
mkdir -p /run/stand-ins
for each in vm kernel fs; do
  mount --bind /proc/sys/$each /proc/sys/$each && mount -o remount,ro,bind /proc/sys/$each
done
for each in {" ".join(STAND_INS)}; do
  [ -e /proc/sys/$each ] || continue
  file=/run/stand-ins/$(echo $each | tr / .)
  cat /proc/sys/$each >"$file"
  mount --bind "$file" /proc/sys/$each
done
exec /lib/systemd/systemd
"""
SWAPON: Final = """#!/bin/sh
# a stand-in: swap is this machine's, not the host's; as swapon(8), for what is asked of it here
list=/run/stand-ins/swaps
mkdir -p /run/stand-ins && touch "$list"
case $1 in
--*) cat "$list" ;;
*) grep -q "^$1 " "$list" || echo "$1 $(($(stat -c %s "$1") - 4096))" >>"$list" ;;
esac
"""
SWAPOFF: Final = """#!/bin/sh
sed -i "\\|^$1 |d" /run/stand-ins/swaps
"""


def image(kind: Kind = "bare") -> str:
    """Make an image, or find it made before, and give its name."""
    bare = f"{CACHE}:bare-{_digest(SUITE, *BARE_PACKAGES, BOOT, SWAPON, SWAPOFF)}"
    packages = MORE_PACKAGES[kind]
    name = f"{CACHE}:{kind}-{_digest(bare, *packages)}" if packages else bare
    with _one_at_a_time():
        if not known_image(name):
            _make_bare(bare)
        if packages and not known_image(name):
            _make_with(packages, name, bare)
    return name


def _digest(*facts: str) -> str:
    return hashlib.sha256("\0".join(facts).encode()).hexdigest()[:16]


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    with (Path(tempfile.gettempdir()) / f"{CACHE}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make_bare(name: str) -> None:
    if known_image(name):
        return
    files = {
        "/usr/local/sbin/boot": (BOOT, 0o755),
        "/usr/sbin/swapon": (SWAPON, 0o755),
        "/usr/sbin/swapoff": (SWAPOFF, 0o755),
    }
    _make_with(BARE_PACKAGES, name, _smallest(), files)


def _smallest() -> str:
    """Give a Debian with hardly anything: made by debootstrap, which needs root, or pulled."""
    path = f"{os.environ['PATH']}:/usr/sbin"
    debootstrap = shutil.which("debootstrap", path=path)
    if debootstrap is None or os.geteuid() != 0:
        if not known_image(PULLED):
            _run("docker", "pull", "--quiet", PULLED)
        return PULLED
    name = f"{CACHE}:smallest"
    with tempfile.TemporaryDirectory(prefix=f"{CACHE}-") as folder:
        root = Path(folder) / "root"
        _run(debootstrap, "--variant=minbase", SUITE, str(root))
        _as_apt_is_here(root)
        pipe(["tar", "-C", str(root), "-c", "."], ["docker", "import", "-", name])
    return name


def pipe(first: list[str], second: list[str]) -> None:
    """Give what one program prints to another; both must succeed."""
    with subprocess.Popen(first, stdout=subprocess.PIPE) as giving:
        subprocess.run(second, stdin=giving.stdout, stdout=subprocess.DEVNULL, check=True)
    if giving.returncode:
        msg = f"{' '.join(first)} failed"
        raise RuntimeError(msg)


def _as_apt_is_here(root: Path) -> None:
    """Let apt reach a mirror as this machine's does: by way of a proxy, with an old clock."""
    for file in sorted(Path("/etc/apt/apt.conf.d").iterdir()):
        if file.read_text(errors="replace").startswith("Acquire::"):
            shutil.copy(file, root / "etc/apt/apt.conf.d")


INSTALL: Final = """set -e
printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
apt-get install -q -y --no-install-recommends "$@"
apt-get clean
rm -f /usr/sbin/policy-rc.d /etc/ssh/ssh_host_* # each host has its own
mkdir -p -m 700 /root/.ssh
"""


def _make_with(
    packages: tuple[str, ...],
    name: str,
    base: str,
    files: Mapping[str, tuple[str, int]] | None = None,
) -> None:
    with Lab() as lab:
        command = ("sh", "-c", INSTALL, "install", *packages)
        made = lab.create("install", base, "--network=bridge", command=command)
        _run("docker", "start", "--attach", made)
        copy_files(made, files or {})
        docker("commit", made, name)


def _run(*command: str) -> None:
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        last = [line for line in done.stdout.splitlines() if line.strip()][-3:]
        msg = f"{command[0]} failed: {' / '.join(last)}"
        raise RuntimeError(msg)
