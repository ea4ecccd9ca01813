"""The real systems: what their documents say of them comes out of the graph again."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from cli.project import Project
from config.addresses import MeshAddress, PublicAddress
from config.cloudflare import ZoneSettings
from config.document import read_document
from config.finding import Severity
from config.load import load_systems
from config.stack import HostAccess, StackSettings, SystemSettings
from config.units import format_port_range
from graph.build import build
from graph.export import to_data
from graph.model import StackGraph
from graph.order import waves
from graph.rules import check
from graph.waivers import apply

SYSTEMS = ["dyniq", "example", "vitaravox", "vpai"]

DAY = date(2026, 12, 1)
"""A day on which the waivers of the systems hold."""


def _in_mesh_only(host: dict[str, Any]) -> bool:
    return bool(host.get("ssh", {}).get("access") == "mesh")


def prod(project: Path, name: str) -> StackGraph:
    """Build a system as on prod, every value given that prod asks for."""
    system = read_document(project / "systems" / name / "system.yaml", name).data
    hosts = {
        key: HostAccess(
            # A host whose SSH is for the mesh only is deployed to by its address there.
            address=f"100.64.0.{number}" if _in_mesh_only(host) else f"192.0.2.{number}",
            public_addresses=(PublicAddress(f"192.0.2.{number}"),),
            mesh_address=MeshAddress(f"100.64.0.{number}"),
            host_key="ssh-ed25519 AAAA",
        )
        for number, (key, host) in enumerate(system["hosts"].items(), 10)
    }
    settings = StackSettings(
        name="prod",
        target="prod",
        systems=(name,),
        per_system={
            name: SystemSettings(
                hosts=hosts,
                zones={
                    zone: ZoneSettings(zone_id="0" * 32)
                    for zone, spec in system.get("zones", {}).items()
                    if spec["provider"] == "cloudflare"
                },
                variables={
                    key: str(variable.get("dev", f"registry.example.com/{key.lower()}:1.2.3"))
                    for key, variable in system["variables"].items()
                    if "default" not in variable
                },
                secrets={key: SecretStr("x" * 32) for key in system.get("secrets", {})},
            )
        },
    )
    folder = project / "systems" / name
    return build(load_systems([folder], settings, relative_to=project), settings)


def dev(project: Path, name: str) -> StackGraph:
    return Project(root=project).graph("dev", [name])


@pytest.mark.parametrize("name", SYSTEMS)
def test_no_errors(name: str, project: Path) -> None:
    for graph in (dev(project, name), prod(project, name)):
        counting, _ = apply(check(graph), graph, DAY)
        assert [str(f) for f in counting if f.severity is Severity.ERROR] == []
        assert graph.unresolved == ()


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_name_lies_in_a_zone(name: str, project: Path) -> None:
    graph = prod(project, name)
    assert graph.routes
    assert {key: route.zone for key, route in graph.routes.items() if route.zone is None} == {}
    assert {record.zone for record in graph.records.values()} <= set(graph.zones)


@pytest.mark.parametrize("name", SYSTEMS)
def test_everything_that_we_deploy_has_a_memory_limit(name: str, project: Path) -> None:
    graph = prod(project, name)
    ours = [s for s in graph.services.values() if graph.apps[s.app].managed_by is None]
    assert [service.id for service in ours if not service.spec.memory_limit] == []
    for host in graph.hosts.values():
        limits = [service.spec.memory_limit or 0 for service in ours if service.host == host.id]
        assert sum(limits) < host.memory


@pytest.mark.parametrize("name", SYSTEMS)
def test_nothing_secret_is_exported(name: str, project: Path) -> None:
    system = read_document(project / "systems" / name / "system.yaml", name).data
    text = json.dumps(to_data(dev(project, name)))
    for secret in system.get("secrets", {}).values():
        assert secret["dev"] not in text


@pytest.mark.parametrize("name", SYSTEMS)
def test_dev_and_prod_have_the_same_resources(name: str, project: Path) -> None:
    on_dev, on_prod = dev(project, name), prod(project, name)
    for kind in ("hosts", "ingresses", "apps", "networks", "volumes", "services", "routes"):
        assert list(getattr(on_dev, kind)) == list(getattr(on_prod, kind))
    assert waves(on_dev) == waves(on_prod)


# --- dyniq, by the tables of its page


def short(node: str) -> str:
    """Give an id without its kind and system."""
    return node.partition("/")[2]


def test_dyniq_services(project: Path) -> None:
    graph = prod(project, "dyniq")
    services = {
        app.key: sorted(service.key for service in graph.services_of(app))
        for app in graph.apps.values()
    }
    assert services == {
        "dyniq-voice": [
            *("agents-api", "docs", "livekit", "postgres", "redis", "ruben", "ruben-api", "sip"),
        ],
        "langfuse": [
            *("clickhouse", "langfuse-web", "langfuse-worker", "minio", "minio-bucket"),
            *("postgres", "redis"),
        ],
        "metabase": ["metabase"],
        "n8n": ["n8n", "postgres"],
        "nocodb": ["nocodb", "postgres"],
    }


def test_dyniq_routes(project: Path) -> None:
    graph = prod(project, "dyniq")
    routes = {r.name: f"{short(r.service or '')}:{r.port}" for r in graph.routes.values()}
    # Langfuse and Metabase by their containers' ports: 3100 and 3001 were host ports (D3).
    assert routes == {
        "voice.dyniq.ai": "dyniq-voice/livekit:7880",
        "ruben-api.dyniq.ai": "dyniq-voice/ruben-api:8080",
        "agents-api.dyniq.ai": "dyniq-voice/agents-api:8000",
        "docs.dyniq.ai": "dyniq-voice/docs:80",
        "automation.dyniq.ai": "n8n/n8n:5678",
        "crm.dyniq.ai": "nocodb/nocodb:8080",
        "langfuse.dyniq.ai": "langfuse/langfuse-web:3000",
        "analytics.dyniq.ai": "metabase/metabase:3000",
    }
    assert all(route.proxied for route in graph.routes.values())
    assert {route.zone for route in graph.routes.values()} == {"zone:dyniq/dyniq.ai"}
    private = [r.name for r in graph.routes.values() if not r.access.public]
    assert private == ["docs.dyniq.ai"]
    cached = {r.name for r in graph.routes.values() if r.cache != "off"}
    assert cached == {"docs.dyniq.ai"}


def test_dyniq_public_ports(project: Path) -> None:
    graph = prod(project, "dyniq")
    ports = {
        f"{format_port_range(port.port)}/{port.protocol}": short(port.owner)
        for port in graph.host_ports
    }
    # 7880 is not public: signalling passes Caddy (N7).
    assert ports == {
        "22/tcp": "contabo",
        "80/tcp": "contabo",
        "443/tcp": "contabo",
        "5060/tcp": "dyniq-voice/sip",
        "5060/udp": "dyniq-voice/sip",
        "7881/tcp": "dyniq-voice/livekit",
        "7882/udp": "dyniq-voice/livekit",
        "10000-10100/udp": "dyniq-voice/sip",
        "50000-50100/udp": "dyniq-voice/livekit",
    }
    assert {port.ip for port in graph.host_ports} == {"0.0.0.0"}


def test_dyniq_networks(project: Path) -> None:
    graph = prod(project, "dyniq")
    members: dict[str, set[str]] = {network.name: set() for network in graph.networks.values()}
    for service in graph.services.values():
        for attachment in service.attachments:
            members[graph.networks[attachment.network].name].add(short(service.id))
    voice = {
        *("livekit", "sip", "ruben", "ruben-api", "agents-api", "redis", "postgres", "docs"),
    }
    langfuse = {
        *("langfuse-web", "langfuse-worker", "postgres", "clickhouse", "redis", "minio"),
        "minio-bucket",
    }
    assert members == {
        "dyniq-voice_voice-net": {f"dyniq-voice/{name}" for name in voice},
        "n8n_default": {"n8n/n8n", "n8n/postgres"},
        "nocodb_default": {"nocodb/nocodb", "nocodb/postgres"},
        "langfuse_default": {f"langfuse/{name}" for name in langfuse},
        "metabase_metabase-net": {"metabase/metabase"},
    }
    # The page forgets the CRM's network in its drawing: Caddy joins all five.
    (ingress,) = graph.ingresses.values()
    assert {graph.networks[network].name for network in ingress.networks} == set(members)


def test_dyniq_zone(project: Path) -> None:
    graph = prod(project, "dyniq")
    (zone,) = graph.zones.values()
    assert (zone.name, zone.provider, zone.ssl, zone.proxied) == (
        *("dyniq.ai", "cloudflare", "strict"),
        True,
    )
    (record,) = graph.records.values()
    assert (record.name, record.proxied) == ("sip.dyniq.ai", False)


def test_dyniq_answers_before_cloudflare_gives_up(project: Path) -> None:
    graph = prod(project, "dyniq")
    for route in graph.routes.values():
        assert route.max_duration is None or route.max_duration.total_seconds() < 100


def test_dyniq_externals(project: Path) -> None:
    externals = {external.key for external in prod(project, "dyniq").externals.values()}
    named = {
        *("cloudflare", "supabase-walker-os", "supabase-dyniq", "openrouter", "elevenlabs"),
        *("deepgram", "twilio"),
    }
    assert named <= externals  # Langfuse is the eighth on the page: it is one of the apps (N3)


def test_dyniq_handovers(project: Path) -> None:
    graph = prod(project, "dyniq")
    stop_first = {short(s.id) for s in graph.services.values() if s.handover.order == "stop-first"}
    stateful = {short(s.id) for s in graph.services.values() if s.volumes or s.spec.ports}
    assert stop_first == stateful
    assert {"dyniq-voice/livekit", "dyniq-voice/postgres", "n8n/n8n"} <= stop_first
    assert {"dyniq-voice/agents-api", "dyniq-voice/docs"}.isdisjoint(stop_first)


def test_dyniq_fits_its_host(project: Path) -> None:
    graph = prod(project, "dyniq")
    (host,) = graph.hosts.values()
    limits = [service.spec.memory_limit or 0 for service in graph.services.values()]
    assert all(limits)
    assert sum(limits) < host.memory


def test_dyniq_stand_ins_are_the_images_that_only_its_owners_have(project: Path) -> None:
    graph = dev(project, "dyniq")
    assert {s.image.stand_in_for for s in graph.services.values()} == {
        None,
        *(f"dyniq-voice/{name}" for name in ("ruben", "ruben-api", "agents-api", "docs")),
    }
    assert {s.image.stand_in_for for s in prod(project, "dyniq").services.values()} == {None}


def test_dyniq_start_order(project: Path) -> None:
    order = [[short(node) for node in wave] for wave in waves(prod(project, "dyniq"))]
    position = {node: number for number, wave in enumerate(order) for node in wave}
    assert position["dyniq-voice/redis"] < position["dyniq-voice/livekit"]
    assert position["dyniq-voice/livekit"] < position["dyniq-voice/sip"]
    assert position["langfuse/minio"] < position["langfuse/minio-bucket"]
    assert position["langfuse/minio-bucket"] < position["langfuse/langfuse-web"]
    assert "contabo" in order[-1]
