"""Plans, and the documents that hold them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pulumi
import pulumi_docker as docker
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi import ResourceOptions

from preview.document import from_json, to_json
from preview.plan import Diagnostic, Plan, PropertyDiff, State, Step
from preview.reader import REMEDY
from preview.tree import lines
from preview.value import UNKNOWN
from tests.preview.programs import STACK, command, golden, run, small, urn, wide

FIXTURE = Path(__file__).parent / "fixtures" / "preview-3.255.0.json"
"""What Pulumi 3.255.0 wrote for `small`, without source positions and stack traces."""


def step_of(document: dict[str, Any], name: str) -> dict[str, Any]:
    found = [step for step in document["steps"] if step["urn"].endswith(f"::{name}")]
    assert len(found) == 1
    step: dict[str, Any] = found[0]
    return step


@pytest.mark.parametrize("program", [small, wide])
def test_the_document_is_the_same_each_time(program: Any) -> None:
    text = json.dumps(to_json(Plan.of(run(program))), indent=2) + "\n"
    golden(f"{program.__name__}.json", text)


@pytest.mark.parametrize("program", [small, wide])
def test_a_document_is_read_as_the_plan_that_it_was(program: Any) -> None:
    plan = Plan.of(run(program))
    assert from_json(json.loads(json.dumps(to_json(plan)))) == plan


def test_a_document_holds_no_secret() -> None:
    text = json.dumps(to_json(Plan.of(run(small))))
    for secret in ("hunter2", "s3cret", "deploy"):
        assert secret not in text
    assert text.count("[secret]") == 6


def test_look_ups_and_adoptions_are_told_from_creations() -> None:
    def program() -> None:
        docker.Network.get("seen", "the-id")
        command("adopted", ResourceOptions(import_="its-id"))
        command("new")

    document = to_json(Plan.of(run(program)))
    assert [step["op"] for step in document["steps"]] == ["create", "read", "import", "create"]
    assert document["changeSummary"] == {"create": 2, "import": 1}
    seen = step_of(document, "seen")["newState"]
    assert (seen["id"], seen["external"]) == ("the-id", True)
    assert step_of(document, "adopted")["newState"]["importID"] == "its-id"


def test_a_providers_plugin_is_among_its_inputs() -> None:
    def program() -> None:
        options = ResourceOptions(plugin_download_url="https://plugins.example")
        docker.Provider("far", host="unix:///a", opts=options)

    assert step_of(to_json(Plan.of(run(program))), "far")["newState"]["inputs"] == {
        "__internal": {"pluginDownloadURL": "https://plugins.example"},
        "host": "unix:///a",
        "version": "5.2.0",
    }


def test_a_provider_may_be_known_by_its_url_alone() -> None:
    def program() -> None:
        options = ResourceOptions(plugin_download_url="https://plugins.example")
        pulumi.ProviderResource("far", "far", {}, options)
        pulumi.ProviderResource("near", "near", {})

    document = to_json(Plan.of(run(program)))
    internal = {"__internal": {"pluginDownloadURL": "https://plugins.example"}}
    assert step_of(document, "far")["newState"]["inputs"] == internal
    assert "inputs" not in step_of(document, "near")["newState"]


def test_delete_before_replace_is_told_when_the_program_does() -> None:
    def program() -> None:
        for name, choice in (("yes", True), ("no", False), ("neither", None)):
            command(name, ResourceOptions(delete_before_replace=choice))

    document = to_json(Plan.of(run(program)))
    assert step_of(document, "yes")["newState"]["deleteBeforeReplace"] is True
    assert step_of(document, "no")["newState"]["deleteBeforeReplace"] is False
    assert "deleteBeforeReplace" not in step_of(document, "neither")["newState"]


def test_a_secret_trigger_isnt_shown() -> None:
    def program() -> None:
        command("it", ResourceOptions(replacement_trigger=pulumi.Output.secret("x")))

    document = to_json(Plan.of(run(program)))
    assert step_of(document, "it")["newState"]["replacementTrigger"] == "[secret]"


def test_what_pulumi_wrote_is_read() -> None:
    document = json.loads(FIXTURE.read_text(encoding="utf-8"))
    plan = from_json(document)
    assert plan.change_summary == {"create": 10}
    assert [step.op for step in plan.steps] == ["create"] * 10
    web = next(step for step in plan.steps if step.urn.endswith("::app-web")).new
    assert web is not None
    assert web.custom_timeouts == {"create": 300}
    assert web.dependencies == (
        urn("stackgraph:docker:App$docker:index/network:Network", "app-net"),
        urn("stackgraph:docker:App$docker:index/volume:Volume", "app-data"),
    )
    assert to_json(plan) == document


def test_a_recording_has_pulumis_steps_with_what_only_a_provider_knows_left_out() -> None:
    theirs = json.loads(FIXTURE.read_text(encoding="utf-8"))
    ours = to_json(Plan.of(run(small)))
    assert {each["urn"] for each in ours["steps"]} == {each["urn"] for each in theirs["steps"]}
    assert ours["config"] == theirs["config"]
    assert ours["changeSummary"] == theirs["changeSummary"]
    for step in theirs["steps"]:
        state = step["newState"]
        mine = step_of(ours, step["urn"].rsplit("::", 1)[1])
        assert mine.get("provider") == step.get("provider")
        for key in (state.keys() | mine["newState"].keys()) - {
            "inputs",
            "aliases",
            "deleteBeforeReplace",
        }:
            assert ordered(mine["newState"].get(key)) == ordered(state.get(key)), key


def ordered(value: Any) -> Any:
    """Lists of URNs in one order; Pulumi's changes from preview to preview."""
    if isinstance(value, dict):
        return {key: ordered(item) for key, item in value.items()}
    return sorted(value) if isinstance(value, list) else value


