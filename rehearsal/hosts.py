"""Test hosts: machines with systemd, a real sshd and, if asked for, a Docker daemon of their own.

Each is a container of this machine's Docker whose first process is systemd. It is no privileged
one, and cannot change this machine: what a host sets for the whole kernel (sysctl outside of
``net``, the clock, swap, modules) it sets in stand-ins of its own, or is not allowed to.

What they boot from: `rehearsal.disks`.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from rehearsal.disks import CACHE, Kind, image, pipe
from rehearsal.lab import Done, Lab, docker
from scripts import probe

# CAP_SYS_RESOURCE: a container of a daemon that lacks it cannot have it; the others: see above.
WITHOUT: Final = ("SYS_RESOURCE", "SYS_TIME", "SYS_MODULE")


# --- whether it can be done here -----------------------------------------------------------------


@functools.cache
def hosts_problem() -> str | None:
    """Say why no test host can be made here, or None when one can."""
    if (problem := probe.docker_problem()) is not None:
        return problem
    for program in ("ssh", "ssh-keygen"):
        if shutil.which(program) is None:
            return f"test hosts need {program}, which is not installed"
    try:
        with HostLab() as lab:
            lab.machine("probe")
    except (RuntimeError, TimeoutError) as error:
        return f"test hosts cannot be made here: {str(error).strip().splitlines()[-1]}"
    return None


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
        known = (
            self.folder
            / f"known_hosts-{hashlib.sha256((host_key or self.host_key).encode()).hexdigest()[:16]}"
        )
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
        pipe(["docker", "save", name], loading)

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
