"""Processes and jobs of a host: kept running by systemd or PM2, and checked where they listen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.container import SecretLookup
from components.ssh import SshConnection
from components.step import made_of, step
from graph.model import Host, StackGraph
from render.processes import (
    environment_text,
    environments_script,
    processes_of,
    processes_script,
    remove_script,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessesArgs:
    """``host`` is a node of ``graph``; ``after`` are what must be done before.

    ``machine`` is the resource of the machine, where this program made it.
    """

    graph: StackGraph
    host: Host
    connection: SshConnection
    secret: SecretLookup
    after: Sequence[pulumi.Resource] = ()
    machine: pulumi.Resource | None = None


class Processes(pulumi.ComponentResource):
    """Units and environments of what a host runs itself.

    It deploys no code: that is its owners', and where it is missing the error says so. It installs
    neither Node.js nor PM2. Removed, it stops what it has started; code and data stay.
    """

    last: pulumi.Resource
    """What has started and checked everything."""

    def __init__(
        self, name: str, args: ProcessesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgraph:host:Processes", name, None, opts)
        host = args.host
        environments = self._environments(args)
        written = f"environments of processes on {host.key}"
        # First, so that it goes last.
        kept = step(
            f"{name}-environments",
            written,
            made_of(environments, lambda known: environments_script(host, known)),
            args.connection.shell(written),
            parent=self,
            after=args.after,
            delete=remove_script(host),
            machine=args.machine,
        )
        started = f"processes on {host.key}"
        self.last = step(
            f"{name}-started",
            started,
            processes_script(args.graph, host),
            args.connection.shell(started),
            parent=self,
            after=[*args.after, kept],
            because=[environments[key] for key in sorted(environments)],
            machine=args.machine,
        )
        self.register_outputs({})

    def _environments(self, args: ProcessesArgs) -> Mapping[str, pulumi.Output[str]]:
        found: dict[str, pulumi.Output[str]] = {}
        for process in processes_of(args.graph, args.host):
            spec = process.spec
            secrets = {name: args.secret(secret) for name, secret in spec.secrets.items()}
            values: Mapping[str, pulumi.Input[str]] = {**spec.environment, **secrets}
            outputs = {name: pulumi.Output.from_input(value) for name, value in values.items()}
            found[process.logical_name] = pulumi.Output.from_input(
                made_of(outputs, environment_text)
            )
        return found
