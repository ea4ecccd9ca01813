"""Our generated pages say what the owners' documents say, cell by cell, or a list says why not.

What the documents state, and the list, is under ``pages/``.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from cli.docs import pages
from cli.project import Project
from tests.systems.comparing import Document, Reason, compare, unexpected
from tests.systems.reading import Page

SYSTEMS = ("dyniq", "vpai", "vitaravox")
STATED = Path(__file__).parent / "pages"

_DECISION = re.compile(r"^\| (?P<ids>[A-Z]\d+(?:, [A-Z]\d+)*) \|", re.MULTILINE)


@cache
def document(name: str) -> Document:
    return Document.read(STATED / f"{name}.yaml")


def rendered(root: Path, name: str) -> Page:
    (text,) = pages(Project(root=root), "prod", [name]).values()
    return Page.read(text)


@cache
def today(root: Path, name: str) -> Page:
    """Give the page that is in the project, as people read it."""
    return Page.read((root / f"docs/systems/{name}.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", SYSTEMS)
def test_cell_by_cell(name: str, project: Path) -> None:
    told = unexpected(document(name), compare(document(name), today(project, name)))
    assert not told, "\n".join(told)


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_decision_is_in_the_readme(name: str, project: Path) -> None:
    readme = (project / f"systems/{name}/README.md").read_text(encoding="utf-8")
    known = [id_ for found in _DECISION.finditer(readme) for id_ in found["ids"].split(", ")]
    assert len(known) == len(set(known)), "one number, one decision"
    reasons: list[Reason] = [*document(name).differences, *document(name).additions]
    assert {each.decision for each in reasons} <= {*known, None}
    assert all(each.reason.endswith(".") for each in reasons)


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_name_is_needed(name: str, project: Path) -> None:
    """A normalisation that nothing needs could hide a difference one day."""
    whole, page = document(name), today(project, name)
    for each in whole.names:
        names = {key: value for key, value in whole.names.items() if key != each}
        less = whole.model_copy(update={"names": names})
        assert unexpected(less, compare(less, page)), each


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_cell_is_listed_once(name: str) -> None:
    cells = [tuple(cell[:3]) for each in document(name).differences for cell in each.cells]
    assert len(cells) == len(set(cells))
    assert {cell[0] for cell in cells} <= set(document(name).tables)


# --- a system that says something else is told, and nothing besides


@dataclass(frozen=True, slots=True)
class Mutation:
    """A text of a system's file that is replaced, and all that is told of it."""

    file: str
    old: str
    new: str
    told: tuple[str, ...]


LACKS = "the document says 'there', our page ''"
ONLY_OURS = "only our page has it"
GONE = "our page has no such row"

WITHOUT_LOKI = """\
      - grafana-data:/var/lib/grafana
    depends_on:
      victoriametrics: {condition: service_healthy}
"""
STATUS_ROUTE = (
    '  status.zatuka.ai: {to: "zatuka/uptime-kuma:3001", websocket: true, '
    'purpose: "Uptime Kuma: status page and administration"}\n'
)

