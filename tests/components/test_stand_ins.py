"""Every component over what is there already: nothing is unknown, and nothing changes by itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.program import Prepared, answers
from cli.project import Project
from components.edge import CloudflareZoneArgs
from components.stand_ins import ANSWERS, STAND_INS
from components.tunnel import CloudflareTunnelArgs
from config.cloudflare import ZoneSettings
from preview.against import compare
from preview.against.difference import has_unknown
from preview.against.kinds import KINDS
from preview.existing import Settled
from preview.record import Recording, record
from scripts.probe import ROOT
from tests.components import test_ec2, test_oci, tunnel
from tests.components.zone import ACCOUNT

ALL_ANSWERS = {**answers(), **ANSWERS}


def settled(program: Callable[[], object]) -> Recording:
    def run() -> None:
        program()

    return record(
        run,
        project="clouds",
        stack="prod",
        answers=ALL_ANSWERS,
        existing=Settled(STAND_INS),
    )


def unknown(recording: Recording) -> list[str]:
    """Name the inputs in which something is unknown."""
    return [
        f"{resource.name}: {key}"
        for resource in recording.resources
        for key, value in resource.inputs.items()
        if has_unknown(value)
    ]


def untold(recording: Recording) -> set[str]:
    """Give the types of which it isn't known what a change does to them."""
    return {resource.type for resource in recording.resources if resource.custom} - KINDS.keys()


@pytest.mark.parametrize(
    "program",
    [test_ec2.instance, test_ec2.existing, test_oci.instance, test_oci.existing],
    ids=["ec2", "existing ec2", "oci", "existing oci"],
)
def test_machines_of_clouds(program: Callable[[], object]) -> None:
    recording = settled(program)
    assert unknown(recording) == []
    assert untold(recording) == set()


def test_a_tunnel_and_a_zone(tmp_path: Path) -> None:
    graph = tunnel.shop(tmp_path)
    ingress, node = tunnel.tunnel_of(graph)
    settings = ZoneSettings(account=ACCOUNT)
    args = CloudflareTunnelArgs(names=("a.example.com",), service="s", settings=settings)
    edge = CloudflareZoneArgs(zone="example.com", settings=settings, create=True)
    recording = settled(lambda: tunnel.declare(graph, args, edge))
    assert unknown(recording) == []
    assert untold(recording) == set()
    assert ingress.tunnel == node


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stack", "system"),
    [
        ("dev", "dyniq"),
        ("dev", "vpai"),
        ("dev", "vitaravox"),
        ("dev", "example"),
        ("prod", "dyniq"),
        ("prod", "vpai"),
        ("prod", "vitaravox"),
    ],
)
def test_an_unchanged_system_stays_as_it_is(stack: str, system: str) -> None:
    prepared = Prepared.of(Project(root=ROOT), stack, [system])
    recording = record(
        prepared.run,
        root=ROOT,
        answers=ALL_ANSWERS,
        existing=Settled(STAND_INS),
        **prepared.settings,
    )
    assert unknown(recording) == []
    assert untold(recording) == set()
    plan = compare(
        recording,
        prepared.run,
        stand_ins=STAND_INS,
        root=ROOT,
        answers=ALL_ANSWERS,
        **prepared.settings,
    )
    assert [step.urn for step in plan.steps if step.op != "same" or step.uncertain] == []
    assert plan.change_summary == {"same": len(plan.steps)}


@pytest.mark.parametrize("type_", STAND_INS)
def test_stand_ins_are_made_of_the_urn_and_tell_nothing_real(type_: str) -> None:
    urn = f"urn:pulumi:prod::x::{type_}::one"
    found = STAND_INS[type_](urn, {"name": "n"})
    assert found == STAND_INS[type_](urn, {"name": "n"})
    other = STAND_INS[type_](urn.replace("::one", "::two"), {"name": "n"})
    assert type_.endswith(":Volume") or found["id"] != other["id"]
    for value in found.values():
        for address in re.findall(r"\b\d+\.\d+\.\d+\.\d+\b", str(value)):
            assert address.startswith(("192.0.2.", "198.51.100.", "203.0.113."))


def test_every_type_with_a_stand_in_has_a_kind() -> None:
    assert STAND_INS.keys() - KINDS.keys() == set()
