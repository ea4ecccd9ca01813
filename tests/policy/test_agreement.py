"""What `check` says of a system, the pack says of its resources: the rows that test the rules."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import pytest

import tests.graph.rules
from graph.rules import check
from policy.of_rules import OF_RULES
from tests.graph.rules.row import Row, service
from tests.policy.recorded import BY_ID, declared, violations
from tests.workspace import graph_of, shop

IDS = {policy.id for policy in OF_RULES}

ELSEWHERE = {
    "N07 the mesh's, of which the host is a member": "no resource tells of the mesh",
    "A06 one after the other": "what nobody restarts may have ended",
    "N10 two containers": "each container's name ends in a suffix of the provider's",
    "F12 nothing said, here or by the host": "the program says a rotation where nobody does",
    "F12 what others manage is theirs": "the program says a rotation where nobody does",
    "S02 data that is there already": "an external volume is a name, like any other",
    "P14 a plaintext call from outside to an open port": "no resource tells who calls",
    "P14 by the name of a route it is encrypted": "no resource tells who calls",
    "P14 between hosts, to a port that is open to some": "no resource tells who calls",
    "P14 between hosts that are in the mesh, past it and over it": "no resource tells who calls",
    "P14 between hosts on an address of the mesh, of which both are members": "nor of the mesh",
    "P14 to others; whether a database of others is asked by TLS is not known": "nor who calls",
    "P14 to others, whose TLS is told": "no resource tells who calls",
    "P14 a program of the host itself": "no resource tells of it",
    "S10 in the command of a job": "jobs of hosts are no resources of their own",
    "S10 in a config": "an upload is a right place for a secret",
    "S10 of what others manage": "what others manage is no resource",
    **{
        f"S10 {why}": "the environment is a right place for a secret, and the engine does not "
        "tell policies which values are"
        for why in (
            "in a file of variables",
            "by a variable that is no secret",
            "of a stand-in",
            "what a secret stands between",
        )
    },
}
"""Rows of which the pack says nothing, and why."""

STRICTER = {
    "N07 two hosts are one machine on dev only": "on this dev stack both are",
    "D05 PGDATA elsewhere, or not known": "a secret's value is known to the engine",
    "S08 of another image; of a secret nothing is known": "a secret's value is known to the engine",
    "F07 a job": "that something waits for its end, no container says",
    "P04 whoever may: the mesh, but not everyone by its number": "no resource tells of a firewall",
    "P04 an address of the mesh": "no resource tells of the mesh",
}
"""Near misses of which the pack speaks all the same, and why."""


def _rows() -> list[Row]:
    rows: list[Row] = []
    for module in pkgutil.iter_modules(tests.graph.rules.__path__, "tests.graph.rules."):
        if module.name.rpartition(".")[2].startswith("test_"):
            rows += getattr(importlib.import_module(module.name), "ROWS", [])
    mine = [row for row in rows if row.rule in IDS and row.stack == "dev"]
    # Dozens on the values of variables, which are the right place of a secret.
    in_values = ("S10 the form of", "S10 a name,", "S10 a value that")
    return [row for row in mine if not str(row).startswith(in_values)]


ROWS = _rows()


def pack(root: Path, row: Row, given: str | dict[str, str]) -> bool:
    """Tell whether the pack speaks of a row's rule."""
    files = {"web.compose.yaml": given} if isinstance(given, str) else dict(given)
    files.pop("stack", None)
    if row.rule == "A06":
        files = {name: _restarted(text) for name, text in files.items()}
    project = shop(root, files)
    resources = declared(project, project / "systems" / "shop")
    return bool(BY_ID[row.rule].violations(resources))


def _restarted(compose: str) -> str:
    # What nobody restarts is taken to end before others begin.
    block = compose.replace("    image:", "    restart: always\n    image:")
    return block.replace("{image: a, volumes", "{image: a, restart: always, volumes")


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_both_speak(row: Row, tmp_path: Path) -> None:
    assert pack(tmp_path, row, row.breaks) is (str(row) not in ELSEWHERE), ELSEWHERE.get(str(row))


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_both_are_silent(row: Row, tmp_path: Path) -> None:
    assert pack(tmp_path, row, row.near) is (str(row) in STRICTER), STRICTER.get(str(row))


def test_every_rule_is_tried_and_every_exception_is_a_row() -> None:
    names = {str(row) for row in ROWS}
    assert {row.rule for row in ROWS} == IDS
    assert {*ELSEWHERE, *STRICTER} <= names


def test_what_the_pack_says_is_what_the_rule_says(tmp_path: Path) -> None:
    compose = service("mem_limit: 32m", "user: root").replace("image: a", "image: postgres:16.4")
    project = shop(tmp_path, {"web.compose.yaml": compose})
    found = [f for f in check(graph_of(project)) if f.rule == "B16"]
    resources = declared(project, project / "systems" / "shop")
    (violation,) = BY_ID["B16"].violations(resources)
    assert violation.remedy == found[0].remedy
    assert violation.fact == found[0].fact.replace("front", "shop-web-front")


@pytest.mark.parametrize("system", ["example", "dyniq", "vpai", "vitaravox"])
def test_the_dev_stacks_are_clean(project: Path, system: str) -> None:
    assert violations(declared(project, project / "systems" / system)) == {}
