"""What the files mean: names, what is on dev and what on prod, networks of the ingress, order."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from config.finding import FindingsError
from config.units import parse_port_range
from graph.export import to_data
from graph.model import EdgeKind, StackGraph
from graph.names import host_ports, logical, project, served
from graph.order import cycles, waves
from tests.graph.estate import broken
from tests.workspace import SHOP, graph_of, shop

# --- names


@pytest.mark.parametrize(
    ("declared", "dev"),
    [
        ("80", "8080"),
        ("443", "8443"),
        ("1023", "9023"),
        ("1024", "1024"),
        ("5060", "5060"),
        ("1000-1030", "9000-9030"),
        ("50000-50100", "50000-50100"),
    ],
)
def test_privileged_ports_move_up_on_dev(declared: str, dev: str) -> None:
    ports = parse_port_range(declared)
    assert host_ports(ports, "dev") == parse_port_range(dev)
    assert host_ports(ports, "prod") == ports


def test_names() -> None:
    assert logical("shop", "web", "front") == "shop-web-front"
    assert served("shop.example.com", "dev") == "shop.example.com.localhost"
    assert served("shop.example.com", "prod") == "shop.example.com"
    assert project("shop", "web", None, "prod") == "web"
    assert project("shop", "web", "own", "prod") == "own"
    assert project("shop", "web", "own", "dev") == "shop-own"


NAMED = """\
name: own
services:
  front:
    image: a
    expose: ["8080"]
    networks: {one: {aliases: [other]}, given: , far: , elsewhere: }
    volumes: ["data:/data", "kept:/kept", "old:/old", "older:/older"]
  named: {image: a, container_name: the-name}
networks:
  one: {}
  given: {name: given-net}
  far: {external: true}
  elsewhere: {external: true, name: somebodys}
volumes:
  data: {}
  kept: {name: kept-data}
  old: {external: true}
  older: {external: true, name: really-old}
