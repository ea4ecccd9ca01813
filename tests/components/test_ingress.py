"""What a Caddy on a host is given: directories of sites, certificates, a way to its host."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.program import secret_lookup
from components.system import System, SystemArgs
from config.cloudflare import ZoneSettings
from config.load import load_systems, secret_values
from config.stack import HostAccess, StackSettings, SystemSettings
from graph.build import build
from preview.record import Recording, record
from preview.resource import Resource
from preview.value import Secret

SYSTEM = """
hosts:
  box: {kind: vps, platform: linux/amd64, cpus: 2, memory: 2GiB, ingress: {kind: caddy%s}}
apps:
  shop: {host: box, compose: shop.compose.yaml}
processes:
  api: {host: box, manager: systemd, purpose: API, command: api, directory: /srv, user: api, listens: ["0.0.0.0:3000"]}
sites:
  pages: {host: box, path: /srv/pages, purpose: Pages}
secrets:
  TOKEN: {purpose: a token, dev: dev-only-token}
  PEM: {purpose: a certificate, dev: dev-only-pem}
  KEY: {purpose: its key, dev: dev-only-key}
zones:
  example.com: {provider: cloudflare, proxied: true}
routes:
  shop.example.com: {to: shop/web:80}
"""  # noqa: E501
COMPOSE = "services: {web: {image: example.com/web:1, expose: ['80']}}\n"


def declare(folder: Path, options: str = "", routes: str = "") -> Recording:
    """Record the prod stack of a system with options of its ingress and more routes."""
    directory = folder / "small"
    directory.mkdir(exist_ok=True)
    (directory / "system.yaml").write_text(SYSTEM % options + routes)
    (directory / "shop.compose.yaml").write_text(COMPOSE)
    given = SystemSettings(
        hosts={"box": HostAccess(address="192.0.2.7", host_key="ssh-ed25519 AAAA")},
        secrets={"TOKEN": "real-token", "PEM": "real-pem", "KEY": "real-key"},  # type: ignore[dict-item]
        zones={"example.com": ZoneSettings(zone_id="0" * 32)},
    )
    settings = StackSettings(
        name="prod", target="prod", systems=("small",), per_system={"small": given}
    )
    systems = load_systems([directory], settings, relative_to=folder)
    graph = build(systems, settings)
    secrets = secret_values(systems[0], settings)

    def program() -> None:
        args = SystemArgs(
            graph=graph,
            system="small",
            docker_host=settings.docker_host,
            secret=secret_lookup(secrets),
        )
        System("small", args)

    return record(program, project="test", stack="prod", config={})


def named(recording: Recording, name: str) -> Resource:
    (found,) = (r for r in recording.resources if r.name == name and not r.type.startswith("stack"))
    return found


def proxy(recording: Recording) -> Resource:
    (found,) = (
        r
        for r in recording.resources
        if r.name == "small-box-ingress" and r.type == "docker:index/container:Container"
    )
    return found


def commands(recording: Recording) -> set[str]:
    return {
        r.name.removeprefix("small-box-ingress-")
        for r in recording.resources
        if r.name.startswith("small-box-ingress-") and "command" in r.type
    }


def test_directories_of_sites_are_mounted_for_reading(tmp_path: Path) -> None:
    bare = proxy(declare(tmp_path)).inputs
    assert [mount["type"] for mount in bare["mounts"]] == ["volume", "volume"]
    assert "hosts" not in bare
    shown = proxy(declare(tmp_path, routes="  pages.example.com: {site: pages}\n")).inputs
    assert shown["mounts"][2:] == [
        {"type": "bind", "source": "/srv/pages", "target": "/srv/sites/pages", "readOnly": True}
    ]
    errors = '  a.example.com: {to: "shop/web:80", errors: {site: pages, pages: {5xx: /a.html}}}\n'
    assert proxy(declare(tmp_path, routes=errors)).inputs["mounts"] == shown["mounts"]


def test_a_process_of_the_host_is_reached_by_name(tmp_path: Path) -> None:
    found = proxy(declare(tmp_path, routes='  api.example.com: {to: "api:3000"}\n')).inputs
    assert found["hosts"] == [{"host": "host.docker.internal", "ip": "host-gateway"}]


@pytest.mark.parametrize(
    ("options", "written"),
    [
        ("", set()),
        (", certificates: {certificate: PEM, key: KEY}", {"certificate-own"}),
        (", certificates: {dns: cloudflare, token: TOKEN}", {"dns-token"}),
        (", certificates: origin", {"certificate-example.com"}),
    ],
)
def test_what_caddy_needs_is_there_before_its_routes(
    options: str, written: set[str], tmp_path: Path
) -> None:
    recording = declare(tmp_path, options)
    found = {n for n in commands(recording) if n.startswith(("certificate", "dns"))}
    assert found == written
    routes = named(recording, "small-box-ingress-routes")
    for name in written:
        command = named(recording, f"small-box-ingress-{name}")
        assert command.urn in routes.dependencies
        # What it writes is secret, wherever it stands.
        texts = [v for v in command.inputs.values() if "real-" in str(v)]
        assert all(isinstance(text, Secret) for text in texts)
    shown = str([r.inputs for r in recording.resources if r.name == routes.name])
    assert "real-" not in shown
