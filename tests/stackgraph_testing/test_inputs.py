"""Inputs by the names of Python and of the provider; a name that there isn't is an error."""

from __future__ import annotations

import pulumi_docker as docker
import pytest

from preview.value import SIGNATURE, Secret
from stackgraph_testing import Inputs, UnknownInputError
from stackgraph_testing.inputs import shape_of
from tests.preview.programs import Box

DATA = {
    "mustRun": False,
    "healthcheck": {"startPeriod": "1m", "tests": ["CMD"]},
    "ports": [{"internal": 80}, Secret({"external": 81})],
    "logOpts": {"max-size": "10m"},
    "sysctls": {SIGNATURE: "an asset, say"},
}


def inputs() -> Inputs:
    return Inputs(DATA, shape_of(docker.Container))


def test_they_are_plain_data() -> None:
    assert inputs() == DATA
    assert list(inputs()) == list(DATA)


def test_both_names_find_them() -> None:
    found = inputs()
    assert found["must_run"] is found["mustRun"] is found.get("must_run") is False
    assert "must_run" in found
    assert "mustRun" in found
    assert found["healthcheck"]["start_period"] == "1m"
    assert found["ports"][0]["internal"] == 80
    assert found["ports"][1].value.get("external") == 81
    assert found["log_opts"]["max-size"] == "10m"


def test_what_is_not_set() -> None:
    found = inputs()
    assert found.get("read_only") is None
    assert found.get("readOnly", True) is True
    assert "read_only" not in found
    with pytest.raises(KeyError, match=r"read_only is not set; .*mustRun"):
        found["read_only"]


def test_a_name_that_there_is_not_cannot_be_asked_for() -> None:
    found = inputs()
    with pytest.raises(UnknownInputError, match="Container has no input 'must_runn'; did you mean"):
        found.get("must_runn")
    with pytest.raises(UnknownInputError, match="ContainerPortArgs has no input 'extern'; "):
        found["ports"][0].get("extern")
    with pytest.raises(UnknownInputError):
        _ = "publish" in found


def test_a_component_may_have_any() -> None:
    found = Inputs({"graph": {"a": 1}}, shape_of(Box))
    assert found.get("other") is None
    assert found["graph"] == {"a": 1}
    assert Inputs({}, shape_of(None)).get("a") is None