"""


@pytest.mark.parametrize(("stack", "prefix"), [("dev", "shop-own"), ("prod", "own")])
def test_physical_names(stack: str, prefix: str, tmp_path: Path) -> None:
    graph = graph_of(shop(tmp_path, {"web.compose.yaml": NAMED}), stack)
    assert {n.key: n.name for n in graph.networks.values()} == {
        "one": f"{prefix}_one",
        "given": "given-net",
        "far": "far",
        "elsewhere": "somebodys",
        "default": f"{prefix}_default",
    }
    assert {v.key: v.name for v in graph.volumes.values()} == {
        "data": f"{prefix}_data",
        "kept": "kept-data",
        "old": "old",
        "older": "really-old",
    }
    assert {v.retain for v in graph.volumes.values()} == {stack == "prod"}
    front, named = graph.services.values()
    # Logical names are the same everywhere: they are what Pulumi's state is about.
    assert (front.logical_name, front.container_name, front.alias) == ("shop-web-front",) * 3
    assert (named.logical_name, named.container_name) == ("shop-web-named", "the-name")
    assert {a.network.rpartition("/")[2]: a.aliases for a in front.attachments} == {
        "one": ("front", "shop-web-front", "other"),
        "given": ("front", "shop-web-front"),
        "far": ("front", "shop-web-front"),
        "elsewhere": ("front", "shop-web-front"),
    }
    assert named.attachments[0].aliases == ("named", "shop-web-named", "the-name")


# --- the ingress


def networks_of(graph: StackGraph) -> list[str]:
    (ingress,) = graph.ingresses.values()
    return [network.rpartition("/")[2] for network in ingress.networks]


@pytest.mark.parametrize(
    ("services", "internal", "joined"),
    [
        ({"a": "one"}, "", ["one"]),
        ({"a": "one", "b": "one"}, "", ["one"]),
        ({"a": "one", "b": "two"}, "", ["one", "two"]),
        ({"a": "one two", "b": "two"}, "", ["two"]),
        ({"a": "one two", "b": "two three"}, "", ["two"]),
        ({"a": "one two", "b": "two three", "c": "three one"}, "", ["one", "three"]),
        ({"a": "one two", "b": "two three", "c": "three far"}, "", ["one", "three"]),
        ({"a": "one two"}, "", ["one"]),
        ({"a": "one two"}, "one", ["two"]),
        ({"a": "one two"}, "one two", ["one"]),
        ({"a": "one two", "b": "one"}, "one", ["one"]),
        ({"a": "one two", "b": "two three", "c": "two"}, "two", ["two"]),
        ({"a": ""}, "", ["default"]),
        ({}, "", []),
    ],
)
def test_ingress_joins_as_few_networks_as_will_do(
    services: dict[str, str], internal: str, joined: list[str], tmp_path: Path
) -> None:
    compose = {
        "services": {
            "unrouted": {"image": "a", "networks": ["far"]},
            **{
                name: {"image": "a", "networks": networks.split()}
                for name, networks in services.items()
            },
        },
        "networks": {
            name: {"internal": name in internal.split()} for name in ("one", "two", "three", "far")
        },
    }
    routes = {f"{name}.example.com": {"to": f"web/{name}:80"} for name in services}
    system = SHOP["systems/shop/system.yaml"].partition("routes:")[0]
    files = {
        "web.compose.yaml": json.dumps(compose),
        "system.yaml": f"{system}routes: {json.dumps(routes)}\n",
    }
    graph = graph_of(shop(tmp_path, files))
    assert sorted(networks_of(graph)) == sorted(joined)
    assert broken(graph) == []


def test_ingress_waits_for_what_it_leads_to(tmp_path: Path) -> None:
    graph = graph_of(shop(tmp_path))
    (ingress,) = graph.ingresses.values()
    assert ingress.waits_for == ("service:shop/web/front",)


@pytest.mark.parametrize(
    ("stack", "ports", "certificates", "machine"),
    [
        ("dev", (8080, 8443), "internal", "this machine"),
        ("prod", (80, 443), "acme", "host:shop/vps"),
    ],
)
def test_dev_and_prod(
    stack: str, ports: tuple[int, int], certificates: str, machine: str, tmp_path: Path
) -> None:
    graph = graph_of(shop(tmp_path), stack)
    (ingress,), (host,) = graph.ingresses.values(), graph.hosts.values()
    assert (ingress.http_port, ingress.https_port) == ports
    assert ingress.certificates == certificates
    assert host.machine == machine
    assert (host.access is None) == (stack == "dev")
    owned = {(p.port.start, p.protocol, p.owner) for p in graph.host_ports}
    ssh = {(22, "tcp", host.id)} if stack == "prod" else set()
    assert owned == {(port, "tcp", ingress.id) for port in ports} | ssh


def test_dev_ports_are_configuration(tmp_path: Path) -> None:
    dev = SHOP["Pulumi.dev.yaml"] + "  stackgraph:dev_ports: {http: 9080, https: 9443}\n"
    (ingress,) = graph_of(shop(tmp_path, {"Pulumi.dev.yaml": dev})).ingresses.values()
    assert (ingress.http_port, ingress.https_port) == (9080, 9443)


# --- zones


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("example.com", "example.com"),
        ("a.example.com", "example.com"),
        ("a.b.example.com", "b.example.com"),
        ("b.example.com", "b.example.com"),
        ("ab.example.com", "example.com"),
        ("*.example.com", "example.com"),
    ],
)
def test_the_longest_zone_has_a_name(name: str, zone: str, tmp_path: Path) -> None:
    system = SHOP["systems/shop/system.yaml"].replace(
        "zones:\n", "zones:\n  b.example.com: {provider: cloudflare, proxied: true}\n"
    )
    files = {"system.yaml": system.replace("  shop.example.com:", f'  "{name}":')}
    (route,) = graph_of(shop(tmp_path, files)).routes.values()
    assert route.zone == f"zone:shop/{zone}"
    assert route.proxied == (zone == "b.example.com")


# --- order


def test_waves(tmp_path: Path) -> None:
    compose = """\
services:
  front: {image: a, depends_on: [api, cache]}
  api: {image: a, depends_on: [db]}
  db: {image: a}
  cache: {image: a}
  job: {image: a, depends_on: {api: {condition: service_completed_successfully}}}
