"""Test hosts: machines with systemd, a real sshd and, if asked for, a Docker daemon of their own.

Each is a container of this machine's Docker whose first process is systemd. It is no privileged
one, and cannot change this machine: what a host sets for the whole kernel (sysctl outside of
``net``, the clock, swap, modules) it sets in stand-ins of its own, or is not allowed to.

Their images are made once and found again by their contents: ``bare`` is what a provider hands
over, ``cloud`` is what a cloud boots, with cloud-init, and ``ready`` has the packages of the
bootstrap, not set up, so that a test need not install them.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import hashlib
import os
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self, TypeAlias

from rehearsal.lab import Done, Lab, docker
from render.bootstrap import PACKAGES
from scripts import probe

Kind: TypeAlias = Literal["bare", "ready", "cloud"]

CACHE: Final = "sgh-hosts"
SUITE: Final = "bookworm"
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

# CAP_SYS_RESOURCE: a container of a daemon that lacks it cannot have it; the others: see above.
WITHOUT: Final = ("SYS_RESOURCE", "SYS_TIME", "SYS_MODULE")
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


# --- whether it can be done here -----------------------------------------------------------------


@functools.cache
def hosts_problem() -> str | None:
    """Say why no test host can be made here, or None when one can."""
    if (problem := probe.docker_problem()) is not None:
        return problem
    if os.geteuid() != 0:
        return "test hosts need root, for debootstrap"
    for program in ("debootstrap", "ssh", "ssh-keygen"):
        if shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin") is None:
            return f"test hosts need {program}, which is not installed"
    try:
        with HostLab() as lab:
            lab.machine("probe")
    except (RuntimeError, TimeoutError) as error:
        return f"test hosts cannot be made here: {str(error).strip().splitlines()[-1]}"
    return None


# --- images --------------------------------------------------------------------------------------


def image(kind: Kind = "bare") -> str:
    """Make an image, or find it made before, and give its name."""
    bare = f"{CACHE}:bare-{_digest(SUITE, *BARE_PACKAGES, BOOT, SWAPON, SWAPOFF)}"
    packages = MORE_PACKAGES[kind]
    name = f"{CACHE}:{kind}-{_digest(bare, *packages)}" if packages else bare
    with _one_at_a_time():
        if not _known(name):
            _make_bare(bare)
        if packages and not _known(name):
            _make_with(packages, name, bare)
    return name


def _digest(*facts: str) -> str:
    return hashlib.sha256("\0".join(facts).encode()).hexdigest()[:16]


def _known(name: str) -> bool:
    return bool(docker("image", "ls", "--quiet", name))


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    with (Path(tempfile.gettempdir()) / f"{CACHE}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make_bare(name: str) -> None:
    if _known(name):
        return
    with tempfile.TemporaryDirectory(prefix=f"{CACHE}-") as folder:
        root = Path(folder) / "root"
        _run("debootstrap", "--variant=minbase", _including(BARE_PACKAGES), SUITE, str(root))
        _as_apt_is_here(root)
        for path, text in (
            ("usr/local/sbin/boot", BOOT),
            ("usr/sbin/swapon", SWAPON),
            ("usr/sbin/swapoff", SWAPOFF),
        ):
            file = root / path
            file.unlink(missing_ok=True)
            file.write_text(text)
            file.chmod(0o755)
        for key in (root / "etc/ssh").glob("ssh_host_*"):
            key.unlink()  # each host has its own
        (root / "root/.ssh").mkdir(mode=0o700, exist_ok=True)
        _pipe(["tar", "-C", str(root), "-c", "."], ["docker", "import", "-", name])


def _pipe(first: list[str], second: list[str]) -> None:
    with subprocess.Popen(first, stdout=subprocess.PIPE) as giving:
        subprocess.run(second, stdin=giving.stdout, stdout=subprocess.DEVNULL, check=True)
    if giving.returncode:
        msg = f"{' '.join(first)} failed"
        raise RuntimeError(msg)


def _including(packages: tuple[str, ...]) -> str:
    return f"--include={','.join(packages)}"


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
rm /usr/sbin/policy-rc.d
"""


def _make_with(packages: tuple[str, ...], name: str, bare: str) -> None:
    with Lab() as lab:
        command = ("sh", "-c", INSTALL, "install", *packages)
        made = lab.create("install", bare, "--network=bridge", command=command)
        _run("docker", "start", "--attach", made)
        docker("commit", made, name)


def _run(*command: str) -> None:
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        last = [line for line in done.stdout.splitlines() if line.strip()][-3:]
        msg = f"{command[0]} failed: {' / '.join(last)}"
        raise RuntimeError(msg)


