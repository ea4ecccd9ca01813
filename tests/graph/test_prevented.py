"""What the incident catalogue tells of and cannot happen here, where no other test shows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.project import Project
from cli.render import render_files
from config.finding import FindingsError
from graph.rules import check
from preview.resource import Resource
from tests.components.test_container import container, declare
from tests.workspace import SHOP, graph_of, shop

SYSTEM = SHOP["systems/shop/system.yaml"]


def refused(root: Path, system: str, stack: str = "dev", **files: str) -> list[str]:
    """Tell what is said of a system that cannot be read."""
    with pytest.raises(FindingsError) as caught:
        graph_of(shop(root, {"system.yaml": system, **files}), stack)
    return [f"{finding.source.path}: {finding.fact}" for finding in caught.value.findings]


def labels(resource: Resource) -> dict[str, str]:
    return {each["label"]: each["value"] for each in resource.inputs["labels"]}


def test_a_network_has_one_owner_and_the_labels_of_compose(tmp_path: Path) -> None:
    extra = "  other:\n    image: example.com/other:1\n    networks: [front, theirs]\n"
    recording = declare(tmp_path, "networks: [front]", extra=extra)
    networks = [r for r in recording.resources if r.type == "docker:index/network:Network"]
    (front,) = [network for network in networks if network.name == "small-shop-front"]
    assert labels(front) == {
        "com.docker.compose.project": "small-shop",
        "com.docker.compose.network": "front",
    }
    assert not [network for network in networks if "theirs" in network.name]


def test_every_container_comes_from_an_image_of_the_program(tmp_path: Path) -> None:
    (tmp_path / "small/own").mkdir(parents=True)
    (tmp_path / "small/own/Dockerfile").write_text("FROM scratch\n")
    extra = "  built:\n    build: own\n"
    recording = declare(tmp_path, "restart: always", extra=extra)
    images = [r for r in recording.resources if r.type == "docker:index/remoteImage:RemoteImage"]
    for name in ("small-shop-web", "small-shop-built", "small-box-ingress"):
        found = container(recording, name)
        (image,) = [each for each in images if each.inputs["name"] == found.inputs["image"]]
        assert image.urn in found.dependencies, name
    compose = SHOP["systems/shop/web.compose.yaml"].replace(
        "expose:", "pull_policy: never\n    expose:"
    )
    (said,) = refused(tmp_path, SYSTEM, **{"web.compose.yaml": compose})
    assert said == "services.front.pull_policy: unknown key 'pull_policy'"


def test_services_share_one_secret_by_its_name(tmp_path: Path) -> None:
    compose = """\
services:
  front: {image: a, environment: {PASSWORD: "${DB_PASSWORD}"}}
  back: {image: a, environment: {URL: "db://x:${DB_PASSWORD}@db"}}
"""
    graph = graph_of(shop(tmp_path, {"web.compose.yaml": compose}))
    assert [secret.name for secret in graph.secrets.values()] == ["DB_PASSWORD"]
    back, front = graph.services.values()
    assert (str(front.environment["PASSWORD"]), str(back.environment["URL"])) == (
        "${DB_PASSWORD}",
        "db://x:${DB_PASSWORD}@db",
    )
    twice = SYSTEM.replace("secrets:\n", "secrets:\n  DB_PASSWORD: {purpose: again, dev: b}\n")
    (said,) = refused(tmp_path, twice)
    assert "DB_PASSWORD" in said


def test_a_backup_is_copied_by_something_that_is_described(tmp_path: Path) -> None:
    backup = """\
buckets: {away: {provider: aws, region: eu-central-1, purpose: Copies}}
backups:
  nightly:
    host: vps
    schedule: "0 3 * * *"
    directory: /var/backups/shop
    captures: [{of: web/front, method: copy}]
    copies: [{by: zerobyte, to: away}, {by: web/front, to: nowhere}]
"""
    graph = graph_of(shop(tmp_path, {"system.yaml": SYSTEM + backup}))
    said = [finding.fact for finding in check(graph) if finding.rule == "R09"]
    assert said == ["unknown service or process 'zerobyte'", "unknown bucket or host 'nowhere'"]


def test_public_and_mesh_addresses_are_two_settings(tmp_path: Path) -> None:
    for key in ("address", "mesh_address"):
        (said,) = refused(tmp_path, SYSTEM.replace("{kind: vps", f"{{{key}: 192.0.2.1, kind: vps"))
        assert said == f"hosts.vps.{key}: unknown key {key!r}"
    prod = SHOP["Pulumi.prod.yaml"].replace("{address", "{mesh_address: 100.64.0.5, address")
    graph = graph_of(shop(tmp_path, {"Pulumi.prod.yaml": prod}), "prod")
    access = graph.hosts["host:shop/vps"].access
    assert access is not None
    assert (access.address, access.mesh_address) == ("192.0.2.10", "100.64.0.5")


def test_a_route_leads_to_no_address(tmp_path: Path) -> None:
    system = SYSTEM.replace("to: web/front:8080", "to: 192.168.1.10:8080")
    graph = graph_of(shop(tmp_path, {"system.yaml": system}))
    said = [finding.fact for finding in check(graph) if finding.rule == "R09"]
    assert said == ["unknown process '192.168.1.10'"]
    assert not [route for route in graph.routes.values() if route.upstream]


def test_each_host_says_which_proxy_and_each_process_who_keeps_it(tmp_path: Path) -> None:
    more = """\
  other: {kind: vps, platform: linux/amd64, cpus: 2, memory: 2GiB, ingress: {kind: nginx}}
processes:
  one: {host: vps, manager: systemd, purpose: A, command: a, directory: /srv/a, user: a}
  two: {host: other, manager: pm2, purpose: B, command: b, directory: /srv/b, user: b}
apps:
"""
    prod = SHOP["Pulumi.prod.yaml"].replace(
        "      vps:", '      other: {address: 192.0.2.11, host_key: "ssh-ed25519 AAAA"}\n      vps:'
    )
    files = {"system.yaml": SYSTEM.replace("apps:\n", more), "Pulumi.prod.yaml": prod}
    graph = graph_of(shop(tmp_path, files), "prod")
    assert [ingress.kind for ingress in graph.ingresses.values()] == ["nginx", "caddy"]
    assert [p.spec.manager for p in graph.processes.values()] == ["systemd", "pm2"]


def test_an_app_has_one_compose_file(tmp_path: Path) -> None:
    system = SYSTEM.replace("web.compose.yaml", "[web.compose.yaml, web.prod.compose.yaml]")
    (said,) = refused(tmp_path, system)
    assert said == "apps.web.compose: a list where a text is expected"


@pytest.mark.parametrize("name", ["dyniq", "example"])
def test_what_is_rendered_is_utf_8_with_plain_line_ends(name: str, project: Path) -> None:
    graph = Project(root=project).graph("dev", [name])
    files = render_files(graph, None)
    assert files
    for file, text in files.items():
        assert "\r" not in text.encode("utf-8").decode("utf-8"), file
        assert text.endswith("\n"), file
