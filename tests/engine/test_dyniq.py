"""All of DYNIQ's dev stack through the real engine: up, routes, bad and good updates, down."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from cli.project import Project
from rehearsal.images import Stub, make_image
from rehearsal.stack import Stack
from rehearsal.stand_ins import make_images
from scripts.probe import ROOT
from tests.support.stack import (
    Ingress,
    containers,
    deployed,
    docker,
    eventually,
    fit_to_this_machine,
    plain_secrets,
    planned,
    remains,
)

pytestmark = [pytest.mark.engine, pytest.mark.slow]

CONFIG: dict[str, Any] = {"target": "dev", "systems": ["dyniq"]}
INGRESS = "dyniq-contabo-ingress"
SYSTEM = "systems/dyniq/system.yaml"
PORT = 8443

ANSWERS = {
    "voice.dyniq.ai": "livekit",
    "ruben-api.dyniq.ai": "stand-in for dyniq-voice/ruben-api",
    "agents-api.dyniq.ai": "stand-in for dyniq-voice/agents-api",
    "docs.dyniq.ai": "stand-in for dyniq-voice/docs",
    "automation.dyniq.ai": "n8n",
    "crm.dyniq.ai": "nocodb",
    "langfuse.dyniq.ai": "langfuse-web",
    "analytics.dyniq.ai": "metabase",
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, pulumi_command: str) -> Iterator[Stack]:
    """The stack, up; taken down at the end, whatever happened."""
    make_images(Project(root=ROOT).graph("dev", ["dyniq"]))
    made = Stack.make(tmp_path_factory.mktemp("dyniq"), pulumi_command, CONFIG)
    fit_to_this_machine(made, "dyniq")
    try:
        result = made.up()
        assert result.code == 0, result.text
        yield made
    finally:
        made.run("destroy", "--yes", "--skip-preview")


@pytest.fixture(scope="module")
def ingress(stack: Stack) -> Ingress:
    """The running Caddy."""
    return Ingress(INGRESS, PORT)


@pytest.mark.parametrize("name", ANSWERS)
def test_every_name_is_answered_by_its_service(ingress: Ingress, name: str) -> None:
    credentials = base64.b64encode(b"dyniq:dev-only").decode()
    answer = ingress.get(f"{name}.localhost", headers={"Authorization": f"Basic {credentials}"})
    assert (answer.status, answer.text.strip()) == (200, ANSWERS[name])


def test_the_documentation_asks_for_a_password(ingress: Ingress) -> None:
    assert ingress.get("docs.dyniq.ai.localhost").status == 401
    wrong = base64.b64encode(b"dyniq:wrong").decode()
    headers = {"Authorization": f"Basic {wrong}"}
    assert ingress.get("docs.dyniq.ai.localhost", headers=headers).status == 401


def test_the_next_preview_is_empty(stack: Stack) -> None:
    stack.assert_nothing_to_do()


def test_no_secret_is_plain_in_the_state(stack: Stack) -> None:
    assert plain_secrets(stack, "dyniq") == []


def test_the_offline_plan_foretold_the_resources(stack: Stack) -> None:
    assert deployed(stack) == planned("dyniq")


def test_a_route_is_added_by_a_reload(stack: Stack, ingress: Ingress) -> None:
    (before,) = containers(INGRESS)
    started = docker("inspect", "-f", "{{.State.StartedAt}}", before)
    route = "routes:\n  charts.dyniq.ai: {to: metabase/metabase:3000}\n"
    with (
        stack.edited(SYSTEM, "routes:\n", route),
        ingress.watched("automation.dyniq.ai.localhost") as failures,
    ):
        result = stack.up()
        assert result.code == 0, result.text
        assert ingress.get("charts.dyniq.ai.localhost").text.strip() == "metabase"
    assert failures == []
    assert containers(INGRESS) == [before]
    assert docker("inspect", "-f", "{{.State.StartedAt}}", before) == started
    assert stack.up().code == 0


@dataclass(frozen=True, slots=True)
class Update:
    """An update of one service, made by another image: configured, or written in a file."""

    service: str
    host: str
    stub: Stub
    variable: str = ""
    file: str = ""
    image: str = ""


UPDATES = {
    "stateless": Update(
        "dyniq-dyniq-voice-agents-api",
        "agents-api.dyniq.ai.localhost",
        Stub(name="agents-api", http=(8000,)),
        variable="AGENTS_API_IMAGE",
    ),
    "with data": Update(
        "dyniq-n8n-n8n",
        "automation.dyniq.ai.localhost",
        Stub(name="n8n", http=(5678,)),
        file="systems/dyniq/n8n.compose.yaml",
        image="n8nio/n8n:2.38.5",
    ),
    "with host ports": Update(
        "dyniq-dyniq-voice-livekit",
        "voice.dyniq.ai.localhost",
        Stub(name="livekit", http=(7880, 7881)),
        file="systems/dyniq/dyniq-voice.compose.yaml",
        image="livekit/livekit-server:v1.13.5",
    ),
}


@pytest.mark.parametrize("kind", UPDATES)
def test_a_bad_update_leaves_the_old_one_serving_and_a_good_one_heals(
    stack: Stack, ingress: Ingress, kind: str
) -> None:
    update = UPDATES[kind]
    before = ingress.get(update.host)
    (old,) = containers(update.service)
    bad = f"stackgraph-test/{update.service}:bad"
    good = f"stackgraph-test/{update.service}:good"
    words = f"{update.service} cannot find its configuration"
    make_image(bad, "stub", stub=Stub(name="bad", lines=(words,), exit=3, exit_after=1))
    make_image(good, "stub", stub=replace(update.stub, name="the next one"))

    with ingress.watched(update.host) as failures, _deployed(stack, update, bad):
        result = stack.up()
    assert result.code != 0
    assert words in result.text
    assert "Traceback" not in result.text
    assert containers(update.service) == [old]
    if kind == "stateless":
        assert failures == []
    assert eventually(lambda: ingress.get(update.host) == before)

    sip = _start_of("dyniq-dyniq-voice-sip")
    with ingress.watched(update.host) as failures, _deployed(stack, update, good):
        result = stack.up()
        assert result.code == 0, result.text
        assert ingress.get(update.host).text.strip() == "the next one"
        stack.assert_nothing_to_do(refresh=False)
        assert _started("dyniq-dyniq-voice-sip", sip) is (kind == "with host ports")
    assert len(containers(update.service, running=False)) == 1
    if kind == "stateless":
        assert failures == []
    assert stack.up().code == 0


def _start_of(service: str) -> str:
    (container,) = containers(service)
    return docker("inspect", "-f", "{{.State.StartedAt}}", container)


def _started(service: str, before: str) -> bool:
    """Whether it was started since: SIP asks for that when LiveKit is replaced."""
    return _start_of(service) != before


@contextmanager
def _deployed(stack: Stack, update: Update, image: str) -> Iterator[None]:
    """Let the stack ask for another image meanwhile."""
    if update.file:
        with stack.edited(update.file, f"image: {update.image}", f"image: {image}"):
            yield
        return
    stack.configure({**CONFIG, "dyniq": {"variables": {update.variable: image}}})
    try:
        yield
    finally:
        stack.configure(CONFIG)


def test_destroy_leaves_nothing_behind(stack: Stack) -> None:
    result = stack.run("destroy", "--yes", "--skip-preview")
    assert result.code == 0, result.text
    assert remains("dyniq") == []
