"""Secrets without a value get a placeholder, where nothing is deployed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from config.placeholders import declared_secrets, fill_secrets
from config.settings import PLACEHOLDER

SYSTEM = (
    "secrets:\n  A: {purpose: a, dev: a}\n  B: {purpose: b, dev: b}\n  C: {purpose: c, dev: c}\n"
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in {"shop": SYSTEM, "plain": "hosts: {}\n", "torn": "a: [\n"}.items():
        (tmp_path / "systems" / name).mkdir(parents=True)
        (tmp_path / "systems" / name / "system.yaml").write_text(text)
    return tmp_path


def values(target: str, systems: Any) -> dict[str, object]:
    own = {"hosts": {"a": 1}, "secrets": {"A": "given", "B": PLACEHOLDER}}
    return {"stackgraph:target": target, "stackgraph:systems": systems, "stackgraph:shop": own}


def test_each_without_a_value_has_one(project: Path) -> None:
    found = values("prod", ["shop", "plain", "torn"])
    assert fill_secrets(project, found, lambda name: f"any-{name}") == 1
    assert found == {
        "stackgraph:target": "prod",
        "stackgraph:systems": ["shop", "plain", "torn"],
        "stackgraph:shop": {
            "hosts": {"a": 1},
            "secrets": {"A": "given", "B": "any-B", "C": "any-C"},
        },
    }


def test_the_usual_one_and_a_path(project: Path) -> None:
    found: dict[str, object] = {
        "stackgraph:target": "prod",
        "stackgraph:systems": [str(project / "systems/shop")],
    }
    assert fill_secrets(project, found) == 3
    assert found["stackgraph:shop"] == {"secrets": dict.fromkeys("ABC", PLACEHOLDER)}


@pytest.mark.parametrize(
    ("target", "systems"), [("dev", ["shop"]), ("prod", None), ("prod", "shop")]
)
def test_others_are_left_alone(target: str, systems: Any, project: Path) -> None:
    found = values(target, systems)
    assert fill_secrets(project, found) == 0
    assert found == values(target, systems)


def test_declared(project: Path) -> None:
    systems = project / "systems"
    assert declared_secrets(systems / "shop") == ["A", "B", "C"]
    assert declared_secrets(systems / "torn") == declared_secrets(systems / "none") == []
