"""What no deploy would accept, no test accepts; and a test can expect it."""

from __future__ import annotations

from pathlib import Path

import pulumi
import pulumi_docker as docker
import pytest

from config.finding import FindingsError
from stackgraph_testing import DuplicateNamesError, Stackgraph
from tests.preview.programs import command
from tests.workspace import SHOP, shop


def test_what_is_wrong_with_a_system(tmp_path: Path, stackgraph: Stackgraph) -> None:
    text = SHOP["systems/shop/system.yaml"].replace("to: web/front:8080", "to: web/frnt:8080")
    system = shop(tmp_path, {"system.yaml": text}) / "systems/shop"
    with stackgraph.expect_error("unknown service", file="shop/system.yaml", line=12) as expected:
        stackgraph.system(system)
    (finding,) = expected.findings
    with stackgraph.expect_error(rule=finding.rule):
        stackgraph.system(system)
    for wrong in ({"line": 11}, {"file": "op/system.yaml"}, {"rule": "N01"}, {"fact": "no host"}):
        with (
            pytest.raises(
                AssertionError, match=r"expected .*; it was refused with\n.*system.yaml:12"
            ),
            stackgraph.expect_error(**wrong),
        ):
            stackgraph.system(system)
    with (
        pytest.raises(AssertionError, match=r"nothing was refused; expected 'port' at a\.yaml:3"),
        stackgraph.expect_error("port", file="a.yaml", line=3),
    ):
        pass
    with pytest.raises(FindingsError):
        stackgraph.system(system)


def test_a_programs_own_error(stackgraph: Stackgraph) -> None:
    def fails() -> None:
        raise pulumi.RunError("systems/a.yaml:3: hosts.b: is wrong; mend it")

    with stackgraph.expect_error("is wrong", file="a.yaml", line=3):
        stackgraph.program(fails)
    with stackgraph.expect_error("is wrong; mend"):
        stackgraph.program(fails)
    # Errors of Python are no refusals.
    with pytest.raises(ZeroDivisionError), stackgraph.expect_error():
        stackgraph.program(lambda: 1 // 0)


def test_two_of_one_urn(stackgraph: Stackgraph) -> None:
    with stackgraph.expect_error(
        "the URN urn:pulumi:dev::project::command:local:Command::a is taken"
    ):
        stackgraph.program(lambda: (command("a"), command("a")))


@pytest.mark.parametrize(
    ("name", "host", "refused"),
    [
        ("same", "unix:///a", True),  # by way of another provider, but the same daemon
        ("same", "unix:///b", False),
        ("another", "unix:///a", False),
    ],
)
def test_two_of_one_physical_name(
    name: str, host: str, refused: bool, stackgraph: Stackgraph
) -> None:
    def program() -> None:
        first = docker.Provider("first", host="unix:///a")
        other = docker.Provider("other", host=host)
        docker.Volume("a", name="same", opts=pulumi.ResourceOptions(provider=first))
        docker.Network("a", name="same", opts=pulumi.ResourceOptions(provider=first))
        docker.Volume("b", name=name, opts=pulumi.ResourceOptions(provider=other))

    if not refused:
        stackgraph.program(program)
        return
    with pytest.raises(DuplicateNamesError) as raised:
        stackgraph.program(program)
    text = str(raised.value)
    assert text.startswith("volume 'same' is declared 2 times, by <docker:index:Volume a> (tests/")
    assert text.endswith("at unix:///a; give each a name of its own")
