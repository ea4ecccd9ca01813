"""Documents to compare with: plans as they were written, exported states, and what is neither."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_docker as docker
import pytest
from pulumi import ResourceOptions

from components.stand_ins import ANSWERS, STAND_INS
from preview.against import Baseline, compare
from preview.against.digests import with_digests
from preview.against.documents import DocumentError, read_baseline
from preview.document import from_json, to_json
from preview.plan import Plan
from tests.preview.against.support import ops, settled, step_of
from tests.preview.against.test_compare import HANDOVER, stack
from tests.preview.programs import CONFIG, SECRET_KEYS, command, run, small


def written(program: Callable[[], object]) -> Any:
    """Give the document that `plan --json` writes of a program."""
    first = run(program)
    return to_json(with_digests(Plan.of(first), first, settled(program)))


def against(document: Any, program: Callable[[], object]) -> Plan:
    def new() -> None:
        program()

    return compare(
        read(document),
        new,
        project="small",
        stack="dev",
        config=CONFIG,
        secret_keys=SECRET_KEYS,
        answers=ANSWERS,
    )


def read(document: Any) -> Baseline:
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    return read_baseline(data, STAND_INS, "dev", "small")


@pytest.mark.parametrize("program", [small, stack()])
def test_a_plan_is_no_change_to_itself(program: Callable[[], None]) -> None:
    assert ops(against(written(program), program)) == {}


def test_what_a_plan_does_not_know_yet_is_compared_all_the_same() -> None:
    def scripted(script: str) -> Callable[[], None]:
        def program() -> None:
            made = command("made")
            command("after", stdin=made.id.apply(lambda id_: f"{id_} {script}"))

        return program

    document = written(scripted("one"))
    (after,) = (s for s in document["steps"] if s["urn"].endswith("::after"))
    assert after["newState"]["inputs"]["stdin"] == "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
    assert ops(against(document, scripted("one"))) == {}
    assert ops(against(document, scripted("two"))) == {"Command after": "update"}


def test_a_replacement_trigger_that_is_not_known_yet_is_compared_too() -> None:
    def triggered(text: str) -> Callable[[], None]:
        def program() -> None:
            made = command("made")
            trigger = made.id.apply(lambda id_: f"{id_} {text}")
            command("after", ResourceOptions(replacement_trigger=trigger))

        return program

    document = written(triggered("one"))
    assert ops(against(document, triggered("one"))) == {}
    assert ops(against(document, triggered("two"))) == {"Command after": "replace"}


def test_a_document_survives_being_read() -> None:
    document = written(stack())
    assert any("inputDigests" in step["newState"] for step in document["steps"])
    assert to_json(from_json(document)) == document


def test_a_change_since_a_plan() -> None:
    plan = against(written(stack()), stack(subnet="172.30.2.0/24"))
    assert ops(plan) == {"Network net": "replace", "Container web": "replace", HANDOVER: "replace"}


def test_only_what_is_made_of_what_goes_goes_with_it() -> None:
    def program(subnet: str) -> Callable[[], None]:
        def declare() -> None:
            network = docker.Network(
                "net",
                name="front",
                ipam_configs=[docker.NetworkIpamConfigArgs(subnet=subnet)],
                opts=ResourceOptions(delete_before_replace=True),
            )
            other = command("other")
            # It reads the network's id where that replaces nothing, and what does is unknown, too.
            command("both", stdin=network.id, triggers=[other.id])

        return declare

    plan = against(written(program("172.30.1.0/24")), program("172.30.2.0/24"))
    assert ops(plan) == {"Network net": "replace", "Command both": "update"}


def test_a_plan_tells_no_secret_and_no_digest_of_one() -> None:
    def program(secret: str) -> Callable[[], None]:
        def declare() -> None:
            made = command("made")
            command("fed", stdin=pulumi.Output.secret(secret), environment={"A": made.id})

        return declare

    one, other = written(program("hunter1")), written(program("hunter2"))
    assert "hunter" not in json.dumps(one)
    assert one == other
    assert read(one).notes == (
        "it does not tell secrets: they are taken for unchanged as long as there is one in the "
        "same place",
    )


URN = "urn:pulumi:dev::small::"
PROVIDER = f"{URN}pulumi:providers:command::default_1_2_1"


def state(**inputs: Any) -> dict[str, Any]:
    """Give an exported state with one command in it, and what the engine made for it."""
    return {
        "version": 3,
        "deployment": {
            "manifest": {"time": "2026-01-01T00:00:00Z"},
            "resources": [
                {"urn": f"{URN}pulumi:pulumi:Stack::small-dev", "type": "pulumi:pulumi:Stack"},
                {"urn": PROVIDER, "custom": True, "id": "x", "type": "pulumi:providers:command"},
                {
                    "urn": f"{URN}command:local:Command::made",
                    "custom": True,
                    "id": "made1234",
                    "type": "command:local:Command",
                    "inputs": {"create": "true", **inputs},
                    "outputs": {"create": "true", "stdout": "said", "__meta": "{}", **inputs},
                    "provider": f"{PROVIDER}::x",
                    "propertyDependencies": {"create": []},
                },
            ],
        },
    }


def made(**inputs: Any) -> Callable[[], None]:
    def program() -> None:
        first = command("made", **inputs)
        command("after", stdin=first.stdout)

    return program


def test_a_state_has_outputs_of_its_own() -> None:
    plan = against(state(), made())
    assert ops(plan) == {"Command after": "create"}
    after = step_of(plan, "Command after")
    assert after.new
    assert after.new.inputs["stdin"] == "said"
    old = step_of(plan, "Command made").old
    assert old
    assert (old.id, old.outputs["stdout"]) == ("made1234", "said")


def test_what_a_provider_has_filled_in_is_no_difference() -> None:
    filled = {"logging": "none", "__defaults": ["logging"]}
    assert ops(against(state(**filled), made())) == {"Command after": "create"}


def test_a_secret_of_a_state_is_equal_to_any_other() -> None:
    cipher = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
    document = state(stdin={**cipher, "ciphertext": "v1:abc"})

    def program() -> None:
        made(stdin=pulumi.Output.secret("x"))()

    assert ops(against(document, program)) == {"Command after": "create"}
    assert ops(against(document, made(stdin="x")))["Command made"] == "update"


def test_what_is_still_to_be_deleted_is_no_part_of_it() -> None:
    document = state()
    document["deployment"]["resources"][2]["delete"] = True
    assert ops(against(document, made())) == {"Command made": "create", "Command after": "create"}


def test_an_empty_stack_has_nothing() -> None:
    assert read({"version": 3, "deployment": {"manifest": {}}}).olds == ()


EITHER = "give what `pulumi stack export` or `stackgraph plan --json` wrote"


def broken(**changed: Any) -> dict[str, Any]:
    document = state()
    document["deployment"]["resources"][2].update(changed)
    return document


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (b"{", f"is no JSON document, or not all of one; {EITHER}"),
        (b"\xff", f"is no JSON document, or not all of one; {EITHER}"),
        ([], f"is a JSON list, not an object; {EITHER}"),
        ({"a": 1}, f"has neither a deployment nor steps; {EITHER}"),
        ({"deployment": 1}, f"deployment: is int, not an object; {EITHER}"),
        ({"steps": [1], "changeSummary": {}}, f"steps[0]: is int, not an object; {EITHER}"),
        (broken(urn="u"), f"deployment.resources[2].urn: is no URN; {EITHER}"),
        (broken(type=None), f"deployment.resources[2].type: is missing, not a text; {EITHER}"),
        (broken(inputs=[]), f"deployment.resources[2].inputs: is list, not an object; {EITHER}"),
        (
            {"steps": [{"op": "same", "urn": f"{URN}a:b:C::d"}], "changeSummary": {}},
            "holds a change, not all that is there; give what `stackgraph plan --json` wrote "
            "without --against",
        ),
        (
            json.loads(json.dumps(state()).replace("pulumi:dev::", "pulumi:prod::")),
            "is of stack prod of small, not of dev of small; give one of the same stack",
        ),
    ],
)
def test_what_is_no_such_document_is_told(document: Any, message: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read(document)
    assert str(caught.value) == message
