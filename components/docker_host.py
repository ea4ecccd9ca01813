"""A host's Docker: how the providers reach it, and how commands run beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_command as command
import pulumi_docker as docker

from components.ssh import SshConnection


@dataclass(frozen=True, slots=True, kw_only=True)
class DockerHostArgs:
    """How Docker is reached: over SSH, or else at ``docker_host``, the address of a daemon here.

    ``after`` is what must be done before anything is asked of it.
    """

    docker_host: str
    connection: SshConnection | None = None
    after: pulumi.Resource | None = None
    machine: pulumi.Resource | None = None


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
        over_ssh = args.connection
        self._connection = over_ssh.command() if over_ssh else None
        self._local_address = args.docker_host
        self.machine = args.machine
        url = over_ssh.docker_url() if over_ssh else args.docker_host
        self.provider = docker.Provider(
            name,
            host=url,
            ssh_opts=over_ssh.options(shared=True) if over_ssh else None,
            # A preview needs no Docker: that it is down shows when something is to be done.
            disable_docker_daemon_check=True,
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[args.after] if args.after else None,
                # Another machine has the same address, and no connection to this one.
                replace_with=[args.machine] if args.machine else None,
            ),
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
