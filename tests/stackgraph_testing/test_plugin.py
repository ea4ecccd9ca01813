"""The plugin in a real pytest, as a user runs it: in a project of their own."""

from __future__ import annotations

import pytest

from tests.workspace import SHOP, write

pytest_plugins = "pytester"

TESTS = """
import pulumi
import pulumi_docker as docker
import pytest

def test_passes(stackgraph):
    run = stackgraph.system("shop", stack="prod")
    assert run.one(docker.Container, "shop-web-front").inputs["memory"] == 64
    assert run.reach("shop.example.com")[0].ways

def test_fails(stackgraph):
    run = stackgraph.system("shop")
    assert run.one(docker.Container, "shop-web-fron")

def test_waits(stackgraph):
    run = stackgraph.system("shop")
    front = run.one(docker.Container, "shop-web-front")
    assert run.depends_on(run.one(docker.Network, "shop-web-public"), front)

def test_leaks(stackgraph):
    def program():
        pulumi.export("a", pulumi.Config().require("password"))
    run = stackgraph.program(program, secrets={"password": "hunter2-hunter2"})
    assert not run.secrets_in_clear()

def test_is_refused(stackgraph):
    stackgraph.system("shop", stack="prod", config={"shop": {"hosts": None}})

def test_knows_no_other_stack(stackgraph):
    def program():
        pulumi.export("a", pulumi.Config("stackgraph").get("systems"))
    assert stackgraph.program(program).outputs == {}
"""

FAILURES = (
    "*LookupError: there is no Container named 'shop-web-fron'; did you mean 'shop-web-front'?*",
    "*assert <no way: <docker:index:Network shop-web-public> waits for nothing, and never for "
    "<docker:index:Container shop-web-front>>*",
    "*outputs.a holds secret password in clear*",
    "*FindingsError: systems/shop/system.yaml:2: hosts.vps: *",
)


def project(pytester: pytest.Pytester) -> None:
    write(pytester.path, SHOP)
    pytester.makepyfile(TESTS)


@pytest.mark.parametrize("workers", [(), ("-n2", "--dist=load")])
def test_a_project_of_ones_own(pytester: pytest.Pytester, workers: tuple[str, ...]) -> None:
    project(pytester)
    pytester.makeini("[pytest]\nfilterwarnings = error\n")
    result = pytester.runpytest_subprocess(*workers)
    result.assert_outcomes(passed=2, failed=4)
    for line in FAILURES:
        result.stdout.fnmatch_lines_random(line)
    # Where it was asked, and nothing of how it was found out.
    result.stdout.no_fnmatch_line("*site-packages*")
    result.stdout.no_fnmatch_line("*/stackgraph_testing/*.py:*")
    assert list(pytester.path.glob("systems/**/*.py")) == []


def test_the_project_is_where_the_settings_say(pytester: pytest.Pytester) -> None:
    write(pytester.path / "infra", SHOP)
    pytester.makeini("[pytest]\nstackgraph_project = infra\n")
    pytester.makepyfile("def test_root(stackgraph): assert stackgraph.root.name == 'infra'")
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_without_it_nothing_is_loaded(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_nothing():
            ours = {"pulumi", "pydantic", "stackgraph_testing.runner"}
            assert "stackgraph_testing.plugin" in sys.modules
            assert not ours & set(sys.modules)
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=1)