"""
    graph = graph_of(shop(tmp_path, {"web.compose.yaml": compose}))
    assert cycles(graph) == ()
    assert [[node.rpartition("/")[2] for node in wave] for wave in waves(graph)] == [
        ["cache", "db"],
        ["api"],
        ["front", "job"],
        ["vps"],
    ]


def test_profiles(tmp_path: Path) -> None:
    compose = """\
services:
  front: {image: a}
  debug: {image: a, profiles: [debug, more]}
  other: {image: a, profiles: [other]}
"""
    system = SHOP["systems/shop/system.yaml"]
    enabled = system.replace("web.compose.yaml}", "web.compose.yaml, profiles: [more]}")
    files = {"web.compose.yaml": compose, "system.yaml": system}
    assert list(graph_of(shop(tmp_path, files)).services) == ["service:shop/web/front"]
    files["system.yaml"] = enabled
    assert list(graph_of(shop(tmp_path, files)).services) == [
        "service:shop/web/debug",
        "service:shop/web/front",
    ]


# --- images


def test_stand_ins_answer_where_the_image_would(tmp_path: Path) -> None:
    compose = """\
services:
  front:
    image: ${FRONT_IMAGE}
    command: [serve]
    entrypoint: [/own]
    user: "5"
    read_only: true
    working_dir: /srv
    expose: ["8080", "53/udp"]
    ports: ["9000:9001", "9002:9002/udp"]
    volumes: ["data:/data"]
    healthcheck: {test: "own"}
  silent: {image: "${FRONT_IMAGE}"}
  single: {image: "${FRONT_IMAGE}", expose: ["80"]}
volumes: {data: {}}
"""
    system = SHOP["systems/shop/system.yaml"].replace(
        "variables:\n", "variables:\n  FRONT_IMAGE: {purpose: Shop, stand_in: true}\n"
    )
    files = {"web.compose.yaml": compose, "system.yaml": system}
    graph = graph_of(shop(tmp_path, files))
    front, silent, single = graph.services.values()
    assert front.image.reference == "caddy:2.11.4-alpine"
    assert front.image.stand_in_for == "web/front"
    assert front.spec.command is not None
    assert front.spec.command[:2] == ("sh", "-c")
    assert [
        port for port in ("8080", "9001", "53", "9002") if f":{port} " in front.spec.command[2]
    ] == [
        "8080",
        "9001",
    ]
    assert (front.spec.user, front.spec.read_only, front.spec.entrypoint) == (None, False, None)
    assert front.spec.healthcheck is not None
    assert front.spec.healthcheck.test[-1] == "http://127.0.0.1:8080/"
    assert front.volumes
    assert silent.spec.command == ("sleep", "infinity")
    assert silent.spec.healthcheck is not None
    assert not silent.spec.healthcheck.active
    assert single.spec.command == (
        *("caddy", "respond", "--listen", ":80", "--body", "stand-in for web/single\n"),
    )
    assert broken(graph) == []

    prod = SHOP["Pulumi.prod.yaml"] + '    variables: {FRONT_IMAGE: "registry.example.com/a:1"}\n'
    graph = graph_of(shop(tmp_path, {**files, "Pulumi.prod.yaml": prod}), "prod")
    assert {s.image.reference for s in graph.services.values()} == {"registry.example.com/a:1"}
    assert {s.image.stand_in_for for s in graph.services.values()} == {None}


def built(root: Path, **changed: str) -> str:
    files = {"web.compose.yaml": "services: {front: {build: image, image: 'own:5'}}\n"}
    files |= {"systems/shop/image/Dockerfile": "FROM scratch\n", "systems/shop/image/a": "a"}
    graph = graph_of(shop(root, {**files, **changed}))
    return graph.services["service:shop/web/front"].image.reference


def test_the_tag_of_a_built_image_is_its_content(tmp_path: Path) -> None:
    reference = built(tmp_path / "one")
    assert reference.startswith("own:")
    assert len(reference) == len("own:") + 16
    assert built(tmp_path / "somewhere" / "else") == reference
    changes = {
        "content": {"systems/shop/image/a": "b"},
        "another file": {"systems/shop/image/b": "a"},
        "options": {
            "web.compose.yaml": "services: {front: {build: {context: image, target: x}, "
            "image: 'own:5'}}\n"
        },
    }
    references = {name: built(tmp_path / name, **files) for name, files in changes.items()}
    assert len({reference, *references.values()}) == len(changes) + 1
    (tmp_path / "one/systems/shop/image/a").chmod(0o755)
    graph = graph_of(tmp_path / "one")
    assert graph.services["service:shop/web/front"].image.reference != reference


# --- secrets


def test_secrets_stay_references(tmp_path: Path) -> None:
    compose = """\
