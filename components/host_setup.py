"""A machine becomes a hardened Docker host, over SSH, and whoever does it stays able to get in."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.ssh import SshConnection
from components.step import step
from components.ways_in import Way, first_that_answers
from config.stack import FirstLogin
from graph.model import Host, StackGraph
from render.bootstrap import bootstrap_script, close_first_login_script, verify_script
from render.firewall import confirm_script, stage_script

FIRST_BOOT = 600
"""Seconds that a new machine may take until SSH answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSetupArgs:
    """``host`` is a node of ``graph``; ``first`` the way in before it was set up, if another.

    ``machine`` is the resource of the machine, where this program made it: what was run there is
    forgotten together with it.
    """

    graph: StackGraph
    host: Host
    connection: SshConnection
    first: FirstLogin | None = None
    machine: pulumi.Resource | None = None


class HostSetup(pulumi.ComponentResource):
    """Docker, SSH, updates and a firewall on a machine that exists: in one go, and once.

    Each step is idempotent, and runs again only when its text has changed. Nothing closes before
    the way that replaces it has been used: settings are checked by the new login before the first
    one goes, and a firewall that nobody confirms over a new connection is undone by the host
    itself. It neither creates nor restarts the machine, and opens nothing that
    `graph.firewall.openings` does not name.
    """

    last: pulumi.Resource
    """What must be done before anything else is: Docker answers, and the firewall is up."""

    def __init__(
        self, name: str, args: HostSetupArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("stackgraph:host:Setup", name, None, opts)
        self._args = args
        graph, host = args.graph, args.host
        bootstrap = bootstrap_script(graph, host)
        done = self._step(f"{name}-bootstrap", "bootstrap", bootstrap, both=True)
        last = self._step(
            f"{name}-verify", "verify", verify_script(graph, host), after=done, because=bootstrap
        )
        if args.first is not None:
            closing = close_first_login_script(graph, host)
            last = self._step(f"{name}-first-login", "close the first login", closing, after=last)
        staged = stage_script(graph, host)
        last = self._step(f"{name}-firewall", "stage the firewall", staged, after=last)
        confirmed = confirm_script(graph, host)
        self.last = self._step(
            f"{name}-firewall-confirm",
            "confirm the firewall",
            confirmed,
            after=last,
            because=staged,
        )
        self.register_outputs({})

    def _step(
        self,
        name: str,
        what: str,
        script: str,
        *,
        both: bool = False,
        after: pulumi.Resource | None = None,
        because: str = "",
    ) -> pulumi.Resource:
        """Run a script as root on the host, in a connection of its own.

        With ``both`` by whichever login works, the later one first. ``because`` is the text whose
        change makes it run again.
        """
        args = self._args
        what = f"{what} on {args.host.key}"
        ways = [_way(args.connection, what)]
        if both and args.first is not None:
            ways.append(_way(args.connection.at_first(args.first), what, first=True))
        patience = FIRST_BOOT if both and args.machine is not None else 0
        text = pulumi.Output.all(*ways).apply(
            lambda known: first_that_answers(known, patience, args.host, args.graph.stack)
        )
        return step(
            name,
            what,
            script,
            text,
            parent=self,
            after=[after] if after else (),
            because=[because] if because else (),
            machine=args.machine,
        )


def _way(connection: SshConnection, what: str, *, first: bool = False) -> pulumi.Output[Way]:
    def way(known: list[str]) -> Way:
        line, address = known
        return Way(
            line=line, user=connection.user, address=address, port=connection.port, first=first
        )

    return pulumi.Output.all(connection.shell(what), connection.address).apply(way)
