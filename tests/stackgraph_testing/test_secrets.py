"""Secrets in clear text are found wherever people can see them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pulumi
import pulumi_docker as docker
import pytest

from stackgraph_testing import Secret, Stackgraph, SystemRun
from tests.preview.programs import Box, command
from tests.workspace import shop

WORD = "correct-horse"


def clear() -> str:
    """Give the password as a program gets it that forgets what it is."""
    return pulumi.Config().require("password")


def named() -> None:
    command(f"call-{clear()}")


def put_in() -> None:
    command("call", create=f"login {clear()}", triggers=[pulumi.Output.secret(WORD)])


def as_key() -> None:
    command("call", environment={clear(): "x"})


def given_out() -> None:
    Box("box").register_outputs({"url": [f"https://{clear()}@example.com"]})


def exported() -> None:
    pulumi.export("url", {"all": clear()})


def logged() -> None:
    # What is configured, the engine hides itself.
    pulumi.log.info("made-by-the-program")
    command("call", create=pulumi.Output.secret("made-by-the-program"))


def marked() -> None:
    command("call", create=pulumi.Output.secret("made-by-the-program"))
    command("other", create="echo made-by-the-program")


@pytest.mark.parametrize(
    ("program", "found"),
    [
        (named, ["the name of <command:local:Command call-…> holds secret password"]),
        (put_in, ["<command:local:Command call> inputs.create holds secret password"]),
        (
            as_key,
            ["a key of <command:local:Command call> inputs.environment holds secret password"],
        ),
        (given_out, ["<test:index:Box box> outputs.url[0] holds secret password"]),
        (
            logged,
            ["message 1 holds the secret of <command:local:Command call> inputs.create"],
        ),
        (exported, ["<pulumi:pulumi:Stack project-dev> outputs.url.all holds secret password"]),
        (
            marked,
            [
                "<command:local:Command other> inputs.create holds the secret of "
                "<command:local:Command call> inputs.create"
            ],
        ),
    ],
)
def test_a_secret_in_clear_text(
    program: Callable[[], None], found: list[str], stackgraph: Stackgraph
) -> None:
    leaks = stackgraph.program(program, secrets={"password": WORD}).secrets_in_clear()
    assert [repr(each).replace(WORD, "…") for each in leaks] == [
        f"<{each} in clear>" for each in found
    ]


def test_what_is_secret_is_no_leak(stackgraph: Stackgraph) -> None:
    def program() -> None:
        word = pulumi.Config().require_secret("password")
        command("call", create=pulumi.Output.concat("login ", word), environment={"A": word})
        docker.Container("web", image="web", envs=[word])
        pulumi.export("word", word)

    assert stackgraph.program(program, secrets={"password": WORD}).secrets_in_clear() == ()


def test_a_short_one_cannot_be_looked_for(stackgraph: Stackgraph) -> None:
    run = stackgraph.program(lambda: None, secrets={"password": "short"})
    with pytest.raises(ValueError, match="password has fewer than 6 characters"):
        run.secrets_in_clear()


# --- of a system


def told(run: SystemRun) -> set[str]:
    envs = run.one(docker.Container, "shop-web-front").inputs["envs"]
    return {each.value if isinstance(each, Secret) else each for each in envs}


def test_every_secret_of_prod_has_a_value_that_tells_its_name(
    tmp_path: Path, stackgraph: Stackgraph
) -> None:
    system = shop(tmp_path) / "systems/shop"
    run = stackgraph.system(system, stack="prod")
    assert told(run) == {"DB_PASSWORD=value-of-DB_PASSWORD", "GREETING=Hello"}
    assert run.secrets_in_clear() == ()
    given = stackgraph.system(system, stack="prod", secrets={"DB_PASSWORD": WORD})
    assert told(given) == {f"DB_PASSWORD={WORD}", "GREETING=Hello"}
    assert given.secrets_in_clear() == ()
    assert told(stackgraph.system(system)) == {"DB_PASSWORD=dev-only", "GREETING=Hello"}
    with pytest.raises(LookupError, match="'DB_PASWORD'; did you mean 'DB_PASSWORD'"):
        stackgraph.system(system, stack="prod", secrets={"DB_PASWORD": WORD})
