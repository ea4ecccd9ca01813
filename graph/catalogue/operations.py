"""Facts of what operates the rest: proxies, monitoring, tools."""

from __future__ import annotations

from graph.catalogue.facts import GIB, MIB, ImageFacts
from graph.catalogue.tag import NO_CLIENTS, NO_TOOLS, STEPS_DOWN, Tag

CADDY = ImageFacts(
    source="https://github.com/caddyserver/caddy-docker; rules.md F07; vpai.md 5",
    kind="proxy",
    data_paths=("/data",),
    missing_tools=("curl",),
    # The binary carries it as a file capability: without it, it can't even be executed.
    needed_capabilities=("NET_BIND_SERVICE",),
    capabilities_with_user=("NET_BIND_SERVICE",),
    read_only_paths=("/config", "/data"),
)


def nginx(tag: Tag) -> ImageFacts:
    """Nginx, whose variants have different tools."""
    missing: tuple[str, ...] = ()
    if not tag.alpine:
        missing = ("wget",)
    elif "slim" in tag.name:
        missing = ("curl",)
    return ImageFacts(
        source="https://hub.docker.com/_/nginx; https://github.com/nginx/docker-nginx",
        kind="proxy",
        missing_tools=missing,
        needed_capabilities=STEPS_DOWN,
        read_only_paths=("/var/cache/nginx", "/var/run"),
    )


TRAEFIK = ImageFacts(
    source="https://doc.traefik.io/traefik/providers/docker/",
    kind="proxy",
    missing_tools=("curl",),
    docker_api=("CONTAINERS",),
)


def haproxy(tag: Tag) -> ImageFacts:
    """HAProxy, whose variants have different tools."""
    return ImageFacts(
        source="https://hub.docker.com/_/haproxy",
        kind="proxy",
        missing_tools=("curl",) if tag.alpine else NO_CLIENTS,
        uid=99,
    )


SOCKET_PROXY = ImageFacts(
    source="https://github.com/Tecnativa/docker-socket-proxy; rules.md F08; vpai.md 5",
    kind="tool",
    missing_tools=("curl",),
    read_only_paths=("/run", "/tmp"),  # noqa: S108
)


def victoria_metrics(tag: Tag) -> ImageFacts:
    """VictoriaMetrics, single node."""
    # -storageDataPath says where the data is, so no path is known here.
    return ImageFacts(
        source="https://docs.victoriametrics.com/; rules.md F06; vpai.md 5",
        kind="monitor",
        datastore=True,
        missing_tools=NO_TOOLS if "scratch" in tag.name else ("curl",),
        ready_path="/health",
    )


def loki(tag: Tag) -> ImageFacts:
    """Loki, whose image is distroless since 3.6."""
    return ImageFacts(
        source="rules.md H01 F06; vpai.md 5; https://github.com/grafana/loki/pull/20313",
        kind="monitor",
        datastore=True,
        data_paths=("/loki",),
        missing_tools=NO_TOOLS if tag.since(3, 6) else ("curl",),
        ready_path="/ready",
        uid=10001,
    )


ALLOY = ImageFacts(
    source="rules.md H01 F03 F08 M09; vpai.md 5; https://github.com/grafana/alloy/issues/477",
    kind="monitor",
    data_paths=("/var/lib/alloy/data",),
    missing_tools=NO_CLIENTS,
    ready_path="/-/ready",
    min_memory=512 * MIB,
    read_only_paths=("/tmp", "/var/lib/alloy/data"),  # noqa: S108
    docker_api=("CONTAINERS", "NETWORKS"),
)

GRAFANA = ImageFacts(
    source=(
        "rules.md F06 R10 S12; vpai.md 5; "
        "https://grafana.com/docs/grafana/latest/setup-grafana/configure-docker/"
    ),
    kind="monitor",
    data_paths=("/var/lib/grafana",),
    ready_path="/api/health",
    supports_subpath=True,
    websocket=True,
    immutable_variables=("GF_SECURITY_SECRET_KEY",),
    init_only_variables=("GF_SECURITY_ADMIN_USER", "GF_SECURITY_ADMIN_PASSWORD"),
    uid=472,
    login=True,
)

PROMETHEUS = ImageFacts(
    source="https://prometheus.io/docs/prometheus/latest/installation/",
    kind="monitor",
    datastore=True,
    data_paths=("/prometheus",),
    ready_path="/-/ready",
    supports_subpath=True,
    uid=65534,
)

CADVISOR = ImageFacts(
    source="https://github.com/google/cadvisor; rules.md M07",
    kind="monitor",
    ready_path="/healthz",
)


def uptime_kuma(tag: Tag) -> ImageFacts:
    """Uptime Kuma, whose rootless variants run as Node's user."""
    return ImageFacts(
        source="https://github.com/louislam/uptime-kuma/wiki/Reverse-Proxy",
        kind="monitor",
        data_paths=("/app/data",),
        supports_subpath=False,
        websocket=True,
        uid=1000 if "rootless" in tag.name else None,
        login=True,
    )


DIUN = ImageFacts(
    source="https://crazymax.dev/diun/; https://github.com/crazy-max/diun/issues/308",
    kind="tool",
    data_paths=("/data",),
    missing_tools=("curl",),
    read_only_paths=("/data",),
    docker_api=("CONTAINERS", "IMAGES"),
)

DOZZLE = ImageFacts(
    source="https://dozzle.dev/guide/remote-hosts",
    kind="monitor",
    missing_tools=NO_TOOLS,
    docker_api=("CONTAINERS", "INFO"),
)


PORTAINER = ImageFacts(
    source="https://docs.portainer.io/start/install-ce/server/docker/linux",
    kind="tool",
    data_paths=("/data",),
    websocket=True,
    login=True,
)

GOTENBERG = ImageFacts(
    source="rules.md F08; https://github.com/gotenberg/gotenberg/blob/main/build/Dockerfile",
    kind="tool",
    ready_path="/health",
    breaks_read_only=True,
    uid=1001,
)

BROWSERLESS = ImageFacts(
    source="https://docs.browserless.io/enterprise/docker/quickstart", kind="tool", websocket=True
)

SELENIUM = ImageFacts(
    source="https://github.com/SeleniumHQ/docker-selenium#quick-start; rules.md F14",
    kind="tool",
    shm_size=2 * GIB,
)
