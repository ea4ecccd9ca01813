"""The real engine says the same about the same programs, but for what only a provider knows."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from preview.document import from_json, to_json
from preview.plan import Plan
from preview.value import UNKNOWN
from rehearsal.stack import local_project
from tests.preview import programs
from tests.preview.programs import CONFIG, SECRET_KEYS, run

OURS_ALONE = {"aliases", "deleteBeforeReplace"}
"""Keys that Pulumi leaves out."""

THEIRS_ALONE = {"sourcePosition", "stackTrace"}
"""Keys that say nothing about the change."""


@pytest.fixture(scope="module")
def previews(
    tmp_path_factory: pytest.TempPathFactory, pulumi_command: str
) -> dict[str, dict[str, Any]]:
    """What `pulumi preview --json` says about each program."""
    place = tmp_path_factory.mktemp("engine")
    environment = local_project(place, "small", own_home=True)

    def pulumi(*arguments: str) -> str:
        done = subprocess.run(
            [pulumi_command, *arguments, "--non-interactive", "--stack", "dev"],
            cwd=place,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    pulumi("stack", "init")
    for key, value in CONFIG.items():
        pulumi("config", "set", key, value, "--secret" if key in SECRET_KEYS else "--plaintext")
    found = {}
    for name in ("small", "wide"):
        program = f"from tests.preview.programs import {name}\n\n{name}()\n"
        (place / "__main__.py").write_text(program)
        found[name] = json.loads(pulumi("preview", "--json"))
    return found


@pytest.mark.engine
@pytest.mark.parametrize("name", ["small", "wide"])
def test_the_engine_says_the_same(name: str, previews: dict[str, dict[str, Any]]) -> None:
    theirs, ours = previews[name], to_json(Plan.of(run(getattr(programs, name))))
    assert ours["config"] == theirs["config"]
    assert ours["changeSummary"] == theirs["changeSummary"]
    assert messages(ours) == messages(theirs)
    steps = [{step["urn"]: step for step in each["steps"]} for each in (ours, theirs)]
    assert steps[0].keys() == steps[1].keys()
    for urn, step in steps[0].items():
        assert list(differences(step, steps[1][urn], "")) == [], urn


@pytest.mark.engine
@pytest.mark.parametrize("name", ["small", "wide"])
def test_what_the_engine_says_is_read(name: str, previews: dict[str, dict[str, Any]]) -> None:
    plan = from_json(previews[name])
    again = to_json(plan)
    for ours, theirs in zip(again["steps"], previews[name]["steps"], strict=True):
        for key in THEIRS_ALONE:
            theirs["newState"].pop(key, None)
        assert ours == theirs


def messages(document: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The program's own messages; the engine adds some about its plugins."""
    return sorted(
        (each.get("urn", ""), each["severity"], each["message"])
        for each in document["diagnostics"]
        if "plugin" not in each["message"] and "$PATH" not in each["message"]
    )


def differences(ours: Any, theirs: Any, path: str) -> Iterator[str]:
    """Where two steps differ in more than a provider's knowledge."""
    key = path.rpartition(".")[2]
    if ours == theirs or key in OURS_ALONE | THEIRS_ALONE:
        return
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in ours.keys() | theirs.keys():
            if name in ours or not only_a_provider(f"{path}.{name}"):
                yield from differences(ours.get(name), theirs.get(name), f"{path}.{name}")
    elif "ependencies" in path:
        if sorted(ours) != sorted(theirs):
            yield path
    elif ".inputs" in path and known_to_providers(ours, theirs):
        return
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for index, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from differences(mine, other, f"{path}[{index}]")
    else:
        yield f"{path}: {ours!r} is {theirs!r}"


def only_a_provider(path: str) -> bool:
    """Inputs that we haven't got: defaults, and names that the provider makes."""
    return re.search(r"\.newState\.inputs(\.|$)", path) is not None


def known_to_providers(ours: Any, theirs: Any) -> bool:
    """A provider has an unknown value already, hides more, or writes JSON its own way."""
    if ours == UNKNOWN.value or theirs == "[secret]":
        return True
    if isinstance(ours, str) and isinstance(theirs, str) and ours.startswith("["):
        return bool(json.loads(ours) == json.loads(theirs))
    return False
