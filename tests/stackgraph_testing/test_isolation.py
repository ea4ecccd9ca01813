"""A run leaves nothing behind for the next, and what is kept is never out of date."""

from __future__ import annotations

import time
from pathlib import Path

import pulumi
import pulumi_docker as docker
import pytest

from stackgraph_testing import Stackgraph
from tests.preview.programs import Box, command
from tests.workspace import shop

FRONT = "shop-web-front"


def test_configuration_does_not_stay(stackgraph: Stackgraph) -> None:
    def program() -> None:
        config = pulumi.Config()
        pulumi.export("stack", [pulumi.get_project(), pulumi.get_stack(), config.get("a")])
        pulumi.export("b", config.get_object("b"))

    first = stackgraph.program(
        program, project="one", stack="prod", config={"a": "1", "one:b": {"c": 2}}
    )
    assert first.outputs == {"stack": ["one", "prod", "1"], "b": {"c": 2}}
    assert stackgraph.program(program).outputs == {"stack": ["project", "dev", None]}


def test_a_failure_does_not_stay(stackgraph: Stackgraph) -> None:
    def fails() -> None:
        Box("box")
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        stackgraph.program(fails)
    run = stackgraph.program(lambda: command("c"))
    assert run.names == ["c", "project-dev"]


def test_equal_questions_have_one_answer(tmp_path: Path, stackgraph: Stackgraph) -> None:
    system = shop(tmp_path) / "systems/shop"
    run = stackgraph.system(system)
    assert stackgraph.system(system) is run
    assert stackgraph.system(str(system), config={}) is run
    assert stackgraph.system(system, stack="prod") is not run
    assert stackgraph.system(system, config={"dev_ports": {"http": 8081}}) is not run
    assert stackgraph.system(system, secrets={"DB_PASSWORD": "another-one"}) is not run


def test_a_file_that_changed_is_read_again(tmp_path: Path, stackgraph: Stackgraph) -> None:
    system = shop(tmp_path) / "systems/shop"
    assert stackgraph.system(system).one(docker.Container, FRONT).inputs["memory"] == 64
    file = system / "web.compose.yaml"
    file.write_text(file.read_text().replace("mem_limit: 64m", "mem_limit: 65m"))
    assert stackgraph.system(system).one(docker.Container, FRONT).inputs["memory"] == 65


def test_configuration_is_laid_over_the_files(tmp_path: Path, stackgraph: Stackgraph) -> None:
    system = shop(tmp_path) / "systems/shop"
    more = {"shop": {"hosts": {"vps": {"user": "deploy"}}}, "stackgraph:acme_directory": None}
    run = stackgraph.system(system, stack="prod", config=more)
    (host,) = run.graph.hosts.values()
    assert host.access is not None
    assert (host.access.user, host.access.address) == ("deploy", "192.0.2.10")


def test_a_system_of_the_stack_itself(tmp_path: Path) -> None:
    local = Stackgraph(shop(tmp_path))
    assert local.system() is local.system("shop") is local.system("systems/shop")


def test_a_program_that_is_a_file(tmp_path: Path, stackgraph: Stackgraph) -> None:
    file = tmp_path / "__main__.py"
    file.write_text("import pulumi\nif __name__ == '__main__': pulumi.export('a', 'b')\n")
    assert stackgraph.program(file).outputs == {"a": "b"}


def test_a_program_that_waits_is_told_so(stackgraph: Stackgraph) -> None:
    async def program() -> None:
        command("never")

    with pytest.raises(TypeError, match="coroutine function"):
        stackgraph.program(program)


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_it_takes_less_than_a_second(stack: str, project: Path) -> None:
    # Once for the imports, and then with nothing kept.
    Stackgraph(project).system("dyniq", stack=stack)
    start = time.process_time()
    run = Stackgraph(project).system("dyniq", stack=stack)
    assert time.process_time() - start < 1
    assert len(run) > 100
