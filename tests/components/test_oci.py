"""An instance at OCI on the first preview, when hardly anything is known yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pulumi
import pulumi_docker as docker
import pulumi_oci as oci
import pytest

from components.oci import (
    ExistingOciInstance,
    ExistingOciInstanceArgs,
    OciInstance,
    OciInstanceArgs,
)
from config.cloud import GIBIBYTE, OciSettings
from graph.firewall import Opening
from preview.monitor import Answer
from preview.value import UNKNOWN, Secret
from rehearsal import sdk
from tests.components.clouds import (
    KEY,
    OPENINGS,
    TUNNELS,
    UNANSWERED,
    golden,
    managed,
    recorded,
    rules,
    user_data,
)

RULE = "oci:Core/networkSecurityGroupSecurityRule:NetworkSecurityGroupSecurityRule"
INSTANCE = "oci:Core/instance:Instance"
SETTINGS = OciSettings(
    region="eu-frankfurt-1",
    compartment="ocid1.compartment.oc1..aaaa",
    availability_domain="Uocm:EU-FRANKFURT-1-AD-1",
    image="ocid1.image.oc1.eu-frankfurt-1.aaaa",
    public_key=KEY,
)
EXISTING = OciSettings(region="eu-frankfurt-1", instance="ocid1.instance.oc1.eu-frankfurt-1.aaaa")


def instance(openings: Sequence[Opening] = OPENINGS, **settings: Any) -> OciInstance:
    args = OciInstanceArgs(
        settings=SETTINGS.model_copy(update=settings),
        cpus=4,
        memory=24 * GIBIBYTE,
        user_data=user_data,
        openings=openings,
        tunnels=TUNNELS,
        user="ubuntu",
    )
    return OciInstance("box", args)


def existing() -> ExistingOciInstance:
    args = ExistingOciInstanceArgs(settings=EXISTING, host_key="ssh-ed25519 AAAA")
    return ExistingOciInstance("theirs", args)


def test_the_golden_list(update_golden: bool) -> None:
    golden("oci.txt", recorded(instance), update=update_golden)


def test_the_sdk_knows_every_argument() -> None:
    for program in (instance, existing, lambda: instance(shape="BM.Standard.A1.160")):
        assert sdk.complaints(recorded(program)) == []


def test_a_wrong_argument_would_be_told() -> None:
    right = recorded(instance).one("box", INSTANCE)
    shape = {"ocpu": 4, "memoryInGbs": "24"}
    inputs = {**right.inputs, "shapeConfig": shape}
    del inputs["compartmentId"]
    found = list(sdk.of_resource(replace(right, inputs=inputs)))
    assert [text.partition("box: ")[2].partition(" is none")[0] for text in found] == [
        "shapeConfig: ocpu is unknown",
        "shapeConfig: memoryInGbs: '24'",
        "compartment_id is missing",
    ]


def test_what_depends_on_the_address_is_unknown_and_not_lost() -> None:
    def program() -> None:
        box = instance()
        provider = docker.Provider("box", host=box.docker_host)
        options = pulumi.ResourceOptions(provider=provider, deleted_with=box.instance)
        docker.Container("web", image="nginx", opts=options)
        pulumi.export("url", box.docker_host)

    recording = recorded(program)
    box, address = (recording.one("box", each) for each in (INSTANCE, "oci:Core/publicIp:PublicIp"))
    assert recording.one("web").deleted_with == box.urn
    provider = recording.one("box", "pulumi:providers:docker")
    assert provider.inputs["host"] is UNKNOWN
    assert address.urn in provider.dependencies
    assert address.inputs["privateIpId"] is UNKNOWN
    assert box.urn in address.property_dependencies["privateIpId"]
    assert recording.outputs["url"] is UNKNOWN
    # What they are asked about does not exist yet.
    assert recording.invocations == ()


def test_only_its_openings_reach_it() -> None:
    recording = recorded(instance)
    subnet = recording.one("box", "oci:Core/subnet:Subnet")
    ours = recording.one("box", "oci:Core/securityList:SecurityList")
    assert subnet.property_dependencies["securityListIds"] == (ours.urn,)
    assert [rule["protocol"] for rule in ours.inputs["ingressSecurityRules"]] == ["1"]
    found = rules(recording, RULE)
    assert sorted(found) == [
        "box-out-ipv4",
        "box-tcp-22-198.51.100.0-24",
        "box-tcp-443-any-ipv4",
        "box-udp-10000-10100-any-ipv4",
    ]
    media = found["box-udp-10000-10100-any-ipv4"].inputs
    assert media["protocol"] == "17"
    assert media["udpOptions"] == {"destinationPortRange": {"min": 10_000, "max": 10_100}}


def test_one_opening_more_is_one_resource_more() -> None:
    before = {each.urn: each.inputs for each in recorded(instance).resources}
    more = Opening("udp", range(3478, 3479), None, "TURN", container=True)
    after = {
        each.urn: each.inputs for each in recorded(lambda: instance((more, *OPENINGS))).resources
    }
    assert before.items() <= after.items()
    assert [urn.rpartition("::")[2] for urn in after.keys() - before.keys()] == [
        "box-udp-3478-any-ipv4"
    ]


def test_a_network_that_exists_is_left_as_it_is() -> None:
    given: dict[str, Any] = {"vcn": "ocid1.vcn.oc1..a", "subnet": "ocid1.subnet.oc1..a"}
    recording = recorded(lambda: instance(**given, ipv6=True))
    types = {each.type.rpartition(":")[2] for each in managed(recording)}
    assert types == {
        "Instance",
        "NetworkSecurityGroup",
        "NetworkSecurityGroupSecurityRule",
        "PrivateKey",
        "PublicIp",
    }
    assert {"box-out-ipv6", "box-tcp-443-any-ipv6"} <= set(rules(recording, RULE))


@pytest.mark.parametrize(
    ("shape", "config", "encrypted"),
    [
        ("VM.Standard.A1.Flex", {"ocpus": 4, "memoryInGbs": 24}, True),
        ("VM.Standard.E5.Flex", {"ocpus": 2, "memoryInGbs": 24}, True),
        ("VM.Standard2.4", None, True),
        ("BM.Standard.A1.160", None, False),
    ],
)
def test_a_shape_takes_what_it_can(
    shape: str, config: dict[str, int] | None, encrypted: bool
) -> None:
    box = recorded(lambda: instance(shape=shape)).one("box", INSTANCE)
    assert box.inputs.get("shapeConfig") == config
    assert box.inputs["isPvEncryptionInTransitEnabled"] is encrypted


def test_secrets_are_secret() -> None:
    box = recorded(instance).one("box", INSTANCE)
    metadata = box.inputs["metadata"]
    assert isinstance(metadata, Secret) or isinstance(metadata["user_data"], Secret)
    assert box.inputs["instanceOptions"] == {"areLegacyImdsEndpointsDisabled": True}
    assert box.protect


def test_what_others_own_is_only_read() -> None:
    answers = {**UNANSWERED, "oci:Core/getInstance:getInstance": {"publicIp": "203.0.113.30"}}
    recording = recorded(lambda: pulumi.export("url", existing().docker_host), answers)
    assert managed(recording) == []
    assert recording.outputs["url"] == "ssh://root@203.0.113.30:22"


def test_made_and_read_are_not_mixed_up() -> None:
    made = OciInstanceArgs(settings=EXISTING, cpus=1, memory=GIBIBYTE, user_data=user_data)
    with pytest.raises(ValueError, match="use ExistingOciInstance"):
        recorded(lambda: OciInstance("box", made))
    read = ExistingOciInstanceArgs(settings=SETTINGS, host_key="x")
    with pytest.raises(ValueError, match="use OciInstance"):
        recorded(lambda: ExistingOciInstance("box", read))


def test_the_address_goes_to_the_first_interface(monkeypatch: pytest.MonkeyPatch) -> None:
    def made_before(self: OciInstance, *_args: object) -> pulumi.CustomResource:
        options = pulumi.ResourceOptions(parent=self)
        found: pulumi.CustomResource = oci.core.Instance.get("box", "ocid1.instance.1", options)
        return found

    monkeypatch.setattr(OciInstance, "_instance", made_before)
    answers: dict[str, Answer] = {
        "oci:Core/getVnicAttachments:getVnicAttachments": {"vnicAttachments": [{"vnicId": "v1"}]},
        "oci:Core/getPrivateIps:getPrivateIps": {
            "privateIps": [{"id": "second", "isPrimary": False}, {"id": "first", "isPrimary": True}]
        },
    }
    recording = recorded(instance, answers)
    address = recording.one("box", "oci:Core/publicIp:PublicIp")
    assert address.inputs["privateIpId"] == "first"
    assert [call.args for call in recording.invocations] == [
        {"compartmentId": SETTINGS.compartment, "instanceId": "ocid1.instance.1"},
        {"vnicId": "v1"},
    ]
    for call in recording.invocations:
        assert list(sdk.of_call(call)) == []
