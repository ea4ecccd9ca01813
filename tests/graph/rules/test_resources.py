"""Rules on memory, shared memory and logs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.graph.rules.front import STAND_IN, declares, front, of_others
from tests.graph.rules.row import FILE, WEB, Row, service, two_apps

PROCESS = (
    "processes:",
    "  api: {host: vps, manager: pm2, purpose: API, command: node a.js, directory: /srv/api, "
    "user: api, memory: 512MiB}",
)


def limited(mebibytes: int) -> str:
    return service(f"mem_limit: {mebibytes}m")


def over(total: int, largest: str, memory: int = 2048) -> str:
    return (
        f"{FILE}:2: hosts.vps.memory: memory limits on vps add up to {total} MiB (the largest: "
        f"{largest}), and of its {memory} MiB the system needs 512 MiB; lower limits, move an app "
        "to another host, or take a larger one\n"
    )


def on(memory: str, compose: str) -> dict[str, str]:
    """Write the shop on a host with so much memory."""
    return {
        "system.yaml": declares().replace("memory: 2GiB", f"memory: {memory}"),
        "web.compose.yaml": compose,
    }


def heap(where: str, name: str, size: int, lower: int = 384) -> str:
    return (
        f"{WEB}:2: services.front.{where}: {name} lets front fill {size} MiB, and it is killed at "
        f"512 MiB, its memory limit; lower it to about {lower} MiB, or raise the limit\n"
    )


def with_env(name: str, value: str) -> str:
    return service("mem_limit: 512m", f'environment: {{{name}: "{value}"}}')


NO_LIMIT = (
    f"{WEB}:2: services.front: front has no memory limit, and may starve all else on vps; set "
    "deploy.resources.limits.memory\n"
)
NO_ROTATION = (
    "the log of front grows until the disk of vps is full; set docker.logs of host vps, or "
    "logging.options.max-size\n"
)
LITTLE_SHM = (
    f"{WEB}:2: services.front: front has 64 MiB in /dev/shm, and "
    "selenium/standalone-chrome:131.0.1 needs 2048 MiB; set shm_size to 2048m\n"
)
CHROME = "selenium/standalone-chrome:131.0.1"


def unrotated(compose: str) -> dict[str, str]:
    """Write the shop on a host whose Docker rotates no logs."""
    system = declares().replace(", docker: {logs: {max_size: 10m}}", "")
    return {"system.yaml": system, "web.compose.yaml": compose}


ROWS = [
    Row(
        rule="F01",
        why="to the mebibyte, with what the system and the ingress need",
        breaks=limited(1281),
        says=over(1537, "web/front 1281 MiB, the ingress 256 MiB"),
        near=limited(1280),
    ),
    Row(
        rule="F01",
        why="a process",
        breaks={"system.yaml": declares(*PROCESS), "web.compose.yaml": limited(769)},
        says=over(1537, "web/front 769 MiB, api 512 MiB, the ingress 256 MiB"),
        near={"system.yaml": declares(*PROCESS), "web.compose.yaml": limited(768)},
    ),
    Row(
        rule="F01",
        why="each host has its own memory, on this machine too",
        breaks=two_apps(limited(700), limited(600)),
        says=over(1556, "web/front 700 MiB, crm/front 600 MiB, the ingress 256 MiB"),
        near=two_apps(limited(700), limited(600), hosts="vps other"),
    ),
    Row(
        rule="F01",
        why="what others manage is theirs",
        breaks=limited(1281),
        says=over(1537, "web/front 1281 MiB, the ingress 256 MiB"),
        near=of_others(limited(4096)),
    ),
    Row(
        rule="G05",
        why="above 85 %",
        breaks=on("8GiB", limited(6708)),
        says=f"{FILE}:2: hosts.vps.memory: memory limits on vps add up to 6964 MiB (the largest: "
        "web/front 6708 MiB, the ingress 256 MiB), 85% of its 8192 MiB, which leaves the system "
        "little; lower limits, or plan a larger host\n",
        near=on("8GiB", limited(6707)),
    ),
    Row(
        rule="G05",
        why="more than that is F01's",
        breaks=on("8GiB", limited(7424)),
        says=f"{FILE}:2: hosts.vps.memory: memory limits on vps add up to 7680 MiB (the largest: "
        "web/front 7424 MiB, the ingress 256 MiB), 94% of its 8192 MiB, which leaves the system "
        "little; lower limits, or plan a larger host\n",
        near=on("8GiB", limited(7425)),
    ),
    Row(
        rule="F02",
        why="no limit",
        breaks=service(),
        says=NO_LIMIT,
        near=service("deploy: {resources: {limits: {memory: 64M}}}"),
    ),
    Row(
        rule="F02",
        why="what others manage is theirs",
        breaks=service(),
        says=NO_LIMIT,
        near=of_others(service()),
    ),
    Row(
        rule="F02",
        why="a stand-in keeps its limits",
        breaks={**STAND_IN, "web.compose.yaml": front("${IMAGE}")},
        says=NO_LIMIT,
        near={**STAND_IN, "web.compose.yaml": front("${IMAGE}", "mem_limit: 64m")},
    ),
    Row(
        rule="F03",
        why="less than is known to be needed",
        breaks=front("nocodb/nocodb:0.301.2", "mem_limit: 384m"),
        says=f"{WEB}:2: services.front: front may use 384 MiB, and nocodb/nocodb:0.301.2 is known "
        "to be killed below 512 MiB; set deploy.resources.limits.memory to 512 MiB or more\n",
        near=front("nocodb/nocodb:0.301.2", "mem_limit: 512m"),
    ),
    Row(
        rule="F03",
        why="another program of the image",
        breaks=front("nocodb/nocodb:0.301.2", "mem_limit: 384m", "command: [start]"),
        says=f"{WEB}:2: services.front: front may use 384 MiB, and nocodb/nocodb:0.301.2 is known "
        "to be killed below 512 MiB; set deploy.resources.limits.memory to 512 MiB or more\n",
        near=front("nocodb/nocodb:0.301.2", "mem_limit: 384m", "command: [sh, -c, 'exit 0']"),
    ),
    Row(
        rule="F04",
        why="Node.js; the last one counts",
        breaks=with_env("NODE_OPTIONS", "--max-old-space-size=64 --max_old_space_size=512"),
        says=heap("environment", "NODE_OPTIONS", 512),
        near=with_env("NODE_OPTIONS", "--max-old-space-size=512 --max-old-space-size=511"),
    ),
    *(
        Row(
            rule="F04",
            why=f"Java: {name}",
            breaks=with_env(name, "-Xms64m -Xmx1g"),
            says=heap("environment", name, 1024),
            near=with_env(name, "-Xms1g -Xmx384m"),
        )
        for name in (
            "CATALINA_OPTS",
            "ES_JAVA_OPTS",
            "JAVA_OPTS",
            "JAVA_TOOL_OPTIONS",
            "JDK_JAVA_OPTIONS",
            "_JAVA_OPTIONS",
        )
    ),
    Row(
        rule="F04",
        why="Java's bytes and kibibytes",
        breaks=with_env("JAVA_OPTS", "-Xmx536870912"),
        says=heap("environment", "JAVA_OPTS", 512),
        near=with_env("JAVA_OPTS", "-Xmx500000K"),
    ),
    Row(
        rule="F04",
        why="Go counts all that it takes, so the limit itself is no more than the limit",
        breaks=with_env("GOMEMLIMIT", "1GiB"),
        says=heap("environment", "GOMEMLIMIT", 1024),
        near=with_env("GOMEMLIMIT", "512MiB"),
    ),
    Row(
        rule="F04",
        why="Go without a limit",
        breaks=with_env("GOMEMLIMIT", "536870914"),
        says=heap("environment", "GOMEMLIMIT", 512),
        near=with_env("GOMEMLIMIT", "off"),
    ),
    Row(
        rule="F04",
        why="in the command",
        breaks=service("mem_limit: 512m", "command: [node, --max-old-space-size=600, a.js]"),
        says=heap("command", "--max-old-space-size", 600),
        near=service("command: [node, --max-old-space-size=600, a.js]"),
    ),
    Row(
        rule="F04",
        why="Java in the entrypoint",
        breaks=service("mem_limit: 512m", "entrypoint: [java, -Xmx2G, -jar, a.jar]"),
        says=heap("command", "-Xmx", 2048),
        near=service("mem_limit: 512m", "entrypoint: [java, -XX:MaxRAMPercentage=60, -jar, a]"),
    ),
    Row(
        rule="F04",
        why="in a file of variables",
        breaks={
            "web.compose.yaml": service("mem_limit: 512m", "env_file: [node.env]"),
            "node.env": "NODE_OPTIONS=--max-old-space-size=4096\n",
        },
        says=heap("env_file", "NODE_OPTIONS", 4096),
        near={
            "web.compose.yaml": service("mem_limit: 512m", "env_file: [node.env]"),
            "node.env": "NODE_OPTIONS=--enable-source-maps\n",
        },
    ),
    Row(
        rule="F12",
        why="nothing said, here or by the host",
        breaks=unrotated(service()),
        says=f"{WEB}:2: services.front: {NO_ROTATION}",
        near=service(),
    ),
    Row(
        rule="F12",
        why="a driver without a size",
        breaks=unrotated(service("logging: {options: {max-file: '3'}}")),
        says=f"{WEB}:2: services.front.logging: {NO_ROTATION}",
        near=unrotated(service("logging: {options: {max-size: 10m}}")),
    ),
    Row(
        rule="F12",
        why="drivers that rotate by themselves",
        breaks=unrotated(service("logging: {driver: json-file}")),
        says=f"{WEB}:2: services.front.logging: {NO_ROTATION}",
        near=unrotated(service("logging: {driver: local}")),
    ),
    Row(
        rule="F12",
        why="what others manage is theirs",
        breaks=unrotated(service()),
        says=f"{WEB}:2: services.front: {NO_ROTATION}",
        near={
            **of_others(service()),
            "system.yaml": of_others("")["system.yaml"].replace(
                ", docker: {logs: {max_size: 10m}}", ""
            ),
        },
    ),
    Row(
        rule="F14",
        why="Docker's own 64 MiB",
        breaks=front(CHROME),
        says=LITTLE_SHM,
        near=front(CHROME, "shm_size: 2g"),
    ),
    Row(
        rule="F14",
        why="the host's own",
        breaks=front(CHROME, 'volumes: ["/dev/shm:/dev/shm2"]'),
        says=LITTLE_SHM,
        near=front(CHROME, 'volumes: ["/dev/shm:/dev/shm"]'),
    ),
    Row(
        rule="F14",
        why="a tmpfs of its own",
        breaks=front(CHROME, "tmpfs: [/tmp]"),
        says=LITTLE_SHM,
        near=front(CHROME, 'tmpfs: ["/dev/shm:size=2g"]'),
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_it_is_said_and_nothing_near_it(row: Row, tmp_path: Path) -> None:
    row.check(tmp_path)
