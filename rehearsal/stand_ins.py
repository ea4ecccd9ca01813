"""Images that stand in for those of a system: real servers where Debian has them, else stubs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from graph.model import StackGraph
from rehearsal.images import Kind, Stub, make_image

REAL: Final[Mapping[str, Kind]] = {"caddy": "caddy", "rclone": "rclone", "redis": "redis"}
STUBS: Final = {
    "alloy": Stub(data=(("/var/lib/alloy", 473, 0o770), ("/var/lib/alloy/data", 473, 0o770))),
    "diun": Stub(tcp=(42286,), programs=("/usr/local/bin/diun",)),
    "grafana": Stub(user="472", data=(("/var/lib/grafana", 472, 0o777),)),
    "headscale": Stub(
        programs=("/usr/local/bin/headscale",), data=(("/var/lib/headscale", 0, 0o755),)
    ),
    "loki": Stub(user="10001", programs=("/usr/bin/loki",), data=(("/loki", 10001, 0o755),)),
    # As `minio server …` starts, which its image's entrypoint makes a command.
    "minio": Stub(commands=("server",)),
    "n8n": Stub(user="1000", data=(("/home/node/.n8n", 1000, 0o755),)),
    "openclaw": Stub(user="1000", data=(("/home/node/.openclaw", 1000, 0o700),)),
    "outline": Stub(user="1001", data=(("/var/lib/outline/data", 1001, 0o1777),)),
    "uptime-kuma": Stub(
        programs=("/app/extra/healthcheck",), workdir="/app", data=(("/app/data", 1000, 0o755),)
    ),
    "victoria-metrics": Stub(data=(("/storage", 0, 0o755),)),
    # Its image has no directory for files; what the volume's owner is, is not the image's to say.
    "vikunja": Stub(programs=("/app/vikunja/vikunja",), workdir="/app/vikunja", user="1000"),
}
"""What stands in for an image, where more than its ports is asked of it, as its Dockerfile says."""


def make_images(graph: StackGraph) -> None:
    """Make an image under each name that a system uses: real servers where Debian has them."""
    ports: dict[str, set[int]] = {}
    names: dict[str, str] = {}
    for service in graph.services.values():
        reference = service.image.reference
        exposed = (each.target.start for each in service.spec.expose if each.protocol == "tcp")
        ports.setdefault(reference, set()).update(exposed)
        names.setdefault(reference, service.key)
    for ingress in graph.ingresses.values():
        make_image(ingress.image, "caddy")
    for reference, http_ports in ports.items():
        name, _, tag = reference.partition(":")
        repository = name.rpartition("/")[2]
        if repository in {"postgres", "pgvector"}:
            make_image(reference, "postgres18" if tag.startswith("18") else "postgres")
        elif repository in REAL:
            make_image(reference, REAL[repository])
        else:
            stub = STUBS.get(repository, Stub())
            stub = replace(
                stub,
                name=names[reference],
                http=tuple(sorted(http_ports)),
                user="1000" if tag.endswith("-rootless") else stub.user,
            )
            make_image(reference, "stub", stub=stub)
