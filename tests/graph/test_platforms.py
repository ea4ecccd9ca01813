"""What registries answered becomes findings, beside what the catalogue knows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from cli.project import Project
from graph.judge import Judgement
from graph.model import StackGraph
from graph.platforms import Answer, Missing, Published, Unasked, wanted
from tests.workspace import graph_of, shop

DAY = date(2027, 1, 1)
ARM = "{kind: vps, platform: linux/arm64, cpus: 2, memory: 4GiB"
SYSTEM = f"""\
hosts:
  vps: {ARM}, ingress: {{kind: caddy, image: "caddy:2.11.4"}}}}
  theirs: {ARM}, managed_by: others}}
apps:
  web: {{host: vps, compose: web.compose.yaml}}
  other: {{host: theirs, compose: other.compose.yaml}}
variables:
  OURS: {{purpose: our image, stand_in: true}}
"""
COMPOSE = """\
services:
  front: {image: "example.com/front:1"}
  twice: {image: "example.com/front:1"}
  built: {build: .}
  ours: {image: "${OURS}"}
  chat: {image: "mattermost/mattermost-team-edition:10.12.1"}
  pinned: {image: "example.com/pinned@sha256:DIGEST"}
""".replace("DIGEST", "0" * 64)
WEB = "systems/shop/web.compose.yaml"
FRONT, CHAT = "example.com/front:1", "mattermost/mattermost-team-edition:10.12.1"
PINNED = f"example.com/pinned@sha256:{'0' * 64}"
BOTH = Published(platforms=("linux/amd64", "linux/arm64/v8"))
AMD = Published(platforms=("linux/amd64",))


def project(folder: Path, more: str = "") -> Path:
    files = {
        "system.yaml": SYSTEM + more,
        "web.compose.yaml": COMPOSE,
        "other.compose.yaml": 'services: {front: {image: "example.com/theirs:1"}}\n',
        "Dockerfile": "FROM scratch\n",
        "Pulumi.prod.yaml": """\
config:
  stackgraph:target: prod
  stackgraph:systems: [shop]
  stackgraph:shop:
    hosts:
      vps: {address: 192.0.2.10, host_key: "ssh-ed25519 AAAA"}
      theirs: {address: 192.0.2.11}
    variables: {OURS: "example.com/ours:1"}
""",
    }
    return shop(folder, files)


def judged(root: Path, answers: Mapping[str, Answer] | None, stack: str = "dev") -> Judgement:
    def ask(graph: StackGraph) -> Mapping[str, Answer] | None:
        assert graph.stack == stack
        return answers

    return Project(root=root).judge(stack, ("shop",), DAY, ask=ask)


def told(judgement: Judgement, rule: str = "D11") -> list[str]:
    return [f"{f.severity} {f}" for f in judgement.findings if f.rule == rule]


def all_of(root: Path, answer: Answer, stack: str = "dev") -> dict[str, Answer]:
    return {image.reference: answer for image in wanted(graph_of(root, stack))}


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_which_images_are_wanted(stack: str, tmp_path: Path) -> None:
    images = [
        (image.reference, image.platform, image.source.path)
        for image in wanted(graph_of(project(tmp_path), stack))
    ]
    # Not what is built, what stands in for another, or what others run.
    expected = [
        (FRONT, "linux/arm64", "services.front.image"),
        (FRONT, "linux/arm64", "services.twice.image"),
        (CHAT, "linux/arm64", "services.chat.image"),
        (PINNED, "linux/arm64", "services.pinned.image"),
        ("caddy:2.11.4", "linux/arm64", "hosts.vps.ingress.image"),
    ]
    if stack == "prod":
        expected.append(("example.com/ours:1", "linux/arm64", "services.ours.image"))
    assert sorted(images) == sorted(expected)


def test_all_are_published(tmp_path: Path) -> None:
    root = project(tmp_path)
    assert told(judged(root, all_of(root, BOTH))) == []


def test_what_is_for_another_platform_says_for_which(tmp_path: Path) -> None:
    root = project(tmp_path)
    arm32 = Published(platforms=("linux/386", "linux/arm/v7"))
    answers = {**all_of(root, BOTH), FRONT: AMD, PINNED: arm32}
    remedy = "and vps is linux/arm64; build one for linux/arm64, or place it on another host"
    assert told(judged(root, answers)) == [
        f"error {WEB}:2: services.front.image: {FRONT} is published for linux/amd64 only, {remedy}",
        f"error {WEB}:3: services.twice.image: {FRONT} is published for linux/amd64 only, {remedy}",
        f"error {WEB}:7: services.pinned.image: {PINNED} is published for linux/386 and "
        f"linux/arm/v7 only, {remedy}",
    ]


def test_what_is_not_there(tmp_path: Path) -> None:
    root = project(tmp_path)
    answers = {**all_of(root, BOTH), "caddy:2.11.4": Missing()}
    assert told(judged(root, answers)) == [
        "error systems/shop/system.yaml:2: hosts.vps.ingress.image: caddy:2.11.4 is not in its "
        "registry; correct its name or its tag, or push it"
    ]


def test_what_could_not_be_asked_is_never_a_pass(tmp_path: Path) -> None:
    root = project(tmp_path)
    answers = {**all_of(root, BOTH), PINNED: Unasked(reason="no network")}
    assert told(judged(root, answers)) == [
        f"warning {WEB}:7: services.pinned.image: whether {PINNED} is for linux/arm64 is not "
        f"known: no network; see what docker manifest inspect {PINNED} needs here"
    ]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (None, "is published for linux/amd64 only"),
        (AMD, "is published for linux/amd64 only"),
        (Published(platforms=("linux/386", "linux/amd64")), "for linux/386 and linux/amd64 only"),
        (Missing(), "is not in its registry"),
        (BOTH, None),
    ],
)
def test_the_registry_knows_better_than_the_catalogue(
    answer: Answer | None, said: str | None, tmp_path: Path
) -> None:
    root = project(tmp_path)
    answers = all_of(root, BOTH)
    del answers[CHAT]
    found = told(judged(root, answers | ({CHAT: answer} if answer else {})))
    assert len(found) == (said is not None)
    assert said is None or said in found[0]


def waiver(path: str) -> str:
    return (
        f"waivers:\n  - {{rule: D11, path: {path}, reason: The owners know, until: 2027-03-31}}\n"
    )


def test_it_can_be_waived(tmp_path: Path) -> None:
    root = project(tmp_path, waiver("services.pinned.image"))
    answers = {**all_of(root, BOTH, "prod"), PINNED: Missing()}
    judgement = judged(root, answers, "prod")
    assert told(judgement) == []
    assert [each.finding.source.path for each in judgement.waived] == ["services.pinned.image"]


def test_a_waiver_is_called_unused_only_when_all_were_asked(tmp_path: Path) -> None:
    root = project(tmp_path, waiver("services.front.image"))
    every = all_of(root, BOTH, "prod")
    some = {name: answer for name, answer in every.items() if name != FRONT}
    for answers, unused in ((None, 0), (some, 0), (every, 1)):
        assert len(told(judged(root, answers, "prod"), "waiver-unused")) == unused, answers
