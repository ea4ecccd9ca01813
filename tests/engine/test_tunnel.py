"""A host with a tunnel on this machine's Docker: who is answered, and how cloudflared is replaced.

The real engine, providers and Caddy; stand-ins of Cloudflare's API and of cloudflared.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from rehearsal.cloudflare import TOKEN, cloudflare
from rehearsal.images import Stub, make_image
from rehearsal.stack import local_project
from rehearsal.stand_ins import CLOUDFLARED
from tests.engine.test_cloudflare import Edge
from tests.support.stack import containers, docker

pytestmark = [pytest.mark.engine, pytest.mark.slow]

PROGRAM = """
import tempfile
from dataclasses import replace
from pathlib import Path
import pulumi
from components.system import System, SystemArgs
from config.cloudflare import ZoneSettings
from config.stack import DEFAULT_DOCKER_HOST
from tests.components.tunnel import ROUTES, TUNNEL, shop, system

COMPOSE = 'services: {front: {image: "stackgraph-test/front:1", expose: ["8080"]}}'
with tempfile.TemporaryDirectory() as folder:
    text = system(ROUTES, TUNNEL.replace("tunnel: cloudflare", OPTIONS))
    graph = shop(Path(folder), text, compose=COMPOSE)
settings = ZoneSettings.model_validate(SETTINGS)
# Of prod, and yet of this machine: a host that nobody has to log in to.
hosts = {id_: replace(host, access=None) for id_, host in graph.hosts.items()}
zones = {id_: replace(zone, settings=settings) for id_, zone in graph.zones.items()}
graph = replace(graph, hosts=hosts, zones=zones, _index={})
System("shop", SystemArgs(
    graph=graph,
    system="shop",
    docker_host=DEFAULT_DOCKER_HOST,
    secret=lambda name: pulumi.Output.secret("none"),
))
"""
INGRESS, NAME = "shop-vps-ingress", "shop-vps-tunnel"
FIRST, SECOND = "cloudflare/cloudflared:2026.7.3", "cloudflare/cloudflared:2026.9.3"
CADDY = "caddy:2.11.4-alpine"


class Tunnelled(Edge):
    def tell(self, options: str = "tunnel: cloudflare") -> None:
        """Write the program, with options of the ingress."""
        settings = {
            "api_token": TOKEN,
            "base_url": self.api.url,
            "zone_id": self.zone.id,
            "account": "a" * 32,
        }
        text = f"SETTINGS = {settings!r}\nOPTIONS = {options!r}\n"
        (self.folder / "__main__.py").write_text(text + PROGRAM)


@pytest.fixture(scope="module")
def tunnelled(tmp_path_factory: pytest.TempPathFactory, pulumi_command: str) -> Iterator[Tunnelled]:
    make_image(CADDY, "caddy")
    make_image("stackgraph-test/front:1", "stub", stub=Stub(name="front", http=(8080,)))
    for image in (FIRST, SECOND):
        make_image(image, CLOUDFLARED.kind, stub=CLOUDFLARED.stub)
    folder = tmp_path_factory.mktemp("tunnel")
    environment = {**local_project(folder, "edge"), "PYTHONWARNINGS": "ignore"}
    with cloudflare().serving() as api:
        made = Tunnelled(folder, pulumi_command, environment, api, api.add_zone("example.com"))
        made.tell()
        made.run("stack", "init")
        try:
            made.up()
            yield made
        finally:
            made.run("destroy", "--yes", "--skip-preview")


def test_it_is_up_and_nothing_is_to_do(tunnelled: Tunnelled) -> None:
    assert tunnelled.steps() == []
    (proxy,), (cloudflared,) = containers(INGRESS), containers(NAME)
    assert docker("port", proxy).strip() == ""
    health = docker("inspect", "--format", "{{.State.Health.Status}}", cloudflared)
    assert health.strip() == "healthy"


def test_only_its_file_has_the_token(tunnelled: Tunnelled) -> None:
    (cloudflared,) = containers(NAME)
    (tunnel,) = tunnelled.api.tunnels.values()
    copied = subprocess.run(
        ["docker", "cp", f"{cloudflared}:/run/tunnel/token", "-"], capture_output=True, check=True
    ).stdout
    token = tunnelled.api.answer(
        "GET", f"/accounts/{'a' * 32}/cfd_tunnel/{tunnel['id']}/token", {}, None
    )
    assert token.encode() in copied
    assert token not in docker("inspect", cloudflared)
    assert token not in tunnelled.run("stack", "export")


CLIENT = """{
	admin off
	auto_https off
}
:8080 {
	reverse_proxy https://ingress:443 {
		header_up Host {header.X-Name}
		header_up CF-Connecting-IP {header.X-Caller}
		transport http {
			tls_server_name shop.example.com
			tls_insecure_skip_verify
		}
	}
}
"""


@pytest.fixture
def client(tunnelled: Tunnelled) -> Iterator[str]:
    """A container that calls the ingress as cloudflared would; give its id."""
    run = ["docker", "run", "--detach", "--rm", "--interactive", "--network", NAME, CADDY]
    script = f"cat >/Caddyfile <<'EOF'\n{CLIENT}EOF\nexec caddy run --config /Caddyfile"
    id_ = docker(*run[1:], "sh", "-c", script).strip()
    try:
        yield id_
    finally:
        docker("rm", "--force", id_)


def asked(client: str, path: str, caller: str) -> str:
    """Ask by way of a container, and give the status."""
    network = f'{{{{(index .NetworkSettings.Networks "{NAME}").IPAddress}}}}'
    address = docker("inspect", "--format", network, client).strip()
    curl = ["curl", "--silent", "--retry", "10", "--retry-connrefused", "--output", "/dev/null"]
    names = ["--header", "X-Name: shop.example.com", "--header", f"X-Caller: {caller}"]
    return _status([*curl, *names, f"http://{address}:8080{path}"])


def _status(command: list[str]) -> str:
    done = subprocess.run(
        [*command, "--write-out", "%{http_code}"], capture_output=True, text=True, check=False
    )
    return done.stdout


def test_who_calls_in_its_network_is_believed(client: str) -> None:
    assert asked(client, "/", "198.51.100.7") == "200"
    assert asked(client, "/admin/", "203.0.113.7") == "200"
    assert asked(client, "/admin/", "198.51.100.7") == "403"


def test_the_host_itself_is_not_believed(tunnelled: Tunnelled) -> None:
    (proxy,) = containers(INGRESS)
    network = f'{{{{(index .NetworkSettings.Networks "{NAME}").IPAddress}}}}'
    address = docker("inspect", "--format", network, proxy).strip()
    curl = ["curl", "--silent", "--insecure", "--resolve", f"shop.example.com:443:{address}"]
    for path in ("/", "/admin/"):
        for forged in ([], ["--header", "CF-Connecting-IP: 203.0.113.7"]):
            url = f"https://shop.example.com{path}"
            assert _status([*curl, *forged, "--output", "/dev/null", url]) == "403"


def test_another_version_comes_before_the_former_one_goes(tunnelled: Tunnelled) -> None:
    (former,) = containers(NAME)
    tunnelled.tell(f"tunnel: {{image: '{SECOND}'}}")
    tunnelled.up()
    (cloudflared,) = containers(NAME)
    assert cloudflared != former
    assert docker("inspect", "--format", "{{.Config.Image}}", cloudflared).strip() == SECOND
    assert tunnelled.steps() == []
