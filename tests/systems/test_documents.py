"""The three systems as their owners' documents have them: each contradiction in them is found.

The inputs are under ``documents/``; the numbers are those of the list of contradictions that was
made from the documents (D: DYNIQ, V: VPAI, Z: VitaraVox).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from cli.project import Project
from config.cloudflare import ZoneSettings
from config.finding import Finding
from config.stack import HostAccess, StackSettings, SystemSettings
from graph.export import to_data
from graph.judge import Judgement, judge
from render.mermaid import architecture, networks
from render.mermaid.networks import members

DOCUMENTS = Path(__file__).parent / "documents"
TODAY = date(2026, 11, 21)


@dataclass(frozen=True, slots=True)
class Found:
    """What is said of a contradiction: by which rule, where, and some of the words."""

    rule: str
    place: str
    words: str


CONTRADICTIONS: dict[str, tuple[Found, ...]] = {
    # In the table of services, in no box that Caddy is connected to.
    "D1": (Found("G06", "flows[6]", "caddy/caddy calls nocodb/nocodb"),),
    # The host's ports stand where the containers' belong.
    "D3": (
        Found("R14", "routes.langfuse.dyniq.ai", "port 3100 of langfuse-web, which"),
        Found("R14", "routes.analytics.dyniq.ai", "port 3001 of metabase, which listens on 3000"),
    ),
    "D4": (Found("V12", "flows[0]", "sip is called by the name voice.dyniq.ai, which is proxied"),),
    "D5": (
        Found(
            "R21",
            "routes.agents-api.dyniq.ai.max_duration",
            "may take 2m15s, but Cloudflare gives up after 1m40s",
        ),
    ),
    # Published, as "port 8080" and "port 80" may be read, they collide.
    "D15": (
        Found("P01", "services.nocodb.ports[0]", "port 8080/tcp of dyniq/contabo is owned by"),
        Found("P01", "services.docs.ports[0]", "port 80/tcp of dyniq/contabo is owned by"),
    ),
    "D16": (Found("R09", "flows[11]", "unknown end of a flow 'nocodb/postgres'"),),
    # Grafana stands in the frontend's box only.
    "V1": (
        Found("G06", "flows[19]", "vpai/grafana calls vpai/victoriametrics"),
        Found("G06", "flows[20]", "vpai/grafana calls vpai/loki"),
    ),
    # Alloy stands in monitoring's box only.
    "V2": (Found("G06", "flows[17]", "vpai/alloy calls vpai/qdrant"),),
    "V3": (Found("N02", "services.diun", "diun names no network"),),
    # Caddy stands in the frontend's box only.
    "V4": (
        Found("G06", "flows[1]", "vpai/caddy calls vpai/n8n"),
        Found("G06", "flows[2]", "vpai/caddy calls vpai/litellm"),
        Found("G06", "flows[3]", "vpai/caddy calls vpai/openclaw"),
    ),
    "V5": (
        Found(
            "H09",
            "services.caddy.depends_on",
            "waits for 2 of the 4 services that it calls, not for grafana, openclaw",
        ),
    ),
    "V6": (Found("N03", "services.alloy", "only on internal networks (monitoring)"),),
    "V7": (Found("B08", "backups.pre-backup", "pre-backup never leaves prod"),),
    "Z1": (Found("P01", "services.zatuka-nginx.ports[0]", "port 80/tcp of vitaravox/oci"),),
    # Five names lead to the host: four are announced and served by nothing, for the fifth see Z3.
    "Z2": tuple(
        Found("R17", f"services.{service}.environment.{variable}", f"https://{name}.zatuka.ai")
        for service, variable, name in (
            ("mattermost", "MM_SERVICESETTINGS_SITEURL", "chat"),
            ("outline", "URL", "docs"),
            ("vikunja", "VIKUNJA_SERVICE_PUBLICURL", "projects"),
            ("n8n", "WEBHOOK_URL", "n8n"),
        )
    ),
    "Z3": (Found("G08", "routes.status.zatuka.ai.to", "cannot reach zatuka/uptime-kuma:3001"),),
    "Z4": (Found("P14", "services.tomcat.ports[0]", "vitara-admin-api calls by soap: plaintext"),),
    "Z5": (Found("V16", "flows[0]", "calls api-dev.vitaravox.ca, which is for development"),),
    # A name of somebody else's stands among the own records.
    "Z6": (
        Found(
            "R09",
            "zones.kai-oscar.com.records.fbh.kai-oscar.com.host",
            "unknown host 'cloudflare'",
        ),
    ),
    "Z7": (Found("K15", "hosts.ec2-of-terraform", "has the address of host ec2"),),
    "Z8": (
        Found("D11", "services.mattermost.image", "for linux/amd64 only, and oci is linux/arm64"),
        *(
            Found("D03", f"services.{service}.image", "can mean another image tomorrow")
            for service in ("mattermost", "outline", "vikunja", "n8n", "uptime-kuma")
        ),
        Found("D03", "services.zatuka-nginx.image", "can mean another image tomorrow"),
    ),
    "Z9": (
        Found("B17", "processes.vitara-admin-api.data", "vitara.db that nothing saves"),
        Found("B17", "apps.zatuka", "keeps data in postgres-data, and its system has no backup"),
        Found("B17", "apps.oscar", "keeps data in mariadb-data, and its system has no backup"),
    ),
    "Z10": (
        Found("V07", "services.zatuka-nginx.ports[0]", "on which its ingress proves certificates"),
    ),
    "Z11": (Found("P14", "processes.vite.listens[0]", "everyone reaches port 5173/tcp of vite"),),
    "Z12": (Found("K16", "jobs.docs.command", "/tmp/mkdocs-env/bin/mkdocs"),),
}

NOT_EXPRESSIBLE = {
    "Z11": "port 3002 has no bind address on the page; here a listener without one is on loopback",
}
"""The halves of contradictions that a check cannot see, and why."""

ADDRESSES = {
    "dyniq": {"contabo": "192.0.2.10"},
    "vpai": {"prod": "192.0.2.20", "vpn": "192.0.2.21"},
    # The page has one address for the machine that it has twice (Z7).
    "vitaravox": {"oci": "192.0.2.30", "ec2": "192.0.2.31", "ec2-of-terraform": "192.0.2.31"},
}

SYSTEM_OF = {"D": "dyniq", "V": "vpai", "Z": "vitaravox"}

NUMBERS = {"D": "1 3 4 5 15 16", "V": "1 2 3 4 5 6 7", "Z": "1 2 3 4 5 6 7 8 9 10 11 12"}
"""Those within one document; the others are between documents and code."""


ZONES = {"dyniq": {"dyniq.ai": ZoneSettings(zone_id="0" * 32)}}


@cache
def judged(name: str) -> Judgement:
    """Judge a document's system as on prod, with addresses from documentation."""
    access = {
        host: HostAccess(address=address, host_key="ssh-ed25519 AAAA")
        for host, address in ADDRESSES[name].items()
    }
    settings = StackSettings(
        name="prod",
        target="prod",
        systems=(name,),
        per_system={name: SystemSettings(hosts=access, zones=ZONES.get(name, {}))},
    )
    return judge([DOCUMENTS / name], settings, relative_to=DOCUMENTS, today=TODAY)


