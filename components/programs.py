"""What a host runs itself, in the order that it is needed: processes, then nginx before them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi

from components.container import SecretLookup
from components.nginx import NginxIngress, NginxIngressArgs
from components.processes import Processes, ProcessesArgs
from components.ssh import SshConnection
from graph.model import Host, StackGraph
from render.processes import jobs_of, processes_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramsArgs:
    """As of `ProcessesArgs` and `NginxIngressArgs`."""

    graph: StackGraph
    host: Host
    connection: SshConnection
    secret: SecretLookup
    after: Sequence[pulumi.Resource] = ()
    machine: pulumi.Resource | None = None
    origin_pulls: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


def programs(args: ProgramsArgs, opts: pulumi.ResourceOptions) -> list[pulumi.Resource]:
    """Declare a host's processes and its nginx, where it has any; give what must be done by then.

    A process waits for the services of its host, which it may call; nginx waits for both.
    """
    graph, host = args.graph, args.host
    done = list(args.after)
    if processes_of(graph, host) or jobs_of(graph, host):
        processes = Processes(
            f"{host.logical_name}-processes",
            ProcessesArgs(
                graph=graph,
                host=host,
                connection=args.connection,
                secret=args.secret,
                after=done,
                machine=args.machine,
            ),
            opts,
        )
        done.append(processes.last)
    ingress = graph.ingress_of(host.id)
    if ingress is not None and ingress.kind == "nginx":
        nginx = NginxIngress(
            ingress.logical_name,
            NginxIngressArgs(
                graph=graph,
                ingress=ingress,
                host=host,
                connection=args.connection,
                secret=args.secret,
                after=done,
                machine=args.machine,
                origin_pulls=args.origin_pulls,
            ),
            opts,
        )
        done.append(nginx.last)
    return done
