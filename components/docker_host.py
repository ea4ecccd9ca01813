"""A host's Docker: how the providers reach it, and how commands run beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_command as command
import pulumi_docker as docker

from config.stack import HostAccess
from graph.model import Host


@dataclass(frozen=True, slots=True, kw_only=True)
class DockerHostArgs:
    """``host`` is the node; ``docker_host`` the daemon's address where it is this machine."""

    host: Host
    docker_host: str


class DockerHost(pulumi.ComponentResource):
    """Docker on a host: this machine's own, or another's over SSH with a pinned host key.

    It neither creates nor changes the machine, and never reads the ambient Docker context.
    """

    address: pulumi.Output[str]
    """The daemon's address, as the Docker CLI takes it in DOCKER_HOST."""

    def __init__(
        self, name: str, args: DockerHostArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgraph:docker:Host", name, None, opts)
        access = args.host.access
        self._connection = _connection(access) if access else None
        self._local_address = args.docker_host
        url = f"ssh://{access.user}@{access.address}:{access.port}" if access else args.docker_host
        self.provider = docker.Provider(
            name,
            host=url,
            ssh_opts=_ssh_options(access) if access else None,
            # A preview needs no Docker: that it is down shows when something is to be done.
            disable_docker_daemon_check=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.address = pulumi.Output.from_input(url)
        self.register_outputs({"address": self.address})

    def run(
        self,
        name: str,
        what: str,
        script: pulumi.Input[str],
        *,
        delete: pulumi.Input[str] | None = None,
        triggers: Sequence[pulumi.Input[str]] = (),
        opts: pulumi.ResourceOptions,
    ) -> pulumi.CustomResource:
        """Declare a POSIX shell script that runs where the Docker CLI reaches this daemon.

        It runs again whenever it changes, so it must be idempotent. It goes in by standard
        input: a failed command is shown whole, and ``what`` says more to people than its text;
        and secrets in it are in no argument list.
        """
        # Not `sh -s`: commands in the script would read the script's own rest.
        create = f'eval "$(cat)" # {what}'
        given = list(triggers) or None
        if self._connection is None:
            return command.local.Command(
                name,
                create=create,
                delete=delete,
                stdin=script,
                triggers=given,
                environment={"DOCKER_HOST": self._local_address},
                interpreter=["/bin/sh", "-c"],
                add_previous_output_in_env=False,
                opts=opts,
            )
        return command.remote.Command(
            name,
            connection=self._connection,
            create=create,
            delete=delete,
            stdin=script,
            triggers=given,
            add_previous_output_in_env=False,
            opts=opts,
        )


def _connection(access: HostAccess) -> command.remote.ConnectionArgs:
    key = access.private_key
    return command.remote.ConnectionArgs(
        host=access.address,
        port=access.port,
        user=access.user,
        host_key=access.host_key,
        private_key=pulumi.Output.secret(key.get_secret_value()) if key else None,
    )


def _ssh_options(access: HostAccess) -> list[str]:
    # The pinned key is answered by a command (OpenSSH 8.5 and later), so no file is written and
    # no file of the user's decides; %H is the name ssh looks up, with its port where needed.
    key = " ".join((access.host_key or "").split()[:2])
    options = [
        "StrictHostKeyChecking=yes",
        "UserKnownHostsFile=/dev/null",
        "GlobalKnownHostsFile=/dev/null",
        f"KnownHostsCommand=/bin/echo %H {key}",
        "BatchMode=yes",
        "ConnectTimeout=15",
    ]
    return [part for option in options for part in ("-o", option)]
