"""What registries answered is remembered: by whom, how long, and what is asked again."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

import pulumi
import pytest

from components import preflight
from components.preflight import Preflight
from components.program import run
from components.published import ask_once, cache_file
from graph.model import StackGraph
from graph.platforms import Answer, Missing, Published, Unasked
from preview.record import Recording, record
from tests.workspace import graph_of, shop

CADDY, NGINX = "caddy:2.11.4-alpine", "nginx:1.29.3"
BOTH = Published(platforms=("linux/amd64", "linux/arm64"))


class Registries:
    """Answers alike for all images; notes what it was asked."""

    def __init__(self, answer: Answer = BOTH) -> None:
        self.asked: list[str] = []
        self._answer = answer

    def __call__(self, references: Collection[str]) -> dict[str, Answer]:
        self.asked += references
        return dict.fromkeys(references, self._answer)


@pytest.fixture
def graph(tmp_path: Path) -> StackGraph:
    return graph_of(shop(tmp_path / "project"), "prod")


def test_a_second_time_nobody_is_asked(graph: StackGraph, tmp_path: Path) -> None:
    file = tmp_path / "a" / "b" / "platforms.json"
    first, second = Registries(), Registries()
    answers = ask_once(graph, first, file)
    assert first.asked == sorted(answers)
    assert NGINX in answers
    assert ask_once(graph, second, file) == answers
    assert second.asked == []
    assert [each.name for each in file.parent.iterdir()] == ["platforms.json"]


@pytest.mark.parametrize("answer", [Missing(), Unasked(reason="no network")])
def test_what_was_not_found_is_asked_again(
    answer: Answer, graph: StackGraph, tmp_path: Path
) -> None:
    file, again = tmp_path / "platforms.json", Registries()
    assert set(ask_once(graph, Registries(answer), file).values()) == {answer}
    assert set(ask_once(graph, again, file).values()) == {BOTH}
    assert NGINX in again.asked


def test_another_platform_is_asked_for(graph: StackGraph, tmp_path: Path) -> None:
    file, again = tmp_path / "platforms.json", Registries()
    ask_once(graph, Registries(Published(platforms=("linux/arm64",))), file)
    ask_once(graph, again, file)
    assert NGINX in again.asked


def test_what_other_projects_asked_stays(graph: StackGraph, tmp_path: Path) -> None:
    file = tmp_path / "platforms.json"
    file.write_text('{"images": {"other:1": ["linux/arm64"]}}')
    ask_once(graph, Registries(), file)
    images = json.loads(file.read_text())["images"]
    assert images["other:1"] == ["linux/arm64"]
    assert images[NGINX] == ["linux/amd64", "linux/arm64"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"images": []}', '{"images": {"nginx:1.29.3": 1}}', "\xff"]
)
def test_a_broken_file_remembers_nothing(text: str, graph: StackGraph, tmp_path: Path) -> None:
    file, asked = tmp_path / "platforms.json", Registries()
    file.write_bytes(text.encode("latin-1"))
    ask_once(graph, asked, file)
    assert NGINX in asked.asked
    assert NGINX in json.loads(file.read_text())["images"]


def test_where_nothing_can_be_written_it_is_asked_each_time(
    graph: StackGraph, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    for _ in range(2):
        asked = Registries()
        assert ask_once(graph, asked, tmp_path / "file" / "platforms.json")[NGINX] == BOTH
        assert NGINX in asked.asked


@pytest.mark.parametrize(
    ("configured", "found"),
    [
        ("/var/cache/me", "/var/cache/me/stackgraph/platforms.json"),
        ("", "/home/me/.cache/stackgraph/platforms.json"),
        ("relative", "/home/me/.cache/stackgraph/platforms.json"),
    ],
)
def test_where_it_is(configured: str, found: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("XDG_CACHE_HOME", configured)
    assert str(cache_file()) == found


# --- the program


def up(root: Path, stack: str = "prod", *, dry_run: bool = False) -> Recording:
    config = {"stackgraph:target": stack, "stackgraph:systems": '["shop"]'}
    if stack == "prod":
        values = {
            "hosts": {"vps": {"address": "192.0.2.10", "host_key": "ssh-ed25519 AAAA"}},
            "secrets": {"DB_PASSWORD": "x"},
        }
        config["stackgraph:shop"] = json.dumps(values)

    def program() -> None:
        pulumi.runtime.settings.SETTINGS.dry_run = dry_run
        try:
            run(root, Preflight())
        finally:
            # What is recorded is a preview's: nothing answers as an engine would.
            pulumi.runtime.settings.SETTINGS.dry_run = True

    return record(program, project="stackgraph", stack=stack, config=config)


def registries(monkeypatch: pytest.MonkeyPatch, folder: Path, answer: Answer = BOTH) -> Registries:
    found = Registries(answer)
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    monkeypatch.setattr(preflight, "ask_registries", found)
    monkeypatch.setattr(preflight, "knock", lambda *_, **__: {})
    return found


def test_up_of_prod_asks_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = shop(tmp_path / "project")
    first = registries(monkeypatch, tmp_path)
    assert up(root).messages == ()
    assert NGINX in first.asked
    second = registries(monkeypatch, tmp_path)
    up(root)
    assert second.asked == []


@pytest.mark.parametrize(("stack", "dry_run"), [("dev", False), ("prod", True)])
def test_a_preview_and_dev_ask_nobody(
    stack: str, dry_run: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = registries(monkeypatch, tmp_path, Missing())
    up(shop(tmp_path / "project"), stack, dry_run=dry_run)
    assert found.asked == []


def test_a_missing_platform_stops_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registries(monkeypatch, tmp_path, Published(platforms=("linux/arm64",)))
    with pytest.raises(pulumi.RunError) as raised:
        up(shop(tmp_path / "project"))
    assert (
        f"systems/shop/web.compose.yaml:2: services.front.image: {NGINX} is published for "
        "linux/arm64 only, and vps is linux/amd64; " in str(raised.value)
    )


def test_what_cannot_be_asked_is_one_line_and_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registries(monkeypatch, tmp_path, Unasked(reason="there is no docker command here"))
    (message,) = up(shop(tmp_path / "project")).messages
    assert (message.severity, message.text) == (
        "warning",
        f"the platforms of {CADDY} and of 1 more are not known: there is no docker command here; "
        "stackgraph check --images --stack prod tells more",
    )
