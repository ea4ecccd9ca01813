"""Images that stand in for those of a system: real servers where Debian has them, else stubs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from graph import tunnels
from graph.model import Service, StackGraph
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


@dataclass(frozen=True, slots=True)
class StandIn:
    """What is made in an image's place."""

    kind: Kind
    stub: Stub | None = None


CLOUDFLARED: Final = StandIn(
    "stub",
    Stub(
        name="cloudflared",
        user=tunnels.USER,
        http=(int(tunnels.METRICS.rpartition(":")[2]),),
        programs=("/usr/local/bin/cloudflared",),
    ),
)


def stand_ins(graph: StackGraph) -> dict[str, StandIn]:
    """Give what stands in for each image that a system uses, by the image's name."""
    users: dict[str, list[Service]] = {}
    for service in graph.services.values():
        users.setdefault(service.image.reference, []).append(service)
    found = {each.image: StandIn("caddy") for each in graph.ingresses.values() if each.image}
    # Where it is well when it is connected, a stand-in is when it answers.
    found |= {i.tunnel.image: CLOUDFLARED for i in graph.ingresses.values() if i.tunnel}
    return found | {name: _stand_in(name, services) for name, services in users.items()}


def _stand_in(reference: str, services: Sequence[Service]) -> StandIn:
    image, _, tag = reference.rpartition("/")[2].partition(":")
    if image in {"postgres", "pgvector"}:
        return StandIn("postgres18" if tag.startswith("18") else "postgres")
    if image in REAL:
        return StandIn(REAL[image])
    stub = STUBS.get(image, Stub())
    exposed = {e.target.start for s in services for e in s.spec.expose if e.protocol == "tcp"}
    programs = dict.fromkeys((*stub.programs, *(p for s in services for p in _asked_by(s))))
    return StandIn(
        "stub",
        replace(
            stub,
            name=services[0].key,
            http=tuple(sorted(exposed)),
            user="1000" if tag.endswith("-rootless") else stub.user,
            programs=tuple(programs),
        ),
    )


def _asked_by(service: Service) -> Iterator[str]:
    """Give the program of the image's own that a service's health check calls, by its path."""
    check = service.spec.healthcheck
    if check is not None and check.test and len(check.test) > 1:
        program = check.test[1].split()[0]
        if program.startswith("/") and not program.startswith(("/bin/", "/usr/bin/")):
            yield program


def make_images(graph: StackGraph) -> None:
    """Make an image under each name that a system uses: real servers where Debian has them."""
    for reference, each in stand_ins(graph).items():
        make_image(reference, each.kind, stub=each.stub)