FULL = Plan(
    steps=(
        Step(
            op="replace",
            urn=STACK,
            provider="p::id",
            old=State(urn=STACK, custom=True, type="a:b:C", id="i", outputs={"a": 1}),
            new=State(urn=STACK, custom=True, type="a:b:C", delete_before_replace=False),
            diff_reasons=("image",),
            replace_reasons=("image",),
            detailed_diff={"image": PropertyDiff(kind="update-replace", input_diff=True)},
        ),
        Step(op="same", urn=STACK, old=State(urn=STACK, custom=False, type="x"), detailed_diff={}),
    ),
    config={"a:b": "c"},
    diagnostics=(Diagnostic(severity="error", message="error: x\n", urn=STACK),),
    change_summary={"same": 1, "replace": 1},
    duration=12,
)


def test_what_pulumi_leaves_out_is_filled_in() -> None:
    plan = from_json(
        {
            "steps": [
                {
                    "op": "update",
                    "urn": STACK,
                    "newState": {"urn": STACK, "type": "t"},
                    "detailedDiff": {"a": {"kind": "add"}},
                }
            ],
            "diagnostics": [{"prefix": "error: ", "message": "x\n", "severity": "error"}],
        }
    )
    assert plan.steps[0].detailed_diff == {"a": PropertyDiff(kind="add", input_diff=False)}
    assert plan.steps[0].new == State(urn=STACK, type="t", custom=False)
    assert plan.diagnostics == (Diagnostic(severity="error", message="error: x\n"),)
    assert (plan.config, plan.change_summary, plan.duration) == ({}, {}, 0)


def test_messages_are_written_as_pulumi_writes_them() -> None:
    def program() -> None:
        pulumi.info("a")
        pulumi.warn("b\nc")
        pulumi.error("d")

    assert to_json(Plan.of(run(program)))["diagnostics"] == [
        {"message": "a\n", "severity": "info"},
        {"message": "warning: b\nc\n", "severity": "warning"},
        {"message": "error: d\n", "severity": "error"},
    ]


def test_changes_survive_as_documents() -> None:
    assert from_json(to_json(FULL)) == FULL
    assert FULL.steps[0].state == FULL.steps[0].new
    assert FULL.steps[1].state == FULL.steps[1].old
    assert Step(op="create", urn="u").state is None


def changed(**state: Any) -> dict[str, Any]:
    return {"steps": [{"op": "x", "urn": STACK, "newState": {"urn": STACK, "type": "t"} | state}]}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "document: is list, not an object"),
        ({}, "document: has neither steps nor changeSummary"),
        ({"steps": {"a": 1}}, "steps: is dict, not a list"),
        ({"steps": ["a"]}, "steps[0]: is str, not an object"),
        ({"steps": [{"urn": STACK}]}, "steps[0].op: is missing, not a text"),
        ({"steps": [{"op": "x", "urn": 1}]}, "steps[0].urn: is int, not a text"),
        ({"steps": [{"op": "x", "urn": "u"}]}, "steps[0].urn: is no URN"),
        (changed(type=None), "steps[0].newState.type: is missing, not a text"),
        (changed(dependencies="a"), "steps[0].newState.dependencies: is str, not a list"),
        (changed(dependencies=[1]), "steps[0].newState.dependencies[0]: is int, not a text"),
        (changed(inputs=[]), "steps[0].newState.inputs: is list, not an object"),
        (changed(protect="yes"), "steps[0].newState.protect: is str, not a bool"),
        (changed(parent={}), "steps[0].newState.parent: is dict, not a text"),
        (
            {"steps": [{"op": "x", "urn": STACK, "detailedDiff": {"a": "b"}}]},
            "steps[0].detailedDiff.a: is str, not an object",
        ),
        ({"changeSummary": 1}, "changeSummary: is int, not an object"),
        ({"changeSummary": {"same": True}}, "changeSummary.same: is bool, not a number"),
        ({"steps": [], "diagnostics": ["a"]}, "diagnostics[0]: is str, not an object"),
        ({"steps": [], "config": ["a"]}, "config: is list, not an object"),
    ],
    ids=range(18),
)
def test_what_is_no_such_document_is_named(document: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"{message}; {REMEDY}") + "$"):
        from_json(document)


KEYS = st.sampled_from(
    ["steps", "op", "urn", "type", "newState", "oldState", "detailedDiff", "config", "inputs",
     "diagnostics", "changeSummary", "dependencies", "propertyDependencies", "kind", "message"]
)  # fmt: skip
JSON = st.recursive(
    st.sampled_from([STACK, urn("a:b:C", "c")])
    | st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, JSON))
def test_no_document_makes_another_error(document: Any) -> None:
    problem = ""
    try:
        plan = from_json(document)
    except ValueError as error:
        problem = str(error)
    else:
        assert from_json(to_json(plan)) == plan
        lines(plan)
    assert not problem or problem.endswith(f"; {REMEDY}")


def test_plans_are_read_without_importing_pulumi(project: Path) -> None:
    code = "import sys, preview.document, preview.tree; sys.exit('pulumi' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=project, check=True)


def test_the_unknown_mark_is_shown() -> None:
    document = to_json(Plan.of(run(small)))
    assert step_of(document, "hello")["newState"]["inputs"]["create"] == UNKNOWN.value