MUTATIONS = {
    "a membership dropped": Mutation(
        "vpai/vpai.compose.yaml",
        "networks: [backend, monitoring]",
        "networks: [monitoring]",
        (
            f"Network segmentation, members | alloy in vpai_backend | row: {LACKS}",
            "Service matrix | alloy | vpai_backend: the document says 'X', our page ''",
            f"High-level architecture, boxes in networks | alloy in vpai_backend: {GONE}",
        ),
    ),
    "a membership more": Mutation(
        "vpai/vpai.compose.yaml",
        "networks: [backend, monitoring]",
        "networks: [backend, monitoring, egress]",
        (
            "Service matrix | alloy | vpai_egress: the document says '', our page 'X'",
            f"High-level architecture, boxes in networks | alloy in vpai_egress: {ONLY_OURS}",
            f"Network segmentation, members | alloy in vpai_egress: {ONLY_OURS}",
        ),
    ),
    "a port": Mutation(
        "vpai/vpai.compose.yaml",
        'expose: ["3100"]',
        'expose: ["3101"]',
        (
            "High-level architecture, boxes | loki | ports: "
            "the document says '3100', our page '3101'",
            "Service matrix | loki | Ports: the document says '3100', our page '3101'",
        ),
    ),
    "a subnet": Mutation(
        "vpai/vpai.compose.yaml",
        "172.20.4.0/24",
        "172.20.5.0/24",
        (
            "High-level architecture, networks | vpai_egress | Subnet: "
            "the document says '172.20.4.0/24', our page '172.20.5.0/24'",
        ),
    ),
    "a start-order edge removed": Mutation(
        "vpai/vpai.compose.yaml",
        f"{WITHOUT_LOKI}      loki: {{condition: service_healthy}}\n",
        WITHOUT_LOKI,
        (f"Startup order | loki -> grafana | row: {LACKS}",),
    ),
    "a time": Mutation(
        "vpai/system.yaml",
        'schedule: "55 2 * * *"',
        'schedule: "50 2 * * *"',
        (
            f"Backup flow | Cron (02:55) -> vpai on prod | row: {LACKS}",
            "Backup flow, times and places | vpai | When: "
            "the document says '02:55', our page '02:50'",
            f"Backup flow | Cron (02:50) -> vpai on prod: {ONLY_OURS}",
        ),
    ),
    "a database not saved": Mutation(
        "vpai/system.yaml",
        "databases: [n8n, litellm, openclaw]",
        "databases: [n8n, litellm]",
        (
            "Backup flow | vpai on prod -> postgresql | text: "
            "the document says 'pg_dump: n8n, litellm, openclaw', our page 'pg_dump: n8n, litellm'",
        ),
    ),
    "a step of a scenario": Mutation(
        "vpai/system.yaml",
        "vpai/litellm -> vpai/redis: Store in cache",
        "vpai/litellm -> vpai/redis: Forget",
        (
            "Data flow | Cache miss: litellm -> redis | text: "
            "the document says 'Store in cache', our page 'Forget'",
        ),
    ),
    "a flow removed": Mutation(
        "dyniq/system.yaml",
        "  - dyniq-voice/ruben -> deepgram: {protocol: https, purpose: Speech to text}\n",
        "",
        (f"Architecture, arrows | ruben -> deepgram | row: {LACKS}",),
    ),
    "a flow more": Mutation(
        "dyniq/system.yaml",
        "  - dyniq-voice/ruben -> deepgram: {",
        "  - dyniq-voice/ruben -> twilio: {protocol: https}\n  - dyniq-voice/ruben -> deepgram: {",
        (f"Architecture, arrows | ruben -> twilio: {ONLY_OURS}",),
    ),
    "words of a table": Mutation(
        "dyniq/system.yaml",
        "purpose: LLM API gateway",
        "purpose: Gateway",
        (
            "External services | openrouter | Purpose: "
            "the document says 'LLM API gateway', our page 'Gateway'",
        ),
    ),
    "another mode of TLS": Mutation(
        "dyniq/system.yaml",
        "ssl: strict",
        "ssl: full",
        ("Cloudflare, zone | dyniq.ai | SSL mode: the document says 'strict', our page 'full'",),
    ),
    "a difference that is gone": Mutation(
        "dyniq/dyniq-voice.compose.yaml",
        '      - "7881:7881/tcp" # WebRTC over TCP\n',
        '      - "7881:7881/tcp"\n      - "7880:7880/tcp"\n',
        (
            "Port assignments | 7880 livekit | Exposure: "
            "the list says that it differs, and it does not",
        ),
    ),
    "a DNS name removed": Mutation(
        "vitaravox/system.yaml",
        "    endpoint: fbh.kai-oscar.com\n",
        "",
        (
            f"SSL termination | fbh.kai-oscar.com | row: {LACKS}",
            f"TLS endpoints | fbh.kai-oscar.com | row: {LACKS}",
            f"DNS routing | fbh.kai-oscar.com | row: {LACKS}",
            f"SSL termination | kai-oscar: {ONLY_OURS}",
            f"TLS endpoints | kai-oscar: {ONLY_OURS}",
        ),
    ),
    "a DNS name and its route": Mutation(
        "vitaravox/system.yaml",
        STATUS_ROUTE,
        "",
        (
            "Zatuka stack | uptime-kuma | Domain: "
            "the document says 'status.zatuka.ai', our page '—'",
            f"DNS routing | status.zatuka.ai | row: {LACKS}",
            f"Network topology, arrows | nginx -> uptime-kuma: {GONE}",
        ),
    ),
    "an address": Mutation(
        "vitaravox/system.yaml",
        'listens: ["127.0.0.1:3002"]',
        'listens: ["0.0.0.0:3002"]',
        (
            "Port matrix | 3002 vitara-admin-api | Exposure: "
            "the document says 'localhost only', our page 'Public'",
        ),
    ),
    "what a virtual host answers": Mutation(
        "vitaravox/system.yaml",
        "vitdocs.vitaravox.ca: {site: vitdocs,",
        "vitdocs.vitaravox.ca: {site: client,",
        (
            "Virtual hosts | vitdocs.vitaravox.ca | Answers: "
            "the document says 'site vitdocs', our page 'site client'",
            f"Network topology, arrows | nginx -> vitdocs: {GONE}",
        ),
    ),
}


@pytest.mark.parametrize("change", MUTATIONS)
def test_a_changed_system_is_told(change: str, project: Path, tmp_path: Path) -> None:
    mutation = MUTATIONS[change]
    name = mutation.file.partition("/")[0]
    for each in ("Pulumi.yaml", "Pulumi.prod.yaml"):
        shutil.copy(project / each, tmp_path)
    shutil.copytree(project / "systems" / name, tmp_path / "systems" / name)
    file = tmp_path / "systems" / mutation.file
    text = file.read_text(encoding="utf-8")
    assert text.count(mutation.old) == 1
    file.write_text(text.replace(mutation.old, mutation.new), encoding="utf-8")
    told = unexpected(document(name), compare(document(name), rendered(tmp_path, name)))
    assert told == list(mutation.told)