# --- hosts ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Key:
    """A key pair of ssh: the private one is a file."""

    file: Path

    @classmethod
    def make(cls, file: Path) -> Key:
        """Make a new pair."""
        options = ("-q", "-t", "ed25519", "-N", "", "-C", file.name)
        subprocess.run(["ssh-keygen", *options, "-f", file], check=True)
        return cls(file)

    @property
    def public(self) -> str:
        """The public key: type and key, without its comment."""
        return " ".join(self.file.with_suffix(".pub").read_text().split()[:2])

    @property
    def private(self) -> str:
        """The private key's text."""
        return self.file.read_text()


@dataclass(frozen=True, slots=True)
class Client:
    """A small machine that may ask hosts from outside, with an address of its own."""

    container: str
    address: str

    def run(self, *command: str, data: str | None = None) -> Done:
        """Run a command on it."""
        return _inside(self.container, *command, data=data)

    def reaches(self, address: str, port: int, protocol: str = "tcp", seconds: int = 2) -> bool:
        """Whether a TCP connection comes about, or something answers over UDP."""
        asked = (address, str(port), protocol, str(seconds))
        return self.run("perl", "-e", _ASK, *asked).stdout == "y"


_ASK: Final = r"""
use IO::Socket::INET; use IO::Select;
my ($address, $port, $protocol, $seconds) = @ARGV;
my $socket = IO::Socket::INET->new(PeerAddr => $address, PeerPort => $port, Proto => $protocol,
  Timeout => $seconds) or exit;
if ($protocol eq 'udp') {
  $socket->send('x');
  IO::Select->new($socket)->can_read($seconds) or exit;
  defined $socket->recv(my $answer, 100) or exit;
}
print 'y';
"""


@dataclass(frozen=True, slots=True)
class Machine:
    """A test host: where its sshd is, its pinned public host key, the key that root accepts.

    ``addresses`` are its addresses by network, in order; ``address`` is the first one.
    """

    container: str
    addresses: dict[str, str]
    key: Key
    host: Key
    folder: Path

    @property
    def address(self) -> str:
        """Its address in the first network."""
        return next(iter(self.addresses.values()))

    @property
    def host_key(self) -> str:
        """Its public host key, as known_hosts has it behind the address."""
        return self.host.public

    def ssh(
        self,
        *,
        user: str = "root",
        port: int = 22,
        key: Key | None = None,
        host_key: str | None = None,
        seconds: int = 10,
    ) -> list[str]:
        """Give the ssh command line up to the remote command; only the pinned key is accepted."""
        known = self.folder / f"known_hosts-{_digest(host_key or self.host_key)}"
        known.write_text(f"host {host_key or self.host_key}\n")
        options = {
            "UserKnownHostsFile": known,
            "GlobalKnownHostsFile": "/dev/null",
            "StrictHostKeyChecking": "yes",
            "HostKeyAlias": "host",
            "HostKeyAlgorithms": "ssh-ed25519",
            "IdentitiesOnly": "yes",
            "BatchMode": "yes",
            "ConnectTimeout": seconds,
            "LogLevel": "ERROR",
        }
        given = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        login = ["-i", str((key or self.key).file), "-p", str(port), f"{user}@{self.address}"]
        return ["ssh", "-F", "none", *given, *login]

    def run(
        self,
        script: str,
        *,
        user: str = "root",
        port: int = 22,
        key: Key | None = None,
        host_key: str | None = None,
        command: str = "sh -c 'eval \"$(cat)\"'",
        timeout: int = 600,
    ) -> Done:
        """Run a script on it over SSH, as a deploy does: all of it on standard input."""
        return subprocess.run(
            [*self.ssh(user=user, port=port, key=key, host_key=host_key), command],
            input=script,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )

    def inside(self, *command: str, data: str | None = None) -> str:
        """Run a command on it without SSH, for looking and for breaking things; its output."""
        done = _inside(self.container, *command, data=data)
        if done.returncode:
            msg = f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}"
            raise RuntimeError(msg)
        return done.stdout.strip()

    def write(self, path: str, text: str, mode: str = "644") -> None:
        """Write a file on it."""
        self.inside("sh", "-c", 'cat >"$1" && chmod "$2" "$1"', "write", path, mode, data=text)

    def read(self, path: str) -> str:
        """Give a file of it."""
        return _inside(self.container, "cat", path).stdout

    def load_image(self, name: str) -> None:
        """Copy an image of this machine's Docker to its own Docker."""
        loading = ["docker", "exec", "-i", self.container, "docker", "load", "-q"]
        _pipe(["docker", "save", name], loading)

    def restart(self) -> None:
        """Shut down and boot again; its files stay, /run and /tmp are empty."""
        docker("restart", "-t", "30", self.container)
        self.wait()

    def wait(self) -> None:
        """Wait until it has booted."""
        wait_until_booted(self.container)


