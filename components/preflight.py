"""What is asked of the world before the first resource is declared: hosts, and registries.

Only the real program does: a plan, a check and a test look at nothing.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

import pulumi

from components.knock import Door, knock
from components.published import ask_once, cache_file
from components.registry import ask_registries
from config.stack import NAMESPACE
from graph.model import Host, StackGraph
from graph.platforms import Answer, Unasked

PREVIEW_PATIENCE: Final = 3.0
UP_PATIENCE: Final = 15.0
"""Seconds that hosts have to answer, all of them together."""


class Preflight:
    """Asks once, and says in one message what stands in the way of a deploy."""

    def published(self, graph: StackGraph) -> Mapping[str, Answer] | None:
        """Give what registries know of the images of a prod stack that is about to be deployed.

        What could not be asked is told in one line, and left out.
        """
        if pulumi.runtime.is_dry_run() or graph.target != "prod":
            return None
        answers = ask_once(graph, ask_registries, cache_file())
        unasked = {name: a.reason for name, a in answers.items() if isinstance(a, Unasked)}
        if unasked:
            name, reason = min(unasked.items())
            others = f" and of {len(unasked) - 1} more" if len(unasked) > 1 else ""
            pulumi.log.warn(
                f"the platforms of {name}{others} are not known: {reason}; "
                f"stackgraph check --images --stack {graph.stack} tells more"
            )
        return {name: answer for name, answer in answers.items() if name not in unasked}

    def reachable(self, graph: StackGraph) -> None:
        """See that SSH answers on every host that is deployed to; no login is tried.

        A preview goes on without, and warns; else a `pulumi.RunError` names all that do not
        answer. Hosts whose address a cloud gives are not asked: it is not known yet.
        """
        preview = pulumi.runtime.is_dry_run()
        hosts = {host.id: host for host in graph.hosts.values() if _is_ours(graph, host)}
        started = time.monotonic()
        shut = knock(
            {id_: doors(host) for id_, host in hosts.items()},
            patience=PREVIEW_PATIENCE if preview else UP_PATIENCE,
            again=not preview,
        )
        seconds = time.monotonic() - started
        lines = []
        for id_ in sorted(shut):
            host = hosts[id_]
            heard = " and ".join(f"{door} {said}" for door, said in shut[id_].items())
            line = f"host {host.system}/{host.key}: {heard} ({seconds:.0f} s)"
            if preview:
                pulumi.log.warn(f"{line}; the preview goes by what was deployed last")
            lines.append(f"{line}; {_remedy(graph, host)}")
        if lines and not preview:
            raise pulumi.RunError("\n".join(("", *lines, "nothing was changed")))


def doors(host: Host) -> tuple[Door, ...]:
    """Give where SSH should answer: at the host, before or after its set-up, or its jump host."""
    access = host.access
    if access is None or access.cloud is not None:
        return ()
    if access.jump is not None:
        return (Door(access.jump.address, access.jump.port),)
    ports = [access.port]
    if access.first is not None and access.first.port != access.port:
        ports.append(access.first.port)
    return tuple(Door(access.address, port) for port in ports)


def _is_ours(graph: StackGraph, host: Host) -> bool:
    """Whether this program connects to a host: it sets it up, or has something on it."""
    if host.managed_by is not None or not doors(host):
        return False
    used = any(app.host == host.id for app in graph.apps.values())
    return host.hardened or used or graph.ingress_of(host.id) is not None


def _remedy(graph: StackGraph, host: Host) -> str:
    jump = "jump." if host.access and host.access.jump else ""
    path = f"{NAMESPACE}:{host.system}.hosts.{host.key}.{jump}address"
    what = "its jump host" if jump else "it"
    return (
        f"start {what}, or correct address or port: "
        f"pulumi config set --stack {graph.stack} --path '{path}' ADDRESS"
    )