def said(finding: Finding, found: Found) -> bool:
    return (
        finding.rule == found.rule
        and finding.source.path == found.place
        and found.words in finding.fact
    )


def test_every_contradiction_within_a_document_is_here() -> None:
    assert list(CONTRADICTIONS) == [
        f"{letter}{number}" for letter, numbers in NUMBERS.items() for number in numbers.split()
    ]
    assert set(NOT_EXPRESSIBLE) <= set(CONTRADICTIONS)


@pytest.mark.parametrize("number", CONTRADICTIONS)
def test_it_is_found(number: str) -> None:
    findings = judged(SYSTEM_OF[number[0]]).findings
    for found in CONTRADICTIONS[number]:
        told = [f for f in findings if said(f, found)]
        assert told, "\n".join(f"{f.rule} {f}" for f in findings if f.rule == found.rule)


def test_networks_of_other_apps_are_the_same_ones() -> None:
    """Caddy names them external; only the one that it lacks is missed (D1)."""
    told = [f.source.path for f in judged("dyniq").findings if f.rule == "G06"]
    assert told == ["flows[6]"]


@pytest.mark.parametrize("name", SYSTEM_OF.values())
def test_the_documents_can_be_read(name: str) -> None:
    """What is found there is said by rules: nothing is wrong with the files themselves."""
    assert {f.rule for f in judged(name).findings if not f.rule[1:].isdigit()} == set()


# --- what is drawn is drawn from the graph, so it cannot leave anything out (D1, D16)


def test_the_ingress_is_on_a_network_of_every_routed_service(project: Path) -> None:
    data = to_data(Project(root=project).graph("dev", ["dyniq"]))
    (ingress,) = data["ingresses"].values()
    routed = {route["service"] for route in data["routes"].values()}
    assert "service:dyniq/nocodb/nocodb" in routed
    for service in routed:
        on = {each["network"] for each in data["services"][service]["attachments"]}
        assert on & set(ingress["networks"]), service


def test_drawings_leave_nothing_out(project: Path) -> None:
    graph = Project(root=project).graph("dev", ["dyniq"])
    drawn = {member for network in graph.networks.values() for member in members(graph, network)}
    assert drawn == {*graph.services, *graph.ingresses}
    for drawing in (networks(graph), architecture(graph)):
        for service in graph.services.values():
            assert service.key in drawing, service.id
    assert "nocodb_default" in networks(graph)
