"""What a compose service becomes: the arguments of its container, and of what goes with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from components.program import secret_lookup
from components.system import System, SystemArgs
from config.load import load_systems, secret_values
from config.stack import HostAccess, StackSettings, SystemSettings, Target
from graph.build import build
from preview.record import Recording, record
from preview.resource import Resource
from preview.value import UNKNOWN, Secret

SYSTEM = """
hosts:
  box: {kind: vps, platform: linux/amd64, cpus: 2, memory: 2GiB, ingress: {kind: caddy}}
apps:
  shop: {host: box, compose: shop.compose.yaml}
variables:
  OWN_IMAGE: {purpose: ours alone, stand_in: true}
secrets:
  TOKEN: {purpose: a token, dev: dev-only-token}
  HASH: {purpose: a bcrypt hash, dev: dev-only-hash}
zones:
  example.com: {provider: external}
basic_auth:
  staff: {ann: HASH}
routes:
  shop.example.com: {to: shop/web:80, access: {basic_auth: staff}}
"""

HEAD = """
services:
  web:
    image: example.com/web:1
"""

TAIL = """
networks: {front: {}, back: {internal: true, ipam: {config: [{subnet: 172.30.9.0/24}]}}}
volumes: {data: {}, theirs: {external: true, name: somebodys}}
secrets: {token: {environment: TOKEN}}
configs: {motd: {content: "hello\\n"}}
"""


def declare(folder: Path, service: str, *, target: Target = "dev", extra: str = "") -> Recording:
    """Record the resources of a system with one service, of which the keys are given."""
    directory = folder / "small"
    directory.mkdir(exist_ok=True)
    keys = "".join(f"    {line}\n" for line in service.strip().splitlines())
    (directory / "system.yaml").write_text(SYSTEM)
    (directory / "shop.compose.yaml").write_text(HEAD + keys + extra + TAIL)
    access = HostAccess(address="192.0.2.7", host_key="ssh-ed25519 AAAA", port=2222, user="op")
    values: dict[str, Any] = {"TOKEN": "real-token", "HASH": "real-hash"}
    own = {"OWN_IMAGE": "example.com/own:1"}
    given = SystemSettings(hosts={"box": access}, secrets=values, variables=own)
    settings = StackSettings(
        name=target,
        target=target,
        systems=("small",),
        per_system={"small": given} if target == "prod" else {},
    )
    systems = load_systems([directory], settings, relative_to=folder)
    graph = build(systems, settings)
    secrets = secret_values(systems[0], settings)

    def program() -> None:
        args = SystemArgs(
            graph=graph,
            system="small",
            docker_host="unix:///run/some.sock",
            secret=secret_lookup(secrets),
        )
        System("small", args)

    return record(program, project="stackgraph", stack=target)


def container(recording: Recording, name: str = "small-shop-web") -> Resource:
    return recording.one(name, "docker:index/container:Container")


CASES: list[tuple[str, dict[str, Any]]] = [
    ("mem_limit: 100m", {"memory": 100, "memorySwap": 200}),
    ("deploy: {resources: {limits: {memory: 1.5g, cpus: 1}}}", {"memory": 1536, "cpus": "1.0"}),
    ("deploy: {resources: {reservations: {memory: 64M}}}", {"memoryReservation": 64}),
    ("cpus: 0.25", {"cpus": "0.25"}),
    ("command: serve --name 'two words'", {"command": ["serve", "--name", "two words"]}),
    ("entrypoint: [/init, now]", {"entrypoints": ["/init", "now"]}),
    ("restart: on-failure:3", {"restart": "on-failure", "maxRetryCount": 3}),
    ("restart: unless-stopped", {"restart": "unless-stopped"}),
    (
        "cap_drop: [ALL]\ncap_add: [net_bind_service, CAP_CHOWN]",
        {"capabilities": {"adds": ["CAP_CHOWN", "CAP_NET_BIND_SERVICE"], "drops": ["ALL"]}},
    ),
    ("stop_grace_period: 1m30s", {"stopTimeout": 90, "destroyGraceSeconds": 90}),
    ("tmpfs: /tmp:size=64m", {"tmpfs": {"/tmp": "size=64m"}}),
    (
        "ulimits: {nofile: {soft: 10, hard: 20}, nproc: 5}",
        {
            "ulimits": [
                {"name": "nofile", "soft": 10, "hard": 20},
                {"name": "nproc", "soft": 5, "hard": 5},
            ]
        },
    ),
    ("extra_hosts: ['db=192.0.2.1']", {"hosts": [{"host": "db", "ip": "192.0.2.1"}]}),
    ("sysctls: {net.core.somaxconn: 1024}", {"sysctls": {"net.core.somaxconn": "1024"}}),
    (
        "user: 1000:1000\nhostname: box\ninit: true\nread_only: true\ntty: true",
        {"user": "1000:1000", "hostname": "box", "init": True, "readOnly": True, "tty": True},
    ),
    ("shm_size: 128m", {"shmSize": 128}),
    ("security_opt: ['no-new-privileges:true']", {"securityOpts": ["no-new-privileges:true"]}),
    ("dns: [192.0.2.53]", {"dns": ["192.0.2.53"]}),
    ("network_mode: host", {"networkMode": "host"}),
    ("environment: {B: 2, A: one}", {"envs": ["A=one", "B=2"]}),
    (
        "logging: {driver: journald, options: {tag: x}}",
        {"logDriver": "journald", "logOpts": {"tag": "x"}},
    ),
    (
        "healthcheck: {test: exit 0, interval: 90s, timeout: 500ms, start_period: 1m}",
        {
            "healthcheck": {
                "tests": ["CMD-SHELL", "exit 0"],
                "interval": "1m30s",
                "timeout": "500ms",
                "startPeriod": "1m0s",
                "retries": 3,
            }
        },
    ),
    (
        "volumes: ['data:/data', '/srv/x:/x:ro', {type: tmpfs, target: /run, tmpfs: {size: 1m}}]",
        {
            "mounts": [
                {
                    "type": "volume",
                    "source": "small-shop_data",
                    "target": "/data",
                    "readOnly": False,
                },
                {
                    "type": "tmpfs",
                    "target": "/run",
                    "readOnly": False,
                    "tmpfsOptions": {"sizeBytes": 1048576},
                },
            ],
            "volumes": [{"hostPath": "/srv/x", "containerPath": "/x", "readOnly": True}],
        },
    ),
    (
        "volumes: [{type: bind, source: /srv/x, target: /x, bind: {create_host_path: false}}]",
        {"mounts": [{"type": "bind", "source": "/srv/x", "target": "/x", "readOnly": False}]},
    ),
    (
        "volumes: [{type: bind, source: /srv/x, target: /x, bind: {propagation: rslave}}]",
        {
            "mounts": [
                {
                    "type": "bind",
                    "source": "/srv/x",
                    "target": "/x",
                    "readOnly": False,
                    "bindOptions": {"propagation": "rslave"},
                }
            ]
        },
    ),
    (
        "volumes: ['theirs:/data']",
        {
            "mounts": [
                {"type": "volume", "source": "somebodys", "target": "/data", "readOnly": False}
            ]
        },
    ),
    (
        "networks: {back: {aliases: [www], ipv4_address: 172.30.9.5}}",
        {
            "networksAdvanced": [
                {
                    "name": "small-shop_back",
                    "ipv4Address": "172.30.9.5",
                    "aliases": ["web", "small-shop-web", "www"],
                }
            ]
        },
    ),
    (
        "configs: [{source: motd, target: /etc/motd, mode: 0440}]",
        {"uploads": [{"file": "/etc/motd", "content": "hello\n", "permissions": "0440"}]},
    ),
    (
        "ports: ['80:80', '127.0.0.1:9000-9001:90-91/udp']",
        {
            "ports": [
                {"internal": 80, "external": 8080, "ip": "0.0.0.0", "protocol": "tcp"},
                {"internal": 90, "external": 9000, "ip": "127.0.0.1", "protocol": "udp"},
                {"internal": 91, "external": 9001, "ip": "127.0.0.1", "protocol": "udp"},
            ]
        },
    ),
]


@pytest.mark.parametrize(
    ("service", "inputs"), CASES, ids=[case[0].partition("\n")[0] for case in CASES]
)
def test_a_compose_key_becomes_inputs(tmp_path: Path, service: str, inputs: dict[str, Any]) -> None:
    found = container(declare(tmp_path, service)).inputs
    assert {key: found.get(key) for key in inputs} == inputs


def test_a_container_is_created_and_left_to_its_handover(tmp_path: Path) -> None:
    recording = declare(tmp_path, "restart: always")
    found = container(recording)
    assert (found.inputs["start"], found.inputs["mustRun"]) == (False, False)
    assert "name" not in found.inputs
    assert found.delete_before_replace is False
    assert {"healthcheck", "mounts", "networksAdvanced"} <= set(found.replace_on_changes)
    assert not {"memory", "restart"} & set(found.replace_on_changes)
    handover = recording.one("small-shop-web-handover")
    assert found.urn in handover.property_dependencies["triggers"]
    assert handover.inputs["create"] == 'eval "$(cat)" # handover of small-shop-web'
    assert handover.inputs["stdin"] is UNKNOWN


@pytest.mark.parametrize(
    "key", ["healthcheck: {test: exit 0}", "command: serve", "stop_signal: SIGINT"]
)
def test_what_the_image_would_give_instead_replaces_when_it_goes(tmp_path: Path, key: str) -> None:
    (tmp_path / "with").mkdir()
    (tmp_path / "without").mkdir()
    more = container(declare(tmp_path / "with", f"restart: always\n{key}"))
    less = container(declare(tmp_path / "without", "restart: always"))
    assert more.replacement_trigger != less.replacement_trigger
    assert more.replace_on_changes == less.replace_on_changes


def test_secrets_are_secrets_wherever_they_go(tmp_path: Path) -> None:
    service = "environment: {TOKEN: 'x-${TOKEN}'}\nsecrets: [token]"
    found = container(declare(tmp_path, service)).inputs
    assert found["envs"] == [Secret("TOKEN=x-dev-only-token")]
    (upload,) = found["uploads"]
    assert upload["file"] == "/run/secrets/token"
    assert upload["content"] == Secret("dev-only-token")
    prod = container(declare(tmp_path, service, target="prod")).inputs
    assert prod["envs"] == [Secret("TOKEN=x-real-token")]


def test_files_of_a_read_only_service_are_copied_into_volumes(tmp_path: Path) -> None:
    recording = declare(tmp_path, "read_only: true\nsecrets: [token]")
    found = container(recording)
    assert "uploads" not in found.inputs
    assert {"type": "volume", "target": "/run/secrets"} in found.inputs["mounts"]
    copied = recording.one("small-shop-web-files")
    assert copied.urn in recording.one("small-shop-web-handover").dependencies
    assert isinstance(found.replacement_trigger, str)
    assert "dev-only" not in found.replacement_trigger


def test_dependencies_wait_for_the_handover(tmp_path: Path) -> None:
    extra = (
        "    depends_on: {db: {condition: service_healthy, restart: true}}\n"
        "  db:\n    image: example.com/db:1\n    healthcheck: {test: exit 0}\n"
    )
    recording = declare(tmp_path, "restart: always", extra=extra)
    web, db = (recording.one(f"small-shop-{name}-handover") for name in ("web", "db"))
    assert db.urn in web.dependencies
    assert container(recording, "small-shop-db").urn in web.property_dependencies["triggers"]


def test_dev_is_this_machine_and_prod_another_over_ssh(tmp_path: Path) -> None:
    dev = declare(tmp_path, "restart: always").one("small-box", "pulumi:providers:docker")
    assert dev.inputs["host"] == "unix:///run/some.sock"
    recording = declare(tmp_path, "restart: always", target="prod")
    provider = recording.one("small-box", "pulumi:providers:docker")
    assert provider.inputs["host"] == "ssh://op@192.0.2.7:2222"
    options = str(provider.inputs["sshOpts"])
    assert "StrictHostKeyChecking=yes" in options
    assert "KnownHostsCommand=/bin/echo %H ssh-ed25519 AAAA" in options
    handover = recording.one("small-shop-web-handover", "command:remote:Command")
    connection = handover.inputs["connection"]
    inner = connection.value if isinstance(connection, Secret) else connection
    assert (inner["host"], inner["port"], inner["hostKey"]) == (
        "192.0.2.7",
        2222,
        "ssh-ed25519 AAAA",
    )


def test_volumes_are_protected_on_prod_only(tmp_path: Path) -> None:
    service = "volumes: ['data:/data']"
    dev = declare(tmp_path, service).one("small-shop-data")
    prod = declare(tmp_path, service, target="prod").one("small-shop-data")
    assert (dev.protect, dev.retain_on_delete) == (False, False)
    assert (prod.protect, prod.retain_on_delete) == (True, True)
    assert (dev.inputs["name"], prod.inputs["name"]) == ("small-shop_data", "shop_data")
    assert prod.ignore_changes == ("labels",)


def test_what_others_own_is_not_declared(tmp_path: Path) -> None:
    recording = declare(tmp_path, "volumes: ['theirs:/data']")
    assert not [r for r in recording.resources if r.name == "small-shop-theirs"]


def test_the_ingress_joins_what_its_routes_need_and_is_gone_first(tmp_path: Path) -> None:
    recording = declare(tmp_path, "networks: [front, back]")
    front = recording.one("small-shop-front", "docker:index/network:Network")
    link = recording.one("small-box-ingress-joins-small-shop-front")
    assert front.urn in link.property_dependencies["triggers"]
    assert front.urn in container(recording, "small-box-ingress").dependencies
    assert not [r for r in recording.resources if r.name.endswith("joins-small-shop-back")]
    routes = recording.one("small-box-ingress-routes")
    assert recording.one("small-shop-web-handover").urn in routes.dependencies
    users = recording.one("small-box-ingress-users-small-staff")
    assert isinstance(users.inputs["stdin"], Secret) or users.inputs["stdin"] is UNKNOWN


def test_networks_with_addresses_of_their_own_come_first(tmp_path: Path) -> None:
    # Docker gives the others any address that is free: else it might be one of these.
    recording = declare(tmp_path, "networks: [front, back]")
    kind = "docker:index/network:Network"
    declared = recording.one("small-shop-back", kind)
    assert declared.dependencies == ()
    for name in ("small-shop-front", "small-box-ingress"):
        assert recording.one(name, kind).dependencies == (declared.urn,)


def test_compose_finds_its_labels(tmp_path: Path) -> None:
    recording = declare(tmp_path, "labels: {mine: 1}")
    labels = {each["label"]: each["value"] for each in container(recording).inputs["labels"]}
    assert labels == {
        "mine": "1",
        "com.docker.compose.project": "small-shop",
        "com.docker.compose.service": "web",
        "com.docker.compose.container-number": "1",
        "com.docker.compose.oneoff": "False",
        "com.docker.compose.project.config_files": "small/shop.compose.yaml",
        "dev.stackgraph.service": "small-shop-web",
    }


def test_a_stand_in_runs_where_the_image_has_no_value(tmp_path: Path) -> None:
    extra = "  own:\n    image: ${OWN_IMAGE}\n    user: '1000'\n    expose: ['8000']\n"
    found = container(declare(tmp_path, "restart: always", extra=extra), "small-shop-own").inputs
    assert found["image"].startswith("caddy:")
    assert found["command"][:4] == ["caddy", "respond", "--listen", ":8000"]
    assert found["healthcheck"]["tests"][-1] == "http://127.0.0.1:8000/"
    assert "user" not in found
