"""Errors come out as they are, and what no preview accepts is refused."""

from __future__ import annotations

import gc
import traceback

import pulumi
import pytest
from pulumi import ResourceOptions

from preview.error import RecordingError
from tests.preview.programs import Box, command, run, urn


def test_a_run_error_of_the_program_comes_out_as_it_is() -> None:
    error = pulumi.RunError("hosts.contabo: is missing; add it")

    def program() -> None:
        command("it")
        raise error

    with pytest.raises(pulumi.RunError) as caught:
        run(program)
    assert caught.value is error


def test_any_other_error_comes_out_with_its_traceback() -> None:
    def defective() -> None:
        raise KeyError("nginx")

    with pytest.raises(KeyError) as caught:
        run(defective)
    assert "in defective" in "".join(traceback.format_exception(caught.value))


def test_an_error_in_an_apply_comes_out_once(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    def defective(_text: str | None) -> str:
        raise ZeroDivisionError("in apply")

    def program() -> None:
        first = command("first")
        command("second", create=first.create.apply(defective))
        first.create.apply(defective)

    with pytest.raises(ZeroDivisionError, match="in apply") as caught:
        run(program)
    caught.value.__traceback__ = None
    del caught
    gc.collect()
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


@pytest.mark.parametrize("type_", [SystemExit, KeyboardInterrupt])
def test_a_program_that_ends_the_process_ends_the_recording(type_: type[BaseException]) -> None:
    def program() -> None:
        raise type_

    with pytest.raises(type_):
        run(program)


def test_a_urn_can_be_taken_once() -> None:
    def program() -> None:
        Box("it")
        Box("it")

    with pytest.raises(RecordingError) as caught:
        run(program)
    here, rest = str(caught.value).split(": ", 1)
    there = rest.split("resource of ", 1)[1].split(";")[0]
    assert rest == (
        f"the URN {urn('test:index:Box', 'it')} is taken by the resource of {there}; "
        "give one of them another name or parent"
    )
    file = "tests/preview/test_errors.py"
    lines = [int(place.removeprefix(f"{file}:")) for place in (there, here)]
    assert lines[0] + 1 == lines[1]


def test_a_look_up_cant_take_a_urn_either() -> None:
    def program() -> None:
        command("it")
        pulumi.CustomResource("command:local:Command", "it", {}, ResourceOptions(id="x"))

    with pytest.raises(RecordingError, match="command:local:Command::it is taken"):
        run(program)


def test_a_parent_has_to_be_registered() -> None:
    stranger: list[Box] = []
    run(lambda: stranger.append(Box("stranger")))
    with pytest.raises(RecordingError) as caught:
        run(lambda: command("it", ResourceOptions(parent=stranger[0])))
    assert str(caught.value) == (
        f"command:local:Command it: its parent {urn('test:index:Box', 'stranger')} isn't "
        "registered in this program; pass the parent as a resource"
    )


def test_a_dependency_has_to_be_registered() -> None:
    stranger: list[pulumi.Resource] = []
    run(lambda: stranger.append(command("stranger")))
    with pytest.raises(RecordingError) as caught:
        run(lambda: command("it", ResourceOptions(depends_on=stranger)))
    assert str(caught.value) == (
        f"command:local:Command it: refers to {urn('command:local:Command', 'stranger')}, which "
        "isn't registered in this program; create both in the same run"
    )