services:
  front:
    image: a
    environment: {URL: "db://shop:${DB_PASSWORD}@db"}
    secrets: [password, {source: password, target: own.txt, mode: 0400}]
    configs: [site]
secrets: {password: {environment: DB_PASSWORD}}
configs: {site: {content: "Hello"}}
"""
    graph = graph_of(shop(tmp_path, {"web.compose.yaml": compose}))
    (front,) = graph.services.values()
    assert [(f.target, oct(f.mode), f.content, f.secret) for f in front.files] == [
        ("/run/secrets/own.txt", "0o400", None, "DB_PASSWORD"),
        ("/run/secrets/password", "0o444", None, "DB_PASSWORD"),
        ("/site", "0o444", "Hello", None),
    ]
    text = json.dumps(to_data(graph))
    assert "dev-only" not in text
    assert "db://shop:${DB_PASSWORD}@db" in text


def test_export_has_a_version_and_every_kind_of_node(tmp_path: Path) -> None:
    data = to_data(graph_of(shop(tmp_path)))
    assert data["version"] == 1
    assert data["start_order"] == [["service:shop/web/front"], ["ingress:shop/vps"]]
    assert {edge["kind"] for edge in data["edges"]} <= {str(kind) for kind in EdgeKind}
    assert json.loads(json.dumps(data)) == data


def test_export_of_a_circle(tmp_path: Path) -> None:
    compose = "services: {front: {image: a, depends_on: [front]}}\n"
    data = to_data(graph_of(shop(tmp_path, {"web.compose.yaml": compose})))
    assert data["start_order"] == []


def test_private_keys_are_not_exported(tmp_path: Path) -> None:
    key = SHOP["Pulumi.prod.yaml"].replace("{address", "{private_key: THE-KEY, address")
    graph = graph_of(shop(tmp_path, {"Pulumi.prod.yaml": key}), "prod")
    assert "THE-KEY" not in json.dumps(to_data(graph)) + repr(graph)


def test_several_systems_in_one_stack(tmp_path: Path) -> None:
    dev = SHOP["Pulumi.dev.yaml"].replace("[shop]", "[shop, ./elsewhere/other]")
    other = SHOP["systems/shop/system.yaml"].replace(", ingress: {kind: caddy}", "")
    files = {
        "Pulumi.dev.yaml": dev,
        "elsewhere/other/system.yaml": other.partition("routes:")[0],
        "elsewhere/other/web.compose.yaml": SHOP["systems/shop/web.compose.yaml"],
    }
    graph = graph_of(shop(tmp_path, files))
    assert graph.systems == ("other", "shop")
    assert [s.logical_name for s in graph.services.values()] == [
        "other-web-front",
        "shop-web-front",
    ]
    assert broken(graph) == []


def test_problems_of_all_systems_at_once(tmp_path: Path) -> None:
    dev = SHOP["Pulumi.dev.yaml"].replace("[shop]", "[shop, other]")
    files = {
        "Pulumi.dev.yaml": dev,
        "system.yaml": "hosts: []\n",
        "systems/other/system.yaml": "hosts: 5\n",
    }
    with pytest.raises(FindingsError) as caught:
        graph_of(shop(tmp_path, files))
    assert [str(finding.source) for finding in caught.value.findings] == [
        "systems/other/system.yaml:1: hosts",
        "systems/shop/system.yaml:1: hosts",
    ]
