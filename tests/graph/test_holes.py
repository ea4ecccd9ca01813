"""A part that cannot be read is told, and nothing that would only follow from its absence."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.project import Project
from graph.rules import RULES

OF_RULES = {rule.id for rule in RULES}
WRONG = "no_such_key: 1"


@pytest.fixture
def copy(tmp_path: Path, project: Path) -> Path:
    shutil.copytree(project / "systems", tmp_path / "systems")
    for file in ("Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.prod.yaml"):
        shutil.copy(project / file, tmp_path)
    return tmp_path


def spoiled(text: str) -> Iterator[tuple[str, str]]:
    """Give a file's text with one of its entries spoiled, each in turn, and which one."""
    lines = text.split("\n")
    section = ""
    for number, line in enumerate(lines):
        if match := re.match(r"(\w+):\s*$", line):
            section = match[1]
        elif re.match(r"\S", line):
            section = ""
        match = re.match(r"  ([^\s#:][^:]*):\s*(.*)$", line)
        if not section or match is None:
            continue
        rest = match[2]
        if rest.startswith("{"):
            wrong = [line.replace("{", f"{{{WRONG}, ", 1)]
        elif not rest or rest.startswith(("#", "&")):
            wrong = [line, f"    {WRONG}"]
        else:
            continue
        yield f"{section}.{match[1]}", "\n".join([*lines[:number], *wrong, *lines[number + 1 :]])


@pytest.mark.slow
@pytest.mark.parametrize("system", ["dyniq", "vpai", "vitaravox", "example"])
def test_nothing_follows_from_what_is_not_there(system: str, copy: Path) -> None:
    def told() -> set[tuple[str, str, str]]:
        findings = Project(root=copy).judge("dev", [system]).findings
        assert {f.rule for f in findings} - OF_RULES or not broken
        return {(f.rule, f.source.path, f.fact) for f in findings if f.rule in OF_RULES}

    broken = False
    before = told()
    broken = True
    folder = copy / "systems" / system
    followed = {}
    for file in (folder / "system.yaml", *sorted(folder.glob("*.compose.yaml"))):
        text = file.read_text()
        for entry, wrong in spoiled(text):
            file.write_text(wrong)
            if more := told() - before:
                followed[f"{file.name}: {entry}"] = more
        file.write_text(text)
    assert followed == {}


def test_the_rest_is_judged(copy: Path) -> None:
    """Where one thing cannot be read, what is wrong with another is still told."""
    file = copy / "systems/example/system.yaml"
    file.write_text(file.read_text().replace("max_body: 1MiB", WRONG))
    compose = copy / "systems/example/hello.compose.yaml"
    compose.write_text(compose.read_text().replace("redis:7.4.11-alpine", "redis:latest"))
    wrong = Project(root=copy).judge("dev", ["example"]).findings
    assert {(f.rule, f.source.path) for f in wrong} == {
        ("schema", "routes.hello.example.com.no_such_key"),
        ("D03", "services.redis.image"),
    }