def wait_until_booted(container: str, seconds: float = 60) -> None:
    """Wait until a host has booted; a `TimeoutError` when it has not by then."""
    end = time.monotonic() + seconds
    state, starts = "", 0
    while time.monotonic() < end:
        done = _inside(container, "systemctl", "is-system-running")
        state = done.stdout.strip() or done.stderr.strip()
        # On a busy machine systemd was seen to give up at once, as a real one may be reset.
        if state.endswith("is not running") and starts < 2:
            starts += 1
            docker("start", container)
        # degraded: some unit failed; whether that matters, tests tell
        if state in {"running", "degraded"}:
            return
        time.sleep(0.2)
    msg = f"{container[:12]} has not booted within {seconds:g} s: {state}"
    raise TimeoutError(msg)


def _inside(container: str, *command: str, data: str | None = None) -> Done:
    return subprocess.run(
        ["docker", "exec", *(["-i"] if data is not None else []), container, *command],
        input=data,
        capture_output=True,
        text=True,
        check=False,
    )


@dataclass
class HostLab(Lab):
    """Hosts, clients and the networks between them, removed at the end."""

    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix=f"{CACHE}-")))
    _outside: dict[str, str] = field(default_factory=dict)
    _last: dict[str, int] = field(default_factory=dict)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        super().__exit__(kind, error, trace)
        shutil.rmtree(self.folder)

    def outside(self, of: str = "outside") -> str:
        """Make a network, once, that stands for a part of the world, and give its name.

        Its addresses are of 198.18.0.0/15, kept for such tests and private nowhere. Docker lets
        no packet from one network to another: who asks a host stands in one of the host's.
        """
        if of in self._outside:
            return self.name(of)
        for _ in range(20):
            prefix = f"198.{random.choice((18, 19))}.{random.randrange(256)}"
            try:
                name = self.network(of, f"--subnet={prefix}.0/24")
            except RuntimeError as error:
                if "overlap" not in str(error):
                    raise
                continue
            self._outside[of] = prefix
            return name
        msg = "198.18.0.0/15 has no free network here"
        raise RuntimeError(msg)

    def subnet(self, of: str = "outside") -> str:
        """The subnet of a network that was made."""
        return f"{self._outside[of]}.0/24"

    def machine(
        self, of: str = "host", kind: Kind = "bare", *, networks: tuple[str, ...] = ("outside",)
    ) -> Machine:
        """Boot a host in these networks; the login key of root is its own. Takes about 4 s."""
        key = Key.make(self.folder / f"{of}-login")
        host = Key.make(self.folder / f"{of}-host")
        made, addresses = self._create(
            of,
            image(kind),
            networks,
            *BOOTABLE,
            command=("/bin/sh", "/usr/local/sbin/boot"),
        )
        files = Path(tempfile.mkdtemp(dir=self.folder))
        for path, text, mode in (
            ("etc/ssh/ssh_host_ed25519_key", host.private, 0o600),
            ("etc/ssh/ssh_host_ed25519_key.pub", host.public + "\n", 0o644),
            ("root/.ssh/authorized_keys", key.public + "\n", 0o600),
        ):
            file = files / path
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
            file.write_text(text)
            file.chmod(mode)
            docker("cp", str(file), f"{made}:/{path}")
        docker("start", made)
        machine = Machine(made, addresses, key, host, self.folder)
        machine.wait()
        return machine

    def client(self, of: str = "client", network: str = "outside") -> Client:
        """Start a client in a network."""
        made, addresses = self._create(of, image(), (network,), command=("sleep", "infinity"))
        docker("start", made)
        return Client(made, addresses[network])

    def _create(
        self,
        of: str,
        image: str,
        networks: tuple[str, ...],
        *options: str,
        command: tuple[str, ...],
    ) -> tuple[str, dict[str, str]]:
        addresses = {each: self._address(each) for each in networks}
        first, *others = networks
        there = (f"--network={self.name(first)}", f"--ip={addresses[first]}", f"--hostname={of}")
        made = self.create(of, image, *there, *options, command=command)
        for each in others:
            docker("network", "connect", f"--ip={addresses[each]}", self.name(each), made)
        return made, addresses

    def _address(self, network: str) -> str:
        self.outside(network)
        self._last[network] = self._last.get(network, 9) + 1
        return f"{self._outside[network]}.{self._last[network]}"


BOOTABLE: Final = (
    "--stop-signal=SIGRTMIN+3",
    "--cap-add=ALL",
    *(f"--cap-drop={each}" for each in WITHOUT),
    "--security-opt=seccomp=unconfined",
    "--security-opt=apparmor=unconfined",
    "--tmpfs=/run:exec",
    "--tmpfs=/run/lock",
    "--tmpfs=/tmp:exec",
    "--env=container=docker",
    # with cgroups of version 1 and 2 alike: systemd makes its groups below the container's own
    "--cgroupns=host",
    "--volume=/sys/fs/cgroup:/sys/fs/cgroup:rw",
    # not on the container's own overlay, on which none can be
    "--volume=/var/lib/docker",
)


@contextlib.contextmanager
def machine(kind: Kind = "ready") -> Iterator[Machine]:
    """Boot one host for as long as the block lasts."""
    with HostLab() as lab:
        yield lab.machine("host", kind)
