"""What lives on a machine that the program makes: named with it, whatever the resource's depth."""

from __future__ import annotations

import pytest

from preview.record import Recording
from preview.resource import Resource
from stackgraph_testing import Stackgraph

INSTANCE = "oci:Core/instance:Instance"
ON_IT = {
    "docker:index/container:Container",
    "docker:index/network:Network",
    "docker:index/remoteImage:RemoteImage",
    "docker:index/volume:Volume",
    "command:remote:Command",
}
"""What is on a machine; the setting up of it is a local command."""


@pytest.fixture(scope="module")
def recording(stackgraph: Stackgraph) -> Recording:
    """VitaraVox's prod stack, whose first host is made at OCI; every secret has a value."""
    return stackgraph.system("vitaravox", stack="prod").recording


def lives_on_it(recording: Recording) -> list[Resource]:
    return [each for each in recording.resources if each.type in ON_IT]


def test_all_that_lives_on_a_machine_is_replaced_and_goes_with_it(recording: Recording) -> None:
    (machine,) = (each for each in recording.resources if each.type == INSTANCE)
    found = lives_on_it(recording)
    assert {each.type for each in found} == ON_IT
    assert {each.name for each in found if machine.urn not in each.replace_with} == set()
    assert {each.name for each in found if each.deleted_with != machine.urn} == set()


def test_what_makes_the_machine_does_not_live_on_it(recording: Recording) -> None:
    (machine,) = (each for each in recording.resources if each.type == INSTANCE)
    clouds = [each for each in recording.resources if each.type.startswith(("oci:", "tls:"))]
    assert len(clouds) > 5
    assert [each.name for each in clouds if machine.urn in each.replace_with] == []
