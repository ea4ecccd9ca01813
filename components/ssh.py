"""How a host is reached with SSH: pinned host keys, one connection for many callers."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import pulumi
import pulumi_command as command
from pydantic import SecretStr

from config.stack import FirstLogin, HostAccess, Jump

T = TypeVar("T")

CONTROL_PATH = "~/.ssh/stackgraph-%C"
"""Where OpenSSH keeps the connection that its callers share; %C is a hash of where it leads."""


def docker_url(user: str, address: str, port: int) -> str:
    """Write where a host's Docker answers over SSH, as DOCKER_HOST takes it."""
    return f"ssh://{user}@{f'[{address}]' if ':' in address else address}:{port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SshConnection:
    """A way into a host. Address and host key may be outputs of a machine that is made first.

    Without ``private_key`` and ``identity_file``, the keys of the SSH agent are used. Docker's
    provider runs ``ssh`` itself and can use a file or the agent only.
    """

    address: pulumi.Input[str]
    user: str
    port: int
    host_key: pulumi.Input[str]
    jump: Jump | None = None
    private_key: SecretStr | None = None
    identity_file: str | None = None

    @staticmethod
    def of(access: HostAccess) -> SshConnection:
        """Give the connection that a stack configures for a host."""
        return SshConnection(
            address=access.address,
            user=access.user,
            port=access.port,
            host_key=access.host_key or "",
            jump=access.jump,
            private_key=access.private_key,
            identity_file=access.identity_file,
        )

    def at_first(self, login: FirstLogin) -> SshConnection:
        """Give the way in that the host had before it was set up."""
        return replace(self, user=login.user, port=login.port)

    def command(self) -> command.remote.ConnectionArgs:
        """Give the connection as Pulumi's own SSH client takes it."""
        key = self._private_key()
        jump = self.jump
        return command.remote.ConnectionArgs(
            host=self.address,
            port=self.port,
            user=self.user,
            host_key=self.host_key,
            private_key=key,
            proxy=command.remote.ProxyConnectionArgs(
                host=jump.address,
                port=jump.port,
                user=jump.user,
                host_key=jump.host_key,
                private_key=key,
            )
            if jump
            else None,
        )

    def docker_url(self) -> pulumi.Input[str]:
        """Give the address of the host's Docker, as DOCKER_HOST takes it."""
        return _of(self.address, lambda address: docker_url(self.user, address, self.port))

    def options(self, *, shared: bool) -> list[pulumi.Input[str]]:
        """Give the arguments for ``ssh``; with ``shared``, many callers use one connection.

        The pinned key is answered by a command (OpenSSH 8.5 and later), so no file is written
        and no file of the user's decides; %H is the name ssh looks up, with its port where needed.
        """
        options: list[pulumi.Input[str]] = []
        options += _of_everyone(_of(self.host_key, lambda key: _pinned(key, "%H")))
        if shared:
            # ssh ends with an error where the folder of a shared connection is missing.
            Path.home().joinpath(".ssh").mkdir(mode=0o700, exist_ok=True)
            options += [f"ControlPath={CONTROL_PATH}", "ControlMaster=auto", "ControlPersist=30"]
        else:
            options += ["ControlPath=none"]
        options += _with_key(self.identity_file)
        if self.jump:
            options.append(f"ProxyCommand={_through(self.jump, self.identity_file)}")
        return [part for option in options for part in ("-o", option)]

    def shell(self, what: str) -> pulumi.Output[str]:
        """Give a local shell command that runs a script, on its standard input, as root there.

        Each call is a connection of its own: that it arrives proves that one can.
        """
        remote = 'eval "$(cat)"'
        if self.user != "root":
            remote = f"sudo -n sh -c {shlex.quote(remote)}"
        remote += f" # {what}"

        def line(parts: list[str]) -> str:
            address, *options = parts
            login = f"{self.user}@{address}"
            return shlex.join(["ssh", *options, "-p", str(self.port), login, remote])

        return pulumi.Output.all(self.address, *self.options(shared=False)).apply(line)

    def _private_key(self) -> pulumi.Output[str] | None:
        if self.private_key is not None:
            return pulumi.Output.secret(self.private_key.get_secret_value())
        if self.identity_file is None:
            return None
        file = Path(self.identity_file).expanduser()
        try:
            return pulumi.Output.secret(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError):
            msg = f"identity_file {self.identity_file} cannot be read; correct it, or remove it"
            raise pulumi.RunError(msg) from None


def _of(value: pulumi.Input[str], change: Callable[[str], str]) -> pulumi.Input[str]:
    """Change a value; what is known stays plain text, so that plans show it as it is."""
    if isinstance(value, str):
        return change(value)
    return pulumi.Output.all(value).apply(lambda values: change(str(values[0])))


def _pinned(key: str, token: str) -> str:
    return f"KnownHostsCommand=/bin/echo {token} {' '.join(key.split()[:2])}"


def _of_everyone(pinned: T) -> list[str | T]:
    return [
        "StrictHostKeyChecking=yes",
        "UserKnownHostsFile=/dev/null",
        "GlobalKnownHostsFile=/dev/null",
        pinned,
        "BatchMode=yes",
        "ConnectTimeout=15",
    ]


def _with_key(identity_file: str | None) -> list[str]:
    return [f"IdentityFile={identity_file}", "IdentitiesOnly=yes"] if identity_file else []


def _through(jump: Jump, identity_file: str | None) -> str:
    # Percent signs are for the outer ssh, which reads this first.
    options = [*_of_everyone(_pinned(jump.host_key, "%%H")), *_with_key(identity_file)]
    arguments = [part for option in options for part in ("-o", option)]
    login = f"{jump.user}@{jump.address}"
    return shlex.join(["ssh", *arguments, "-p", str(jump.port), "-W", "[%h]:%p", login])
