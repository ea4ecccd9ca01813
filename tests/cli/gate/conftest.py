"""A project with previews, and simple risks: what is deleted loses its data."""

from __future__ import annotations

from pathlib import Path

import pytest

import cli.gate
from tests.cli.gate.made import assessed, steps, unclear, write
from tests.workspace import shop


@pytest.fixture(autouse=True)
def _simple_risks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "real_risks" not in request.fixturenames:
        monkeypatch.setattr(cli.gate, "assess", assessed)


@pytest.fixture
def real_risks() -> None:
    """The gate as it is."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with the shop, and previews that pass, lose data, and cannot be told."""
    folder = shop(tmp_path)
    for name, plan in {
        "fine": steps(),
        "loss": steps("shop-db"),
        "image": steps("shop-db2"),
        "prod": steps("shop-db", stack="prod"),
        "foreign": steps("shop-db", project="other"),
        "unclear": unclear(steps("shop-db", op="refresh")),
    }.items():
        write(folder, name, plan)
    return folder
