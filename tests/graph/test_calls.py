"""Externals, flows and scenarios."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from config.calls import Tls
from graph.model import Choice, Edge, EdgeKind, External, Flow, Message, Scenario
from graph.rules import check
from tests.graph.estate import HOST, at, estate
from tests.workspace import SHOP, graph_of, shop

SYSTEM = f"""\
hosts:
  vps: {{kind: vps, {HOST}, ingress: {{kind: caddy}}}}
apps: {{web: {{host: vps, compose: web.compose.yaml}}}}
zones:
  example.com: {{provider: external, records: {{sip.example.com: {{host: vps, purpose: SIP}}}}}}
routes:
  a.example.com: {{to: web/front:8080}}
  a.example.com/api/*: {{to: web/front:8080}}
processes:
  api: {{host: vps, manager: systemd, purpose: Api, command: x, directory: /srv, user: api}}
buckets:
  offsite: {{provider: aws, region: eu-central-1, purpose: Copies}}
externals:
  twilio: {{purpose: Calls}}
"""
FLOWS_AT = SYSTEM.count("\n") + 2
WEB = """\
services:
  front: {image: a, expose: ["8080"]}
  back: {image: a}
"""
EXTERNAL, FRONT, BACK = "external:shop/twilio", "service:shop/web/front", "service:shop/web/back"


def flow(caller: str, called: str, **said: Any) -> Flow:
    nothing = dict.fromkeys(("protocol", "purpose", "via", "data"))
    source = at(FLOWS_AT, "flows[0]")
    values = {"system": "shop", "soft": False, "source": source, **nothing, **said}
    return Flow(caller=caller, called=called, **values)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("internet -> web/front", flow("internet", FRONT)),
        ("web/front->web/back", flow(FRONT, BACK)),
        ("twilio -> vps/ingress", flow(EXTERNAL, "ingress:shop/vps")),
        ("api -> offsite", flow("process:shop/api", "bucket:shop/offsite")),
        ("vps -> twilio", flow("host:shop/vps", EXTERNAL)),
        ("web/front -> twilio:", flow(FRONT, EXTERNAL)),
        (
            "twilio -> web/front: {via: a.example.com, protocol: https, purpose: Calls in, "
            "soft: true, data: patients}",
            flow(
                EXTERNAL,
                FRONT,
                via="a.example.com",
                protocol="https",
                purpose="Calls in",
                soft=True,
                data="patients",
            ),
        ),
        (
            "twilio -> web/front: {via: sip.example.com}",
            flow(EXTERNAL, FRONT, via="sip.example.com"),
        ),
    ],
)
def test_flows(written: str, expected: Flow, tmp_path: Path) -> None:
    graph = estate(tmp_path, f"{SYSTEM}flows:\n  - {written}\n", WEB)
    assert graph.flows == (expected,)
    assert graph.unresolved == ()
    assert graph.flows_from(expected.caller) == graph.flows_to(expected.called) == (expected,)
    label = ", ".join(text for text in (expected.protocol, expected.purpose) if text)
    assert [edge for edge in graph.edges if edge.kind is EdgeKind.CALLS] == [
        Edge(source=expected.caller, target=expected.called, kind=EdgeKind.CALLS, label=label)
    ]


@pytest.mark.parametrize(
    ("written", "kept", "unresolved"),
    [
        ("twilio -> web/frnt", 0, [("web/frnt", "end of a flow")]),
        ("twilo -> web/frnt", 0, [("twilo", "end of a flow"), ("web/frnt", "end of a flow")]),
        ("twilio/x -> web", 0, [("twilio/x", "end of a flow"), ("web", "end of a flow")]),
        ("vps/ingres -> twilio", 0, [("vps/ingres", "end of a flow")]),
        ("api/ingress -> twilio", 0, [("api/ingress", "end of a flow")]),
        (
            "twilio -> web/front: {via: b.example.com}",
            1,
            [("b.example.com", "name of a route or record")],
        ),
    ],
)
def test_flows_that_name_nothing(
    written: str, kept: int, unresolved: list[tuple[str, str]], tmp_path: Path
) -> None:
    graph = estate(tmp_path, f"{SYSTEM}flows:\n  - {written}\n", WEB)
    assert [(each.name, each.kind) for each in graph.unresolved] == unresolved
    assert [each.via for each in graph.flows] == [None] * kept


def test_a_name_whose_route_leads_nowhere_is_told_once(tmp_path: Path) -> None:
    system = SYSTEM.replace("routes:\n", "routes:\n  b.example.com: {to: web/gone:80}\n")
    graph = estate(
        tmp_path, f"{system}flows:\n  - twilio -> web/front: {{via: b.example.com}}\n", WEB
    )
    assert [each.name for each in graph.unresolved] == ["web/gone"]


def test_names_of_another_system_are_not_known(tmp_path: Path) -> None:
    other = f"""\
hosts: {{vps: {{kind: vps, {HOST}}}}}
zones:
  example.org: {{provider: external, records: {{sip.example.org: {{host: vps, purpose: SIP}}}}}}
"""
    files = {
        "Pulumi.dev.yaml": SHOP["Pulumi.dev.yaml"].replace("[shop]", "[another, shop]"),
        "systems/another/system.yaml": other,
        "system.yaml": f"{SYSTEM}flows:\n  - twilio -> web/front: {{via: sip.example.org}}\n",
        "web.compose.yaml": WEB,
    }
    graph = graph_of(shop(tmp_path, files))
    assert [each.name for each in graph.unresolved] == ["sip.example.org"]


def test_externals(tmp_path: Path) -> None:
    said = """\
  vapi:
    purpose: Voice
    integration: REST
    endpoint: api.vapi.ai
    behind: CloudFront
    tls: {issuer: Amazon, ends_at: CloudFront}
    environment: staging
    data: patients
"""
    graph = estate(tmp_path, SYSTEM + said, WEB)
    nothing = dict.fromkeys(("integration", "endpoint", "behind", "tls", "environment", "data"))
    assert graph.externals == {
        EXTERNAL: External(
            id=EXTERNAL,
            system="shop",
            key="twilio",
            purpose="Calls",
            source=at(14, "externals.twilio"),
            **nothing,
        ),
        "external:shop/vapi": External(
            id="external:shop/vapi",
            system="shop",
            key="vapi",
            purpose="Voice",
            integration="REST",
            endpoint="api.vapi.ai",
            behind="CloudFront",
            tls=Tls(issuer="Amazon", ends_at="CloudFront"),
            environment="staging",
            data="patients",
            source=at(15, "externals.vapi"),
        ),
    }


# --- scenarios

SCENARIO = """\
scenarios:
  visit:
    purpose: Somebody calls
    kind: call
    actors: [caller, api]
    steps:
      - "caller -> twilio: Rings"
      - "twilio -> web/front: Who is it: a patient?"
      - either:
          known: ["web/front -> api: Find", "api --> web/front: Found"]
          unknown: []
          wrong: ["web/front --> twilio: No"]
      - "twilio --> caller: Hello"
"""


def test_a_scenario_with_a_choice(tmp_path: Path) -> None:
    graph = estate(tmp_path, SYSTEM + SCENARIO, WEB)
    # An actor goes before a node of its name.
    caller, api = "actor:shop/visit/caller", "actor:shop/visit/api"
    messages = [
        Message(caller=caller, called=EXTERNAL, text="Rings", answer=False),
        Message(caller=EXTERNAL, called=FRONT, text="Who is it: a patient?", answer=False),
        Message(caller=FRONT, called=api, text="Find", answer=False),
        Message(caller=api, called=FRONT, text="Found", answer=True),
        Message(caller=FRONT, called=EXTERNAL, text="No", answer=True),
        Message(caller=EXTERNAL, called=caller, text="Hello", answer=True),
    ]
    scenario = Scenario(
        id="scenario:shop/visit",
        system="shop",
        key="visit",
        purpose="Somebody calls",
        kind="call",
        actors=(caller, api),
        steps=(
            *messages[:2],
            Choice(
                branches=(
                    ("known", tuple(messages[2:4])),
                    ("unknown", ()),
                    ("wrong", (messages[4],)),
                )
            ),
            messages[5],
        ),
        source=at(FLOWS_AT, "scenarios.visit"),
    )
    assert graph.scenarios == {scenario.id: scenario}
    assert scenario.messages() == tuple(messages)
    assert graph.unresolved == ()


def test_what_a_scenario_names_and_nobody_knows(tmp_path: Path) -> None:
    text = SCENARIO.replace("caller -> twilio", "caler -> twilio").replace("api: Find", "apy: Find")
    graph = estate(tmp_path, SYSTEM + text, WEB)
    said = [f"{f.source}: {f.fact}" for f in check(graph) if f.rule == "R09"]
    line = FLOWS_AT + 5
    assert said == [
        f"systems/shop/system.yaml:{line}: scenarios.visit.steps[0]: unknown end of a step 'caler'",
        f"systems/shop/system.yaml:{line + 3}: scenarios.visit.steps[2].either.known[0]: unknown "
        "end of a step 'apy'",
    ]
    (scenario,) = graph.scenarios.values()
    assert [message.text for message in scenario.messages()] == [
        *("Who is it: a patient?", "Found", "No", "Hello"),
    ]
